//! What it costs to share a queue's messages among workers: a group of `icc-queue`, beside
//! `crossbeam-channel` with as many receivers, which keeps no account of who has what.
//!
//! Messages of 56 bytes, all there before the clock starts, so that only the sharing is measured: by one
//! worker alone, and by two on two cores. Both are measured in turns, round by round; what is shown is the
//! median of each, and the median of their ratios.

use crossbeam_channel::bounded;
use icc_queue::{Queue, QueueSpec, TryClaimError};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

type Message = [u64; 7];

/// In a round; and in one that fits the first caches.
const MANY: u64 = 1 << 16;
const FEW: u64 = 512;
const ROUNDS: usize = 101;

fn main() {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if cores.len() < 2 {
        eprintln!("this needs two cores");
        std::process::exit(1);
    }
    assert!(core_affinity::set_for_current(cores[0]), "cannot pin");
    let [few, many] = [FEW, MANY].map(|count| Group::new(count as usize));
    row("one worker, 512 messages", || few.alone(FEW), || channel_alone(FEW));
    row("one worker, 65,536 messages", || many.alone(MANY), || channel_alone(MANY));
    let pair = [cores[0], cores[1]];
    row("two workers, 65,536 messages", || many.shared(MANY, pair), || channel_shared(MANY, pair));
}

/// Nanoseconds for a message of both, in turns.
fn row(name: &str, mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) {
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    for _ in 0..ROUNDS {
        let (one, other) = (ours(), theirs());
        rounds.push([one, other, one / other]);
    }
    let median = |index: usize| {
        let mut column: Vec<f64> = rounds.iter().map(|round| round[index]).collect();
        column.sort_by(f64::total_cmp);
        column[column.len() / 2]
    };
    println!(
        "{name:30} group {:6.1} ns, crossbeam-channel {:6.1} ns a message; ratio {:.2}",
        median(0),
        median(1),
        median(2)
    );
}

struct Group(Queue<Message>);

impl Group {
    fn new(capacity: usize) -> Self {
        Self(Queue::new(QueueSpec::new(capacity).group("work")).expect("there is memory"))
    }

    fn fill(&self, count: u64) {
        let mut producer = self.0.producer().expect("the only one");
        (0..count).for_each(|n| _ = producer.produce(&[n; 7]));
    }

    fn alone(&self, count: u64) -> f64 {
        let mut worker = self.0.group("work").expect("it is named").worker().expect("the only one");
        self.fill(count);
        let start = Instant::now();
        let mut sum = 0;
        for _ in 0..count {
            let claim = worker.try_claim().expect("it is there");
            sum += claim[3];
            claim.done();
        }
        let time = start.elapsed();
        assert_eq!(sum, count * (count - 1) / 2);
        time.as_nanos() as f64 / count as f64
    }

    fn shared(&self, count: u64, cores: [core_affinity::CoreId; 2]) -> f64 {
        let group = self.0.group("work").expect("it is named");
        let workers = [(); 2].map(|()| group.worker().expect("there is room"));
        self.fill(count);
        both(count, cores, workers, |worker| match worker.try_claim() {
            Ok(claim) => {
                let message = claim[3];
                claim.done();
                Some(message)
            }
            Err(TryClaimError::Empty) => None,
            Err(error) => panic!("{error}"),
        })
    }
}

fn channel_alone(count: u64) -> f64 {
    let (sender, receiver) = bounded::<Message>(count as usize);
    (0..count).for_each(|n| sender.send([n; 7]).expect("there is room"));
    let start = Instant::now();
    let mut sum = 0;
    for _ in 0..count {
        sum += receiver.try_recv().expect("it is there")[3];
    }
    let time = start.elapsed();
    assert_eq!(sum, count * (count - 1) / 2);
    time.as_nanos() as f64 / count as f64
}

fn channel_shared(count: u64, cores: [core_affinity::CoreId; 2]) -> f64 {
    let (sender, receiver) = bounded::<Message>(count as usize);
    (0..count).for_each(|n| sender.send([n; 7]).expect("there is room"));
    both(count, cores, [receiver.clone(), receiver], |receiver| receiver.try_recv().ok().map(|message| message[3]))
}

/// Lets both take until there is nothing more. Nanoseconds for a message.
fn both<W: Send>(
    count: u64,
    cores: [core_affinity::CoreId; 2],
    workers: [W; 2],
    take: impl Fn(&mut W) -> Option<u64> + Sync,
) -> f64 {
    let barrier = Barrier::new(2);
    let (barrier, take) = (&barrier, &take);
    let taken = thread::scope(|scope| {
        let threads = workers.into_iter().zip(cores).map(|(mut worker, core)| {
            scope.spawn(move || {
                assert!(core_affinity::set_for_current(core), "cannot pin");
                barrier.wait();
                let start = Instant::now();
                let (mut sum, mut empty) = (0, 0);
                let mut last = start;
                while empty < 100 {
                    match take(&mut worker) {
                        Some(message) => sum += message,
                        None => {
                            if empty == 0 {
                                last = Instant::now();
                            }
                            empty += 1;
                        }
                    }
                }
                (sum, last.duration_since(start))
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<(u64, Duration)>>()
    });
    assert_eq!(taken.iter().map(|(sum, _)| sum).sum::<u64>(), count * (count - 1) / 2, "one twice, or never");
    let time = taken.iter().map(|(_, time)| *time).max().unwrap_or_default();
    time.as_nanos() as f64 / count as f64
}
