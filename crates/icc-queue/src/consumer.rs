//! Consuming.

use crate::{Lost, Mode, QueueReader, Spmc, TryConsumeError};
use core::fmt;
use icc_seqlock::Payload;

/// A reading end of a queue, from [`QueueReader::consumer`].
///
/// Each consumer sees every message from where it started, or is told exactly which it missed. It shares nothing with the
/// others and writes nothing that the producer reads. Clone it for another one at the same position.
pub struct Consumer<T, M: Mode = Spmc> {
    queue: QueueReader<T, M>,
    /// The sequence number of the next message to read.
    next: u64,
}

impl<T: Payload, M: Mode> Consumer<T, M> {
    pub(crate) fn new(queue: QueueReader<T, M>, next: u64) -> Self {
        Self { queue, next }
    }

    /// The next message. Never waits.
    ///
    /// Returning by value can cost a second copy; for large messages use [`try_consume_into`](Self::try_consume_into).
    ///
    /// # Errors
    ///
    /// [`TryConsumeError::Empty`] if the next message is not there yet. [`TryConsumeError::SpedPast`] if it was overwritten:
    /// the consumer has then moved on to the oldest message that is safe to read, and the error tells which ones were lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Lost, Queue, TryConsumeError};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// (0..6).for_each(|n| { producer.produce(&n); });
    ///
    /// // Message 2 is still there, but it is the next to be overwritten: not safe.
    /// assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 3 })));
    /// assert_eq!(consumer.try_consume(), Ok(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_consume(&mut self) -> Result<T, TryConsumeError> {
        let mut message = T::zeroed();
        self.try_consume_into(&mut message).map(|_| message)
    }

    /// Copies the next message into `out` and returns its sequence number. Never waits.
    ///
    /// # Errors
    ///
    /// As [`try_consume`](Self::try_consume). When sped past, `out` may hold a valid but meaningless value.
    #[inline]
    pub fn try_consume_into(&mut self, out: &mut T) -> Result<u64, TryConsumeError> {
        let n = self.next;
        let ring = self.queue.geometry;
        match self.queue.slot(n).try_read_at(ring.complete(n), out) {
            Ok(()) => {
                self.next = n.wrapping_add(1);
                Ok(n)
            }
            Err(found) => match ring.ahead(found, n) {
                ahead @ 1.. => Err(TryConsumeError::SpedPast(self.skip_lost(ahead))),
                _ => Err(TryConsumeError::Empty),
            },
        }
    }

    /// Moves on to the oldest message with a safe margin, knowing that the next one's slot is `ahead`.
    #[cold]
    fn skip_lost(&mut self, ahead: i64) -> Lost {
        let ring = self.queue.geometry;
        let first = self.next;
        // What the slot itself proves to be produced, or what the counter says, if that is more: nothing orders the two, so
        // the counter may be seen older than the slot.
        let proven = ring.begun(ahead, first);
        let counted = self.queue.produced();
        let produced = if counted.wrapping_sub(proven).cast_signed() > 0 { counted } else { proven };
        // The slot of message `produced - capacity` is the next to be overwritten. Start a quarter of the ring after it, so
        // that the producer does not run over this consumer again at once. `produced` is at least `first + capacity`, and so
        // the consumer always moves on.
        let margin = (ring.capacity() / 4).max(1);
        self.next = produced.wrapping_sub(ring.capacity()).wrapping_add(margin);
        Lost { first, next: self.next }
    }

    /// The sequence number of the next message that this consumer will read.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// The queue, to attach more consumers to.
    #[must_use]
    pub fn queue(&self) -> &QueueReader<T, M> {
        &self.queue
    }
}

impl<T, M: Mode> Clone for Consumer<T, M> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), next: self.next }
    }
}

impl<T, M: Mode> fmt::Debug for Consumer<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("next_sequence", &self.next).finish_non_exhaustive()
    }
}
