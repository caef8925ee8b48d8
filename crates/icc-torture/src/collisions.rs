//! Publishing in the very moment in which somebody goes to sleep.
//!
//! Each time, the sleeper says that it is about to wait. Then each lets a moment of random length
//! pass, the one before it waits and the other before it publishes, so that the one meets the other
//! at any of its steps. Before it publishes, it
//! stores to lines that are in the other's cache: its store to the message then waits in its core
//! for as long as they take, while the look at the bell does not.
//!
//! A sleeper that is missed finds the message by itself, when its slice is over; that is counted. A
//! build with `--cfg icc_no_look` takes the two microseconds out in which an armed sleeper looks, so
//! that the barrier alone is left: there must be none either. One with `--cfg icc_no_barrier` beside
//! it takes the barrier out as well: there must be some.

use crate::run::{Run, told};
use crate::tally::Tally;
use icc_queue::{Bell, Found, Options, Queue, QueueSpec};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Collisions between two looks at the clock.
const AT_ONCE: u64 = 1_000;
/// The longest moment, in spin hints.
const LONGEST: u64 = 64;
/// Lines that are stored to before a message.
const LINES: usize = 16;

#[repr(align(128))]
struct Line(AtomicU64);

impl Line {
    fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

/// What the two share.
struct Meeting {
    bell: Bell,
    /// The number that the sleeper waits for.
    asked: Line,
    published: Line,
    rung: Line,
    before: [Line; LINES],
    over: Line,
}

/// At a bell of this process, and at one in shared memory.
pub(crate) fn collide(run: &Run) -> anyhow::Result<Tally> {
    let mut tally = meet(&run.part(2), Bell::private());
    let queue = Queue::<u64>::anonymous(QueueSpec::new(2).wakeable(), &Options::new())?;
    let bell = queue.bell().cloned();
    tally += meet(run, bell.ok_or_else(|| anyhow::anyhow!("a wakeable queue without a bell"))?);
    Ok(tally)
}

fn meet(run: &Run, bell: Bell) -> Tally {
    let before = std::array::from_fn(|_| Line::new());
    let [asked, published, rung, over] = std::array::from_fn(|_| Line::new());
    let meeting = Meeting { bell, asked, published, rung, before, over };
    thread::scope(|scope| {
        let producer = scope.spawn(|| meeting.produce());
        let sleeper = scope.spawn(|| meeting.sleep(run));
        let mut tally = told(sleeper);
        tally += told(producer);
        tally
    })
}

fn linger() {
    (0..fastrand::u64(..LONGEST)).for_each(|_| spin_loop());
}

impl Meeting {
    fn sleep(&self, run: &Run) -> Tally {
        let mut tally = Tally::default();
        let mut number = 0;
        while !run.is_over() {
            for _ in 0..AT_ONCE {
                number += 1;
                // The lines come into this core's cache.
                let stale: u64 = self.before.iter().map(|line| line.0.load(Ordering::Relaxed)).sum();
                std::hint::black_box(stale);
                self.asked.0.store(number, Ordering::Release);
                linger();
                let ready = || self.published.0.load(Ordering::Relaxed) >= number;
                tally.operations += 1;
                tally.messages += 1;
                if self.bell.wait_and_tell(ready, None) != Some(Found::InTime) && self.was_missed(number) {
                    tally.missed += 1;
                }
            }
        }
        self.over.0.store(1, Ordering::Relaxed);
        self.asked.0.store(u64::MAX, Ordering::Release);
        tally
    }

    /// Whether the producer saw nobody asleep. It may as well have been kept from its core, for longer
    /// than a slice, before it published or before it rang.
    fn was_missed(&self, number: u64) -> bool {
        while self.rung.0.load(Ordering::Acquire) < number {
            thread::sleep(Duration::from_micros(10));
        }
        format!("{:?}", self.bell).contains("somebody_sleeps: true")
    }

    fn produce(&self) -> Tally {
        self.bell.register_producer();
        let mut number = 0;
        loop {
            number += 1;
            let mut rounds = 0_u32;
            while self.asked.0.load(Ordering::Acquire) < number {
                spin_loop();
                rounds += 1;
                // The sleeper may need this core.
                if rounds.is_multiple_of(4096) {
                    thread::sleep(Duration::from_micros(10));
                }
            }
            if self.over.0.load(Ordering::Relaxed) != 0 {
                return Tally::default();
            }
            linger();
            self.before.iter().for_each(|line| line.0.store(number, Ordering::Relaxed));
            self.published.0.store(number, Ordering::Release);
            self.bell.ring();
            self.rung.0.store(number, Ordering::Release);
        }
    }
}
