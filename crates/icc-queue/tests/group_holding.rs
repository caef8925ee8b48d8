//! Groups of holding queues: nothing is lost for as long as one worker lives.

#![cfg(not(icc_loom))]

use icc_queue::{Evict, GroupStart, Mode, Mpmc, Queue, QueueSpec, Spmc, TryClaimError, TryProduceError};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// A producer at full speed, and workers that come and go.
fn nothing_is_lost<M: Mode>(capacity: usize) {
    let count = if cfg!(miri) { 100 } else { 60_000 };
    let queue = Queue::<u64, M>::new(QueueSpec::new(capacity).holding(Evict::Never).group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let (handled, lost) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut producer = queue.producer().unwrap();
    // One that is always there.
    let first = group.worker_from(GroupStart::Newest).unwrap();
    assert!(first.holds());
    let work = |mut worker: icc_queue::Worker<u64>, most: u64| {
        let mut sum = 0_u64;
        for claimed in 0..most {
            if handled.load(Relaxed) >= count {
                break;
            }
            match worker.try_claim() {
                Ok(claim) if (*claim + claimed).is_multiple_of(50) && claim.deliveries() == 1 => claim.give_back(),
                Ok(claim) => {
                    sum = sum.wrapping_add(*claim + 1);
                    claim.done();
                    handled.fetch_add(1, Relaxed);
                }
                Err(TryClaimError::Empty) => thread::yield_now(),
                Err(_) => _ = lost.fetch_add(1, Relaxed),
            }
        }
        sum
    };
    let sum = thread::scope(|scope| {
        let work = &work;
        let threads = [
            scope.spawn(move || work(first, u64::MAX)),
            scope.spawn(|| (0..40).fold(0, |sum: u64, _| sum.wrapping_add(work(group.worker().unwrap(), 500)))),
        ];
        (0..count).for_each(|n| assert_eq!(producer.produce(&n), n));
        threads.into_iter().fold(0, |sum: u64, thread| sum.wrapping_add(thread.join().unwrap()))
    });
    assert_eq!((lost.load(Relaxed), handled.load(Relaxed)), (0, count));
    assert_eq!(sum, count * (count + 1) / 2);
    let status = group.status().unwrap();
    assert_eq!((status.handled, status.lost, status.waiting), (count, 0, 0));
}

#[test]
fn nothing_is_lost_from_one_producer() {
    nothing_is_lost::<Spmc>(4);
    nothing_is_lost::<Spmc>(1024);
}

#[test]
fn nothing_is_lost_from_many_producers() {
    nothing_is_lost::<Mpmc>(64);
}

/// The oldest message that is not settled is what counts, whoever has it, and not where the others are.
#[test]
fn a_message_in_the_hand_holds() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).holding(Evict::Never).group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let (mut slow, mut quick) = (group.worker().unwrap(), group.worker().unwrap());
    let mut producer = queue.producer().unwrap();
    producer.produce(&0);
    let claim = slow.try_claim().unwrap();
    (1..4).for_each(|n| _ = producer.produce(&n));
    for n in 1..4 {
        let claim = quick.try_claim().unwrap();
        assert_eq!(*claim, n);
        claim.done();
    }
    assert_eq!(quick.try_claim().unwrap_err(), TryClaimError::Empty);
    assert!(matches!(producer.try_produce(&4), Err(TryProduceError::Full { behind: 4, .. })));
    claim.done();
    for worker in [&mut quick, &mut slow] {
        assert_eq!(worker.try_claim().unwrap_err(), TryClaimError::Empty);
    }
    assert_eq!(producer.try_produce(&4), Ok(4));
}

/// It holds as long as one lives, and no longer.
#[test]
fn the_last_worker_ends_it() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).holding(Evict::Never).group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let (one, other) = (group.worker().unwrap(), group.worker().unwrap());
    let mut producer = queue.producer().unwrap();
    (0..4).for_each(|n| _ = producer.produce(&n));
    drop(one);
    assert!(producer.try_produce(&4).is_err());
    drop(other);
    (4..9).for_each(|n| _ = producer.produce(&n));
    assert_eq!(rest(&mut group.worker().unwrap()), (4, 5), "told to the next");
}

/// Whoever joins holds what was not settled before, also when it is the only one left.
#[test]
fn whoever_joins_holds_what_is_not_settled() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).holding(Evict::Never).group("g")).unwrap();
    let group = queue.group("g").unwrap();
    let one = group.worker().unwrap();
    let mut producer = queue.producer().unwrap();
    (0..4).for_each(|n| _ = producer.produce(&n));
    let mut other = group.worker().unwrap();
    drop(one);
    assert!(matches!(producer.try_produce(&4), Err(TryProduceError::Full { behind: 4, .. })));
    assert_eq!(rest(&mut other), (4, 0));
    assert_eq!(producer.try_produce(&4), Ok(4));
}

/// How many are handled, and how many were lost.
fn rest(worker: &mut icc_queue::Worker<u64>) -> (u64, u64) {
    let (mut handled, mut lost) = (0, 0);
    loop {
        match worker.try_claim() {
            Ok(claim) => {
                claim.done();
                handled += 1;
            }
            Err(TryClaimError::SpedPast(missed)) => lost += missed.count,
            Err(_) => return (handled, lost),
        }
    }
}

/// One that is too slow is evicted, and what is lost is told.
#[test]
fn eviction_is_told() {
    let policy = Evict::After(Duration::from_millis(5));
    let queue = Queue::<u64>::new(QueueSpec::new(4).holding(policy).group("g")).unwrap();
    let mut worker = queue.group("g").unwrap().worker().unwrap();
    let mut producer = queue.producer().unwrap();
    (0..6).for_each(|n| _ = producer.produce(&n));
    assert!(!worker.holds());
    assert_eq!(rest(&mut worker), (4, 2));
}

/// A message that is given back while a producer waits with the ticket that is to overwrite it: it is the
/// oldest that there is, although the ticket is counted.
#[test]
fn what_a_waiting_ticket_would_overwrite_can_be_given_back() {
    let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(4).holding(Evict::Never).group("g")).unwrap();
    let mut worker = queue.group("g").unwrap().worker_from(GroupStart::Newest).unwrap();
    let mut producer = queue.producer().unwrap();
    (0..4).for_each(|n| _ = producer.produce(&n));
    let waiting = thread::spawn(move || producer.produce(&4));
    while queue.produced() != 5 {
        thread::yield_now();
    }
    worker.try_claim().unwrap().give_back();
    for n in 0..4 {
        let claim = worker.try_claim().expect("it was given back");
        assert_eq!((*claim, claim.deliveries()), (n, if n == 0 { 2 } else { 1 }));
        claim.done();
    }
    assert!(matches!(worker.try_claim(), Ok(_) | Err(TryClaimError::Empty)));
    assert_eq!(waiting.join().unwrap(), 4);
}
