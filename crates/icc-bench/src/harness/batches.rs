//! How operations are timed: batches of them, and the histograms their times go into.

use std::time::Duration;

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;

use super::clock::Stopwatch;
use super::round::Round;
use super::setup::Setup;
use crate::link::{Message, Sender};

/// How long a batch is to take: long against the counter's step, short against the time between two
/// interrupts.
const BATCH: Duration = Duration::from_micros(4);

/// Times batches of `operation` for about `length`; each sample is a batch's mean.
///
/// `goes_on` is asked between batches. The batches that find the right size warm caches and
/// predictors up, and are not counted.
#[inline(always)]
pub(crate) fn time_batches(
    stopwatch: &Stopwatch,
    length: Duration,
    goes_on: impl Fn() -> bool,
    mut operation: impl FnMut(),
) -> Round {
    let (batch_ticks, length_ticks) = (stopwatch.ticks_in(BATCH), stopwatch.ticks_in(length));
    // A second is far more than any batch takes; what is longer is counted as one.
    let longest = stopwatch.ticks_in(Duration::from_secs(1)) / stopwatch.step_ticks();
    let mut histogram = Histogram::new_with_bounds(1, longest.max(1_000), 3)
        .expect("bounds from 1 to at least 1000 with three digits are always accepted");
    let (mut operations, mut begin) = (1_u64, None);
    // One loop for all batches: in a function of its own, what the operation works on would have to be in memory.
    loop {
        let start = stopwatch.stamp();
        for _ in 0..operations {
            operation();
        }
        let end = stopwatch.stamp();
        let ticks = end.saturating_sub(start);
        let Some(begin) = begin else {
            if ticks >= batch_ticks || !goes_on() {
                begin = Some(end);
            } else {
                operations *= 2;
            }
            continue;
        };
        histogram.saturating_record(ticks / stopwatch.step_ticks());
        if end.saturating_sub(begin) >= length_ticks || !goes_on() {
            break;
        }
    }
    Round::from_histogram(&histogram, |steps| (steps * stopwatch.step_ns() - stopwatch.cost_ns()) / operations as f64)
}

/// Fills and sends messages from number 1 on while `goes_on`; returns the last one's number beside
/// the round.
pub(crate) fn produce<T: Message>(
    sender: &mut impl Sender<T>,
    setup: &Setup,
    length: Duration,
    goes_on: impl Fn() -> bool,
) -> (Round, u64) {
    // On a cache line, else the figure depends on where the stack happens to stand.
    let (mut message, mut sequence) = (CachePadded::new(T::zeroed()), 0);
    let round = time_batches(&setup.stopwatch, length, goes_on, || {
        sequence += 1;
        message.fill(sequence);
        sender.send(&message);
    });
    (round, sequence)
}

/// An empty histogram for times of up to about `longest` steps of the clock.
pub(crate) fn trip_histogram(longest: u64) -> Histogram<u64> {
    // A wait ends a little after the timeout; what is longer than the bound is counted as the
    // bound.
    Histogram::new_with_bounds(1, longest.max(1_000), 3)
        .expect("bounds from 1 to at least 1000 with three digits are always accepted")
}
