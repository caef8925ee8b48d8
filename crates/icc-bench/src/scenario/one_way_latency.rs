//! Half a round trip: two threads on two cores pass a message to and fro over two links of one kind.
//!
//! The first thread takes a stamp, sends, waits for the answer, takes a stamp. What is not the link's work stays out of
//! that time: both threads make their next message before they wait, and check the one they got after they have
//! answered or taken the stamp.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Round, Setup, spaced_latency};
use crate::link::{Link, OpenError, Receiver, Sender};
use crate::message::{Garbled, Message};
use crate::pair::{self, Panicked, Stop, Waited};
use crate::pin::PinError;

/// The scenario's name in tables and JSON.
pub const NAME: &str = "one_way_latency";

/// Round trips at the start of a round that are not counted: first touches of memory, cold caches and predictors.
pub const WARM_UP_TRIPS: u64 = 5_000;

/// A round goes on past its time until it has this many samples; fewer say nothing about the slowest thousandth.
pub const MIN_SAMPLES: u64 = 10_000;

/// No round lasts longer than this many times what it was given, however few samples it has.
pub const MAX_OVERTIME: u64 = 4;

/// Pings carry even numbers from here on, and the answer to each the odd one after it. No structure starts out with it.
const FIRST_PING: u64 = 2;

/// A round could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// A thread could not be pinned.
    #[error(transparent)]
    Pin(#[from] PinError),

    /// A measuring thread panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),

    /// The structure could not be made.
    #[error("the link could not be opened: {0}")]
    Open(OpenError),

    /// A message never arrived.
    #[error("message {sequence} was lost: it did not arrive within {patience:?}")]
    Lost {
        /// The message's number.
        sequence: u64,
        /// How long it was waited for.
        patience: Duration,
    },

    /// The receiver was overtaken, which cannot be with one message under way.
    #[error("while message {sequence} was awaited, the receiver was told that it had lost {count}")]
    Overtaken {
        /// The number of the message waited for.
        sequence: u64,
        /// How many the receiver was told were lost.
        count: u64,
    },

    /// A message arrived with wrong content.
    #[error(transparent)]
    Garbled(#[from] Garbled),

    /// A message came twice, too early, or was never sent.
    #[error("message {sequence} arrived after {after}: numbers must rise, and only to the last one sent")]
    OutOfOrder {
        /// The message's number.
        sequence: u64,
        /// The number of the one before it, or of the last that was sent.
        after: u64,
    },

    /// A message arrived with a time stamp that no message has that could still come.
    #[error("a message arrived with time stamp {stamp}: it came twice, too early or was never sent")]
    UnknownStamp {
        /// The stamp, in ticks.
        stamp: u64,
    },

    /// A message arrived with the time stamp of one and the content of another.
    #[error("a message arrived with the time stamp of message {stamped} and the content of message {content}")]
    MixedStamp {
        /// Which message the stamp is of.
        stamped: u64,
        /// Which message the rest is of.
        content: u64,
    },

    /// A message arrived before it was sent.
    #[error(
        "a message arrived {by_ns:.0} ns before it was sent: the clocks of the two cores disagree, although they agreed \
         before the run; run it again"
    )]
    ClocksDisagree {
        /// By how much at least, in nanoseconds.
        by_ns: f64,
    },

    /// Consumers of one thread did not all find the messages that were there for them.
    #[error("consumer {consumer} of {consumers} found something else where message {sequence} should be")]
    Missed {
        /// The consumer, counted from 1.
        consumer: usize,
        /// How many there were.
        consumers: usize,
        /// The number of the first message that was missed.
        sequence: u64,
    },

    /// No message arrived at all.
    #[error("of {produced} messages none arrived that should have")]
    NothingArrived {
        /// How many were sent.
        produced: u64,
    },

    /// The receiver never finds its link empty although the sender has ended.
    #[error("after {received} messages the link still is not empty, although nothing is sent any more")]
    NoEnd {
        /// How many messages had arrived.
        received: u64,
    },

    /// Messages are missing, or there are too many.
    #[error("{produced} messages were produced, and {accounted} received or told as lost")]
    Unaccounted {
        /// How many were sent.
        produced: u64,
        /// How many arrived or were told as lost.
        accounted: u64,
    },
}

/// Measures one round of about `length`, over two links that `open` makes.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or a message is lost, comes twice or is garbled. Every wait is bounded
/// by the setup's patience.
pub fn round<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    spaced_round(open, setup, length, Duration::ZERO)
}

/// The same with a pause between the start of one round trip and the start of the next.
pub(super) fn spaced_round<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    setup: &Setup,
    length: Duration,
    interval: Duration,
) -> Result<Round, RoundError> {
    let mut there = open().map_err(RoundError::Open)?;
    let mut back = open().map_err(RoundError::Open)?;
    let (ping_out, ping_in) = there.ends().map_err(RoundError::Open)?;
    let (pong_out, pong_in) = back.ends().map_err(RoundError::Open)?;

    let (trips, last_seen) = pair::run(
        setup.cores,
        |stop| time_trips(ping_out, pong_in, stop, setup, length, interval),
        |stop| answer(pong_out, ping_in, stop, setup),
    )?;
    match trips {
        Trips::Done(histogram) => {
            let clock = &setup.stopwatch;
            Ok(Round::from_histogram(&histogram, |steps| (steps * clock.step_ns() - clock.cost_ns()) / 2.0))
        }
        // Which of the two links lost its message is known only to the other side.
        Trips::NoAnswerTo(ping) => {
            Err(RoundError::Lost { sequence: if last_seen < ping { ping } else { ping + 1 }, patience: setup.patience })
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
    interval: Duration,
) -> Result<Trips, RoundError> {
    let clock = &setup.stopwatch;
    let (ticks, step, pause) = (clock.ticks_in(length), clock.step_ticks(), clock.ticks_in(interval));
    let (warm_up_trips, min_samples) = if interval.is_zero() {
        (WARM_UP_TRIPS, MIN_SAMPLES)
    } else {
        (spaced_latency::WARM_UP_MESSAGES as u64, spaced_latency::MIN_SAMPLES)
    };
    let mut histogram = trip_histogram(clock.ticks_in(setup.patience) / clock.step_ticks());
    let (mut ping, mut pong) = (T::zeroed(), T::zeroed());
    let mut sequence = FIRST_PING;
    let mut warm_up = warm_up_trips;
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
        let waited = pair::receive(&mut receiver, &mut pong, stop, setup.patience);
        let end = clock.stamp();
        match waited {
            Waited::Message => pong.check(sequence + 1)?,
            Waited::Lost(count) => {
                return Err(RoundError::Overtaken { sequence: sequence + 1, count });
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
        if elapsed >= ticks && (histogram.len() >= min_samples || elapsed >= ticks.saturating_mul(MAX_OVERTIME)) {
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
    // Longer than the first thread waits, so that it is always that one which gives up, and a lost answer is not taken
    // for a lost message.
    let patience = setup.patience * 2;
    let (mut ping, mut pong) = (T::zeroed(), T::zeroed());
    let mut sequence = FIRST_PING;
    loop {
        pong.fill(sequence + 1);
        match pair::receive(&mut receiver, &mut ping, stop, patience) {
            Waited::Message => {}
            Waited::Lost(count) => return Err(RoundError::Overtaken { sequence, count }),
            Waited::Stopped => return Ok(sequence - 2),
            Waited::TimedOut => return Err(RoundError::Lost { sequence, patience }),
        }
        sender.send(&pong);
        ping.check(sequence)?;
        sequence += 2;
    }
}

pub(super) fn trip_histogram(longest: u64) -> Histogram<u64> {
    // A wait ends a little after the patience; what is longer than the bound is counted as the bound.
    Histogram::new_with_bounds(1, longest.max(1_000), 3)
        .expect("bounds from 1 to at least 1000 with three digits are always accepted")
}

#[cfg(test)]
mod tests;
