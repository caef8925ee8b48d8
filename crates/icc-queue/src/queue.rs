//! The queue itself: the ring that producers and consumers share.

use crate::group::words_of;
use crate::layout::{EVICT_SHIFT, HEAD, KIND, ONE_PRODUCER, counters};
use crate::mode;
use crate::mode::sealed::Properties;
use crate::{Evict, Mode, QueueError, QueueReader, QueueSpec, Spmc};
use core::{fmt, marker::PhantomData, ops::Deref};
use icc_buffer::{Buffer, Placement, Spec};
use icc_seqlock::primitive::{AtomicU64, Ordering, prefetch_cell_for_write};
use icc_seqlock::{Payload, Seqlock};
use std::path::PathBuf;

/// A broadcast queue: every consumer sees every message, and producers never wait for any of them.
///
/// A handle: clone it, send it to other threads, attach consumers from any of them at any time. The
/// ring is freed with the last handle, producer and consumer. Everything that a [`QueueReader`] can
/// do, a queue can.
///
/// # Examples
///
/// ```
/// use icc_queue::{Queue, TryConsumeError};
///
/// let queue = Queue::<u64>::new(1024)?;
/// let mut producer = queue.producer()?;
/// let mut consumer = queue.consumer();
///
/// producer.produce(&7);
/// assert_eq!(consumer.try_consume(), Ok(7));
/// assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: the reader's buffer is one that a `Buffer<T, M::Placement>` derefs to, made or
// attached to for `KIND` and `M`.
#[doc(alias = "broadcast")]
#[doc(alias = "channel")]
#[doc(alias = "ring buffer")]
pub struct Queue<T, M: Mode = Spmc> {
    reader: QueueReader<T>,
    _mode: PhantomData<fn() -> M>,
}

/// The buffer of a queue in mode `M`.
pub(crate) type BufferOf<T, M> = Buffer<T, <M as Properties>::Placement>;

impl<T: Payload, M: Mode> Queue<T, M> {
    /// A queue in memory of this process that keeps the last `capacity` messages.
    ///
    /// A consumer that falls behind by more than `capacity` messages loses some: choose it by how
    /// long the slowest consumer may pause, times the rate of messages. A [`QueueSpec`] says more
    /// than a capacity.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if `capacity` is not a power of two of at least 2, or is too large for the
    /// memory.
    pub fn new(spec: impl Into<QueueSpec>) -> Result<Self, QueueError> {
        let spec = spec.into();
        let buffer = BufferOf::<T, M>::private(Self::buffer_spec(&spec)?)?;
        begin(&buffer, &spec);
        Self::over(&buffer)
    }

    /// What a queue of this type asks of a buffer.
    pub(crate) fn buffer_spec(spec: &QueueSpec) -> Result<Spec, QueueError> {
        spec.geometry()?;
        let producers = if M::CODE == ONE_PRODUCER { 1 } else { spec.max_producers };
        let counters = counters(M::CODE, producers);
        let deliveries = if spec.groups.is_empty() { 0 } else { spec.deliveries()? };
        let words =
            [spec.first, M::CODE, producers.into(), deliveries | spec.holding.map_or(0, Evict::code) << EVICT_SHIFT];
        let buffer = Spec::new(KIND, spec.capacity).counters(counters).words(words).repeating(spec.source);
        let buffer = if spec.wakeable { buffer.wakeable() } else { buffer };
        let buffer = if spec.seen { buffer.seen() } else { buffer };
        let buffer = if spec.holding.is_some() { buffer.holding() } else { buffer };
        let buffer = if spec.groups.is_empty() {
            buffer
        } else {
            let words = words_of(spec.capacity, size_of::<T>());
            buffer.groups(spec.groups, words.ok_or(QueueError::Capacity { asked: spec.capacity })?)
        };
        match (spec.gaps, M::CODE) {
            (false, _) => Ok(buffer),
            (true, ONE_PRODUCER) => Ok(buffer.gaps()),
            (true, _) => Err(QueueError::GapsOfMany),
        }
    }

    /// `buffer` was made or opened for [`KIND`] and the mode `M`.
    pub(crate) fn over(buffer: &BufferOf<T, M>) -> Result<Self, QueueError> {
        Ok(Self { reader: QueueReader::over(buffer.read_only().clone())?, _mode: PhantomData })
    }

    /// This queue for consumers only.
    #[must_use]
    pub fn reader(&self) -> &QueueReader<T> {
        &self.reader
    }

    #[inline(always)]
    pub(crate) fn buffer(&self) -> &BufferOf<T, M> {
        // SAFETY: the invariant.
        unsafe { self.reader.buffer.as_writable() }
    }

    /// The cell of message `n`.
    #[inline(always)]
    pub(crate) fn cell(&self, n: u64) -> &Seqlock<T> {
        // SAFETY: `index` is less than the capacity, which is the buffer's length.
        unsafe { self.buffer().slot_unchecked(self.geometry.index(n)) }
    }

    /// Requests the slot of message `n` for writing, where that helps. Does not wait for it.
    #[inline(always)]
    pub(crate) fn request(&self, n: u64) {
        // A cell of nothing stands for the version of a longer slot.
        let size = if size_of::<T>() == 0 { self.reader.buffer.stride() } else { size_of::<Seqlock<T>>() };
        prefetch_cell_for_write(core::ptr::from_ref(self.cell(n)).cast(), size);
    }

    #[inline(always)]
    pub(crate) fn head(&self) -> &AtomicU64 {
        self.atomic(HEAD)
    }

    /// Counter `index`: the head, or what belongs to a producer's id.
    #[inline(always)]
    pub(crate) fn atomic(&self, index: usize) -> &AtomicU64 {
        // SAFETY: `QueueReader::over` checked that the buffer has the counters of its mode and
        // number of producers. The indices in this crate are those of the head and, for ids below
        // that number, of what each producer has.
        unsafe { self.buffer().counter_unchecked(index) }
    }

    /// Where the queue is, for errors.
    pub(crate) fn place(&self) -> Option<PathBuf> {
        self.reader.place()
    }
}

/// Leaves the ring of a queue that nobody else has yet as if all messages before the first had been
/// written, with zeros.
pub(crate) fn begin<T: Payload, P: Placement>(buffer: &Buffer<T, P>, spec: &QueueSpec) {
    let (Ok(ring), true) = (spec.geometry(), spec.first != 0) else { return };
    for back in 1..=ring.capacity() {
        let n = spec.first.wrapping_sub(back);
        if let Some(cell) = buffer.slot(ring.index(n)) {
            // SAFETY: nobody else has this queue yet.
            unsafe { cell.write_at(ring.complete(n), &T::zeroed()) };
        }
    }
    if let Some(head) = buffer.counter(HEAD) {
        head.store(spec.first, Ordering::Relaxed);
    }
}

impl<T, M: Mode> Deref for Queue<T, M> {
    type Target = QueueReader<T>;

    #[inline(always)]
    fn deref(&self) -> &QueueReader<T> {
        &self.reader
    }
}

impl<T, M: Mode> Clone for Queue<T, M> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone(), _mode: PhantomData }
    }
}

impl<T, M: Mode> fmt::Debug for Queue<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("mode", &mode::name_of(M::CODE))
            .field("capacity", &self.geometry.capacity())
            .finish_non_exhaustive()
    }
}
