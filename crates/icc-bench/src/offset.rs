//! Whether the clocks of two cores agree, so that a stamp of one may be taken from a stamp of the other.
//!
//! The first core sends at `t1`, the second answers at `t2` of its own clock, the first has the answer at `t3`. A clock that
//! is ahead by `d` shows `t2` between `t1 + d` and `t3 + d`, so each exchange says that `d` lies from `t2 - t3` to `t2 - t1`.
//! The tightest bounds of many exchanges lie as far apart as the fastest round trip took; an offset within them cannot be
//! seen, except by what it makes of the way there beside the way back.

use serde::{Deserialize, Serialize};

use crate::link::{Link, Receiver, Sender};
use crate::pair::{self, Stop, Waited};
use crate::scenario::Setup;
use crate::scenario::one_way_latency::RoundError;
use crate::targets::raw::{RawLink, Word};

/// Exchanges that the bounds are taken from.
const EXCHANGES: usize = 20_000;

/// The share of the fastest round trip by which its two ways may seem to differ before the clocks are to blame.
const LOPSIDED: f64 = 0.2;

/// By how much the clock of a run's second core is ahead of the first one's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offset {
    /// At least by this much, in nanoseconds.
    pub low_ns: f64,
    /// At most by this much, in nanoseconds.
    pub high_ns: f64,
}

impl Offset {
    /// Clocks that are one and the same.
    pub const NONE: Self = Self { low_ns: 0.0, high_ns: 0.0 };

    /// Whether stamps of the two may be compared: no offset is possible, and the way there and the way back seem alike.
    #[must_use]
    pub fn agree(&self) -> bool {
        let (width, middle) = (self.high_ns - self.low_ns, f64::midpoint(self.low_ns, self.high_ns));
        self.low_ns <= 0.0 && 0.0 <= self.high_ns && middle.abs() <= width * LOPSIDED
    }

    /// Compares the clocks of the setup's two cores. Takes a few milliseconds.
    ///
    /// # Errors
    ///
    /// [`RoundError`] if a thread cannot be pinned, or an exchange does not end within the setup's patience.
    pub fn measure(setup: &Setup) -> Result<Self, RoundError> {
        let mut there = RawLink::open().map_err(RoundError::Open)?;
        let mut back = RawLink::open().map_err(RoundError::Open)?;
        let (ask, asked) = there.ends().map_err(RoundError::Open)?;
        let (answer, answered) = back.ends().map_err(RoundError::Open)?;
        let (offset, ()) = pair::run(
            setup.cores,
            |stop| bound(ask, answered, stop, setup),
            |stop| {
                reply(answer, asked, stop, setup);
                Ok(())
            },
        )?;
        Ok(offset)
    }
}

fn bound(
    mut ask: impl Sender<Word>,
    mut answered: impl Receiver<Word>,
    stop: &Stop,
    setup: &Setup,
) -> Result<Offset, RoundError> {
    let clock = &setup.stopwatch;
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    let mut their = [0];
    for exchange in 1..=EXCHANGES as u64 {
        let start = clock.stamp();
        ask.send(&[exchange]);
        match pair::receive(&mut answered, &mut their, stop, setup.patience) {
            Waited::Message => {}
            _ => return Err(RoundError::Lost { sequence: exchange, patience: setup.patience }),
        }
        let end = clock.stamp();
        low = low.max(their[0].wrapping_sub(end).cast_signed());
        high = high.min(their[0].wrapping_sub(start).cast_signed());
    }
    let ns = |ticks: i64| ticks as f64 * clock.ns_per_tick();
    Ok(Offset { low_ns: ns(low), high_ns: ns(high) })
}

fn reply(mut answer: impl Sender<Word>, mut asked: impl Receiver<Word>, stop: &Stop, setup: &Setup) {
    let mut exchange = [0];
    while pair::receive(&mut asked, &mut exchange, stop, setup.patience * 2) == Waited::Message {
        answer.send(&[setup.stopwatch.stamp()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::tests::TestSetup;

    #[test]
    fn an_offset_that_is_sure_or_likely_is_not_agreement() {
        let agree = |low_ns, high_ns| Offset { low_ns, high_ns }.agree();
        assert!(agree(-60.0, 60.0) && agree(-50.0, 70.0));
        assert!(!agree(10.0, 130.0) && !agree(-130.0, -10.0));
        // Possible, but the way there would take a sixth of the way back.
        assert!(!agree(-100.0, 20.0));
    }

    #[test]
    fn this_machines_clocks_are_compared() {
        let Some(setup) = TestSetup::on_two_cores() else { return };
        let offset = Offset::measure(&setup).unwrap();
        assert!(offset.low_ns < offset.high_ns, "{offset:?}");
        // A round trip took this long at its fastest: longer than nothing, and far less than a millisecond.
        assert!((1.0..1e6).contains(&(offset.high_ns - offset.low_ns)), "{offset:?}");
    }

    #[test]
    fn a_clock_that_is_ahead_shows() {
        let Some(setup) = TestSetup::on_two_cores() else { return };
        let ahead = setup.stopwatch.ticks_in(std::time::Duration::from_millis(1));
        let (mut there, mut back) = (RawLink::open().unwrap(), RawLink::open().unwrap());
        let (ask, mut asked) = there.ends().unwrap();
        let (mut answer, answered) = back.ends().unwrap();
        let (offset, ()) = pair::run(
            setup.cores,
            |stop| bound(ask, answered, stop, &setup),
            |stop| {
                let mut exchange = [0];
                while pair::receive(&mut asked, &mut exchange, stop, setup.patience) == Waited::Message {
                    answer.send(&[setup.stopwatch.stamp() + ahead]);
                }
                Ok::<_, RoundError>(())
            },
        )
        .unwrap();
        assert!(!offset.agree() && offset.low_ns > 0.0, "{offset:?}");
        assert!(offset.low_ns < 1e6 && offset.high_ns > 1e6, "{offset:?}");
    }
}
