//! How to wait for something that another core writes.

use crate::{Waited, Waiter};
use core::time::Duration;
use icc_seqlock::primitive::{sleep, spin_loop, thread};
use std::time::Instant;

/// What a reader does between two polls for something that is not there yet: a message, or a change
/// of a value.
///
/// Four are provided: [`BusySpin`], [`SpinThenYield`], [`SpinThenSleep`] and [`Park`]. Only the last
/// costs a writer anything, and only on a queue or vector that its creator made wakeable. The waiting
/// calls take any of them by `&mut`, also as `&mut dyn WaitStrategy`; a `Box<dyn WaitStrategy>` is
/// one itself.
///
/// # Examples
///
/// A strategy of your own that does something useful meanwhile:
///
/// ```
/// use icc_buffer::{SpinThenYield, WaitStrategy, Waited};
///
/// struct Housekeeping {
///     done: u64,
///     wait: SpinThenYield,
/// }
///
/// impl WaitStrategy for Housekeeping {
///     fn wait(&mut self, round: u64) -> Waited {
///         self.done += 1;
///         self.wait.wait(round)
///     }
/// }
///
/// let mut housekeeping = Housekeeping { done: 0, wait: SpinThenYield::new(1) };
/// assert_eq!(housekeeping.wait(0), Waited::Spun);
/// assert_eq!(housekeeping.wait(1), Waited::GaveUpCore);
/// assert_eq!(housekeeping.done, 2);
/// ```
pub trait WaitStrategy {
    /// Waits once. `round` is how often the reader has already waited for this message or change.
    fn wait(&mut self, round: u64) -> Waited;

    /// As [`wait`](Self::wait), with a [`Waiter`] that knows what the reader waits for: it can sleep
    /// until a writer wakes it, and never sleeps past the call's deadline.
    ///
    /// This is what the waiting calls call. A strategy that does not sleep need not have it.
    fn wait_with(&mut self, round: u64, waiter: &mut Waiter<'_>) -> Waited {
        let _ = waiter;
        self.wait(round)
    }
}

impl<W: WaitStrategy + ?Sized> WaitStrategy for &mut W {
    fn wait(&mut self, round: u64) -> Waited {
        (**self).wait(round)
    }

    fn wait_with(&mut self, round: u64, waiter: &mut Waiter<'_>) -> Waited {
        (**self).wait_with(round, waiter)
    }
}

impl<W: WaitStrategy + ?Sized> WaitStrategy for Box<W> {
    fn wait(&mut self, round: u64) -> Waited {
        (**self).wait(round)
    }

    fn wait_with(&mut self, round: u64, waiter: &mut Waiter<'_>) -> Waited {
        (**self).wait_with(round, waiter)
    }
}

/// Polls again at once: the least latency, at the price of a whole core. For a thread that has a
/// core to itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct BusySpin;

impl WaitStrategy for BusySpin {
    #[inline]
    fn wait(&mut self, _round: u64) -> Waited {
        spin_loop();
        Waited::Spun
    }
}

/// Spins for a while, then yields the core between two polls.
///
/// As quick as [`BusySpin`] while no other thread wants the core, and it keeps the core as busy.
/// For threads that may have to share one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpinThenYield {
    /// How often it spins each time before it yields. 1,000 by default: some ten microseconds.
    pub spins: u64,
}

impl SpinThenYield {
    /// Spins this often before it yields.
    #[must_use]
    pub const fn new(spins: u64) -> Self {
        Self { spins }
    }
}

impl Default for SpinThenYield {
    fn default() -> Self {
        Self::new(SPINS)
    }
}

impl WaitStrategy for SpinThenYield {
    #[inline]
    fn wait(&mut self, round: u64) -> Waited {
        if round < self.spins {
            return BusySpin.wait(round);
        }
        thread::yield_now();
        Waited::GaveUpCore
    }
}

/// Spins for a while, then sleeps between two polls, longer each time.
///
/// What is written while it sleeps is seen only after the sleep, to which the system adds some 50
/// microseconds. The first sleep is short, and each is twice as long as the one before, up to a
/// longest: so a busy reader is late by little, and an idle one costs little, half a percent of a
/// core with the 10 ms of the default, nearly all of it the kernel's for a hundred wake-ups a second. Meanwhile a burst of messages longer than the ring can speed past a
/// queue's consumer. For programs that may be late, on queues whose producers shall know nothing of
/// it: recorders, dashboards. Where the creator allows it, [`Park`] costs less and is woken at once.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpinThenSleep {
    /// How often it spins each time before it sleeps. 1,000 by default: some ten microseconds.
    pub spins: u64,
    /// How long it sleeps the first time. 50 microseconds by default.
    pub sleep: Duration,
    /// How long it sleeps at most. 10 milliseconds by default.
    pub longest: Duration,
}

impl SpinThenSleep {
    /// Spins this often before it sleeps, and sleeps this long the first time.
    #[must_use]
    pub const fn new(spins: u64, sleep: Duration) -> Self {
        Self { spins, sleep, longest: LONGEST_SLEEP }
    }

    /// Sleeps no longer than this, or than the first sleep if that is longer. With zero, all sleeps
    /// are as long as the first.
    #[must_use]
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// The sleep of this round; none if it spins.
    fn slice(&self, round: u64) -> Option<Duration> {
        let nth = round.checked_sub(self.spins)?;
        Some(growing(self.sleep, nth, self.longest))
    }
}

/// The `nth` of sleeps that begin with `first` and grow up to `longest`.
fn growing(first: Duration, nth: u64, longest: Duration) -> Duration {
    // At the 20th even a microsecond has become a second.
    first.saturating_mul(1 << nth.min(20)).min(longest.max(first))
}

impl Default for SpinThenSleep {
    fn default() -> Self {
        Self::new(SPINS, SHORTEST_SLEEP)
    }
}

impl WaitStrategy for SpinThenSleep {
    #[inline]
    fn wait(&mut self, round: u64) -> Waited {
        match self.slice(round) {
            None => BusySpin.wait(round),
            Some(slice) => {
                sleep(slice);
                Waited::Slept
            }
        }
    }

    #[inline]
    fn wait_with(&mut self, round: u64, waiter: &mut Waiter<'_>) -> Waited {
        match self.slice(round) {
            None => BusySpin.wait(round),
            Some(slice) => waiter.sleep(slice),
        }
    }
}

/// Spins for a given time, then sleeps in the kernel until a writer wakes it.
///
/// The least work for a reader that often has nothing to do: as quick as [`BusySpin`] while it spins,
/// then idle, and awake some microseconds after the next message. It needs a queue or vector that its
/// creator made wakeable, and permission to write to its readers' file. Without, it sleeps between
/// polls, from 50 microseconds growing to 10 milliseconds, as [`SpinThenSleep`] does.
///
/// A writer pays a load and a branch for each message, and a system call for one that finds somebody
/// asleep. Nobody sleeps for longer than 600 milliseconds without looking, so a reader is not
/// stranded, whoever is killed at whatever moment.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use icc_buffer::Park;
///
/// let mut wait = Park::new(Duration::from_micros(20));
/// # let _ = &mut wait;
/// ```
#[derive(Clone, Copy, Debug)]
#[doc(alias = "block")]
#[doc(alias = "futex")]
pub struct Park {
    spin: Duration,
    /// When it began to wait, if that is known, and how often it has slept since.
    since: Option<Instant>,
    slept: u64,
}

impl Park {
    /// Spins for this long before it sleeps; with zero, it sleeps at once.
    #[must_use]
    pub const fn new(spin: Duration) -> Self {
        Self { spin, since: None, slept: 0 }
    }

    /// Whether it is time to sleep.
    #[inline]
    fn has_spun(&mut self, round: u64) -> bool {
        if round == 0 {
            (self.since, self.slept) = (None, 0);
        }
        // The clock costs as much as several polls.
        if self.slept > 0 || self.spin.is_zero() {
            return true;
        }
        if !round.is_multiple_of(SPINS_PER_CLOCK) {
            return false;
        }
        let now = Instant::now();
        now.duration_since(*self.since.get_or_insert(now)) >= self.spin
    }

    /// Where there is no bell: the next sleep.
    fn slice(&mut self) -> Duration {
        self.slept += 1;
        growing(SHORTEST_SLEEP, self.slept - 1, LONGEST_SLEEP)
    }
}

/// Spins for 20 microseconds: more than it takes to be woken.
impl Default for Park {
    fn default() -> Self {
        Self::new(Duration::from_micros(20))
    }
}

impl WaitStrategy for Park {
    #[inline]
    fn wait(&mut self, round: u64) -> Waited {
        if !self.has_spun(round) {
            return BusySpin.wait(round);
        }
        sleep(self.slice());
        Waited::Slept
    }

    #[inline]
    fn wait_with(&mut self, round: u64, waiter: &mut Waiter<'_>) -> Waited {
        if !self.has_spun(round) {
            return BusySpin.wait(round);
        }
        let slice = self.slice();
        waiter.park(slice)
    }
}

const SPINS: u64 = 1_000;
/// The clock is read once in this many rounds of spinning.
const SPINS_PER_CLOCK: u64 = 32;
const SHORTEST_SLEEP: Duration = Duration::from_micros(50);
const LONGEST_SLEEP: Duration = Duration::from_millis(10);

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::*;

    #[test]
    fn sleeps_grow_up_to_the_longest() {
        let micros = Duration::from_micros;
        let wait = SpinThenSleep::new(2, micros(50));
        let slices: Vec<_> = [0, 1, 2, 3, 4, 9, 10, 11, 1_000, u64::MAX].map(|round| wait.slice(round)).into();
        let grown = [50, 100, 200, 6_400, 10_000, 10_000, 10_000, 10_000].map(|time| Some(micros(time)));
        assert_eq!(slices[..2], [None, None]);
        assert_eq!(slices[2..], grown);
        let constant = wait.longest(Duration::ZERO);
        assert_eq!([2, 3, 90].map(|round| constant.slice(round)), [Some(micros(50)); 3]);
        assert_eq!(SpinThenSleep::new(0, Duration::MAX).slice(9), Some(Duration::MAX));
    }

    #[test]
    fn parking_begins_after_the_spin_and_again_with_each_wait() {
        let mut wait = Park::new(Duration::ZERO);
        assert!(wait.has_spun(0));
        let mut wait = Park::new(Duration::from_secs(3600));
        assert!((0..1_000).all(|round| !wait.has_spun(round)));
        wait.slept = 1;
        assert!(wait.has_spun(1_000) && !wait.has_spun(0));
    }
}
