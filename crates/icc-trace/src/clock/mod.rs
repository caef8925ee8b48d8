//! One clock for all processes of a machine, read in a few nanoseconds.

mod calibrate;
mod shared;
mod ticks;

pub use shared::ClockError;

use calibrate::Calibration;

/// Where a [`Clock`]'s time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The time stamp counter of an x86-64 processor, which counts at one rate on all cores.
    Tsc,
    /// The system counter of an aarch64 processor, likewise.
    SystemCounter,
    /// `CLOCK_MONOTONIC`, by the system's call.
    Monotonic,
}

/// A clock in nanoseconds.
///
/// It reads the processor's counter where that runs at one rate on all cores, and the system trusts
/// it; else `CLOCK_MONOTONIC`. [`shared`](Self::shared) gives all processes of a user the same
/// conversion from ticks to nanoseconds, so that their stamps can be subtracted.
///
/// Its nanoseconds begin where `CLOCK_MONOTONIC` is when it is calibrated, and are not adjusted
/// later: after a day the two may be milliseconds apart. Compare its stamps with each other only.
///
/// # Examples
///
/// ```
/// use icc_trace::Clock;
///
/// let clock = Clock::shared()?;
/// let start = clock.now();
/// let end = clock.now();
/// assert!(end >= start);
/// # Ok::<(), icc_trace::ClockError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    source: Source,
    /// Nanoseconds of a tick, times two to the power of [`SHIFT`].
    scale: u64,
    /// The time at tick 0, modulo 2^64.
    offset: u64,
}

/// The binary digits of [`Clock::scale`] behind the point: enough for 65 µs a tick, and for an error
/// of 1 ns in a day at 10 GHz.
const SHIFT: u32 = 48;

impl Clock {
    /// `CLOCK_MONOTONIC`.
    #[must_use]
    pub const fn monotonic() -> Self {
        Self { source: Source::Monotonic, scale: 1 << SHIFT, offset: 0 }
    }

    /// The best clock there is, calibrated for this value alone: its rate is right to about a millionth.
    /// Takes 50 ms. Stamps of two such clocks cannot be subtracted.
    #[must_use]
    pub fn calibrate() -> Self {
        Self::from(Calibration::take())
    }

    /// The time in nanoseconds. Loads before it in the program are done when it is taken.
    #[inline(always)]
    #[must_use]
    pub fn now(&self) -> u64 {
        if self.source == Source::Monotonic {
            return ticks::monotonic();
        }
        ticks::finish_loads();
        self.at(ticks::counter())
    }

    /// A stamp in ticks. Loads before it in the program are done when it is taken, and nothing after it
    /// has begun: for measuring a short piece of code.
    #[inline(always)]
    #[must_use]
    pub fn ticks(&self) -> u64 {
        if self.source == Source::Monotonic {
            return ticks::monotonic();
        }
        ticks::finish_loads();
        let ticks = ticks::counter();
        ticks::finish_loads();
        ticks
    }

    /// The time at a tick.
    #[inline(always)]
    fn at(&self, ticks: u64) -> u64 {
        let ns = (u128::from(ticks) * u128::from(self.scale)) >> SHIFT;
        self.offset.wrapping_add(ns as u64)
    }

    /// The length of a tick, in nanoseconds.
    #[must_use]
    pub fn ns_per_tick(&self) -> f64 {
        self.scale as f64 / (1_u64 << SHIFT) as f64
    }

    /// Where its time comes from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }
}

impl From<Calibration> for Clock {
    fn from(calibration: Calibration) -> Self {
        let Some(source) = calibration.source() else { return Self::monotonic() };
        Self { source, scale: calibration.scale, offset: calibration.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn nanoseconds_are_as_long_as_they_are_said_to_be() {
        for clock in [Clock::calibrate(), Clock::monotonic()] {
            let wall = Instant::now();
            let (start, first) = (clock.now(), clock.ticks());
            std::thread::sleep(Duration::from_millis(50));
            let (end, last) = (clock.now(), clock.ticks());
            // `wall` encloses the stamps, so it may be longer by any time spent off the processor, but not
            // shorter.
            let wall = wall.elapsed().as_nanos() as f64;
            let (ns, of_ticks) = ((end - start) as f64, (last - first) as f64 * clock.ns_per_tick());
            for found in [ns, of_ticks] {
                assert!(found > 49e6 && found < wall * 1.001, "{found} against {wall}: {clock:?}");
            }
        }
    }

    #[test]
    fn its_time_is_that_of_the_system_when_it_is_calibrated() {
        /// What calibrating may be wrong by, if this thread lost its core in each of its tries.
        const WRONG: u64 = 10_000_000;
        let (clock, system) = (Clock::calibrate(), Clock::monotonic());
        let (before, time, after) = (system.now(), clock.now(), system.now());
        assert!(before <= time + WRONG && time <= after + WRONG, "{before}, {time}, {after}");
    }

    /// What no machine's counter reaches still gives an answer, and a tick more is never less.
    #[test]
    fn any_tick_has_a_time() {
        let clock = Clock { source: Source::Tsc, scale: (0.25 * (1_u64 << SHIFT) as f64) as u64, offset: u64::MAX - 5 };
        assert_eq!((clock.at(0), clock.at(40)), (u64::MAX - 5, 4));
        assert_eq!(clock.at(u64::MAX).wrapping_sub(clock.at(u64::MAX - 4)), 1);
    }
}
