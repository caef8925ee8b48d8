//! What a cell costs beside a plain copy: reads and writes on one pinned core, without contention.
//!
//! A sample is the mean of a batch of operations back to back. The cell's handle goes through
//! `black_box` once, the buffer before each operation: the compiler must then assume that both were
//! changed and are used, so none is left out, merged with the next or taken out of the loop. The
//! plain copy is treated alike. That `black_box` is a store and a load of a pointer, a cycle or so
//! in every figure, the plain copy's too: ratios of the smallest payloads are therefore closer to 1
//! than those of the bare operations would be.
//!
//! Where the bytes lie is alike too. The caller's buffer begins a page. A cell begins in the middle
//! of another page, on a cache line, and the plain copy's counterpart has its payload 8 bytes into
//! a line, where a `Seqlock`'s is. A read copies from there to the buffer and a write the other
//! way; each stands beside the plain copy in its own direction.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::descriptor::{MIN_BATCHES, Rows, Scenario};
use crate::harness::batches::time_batches;
use crate::harness::error::RoundError;
use crate::harness::pin::pin_current_thread;
use crate::harness::plan::Plan;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::harness::threads::Panicked;
use crate::link::{Direction, Message, Operation, message};
use crate::model::{Column, Description, Merit, Shape};

/// The scenario as data.
pub(crate) static SCENARIO: Scenario = Scenario {
    description: Description {
        name: Cow::Borrowed("copy_cost"),
        slug: Cow::Borrowed("copy-cost"),
        title: Cow::Borrowed("Copy cost"),
        summary: Cow::Borrowed(
            "One operation on a cell on one core, nobody else near, beside a plain copy of the same bytes.",
        ),
        reference: Cow::Borrowed("plain"),
        // Each sample is the mean of a batch, so finer than the counter.
        digits: 3,
        columns: Cow::Borrowed(&[Column::P50, Column::P90]),
        shape: Shape::Cost,
        merit: Merit::Ratio,
        headline: None,
    },
    payloads: &message::COPIED_PAYLOADS,
    default_payloads: &message::COPIED_PAYLOADS,
    // Long enough for steady figures.
    full: Plan {
        rounds: 16,
        retries: 15,
        retry_until: Duration::from_secs(60),
        round: Duration::from_millis(5),
        baseline: Duration::from_millis(3),
    },
    // A few seconds in all.
    quick: Plan {
        rounds: 6,
        retries: 10,
        retry_until: Duration::from_secs(4),
        round: Duration::from_millis(4),
        baseline: Duration::from_millis(3),
    },
    min_samples: MIN_BATCHES,
    rows: Rows::Targets,
    spaced_messages: None,
};

/// A caller's buffer, at the beginning of a page.
#[repr(C, align(4096))]
pub(super) struct Buffer<T>(pub(super) T);

/// A cell in the middle of a page, so that no line of it shares the low bits of its address with
/// the same line of the buffer: processors take such a pair for the same line when they search for
/// a store to forward from.
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
/// [`RoundError`] if the thread cannot be pinned, or if the operation did not copy what it should
/// have.
pub(crate) fn round<T: Message, O: Operation>(setup: &Setup, length: Duration) -> Result<Round, RoundError> {
    // Pinning lasts as long as its thread. No helper stands between the thread and the timed loop:
    // with one the compiled loop was slower, 0.81 ns instead of 0.71 ns for a seqlock's read of 8
    // bytes (AMD EPYC, virtual machine; `icc-bench --quick --scenario copy_cost --payload 8 --only
    // read_into`).
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

    // Once more with a fresh buffer, to check that the value is copied, and all of it.
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
