//! Claiming that waits.

use super::worker::POLLS_PER_CLOCK;
use super::{Claim, ClaimError, ClaimTimeoutError, TryClaimError, Worker};
use crate::{Bell, WaitStrategy, Waitable, Waited, Waiter};
use core::time::Duration;
use icc_seqlock::Payload;
use icc_seqlock::primitive::Silence;
use std::time::Instant;

/// After how many waits that kept the core the clock is read.
const SPINS_PER_CLOCK: u64 = 32;
/// How long a worker that sleeps waits before it asks who died.
const SILENCE: Duration = Duration::from_millis(1);

impl<T: Payload> Worker<T> {
    /// The next message that nobody has, for this worker alone. Waits for one, as `wait` says, and
    /// without bound.
    ///
    /// Of a [wakeable](crate::QueueSpec::wakeable) queue, each message wakes all workers that sleep, and
    /// one of them gets it. What a dead worker had is found within some milliseconds by one that spins,
    /// within some 600 by one that sleeps.
    ///
    /// # Errors
    ///
    /// [`ClaimError`], as with [`try_claim`](Self::try_claim).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Park, Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(64).wakeable().group("orders"))?;
    /// let mut producer = queue.producer()?;
    /// let mut worker = queue.group("orders")?.worker()?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(move || producer.produce(&7));
    ///     let claim = worker.claim(&mut Park::default()).expect("nothing was lost");
    ///     assert_eq!(*claim, 7);
    ///     claim.done();
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn claim(&mut self, wait: &mut (impl WaitStrategy + ?Sized)) -> Result<Claim<'_, T>, ClaimError> {
        let mut round = 0;
        loop {
            match self.seek() {
                Ok(()) => return Ok(Claim::new(self)),
                Err(TryClaimError::SpedPast(lost)) => return Err(ClaimError::SpedPast(lost)),
                Err(TryClaimError::Forked) => return Err(ClaimError::Forked),
                Err(TryClaimError::Empty) => {
                    self.pause(wait, round, None);
                    round += 1;
                }
            }
        }
    }

    /// As [`claim`](Self::claim), for up to `timeout`. Tries at least once.
    ///
    /// # Errors
    ///
    /// [`ClaimTimeoutError::TimedOut`] if there was none; others as with [`claim`](Self::claim).
    #[inline]
    pub fn claim_timeout(
        &mut self,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<Claim<'_, T>, ClaimTimeoutError> {
        let (mut round, mut deadline, mut kept_core) = (0_u64, None, false);
        loop {
            match self.seek() {
                Ok(()) => return Ok(Claim::new(self)),
                Err(TryClaimError::SpedPast(lost)) => return Err(ClaimTimeoutError::SpedPast(lost)),
                Err(TryClaimError::Forked) => return Err(ClaimTimeoutError::Forked),
                Err(TryClaimError::Empty) if round == 0 => deadline = Instant::now().checked_add(timeout),
                Err(TryClaimError::Empty) if kept_core && !round.is_multiple_of(SPINS_PER_CLOCK) => {}
                Err(TryClaimError::Empty) if deadline.is_some_and(|at| Instant::now() >= at) => {
                    return Err(ClaimTimeoutError::TimedOut { after: timeout });
                }
                Err(TryClaimError::Empty) => {}
            }
            kept_core = self.pause(wait, round, deadline) == Waited::Spun;
            round += 1;
        }
    }

    /// Waits once, as `wait` says.
    #[inline(always)]
    fn pause(&mut self, wait: &mut (impl WaitStrategy + ?Sized), round: u64, deadline: Option<Instant>) -> Waited {
        let this = &*self;
        let mut silence = Silence::new();
        let mut ready = || this.is_something_new() || (silence.lasts(SILENCE) && this.is_something_left());
        let waited = wait.wait_with(round, &mut Waiter::new(this.queue.bell(), deadline, &mut ready));
        if waited == Waited::Slept {
            self.ask_at_once();
        }
        waited
    }

    /// The next empty poll asks who died.
    fn ask_at_once(&mut self) {
        self.empty_polls = POLLS_PER_CLOCK - 1;
        self.has_waited = true;
    }

    /// Whether there is a message that this worker has not looked at, or one was given back.
    fn is_something_new(&self) -> bool {
        !self.is_quiet()
            || self.queue.is_there(self.cursor)
            || self.board.look_returned() != self.seen
            || self.is_hold_behind()
    }

    /// Whether a worker died, or the producer of the next message.
    fn is_something_left(&self) -> bool {
        self.is_one_dead() || (self.queue.unsure != 0 && self.queue.never_from(self.cursor).is_some())
    }
}

/// One of the sources of a [`WaitSet`](crate::WaitSet). It may be ready although another worker of its
/// group has the message by then: go on waiting if [`try_claim`](Worker::try_claim) says that there is
/// none.
impl<T: Payload> Waitable for Worker<T> {
    fn bell(&self) -> Option<&Bell> {
        self.queue.bell()
    }

    fn is_ready(&self) -> bool {
        self.is_something_new()
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        after_silence && self.is_something_left()
    }

    fn give_up(&mut self) {
        self.ask_at_once();
    }
}
