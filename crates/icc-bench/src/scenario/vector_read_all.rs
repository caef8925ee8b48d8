//! Reading every value of a table: on one pinned core, nobody else near.
//!
//! A sample is the mean of a batch of reads of the whole table into one slice, and the time is that of the whole table. The
//! reference is a plain copy of as many values that lie one behind the other. After the time each value is checked, and once more
//! after one of them was written anew.

use std::hint::black_box;
use std::time::Duration;

use super::one_way_latency::RoundError;
use super::{Round, Setup, time_batches};
use crate::link::OpenError;
use crate::message::Message;
use crate::pair::Panicked;
use crate::pin::pin_current_thread;
use crate::rounds::Plan;

/// The scenario's name in tables, in JSON and on the command line.
pub const NAME: &str = "vector_read_all";

/// Values of each table.
pub const LEN: usize = 1_000;

/// Payload sizes when none are asked for, in bytes.
pub const DEFAULT_PAYLOADS: [usize; 4] = [8, 56, 120, 256];

/// Batches of a round that counts: a batch may be a single read of a large table.
pub const MIN_SAMPLES: u64 = 50;

/// Long enough for steady figures.
pub const FULL: Plan = Plan {
    rounds: 11,
    retries: 11,
    retry_until: Duration::from_secs(30),
    round: Duration::from_millis(15),
    baseline: Duration::from_millis(10),
};

/// A second or two in all.
pub const QUICK: Plan = Plan {
    rounds: 5,
    retries: 5,
    retry_until: Duration::from_secs(4),
    round: Duration::from_millis(8),
    baseline: Duration::from_millis(6),
};

/// A structure of many values that can be read all at once.
pub trait Table: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// The table for values of type `T`.
    type Values<T: Message>: ReadAll<T>;

    /// Makes a table of so many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from being made.
    fn open<T: Message>(len: usize) -> Result<Self::Values<T>, OpenError>;
}

/// What a table must do to be measured.
pub trait ReadAll<T> {
    /// Writes one value.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError>;

    /// The operation that is timed: copies every value to its place in `into`, which has as many as the table. A value that
    /// cannot be read is left out.
    fn read_all(&mut self, into: &mut [T]);
}

/// Measures one round of about `length` on the setup's first core.
///
/// # Errors
///
/// [`RoundError`] if the thread cannot be pinned, the table cannot be made, or a value is not what was written.
pub fn round<T: Message, S: Table>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
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
    // Into places that hold none of it, to see that all is copied again.
    values.fill(T::zeroed());
    table.read_all(&mut values);
    for (index, value) in values.iter().enumerate() {
        value.check(if index == CHANGED { 0 } else { number_of(index) })?;
    }
    Ok(round)
}

#[cfg(test)]
mod tests;
