//! The microbenchmarks, one for each constant.
//!
//! Each moves bare lines: none runs a queue, so that none is fitted to one.

use std::cell::UnsafeCell;
use std::hint::black_box;
#[allow(clippy::disallowed_types, reason = "bare atomics are what is measured")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::fence;
use std::time::Duration;

use super::formula::{Constants, STORES_OF_A_LINE};
use crate::harness::batches::time_batches;
use crate::harness::error::RoundError;
use crate::harness::median::median as middle;
use crate::harness::pair::{self, Stop};
use crate::harness::pin::pin_current_thread;
use crate::harness::setup::Setup;
use crate::harness::threads::Panicked;
use crate::link::{CAPACITY, Polled, Receiver};

/// Words of a line.
const WORDS: usize = 8;

#[derive(Debug, Default)]
#[repr(C, align(64))]
#[allow(clippy::disallowed_types, reason = "bare atomics are what is measured")]
struct Line([AtomicU64; WORDS]);

impl Line {
    /// Writes all of it, its first word last.
    #[inline(always)]
    fn write(&self, number: u64) {
        for word in &self.0[1..] {
            word.store(number, Relaxed);
        }
        // Release: pairs with the load in `read`.
        self.0[0].store(number, Release);
    }

    /// Reads all of it, if its first word is the number.
    #[inline(always)]
    fn read(&self, number: u64) -> bool {
        // Acquire: pairs with the store in `write`.
        if self.0[0].load(Acquire) != number {
            return false;
        }
        for word in &self.0[1..] {
            black_box(word.load(Relaxed));
        }
        true
    }
}

fn lines(count: usize) -> Box<[Line]> {
    (0..count).map(|_| Line::default()).collect()
}

/// Waits for lines one after the other.
struct Awaited<'lines> {
    lines: &'lines [Line],
    number: u64,
}

impl Receiver<()> for Awaited<'_> {
    #[inline(always)]
    fn poll(&mut self, (): &mut ()) -> Polled {
        if !self.lines[self.number as usize % self.lines.len()].read(self.number) {
            return Polled::Empty;
        }
        self.number += 1;
        Polled::Message
    }
}

fn wait(awaited: &mut Awaited<'_>, stop: &Stop, setup: &Setup) -> Result<bool, RoundError> {
    match pair::receive(awaited, &mut (), stop, setup.timeout) {
        pair::Waited::Message => Ok(true),
        pair::Waited::Stopped => Ok(false),
        pair::Waited::Lost(_) | pair::Waited::TimedOut => {
            Err(RoundError::Lost { sequence: awaited.number, timeout: setup.timeout })
        }
    }
}

/// Exchanges that are timed together.
const EXCHANGES: usize = 64;

/// Half a round trip of a line through the places of a ring and back through those of another: the
/// median of batches.
fn hand_over(setup: &Setup, length: Duration) -> Result<f64, RoundError> {
    let (there, back) = (lines(CAPACITY), lines(CAPACITY));
    let clock = &setup.stopwatch;
    let (times, ()) = pair::run(
        setup.cores,
        |stop| {
            let mut times = Vec::new();
            let mut awaited = Awaited { lines: &back, number: 1 };
            let begin = clock.stamp();
            loop {
                let start = clock.stamp();
                for _ in 0..EXCHANGES {
                    let number = awaited.number;
                    there[number as usize % CAPACITY].write(number);
                    if !wait(&mut awaited, stop, setup)? {
                        return Ok(times);
                    }
                }
                let end = clock.stamp();
                times.push((end - start) as f64 * clock.ns_per_tick() / (2 * EXCHANGES) as f64);
                if end - begin > clock.ticks_in(length) {
                    return Ok(times);
                }
            }
        },
        |stop| {
            let mut awaited = Awaited { lines: &there, number: 1 };
            while wait(&mut awaited, stop, setup)? {
                let number = awaited.number - 1;
                back[number as usize % CAPACITY].write(number);
            }
            Ok::<_, RoundError>(())
        },
    )?;
    Ok(median(times))
}

/// A line of a block, stored and loaded as usual.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Plain(UnsafeCell<[u64; WORDS]>);

// SAFETY: one thread at a time accesses it, as `blocks` argues.
unsafe impl Sync for Plain {}

/// Lines of a short and of a long block. The difference between them is the cost of so many more
/// lines: what happens once a block falls out.
const SHORT: usize = 16;
const LONG: usize = 80;

/// How often each word of a line is stored in a block that is to have many stores.
const OFTEN: usize = 4;

/// The three times of a line in a block.
struct Times {
    /// To write it, with [`STORES_OF_A_LINE`] stores, until that is done.
    written: f64,
    /// The same with [`OFTEN`] times as many.
    written_often: f64,
    /// To read it.
    read: f64,
}

/// What each further line of a block costs the core that writes it, and the one that reads it.
///
/// One core writes a block that the other has read, and waits until the writes are done; then the
/// other reads it. Each takes its own time. The block is the next of a few.
fn blocks(setup: &Setup, length: Duration) -> Result<Times, RoundError> {
    const BLOCKS: usize = 8;
    let block: Box<[Plain]> = (0..BLOCKS * LONG).map(|_| Plain::default()).collect();
    let (there, back) = (lines(1), lines(1));
    let clock = &setup.stopwatch;
    // Four times in a row: short and long, and both with many stores; in every second block these first.
    let (size, is_often) = (
        |number: u64| if number.is_multiple_of(2) { SHORT } else { LONG },
        |number: u64| (number / 2).is_multiple_of(2) != (number / 4).is_multiple_of(2),
    );
    let block_of = |number: u64| {
        let first = (number / 4) as usize % BLOCKS * LONG;
        &block[first..first + size(number)]
    };
    let write = |line: &Plain, number: u64| {
        for store in 0..STORES_OF_A_LINE {
            // SAFETY: nobody else accesses the block: the other thread has read all before it sent `back`, which this
            // one has awaited, and accesses none before it has `there`, which is sent after all writes. The words are
            // inside. Volatile, so that each is a store of its own.
            unsafe { line.0.get().cast::<u64>().add(store * WORDS / STORES_OF_A_LINE).write_volatile(number) };
        }
    };
    let (written, read) = pair::run(
        setup.cores,
        |stop| {
            let (mut times, mut awaited) = ([(); 4].map(|()| Vec::new()), Awaited { lines: &back, number: 1 });
            let begin = clock.stamp();
            loop {
                let number = awaited.number;
                let start = clock.stamp();
                if is_often(number) {
                    for line in block_of(number) {
                        (0..OFTEN).for_each(|_| write(line, number));
                    }
                } else {
                    block_of(number).iter().for_each(|line| write(line, number));
                }
                // The writes are done, not only under way.
                fence(SeqCst);
                let end = clock.stamp();
                times[usize::from(is_often(number)) * 2 + usize::from(size(number) == LONG)]
                    .push((end - start) as f64 * clock.ns_per_tick());
                there[0].write(number);
                if !wait(&mut awaited, stop, setup)? || end - begin > clock.ticks_in(length) {
                    return Ok(times);
                }
            }
        },
        |stop| {
            let (mut times, mut awaited) = ([Vec::new(), Vec::new()], Awaited { lines: &there, number: 1 });
            while wait(&mut awaited, stop, setup)? {
                let number = awaited.number - 1;
                let start = clock.stamp();
                let differences = block_of(number).iter().fold(0, |differences, line| {
                    // SAFETY: as above; this thread has `there` and has not sent `back`.
                    let words = unsafe { &*line.0.get() };
                    let written = words.iter().step_by(WORDS / STORES_OF_A_LINE);
                    written.fold(differences, |differences, word| differences | (word ^ number))
                });
                let end = clock.stamp();
                if differences != 0 {
                    return Err(RoundError::Lost { sequence: number, timeout: setup.timeout });
                }
                times[usize::from(size(number) == LONG)].push((end - start) as f64 * clock.ns_per_tick());
                back[0].write(number);
            }
            Ok::<_, RoundError>(times)
        },
    )?;
    let per_line = |short, long| ((median(long) - median(short)) / (LONG - SHORT) as f64).max(0.0);
    let ([short, long, short_often, long_often], [short_read, long_read]) = (written, read);
    Ok(Times {
        written: per_line(short, long),
        written_often: per_line(short_often, long_often),
        read: per_line(short_read, long_read),
    })
}

/// A message of a line, made in the first cache and copied to the next of as many places as a ring
/// has; and a locked addition. On one core.
fn alone(setup: &Setup, length: Duration) -> Result<[f64; 2], RoundError> {
    let on_core = || {
        pin_current_thread(setup.cores.first)?;
        let (mut places, mut next) = (lines(CAPACITY), 0);
        let mut message = [0_u64; WORDS];
        let copy = time_batches(
            &setup.stopwatch,
            length,
            || true,
            || {
                let words = black_box(&mut message);
                let place = &mut places[next % CAPACITY];
                for (to, from) in place.0.iter_mut().zip(words) {
                    *to.get_mut() = *from;
                }
                black_box(place);
                next += 1;
            },
        );
        let word = Line::default();
        // Acquire and Release, as tickets need them.
        let ticket = time_batches(
            &setup.stopwatch,
            length,
            || true,
            || {
                black_box(word.0[0].fetch_add(1, std::sync::atomic::Ordering::AcqRel));
            },
        );
        Ok([copy.p50_ns, ticket.p50_ns])
    };
    // Pinning lasts as long as its thread.
    std::thread::scope(|scope| scope.spawn(on_core).join()).map_err(|_| Panicked)?
}

/// Measures all five, each for about `length`.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or a line does not arrive.
pub(super) fn measure(setup: &Setup, length: Duration) -> Result<Constants, RoundError> {
    let hand_over = hand_over(setup, length)?;
    let times = blocks(setup, length * 2)?;
    let [copy, ticket] = alone(setup, length / 4)?;
    let further_stores = (OFTEN - 1) * STORES_OF_A_LINE;
    Ok(Constants {
        hand_over,
        line: times.written + times.read,
        store: ((times.written_often - times.written) / further_stores as f64).max(0.0),
        copy,
        ticket,
    })
}

/// The middle value; 0 of none.
pub(super) fn median(values: Vec<f64>) -> f64 {
    middle(values.into_iter()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::test_setup::TestSetup;

    #[test]
    fn all_constants_are_measured() {
        let Some(setup) = TestSetup::on_two_cores() else { return };
        let constants = measure(&setup, Duration::from_millis(10)).unwrap();
        // How long anything takes is the machine's affair; a line takes some time to another core.
        let Constants { hand_over, line, copy, ticket, .. } = constants;
        assert!(hand_over > 1.0 && line > 0.0 && copy > 0.0 && ticket > 0.0, "{constants:?}");
    }

    #[test]
    fn a_line_is_read_when_it_is_the_one_that_is_awaited() {
        let line = Line::default();
        line.write(7);
        assert!(line.read(7) && !line.read(8));
        assert_eq!((median(vec![3.0, 1.0, 2.0]), median(Vec::new())), (2.0, 0.0));
    }
}
