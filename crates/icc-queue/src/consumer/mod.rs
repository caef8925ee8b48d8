//! Consuming.

mod ahead;
mod batch;
pub(crate) mod gone;
mod recovery;
mod start;
pub(crate) mod wait;
mod waitable;

pub use batch::{Drain, Numbered};
pub use recovery::Recovery;

use crate::{Lost, Position, QueueReader, TryConsumeError};
use core::{fmt, time::Duration};
use icc_seqlock::primitive::{Silence, bound};
use icc_seqlock::{BeingWritten, Payload};
use recovery::Totals;

/// After this many empty polls, a consumer of many producers reads the clock.
const POLLS_PER_CLOCK: u32 = bound(64, 2);

/// If the same message has not come for so long by then, the consumer checks whether its producer
/// has died: it reads the producers' counter, and asks the system only if that shows the message to
/// be begun. Not earlier, since every reading takes the counter's line from the producers. Polls
/// that sleep for up to 100 µs find out within 15 ms.
pub(crate) const SILENCE: Duration = Duration::from_millis(1);

/// Begins to measure the silence at message `next`, unless it has begun.
fn begin_silence(silent_at: &mut u64, silence: &mut Silence, next: u64) {
    if *silent_at != next {
        (*silent_at, *silence) = (next, Silence::new());
    }
}

/// A reading end of a queue, from [`QueueReader::consumer`],
/// [`consumer_from_oldest`](QueueReader::consumer_from_oldest) or
/// [`consumer_at`](QueueReader::consumer_at).
///
/// Each consumer sees every message from where it started, or is told exactly which it missed. It
/// shares nothing with the others and writes nothing that the producer reads.
///
/// Clone it for another one at the same position: with the same [`Recovery`] and totals of its own,
/// which begin at zero.
///
/// # Accounting
///
/// Whenever it is asked, [`received`](Self::received) + [`lost`](Self::lost) +
/// [`skipped`](Self::skipped) is exactly how many messages lie between where it started and
/// [`next_sequence`](Self::next_sequence). What is lost is always reported too, by a
/// [`Lost`](crate::Lost) that begins where the consumer was.
// In this order in memory: what every poll reads comes first and together.
#[repr(C)]
#[doc(alias = "subscriber")]
#[doc(alias = "receiver")]
pub struct Consumer<T> {
    /// The sequence number of the next message to poll for. While stopped, that of the first lost
    /// one: its slot is ahead for good, and so the fast path finds out without asking.
    pub(crate) next: u64,
    pub(crate) queue: QueueReader<T>,
    /// After which messages there is more to do than to go on: those whose number has none of these bits.
    attention: u64,
    recovery: Recovery,
    totals: Totals,
    /// Empty polls in all. Counted only where a message may never come.
    empty_polls: u32,
    /// The message that did not come when the clock was read last, and since when.
    silent_at: u64,
    silence: Silence,
    /// Whether the last check found a message of the dead.
    found_dead: bool,
    /// Whether it has found a living producer when it asked.
    pub(crate) met_producer: bool,
}

impl<T: Payload> Consumer<T> {
    pub(crate) fn new(queue: QueueReader<T>, next: u64) -> Self {
        Self {
            queue,
            next,
            attention: ahead::LOOK - 1,
            recovery: Recovery::default(),
            totals: Totals::starting_at(next),
            empty_polls: 0,
            silent_at: next,
            silence: Silence::new(),
            found_dead: false,
            met_producer: false,
        }
    }

    /// The next message. Never waits.
    ///
    /// Returning by value can cost a second copy, and needs room for the message twice on the
    /// stack; for large messages use [`try_consume_into`](Self::try_consume_into), which needs
    /// none.
    ///
    /// # Errors
    ///
    /// [`TryConsumeError::Empty`] if the next message is not there yet.
    /// [`TryConsumeError::SpedPast`] if it was overwritten: the error tells which ones were lost,
    /// and the consumer goes on after them as its [`Recovery`] says.
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
    /// assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 2 })));
    /// assert_eq!(consumer.try_consume(), Ok(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "recv")]
    #[doc(alias = "try_recv")]
    #[doc(alias = "pop")]
    #[doc(alias = "lagged")]
    #[doc(alias = "overrun")]
    #[doc(alias = "lapped")]
    #[inline]
    pub fn try_consume(&mut self) -> Result<T, TryConsumeError> {
        let mut message = T::zeroed();
        self.try_consume_into(&mut message).map(|_| message)
    }

    /// Copies the next message into `out` and returns its sequence number. Never waits.
    ///
    /// # Errors
    ///
    /// As [`try_consume`](Self::try_consume). When sped past, `out` may hold a valid but
    /// meaningless value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<[u8; 1024]>::new(4)?;
    /// # let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// producer.produce(&[7; 1024]);
    ///
    /// let mut message = [0; 1024];
    /// assert_eq!(consumer.try_consume_into(&mut message), Ok(0));
    /// assert_eq!(message, [7; 1024]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    // Where the compiler makes a call of it, a message of more than a few words takes a consumer that has it in its cache
    // half as long again: 32 of them 213 ns for 149 at 56 bytes (Zen 3, interleaved).
    #[inline(always)]
    pub fn try_consume_into(&mut self, out: &mut T) -> Result<u64, TryConsumeError> {
        self.take(out).map_err(|ahead| self.miss(ahead).map_or(TryConsumeError::Empty, TryConsumeError::SpedPast))
    }

    /// What was lost, if the next message's slot is `ahead` of it; none if it is just not there
    /// yet.
    #[inline(always)]
    pub(crate) fn miss(&mut self, ahead: i64) -> Option<Lost> {
        if ahead > 0 {
            return Some(self.sped_past(ahead));
        }
        if self.queue.unsure != 0 {
            // What a stopped consumer stopped at is there no more, and never will be.
            if let Some(lost) = self.totals.stopped() {
                return Some(lost);
            }
            if self.polled_in_vain() {
                return self.silent();
            }
        }
        None
    }

    /// Counts an empty poll, and says whether it is time to read the clock.
    #[inline(always)]
    pub(crate) fn polled_in_vain(&mut self) -> bool {
        self.empty_polls = self.empty_polls.wrapping_add(1);
        self.empty_polls.is_multiple_of(POLLS_PER_CLOCK)
    }

    /// After many empty polls: what was lost because its producer died, or left it out, once the
    /// message has not come for long enough.
    #[cold]
    fn silent(&mut self) -> Option<Lost> {
        if !self.is_silent(self.next) {
            return None;
        }
        let lost = if self.queue.has_gaps() { self.left_out() } else { self.abandoned() };
        self.asked(lost.is_some());
        lost
    }

    /// Whether message `n` has not come for so long that it is time to ask whether it ever will.
    pub(crate) fn is_silent(&mut self, n: u64) -> bool {
        if !self.found_dead {
            begin_silence(&mut self.silent_at, &mut self.silence, n);
            return self.silence.lasts(SILENCE);
        }
        true
    }

    /// After asking: where one died, or left some out, others may have, so the next empty poll asks again,
    /// without waiting.
    pub(crate) fn asked(&mut self, found_dead: bool) {
        self.found_dead = found_dead;
        self.empty_polls = self.empty_polls.wrapping_sub(u32::from(found_dead));
    }

    /// Copies the next message into `out` and moves on, or tells how far ahead of it the slot
    /// stands: positive if the message was overwritten, else it is not there yet. Nothing changes
    /// then: the next poll finds at least the same.
    #[inline(always)]
    fn take(&mut self, out: &mut T) -> Result<u64, i64> {
        let n = self.next;
        let ring = self.queue.geometry;
        match self.queue.slot(n).try_read_at(ring.complete(n), out) {
            Ok(()) => {
                self.next = n.wrapping_add(1);
                self.took(n);
                Ok(n)
            }
            Err(BeingWritten { version, .. }) => {
                self.caught_up();
                Err(ring.ahead(version, n))
            }
        }
    }

    /// How many messages have been produced that this consumer has not read yet, those included
    /// that it will not get any more.
    ///
    /// May have grown by the time this returns. With one producer, a message that was just
    /// completed may not count yet; with many, those count that are still being written. Reads the
    /// producer's counter, which costs the producer a little: not for a hot loop.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<u64>::new(4)?;
    /// # let mut producer = queue.producer()?;
    /// let consumer = queue.consumer();
    /// assert_eq!((consumer.lag(), consumer.headroom()), (0, 4));
    /// producer.produce(&1);
    /// assert_eq!((consumer.lag(), consumer.headroom()), (1, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lag(&self) -> u64 {
        // The count may be seen older than the slots that were read: then it is behind this
        // consumer.
        let distance = self.queue.produced().wrapping_sub(self.next_sequence()).cast_signed();
        distance.max(0).cast_unsigned()
    }

    /// How many more messages may be produced before this consumer loses one, if it reads none
    /// meanwhile. 0 if it has been sped past already, or will be by the next message.
    ///
    /// May have shrunk by the time this returns; the next message may be under way and not be
    /// counted yet. Costs as [`lag`](Self::lag) does.
    #[must_use]
    pub fn headroom(&self) -> u64 {
        self.queue.geometry.capacity().saturating_sub(self.lag())
    }

    /// The sequence number of the next message that this consumer will read.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.totals.position(self.next)
    }

    /// The position of the next message that this consumer will read, to be noted: see
    /// [`consumer_at`](QueueReader::consumer_at).
    #[must_use]
    pub fn position(&self) -> Position {
        self.queue.position(self.next_sequence())
    }

    /// How many messages it received.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::Queue::<u64>::new(4)?;
    /// # let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// (0..6).for_each(|n| { producer.produce(&n); });
    /// consumer.drain().for_each(drop);
    /// assert_eq!((consumer.received(), consumer.lost()), (4, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn received(&self) -> u64 {
        self.totals.received(self.next)
    }

    /// How many messages it lost in all: the sum of what was reported.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.totals.lost
    }

    /// How many messages it left out in all because it was told to, by
    /// [`skip_to_newest`](Self::skip_to_newest).
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.totals.skipped
    }

    /// The queue, to attach more consumers to.
    #[must_use]
    pub fn queue(&self) -> &QueueReader<T> {
        &self.queue
    }
}

impl<T> Clone for Consumer<T> {
    fn clone(&self) -> Self {
        let next = self.totals.position(self.next);
        Self {
            queue: self.queue.clone(),
            next,
            attention: ahead::LOOK - 1,
            recovery: self.recovery,
            totals: Totals::starting_at(next),
            empty_polls: 0,
            silent_at: next,
            silence: Silence::new(),
            found_dead: false,
            met_producer: self.met_producer,
        }
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("next_sequence", &self.totals.position(self.next))
            .field("recovery", &self.recovery)
            .field("received", &self.totals.received(self.next))
            .field("lost", &self.totals.lost)
            .field("skipped", &self.totals.skipped)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::Queue;
    use crate::layout::{HEAD, UNCOUNTED};

    /// A message that is complete and not counted yet, as its producer leaves it for a moment or
    /// for good if it dies there.
    #[test]
    fn ahead_of_the_count() {
        let queue = Queue::<u64>::new(4).unwrap();
        let mut consumer = queue.consumer();
        // SAFETY: nobody else writes.
        unsafe { queue.cell(0).write_at(queue.geometry.complete(0), &7) };
        assert_eq!(consumer.try_consume(), Ok(7));
        assert_eq!((consumer.lag(), consumer.headroom(), consumer.skip_to_newest()), (0, 4, 0));
        assert_eq!((consumer.next_sequence(), consumer.received()), (1, 1));
    }

    /// The most that can be complete and not counted: its producer died just before it counted
    /// them.
    #[test]
    fn uncounted_messages_are_found_in_their_slots() {
        for capacity in [2, 4, 64] {
            let queue = Queue::<u64>::new(capacity).unwrap();
            let mut producer = queue.producer().unwrap();
            (0..2 * UNCOUNTED - 1).for_each(|n| _ = producer.produce(&n));
            assert_eq!(queue.counter(HEAD).load_relaxed(), UNCOUNTED);
            drop(producer);
            let last = 2 * UNCOUNTED - 1;
            // SAFETY: nobody else writes.
            unsafe { queue.cell(last).write_at(queue.geometry.complete(last), &last) };
            assert_eq!(queue.produced(), 2 * UNCOUNTED);
            assert_eq!(queue.producer().unwrap().produce(&0), 2 * UNCOUNTED);
        }
    }
}
