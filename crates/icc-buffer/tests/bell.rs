//! The bell between threads.

use icc_buffer::Bell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any slice of a sleeper.
const LONG: Duration = Duration::from_secs(2);

fn sleeps(bell: &Bell) -> bool {
    format!("{bell:?}").contains("somebody_sleeps: true")
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "waited too long for {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn nothing_to_wait_for() {
    let bell = Bell::private();
    assert!(bell.wait(|| true, None));
    assert!(bell.wait(|| true, Some(Instant::now())), "asked at least once");
    assert!(!bell.wait(|| false, Some(Instant::now())));
    assert!(!sleeps(&bell), "nobody armed it");
    bell.ring();
}

#[test]
fn the_deadline_ends_it_and_leaves_one_call_behind() {
    let bell = Bell::private();
    let start = Instant::now();
    assert!(!bell.wait(|| false, Some(start + Duration::from_millis(20))));
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert!(sleeps(&bell), "what a sleeper that is gone leaves");
    bell.ring();
    assert!(!sleeps(&bell), "is gone after one call");
}

/// Every sleeper is woken by one ring, each time.
#[test]
fn all_are_woken() {
    const ROUNDS: u64 = 50;
    let (bell, published) = (Bell::private(), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    assert!(bell.wait(|| published.load(Ordering::Relaxed) >= round, Some(Instant::now() + 30 * LONG)));
                }
            });
        }
        for round in 1..=ROUNDS {
            thread::sleep(Duration::from_micros(300));
            published.store(round, Ordering::Relaxed);
            bell.ring();
        }
    });
}

/// What is published without a ring, as by a producer that was killed in between, is seen by itself.
#[test]
fn a_ring_that_never_came() {
    let (bell, published) = (Bell::private(), AtomicU64::new(0));
    let deadline = Instant::now() + 30 * LONG;
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let is_there = bell.wait(|| published.load(Ordering::Relaxed) == 1, Some(deadline));
            // Not only since its time was over.
            is_there && Instant::now() < deadline
        });
        until("the sleeper", || sleeps(&bell));
        // Its first, short wait is over.
        thread::sleep(Duration::from_millis(30));
        published.store(1, Ordering::Relaxed);
        until("the end of its slice", || sleeper.is_finished());
        assert!(sleeper.join().unwrap());
    });
}

/// Who is rung for nothing again and again lets time pass, instead of costing each ring a call.
#[test]
fn rung_for_nothing() {
    let (bell, looks) = (Bell::private(), AtomicU64::new(0));
    let end = Instant::now() + Duration::from_millis(100);
    let calls = thread::scope(|scope| {
        scope.spawn(|| {
            let counted = || {
                looks.fetch_add(1, Ordering::Relaxed);
                false
            };
            bell.wait(counted, Some(end))
        });
        let mut calls = 0;
        while Instant::now() < end {
            calls += u64::from(sleeps(&bell));
            bell.ring();
        }
        calls
    });
    // At most eight for each millisecond, and one that is seen twice at times.
    assert!(calls <= 8 * 100 * 2, "{calls} calls in 100 ms");
    assert!(looks.load(Ordering::Relaxed) > 0);
}
