//! Consumers that hold beside others that do not: the first get every message, the others account for each.

use crate::account::Account;
use crate::run::{Run, told};
use crate::sample::{Sample, sender_and_count};
use crate::tally::Tally;
use crate::threads::produce_until;
use icc_queue::{Consumer, Evict, HoldError, Lost, Mode, Mpmc, Queue, QueueReader, QueueSpec, Seen, Spmc};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

/// Small and large rings, counters near every wrap.
const RINGS: [(usize, u64); 5] =
    [(2, 0), (4, u64::MAX - 1000), (8, (1 << 63) - 1000), (64, u64::MAX - 10_000), (1024, 0)];

/// Queues with one producer or, with `many`, three.
pub(crate) fn queues(run: &Run, many: bool) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for (index, (capacity, first)) in RINGS.into_iter().enumerate() {
        let parts = 2 * (RINGS.len() - index) as u32;
        tally += match many {
            false => queue::<[u64; 7], Spmc>(&run.part(parts), 1, capacity, first)?,
            true => queue::<[u64; 7], Mpmc>(&run.part(parts), 3, capacity, first)?,
        };
        tally += match many {
            false => queue::<[u64; 1], Spmc>(&run.part(parts - 1), 1, capacity, first)?,
            true => queue::<[u64; 1], Mpmc>(&run.part(parts - 1), 3, capacity, first)?,
        };
    }
    Ok(tally)
}

fn queue<T: Sample, M: Mode>(run: &Run, producers: u16, capacity: usize, first: u64) -> anyhow::Result<Tally> {
    let spec = QueueSpec::new(capacity).starting_at(first).holding(Evict::Never);
    let queue = Queue::<T, M>::new(if fastrand::bool() { spec.wakeable() } else { spec })?;
    let (sent, done, mut tally) = (AtomicU64::new(0), AtomicBool::new(false), Tally::default());
    // Before the first message: these get all.
    let from_the_start = [queue.holding_consumer("one")?, queue.holding_consumer("other")?];
    thread::scope(|scope| {
        let (queue, sent, done) = (&queue, &sent, &done);
        let holding = from_the_start.map(|holder| scope.spawn(move || Holder::new(holder).go_on(queue, done, sent)));
        let lossy = scope.spawn(move || {
            let mut account = Account::anywhere(queue);
            while !done.load(Relaxed) {
                if !account.attempt() {
                    thread::yield_now();
                }
            }
            account.close(queue.produced(), || false)
        });
        let joining = scope.spawn(move || join(queue, done));
        let producing: Vec<_> = (0..producers)
            .map(|sender| {
                let mut producer = queue.producer().expect("there are enough");
                scope.spawn(move || {
                    let count = produce_until(&mut producer, sender, capacity, || run.is_over());
                    sent.fetch_add(count, Relaxed);
                    Tally { operations: count, ..Tally::default() }
                })
            })
            .collect();
        producing.into_iter().for_each(|thread| tally += told(thread));
        done.store(true, Relaxed);
        holding.into_iter().for_each(|thread| tally += told(thread));
        tally += told(lossy);
        tally += told(joining);
    });
    tally.unaccounted += queue.produced().wrapping_sub(first).abs_diff(sent.load(Relaxed));
    Ok(tally)
}

/// Begins to hold again and again, at the next message or some messages back.
fn join<T: Sample>(queue: &QueueReader<T>, done: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    while !done.load(Relaxed) {
        let back = fastrand::u64(0..=queue.capacity() as u64 / 2);
        let asked = queue.position(queue.produced().wrapping_sub(back));
        let holder = match fastrand::bool() {
            true => queue.holding_consumer("joins"),
            false => queue.holding_consumer_at("joins", asked),
        };
        match holder {
            Ok(holder) => {
                let mut holder = Holder::new(holder);
                (0..fastrand::u32(0..200)).for_each(|_| _ = holder.attempt());
                tally += holder.tally;
            }
            Err(HoldError::TooOld { .. }) => {}
            Err(_) => tally.unaccounted += 1,
        }
    }
    tally
}

/// A consumer that holds, and what it got.
struct Holder<T> {
    consumer: Seen<Consumer<T>>,
    /// Each sender's last count.
    last: HashMap<u16, u64>,
    tally: Tally,
}

impl<T: Sample> Holder<T> {
    fn new(consumer: Seen<Consumer<T>>) -> Self {
        Self { consumer, last: HashMap::new(), tally: Tally { attaches: 1, ..Tally::default() } }
    }

    /// Until all that is sent is received.
    fn go_on(mut self, queue: &QueueReader<T>, done: &AtomicBool, sent: &AtomicU64) -> Tally {
        while !done.load(Relaxed) || self.consumer.next_sequence() != queue.produced() {
            if !self.attempt() {
                thread::yield_now();
            }
        }
        self.tally.unaccounted += self.consumer.received().abs_diff(sent.load(Relaxed));
        self.tally
    }

    /// False if there was nothing.
    fn attempt(&mut self) -> bool {
        self.tally.operations += 1;
        let mut messages = [T::zeroed(); 9];
        let room = if fastrand::u8(..) < 32 { 9 } else { 1 };
        match self.consumer.try_consume_batch(&mut messages[..room]) {
            Ok(0) => false,
            Ok(count) => {
                messages[..count].iter().for_each(|message| self.receive(message));
                true
            }
            Err(lost) => self.lose(lost),
        }
    }

    fn receive(&mut self, message: &T) {
        self.tally.messages += 1;
        let Some(number) = message.number() else {
            self.tally.mixed += 1;
            return;
        };
        let (sender, count) = sender_and_count(number);
        // Each sender's messages, one after the other and none left out.
        match self.last.insert(sender, count) {
            Some(last) if count <= last => self.tally.doubled += 1,
            Some(last) if count != last + 1 => self.tally.unaccounted += 1,
            _ => {}
        }
    }

    /// It holds: nothing may be lost.
    fn lose(&mut self, lost: Lost) -> bool {
        self.tally.unaccounted += lost.count();
        true
    }
}
