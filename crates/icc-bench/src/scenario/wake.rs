//! From a message's sending until a receiver that slept in the kernel has it.
//!
//! The publisher waits for [`PAUSE`], takes a stamp and sends. The sleeper, which has been asleep for
//! most of that pause, is woken, receives, takes a stamp and stores it into a bare atomic word that
//! the publisher polls. The difference of the two stamps is a sample, the sender's system call in it
//! as far as the sleeper waits for it. Where the clocks of the two cores disagree, the publisher takes
//! the second stamp as well, when it has the answer: a crossing of one word more.
//!
//! The core of the sleeper has nothing else to do, and so may rest as well: what the processor or a
//! hypervisor takes to bring it back is in every figure, also in the reference's. The reference is a
//! word of 32 bits at which the sleeper waits, and one system call of the sender that wakes it.
//!
//! The sleeper is a thread, or a process of its own, a child of the publisher's. Each has a reference
//! of its kind.
//!
//! The sleeper checks each message, whole and in its order. None may be lost, and each is waited for
//! with a bound.

use std::borrow::Cow;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::descriptor::{Rows, Scenario};
use super::one_way_latency::MAX_OVERTIME;
use crate::harness::batches::trip_histogram;
use crate::harness::child;
use crate::harness::clock::Stopwatch;
use crate::harness::error::RoundError;
use crate::harness::pair::{self, Stop, Waited};
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::link::{Message, OpenedToSleep, Polled, Receiver, Sender, Sleeper, message};
use crate::model::{Column, Description, Merit, Shape};
use crate::targets::raw::{self, Word};
use crate::targets::shared_line::SharedLine;

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("wake"),
        slug: Cow::Borrowed("wake"),
        title: Cow::Borrowed("Waking"),
        summary: Cow::Borrowed(
            "The receiver sleeps in the kernel, the sender wakes it with each message: from sending to receipt.",
        ),
        reference: Cow::Borrowed("bare futex"),
        digits: 1,
        // A round has too few samples for more.
        columns: Cow::Borrowed(&[Column::P50, Column::P99]),
        shape: Shape::Latency,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[56],
    // A thousand samples in each round and more.
    full: Plan {
        rounds: 8,
        retries: 15,
        retry_until: Duration::from_secs(40),
        round: Duration::from_millis(300),
        baseline: Duration::from_millis(150),
    },
    // A few seconds in all.
    quick: Plan {
        rounds: 4,
        retries: 4,
        retry_until: Duration::from_secs(4),
        round: Duration::from_millis(60),
        baseline: Duration::from_millis(40),
    },
    min_samples: MIN_SAMPLES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// From one answer to the next message: many times what a receiver takes to fall asleep.
///
/// Not 200 µs: for so long, unless told otherwise, a Linux host looks before it takes an idle core away. Whoever slept a
/// little less than that was woken in half the time, which is no merit of the wait.
pub(crate) const PAUSE: Duration = Duration::from_micros(100);

/// Messages at the start of a round that are not counted.
const WARM_UP_MESSAGES: u64 = 20;

/// A round goes on past its time until it has this many samples.
pub(crate) const MIN_SAMPLES: u64 = 100;

/// The number of the first message; the others follow.
const FIRST: u64 = 1;

/// The number of the message that ends a round.
const LAST: u64 = 0;

/// Where the sleeper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On another thread.
    Thread,
    /// In a child that `fork` makes of that thread. What `open` makes must reach there.
    Process,
}

/// Measures one round of about `length` over the link that `open` makes.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, there can be no child, or a message is lost, comes
/// twice or is garbled. Every wait is bounded by thrice the setup's timeout.
pub(crate) fn round<T: Message, S: Sender<T>, R: Sleeper<T>>(
    place: Place,
    open: impl FnOnce() -> OpenedToSleep<S, R>,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    let (sender, sleeper) = open().map_err(RoundError::Open)?;
    let back = SharedLine::new().map_err(RoundError::Open)?;
    let (answer, answered) = raw::ends_at(&back);
    let (histogram, ()) = pair::run(
        setup.cores,
        |stop| publish(sender, answered, stop, setup, length),
        |stop| {
            let work = || sleep(sleeper, answer, &setup.stopwatch, setup.timeout * 2);
            match place {
                Place::Thread => work(),
                Place::Process => child::run(work, stop, setup.timeout * 3),
            }
        },
    )?;
    let clock = &setup.stopwatch;
    Ok(Round::from_histogram(&histogram, |steps| steps * clock.step_ns() - clock.cost_ns()))
}

/// The first thread: takes the times, then tells the other one to end.
fn publish<T: Message>(
    mut sender: impl Sender<T>,
    answered: impl Receiver<Word>,
    stop: &Stop,
    setup: &Setup,
    length: Duration,
) -> Result<Histogram<u64>, RoundError> {
    let times = time_wakes(&mut sender, answered, stop, setup, length);
    // Also after a failure, so that the sleeper need not wait for its timeout.
    let mut last = T::zeroed();
    last.fill(LAST);
    sender.send(&last);
    times
}

fn time_wakes<T: Message>(
    sender: &mut impl Sender<T>,
    mut answered: impl Receiver<Word>,
    stop: &Stop,
    setup: &Setup,
    length: Duration,
) -> Result<Histogram<u64>, RoundError> {
    let (clock, timeout) = (&setup.stopwatch, setup.timeout);
    let (pause, ticks) = (clock.ticks_in(PAUSE), clock.ticks_in(length));
    let mut histogram = trip_histogram(clock.ticks_in(timeout) / clock.step_ticks());
    let (mut message, mut answer) = (T::zeroed(), [0]);
    let mut sequence = FIRST;
    let begin = clock.stamp();
    let mut end = begin;
    loop {
        message.fill(sequence);
        let start = loop {
            let now = clock.stamp();
            if now.saturating_sub(end) >= pause {
                break now;
            }
        };
        sender.send(&message);
        match pair::receive(&mut answered, &mut answer, stop, timeout) {
            Waited::Message => {}
            // The other thread ended early and says why.
            Waited::Stopped => return Ok(histogram),
            Waited::Lost(_) | Waited::TimedOut => return Err(RoundError::Lost { sequence, timeout }),
        }
        end = clock.stamp();
        let [awake] = if setup.clocks.agree() { answer } else { [end] };
        let taken = awake
            .checked_sub(start)
            .ok_or(RoundError::ClocksDisagree { by_ns: start.saturating_sub(awake) as f64 * clock.ns_per_tick() })?;
        if sequence >= FIRST + WARM_UP_MESSAGES {
            histogram.saturating_record(taken / clock.step_ticks());
        }
        let elapsed = end.saturating_sub(begin);
        let enough = if elapsed < ticks.saturating_mul(MAX_OVERTIME) { MIN_SAMPLES } else { 1 };
        if elapsed >= ticks && histogram.len() >= enough {
            return Ok(histogram);
        }
        sequence += 1;
    }
}

/// The second thread: sleeps, answers each message with the time of its receipt, then checks it.
///
/// `timeout` is longer than the first thread waits, so that it is always that one which gives up.
fn sleep<T: Message>(
    mut sleeper: impl Sleeper<T>,
    mut answer: impl Sender<Word>,
    clock: &Stopwatch,
    timeout: Duration,
) -> Result<(), RoundError> {
    let mut message = T::zeroed();
    let mut sequence = FIRST;
    loop {
        match sleeper.receive(&mut message, timeout) {
            Polled::Message => {}
            Polled::Lost(count) => return Err(RoundError::SpedPast { sequence, count }),
            Polled::Empty => return Err(RoundError::Lost { sequence, timeout }),
        }
        let awake = clock.stamp();
        if message.sequence() == LAST {
            return Ok(message.check(LAST)?);
        }
        answer.send(&[awake]);
        message.check(sequence)?;
        sequence += 1;
    }
}

#[cfg(test)]
mod tests;
