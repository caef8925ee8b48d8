//! Where a consumer starts.

use super::Consumer;
use crate::{Position, QueueReader, StartError};
use icc_seqlock::Payload;

impl<T: Payload> QueueReader<T> {
    /// Attaches a consumer, whose first message is the oldest that can be read; if nothing has been
    /// produced, the next one.
    ///
    /// If the producer is so fast that it overwrites the oldest meanwhile, the consumer starts a
    /// quarter of the ring further on (at least one message), so that it is not sped past at once.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = icc_queue::Queue::<u64>::new(8)?;
    /// let mut producer = queue.producer()?;
    /// (0..5).for_each(|n| { producer.produce(&n); });
    /// assert_eq!(queue.consumer_from_oldest().try_consume(), Ok(0));
    ///
    /// // 12 to 19 are kept.
    /// (5..20).for_each(|n| { producer.produce(&n); });
    /// assert_eq!(queue.consumer_from_oldest().try_consume(), Ok(12));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn consumer_from_oldest(&self) -> Consumer<T> {
        Consumer::new(self.clone(), self.oldest_readable(self.produced()))
    }

    /// The sequence number of the oldest message that the ring keeps; that of the next one if there
    /// is none.
    ///
    /// It may be gone by the time this returns. Reads the producers' counter, which costs them a
    /// little: not for a hot loop.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.oldest_of(self.produced())
    }

    /// The oldest message that is kept when `produced` have been.
    pub(crate) fn oldest_of(&self, produced: u64) -> u64 {
        produced.wrapping_sub(self.kept(produced))
    }

    /// Attaches a consumer, whose first message is the one at `position`: one that is kept, or the
    /// next one produced.
    ///
    /// To go on at a [`position`](Consumer::position) noted earlier. Near the oldest that is kept,
    /// the producer may overwrite the message before it is read; the consumer is told then, as
    /// always.
    ///
    /// # Errors
    ///
    /// [`StartError::OtherInstance`] if the position is one of another queue, such as an earlier
    /// one of the same name. Else [`StartError`] if the message is not kept any more or not there
    /// yet. It says what is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Queue, StartError};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// (0..6).for_each(|n| { producer.produce(&n); });
    ///
    /// let at = |n| queue.consumer_at(queue.position(n));
    /// assert_eq!(at(3)?.try_consume(), Ok(3));
    /// assert_eq!(at(1).err(), Some(StartError::Gone { asked: 1, oldest: 2, next: 6 }));
    /// assert_eq!(at(7).err(), Some(StartError::NotYet { asked: 7, oldest: 2, next: 6 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn consumer_at(&self, position: Position) -> Result<Consumer<T>, StartError> {
        let (n, next) = (position.sequence, self.produced());
        if position.instance != self.stream() {
            return Err(StartError::OtherInstance { asked: position, instance: self.stream() });
        }
        let (kept, behind) = (self.kept(next), next.wrapping_sub(n));
        let oldest = next.wrapping_sub(kept);
        if behind <= kept || (behind.cast_signed() > 0 && self.may_follow_after_gaps(n)) {
            Ok(Consumer::new(self.clone(), n))
        } else if behind.cast_signed() > 0 {
            Err(StartError::Gone { asked: n, oldest, next })
        } else {
            Err(StartError::NotYet { asked: n, oldest, next })
        }
    }

    /// How many messages the ring keeps when `produced` have been.
    ///
    /// Of many producers, those that wait for a consumer that holds have their numbers already: as many
    /// messages more are still there, untouched.
    fn kept(&self, produced: u64) -> u64 {
        let (all, capacity) = (produced.wrapping_sub(self.first()), self.geometry.capacity());
        let mut kept = all.min(capacity);
        if self.ledgers() != 0 && self.evicts().is_some() {
            let is_whole = |n: u64| self.geometry.ahead(self.slot(n).version(), n) == 0;
            // No more than a ring of them, whatever the memory says.
            while kept < all.min(2 * capacity) && kept >= capacity && is_whole(produced.wrapping_sub(kept + 1)) {
                kept += 1;
            }
        }
        kept
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::{Mpmc, Queue, TryConsumeError};
    use icc_seqlock::primitive::Ordering;

    /// A ticket that was taken and whose message is not written yet: wherever a consumer starts or
    /// skips to, it waits there.
    #[test]
    fn a_message_under_way_is_waited_for() {
        let queue = Queue::<u64, Mpmc>::new(4).unwrap();
        let mut producer = queue.producer().unwrap();
        producer.produce(&0);
        let ticket = queue.head().fetch_add(1, Ordering::AcqRel);
        assert_eq!(producer.produce(&2), 2);

        let mut consumer = queue.consumer_from_oldest();
        assert_eq!(consumer.try_consume(), Ok(0));
        assert_eq!(consumer.drain().count(), 0);
        assert_eq!((consumer.lag(), consumer.headroom()), (2, 2));
        let mut there = queue.consumer_at(queue.position(ticket)).unwrap();
        assert_eq!(there.try_consume(), Err(TryConsumeError::Empty));

        // SAFETY: the ticket was taken above, and no other writes to the slot.
        unsafe { queue.cell(ticket).write_at(queue.geometry.complete(ticket), &1) };
        assert_eq!(there.try_consume(), Ok(1));
        assert_eq!(consumer.drain().collect::<Vec<_>>(), [Ok(1), Ok(2)]);

        let newest = queue.head().fetch_add(1, Ordering::AcqRel);
        let mut skipping = queue.consumer_at(queue.position(0)).unwrap();
        assert_eq!(skipping.skip_to_newest(), 3);
        assert_eq!(skipping.try_consume(), Err(TryConsumeError::Empty));
        // SAFETY: as above.
        unsafe { queue.cell(newest).write_at(queue.geometry.complete(newest), &3) };
        assert_eq!(skipping.try_consume(), Ok(3));
        assert_eq!((skipping.received(), skipping.skipped()), (1, 3));
    }
}
