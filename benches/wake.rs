//! What waking costs the thread that wakes, by how many sleep: beside a system call that wakes as many
//! at a bare futex.
//!
//! The sleepers are all on another core than the thread that wakes them.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
#[allow(clippy::disallowed_types, reason = "these count for the bench, and are what it compares with")]
use std::sync::atomic::{AtomicU32, AtomicUsize};
use std::time::{Duration, Instant};

use core_affinity::CoreId;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use icc_queue::{Park, Queue, QueueSpec};
use rustix::thread::futex::{self, Flags};
use rustix::thread::gettid;

/// How many sleep.
const SLEEPERS: [usize; 3] = [1, 8, 64];

/// What sleepers wait for at last.
const END: u32 = u32::MAX;

/// Whether this thread sleeps in the kernel.
fn sleeps(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    // After the name, which is in parentheses and may hold anything.
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
}

/// The time that `wake` takes for the next number, while `sleepers` threads on `core` wait for another
/// number than the last, which is what `wait` does.
#[allow(clippy::disallowed_types, reason = "as above")]
fn time_of<W: FnMut(u32) -> u32>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (sleepers, core): (usize, CoreId),
    mut wake: impl FnMut(u32),
    wait: impl Fn() -> W + Sync,
) {
    let (awake, started) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..sleepers {
            scope.spawn(|| {
                assert!(core_affinity::set_for_current(core), "a thread can be pinned");
                let (mut wait, mut number) = (wait(), 0);
                started.lock().unwrap().push(gettid().as_raw_nonzero().get());
                while number != END {
                    number = wait(number);
                    awake.fetch_add(1, Release);
                }
            });
        }
        while started.lock().unwrap().len() < sleepers {
            std::thread::yield_now();
        }
        let threads = started.lock().unwrap().clone();
        let mut number = 0;
        group.bench_function(BenchmarkId::new(name, sleepers), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut time = Duration::ZERO;
                for _ in 0..iterations {
                    number += 1;
                    while !threads.iter().all(|&thread| sleeps(thread)) {
                        std::hint::spin_loop();
                    }
                    awake.store(0, Relaxed);
                    let start = Instant::now();
                    wake(number);
                    time += start.elapsed();
                    while awake.load(Acquire) < sleepers {
                        std::hint::spin_loop();
                    }
                }
                time
            });
        });
        wake(END);
    });
}

#[allow(clippy::disallowed_types, reason = "a bare atomic is what this compares with")]
fn bare(group: &mut BenchmarkGroup<'_, WallTime>, sleepers: (usize, CoreId)) {
    let word = AtomicU32::new(0);
    let wake = |number| {
        word.store(number, Release);
        futex::wake(&word, Flags::PRIVATE, i32::MAX.cast_unsigned()).expect("the word is mapped");
    };
    let wait = || {
        |last| loop {
            let found = word.load(Acquire);
            if found != last {
                return found;
            }
            // Whatever ends it, the word says what to do.
            let _ = futex::wait(&word, Flags::PRIVATE, last, None);
        }
    };
    time_of(group, "bare futex", sleepers, wake, wait);
}

fn produce(group: &mut BenchmarkGroup<'_, WallTime>, sleepers: (usize, CoreId)) {
    let queue = Queue::<u32>::new(QueueSpec::new(1024).wakeable()).expect("the capacity is a power of two");
    let mut producer = queue.producer().expect("there is no other producer");
    let wake = |number| _ = producer.produce(&number);
    let wait = || {
        let mut consumer = queue.consumer();
        move |_| consumer.consume(&mut Park::new(Duration::ZERO)).expect("one message is under way at a time")
    };
    time_of(group, "produce", sleepers, wake, wait);
}

fn wake(criterion: &mut Criterion) {
    let cores = core_affinity::get_core_ids().expect("the system tells its cores");
    let [first, .., last] = cores[..] else { return eprintln!("skipped: this needs two cores") };
    assert!(core_affinity::set_for_current(first), "a thread can be pinned");
    let mut group = criterion.benchmark_group("wake");
    // Each takes as long as the sleepers take to fall asleep again.
    group.sample_size(20).measurement_time(Duration::from_secs(6));
    for sleepers in SLEEPERS {
        bare(&mut group, (sleepers, last));
        produce(&mut group, (sleepers, last));
    }
}

criterion_group! { name = benches; config = Criterion::default().configure_from_args(); targets = wake }
criterion_main!(benches);
