//! A thread of high priority that waits for one of low priority on its own core sleeps, so that the
//! other can go on. Without that, only the kernel's throttling would end it, after a second.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_queue::{Mpmc, Queue};
use icc_seqlock::Seqlock;
use icc_testing::SetOnDrop;
use nix::libc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough that a preemption often falls into a copy.
type Message = [u64; 1024];

/// How often the urgent thread interrupts the other.
const ROUNDS: usize = 500;

/// Keeps the calling thread on one core, the last it may use.
fn pin() {
    // SAFETY: both calls are given a set of their own and its size.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        let last = (0..libc::CPU_SETSIZE as usize).rfind(|&core| libc::CPU_ISSET(core, &set)).unwrap();
        libc::CPU_ZERO(&mut set);
        libc::CPU_SET(last, &mut set);
        assert_eq!(libc::sched_setaffinity(0, size_of_val(&set), &set), 0);
    }
}

/// Gives the calling thread a real-time priority, if the system lets it.
fn become_urgent() -> bool {
    let priority = libc::sched_param { sched_priority: 1 };
    // SAFETY: given a valid parameter, and this thread alone.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &priority) == 0 }
}

/// Runs `work` over and over, and `urgent` now and then on the same core; says how long one of the
/// latter took at most. None where there are no real-time priorities.
fn longest(work: impl FnMut() + Send, mut urgent: impl FnMut() + Send) -> Option<Duration> {
    let done = AtomicBool::new(false);
    let mut work = work;
    thread::scope(|scope| {
        scope.spawn(|| {
            pin();
            while !done.load(Ordering::Relaxed) {
                work();
            }
        });
        let longest = scope.spawn(|| {
            pin();
            if !become_urgent() {
                eprintln!("skipped: no permission for a real-time priority");
                return None;
            }
            let mut longest = Duration::ZERO;
            for _ in 0..ROUNDS {
                thread::sleep(Duration::from_micros(200));
                let start = Instant::now();
                urgent();
                longest = longest.max(start.elapsed());
                if longest > BOUND {
                    break;
                }
            }
            Some(longest)
        });
        let _ends = SetOnDrop(&done);
        longest.join().unwrap()
    })
}

/// Less than throttling takes, which lets a thread of high priority run for 0.95 s, and more than a busy machine needs.
const BOUND: Duration = Duration::from_millis(800);

#[test]
fn a_reader_of_high_priority_lets_the_writer_finish() {
    let cell = Seqlock::new([0; 1024]);
    let mut value: Message = [0; 1024];
    let mut n = 0;
    let longest = longest(
        || {
            n += 1;
            cell.write(&[n; 1024]);
        },
        || {
            cell.read_into(&mut value);
            assert!(value.iter().all(|&word| word == value[0]), "torn");
        },
    );
    assert!(longest.is_none_or(|longest| longest < BOUND), "{longest:?}");
}

#[test]
fn a_producer_of_high_priority_lets_its_peer_finish() {
    let queue = Queue::<Message, Mpmc>::new(2).unwrap();
    let (mut slow, mut urgent) = (queue.producer().unwrap(), queue.producer().unwrap());
    let longest = longest(|| _ = slow.produce(&[1; 1024]), || (0..2).for_each(|_| _ = urgent.produce(&[2; 1024])));
    assert!(longest.is_none_or(|longest| longest < BOUND), "{longest:?}");
}
