//! The queue itself: the ring that producers and consumers share.

use crate::{Mode, QueueError, QueueReader, Spmc, geometry::Geometry, reader::HEAD};
use core::{fmt, ops::Deref};
use icc_buffer::{Buffer, Spec};
use icc_seqlock::primitive::{AtomicU64, Ordering};
use icc_seqlock::{Payload, Seqlock};

/// A broadcast queue: every consumer sees every message, and producers never wait for any of them.
///
/// A handle: clone it, send it to other threads, attach consumers from any of them at any time. The ring is freed with the
/// last handle, producer and consumer. Everything that a [`QueueReader`] can do, a queue can.
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
pub struct Queue<T, M: Mode = Spmc> {
    pub(crate) buffer: Buffer<T, M::Placement>,
    reader: QueueReader<T, M>,
}

impl<T: Payload, M: Mode> Queue<T, M> {
    /// A queue in memory of this process that keeps the last `capacity` messages.
    ///
    /// A consumer that falls behind by more than `capacity` messages loses some: choose it by how long the slowest consumer
    /// may pause, times the rate of messages.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if `capacity` is not a power of two of at least 2, or is too large for the memory.
    pub fn new(capacity: usize) -> Result<Self, QueueError> {
        Self::starting_at(capacity, 0)
    }

    /// As [`new`](Self::new), with sequence numbers that begin at `first` instead of 0.
    ///
    /// To go on where an earlier queue or a recording ended. Sequence numbers wrap from `u64::MAX` to 0.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn starting_at(capacity: usize, first: u64) -> Result<Self, QueueError> {
        let geometry = Geometry::new(capacity)?;
        let spec = Spec { words: [first, 0, 0, 0], ..Self::spec(capacity) };
        let queue = Self::over(Buffer::private(spec)?, geometry);
        if first != 0 {
            queue.start_at(first);
        }
        Ok(queue)
    }

    /// What a queue of this type asks of a buffer. Word 0 is the first sequence number.
    pub(crate) fn spec(capacity: usize) -> Spec {
        Spec { kind: M::KIND, len: capacity, lines: M::LINES, words: [0; 4] }
    }

    /// `buffer` was made or opened for [`spec`](Self::spec), and `geometry` for its length.
    pub(crate) fn over(buffer: Buffer<T, M::Placement>, geometry: Geometry) -> Self {
        let reader = QueueReader::new(buffer.read_only(), geometry);
        Self { buffer, reader }
    }

    /// Leaves the ring as if all messages before `first` had been written, with zeros. Nobody else has it yet.
    fn start_at(&self, first: u64) {
        for back in 1..=self.geometry.capacity() {
            let n = first.wrapping_sub(back);
            // SAFETY: nobody else has this queue yet.
            unsafe { self.slot(n).write_at(self.geometry.complete(n), &T::zeroed()) };
        }
        self.head().store(first, Ordering::Relaxed);
    }

    /// This queue for consumers only.
    #[must_use]
    pub fn reader(&self) -> &QueueReader<T, M> {
        &self.reader
    }

    /// The slot of message `n`.
    #[inline(always)]
    pub(crate) fn slot(&self, n: u64) -> &Seqlock<T> {
        // SAFETY: `index` is less than the capacity, which is the buffer's length.
        unsafe { self.buffer.slot_unchecked(self.geometry.index(n)) }
    }

    #[inline(always)]
    pub(crate) fn head(&self) -> &AtomicU64 {
        self.line(HEAD)
    }

    /// Line `index`, less than `M::LINES`.
    #[inline(always)]
    pub(crate) fn line(&self, index: usize) -> &AtomicU64 {
        debug_assert!(index < M::LINES);
        // SAFETY: every queue's buffer was made or opened with `M::LINES` lines. The indices in this crate are those of the head
        // and, for ids below `M::PRODUCERS`, of what `LINES` counts for each.
        unsafe { self.buffer.line_unchecked(index) }
    }
}

impl<T, M: Mode> Deref for Queue<T, M> {
    type Target = QueueReader<T, M>;

    fn deref(&self) -> &QueueReader<T, M> {
        &self.reader
    }
}

impl<T, M: Mode> Clone for Queue<T, M> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), reader: self.reader.clone() }
    }
}

impl<T, M: Mode> fmt::Debug for Queue<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("capacity", &self.geometry.capacity()).finish_non_exhaustive()
    }
}
