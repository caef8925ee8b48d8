//! How to wait for something that another core writes.

use core::time::Duration;
use icc_seqlock::primitive::{sleep, spin_loop, thread};

/// What a reader does between two polls for something that is not there yet: a message, or a change
/// of a value.
///
/// Three are provided: [`BusySpin`], [`SpinThenYield`], [`SpinThenSleep`]. None of them costs a
/// writer anything, nor does one that you write: writers never wake anybody. The waiting calls take
/// any of them by `&mut`, also as `&mut dyn WaitStrategy`; a `Box<dyn WaitStrategy>` is one itself.
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
}

impl<W: WaitStrategy + ?Sized> WaitStrategy for &mut W {
    fn wait(&mut self, round: u64) -> Waited {
        (**self).wait(round)
    }
}

impl<W: WaitStrategy + ?Sized> WaitStrategy for Box<W> {
    fn wait(&mut self, round: u64) -> Waited {
        (**self).wait(round)
    }
}

/// How a [`WaitStrategy`] waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waited {
    /// Briefly, and without giving the core away. A timeout then reads the clock only once in a
    /// number of rounds, because reading it takes longer.
    Spun,
    /// It yielded, slept, blocked or otherwise took long. A timeout then reads the clock in each
    /// round.
    GaveUpCore,
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

/// Spins for a while, then sleeps between two polls.
///
/// What is written while it sleeps is seen only after the sleep, to which the system adds some 50
/// microseconds. Meanwhile a burst of messages longer than the ring can speed past a queue's
/// consumer. For programs that may be late: recorders, dashboards.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpinThenSleep {
    /// How often it spins each time before it sleeps. 1,000 by default: some ten microseconds.
    pub spins: u64,
    /// How long it sleeps each time. 50 microseconds by default.
    pub sleep: Duration,
}

impl SpinThenSleep {
    /// Spins this often before it sleeps, and sleeps this long each time.
    #[must_use]
    pub const fn new(spins: u64, sleep: Duration) -> Self {
        Self { spins, sleep }
    }
}

impl Default for SpinThenSleep {
    fn default() -> Self {
        Self::new(SPINS, Duration::from_micros(50))
    }
}

impl WaitStrategy for SpinThenSleep {
    #[inline]
    fn wait(&mut self, round: u64) -> Waited {
        if round < self.spins {
            return BusySpin.wait(round);
        }
        sleep(self.sleep);
        Waited::GaveUpCore
    }
}

const SPINS: u64 = 1_000;
