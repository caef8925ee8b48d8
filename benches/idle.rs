//! What idle consumers take of a core, beside threads that only sleep.
//!
//! The time is the process's own on all cores, as the kernel accounts it, while nothing is produced. Run
//! it on a machine where nothing else runs: cores that others keep busy need no waking up, and the
//! figures are lower then.

use std::time::{Duration, Instant};

use icc_queue::{Park, Queue, QueueSpec, SpinThenSleep, WaitStrategy};
use rustix::time::{ClockId, clock_gettime};

/// Until everybody sleeps as long as they ever will.
const WARM_UP: Duration = Duration::from_secs(2);

/// What this process has taken of all cores.
fn taken() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

/// The share of a core that `count` threads take which idle until the given moment, in percent.
fn share_of(count: usize, (warm_up, measured): (Duration, Duration), idle: impl Fn(Instant) + Sync) -> f64 {
    let until = Instant::now() + warm_up + measured + Duration::from_millis(50);
    std::thread::scope(|scope| {
        (0..count).for_each(|_| _ = scope.spawn(|| idle(until)));
        std::thread::sleep(warm_up);
        let (start, before) = (Instant::now(), taken());
        std::thread::sleep(measured);
        (taken() - before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0
    })
}

/// Waits for a message that does not come.
fn consume(queue: &Queue<u64>, wait: &mut impl WaitStrategy, until: Instant) {
    let none = queue.consumer().consume_timeout(wait, until.saturating_duration_since(Instant::now()));
    assert!(none.is_err(), "nothing was produced");
}

fn sleep(slice: Duration, until: Instant) {
    while Instant::now() < until {
        std::thread::sleep(slice);
    }
}

fn main() {
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let times = if is_trial { (Duration::ZERO, Duration::from_millis(20)) } else { (WARM_UP, Duration::from_secs(4)) };
    let plain = Queue::<u64>::new(8).expect("the capacity is a power of two");
    let wakeable = Queue::<u64>::new(QueueSpec::new(8).wakeable()).expect("the capacity is a power of two");
    // One in each: who produces may be there, and is silent.
    let _producers = (plain.producer().expect("the first"), wakeable.producer().expect("the first"));
    println!("idle threads: percent of a core, all together");
    for count in [1, 10] {
        let rows: [(&str, &(dyn Fn(Instant) + Sync)); 5] = [
            ("sleep of 10 ms", &|until| sleep(Duration::from_millis(10), until)),
            ("SpinThenSleep", &|until| consume(&plain, &mut SpinThenSleep::default(), until)),
            ("sleep of 150 ms", &|until| sleep(Duration::from_millis(150), until)),
            ("sleep of 600 ms", &|until| sleep(Duration::from_millis(600), until)),
            ("Park", &|until| consume(&wakeable, &mut Park::default(), until)),
        ];
        for (name, idle) in rows {
            println!("{count:>3} x {name:<16} {:.3} %", share_of(count, times, idle));
        }
    }
}
