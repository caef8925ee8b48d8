//! Consumers that end when the producers are gone.

#![cfg(not(icc_loom))]

use icc_queue::{
    BusySpin, ConsumeError, Lost, Mode, Mpmc, Park, Queue, QueueSpec, Recovery, SpinThenSleep, SpinThenYield, Spmc,
    WaitStrategy,
};
use icc_testing::wait_until;
use std::thread::{scope, sleep, spawn};
use std::time::Duration;

fn strategies() -> [Box<dyn WaitStrategy>; 5] {
    let sleepy = SpinThenSleep::new(0, Duration::from_millis(1));
    [
        Box::new(BusySpin),
        Box::new(SpinThenYield::default()),
        Box::new(sleepy),
        Box::new(Park::default()),
        Box::new(Park::new(Duration::ZERO)),
    ]
}

/// All that was produced is given, and then the end; also to one that sleeps at the bell.
fn ends<M: Mode>() {
    for spec in [QueueSpec::new(64), QueueSpec::new(64).wakeable().seen()] {
        for mut wait in strategies() {
            let queue = Queue::<u64, M>::new(spec).unwrap();
            let (mut one, mut other) = (queue.consumer(), queue.consumer());
            let mut producer = queue.producer().unwrap();
            scope(|scope| {
                scope.spawn(move || {
                    for n in 0..40 {
                        producer.produce(&n);
                        if n % 20 == 0 {
                            sleep(Duration::from_millis(5));
                        }
                    }
                });
                let all: Vec<_> = one.until_gone(&mut wait).collect();
                assert_eq!(all, (0..40).map(Ok).collect::<Vec<_>>());
            });
            assert_eq!(one.consume_until_gone(&mut wait), Err(ConsumeError::ProducersGone));
            assert_eq!(other.consume_until_gone(&mut wait), Ok(0));
            // Another producer may come.
            queue.producer().unwrap().produce(&7);
            assert_eq!(one.consume_until_gone(&mut wait), Ok(7));
            assert_eq!(one.next_sequence(), 41);
        }
    }
}

#[test]
fn it_ends_after_the_last_message() {
    ends::<Spmc>();
    ends::<Mpmc>();
}

/// Whether a consumer that waits has not ended after a while; then `end` must end it.
fn waits<M: Mode>(queue: &Queue<u64, M>, end: impl FnOnce()) {
    let mut consumer = queue.consumer();
    // Of no scope: one that never ends must not keep the test from failing.
    let waiting = spawn(move || consumer.consume_until_gone(&mut SpinThenSleep::default()));
    sleep(Duration::from_millis(200));
    assert!(!waiting.is_finished(), "it ended");
    end();
    wait_until("it ends", || waiting.is_finished());
    assert_eq!(waiting.join().unwrap(), Err(ConsumeError::ProducersGone));
}

fn waits_for_a_silent_one_and_for_the_first<M: Mode>() {
    // A producer that says nothing lives.
    let queue = Queue::<u64, M>::new(64).unwrap();
    let mut silent = Some(queue.producer().unwrap());
    waits(&queue, || silent = None);
    // One that met a producer has an end, although nothing was produced. Another has not.
    let queue = Queue::<u64, M>::new(64).unwrap();
    waits(&queue, || {
        let mut first = queue.producer().unwrap();
        sleep(Duration::from_millis(150));
        let _ = &mut first;
    });
    // A queue whose numbers begin elsewhere has had no producer either.
    let queue = Queue::<u64, M>::new(QueueSpec::new(64).starting_at(1_000)).unwrap();
    waits(&queue, || {
        let _first = queue.producer().unwrap();
        sleep(Duration::from_millis(150));
    });
}

#[test]
fn it_waits_for_a_silent_producer_and_for_the_first() {
    waits_for_a_silent_one_and_for_the_first::<Spmc>();
    waits_for_a_silent_one_and_for_the_first::<Mpmc>();
}

/// The second of many lives: the queue is not at its end.
#[test]
fn all_producers_count() {
    let queue = Queue::<u64, Mpmc>::new(64).unwrap();
    let mut all: Vec<_> = (0..3).map(|_| queue.producer().unwrap()).collect();
    all[0].produce(&0);
    drop(all.drain(..2));
    waits(&queue, || all.clear());
}

/// Losses are given first; a consumer that stopped at one never comes to the end.
#[test]
fn losses_come_before_the_end() {
    let queue = Queue::<u64>::new(4).unwrap();
    let (mut one, mut stopped) = (queue.consumer(), queue.consumer().with_recovery(Recovery::Stop));
    let mut producer = queue.producer().unwrap();
    (0..6).for_each(|n| _ = producer.produce(&n));
    drop(producer);
    let lost = Lost { first: 0, next: 2 };
    assert_eq!(one.until_gone(&mut BusySpin).collect::<Vec<_>>(), [Err(lost), Ok(2), Ok(3), Ok(4), Ok(5)]);
    for _ in 0..3 {
        assert_eq!(stopped.consume_until_gone(&mut BusySpin), Err(ConsumeError::SpedPast(lost)));
    }
    stopped.resume();
    assert_eq!(stopped.until_gone(&mut BusySpin).count(), 4);
}

/// A seen consumer shows where it is before it waits, and at the end.
#[test]
fn a_seen_one_ends_too() {
    let queue = Queue::<u64>::new(QueueSpec::new(64).seen()).unwrap();
    let mut consumer = queue.consumer().seen_as("x").unwrap();
    let mut producer = queue.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&n));
    drop(producer);
    assert_eq!(consumer.until_gone(&mut BusySpin).collect::<Vec<_>>(), [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
    assert_eq!(queue.readers().unwrap()[0].cursor, 5);
}
