//! Whether the clocks of two cores agree, so that a stamp of one may be taken from a stamp of the
//! other.
//!
//! The first core sends at `t1`, the second answers at `t2` of its own clock, the first has the
//! answer at `t3`. A clock that is ahead by `d` shows `t2` between `t1 + d` and `t3 + d`, so each
//! exchange says that `d` lies from `t2 - t3` to `t2 - t1`. The tightest bounds of many exchanges
//! lie as far apart as the fastest round trip took; an offset within them cannot be seen, except by
//! what it makes of the way there beside the way back.

use std::time::Duration;

use super::clock::Stopwatch;
use super::error::RoundError;
use super::pair::{self, Stop, Waited};
use super::pin::Cores;
use crate::link::{Link, Receiver, Sender};
use crate::model::Offset;
use crate::targets::raw::{RawLink, Word};

/// Exchanges that the bounds are taken from.
const EXCHANGES: usize = 20_000;

/// Compares the clocks of two cores. Takes a few milliseconds.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or an exchange does not end within `timeout`.
pub(crate) fn measure(cores: Cores, clock: &Stopwatch, timeout: Duration) -> Result<Offset, RoundError> {
    let mut there = RawLink::open().map_err(RoundError::Open)?;
    let mut back = RawLink::open().map_err(RoundError::Open)?;
    let (ask, asked) = there.ends().map_err(RoundError::Open)?;
    let (answer, answered) = back.ends().map_err(RoundError::Open)?;
    let (offset, ()) = pair::run(
        cores,
        |stop| bound(ask, answered, stop, clock, timeout),
        |stop| {
            reply(answer, asked, stop, clock, timeout);
            Ok(())
        },
    )?;
    Ok(offset)
}

fn bound(
    mut ask: impl Sender<Word>,
    mut answered: impl Receiver<Word>,
    stop: &Stop,
    clock: &Stopwatch,
    timeout: Duration,
) -> Result<Offset, RoundError> {
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    let mut their = [0];
    for exchange in 1..=EXCHANGES as u64 {
        let start = clock.stamp();
        ask.send(&[exchange]);
        match pair::receive(&mut answered, &mut their, stop, timeout) {
            Waited::Message => {}
            _ => return Err(RoundError::Lost { sequence: exchange, timeout }),
        }
        let end = clock.stamp();
        low = low.max(their[0].wrapping_sub(end).cast_signed());
        high = high.min(their[0].wrapping_sub(start).cast_signed());
    }
    let ns = |ticks: i64| ticks as f64 * clock.ns_per_tick();
    Ok(Offset { low_ns: ns(low), high_ns: ns(high) })
}

fn reply(
    mut answer: impl Sender<Word>,
    mut asked: impl Receiver<Word>,
    stop: &Stop,
    clock: &Stopwatch,
    timeout: Duration,
) {
    let mut exchange = [0];
    while pair::receive(&mut asked, &mut exchange, stop, timeout * 2) == Waited::Message {
        answer.send(&[clock.stamp()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::test_setup::TestSetup;

    #[test]
    fn this_machines_clocks_are_compared() {
        let Some(setup) = TestSetup::on_two_cores() else { return };
        let offset = measure(setup.cores, &setup.stopwatch, setup.timeout).unwrap();
        // They lie as far apart as a round trip took at its fastest: longer than nothing.
        assert!(offset.high_ns - offset.low_ns >= 1.0, "{offset:?}");
    }

    #[test]
    fn a_clock_that_is_ahead_shows() {
        // Further than any machine's fastest round trip.
        const AHEAD: Duration = Duration::from_secs(10);
        let Some(setup) = TestSetup::on_two_cores() else { return };
        let ahead = setup.stopwatch.ticks_in(AHEAD);
        let (mut there, mut back) = (RawLink::open().unwrap(), RawLink::open().unwrap());
        let (ask, mut asked) = there.ends().unwrap();
        let (mut answer, answered) = back.ends().unwrap();
        let (offset, ()) = pair::run(
            setup.cores,
            |stop| bound(ask, answered, stop, &setup.stopwatch, setup.timeout),
            |stop| {
                let mut exchange = [0];
                while pair::receive(&mut asked, &mut exchange, stop, setup.timeout) == Waited::Message {
                    answer.send(&[setup.stopwatch.stamp() + ahead]);
                }
                Ok::<_, RoundError>(())
            },
        )
        .unwrap();
        assert!(!offset.agree() && offset.low_ns > 0.0, "{offset:?}");
        assert!(offset.low_ns < 10e9 && offset.high_ns > 10e9, "{offset:?}");
    }
}
