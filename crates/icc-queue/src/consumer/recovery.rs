//! What a consumer does when it was sped past, and what it keeps count of.

use super::Consumer;
use crate::{Lost, QueueReader, geometry::Geometry};
use icc_seqlock::Payload;

/// Where a consumer goes on when it was sped past. Each has its own: [`Consumer::with_recovery`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recovery {
    /// At the oldest message that can still be read. Loses the least: for consumers that want every
    /// message.
    ///
    /// If the producer is so fast that it overwrites even that one meanwhile, a quarter of the ring
    /// further on (at least one message), so that the consumer is not sped past again at once.
    #[default]
    Oldest,
    /// This many messages after the oldest that is kept, always. For consumers that start slowly
    /// after a loss.
    OldestPlus(u64),
    /// At the newest message. Loses the most and is up to date at once: for consumers that only
    /// care for what is now.
    Newest,
    /// Nowhere: the consumer stops, and every further call returns the same [`Lost`] until
    /// [`Consumer::resume`] or [`Consumer::skip_to_newest`]. For consumers to which a gap is a
    /// fault, and must not be overlooked.
    Stop,
}

/// How far after the oldest message that is kept a consumer goes on behind a fast producer, which
/// may write as many before it speeds past that consumer again.
fn margin(ring: Geometry) -> u64 {
    (ring.capacity() / 4).max(1)
}

impl<T: Payload> QueueReader<T> {
    /// Where a consumer that wants every message starts, if `produced` have been: at the oldest
    /// that is kept, if that can be read.
    ///
    /// It cannot if a later message has been begun meanwhile, whose slot is that of the oldest one.
    pub(crate) fn oldest_readable(&self, produced: u64) -> u64 {
        let oldest = self.oldest_of(produced);
        let full = produced.wrapping_sub(oldest) >= self.geometry.capacity();
        let overwritten = self.geometry.ahead(self.slot(oldest).version(), oldest) > 0 || self.produced() != produced;
        if full && overwritten { oldest.wrapping_add(margin(self.geometry)) } else { oldest }
    }
}

/// A consumer's totals. Touched only when something is lost or skipped, so that receiving costs
/// nothing but its position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    /// Where the consumer started, plus all that it lost or skipped: what its position would be had
    /// it received nothing.
    base: u64,
    pub(super) lost: u64,
    pub(super) skipped: u64,
    /// The loss that it stopped at. Part of `lost` already.
    stopped: Option<Lost>,
    /// Where the last loss ended.
    recovered_at: Option<u64>,
}

impl Totals {
    pub(super) fn starting_at(next: u64) -> Self {
        Self { base: next, lost: 0, skipped: 0, stopped: None, recovered_at: None }
    }

    /// The next message to be read, if the consumer looks for `next`.
    pub(super) fn position(&self, next: u64) -> u64 {
        self.stopped.map_or(next, |lost| lost.next)
    }

    pub(super) fn received(&self, next: u64) -> u64 {
        self.position(next).wrapping_sub(self.base)
    }

    pub(super) fn stopped(&self) -> Option<Lost> {
        self.stopped
    }

    fn lose(&mut self, lost: Lost) {
        self.recovered_at = Some(lost.next);
        self.lost = self.lost.wrapping_add(lost.count());
        self.base = self.base.wrapping_add(lost.count());
    }

    fn skip(&mut self, count: u64) {
        self.skipped = self.skipped.wrapping_add(count);
        self.base = self.base.wrapping_add(count);
    }
}

impl<T: Payload> Consumer<T> {
    /// The same consumer, which from now on goes on where `recovery` says when it is sped past.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Lost, Queue, Recovery};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// let mut dashboard = queue.consumer().with_recovery(Recovery::Newest);
    /// let mut recorder = queue.consumer().with_recovery(Recovery::Stop);
    /// (0..6).for_each(|n| { producer.produce(&n); });
    ///
    /// let seen: Vec<_> = dashboard.drain().collect();
    /// assert_eq!(seen, [Err(Lost { first: 0, next: 5 }), Ok(5)]);
    ///
    /// let seen: Vec<_> = recorder.drain().collect();
    /// assert_eq!(seen, [Err(Lost { first: 0, next: 2 })]);
    /// assert!(recorder.stopped().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_recovery(mut self, recovery: Recovery) -> Self {
        self.recovery = recovery;
        self
    }

    /// What it does when it is sped past.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Whether it was sped past under [`Recovery::Stop`] and has not been resumed: the loss that it
    /// reports until then.
    #[must_use]
    pub fn stopped(&self) -> Option<Lost> {
        self.totals.stopped
    }

    /// Lets a consumer that stopped go on after the messages it lost. Nothing happens if it did not
    /// stop.
    ///
    /// If the producer has gone on so far meanwhile that the oldest readable message is later than
    /// those, it goes on there, and what it loses in addition is returned: so it does not go on
    /// just where it would be sped past, and stop, again at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Lost, Queue, Recovery, TryConsumeError};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
    /// (0..6).for_each(|n| { producer.produce(&n); });
    ///
    /// let gap = TryConsumeError::SpedPast(Lost { first: 0, next: 2 });
    /// assert_eq!(consumer.try_consume(), Err(gap));
    /// assert_eq!(consumer.try_consume(), Err(gap));
    /// assert_eq!(consumer.resume(), None);
    /// assert_eq!(consumer.try_consume(), Ok(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume(&mut self) -> Option<Lost> {
        self.next = self.totals.stopped.take()?.next;
        let oldest = self.queue.oldest_readable(self.queue.produced());
        let sped_past = oldest.wrapping_sub(self.next).cast_signed() > 0;
        sped_past.then(|| self.lose_until(oldest))
    }

    /// Leaves out what is between: the next message read is the newest. Returns how many it left
    /// out; 0, and nothing happens, if the next one is the newest or is not there yet.
    ///
    /// They count as [`skipped`](Self::skipped) and not as lost, also those that had been
    /// overwritten already, except where their loss has been reported before. A stopped consumer is
    /// resumed.
    ///
    /// With many producers, the newest is the one begun last: it may not be complete for a moment
    /// yet.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<u64>::new(4)?;
    /// # let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// (0..3).for_each(|n| { producer.produce(&n); });
    /// assert_eq!(consumer.skip_to_newest(), 2);
    /// assert_eq!(consumer.try_consume(), Ok(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skip_to_newest(&mut self) -> u64 {
        self.skip_to(self.queue.produced().wrapping_sub(1))
    }

    /// As [`skip_to_newest`](Self::skip_to_newest), if that is this message.
    pub(crate) fn skip_to(&mut self, newest: u64) -> u64 {
        if let Some(lost) = self.totals.stopped.take() {
            self.next = lost.next;
        }
        let count = newest.wrapping_sub(self.next);
        // Signed: the newest may be one that this consumer has read.
        if count.cast_signed() <= 0 {
            return 0;
        }
        self.totals.skip(count);
        self.next = newest;
        count
    }

    /// Counts what was lost and goes on as the policy says, knowing that the next message's slot is
    /// `ahead` of it.
    #[cold]
    pub(super) fn sped_past(&mut self, ahead: i64) -> Lost {
        if let Some(lost) = self.totals.stopped {
            return lost;
        }
        let next = self.recover_at(ahead);
        self.lose(next)
    }

    /// Where the policy goes on, at least one message later, knowing that the next message's slot is
    /// `ahead` of it.
    pub(crate) fn recover_at(&self, ahead: i64) -> u64 {
        let (ring, produced) = (self.queue.geometry, self.produced_at_least(ahead));
        let oldest = produced.wrapping_sub(ring.capacity());
        let next = match self.recovery {
            // The oldest that could be read was overwritten before it was read: this time not so
            // close.
            Recovery::Oldest if self.totals.recovered_at == Some(self.next) => oldest.wrapping_add(margin(ring)),
            Recovery::Oldest | Recovery::Stop if self.queue.has_gaps() => {
                self.queue.oldest_readable_after_gaps(self.next.wrapping_add(1), produced)
            }
            Recovery::Oldest | Recovery::Stop => self.queue.oldest_readable(produced),
            Recovery::OldestPlus(margin) => oldest.wrapping_add(margin.min(ring.capacity())),
            Recovery::Newest => produced.wrapping_sub(1),
        };
        // A message that is being overwritten is lost, also if nothing counts the one that
        // overwrites it yet.
        let passed = next.wrapping_sub(self.next).cast_signed() > 0;
        if passed { next } else { self.next.wrapping_add(1) }
    }

    /// Counts the next message as lost, and those after it, if their producer has died without
    /// completing them; goes on after them as the policy says.
    #[cold]
    pub(super) fn abandoned(&mut self) -> Option<Lost> {
        let end = self.queue.abandoned_from(self.next)?;
        Some(self.lose(end))
    }

    /// Counts the next message as lost, and those after it, if their numbers were left out; goes on
    /// after them.
    #[cold]
    pub(super) fn left_out(&mut self) -> Option<Lost> {
        let end = self.queue.left_out_from(self.next)?;
        Some(self.lose(end))
    }

    /// Begins anew at message `next`, if it has neither received, lost nor skipped anything yet.
    #[cfg(not(icc_loom))]
    pub(crate) fn restart(&mut self, next: u64) -> bool {
        let is_new = self.totals.base == self.next && self.totals.lost == 0 && self.totals.skipped == 0;
        if is_new {
            (self.next, self.totals) = (next, Totals::starting_at(next));
        }
        is_new
    }

    /// Counts the messages until `next` as lost and goes on there, but stays and stops if that is the policy.
    pub(crate) fn lose(&mut self, next: u64) -> Lost {
        let stay = self.next;
        let lost = self.lose_until(next);
        if self.recovery == Recovery::Stop {
            self.next = stay;
            self.totals.stopped = Some(lost);
        }
        lost
    }

    fn lose_until(&mut self, next: u64) -> Lost {
        let lost = Lost { first: self.next, next };
        self.totals.lose(lost);
        self.next = next;
        lost
    }

    /// How many messages have been produced: what the next one's slot proves, or what the counter
    /// says, if that is more. Nothing orders the two, so the counter may be seen older than the
    /// slot.
    ///
    /// At least `next + capacity`, since `ahead` is positive: every way to recover moves on.
    fn produced_at_least(&self, ahead: i64) -> u64 {
        let proven = self.queue.geometry.begun(ahead, self.next);
        let counted = self.queue.produced();
        if counted.wrapping_sub(proven).cast_signed() > 0 { counted } else { proven }
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::margin;
    use crate::geometry::Geometry;
    use crate::ledger::{holding, ledger_of};
    use crate::{BusySpin, ConsumeTimeoutError, Lost, Mpmc, Queue, QueueReader, Recovery, TryConsumeError};
    use icc_seqlock::primitive::Ordering;
    use std::time::Duration;

    /// Takes tickets that nobody holds, as a producer leaves them that dies.
    fn leave(queue: &Queue<u64, Mpmc>, count: u64) {
        queue.head().fetch_add(count, Ordering::AcqRel);
    }

    /// Polls until something is there or lost, and says how often.
    fn poll(consumer: &mut super::Consumer<u64>) -> (Result<u64, Lost>, u32) {
        for polls in 1..100_000_000 {
            match consumer.try_consume() {
                Ok(message) => return (Ok(message), polls),
                Err(TryConsumeError::SpedPast(lost)) => return (Err(lost), polls),
                Err(TryConsumeError::Empty) => {}
            }
        }
        panic!("nothing came");
    }

    /// The first message is being overwritten, and nothing counts the one that does so.
    #[test]
    fn a_loss_is_of_one_message_at_least() {
        for recovery in [Recovery::Oldest, Recovery::OldestPlus(0), Recovery::Newest, Recovery::Stop] {
            let queue = Queue::<u64>::new(8).unwrap();
            let mut consumer = queue.consumer().with_recovery(recovery);
            let mut producer = queue.producer().unwrap();
            (0..8).for_each(|n| _ = producer.produce(&n));
            let cell = queue.cell(8);
            let copy = cell.version() + 1;
            // SAFETY: the producer does nothing meanwhile. Left odd, as it is while it is written.
            unsafe { cell.write_at(copy + 1, &8) };
            assert!(cell.retag(copy, icc_seqlock::Tag::NONE).is_err());
            let Err(TryConsumeError::SpedPast(lost)) = consumer.try_consume() else { panic!("not lost") };
            assert!(lost.first == 0 && lost.count() >= 1, "{recovery:?}: {lost}");
        }
    }

    #[test]
    fn behind_a_fast_producer_a_quarter_of_the_ring_is_left() {
        let margins =
            [2, 4, 8, 12 << 20].map(|capacity: usize| Geometry::new(capacity.next_power_of_two()).map(margin));
        assert_eq!(margins, [Some(1), Some(1), Some(2), Some(4 << 20)]);
    }

    /// The slot of the oldest message is the one of the next: either its version or the count tells that it is gone.
    #[test]
    fn the_oldest_message_is_readable_until_the_next_is_begun() {
        let queue = Queue::<u64, Mpmc>::new(8).unwrap();
        let mut producer = queue.producer().unwrap();
        (0..7).for_each(|n| _ = producer.produce(&n));
        // Not full: its slot is nobody's yet, whatever the count says meanwhile.
        assert_eq!([6, 7].map(|produced| queue.oldest_readable(produced)), [0, 0]);
        producer.produce(&7);
        assert_eq!(queue.oldest_readable(8), 0);
        producer.produce(&8);
        assert_eq!(queue.oldest_readable(9), 1);
        // The count has gone on since it was loaded, and then the slot, too.
        queue.head().store(10, Ordering::Relaxed);
        assert_eq!(queue.oldest_readable(9), 1 + 2);
        queue.head().store(8, Ordering::Relaxed);
        assert_eq!(queue.oldest_readable(8), 2);
    }

    #[test]
    fn a_consumer_is_resumed_where_its_loss_ended_or_at_the_oldest() {
        let queue = Queue::<u64, Mpmc>::new(4).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
        assert_eq!(consumer.recovery(), Recovery::Stop);
        leave(&queue, 1);
        producer.produce(&1);
        assert_eq!(poll(&mut consumer).0, Err(Lost { first: 0, next: 1 }));
        (2..5).for_each(|n| _ = producer.produce(&n));
        // The oldest is the next: nothing more is lost.
        assert_eq!((consumer.resume(), consumer.lost(), consumer.try_consume()), (None, 1, Ok(1)));
        leave(&queue, 1);
        (2..5).for_each(|n| assert_eq!(consumer.try_consume(), Ok(n)));
        assert_eq!(poll(&mut consumer).0, Err(Lost { first: 5, next: 6 }));
        (6..12).for_each(|n| _ = producer.produce(&n));
        assert_eq!(consumer.resume(), Some(Lost { first: 6, next: 8 }));
        assert_eq!((consumer.lost(), consumer.try_consume()), (4, Ok(8)));
    }

    /// It may come yet: only proof of its producer's death loses it.
    #[test]
    fn the_oldest_that_is_kept_is_gone_on_at_though_it_is_not_complete() {
        let queue = Queue::<u64, Mpmc>::new(4).unwrap();
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        (0..2).for_each(|n| _ = producer.produce(&n));
        leave(&queue, 1);
        (3..6).for_each(|n| _ = producer.produce(&n));
        assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 2 })));
        assert_eq!(poll(&mut consumer).0, Err(Lost { first: 2, next: 3 }));
        assert_eq!(consumer.try_consume(), Ok(3));
    }

    /// Who has received, lost or skipped anything does not begin anew.
    #[test]
    fn only_a_consumer_that_has_done_nothing_begins_anew() {
        let queue = Queue::<u64, Mpmc>::new(4).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut after = |act: fn(&mut super::Consumer<u64>)| {
            let mut consumer = queue.consumer();
            (0..6).for_each(|n| _ = producer.produce(&n));
            act(&mut consumer);
            let before = consumer.position().sequence;
            let is_new = consumer.restart(before + 1);
            assert_eq!(consumer.position().sequence, before + u64::from(is_new));
            is_new
        };
        assert!(after(|_| ()));
        assert!(!after(|consumer| assert!(consumer.try_consume().is_err() && consumer.lost() == 2)));
        assert!(!after(|consumer| assert_eq!(consumer.skip_to_newest(), 5)));
        assert!(!after(|consumer| assert!(consumer.drain().count() > 1)));
        let mut consumer = queue.consumer();
        producer.produce(&7);
        assert_eq!((consumer.try_consume(), consumer.restart(0)), (Ok(7), false));
    }

    /// The count is seen older than the slot: what the slot proves is lost at once, not in pieces.
    #[test]
    fn a_slot_newer_than_the_count_is_believed() {
        for recovery in [Recovery::Oldest, Recovery::OldestPlus(0), Recovery::Stop] {
            let queue = Queue::<u64, Mpmc>::new(4).unwrap();
            let mut consumer = queue.consumer().with_recovery(recovery);
            let mut producer = queue.producer().unwrap();
            (0..12).for_each(|n| _ = producer.produce(&n));
            drop(producer);
            queue.head().store(0, Ordering::Relaxed);
            let Err(TryConsumeError::SpedPast(lost)) = consumer.try_consume() else { panic!("not lost") };
            assert!(lost.first == 0 && lost.next >= 4, "{recovery:?}: {lost}");
        }
    }

    /// Every further call gives the same loss, until the consumer is resumed.
    #[test]
    fn a_stopped_consumer_stays_at_what_the_dead_left() {
        let queue = Queue::<u64, Mpmc>::new(16).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
        leave(&queue, 1);
        producer.produce(&7);
        let lost = Lost { first: 0, next: 1 };
        assert_eq!(poll(&mut consumer).0, Err(lost));
        for _ in 0..1_000 {
            assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
        }
        assert_eq!(consumer.try_consume_batch(&mut [0; 4]), Err(lost));
        assert_eq!(consumer.drain().collect::<Vec<_>>(), [Err(lost)]);
        assert_eq!(consumer.consume(&mut BusySpin), Err(lost));
        let waited = consumer.consume_timeout(&mut BusySpin, Duration::ZERO);
        assert_eq!(waited, Err(ConsumeTimeoutError::SpedPast(lost)));
        assert_eq!((consumer.stopped(), consumer.lost(), consumer.resume()), (Some(lost), 1, None));
        assert_eq!(consumer.try_consume(), Ok(7));
    }

    /// A dead producer's batch costs one proof, not one for each message.
    #[test]
    fn a_run_of_the_dead_is_one_loss() {
        let queue = Queue::<u64, Mpmc>::new(256).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer();
        leave(&queue, 128);
        producer.produce(&7);
        let (lost, polls) = poll(&mut consumer);
        assert_eq!(lost, Err(Lost { first: 0, next: 128 }));
        assert!(polls.is_multiple_of(64), "{polls} polls");
        assert_eq!(poll(&mut consumer), (Ok(7), 1));
        // Where one was found dead, the next one is found at once.
        leave(&queue, 3);
        producer.produce(&8);
        leave(&queue, 2);
        assert_eq!(poll(&mut consumer), (Err(Lost { first: 129, next: 132 }), 1));
        assert_eq!(poll(&mut consumer), (Ok(8), 1));
        assert_eq!(poll(&mut consumer), (Err(Lost { first: 133, next: 135 }), 1));
    }

    /// A run ends where a living producer's tickets begin, of which none is given up.
    #[test]
    fn a_run_of_the_dead_ends_at_the_living() {
        let queue = Queue::<u64, Mpmc>::new(256).unwrap();
        let _living = queue.producer().unwrap();
        let mut consumer = queue.consumer();
        leave(&queue, 9);
        for (first, count, run) in [(5, 1, 5), (3, 4, 3), (8, 1, 8)] {
            queue.atomic(ledger_of(0)).store(holding(first, count), Ordering::Release);
            queue.atomic(ledger_of(0) + 1).store(count, Ordering::Release);
            assert_eq!(QueueReader::abandoned_from(&queue, 0), Some(run), "{first} and {count} from there");
            assert_eq!(QueueReader::abandoned_from(&queue, first), None, "given up");
            assert_eq!(QueueReader::abandoned_from(&queue, first + count - 1), None, "given up");
        }
        assert_eq!(poll(&mut consumer).0, Err(Lost { first: 0, next: 8 }));
        (0..1_000).for_each(|_| assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty)));
    }
}
