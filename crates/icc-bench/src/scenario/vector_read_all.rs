//! Reading every value of a table: on one pinned core, without contention.
//!
//! A sample is the mean of a batch of reads of the whole table into one slice, and the time is that
//! of the whole table. The reference is a plain copy of as many values that lie one behind the
//! other. After the time each value is checked, and once more after one of them was written anew.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Duration;

use super::descriptor::{Rows, Scenario};
use crate::harness::batches::time_batches;
use crate::harness::error::RoundError;
use crate::harness::pin::pin_current_thread;
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::harness::threads::Panicked;
use crate::link::{Message, ReadAll, Table, message};
use crate::model::{Column, Description, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("vector_read_all"),
        slug: Cow::Borrowed("vector-read-all"),
        title: Cow::Borrowed("Reading a whole vector"),
        summary: Cow::Borrowed("Every slot of a vector read once, beside a copy of as many bytes."),
        reference: Cow::Borrowed("plain slice"),
        digits: 1,
        columns: Cow::Borrowed(&[Column::P50, Column::P90]),
        shape: Shape::Cost,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::PAYLOADS,
    default_payloads: &[8, 56, 120, 256],
    // Long enough for steady figures.
    full: Plan {
        rounds: 12,
        retries: 11,
        retry_until: Duration::from_secs(30),
        round: Duration::from_millis(15),
        baseline: Duration::from_millis(10),
    },
    // A second or two in all.
    quick: Plan {
        rounds: 6,
        retries: 5,
        retry_until: Duration::from_secs(4),
        round: Duration::from_millis(8),
        baseline: Duration::from_millis(6),
    },
    min_samples: MIN_SAMPLES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// Values of each table.
pub(crate) const LEN: usize = 1_000;

/// Batches of a round that counts: a batch may be a single read of a large table.
pub(crate) const MIN_SAMPLES: u64 = 50;

/// Measures one round of about `length` on the setup's first core.
///
/// # Errors
///
/// [`RoundError`] if the thread cannot be pinned, the table cannot be made, or a value is not what
/// was written.
pub(crate) fn round<T: Message, S: Table>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    // Pinning lasts as long as its thread.
    std::thread::scope(|scope| scope.spawn(|| on_this_thread::<T, S>(setup, length)).join()).map_err(|_| Panicked)?
}

fn on_this_thread<T: Message, S: Table>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    /// The value that is written anew, neither first nor last.
    const CHANGED: usize = LEN / 3;

    pin_current_thread(setup.cores.first)?;
    let mut table = S::open::<T>(LEN).map_err(RoundError::Open)?;
    let (mut value, mut values) = (T::zeroed(), vec![T::zeroed(); LEN]);
    let number_of = |index: usize| index as u64 + 1;
    for index in 0..LEN {
        value.fill(number_of(index));
        table.write(index, &value).map_err(RoundError::Open)?;
    }

    let round = time_batches(&setup.stopwatch, length, || true, || table.read_all(black_box(&mut values)));

    for (index, value) in values.iter().enumerate() {
        value.check(number_of(index))?;
    }
    value.fill(0);
    table.write(CHANGED, &value).map_err(RoundError::Open)?;
    // Into cleared places, to check that all is copied again.
    values.fill(T::zeroed());
    table.read_all(&mut values);
    for (index, value) in values.iter().enumerate() {
        value.check(if index == CHANGED { 0 } else { number_of(index) })?;
    }
    Ok(round)
}

#[cfg(test)]
mod tests;
