//! Producing.

use crate::Queue;
use core::fmt;
use icc_seqlock::{Payload, primitive::Ordering};

/// The writing end of a queue with one producer at a time, from [`Queue::producer`].
///
/// Knows nothing of consumers: it never waits for one and never reads what one writes.
///
/// It cannot be cloned, so there is never a second one:
///
/// ```compile_fail,E0599
/// # let queue = icc_queue::Queue::<u64>::new(2).unwrap();
/// let producer = queue.producer().unwrap();
/// let another = producer.clone();
/// ```
pub struct Producer<T: Payload> {
    queue: Queue<T>,
    /// The sequence number of the next message. This producer alone decides it; `head` follows.
    next: u64,
}

impl<T: Payload> Producer<T> {
    pub(crate) fn new(queue: Queue<T>, next: u64) -> Self {
        Self { queue, next }
    }

    /// Puts `message` into the queue and returns its sequence number. Never waits.
    ///
    /// It overwrites the message that is `capacity` older, read or not.
    #[inline]
    pub fn produce(&mut self, message: &T) -> u64 {
        let n = self.next;
        // SAFETY: the queue has one producer at a time, borrowed mutably here; it took over with an acquire from the one
        // before. So no other write to any slot runs, and all earlier ones happen before this.
        unsafe { self.queue.slot(n).write_at(self.queue.geometry.complete(n), message) };
        self.next = n.wrapping_add(1);
        // Release: pairs with the Acquire load in `Queue::produced`. After the message, so never ahead of what is complete.
        self.queue.head().store(self.next, Ordering::Release);
        n
    }

    /// The sequence number that the next message will get.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// The queue, to attach consumers to.
    #[must_use]
    pub fn queue(&self) -> &Queue<T> {
        &self.queue
    }
}

impl<T: Payload> Drop for Producer<T> {
    fn drop(&mut self) {
        self.queue.release_producer();
    }
}

impl<T: Payload> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("next_sequence", &self.next).finish_non_exhaustive()
    }
}
