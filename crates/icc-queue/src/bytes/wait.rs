//! Consuming messages of any length that waits.

use super::{BytesConsumer, BytesLost, TryConsumeError, WaitError};
use crate::consumer::{SILENCE, gone::LONGEST, wait::SPINS_PER_CLOCK};
use crate::{Bell, QueueReader, WaitStrategy, Waitable, Waited};
use core::time::Duration;
use std::time::Instant;

impl BytesConsumer {
    /// Copies the next message into `out` and returns the number of its first slot. Waits for it, as `wait`
    /// says, without bound: see [`Consumer::consume`](crate::Consumer::consume).
    ///
    /// # Errors
    ///
    /// [`BytesLost`] if the next message was overwritten, as with
    /// [`try_consume_into`](Self::try_consume_into).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{BusySpin, Spmc, bytes::BytesQueue};
    ///
    /// let queue = BytesQueue::<Spmc>::new(64)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || producer.produce(b"hello"));
    ///     let mut message = Vec::new();
    ///     assert_eq!(consumer.consume_into(&mut message, &mut BusySpin), Ok(0));
    ///     assert_eq!(message, b"hello");
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn consume_into(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, BytesLost> {
        let mut round = 0;
        loop {
            match self.try_consume_into(out) {
                Ok(n) => return Ok(n),
                Err(TryConsumeError::SpedPast(lost)) => return Err(lost),
                Err(_) => {
                    self.wait(wait, round, None);
                    round += 1;
                }
            }
        }
    }

    /// Copies the next message into `out` and returns the number of its first slot. Waits for it for up to
    /// `timeout`: see [`Consumer::consume_timeout`](crate::Consumer::consume_timeout).
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`]; [`WaitError::SpedPast`].
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::SpinThenYield;
    /// use icc_queue::bytes::{BytesQueue, WaitError};
    /// use std::time::Duration;
    ///
    /// let queue = BytesQueue::<icc_queue::Spmc>::new(64)?;
    /// let (mut consumer, mut message, after) = (queue.consumer(), Vec::new(), Duration::from_millis(1));
    /// let none = consumer.consume_into_timeout(&mut message, &mut SpinThenYield::default(), after);
    /// assert_eq!(none, Err(WaitError::TimedOut { after }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn consume_into_timeout(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<u64, WaitError> {
        match self.try_consume_into(out) {
            Ok(n) => Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => Err(WaitError::SpedPast(lost)),
            // Out of line: a message that is there costs no reading of the clock.
            Err(_) => self.await_message(out, wait, timeout),
        }
    }

    fn await_message(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<u64, WaitError> {
        let deadline = Instant::now().checked_add(timeout);
        let mut round = 0;
        loop {
            let kept_core = self.wait(wait, round, deadline) == Waited::Spun;
            round += 1;
            match self.try_consume_into(out) {
                Ok(n) => return Ok(n),
                Err(TryConsumeError::SpedPast(lost)) => return Err(WaitError::SpedPast(lost)),
                Err(_) if kept_core && !round.is_multiple_of(SPINS_PER_CLOCK) => {}
                Err(_) if deadline.is_some_and(|at| Instant::now() >= at) => {
                    return Err(WaitError::TimedOut { after: timeout });
                }
                Err(_) => {}
            }
        }
    }

    /// Copies the next message into `out` and returns the number of its first slot. Waits for it for as long
    /// as a producer lives: see [`Consumer::consume_until_gone`](crate::Consumer::consume_until_gone).
    ///
    /// # Errors
    ///
    /// [`WaitError::ProducersGone`] at the end; [`WaitError::SpedPast`].
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{BusySpin, Spmc, bytes::BytesQueue};
    ///
    /// let queue = BytesQueue::<Spmc>::new(64)?;
    /// let mut consumer = queue.consumer();
    /// let mut producer = queue.producer()?;
    /// std::thread::spawn(move || (0..10).for_each(|n| _ = producer.produce(&vec![7; 100 * n])));
    ///
    /// let (mut message, mut bytes) = (Vec::new(), 0);
    /// while consumer.consume_into_until_gone(&mut message, &mut BusySpin).is_ok() {
    ///     bytes += message.len();
    /// }
    /// assert_eq!(bytes, 4_500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn consume_into_until_gone(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, WaitError> {
        let (mut round, mut slice, mut ask_at) = (0_u64, SILENCE, None);
        loop {
            match self.try_consume_into(out) {
                Ok(n) => return Ok(n),
                Err(TryConsumeError::SpedPast(lost)) => return Err(WaitError::SpedPast(lost)),
                Err(_) => {}
            }
            // A message that is there costs no reading of the clock.
            let at = *ask_at.get_or_insert_with(|| Instant::now() + slice);
            let kept_core = self.wait(wait, round, Some(at)) == Waited::Spun;
            round += 1;
            if (kept_core && !round.is_multiple_of(SPINS_PER_CLOCK)) || Instant::now() < at {
                continue;
            }
            let lives = |queue: &QueueReader<()>| queue.some_producer_lives().unwrap_or(true);
            if let Some(result) = self.after_silence(out, lives) {
                return result;
            }
            slice = (slice * 2).min(LONGEST);
            ask_at = None;
        }
    }

    /// Asks whether a producer lives, and if none does, how that ends.
    pub(super) fn after_silence(
        &mut self,
        out: &mut Vec<u8>,
        lives: impl FnOnce(&QueueReader<()>) -> bool,
    ) -> Option<Result<u64, WaitError>> {
        // Before it is asked: what begins later may be a newcomer's, who finishes it.
        let begun = self.queue.begins_at(self.cursor.next).map(|head| (self.cursor.next, head));
        if lives(&self.cursor.queue) {
            self.cursor.met_producer = true;
            return None;
        }
        // What they produced before they ended is there by now.
        match self.try_consume_into(out) {
            Ok(n) => Some(Ok(n)),
            Err(TryConsumeError::SpedPast(lost)) => Some(Err(WaitError::SpedPast(lost))),
            Err(_) if self.cursor.is_at_end() => Some(Err(WaitError::ProducersGone)),
            Err(_) => begun.and_then(|(n, head)| self.lose_partial(n, head)).map(|lost| Err(WaitError::SpedPast(lost))),
        }
    }

    /// Waits once for the next message, as `wait` says, and at most until `deadline`: see
    /// [`untyped::Consumer::wait`](crate::untyped::Consumer::wait). For loops that do other things as well;
    /// `round` is how often this message has been waited for before. It may return before there is a message.
    pub fn wait(&mut self, wait: &mut (impl WaitStrategy + ?Sized), round: u64, deadline: Option<Instant>) -> Waited {
        let Self { cursor, queue, .. } = self;
        let (next, is_sure) = (cursor.next, cursor.queue.ledgers() == 0);
        let awaited = queue.awaited(next);
        // With one producer, the rest of a message may have been cut short.
        let also = |_: &QueueReader<()>| is_sure && awaited != next && queue.is_cut_short(next);
        cursor.pause_for(wait, round, deadline, awaited, also)
    }

    /// Whether [`try_consume`](Self::try_consume) would find a message, or that it was overwritten: see
    /// [`Consumer::is_ready`](crate::Consumer::is_ready).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.cursor.queue.is_there(self.cursor.next) && self.cursor.queue.is_there(self.queue.awaited(self.cursor.next))
    }
}

impl Waitable for BytesConsumer {
    fn bell(&self) -> Option<&Bell> {
        Waitable::bell(&self.cursor)
    }

    fn is_ready(&self) -> bool {
        Self::is_ready(self)
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        if self.counts() {
            return self.queue.is_cut_short(self.cursor.next);
        }
        after_silence && self.cursor.queue.abandoned_from(self.queue.awaited(self.cursor.next)).is_some()
    }

    /// The next poll asks whether the message will ever come.
    fn give_up(&mut self) {
        self.cursor.give_up();
    }
}
