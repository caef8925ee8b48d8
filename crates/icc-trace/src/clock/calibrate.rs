//! From ticks to nanoseconds.

use super::{SHIFT, Source, ticks};
use bytemuck::{Pod, Zeroable};
use icc_schema::Describe;
use std::time::Duration;

/// How far the two readings are apart that the rate is taken from.
const SPAN: Duration = Duration::from_millis(50);
/// Readings of both clocks, of which the one that took the least time counts.
const TRIES: u32 = 200;

/// How ticks become nanoseconds. As it stands in shared memory, so that nothing of it is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable, Describe)]
#[repr(C)]
pub(super) struct Calibration {
    /// Nanoseconds of a tick, times 2^48.
    pub(super) scale: u64,
    /// The time at tick 0, modulo 2^64.
    #[describe(unit = "ns")]
    pub(super) offset: u64,
    /// When it was taken.
    #[describe(unit = "ns")]
    pub(super) taken_at: u64,
    /// 0 CLOCK_MONOTONIC, 1 the time stamp counter, 2 the system counter.
    source: u64,
}

impl Calibration {
    /// The best clock of this machine. Takes [`SPAN`].
    pub(super) fn take() -> Self {
        let monotonic = Self { scale: 1 << SHIFT, offset: 0, taken_at: ticks::monotonic(), source: 0 };
        let Some(source) = ticks::source() else { return monotonic };
        let (first, from) = both();
        std::thread::sleep(SPAN);
        let (last, to) = both();
        let (passed, ns) = (last.saturating_sub(first), to.saturating_sub(from));
        // A counter that stands, or whose ticks are too long for the scale, is no clock.
        if passed == 0 || ns == 0 || ns / passed >= 1 << (64 - SHIFT) {
            return monotonic;
        }
        let scale = ((u128::from(ns) << SHIFT) / u128::from(passed)) as u64;
        let at_last = ((u128::from(last) * u128::from(scale)) >> SHIFT) as u64;
        let source = match source {
            Source::Monotonic => 0,
            Source::Tsc => 1,
            Source::SystemCounter => 2,
        };
        Self { scale, offset: to.wrapping_sub(at_last), taken_at: to, source }
    }

    /// The counter that it is for; none for `CLOCK_MONOTONIC`.
    pub(super) fn source(&self) -> Option<Source> {
        match self.source {
            1 if cfg!(target_arch = "x86_64") => Some(Source::Tsc),
            2 if cfg!(target_arch = "aarch64") => Some(Source::SystemCounter),
            _ => None,
        }
    }

    /// Whether it says something that this program knows.
    pub(super) fn is_known(&self) -> bool {
        self.source == 0 || self.source().is_some()
    }
}

/// The counter and `CLOCK_MONOTONIC` at one moment, to some 20 ns.
fn both() -> (u64, u64) {
    let reading = || {
        ticks::finish_loads();
        let before = ticks::counter();
        let ns = ticks::monotonic();
        ticks::finish_loads();
        let took = ticks::counter().saturating_sub(before);
        (took, before + took / 2, ns)
    };
    let best = (0..TRIES).map(|_| reading()).min_by_key(|&(took, ..)| took);
    let (_, ticks, ns) = best.unwrap_or_else(reading);
    (ticks, ns)
}
