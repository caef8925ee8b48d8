//! Sleepers on systems that refuse what they sleep with. The refusals are real: filters of system
//! calls in processes of their own.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Name, spec};
use icc_buffer::{Bell, Buffer, Notifier, Options, Owner, Packed, ReadOnlyBuffer, WaitSet, Waitable};
use icc_testing::{Actor, Call, refuse, role, wait_until};
use nix::unistd::{Uid, geteuid, setuid};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long an idle sleeper is watched.
const IDLE: Duration = Duration::from_millis(500);
/// How often one sleeps in that time that is to be woken: for ten milliseconds, then for 150 each.
const WOKEN: RangeInclusive<u64> = 1..=12;
/// One that looks by itself, after 50 microseconds and then ever more seldom: every 10 ms in the end.
const BY_ITSELF: RangeInclusive<u64> = 20..=80;

/// How often this thread gave up its core of its own accord while it did this.
fn sleeps_in(idle: impl FnOnce()) -> u64 {
    let count = || {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    };
    let before = count();
    idle();
    count() - before
}

fn idle_at(bell: &Bell) -> u64 {
    sleeps_in(|| assert!(!bell.wait(|| false, Some(Instant::now() + IDLE))))
}

fn idle_in_a_set(sources: &mut [&mut dyn Waitable]) -> u64 {
    sleeps_in(|| assert!(WaitSet::new().wait(sources, Some(IDLE)).unwrap().is_empty()))
}

fn somebody_sleeps(bell: &Bell) -> bool {
    format!("{bell:?}").contains("somebody_sleeps: true")
}

/// What another thread publishes while this one sleeps is found, each time.
fn finds_what_is_published(rounds: u64) {
    let (bell, published) = (Bell::private(), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=rounds {
                wait_until("the sleeper", || somebody_sleeps(&bell));
                published.store(round, Ordering::Release);
                bell.ring();
            }
        });
        (1..=rounds).for_each(|round| assert!(bell.wait(|| published.load(Ordering::Acquire) >= round, None)));
    });
}

#[test]
fn actor() {
    let Some((role, path)) = role() else { return };
    let idle = |bell: &Bell, expected: RangeInclusive<u64>| {
        let sleeps = idle_at(bell);
        assert!(expected.contains(&sleeps), "{role}: {sleeps} sleeps");
    };
    let bell = Bell::private();
    let call = match role.as_str() {
        "futex" => Call::Futex,
        "futex_waitv" => Call::FutexWaitv,
        "membarrier" => Call::Membarrier,
        "wake" => Call::FutexWakeOp,
        "read-only" => {
            setuid(Uid::from_raw(65534)).unwrap();
            let buffer =
                ReadOnlyBuffer::<u64>::open(&path, common::expected(4), &Options::new().owner(Owner::Anyone)).unwrap();
            let bell = buffer.bell().expect("it may read the file");
            idle(bell, BY_ITSELF);
            assert!(!somebody_sleeps(bell), "it cannot say so");
            let slot = buffer.slot(0).unwrap();
            return assert!(bell.wait(|| slot.version() > 0, None));
        }
        other => panic!("no role {other}"),
    };
    idle(&bell, WOKEN);
    if !refuse(call) {
        return eprintln!("skipped: the system has no filters of calls");
    }
    match call {
        Call::FutexWaitv => {
            let (mut one, mut other) = (Notifier::new(), Notifier::new());
            // Alone it needs no such call.
            let sleeps = idle_in_a_set(&mut [&mut one]);
            assert!(WOKEN.contains(&sleeps), "{sleeps} sleeps");
            let sleeps = idle_in_a_set(&mut [&mut one, &mut other]);
            assert!(BY_ITSELF.contains(&sleeps), "{sleeps} sleeps");
            let notifier = other.clone();
            let thread = thread::spawn(move || notifier.notify());
            assert!(WaitSet::new().wait(&mut [&mut one, &mut other], None).unwrap().contains(1));
            thread.join().unwrap();
        }
        Call::Membarrier => {
            idle(&bell, BY_ITSELF);
            finds_what_is_published(500);
        }
        // It sleeps as ever, and is up when its slice is over.
        Call::FutexWakeOp => finds_what_is_published(5),
        Call::Futex => {
            idle(&bell, BY_ITSELF);
            // The standard library needs the call to end a thread: none here, and this one ends with its
            // process.
            let mut looks = 0;
            let ready = || {
                looks += 1;
                looks > 20
            };
            assert!(bell.wait(ready, None));
            std::process::exit(0);
        }
    }
}

fn plays(role: &str) {
    Actor::start(role, "", &[]).succeeds();
}

#[test]
fn a_kernel_without_waits_at_several_words() {
    plays("futex_waitv");
}

#[test]
fn a_kernel_without_barriers() {
    plays("membarrier");
}

#[test]
fn a_kernel_that_wakes_nobody() {
    plays("wake");
}

#[test]
fn a_kernel_without_futexes() {
    plays("futex");
}

#[test]
fn a_readers_file_that_may_only_be_read() {
    if !geteuid().is_root() {
        return eprintln!("skipped: it needs root");
    }
    let directory = Name::directory("refused");
    let path = directory.path().join("buffer");
    let options = Options::new().mode(0o644).readers_mode(0o644);
    let buffer = Buffer::<u64, Packed>::create(&path, spec(4).wakeable(), &options).unwrap();
    let mut actor = Actor::start("read-only", &path, &[]);
    thread::sleep(3 * IDLE / 2);
    buffer.slot(0).unwrap().write(&7);
    buffer.bell().unwrap().ring();
    actor.succeeds();
}
