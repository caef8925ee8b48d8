//! What a message costs its producer without a consumer: one pinned core, messages back to back.
//!
//! A sample is the mean of a batch. Each message is made anew before it is sent, all of it, as a
//! program would; that is in every figure, the reference's too: a plain ring, where a message is
//! filled and copied to the next of as many places, and no reader is notified. The compiler sees
//! the making and the sending together, and may join them where a structure lets it.
//!
//! Only structures that never wait for a consumer can be measured. With a consumer that polls, this
//! is the time that [`stream`](super::stream) shows.

use std::borrow::Cow;
use std::time::Duration;

use super::descriptor::{MIN_BATCHES, Rows, Scenario};
use crate::harness::batches::produce;
use crate::harness::error::RoundError;
use crate::harness::pin::pin_current_thread;
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::harness::threads::Panicked;
use crate::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target, message};
use crate::model::{Column, Description, Merit, Shape};
use crate::targets::plain_ring::PlainPlaces;

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("produce_cost"),
        slug: Cow::Borrowed("produce-cost"),
        title: Cow::Borrowed("Produce cost"),
        summary: Cow::Borrowed(
            "What a message costs its producer, each message filled anew; beside a plain ring that tells \
             nobody anything.",
        ),
        reference: Cow::Borrowed("plain ring"),
        // Each sample is the mean of a batch, so finer than the counter.
        digits: 3,
        columns: Cow::Borrowed(&[Column::P50, Column::P90]),
        shape: Shape::Cost,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[8, 56, 256, 1024],
    // Long enough for steady figures.
    full: Plan {
        rounds: 12,
        retries: 11,
        retry_until: Duration::from_secs(40),
        round: Duration::from_millis(20),
        baseline: Duration::from_millis(10),
    },
    // A few seconds in all.
    quick: Plan {
        rounds: 6,
        retries: 5,
        retry_until: Duration::from_secs(4),
        round: Duration::from_millis(8),
        baseline: Duration::from_millis(6),
    },
    min_samples: MIN_BATCHES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// The most polls for what is left at the end of a round, and for the one message that must then
/// arrive.
const MAX_POLLS: u32 = 1 << 20;

/// Measures one round of about `length` of the reference, or of a floor: a ring that nobody reads.
///
/// # Errors
///
/// [`RoundError`] if the thread cannot be pinned, or if the last message does not lie in the ring.
pub(crate) fn plain_round<T: Message, R: PlainPlaces<T>>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    on_own_thread(setup, || {
        let mut ring = R::new();
        let (round, produced) = produce(&mut ring, setup, length, || true);
        ring.last().check(produced)?;
        Ok(round)
    })
}

/// Measures one round of about `length`.
///
/// # Errors
///
/// [`RoundError`] if the thread cannot be pinned, a message is garbled, or one that is sent at the
/// end, when there is room for it, does not arrive.
pub(crate) fn round<T: Message, S: Target>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    measure(S::open::<T>, setup, length)
}

fn measure<T: Message, L: Link<T>>(
    open: impl Fn() -> Result<L, OpenError>,
    setup: &Setup,
    length: Duration,
) -> Result<Round, RoundError> {
    let mut link = open().map_err(RoundError::Open)?;
    let (mut sender, mut receiver) = link.ends().map_err(RoundError::Open)?;
    on_own_thread(setup, move || {
        let (round, produced) = produce(&mut sender, setup, length, || true);
        let mut message = T::zeroed();
        // What is left must be whole. How much that is, and what is reported of the rest, differs.
        for _ in 0..MAX_POLLS {
            if check_next(&mut receiver, &mut message, produced)? == Polled::Empty {
                break;
            }
        }
        let last = produced + 1;
        message.fill(last);
        sender.send(&message);
        for _ in 0..MAX_POLLS {
            if check_next(&mut receiver, &mut message, last)? == Polled::Message {
                message.check(last)?;
                return Ok(round);
            }
        }
        Err(RoundError::NothingArrived { produced: last })
    })
}

/// Polls once and checks the message, if there is one: whole, and none later than the `last`.
fn check_next<T: Message>(receiver: &mut impl Receiver<T>, message: &mut T, last: u64) -> Result<Polled, RoundError> {
    let polled = receiver.poll(message);
    if polled == Polled::Message {
        message.check(message.sequence().min(last))?;
    }
    Ok(polled)
}

fn on_own_thread(setup: &Setup, body: impl FnOnce() -> Result<Round, RoundError> + Send) -> Result<Round, RoundError> {
    // Pinning lasts as long as its thread.
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                pin_current_thread(setup.cores.first)?;
                body()
            })
            .join()
    })
    .map_err(|_| Panicked)?
}

#[cfg(test)]
mod tests;
