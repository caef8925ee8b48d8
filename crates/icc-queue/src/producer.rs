//! The writing end, in either mode.

use crate::{BatchTooLong, Mode, Queue, Spmc};
use core::fmt;
use icc_seqlock::Payload;

/// A writing end of a queue, from `Queue::producer`.
///
/// Knows nothing of consumers: it never waits for one and never reads what one writes.
///
/// It cannot be cloned, so that in [`Spmc`] mode there is never a second one; in [`Mpmc`](crate::Mpmc) mode ask the queue for
/// another:
///
/// ```compile_fail,E0599
/// # let queue = icc_queue::Queue::<u64>::new(2).unwrap();
/// let producer = queue.producer().unwrap();
/// let another = producer.clone();
/// ```
pub struct Producer<T, M: Mode = Spmc> {
    pub(crate) queue: Queue<T, M>,
    pub(crate) seat: M::Seat,
}

impl<T: Payload, M: Mode> Producer<T, M> {
    /// The queue, to attach consumers to.
    #[must_use]
    pub fn queue(&self) -> &Queue<T, M> {
        &self.queue
    }

    pub(crate) fn check_batch(&self, len: usize) -> Result<(), BatchTooLong> {
        let capacity = self.queue.capacity();
        if len > capacity { Err(BatchTooLong { len, capacity }) } else { Ok(()) }
    }
}

impl<T, M: Mode> fmt::Debug for Producer<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("queue", &self.queue).finish_non_exhaustive()
    }
}
