//! How to wait for what another core writes.

use core::time::Duration;
use icc_seqlock::primitive::{sleep, spin_loop, thread};

/// What a reader does between two polls for something that is not there yet: a message, or a change of a value.
///
/// Three are provided: [`BusySpin`], [`SpinThenYield`], [`SpinThenSleep`]. None of them, and none of yours, costs a writer
/// anything: it never wakes anybody. The waiting calls take any of them by `&mut`, also as `&mut dyn WaitStrategy`; a
/// `Box<dyn WaitStrategy>` is one itself.
///
/// # Examples
///
/// One's own: doing something useful meanwhile.
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
    /// Waits once. `round` counts from 0 how often the reader has waited for this message or change.
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
    /// Briefly, and without giving the core away. A timeout then reads the clock only now and then, not to be late because of
    /// it.
    Spun,
    /// It yielded, slept or blocked, or took its time otherwise. A timeout reads the clock each time.
    GaveUpCore,
}

/// Polls again at once: the least latency, a whole core, all the time. For a thread that has a core to itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct BusySpin;

impl WaitStrategy for BusySpin {
    #[inline]
    fn wait(&mut self, _round: u64) -> Waited {
        spin_loop();
        Waited::Spun
    }
}

/// Spins for a while, then gives the core to whoever else wants it between two polls.
///
/// As quick as [`BusySpin`] while the core has nothing else to do, which it keeps busy all the same. For threads that may have
/// to share one.
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
/// What comes while it sleeps is seen late by the rest of the sleep, some 50 microseconds of the system's own on top, and of a
/// queue a burst longer than the ring can pass meanwhile. For what may be late: recorders, dashboards.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpinThenSleep {
    /// How often it spins each time before it sleeps. 1,000 by default: some ten microseconds.
    pub spins: u64,
    /// How long it sleeps each time. 50 microseconds by default.
    pub sleep: Duration,
}

impl SpinThenSleep {
    /// Spins this often before it sleeps, and sleeps so long each time.
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
