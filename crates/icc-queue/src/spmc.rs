//! Producing alone: plain stores only.

use crate::{BatchTooLong, Producer, ProducerError, Queue, Spmc};
use core::ops::Range;
use icc_buffer::IdLock;
use icc_seqlock::{Payload, primitive::Ordering, primitive::step};

/// What the one producer knows.
#[derive(Debug)]
pub struct Seat {
    /// The sequence number of the next message. The producer alone decides it; the shared head follows.
    next: u64,
    /// The proof of being alone.
    _lock: IdLock,
}

impl<T: Payload> Queue<T, Spmc> {
    /// The producer. One at a time: another can be had once it is dropped or its process has ended, and goes on where it
    /// stopped.
    ///
    /// A producer that was killed in the middle of a message leaves it half-written: its successor's first message takes that
    /// place and that sequence number, so nothing else is lost and no consumer notices.
    ///
    /// # Errors
    ///
    /// [`ProducerError::Taken`] while one lives, in whatever process. [`ProducerError::Buffer`] if the system refuses the lock
    /// that tells.
    pub fn producer(&self) -> Result<Producer<T, Spmc>, ProducerError> {
        let lock = self.buffer.take_id(0..1)?.ok_or(ProducerError::Taken)?;
        // The head is stored after its message is complete, so one that was killed in between left it one behind.
        let counted = self.produced();
        let completed = self.slot(counted).version() == self.geometry.complete(counted);
        let next = if completed { counted.wrapping_add(1) } else { counted };
        // Counted now, and not with the first message of this producer: if it died before that, the head would be two behind,
        // and the next successor would write a complete message again. Release: as in `produce`.
        self.head().store(next, Ordering::Release);
        Ok(Producer { queue: self.clone(), seat: Seat { next, _lock: lock } })
    }
}

impl<T: Payload> Producer<T, Spmc> {
    /// Puts `message` into the queue and returns its sequence number. Never waits.
    ///
    /// It overwrites the message that is `capacity` older, read or not.
    #[inline]
    pub fn produce(&mut self, message: &T) -> u64 {
        let n = self.seat.next;
        // SAFETY: the queue has one producer at a time, borrowed mutably here; taking the lock that proves it ordered all that
        // the one before did before this. So no other write to any slot runs, and all earlier ones happen before.
        unsafe { self.queue.slot(n).write_at(self.queue.geometry.complete(n), message) };
        self.seat.next = n.wrapping_add(1);
        step("complete");
        // Release: pairs with the Acquire load in `Queue::produced`. After the message, so never ahead of what is complete.
        self.queue.head().store(self.seat.next, Ordering::Release);
        step("counted");
        n
    }

    /// Puts `messages` into the queue, in order, and returns their sequence numbers. Never waits. Nothing happens if there are
    /// none.
    ///
    /// # Errors
    ///
    /// [`BatchTooLong`] if there are more than the queue keeps; none was produced.
    #[inline]
    pub fn produce_batch(&mut self, messages: &[T]) -> Result<Range<u64>, BatchTooLong> {
        self.check_batch(messages.len())?;
        let first = self.seat.next;
        for message in messages {
            self.produce(message);
        }
        Ok(first..self.seat.next)
    }

    /// The sequence number that the next message will get.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.seat.next
    }
}
