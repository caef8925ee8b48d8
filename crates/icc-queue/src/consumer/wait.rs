//! Consuming that waits.

use super::{Consumer, POLLS_PER_CLOCK, SILENCE, begin_silence};
use crate::{ConsumeTimeoutError, Lost, QueueReader, TryConsumeError, WaitStrategy, Waited, Waiter};
use core::time::Duration;
use icc_seqlock::Payload;
use std::time::Instant;

/// After how many waits that kept the core the clock is read: it costs as much as several polls.
pub(crate) const SPINS_PER_CLOCK: u64 = 32;

impl<T: Payload> Consumer<T> {
    /// The next message. Waits for it, as `wait` says.
    ///
    /// It waits for a producer to produce, and without bound: for ever if none does. Where that may
    /// happen, use [`consume_timeout`](Self::consume_timeout).
    ///
    /// Returning by value can cost a second copy, and needs room for the message twice on the
    /// stack; for large messages use [`consume_into`](Self::consume_into), which needs none.
    ///
    /// # Errors
    ///
    /// [`Lost`] if the next message was overwritten, as with [`try_consume`](Self::try_consume).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{BusySpin, Queue};
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| producer.produce(&7));
    ///     assert_eq!(consumer.consume(&mut BusySpin), Ok(7));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn consume(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<T, Lost> {
        let mut message = T::zeroed();
        self.consume_into(&mut message, wait).map(|_| message)
    }

    /// Copies the next message into `out` and returns its sequence number. Waits for it, as
    /// [`consume`](Self::consume) does.
    ///
    /// # Errors
    ///
    /// As [`consume`](Self::consume). When sped past, `out` may hold a valid but meaningless value.
    #[inline]
    pub fn consume_into(&mut self, out: &mut T, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<u64, Lost> {
        let mut round = 0;
        loop {
            match self.try_consume_into(out) {
                Ok(n) => return Ok(n),
                Err(TryConsumeError::SpedPast(lost)) => return Err(lost),
                Err(TryConsumeError::Empty) => {
                    self.pause(wait, round, None);
                    round += 1;
                }
            }
        }
    }

    /// The next message. Waits for it, as `wait` says, for up to `timeout`.
    ///
    /// It polls at least once, also if `timeout` is zero. The strategies of this crate end in time: they
    /// spin, yield or sleep on for less than a millisecond, as far as the system gives them a core. A
    /// strategy without [`wait_with`](WaitStrategy::wait_with) is late by one wait that gives the core
    /// away, or by 32 that do not. A timeout too long for the clock is none.
    ///
    /// # Errors
    ///
    /// [`ConsumeTimeoutError::TimedOut`] if none was produced within `timeout`; nothing has
    /// changed. [`ConsumeTimeoutError::SpedPast`] if the next message was overwritten, as with
    /// [`try_consume`](Self::try_consume).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{ConsumeTimeoutError, Queue, SpinThenSleep};
    /// use std::time::Duration;
    ///
    /// let queue = Queue::<u64>::new(4)?;
    /// let mut consumer = queue.consumer();
    /// let timeout = Duration::from_millis(1);
    /// let missed = consumer.consume_timeout(&mut SpinThenSleep::default(), timeout);
    /// assert_eq!(missed, Err(ConsumeTimeoutError::TimedOut { after: timeout }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn consume_timeout(
        &mut self,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<T, ConsumeTimeoutError> {
        let mut message = T::zeroed();
        self.consume_into_timeout(&mut message, wait, timeout).map(|_| message)
    }

    /// Copies the next message into `out` and returns its sequence number. Waits for it for up to
    /// `timeout`, as [`consume_timeout`](Self::consume_timeout) does.
    ///
    /// # Errors
    ///
    /// As [`consume_timeout`](Self::consume_timeout). When sped past, `out` may hold a valid but
    /// meaningless value.
    #[inline]
    pub fn consume_into_timeout(
        &mut self,
        out: &mut T,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<u64, ConsumeTimeoutError> {
        match self.try_consume_into(out) {
            Ok(n) => Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => Err(ConsumeTimeoutError::SpedPast(lost)),
            // Out of line: a message that is there costs no reading of the clock.
            Err(TryConsumeError::Empty) => self.await_message(out, wait, timeout),
        }
    }

    fn await_message(
        &mut self,
        out: &mut T,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<u64, ConsumeTimeoutError> {
        let deadline = Instant::now().checked_add(timeout);
        let mut round = 0;
        loop {
            let kept_core = self.pause(wait, round, deadline) == Waited::Spun;
            round += 1;
            match self.try_consume_into(out) {
                Ok(n) => return Ok(n),
                Err(TryConsumeError::SpedPast(lost)) => return Err(ConsumeTimeoutError::SpedPast(lost)),
                Err(TryConsumeError::Empty) if kept_core && !round.is_multiple_of(SPINS_PER_CLOCK) => {}
                Err(TryConsumeError::Empty) if deadline.is_some_and(|at| Instant::now() >= at) => {
                    return Err(ConsumeTimeoutError::TimedOut { after: timeout });
                }
                Err(TryConsumeError::Empty) => {}
            }
        }
    }

    /// Whether [`try_consume`](Self::try_consume) would find a message, or that it was overwritten, or
    /// within a millisecond that it was [left out](crate::QueueSpec::gaps). Changes nothing. For a wait
    /// for several queues: a message that its producer will never complete, since it was killed, is not
    /// ready, and only polling finds that out.
    #[inline]
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.queue.is_there(self.next) || self.queue.is_left_out(self.next)
    }

    /// Waits once for the next message, as `wait` says.
    #[inline(always)]
    pub(crate) fn pause(
        &mut self,
        wait: &mut (impl WaitStrategy + ?Sized),
        round: u64,
        deadline: Option<Instant>,
    ) -> Waited {
        self.pause_for(wait, round, deadline, self.next, |_| false)
    }

    /// Waits once for message `next`, which need not be the next one, or until `also` says so.
    #[inline(always)]
    pub(crate) fn pause_for(
        &mut self,
        wait: &mut (impl WaitStrategy + ?Sized),
        round: u64,
        deadline: Option<Instant>,
        next: u64,
        also: impl Fn(&QueueReader<T>) -> bool,
    ) -> Waited {
        let Self { queue, silent_at, silence, .. } = self;
        let mut left_out = false;
        let queue = &*queue;
        // One that sleeps looks seldom, and so can ask each time whether the message's producer has
        // died, or left it out. The poll that follows then asks as well.
        let mut ready = || {
            queue.is_there(next)
                || (queue.has_gaps() && {
                    left_out = queue.is_left_out(next);
                    left_out
                })
                || (queue.ledgers() != 0 && {
                    begin_silence(silent_at, silence, next);
                    silence.lasts(SILENCE) && queue.abandoned_from(next).is_some()
                })
                || also(queue)
        };
        let waited = wait.wait_with(round, &mut Waiter::new(queue.bell(), deadline, &mut ready));
        if waited == Waited::Slept || left_out {
            self.empty_polls = POLLS_PER_CLOCK - 1;
            self.found_dead |= left_out;
        }
        waited
    }
}
