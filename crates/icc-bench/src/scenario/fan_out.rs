//! What consumers cost: the producer they are hidden from, and the thread that polls them.
//!
//! A round has two halves. In the first the producer sends at full speed while one thread on the
//! other core polls any number of consumers in turn, each taking and checking what it can. The time
//! shown is the producer's, a batch's mean, as in [`produce_cost`](super::produce_cost).
//!
//! In the second half the producer sends a batch of messages, few enough that none is lost, and
//! signals when it is done. Then the consumers take them in turn: all of them the first message,
//! all of them the second. That is timed, and is the thread's time: for the first consumer the
//! messages come from the other core, each further one finds them in the cache. Each consumer must
//! find each message; a batch in sixteen is not timed, and there all of each message is checked. A
//! cell holds one value, so that its batch would be one message, shorter than the clock can tell:
//! it has no second half.
//!
//! The reference is the same structure with one consumer.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::descriptor::{MIN_BATCHES, Rows, Scenario};
use crate::harness::batches::{produce, trip_histogram};
use crate::harness::error::RoundError;
use crate::harness::pair::{self, Stop, Waited};
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::link::{Broadcast, Link, Message, Polled, Receiver, Sender, message};
use crate::model::{Column, Description, Merit, Shape};
use crate::targets::raw::{RawLink, Word};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("fan_out"),
        slug: Cow::Borrowed("fan-out"),
        title: Cow::Borrowed("Fan-out"),
        summary: Cow::Borrowed(
            "A producer at full speed, and more and more consumers in one thread on another core: what they \
             cost the producer.",
        ),
        reference: Cow::Borrowed("one consumer"),
        // Each sample is the mean of a batch, so finer than the counter.
        digits: 3,
        // One percentile: the other thread's time needs the room.
        columns: Cow::Borrowed(&[Column::P50, Column::Thread]),
        shape: Shape::Consumers,
        merit: Merit::Time,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[8, 56],
    // Long enough for steady figures.
    full: Plan {
        rounds: 10,
        retries: 9,
        retry_until: Duration::from_secs(60),
        round: Duration::from_millis(40),
        baseline: Duration::from_millis(30),
    },
    // A few seconds in all.
    quick: Plan {
        rounds: 6,
        retries: 5,
        retry_until: Duration::from_secs(8),
        round: Duration::from_millis(14),
        baseline: Duration::from_millis(10),
    },
    min_samples: MIN_BATCHES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// Polls of each consumer between two checks of the stop flag.
const POLLS_PER_CHECK: u32 = 1 << 8;

/// Messages of a batch that all consumers take; fewer than any of these structures has room for.
const BATCH: usize = 256;

/// One batch in so many is checked in full, and not timed.
const CHECKED: u64 = 16;

/// Measures one round of about `length` with so many consumers.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or if a consumer gets what was never sent, gets it
/// twice or too early, or misses a message of a batch.
pub(crate) fn round<T: Message, S: Broadcast>(
    consumers: usize,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    let at_full_speed = |length| {
        S::with_ends::<T, _>(consumers, |sender, receivers| at_full_speed(sender, receivers, setup, length))
            .map_err(RoundError::Open)?
    };
    if S::ROOM <= BATCH {
        return at_full_speed(length);
    }
    let round = at_full_speed(length / 2)?;
    let thread_ns =
        S::with_ends::<T, _>(consumers, |sender, receivers| in_batches(sender, receivers, setup, length / 2))
            .map_err(RoundError::Open)??;
    Ok(Round { thread_ns: Some(thread_ns), ..round })
}

fn at_full_speed<T: Message>(
    mut sender: impl Sender<T>,
    receivers: Vec<impl Receiver<T>>,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    let ((round, produced), last) = pair::run(
        setup.cores,
        |stop| Ok(produce(&mut sender, setup, length, || !stop.is_asked())),
        |stop| poll(receivers, stop),
    )?;
    if last > produced {
        return Err(RoundError::OutOfOrder { sequence: last, after: produced });
    }
    Ok(round)
}

/// Takes messages until the other thread has ended. Returns the highest number seen.
///
/// After a failure it goes on, for a producer that waits for room; it then says which was the
/// first.
fn poll<T: Message>(mut receivers: Vec<impl Receiver<T>>, stop: &Stop) -> Result<u64, RoundError> {
    let mut seen = vec![0; receivers.len()];
    let mut message = T::zeroed();
    let mut failure = None;
    while !stop.is_asked() {
        for _ in 0..POLLS_PER_CHECK {
            for (receiver, seen) in receivers.iter_mut().zip(&mut seen) {
                if receiver.poll(&mut message) == Polled::Message {
                    let (sequence, after) = (message.sequence(), *seen);
                    if let Err(garbled) = message.check(sequence) {
                        failure.get_or_insert(garbled.into());
                    } else if sequence <= after {
                        failure.get_or_insert(RoundError::OutOfOrder { sequence, after });
                    }
                    *seen = sequence;
                }
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(seen.into_iter().max().unwrap_or_default()),
    }
}

/// Measures the consumers' thread: its time for a message, all consumers together, the median over
/// the batches.
fn in_batches<T: Message>(
    mut sender: impl Sender<T>,
    mut receivers: Vec<impl Receiver<T>>,
    setup: &Setup,
    length: Duration,
) -> Result<f64, RoundError> {
    let mut sent = RawLink::open().map_err(RoundError::Open)?;
    let mut taken = RawLink::open().map_err(RoundError::Open)?;
    let (mut tell_sent, hear_sent) = sent.ends().map_err(RoundError::Open)?;
    let (tell_taken, mut hear_taken) = taken.ends().map_err(RoundError::Open)?;
    let ((), histogram) = pair::run(
        setup.cores,
        |stop| {
            let (mut message, mut sequence, mut heard) = (T::zeroed(), 0, [0]);
            loop {
                for _ in 0..BATCH {
                    sequence += 1;
                    message.fill(sequence);
                    sender.send(&message);
                }
                tell_sent.send(&[sequence]);
                match pair::receive(&mut hear_taken, &mut heard, stop, setup.timeout) {
                    Waited::Message => {}
                    // The other thread has ended: the time is over, or it says why.
                    Waited::Stopped => return Ok(()),
                    Waited::Lost(_) | Waited::TimedOut => {
                        return Err(RoundError::Lost { sequence, timeout: setup.timeout });
                    }
                }
            }
        },
        |stop| take_batches(&mut receivers, hear_sent, tell_taken, stop, setup, length),
    )?;
    let clock = &setup.stopwatch;
    let to_ns = |steps: f64| (steps * clock.step_ns() - clock.cost_ns()) / BATCH as f64;
    Ok(Round::from_histogram(&histogram, to_ns).p50_ns)
}

fn take_batches<T: Message>(
    receivers: &mut [impl Receiver<T>],
    mut hear_sent: impl Receiver<Word>,
    mut tell_taken: impl Sender<Word>,
    stop: &Stop,
    setup: &Setup,
    length: Duration,
) -> Result<Histogram<u64>, RoundError> {
    let clock = &setup.stopwatch;
    let mut histogram = trip_histogram(clock.ticks_in(setup.timeout) / clock.step_ticks());
    let (mut message, mut heard) = (T::zeroed(), [0]);
    let began = Instant::now();
    let mut batch = 0;
    while began.elapsed() < length || histogram.is_empty() {
        match pair::receive(&mut hear_sent, &mut heard, stop, setup.timeout) {
            Waited::Message => {}
            Waited::Stopped => break,
            Waited::Lost(_) | Waited::TimedOut => {
                return Err(RoundError::Lost { sequence: heard[0] + 1, timeout: setup.timeout });
            }
        }
        let first = heard[0] + 1 - BATCH as u64;
        if batch % CHECKED == 0 {
            check_batch(receivers, first, &mut message)?;
        } else {
            let start = clock.stamp();
            let differences = take_batch(receivers, first, &mut message);
            let end = clock.stamp();
            if differences != 0 {
                return Err(RoundError::Missed { consumer: 0, consumers: receivers.len(), sequence: first });
            }
            histogram.saturating_record(end.saturating_sub(start) / clock.step_ticks());
        }
        batch += 1;
        tell_taken.send(&[batch]);
    }
    Ok(histogram)
}

/// What is timed: every consumer takes every message. Zero if each found what it should have.
#[inline(always)]
fn take_batch<T: Message>(receivers: &mut [impl Receiver<T>], first: u64, message: &mut T) -> u64 {
    let mut differences = 0;
    for sequence in first..first + BATCH as u64 {
        for receiver in &mut *receivers {
            // A branch that is always taken, as in a program that acts on each message.
            if receiver.poll(message) == Polled::Message {
                differences |= black_box(&*message).sequence() ^ sequence;
            } else {
                differences |= 1;
            }
        }
    }
    differences
}

/// The same, with all of each message checked.
fn check_batch<T: Message>(receivers: &mut [impl Receiver<T>], first: u64, message: &mut T) -> Result<(), RoundError> {
    let consumers = receivers.len();
    for sequence in first..first + BATCH as u64 {
        for (index, receiver) in receivers.iter_mut().enumerate() {
            match receiver.poll(message) {
                Polled::Message if message.sequence() == sequence => message.check(sequence)?,
                _ => return Err(RoundError::Missed { consumer: index + 1, consumers, sequence }),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
