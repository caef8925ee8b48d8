//! One core sends at full speed, another receives what it can.
//!
//! The time is the producer's, as in [`produce_cost`](super::produce_cost): the mean of a batch of
//! messages made and sent. The receiver checks every message, all of it, and that their numbers
//! rise. Beside the time stand the messages it received in a second, their share of those sent, and
//! the share of the missing ones that it reported. What promises to lose nothing waits for room, so
//! its producer's time is the receiver's.
//!
//! The reference is the one-way latency of bare atomics: below 1, messages share the journeys
//! between the cores.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::descriptor::{MIN_BATCHES, Rows, Scenario};
use crate::harness::batches::produce;
use crate::harness::error::RoundError;
use crate::harness::pair::{self, Stop};
use crate::harness::plan::Plan;
use crate::harness::round::{Flow, Round};
use crate::harness::setup::Setup;
use crate::link::{Link, Message, OpenError, Polled, Receiver, message};
use crate::model::{Column, Description, Headline, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("stream"),
        slug: Cow::Borrowed("stream"),
        title: Cow::Borrowed("Stream"),
        summary: Cow::Borrowed(
            "Producer and consumer at full speed. A lossy queue never waits and tells what was lost; a \
             lossless one waits for its consumer. Best is whose consumer receives most.",
        ),
        reference: Cow::Borrowed("raw"),
        // Each sample is the mean of a batch, so finer than the counter.
        digits: 3,
        // One percentile: what became of the messages needs the room.
        columns: Cow::Borrowed(&[Column::P50, Column::Rate, Column::Received, Column::Told]),
        shape: Shape::Flow,
        merit: Merit::Rate,
        headline: Some(Headline::Rate),
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[8, 56, 256, 1024],
    // Long enough for steady figures.
    full: Plan {
        rounds: 10,
        retries: 9,
        retry_until: Duration::from_secs(80),
        round: Duration::from_millis(60),
        baseline: Duration::from_millis(30),
    },
    // Under half a minute in all.
    quick: Plan {
        rounds: 6,
        retries: 5,
        retry_until: Duration::from_secs(6),
        round: Duration::from_millis(30),
        baseline: Duration::from_millis(15),
    },
    min_samples: MIN_BATCHES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// Polls between two checks of the stop flag.
const POLLS_PER_CHECK: u32 = 1 << 6;

/// The most polls after the last message was sent: far more than any structure has room for.
const POLLS_AT_THE_END: u32 = 1 << 20;

/// Measures one round of about `length` over a link that `open` makes.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, if a message is garbled, comes twice, too early or
/// was never sent, or if none arrives.
pub(crate) fn round<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    let mut link = open().map_err(RoundError::Open)?;
    let (mut sender, receiver) = link.ends().map_err(RoundError::Open)?;
    let ((round, produced), tally) = pair::run(
        setup.cores,
        |stop| Ok(produce(&mut sender, setup, length, || !stop.is_asked())),
        |stop| Ok::<_, RoundError>(receive_all(receiver, stop)),
    )?;
    if let Some(error) = tally.failure {
        return Err(error);
    }
    if tally.received == 0 {
        return Err(RoundError::NothingArrived { produced });
    }
    if tally.last > produced {
        return Err(RoundError::OutOfOrder { sequence: tally.last, after: produced });
    }
    let flow = Flow {
        produced,
        received: tally.received,
        told_lost: tally.told_lost,
        per_second: tally.received as f64 / tally.time.as_secs_f64(),
    };
    Ok(Round { flow: Some(flow), ..round })
}

/// What the receiver got.
#[derive(Debug, Default)]
struct Tally {
    received: u64,
    told_lost: u64,
    /// The number of the last message.
    last: u64,
    time: Duration,
    failure: Option<RoundError>,
}

/// Receives until the other thread has ended and nothing is left.
///
/// After a failure it goes on: a producer that waits for room would otherwise never end.
fn receive_all<T: Message>(mut receiver: impl Receiver<T>, stop: &Stop) -> Tally {
    let (mut message, mut tally) = (T::zeroed(), Tally::default());
    let began = Instant::now();
    loop {
        // Asked before polling: what was sent before the end is then seen by these polls.
        let is_over = stop.is_asked();
        let mut polls = 0;
        loop {
            match receiver.poll(&mut message) {
                Polled::Message => {
                    let (sequence, after) = (message.sequence(), tally.last);
                    if let Err(garbled) = message.check(sequence) {
                        tally.failure.get_or_insert(garbled.into());
                    } else if sequence <= after {
                        tally.failure.get_or_insert(RoundError::OutOfOrder { sequence, after });
                    }
                    tally.received += 1;
                    tally.last = sequence;
                }
                Polled::Lost(count) => tally.told_lost += count,
                Polled::Empty if is_over => {
                    tally.time = began.elapsed();
                    return tally;
                }
                Polled::Empty => {}
            }
            polls += 1;
            if polls == POLLS_PER_CHECK && !is_over {
                break;
            }
            if polls == POLLS_AT_THE_END {
                tally.failure.get_or_insert(RoundError::NoEnd { received: tally.received });
                return tally;
            }
        }
    }
}

#[cfg(test)]
mod tests;
