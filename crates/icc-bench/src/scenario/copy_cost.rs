//! What a cell costs beside a plain copy: reads and writes on one pinned core, nobody else near.
//!
//! A sample is the mean of a batch of operations back to back. The cell's handle goes through `black_box` once, the buffer
//! before each operation: the compiler must then think that both have changed and that both are looked at, so none is left
//! out, merged with the next or taken out of the loop. The plain copy is treated alike. That `black_box` is a store and a
//! load of a pointer, a cycle or so in every figure, the plain copy's too: ratios of the smallest payloads are therefore
//! closer to 1 than those of the bare operations would be.
//!
//! Where the bytes lie is alike too. The caller's buffer begins a page. A cell begins in the middle of another page, on a
//! cache line, and the plain copy's counterpart has its payload 8 bytes into a line, where a `Seqlock`'s is. A read copies
//! from there to the buffer and a write the other way; each stands beside the plain copy in its own direction.

use std::hint::black_box;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::one_way_latency::RoundError;
use super::{Round, Setup, time_batches};
use crate::message::Message;
use crate::pair::Panicked;
use crate::pin::pin_current_thread;
use crate::rounds::Plan;

/// The scenario's name in tables, in JSON and on the command line.
pub const NAME: &str = "copy_cost";

/// Long enough for steady figures.
pub const FULL: Plan = Plan {
    rounds: 15,
    retries: 15,
    retry_until: Duration::from_secs(60),
    round: Duration::from_millis(5),
    baseline: Duration::from_millis(3),
};

/// A few seconds in all.
pub const QUICK: Plan = Plan {
    rounds: 5,
    retries: 10,
    retry_until: Duration::from_secs(4),
    round: Duration::from_millis(4),
    baseline: Duration::from_millis(3),
};

/// Which way an operation copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the cell to the caller's buffer.
    Read,
    /// From the caller's buffer to the cell.
    Write,
}

/// One operation on a cell that holds one value.
///
/// A rival is measured by implementing this for a marker type and adding it to the
/// [`Catalogue`](crate::catalogue::Catalogue).
pub trait Operation: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// Which way it copies.
    const DIRECTION: Direction;

    /// The cell.
    type Cell<T: Message>;

    /// What the operation is called on.
    type Handle<'cell, T: Message>;

    /// Makes a cell that holds `value`.
    fn cell<T: Message>(value: T) -> Self::Cell<T>;

    /// Makes the handle, once a round.
    fn handle<T: Message>(cell: &mut Self::Cell<T>) -> Self::Handle<'_, T>;

    /// The operation that is timed: copies between the cell and `buffer`.
    fn run<T: Message>(handle: &mut Self::Handle<'_, T>, buffer: &mut T);

    /// The value in the cell.
    fn value<T: Message>(cell: &mut Self::Cell<T>) -> T;
}

/// A caller's buffer, at the beginning of a page.
#[repr(C, align(4096))]
pub(super) struct Buffer<T>(pub(super) T);

/// A cell in the middle of a page, so that no line of it shares the low bits of its address with the same line of the
/// buffer: processors take such a pair for the same line when they look for a store to forward from.
#[repr(C, align(4096))]
pub(super) struct Place<C> {
    before: [u8; 2048],
    pub(super) cell: CachePadded<C>,
}

impl<C> Place<C> {
    pub(super) fn new(cell: C) -> Box<Self> {
        Box::new(Self { before: [0; 2048], cell: CachePadded::new(cell) })
    }
}

/// Measures one round of about `length` on the setup's first core.
///
/// # Errors
///
/// [`RoundError`] if the thread cannot be pinned, or if the operation did not copy what it should have.
pub fn round<T: Message, O: Operation>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    // Pinning lasts as long as its thread.
    std::thread::scope(|scope| scope.spawn(|| on_this_thread::<T, O>(setup, length)).join()).map_err(|_| Panicked)?
}

fn on_this_thread<T: Message, O: Operation>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    const HELD: u64 = 2;
    const GIVEN: u64 = 3;

    pin_current_thread(setup.cores.first)?;
    let (mut held, mut buffer) = (T::zeroed(), Box::new(Buffer(T::zeroed())));
    held.fill(HELD);
    buffer.0.fill(GIVEN);
    let mut place = Place::new(O::cell(held));
    let mut handle = black_box(O::handle(&mut place.cell));

    let round = time_batches(&setup.stopwatch, length, || true, || O::run(&mut handle, black_box(&mut buffer.0)));

    // Once more with a buffer that has not met the cell, to see that something is copied, and all of it.
    buffer.0.fill(GIVEN + 1);
    O::run(&mut handle, &mut buffer.0);
    drop(handle);
    let value = O::value(&mut place.cell);
    match O::DIRECTION {
        Direction::Read => buffer.0.check(HELD)?,
        Direction::Write => value.check(GIVEN + 1)?,
    }
    Ok(round)
}

#[cfg(test)]
mod tests;
