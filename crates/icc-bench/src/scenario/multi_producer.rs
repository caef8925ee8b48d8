//! Two cores produce into one queue at the same time, without a consumer: nanoseconds a message for
//! each of them.
//!
//! The reference is the least that a common order can cost: a bare `fetch_add` on one word, from
//! the same two cores. Each figure is the mean of a whole round and of both producers: a core keeps
//! a contended line for many operations in a row, so that the median of short batches would show
//! one core's luck. There are hence no percentiles within a round; all are that mean. After the
//! round a consumer that was there from the start must account for every message: whole, in the
//! order of its producer, or reported as lost.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::descriptor::{MIN_BATCHES, Rows, Scenario};
use crate::harness::batches::time_batches;
use crate::harness::error::RoundError;
use crate::harness::pair;
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::link::{ManyProducers, Message, Polled, Receiver, Sender, message};
use crate::model::{Column, Description, Merit, Shape};
use crate::targets::fetch_add::Counter;

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("multi_producer"),
        slug: Cow::Borrowed("multi-producer"),
        title: Cow::Borrowed("Two producers"),
        summary: Cow::Borrowed(
            "Two producers on two cores into one queue, nobody polling: what a message costs each of them, \
             beside two cores that add to one bare atomic word.",
        ),
        reference: Cow::Borrowed("fetch_add"),
        // Each sample is the mean of a batch, so finer than the counter.
        digits: 3,
        // All percentiles are one mean.
        columns: Cow::Borrowed(&[Column::P50]),
        shape: Shape::Cost,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[56],
    // Long enough for steady figures.
    full: Plan {
        rounds: 16,
        retries: 15,
        retry_until: Duration::from_secs(60),
        round: Duration::from_millis(60),
        baseline: Duration::from_millis(30),
    },
    // A few seconds in all.
    quick: Plan {
        rounds: 6,
        retries: 5,
        retry_until: Duration::from_secs(3),
        round: Duration::from_millis(40),
        baseline: Duration::from_millis(30),
    },
    min_samples: MIN_BATCHES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// Empty polls after which nothing more is expected of a consumer.
const MAX_EMPTY_POLLS: u32 = 1 << 16;

/// Measures one round of about `length` of the reference.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or an addition is missing.
pub(crate) fn fetch_add_round(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    let counter = Counter::default();
    let add = |stop: &pair::Stop| Ok::<_, RoundError>(repeat(setup, length, stop, |_| counter.add()));
    let (first, second) = pair::run(setup.cores, add, add)?;
    let produced = first.count + second.count;
    if counter.total() != produced {
        return Err(RoundError::Unaccounted { produced, accounted: counter.total() });
    }
    Ok(together(&first, &second))
}

/// Measures one round of about `length`.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or a message is garbled, out of its producer's
/// order, or unaccounted for.
pub(crate) fn round<T: Message, S: ManyProducers>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    let ([first, second], mut receiver) = S::open_for_two::<T>().map_err(RoundError::Open)?;
    let produce = |mut sender: S::Sender<T>, parity: u64| {
        move |stop: &pair::Stop| {
            let mut message = T::zeroed();
            let share = repeat(setup, length, stop, |count| {
                // The low bit tells the producers apart.
                message.fill(count << 1 | parity);
                sender.send(&message);
            });
            // Not dropped here: a queue may call itself closed when its last producer goes.
            Ok::<_, RoundError>((share, sender))
        }
    };
    let ((first, _one), (second, _other)) = pair::run(setup.cores, produce(first, 0), produce(second, 1))?;
    account(&mut receiver, [first.count, second.count])?;
    Ok(together(&first, &second))
}

/// Takes what is left and checks that it and the reported loss are all that was produced.
fn account<T: Message>(receiver: &mut impl Receiver<T>, produced: [u64; 2]) -> Result<(), RoundError> {
    let (mut message, mut last, mut accounted, mut empty_polls) = (T::zeroed(), [0; 2], 0, 0);
    while empty_polls < MAX_EMPTY_POLLS {
        match receiver.poll(&mut message) {
            Polled::Message => {
                let sequence = message.sequence();
                message.check(sequence)?;
                let (count, last) = (sequence >> 1, &mut last[(sequence & 1) as usize]);
                if count <= *last || count > produced[(sequence & 1) as usize] {
                    return Err(RoundError::OutOfOrder { sequence: count, after: *last });
                }
                *last = count;
                accounted += 1;
            }
            Polled::Lost(count) => accounted += count,
            Polled::Empty => empty_polls += 1,
        }
    }
    let produced = produced[0] + produced[1];
    if accounted == produced && last != [0; 2] { Ok(()) } else { Err(RoundError::Unaccounted { produced, accounted }) }
}

/// How often a producer did what is measured, and in how long.
struct Share {
    batches: u64,
    count: u64,
    time: Duration,
}

impl Share {
    fn per_ns(&self) -> f64 {
        self.count as f64 / self.time.as_nanos() as f64
    }
}

/// Does `operation` for about `length`, or until the other thread ends.
#[inline(always)]
fn repeat(setup: &Setup, length: Duration, stop: &pair::Stop, mut operation: impl FnMut(u64)) -> Share {
    let mut count = 0;
    let began = Instant::now();
    let round = time_batches(
        &setup.stopwatch,
        length,
        || !stop.is_asked(),
        || {
            count += 1;
            operation(count);
        },
    );
    Share { batches: round.samples, count, time: began.elapsed() }
}

/// Rates add up; the time is that of one of two producers.
fn together(a: &Share, b: &Share) -> Round {
    let mean = 2.0 / (a.per_ns() + b.per_ns());
    let samples = a.batches.min(b.batches);
    Round {
        samples,
        p50_ns: mean,
        p90_ns: mean,
        p99_ns: mean,
        p999_ns: mean,
        max_ns: mean,
        flow: None,
        thread_ns: None,
    }
}

#[cfg(test)]
mod tests;
