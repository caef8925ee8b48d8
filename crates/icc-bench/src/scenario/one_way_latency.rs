//! Half a round trip: two threads on two cores pass a message to and fro over two links of one
//! kind.
//!
//! The first thread takes a stamp, sends, waits for the answer, takes a stamp. What is not the
//! link's work stays out of that time: both threads make their next message before they wait, and
//! check the one they got after they have answered or taken the stamp.

use std::borrow::Cow;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::descriptor::{Rows, Scenario};
use crate::harness::batches::trip_histogram;
use crate::harness::error::RoundError;
use crate::harness::pair::{self, Stop, Waited};
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::link::{Link, Message, OpenError, Receiver, Sender, message};
use crate::model::{Column, Description, Headline, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("one_way_latency"),
        slug: Cow::Borrowed("latency"),
        title: Cow::Borrowed("One-way latency"),
        summary: Cow::Borrowed(
            "Two pinned threads pass one message to and fro, and poll without a pause. Half of each round trip is a sample.",
        ),
        reference: Cow::Borrowed("raw"),
        digits: 1,
        columns: Cow::Borrowed(&[Column::P50, Column::P99, Column::P999]),
        shape: Shape::Latency,
        merit: Merit::Ratio,
        headline: Some(Headline::Latency),
    },
    payloads: &message::PAYLOADS,
    default_payloads: &message::DEFAULT_PAYLOADS,
    // Long enough for steady figures.
    full: Plan {
        rounds: 8,
        retries: 7,
        retry_until: Duration::from_secs(110),
        round: Duration::from_millis(200),
        baseline: Duration::from_millis(100),
    },
    // All cases in a quarter of a minute.
    quick: Plan {
        rounds: 6,
        retries: 5,
        retry_until: Duration::from_secs(17),
        round: Duration::from_millis(40),
        baseline: Duration::from_millis(20),
    },
    min_samples: MIN_SAMPLES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// Round trips at the start of a round that are not counted: first touches of memory, cold caches
/// and predictors.
pub(crate) const WARM_UP_TRIPS: u64 = 5_000;

/// A round goes on past its time until it has this many samples; fewer say nothing about the
/// slowest thousandth.
pub(crate) const MIN_SAMPLES: u64 = 10_000;

/// No round lasts longer than this many times what it was given, however few samples it has.
pub(crate) const MAX_OVERTIME: u64 = 4;

/// Pings carry even numbers from here on, and the answer to each the odd one after it. No structure
/// starts out with it.
const FIRST_PING: u64 = 2;

/// Measures one round of about `length`, over two links that `open` makes.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or a message is lost, comes twice or is garbled.
/// Every wait is bounded by the setup's timeout.
pub(crate) fn round<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    let pace = Pace { interval: Duration::ZERO, warm_up_trips: WARM_UP_TRIPS, min_samples: MIN_SAMPLES };
    paced_round(open, setup, length, pace)
}

/// How round trips follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The pause between the start of one and the start of the next; zero for none.
    pub(super) interval: Duration,
    /// How many at the start of a round are not counted.
    pub(super) warm_up_trips: u64,
    /// A round goes on past its time until it has this many samples.
    pub(super) min_samples: u64,
}

/// The same at another pace.
pub(super) fn paced_round<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    setup: &Setup,
    length: Duration,
    pace: Pace,
) -> Result<Round, RoundError> {
    let mut there = open().map_err(RoundError::Open)?;
    let mut back = open().map_err(RoundError::Open)?;
    let (ping_out, ping_in) = there.ends().map_err(RoundError::Open)?;
    let (pong_out, pong_in) = back.ends().map_err(RoundError::Open)?;

    let (trips, last_seen) = pair::run(
        setup.cores,
        |stop| time_trips(ping_out, pong_in, stop, setup, length, pace),
        |stop| answer(pong_out, ping_in, stop, setup),
    )?;
    match trips {
        Trips::Done(histogram) => {
            let clock = &setup.stopwatch;
            Ok(Round::from_histogram(&histogram, |steps| (steps * clock.step_ns() - clock.cost_ns()) / 2.0))
        }
        // Which of the two links lost its message is known only to the other side.
        Trips::NoAnswerTo(ping) => {
            Err(RoundError::Lost { sequence: if last_seen < ping { ping } else { ping + 1 }, timeout: setup.timeout })
        }
    }
}

/// How the timing thread ended.
enum Trips {
    /// Round trips in steps of the counter, the stamps' own cost still in them.
    Done(Histogram<u64>),
    /// The number of the message that was not answered.
    NoAnswerTo(u64),
}

/// The first thread: sends, waits for the answer, takes the time.
fn time_trips<T: Message>(
    mut sender: impl Sender<T>,
    mut receiver: impl Receiver<T>,
    stop: &Stop,
    setup: &Setup,
    length: Duration,
    pace: Pace,
) -> Result<Trips, RoundError> {
    let clock = &setup.stopwatch;
    let (ticks, step, pause) = (clock.ticks_in(length), clock.step_ticks(), clock.ticks_in(pace.interval));
    let mut histogram = trip_histogram(clock.ticks_in(setup.timeout) / clock.step_ticks());
    let (mut ping, mut pong) = (T::zeroed(), T::zeroed());
    let mut sequence = FIRST_PING;
    let mut warm_up = pace.warm_up_trips;
    let begin = clock.stamp();
    let mut due = begin;
    loop {
        ping.fill(sequence);
        let mut start = clock.stamp();
        while start < due {
            start = clock.stamp();
        }
        due = start + pause;
        sender.send(&ping);
        let waited = pair::receive(&mut receiver, &mut pong, stop, setup.timeout);
        let end = clock.stamp();
        match waited {
            Waited::Message => pong.check(sequence + 1)?,
            Waited::Lost(count) => {
                return Err(RoundError::SpedPast { sequence: sequence + 1, count });
            }
            Waited::TimedOut => return Ok(Trips::NoAnswerTo(sequence)),
            // The other thread ended early and says why.
            Waited::Stopped => return Ok(Trips::Done(histogram)),
        }
        if warm_up > 0 {
            warm_up -= 1;
        } else {
            histogram.saturating_record(end.saturating_sub(start) / step);
        }
        let elapsed = end.saturating_sub(begin);
        if elapsed >= ticks && (histogram.len() >= pace.min_samples || elapsed >= ticks.saturating_mul(MAX_OVERTIME)) {
            return Ok(Trips::Done(histogram));
        }
        sequence += 2;
    }
}

/// The second thread: answers each message, then checks it. Returns the last number it saw.
fn answer<T: Message>(
    mut sender: impl Sender<T>,
    mut receiver: impl Receiver<T>,
    stop: &Stop,
    setup: &Setup,
) -> Result<u64, RoundError> {
    // Longer than the first thread waits, so that it is always that one which gives up, and a lost
    // answer is not taken for a lost message.
    let timeout = setup.timeout * 2;
    let (mut ping, mut pong) = (T::zeroed(), T::zeroed());
    let mut sequence = FIRST_PING;
    loop {
        pong.fill(sequence + 1);
        match pair::receive(&mut receiver, &mut ping, stop, timeout) {
            Waited::Message => {}
            Waited::Lost(count) => return Err(RoundError::SpedPast { sequence, count }),
            Waited::Stopped => return Ok(sequence - 2),
            Waited::TimedOut => return Err(RoundError::Lost { sequence, timeout }),
        }
        sender.send(&pong);
        ping.check(sequence)?;
        sequence += 2;
    }
}

#[cfg(test)]
mod tests;
