//! Sleepers and producers that die at each step of sleeping and waking. Needs a build with `--cfg
//! icc_steps`, as `cargo xtask test` makes one.
//!
//! With `ICC_TORTURE_SECONDS` in the environment, a hundred of each.

#![cfg(all(target_os = "linux", icc_steps, not(icc_loom)))]

mod common;

use common::{Actor, Name, role, until};
use icc_queue::{Lost, Mode, Mpmc, Options, Park, Queue, QueueReader, QueueSpec, Spmc};
use icc_testing::{torture, wait_until};
use std::thread;
use std::time::Duration;

/// Messages that a producer that dies completes before.
const BEFORE: u64 = 2;

fn at_once() -> Park {
    Park::new(Duration::ZERO)
}

fn times() -> u32 {
    if torture().is_some() { 100 } else { 2 }
}

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "sleep" => {
            let mut consumer = QueueReader::<u64>::open(&name, &Options::new()).unwrap().consumer();
            _ = consumer.consume(&mut at_once());
        }
        "one of one" => produce(Queue::<u64>::open(&name, &Options::new()).unwrap()),
        "one of many" => produce(Queue::<u64, Mpmc>::open(&name, &Options::new()).unwrap()),
        other => panic!("no role {other}"),
    }
}

/// Each message only when the consumer sleeps, so that it is rung for.
fn produce<M: Mode>(queue: Queue<u64, M>) {
    let mut producer = queue.producer().unwrap();
    for n in 0.. {
        wait_until("the consumer sleeps", || somebody_sleeps(&queue));
        producer.produce(&n);
    }
}

fn somebody_sleeps<T>(queue: &QueueReader<T>) -> bool {
    format!("{:?}", queue.bell().expect("it is wakeable")).contains("somebody_sleeps: true")
}

fn create<M: Mode>(name: &Name) -> Queue<u64, M> {
    Queue::create(name.path().join("queue"), QueueSpec::new(8).wakeable(), &Options::new()).unwrap()
}

/// A sleeper that dies costs the next producer one call, and then nothing: the word that producers
/// look at is even again.
#[test]
fn a_sleeper_that_dies_leaves_one_spare_call() {
    for step in ["armed", "looks", "sleeps"] {
        for _ in 0..times() {
            let directory = Name::directory(&format!("wake-sleeper-{step}"));
            let queue = create::<Mpmc>(&directory);
            let (mut one, mut other) = (queue.producer().unwrap(), queue.producer().unwrap());
            let path = directory.path().join("queue");
            let mut sleeper = Actor::start("sleep", path, &[("ICC_DIE_AT", &format!("{step}:0"))]);
            until("the sleeper's death", || sleeper.ended().then_some(()));
            assert!(somebody_sleeps(&queue), "it died at {step} before it said so");
            one.produce(&1);
            assert!(!somebody_sleeps(&queue), "{step}: the second producer pays as well");
            let before = format!("{:?}", queue.bell());
            other.produce(&2);
            one.produce(&3);
            assert_eq!(format!("{:?}", queue.bell()), before, "{step}");
            // And it is in nobody's way.
            let mut consumer = queue.consumer();
            thread::scope(|scope| {
                let slept = scope.spawn(move || consumer.consume(&mut at_once()));
                wait_until("the next consumer sleeps", || somebody_sleeps(&queue));
                one.produce(&4);
                assert!(!somebody_sleeps(&queue));
                assert_eq!(slept.join().unwrap(), Ok(4));
            });
        }
    }
}

/// A consumer sleeps through a producer's death at a step of the message `BEFORE`, which comes if it
/// is complete; then the next producer wakes it.
fn die<M: Mode>(role: &str, step: &str, expected: &[Result<u64, Lost>]) {
    for _ in 0..times() {
        let directory = Name::directory(&format!("wake-producer-{step}"));
        let queue = create::<M>(&directory);
        let mut consumer = QueueReader::<u64>::open(queue.path().unwrap(), &Options::new()).unwrap().consumer();
        let expected = expected.to_vec();
        thread::scope(|scope| {
            let sleeper = scope.spawn(move || {
                (0..BEFORE).for_each(|n| assert_eq!(consumer.consume(&mut at_once()), Ok(n)));
                for expected in expected {
                    assert_eq!(consumer.consume(&mut at_once()), expected);
                }
                assert_eq!(consumer.consume(&mut at_once()), Ok(77));
            });
            let path = queue.path().unwrap();
            let mut actor = Actor::start(role, path, &[("ICC_DIE_AT", &format!("{step}:{BEFORE}"))]);
            until("the producer's death", || actor.ended().then_some(()));
            let mut next = queue.producer_within(Duration::from_secs(60)).unwrap();
            wait_until("the consumer got what was there", || {
                queue.produced() == BEFORE || sleeper.is_finished() || somebody_sleeps(&queue)
            });
            next.produce(&77);
            until("the sleeper's end", || sleeper.is_finished().then_some(()));
        });
    }
}

#[test]
fn one_producer_that_dies_strands_nobody() {
    for (step, complete) in [("marked", false), ("copied", false), ("complete", true)] {
        let there: &[_] = if complete { &[Ok(BEFORE)] } else { &[] };
        die::<Spmc>("one of one", step, there);
    }
    // A ring that the consumer did not need is passed, too.
    for step in ["rings", "rung"] {
        die::<Spmc>("one of one", step, &[Ok(BEFORE)]);
    }
}

#[test]
fn one_of_many_producers_that_dies_strands_nobody() {
    let lost = [Err(Lost { first: BEFORE, next: BEFORE + 1 })];
    for step in ["claimed", "held", "marked", "copied"] {
        die::<Mpmc>("one of many", step, &lost);
    }
    for step in ["complete", "rings", "rung"] {
        die::<Mpmc>("one of many", step, &[Ok(BEFORE)]);
    }
}
