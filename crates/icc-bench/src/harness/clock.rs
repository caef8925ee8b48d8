//! Time stamps: the processor's own counter where it is invariant, and what reading it costs.

use std::hint::black_box;
use std::time::Duration;

use crate::model::Source;
use icc_trace::Clock;

/// Pairs of stamps from which the cost of one pair, and the counter's step, are taken.
const PAIRS: usize = 20_000;

/// A clock whose tick, step and own cost are known.
///
/// A counter need not advance tick by tick: on some processors it jumps by many at once, 10 ns for
/// example. A single time between two stamps is then off by up to a step. The mean of many is not,
/// since they begin anywhere in a step; see
/// [`Round::from_histogram`](super::round::Round::from_histogram) for what that means for
/// percentiles.
#[derive(Clone, Debug)]
pub(crate) struct Stopwatch {
    clock: Clock,
    step_ticks: u64,
    cost_ns: f64,
}

impl Stopwatch {
    /// Calibrates the clock and measures what a pair of stamps costs. Takes up to about 200 ms, on
    /// the calling thread.
    #[must_use]
    pub(crate) fn calibrate() -> Self {
        let mut stopwatch = Self { clock: Clock::calibrate(), step_ticks: 1, cost_ns: 0.0 };
        let mut pairs: Vec<u64> = (0..PAIRS)
            .map(|pair| {
                // Pauses of many lengths, so that pairs begin anywhere in a step of the counter.
                (0..pair % 61).for_each(|turn| _ = black_box(turn));
                let start = stopwatch.stamp();
                let end = stopwatch.stamp();
                end.saturating_sub(start)
            })
            .collect();
        pairs.sort_unstable();
        // Without the slowest, which an interrupt fell into.
        pairs.truncate(PAIRS / 100 * 95);
        stopwatch.step_ticks = pairs.iter().copied().fold(0, greatest_common_divisor).max(1);
        stopwatch.cost_ns = pairs.iter().sum::<u64>() as f64 / pairs.len() as f64 * stopwatch.ns_per_tick();
        stopwatch
    }

    /// A stamp in ticks. Everything before it in the program is done when it is taken, nothing
    /// after it has begun.
    #[inline(always)]
    #[must_use]
    pub(crate) fn stamp(&self) -> u64 {
        self.clock.ticks()
    }

    /// The length of one tick, in nanoseconds.
    #[must_use]
    pub(crate) fn ns_per_tick(&self) -> f64 {
        self.clock.ns_per_tick()
    }

    /// The length of one step of the counter, in ticks.
    #[must_use]
    pub(crate) fn step_ticks(&self) -> u64 {
        self.step_ticks
    }

    /// The length of one step of the counter, in nanoseconds.
    #[must_use]
    pub(crate) fn step_ns(&self) -> f64 {
        self.step_ticks as f64 * self.ns_per_tick()
    }

    /// What a pair of stamps adds to the time between them, in nanoseconds. The mean, so finer than
    /// a step.
    #[must_use]
    pub(crate) fn cost_ns(&self) -> f64 {
        self.cost_ns
    }

    /// Where the stamps come from.
    #[must_use]
    pub(crate) fn source(&self) -> Source {
        match self.clock.source() {
            icc_trace::Source::Tsc => Source::Tsc,
            icc_trace::Source::SystemCounter => Source::SystemCounter,
            _ => Source::Monotonic,
        }
    }

    /// How many ticks a time takes, rounded down.
    #[must_use]
    pub(crate) fn ticks_in(&self, time: Duration) -> u64 {
        (time.as_secs_f64() * 1e9 / self.ns_per_tick()) as u64
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_as_long_as_they_are_said_to_be() {
        let stopwatch = Stopwatch::calibrate();
        let wall = std::time::Instant::now();
        let start = stopwatch.stamp();
        std::thread::sleep(Duration::from_millis(50));
        let ticks = stopwatch.stamp() - start;
        let wall_ns = wall.elapsed().as_secs_f64() * 1e9;
        let ns = ticks as f64 * stopwatch.ns_per_tick();
        // `wall` encloses the stamps, so it may be longer by any time spent off the processor, but
        // not shorter.
        assert!(ns > 49e6 && ns < wall_ns * 1.01, "{ns} against {wall_ns}");
        let ticks = stopwatch.ticks_in(Duration::from_millis(50)) as f64;
        assert!((ticks * stopwatch.ns_per_tick() - 50e6).abs() < 50.0);
    }

    #[test]
    fn the_cost_of_a_pair_of_stamps_is_measured() {
        let stopwatch = Stopwatch::calibrate();
        // Reading the counter twice takes some time.
        assert!(stopwatch.cost_ns() > 0.0, "{}", stopwatch.cost_ns());
    }
}
