//! Every wait: for a slot's writer, which may be dead, and for a change of a slot.

use crate::{
    Busy, Changed, Changes, Payload, ReadError, Unchanged, VectorReader, WaitError, WaitStrategy, Waited, Waiter,
    WriterDied,
};
use icc_seqlock::BeingWritten;
use icc_seqlock::primitive::{Backoff, Silence, bound, sleep, thread};
use std::time::{Duration, Instant};

/// Rounds of backing off, some tens of microseconds in all: longer than any copy takes.
const SPINS: u32 = bound(16, 0);
/// Rounds of yielding after that. With nothing else to run, some milliseconds in all.
const YIELDS: u32 = bound(10_000, 3);
/// One in this many of those sleeps instead, and checks whether the writer is alive, which costs a
/// system call if it is.
const YIELDS_PER_CHECK: u32 = bound(64, 1);
const SLEEP: Duration = Duration::from_micros(50);
/// The clock is read once in this many waits that kept the core, since it takes as long as several
/// polls of the slot.
const SPINS_PER_CLOCK: u64 = 32;
/// One that sleeps asks after the writer of a slot that is being written for so long.
const SILENCE: Duration = Duration::from_millis(1);

/// What to do after a round of a [`BoundedBackoff`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Try again.
    Again,
    /// Check whether the writer is dead; if not, try again.
    CheckWriter,
    /// Give up, after this many attempts.
    GiveUp(u32),
}

/// A backoff that ends.
#[derive(Debug, Default)]
pub(crate) struct BoundedBackoff {
    rounds: u32,
    backoff: Backoff,
}

impl BoundedBackoff {
    pub(crate) fn round(&mut self) -> Round {
        self.rounds += 1;
        let yields = self.rounds.saturating_sub(SPINS);
        if yields == 0 {
            self.backoff.spin();
            return Round::Again;
        }
        if yields > YIELDS {
            return Round::GiveUp(self.rounds);
        }
        if yields.is_multiple_of(YIELDS_PER_CHECK) {
            // A thread of high priority lets a writer of low priority on its core run only if it
            // sleeps.
            sleep(SLEEP);
            return Round::CheckWriter;
        }
        thread::yield_now();
        if yields == 1 { Round::CheckWriter } else { Round::Again }
    }
}

impl<T: Payload> VectorReader<T> {
    /// Reads a slot that was being written a moment ago. The index is in range.
    #[cold]
    pub(crate) fn read_contended(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        let slot = self.slot(index);
        self.until_read(index, || slot.try_read_into(out))
    }

    /// Tries to read slot `index` until it succeeds, its writer is proven to be dead, or it has taken
    /// too long.
    #[inline(always)]
    pub(crate) fn until_read<R>(
        &self,
        index: usize,
        mut attempt: impl FnMut() -> Result<R, BeingWritten>,
    ) -> Result<R, ReadError> {
        let mut backoff = BoundedBackoff::default();
        loop {
            match attempt() {
                Ok(read) => return Ok(read),
                Err(BeingWritten { version, .. }) => self.back_off(index, version, &mut backoff)?,
            }
        }
    }

    /// Waits a round for the writer of slot `index`, which was found at `version`, or says why not.
    #[cold]
    #[inline(never)]
    fn back_off(&self, index: usize, version: u64, backoff: &mut BoundedBackoff) -> Result<(), ReadError> {
        match backoff.round() {
            Round::CheckWriter if self.left_by_the_dead(index, version) => Err(WriterDied { index }.into()),
            Round::Again | Round::CheckWriter => Ok(()),
            Round::GiveUp(attempts) => Err(Busy { index, attempts }.into()),
        }
    }

    /// Waits until slot `index` has a value newer than `version`, copies it into `out` and returns
    /// its version.
    ///
    /// Polls the slot at least once, also if `timeout` is zero, and once between two waits of the
    /// strategy. The strategies of this crate end in time: they spin, yield or sleep on for less than a
    /// millisecond, as far as the system gives them a core. A strategy without
    /// [`wait_with`](WaitStrategy::wait_with) is late by one wait that gives the core away, or by 32
    /// that do not. A timeout too long for the clock is none.
    ///
    /// To wait for a change of any slot, see [`Changes::wait`](crate::Changes::wait).
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if no newer value came. [`WaitError::Read`] if there is no such slot,
    /// or its writer died in the middle of a write.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{BusySpin, SeqlockVector, WaitError};
    /// use std::time::Duration;
    ///
    /// let health = SeqlockVector::<u32>::new(3)?;
    /// let (seen, mut out) = (health.version(1)?, 0);
    /// let never = health.wait_for_change(1, seen, &mut out, Duration::from_millis(1), &mut BusySpin);
    /// assert_eq!(never, Err(WaitError::Timeout { index: 1 }));
    ///
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| health.write(1, &200));
    ///     let version = health.wait_for_change(1, seen, &mut out, Duration::from_secs(10), &mut BusySpin)?;
    ///     assert_eq!((version, out), (2, 200));
    ///     Ok::<(), WaitError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "watch")]
    #[doc(alias = "changed")]
    pub fn wait_for_change(
        &self,
        index: usize,
        version: u64,
        out: &mut T,
        timeout: Duration,
        strategy: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, WaitError> {
        self.check(index).map_err(ReadError::from)?;
        let slot = self.slot(index);
        let deadline = Instant::now().checked_add(timeout);
        let (mut round, mut waited, mut stuck) = (0, Waited::Spun, 0);
        loop {
            // One attempt a round: a slot that stays odd must not keep this from its deadline.
            if let Ok(Some(found)) = slot.try_read_into_if_newer(version, out) {
                return Ok(found);
            }
            if waited != Waited::Spun || round % SPINS_PER_CLOCK == 0 {
                // The same odd version as the time before: is its writer alive? One that is only
                // stopped may go on in time.
                let found = slot.version();
                if found & 1 == 1 && found == stuck && self.left_by_the_dead(index, found) {
                    return Err(ReadError::from(WriterDied { index }).into());
                }
                stuck = found;
                if deadline.is_some_and(|at| Instant::now() >= at) {
                    return Err(WaitError::Timeout { index });
                }
            }
            let (mut odd, mut silence, mut left) = (0, Silence::new(), stuck);
            // For who sleeps: a newer value, or proof that it does not come.
            let mut ready = || {
                let found = slot.version();
                if found & 1 == 0 {
                    return found > version;
                }
                if found != odd {
                    (odd, silence) = (found, Silence::new());
                }
                let dead = silence.lasts(SILENCE) && self.left_by_the_dead(index, found);
                if dead {
                    left = found;
                }
                dead
            };
            waited = strategy.wait_with(round, &mut Waiter::new(self.bell(), deadline, &mut ready));
            stuck = left;
            round += 1;
        }
    }
}

impl<T: Payload> Changes<T> {
    /// Waits until a slot has changed since it was last yielded, and [polls](Self::poll).
    ///
    /// It polls at least once, also if `timeout` is zero, and keeps to it as
    /// [`wait_for_change`](VectorReader::wait_for_change) does. Each time it looks, it reads what
    /// `poll` reads where nothing changed: see [how it scales](Self#how-it-scales). The iterator can
    /// be empty if a slot that changed is just being written again, at each attempt to read it.
    ///
    /// # Errors
    ///
    /// [`Unchanged`] if nothing changed within `timeout`.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Park, SeqlockVector, Unchanged, VectorSpec};
    /// use std::time::Duration;
    ///
    /// let health = SeqlockVector::<u32>::new(VectorSpec::new(3).wakeable())?;
    /// let mut changes = health.changes();
    /// let timeout = Duration::from_millis(1);
    /// assert_eq!(changes.wait(timeout, &mut Park::default()).err(), Some(Unchanged { after: timeout }));
    ///
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| health.write(1, &200));
    ///     let changed = changes.wait(Duration::from_secs(10), &mut Park::default())?;
    ///     assert_eq!(changed.map(|change| (change.index, change.value)).collect::<Vec<_>>(), [(1, 200)]);
    ///     Ok::<(), Unchanged>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "watch")]
    pub fn wait(
        &mut self,
        timeout: Duration,
        strategy: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<Changed<'_, T>, Unchanged> {
        let deadline = Instant::now().checked_add(timeout);
        let (mut round, mut waited) = (0, Waited::Spun);
        while !self.is_ready() {
            // A look may take long, so the clock is read after each.
            if (waited != Waited::Spun || round % SPINS_PER_CLOCK == 0 || self.is_large())
                && deadline.is_some_and(|at| Instant::now() >= at)
            {
                return Err(Unchanged { after: timeout });
            }
            let mut ready = || self.is_ready();
            waited = strategy.wait_with(round, &mut Waiter::new(self.bell(), deadline, &mut ready));
            round += 1;
        }
        Ok(self.poll())
    }
}
