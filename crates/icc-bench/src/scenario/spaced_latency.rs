//! Single messages with a pause between them, as such systems run in practice: from the stamp
//! inside to its receipt.
//!
//! The producer makes its next message, waits until it is due, puts a time stamp into it and sends
//! it. The consumer polls without a pause and takes a stamp when it has the message. Their
//! difference is a sample, so every message is one, and there is no way back in it. That needs
//! clocks that agree between the two cores, which [`offset`](crate::harness::offset) finds out
//! before the run. Where they do not, a sample is half a round trip as in [`one_way_latency`], with
//! the same pause before each.
//!
//! Between two messages the consumer's polls have brought the lines it reads into its cache, and
//! whatever else the producer's core does in a pause has not yet been overlapped with sending: both
//! make such a latency longer than the one of messages back to back.
//!
//! The slow percentiles differ in meaning. When the consumer is kept from its core, a queue keeps
//! the messages for it, and each of them counts with the time it lay there. A structure that has
//! only the newest value shows one of them, and the others are among those that were not received:
//! read its share received beside its percentiles.
//!
//! Every stamp that arrives must be one that was sent, later than the one before, and the rest of
//! the message must be of that same message. The last message must arrive, and every one that does
//! not must have been reported as lost where a structure promises that.

use std::borrow::Cow;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::descriptor::{Rows, Scenario};
use super::one_way_latency::{self, Pace};
use crate::harness::batches::trip_histogram;
use crate::harness::clock::Stopwatch;
use crate::harness::error::RoundError;
use crate::harness::pair::{self, Stop};
use crate::harness::plan::Plan;
use crate::harness::round::{Flow, Round};
use crate::harness::setup::Setup;
use crate::link::{Link, Message, OpenError, Polled, Receiver, Sender, message};
use crate::model::{Column, Description, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("spaced_latency"),
        slug: Cow::Borrowed("spaced-latency"),
        title: Cow::Borrowed("Spaced latency"),
        summary: Cow::Borrowed(
            "The producer sends a message every few microseconds with its time stamp inside, the consumer \
             polls: as such systems run in practice.",
        ),
        reference: Cow::Borrowed("raw"),
        digits: 1,
        // What arrives late is what counts here, and may be a thousand times as late.
        columns: Cow::Borrowed(&[Column::P50, Column::P99, Column::P999]),
        shape: Shape::Latency,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[8, 56, 256, 1024],
    // Long enough for a steady 99.9th percentile.
    full: Plan {
        rounds: 8,
        retries: 7,
        retry_until: Duration::from_secs(60),
        round: Duration::from_millis(100),
        baseline: Duration::from_millis(50),
    },
    // A few seconds in all.
    quick: Plan {
        rounds: 6,
        retries: 4,
        retry_until: Duration::from_secs(6),
        round: Duration::from_millis(20),
        baseline: Duration::from_millis(12),
    },
    min_samples: MIN_SAMPLES,
    rows: Rows::Targets,
    spaced_messages: Some(MIN_SAMPLES as u32 + WARM_UP_MESSAGES as u32),
};

/// Messages at the start of a round that are not counted.
pub(crate) const WARM_UP_MESSAGES: usize = 200;

/// A round goes on past its time until it has this many samples.
pub(crate) const MIN_SAMPLES: u64 = 1_000;

/// Polls between two checks of the stop flag.
const POLLS_PER_CHECK: u32 = 1 << 8;

/// The most polls after the last message was sent: far more than any structure has room for.
const POLLS_AT_THE_END: u32 = 1 << 20;

/// Measures one round of about `length` over a link that `open` makes, or over two of them where
/// the clocks disagree.
///
/// `tells_loss` says whether the link promises to report each message that it loses.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, if a message is garbled, comes twice or was never
/// sent, if the last one does not arrive, or if one is missing that the receiver should have
/// reported.
pub(crate) fn round<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    tells_loss: bool,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    if !setup.clocks.agree() {
        let pace = Pace { interval: setup.interval, warm_up_trips: WARM_UP_MESSAGES as u64, min_samples: MIN_SAMPLES };
        return one_way_latency::paced_round(open, setup, length, pace);
    }
    let mut link = open().map_err(RoundError::Open)?;
    let (sender, receiver) = link.ends().map_err(RoundError::Open)?;
    let clock = &setup.stopwatch;
    let room = most_messages(setup, length);
    let (sent, tally) = pair::run(
        setup.cores,
        |stop| Ok(send_all(sender, stop, setup, length, room)),
        |stop| Ok::<_, RoundError>(receive_all(receiver, stop, clock, room)),
    )?;
    if let Some(error) = tally.failure {
        return Err(error);
    }
    let missing = account(&sent, &tally.arrivals, setup.timeout)?;
    let received = tally.arrivals.len() as u64;
    if tells_loss && missing != tally.told_lost {
        let produced = sent.len() as u64;
        return Err(RoundError::Unaccounted { produced, accounted: received + tally.told_lost });
    }
    let counted = tally.arrivals.get(WARM_UP_MESSAGES..).unwrap_or_default();
    let round = round_of(counted, clock, setup.timeout)?;
    let flow = Flow {
        produced: sent.len() as u64,
        received,
        told_lost: tally.told_lost,
        per_second: received as f64 / length_of(&sent, clock).as_secs_f64(),
    };
    Ok(Round { flow: Some(flow), ..round })
}

/// How many messages there is room for: those that fit into the time, or as many as a round must
/// have.
fn most_messages(setup: &Setup, length: Duration) -> usize {
    let in_time = length.as_nanos() / setup.interval.as_nanos().max(1);
    usize::try_from(in_time).unwrap_or(usize::MAX).saturating_add(1).max(WARM_UP_MESSAGES + MIN_SAMPLES as usize)
}

fn length_of(sent: &[u64], clock: &Stopwatch) -> Duration {
    let ticks = sent.last().unwrap_or(&0) - sent.first().unwrap_or(&0);
    Duration::from_nanos((ticks as f64 * clock.ns_per_tick()) as u64).max(Duration::from_nanos(1))
}

/// A vector with room for so many, its memory touched beforehand: the first touch of a page takes
/// longer than a message.
fn with_room<V: Clone>(room: usize, value: V) -> Vec<V> {
    let mut values = vec![value; room];
    values.clear();
    values
}

/// The first thread: sends until the time is over. Returns the stamps.
fn send_all<T: Message>(
    mut sender: impl Sender<T>,
    stop: &Stop,
    setup: &Setup,
    length: Duration,
    room: usize,
) -> Vec<u64> {
    let clock = &setup.stopwatch;
    let (interval, ticks) = (clock.ticks_in(setup.interval), clock.ticks_in(length));
    let mut sent = with_room(room, u64::MAX);
    let mut message = T::zeroed();
    let begin = clock.stamp();
    let mut due = begin + interval;
    while sent.len() < room && !stop.is_asked() {
        message.fill(sent.len() as u64);
        let stamp = loop {
            let now = clock.stamp();
            if now >= due {
                break now;
            }
        };
        message.stamp(stamp);
        sender.send(&message);
        sent.push(stamp);
        if stamp - begin >= ticks && sent.len() >= WARM_UP_MESSAGES + MIN_SAMPLES as usize {
            break;
        }
        // From this message on: after an interruption those that are late do not come in a burst.
        due = stamp + interval;
    }
    sent
}

/// A message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Arrival {
    /// The stamp inside.
    stamp: u64,
    /// The receiver's stamp.
    at: u64,
    /// Which message the rest of it says it is; none if there is no rest.
    number: Option<u64>,
}

/// What the receiver got.
#[derive(Debug, Default)]
struct Tally {
    arrivals: Vec<Arrival>,
    told_lost: u64,
    failure: Option<RoundError>,
}

/// Receives until the other thread has ended and nothing is left.
///
/// After a failure it goes on: a producer that waits for room would otherwise never end.
fn receive_all<T: Message>(mut receiver: impl Receiver<T>, stop: &Stop, clock: &Stopwatch, room: usize) -> Tally {
    let mut message = T::zeroed();
    let nothing = Arrival { stamp: 0, at: 0, number: None };
    let mut tally = Tally { arrivals: with_room(room, nothing), ..Tally::default() };
    loop {
        // Asked before polling: what was sent before the end is then seen by these polls.
        let is_over = stop.is_asked();
        let mut polls = 0;
        loop {
            match receiver.poll(&mut message) {
                Polled::Message => {
                    let at = clock.stamp();
                    match message.check_stamped() {
                        Ok(number) => tally.arrivals.push(Arrival { stamp: message.sequence(), at, number }),
                        Err(garbled) => _ = tally.failure.get_or_insert(garbled.into()),
                    }
                }
                Polled::Lost(count) => tally.told_lost += count,
                Polled::Empty if is_over => return tally,
                Polled::Empty => {}
            }
            polls += 1;
            if polls == POLLS_PER_CHECK && !is_over {
                break;
            }
            if polls == POLLS_AT_THE_END {
                let received = tally.arrivals.len() as u64;
                tally.failure.get_or_insert(RoundError::NoEnd { received });
                return tally;
            }
        }
    }
}

/// Finds each arrival among what was sent, and returns how many were sent that did not arrive.
fn account(sent: &[u64], arrivals: &[Arrival], timeout: Duration) -> Result<u64, RoundError> {
    let (mut next, mut missing) = (0, 0);
    for arrival in arrivals {
        let stamp = arrival.stamp;
        let Some(skipped) = sent[next..].iter().position(|&sent| sent == stamp) else {
            return Err(RoundError::UnknownStamp { stamp });
        };
        next += skipped;
        if arrival.number.is_some_and(|number| number != next as u64) {
            return Err(RoundError::MixedStamp { stamped: next as u64, content: arrival.number.unwrap_or_default() });
        }
        missing += skipped as u64;
        next += 1;
    }
    if next < sent.len() {
        // Nothing overwrote the last one.
        return Err(RoundError::Lost { sequence: sent.len() as u64 - 1, timeout });
    }
    Ok(missing)
}

fn round_of(arrivals: &[Arrival], clock: &Stopwatch, timeout: Duration) -> Result<Round, RoundError> {
    let mut histogram = trip_histogram(clock.ticks_in(timeout) / clock.step_ticks());
    for arrival in arrivals {
        let ticks = arrival.at.checked_sub(arrival.stamp).ok_or(RoundError::ClocksDisagree {
            by_ns: (arrival.stamp.saturating_sub(arrival.at)) as f64 * clock.ns_per_tick(),
        })?;
        histogram.saturating_record(ticks / clock.step_ticks());
    }
    let to_ns = |steps: f64| steps * clock.step_ns() - clock.cost_ns();
    Ok(Round::from_histogram(&histogram as &Histogram<u64>, to_ns))
}

#[cfg(test)]
mod tests;
