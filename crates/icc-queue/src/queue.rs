//! The queue itself: the ring that producers and consumers share.

use crate::{Consumer, Mode, Producer, ProducerTaken, QueueError, Spmc, geometry::Geometry};
use core::fmt;
use icc_buffer::{Buffer, Spec};
use icc_seqlock::primitive::{AtomicU64, Ordering};
use icc_seqlock::{Payload, Seqlock};

/// Line 0: the number of messages produced. In SPMC stored after each message, so at most one behind.
const HEAD: usize = 0;
/// Line 1: 1 while a producer lives, else 0.
const PRODUCER: usize = 1;
const LINES: usize = 2;

/// A broadcast queue: every consumer sees every message, and the producer never waits for any of them.
///
/// A handle: clone it, send it to other threads, attach consumers from any of them at any time. The ring is freed with the
/// last handle, producer and consumer.
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
    buffer: Buffer<T, M::Placement>,
    pub(crate) geometry: Geometry,
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
        let geometry = Geometry::new(capacity)?;
        let spec = Spec { kind: M::KIND, len: capacity, lines: LINES, words: [0; 4] };
        Ok(Self { buffer: Buffer::private(spec)?, geometry })
    }

    /// As [`new`](Self::new), with sequence numbers that begin at `first` instead of 0.
    ///
    /// To go on where an earlier queue or a recording ended. Sequence numbers wrap from `u64::MAX` to 0.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn starting_at(capacity: usize, first: u64) -> Result<Self, QueueError> {
        let queue = Self::new(capacity)?;
        // As if all messages before `first` had been written, with zeros. One lap back from `first` is each slot's last.
        for back in 1..=queue.geometry.capacity() {
            let n = first.wrapping_sub(back);
            let before = queue.geometry.complete(n);
            // SAFETY: nobody else has this queue yet.
            unsafe { queue.slot(n).write_at(before, &T::zeroed()) };
        }
        queue.head().store(first, Ordering::Relaxed);
        Ok(queue)
    }

    /// Attaches a consumer, whose first message is the next one produced.
    ///
    /// Costs the producer nothing, now or later.
    #[must_use]
    pub fn consumer(&self) -> Consumer<T, M> {
        Consumer::new(self.clone(), self.produced())
    }

    /// The number of messages that the ring keeps.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The number of messages produced, which is the sequence number of the next one.
    ///
    /// Reads the producer's counter, which costs the producer a little: not for a hot loop.
    #[must_use]
    pub fn produced(&self) -> u64 {
        // Acquire: pairs with the Release store in `Producer::produce`. Every message before this count is complete in its slot.
        self.head().load(Ordering::Acquire)
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

    #[inline(always)]
    fn line(&self, index: usize) -> &AtomicU64 {
        match self.buffer.line(index) {
            Some(line) => line,
            None => unreachable!("every queue's buffer has {LINES} lines"),
        }
    }
}

impl<T: Payload> Queue<T, Spmc> {
    /// The producer. One at a time: another can be had once it is dropped, and goes on where it stopped.
    ///
    /// # Errors
    ///
    /// [`ProducerTaken`] while one lives.
    pub fn producer(&self) -> Result<Producer<T>, ProducerTaken> {
        // Acquire: pairs with the Release store in `release_producer`, so that all its predecessor wrote comes first.
        match self.line(PRODUCER).compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Producer::new(self.clone(), self.produced())),
            Err(_) => Err(ProducerTaken),
        }
    }

    pub(crate) fn release_producer(&self) {
        // Release: pairs with the Acquire compare-exchange in `producer`.
        self.line(PRODUCER).store(0, Ordering::Release);
    }
}

impl<T, M: Mode> Clone for Queue<T, M> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), geometry: self.geometry }
    }
}

impl<T, M: Mode> fmt::Debug for Queue<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("capacity", &self.geometry.capacity()).finish_non_exhaustive()
    }
}
