//! Producers that die at each step of producing. Needs a build with `--cfg icc_steps`, as `cargo
//! xtask test` makes one.
#![cfg(all(target_os = "linux", icc_steps, not(icc_loom)))]

mod common;

use common::{Actor, Name, role, until};
use icc_queue::{Consumer, Lost, Mode, Mpmc, Options, Queue, QueueReader, QueueSpec, TryConsumeError};
use std::time::Duration;

type Message = [u64; 24];

/// Messages that the producer completes before the one in which it dies.
const BEFORE: u64 = 5;
/// Numbers that it then leaves out: more than any ring here keeps.
const GAP: u64 = 40;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    if role == "one of one" {
        let mut producer = Queue::<Message>::open(&name, &Options::new()).unwrap().producer().unwrap();
        for n in 0.. {
            producer.produce(&[n; 24]);
        }
    } else if role == "one with gaps" {
        // 0 to 4, then 45, 46, and so on.
        let mut producer = Queue::<Message>::open(&name, &Options::new()).unwrap().producer().unwrap();
        (0..BEFORE).for_each(|n| _ = producer.produce(&[n; 24]));
        for n in BEFORE + GAP.. {
            producer.produce_at(n, &[n; 24]).unwrap();
        }
    } else {
        let mut producer = Queue::<Message, Mpmc>::open(&name, &Options::new()).unwrap().producer().unwrap();
        let count = if role == "ten of many" { 10 } else { u64::MAX };
        (0..count).for_each(|n| _ = producer.produce(&[n; 24]));
    }
}

/// Lets a process produce until it dies at the given step of message `BEFORE`.
fn die<M: Mode>(queue: &Queue<Message, M>, name: &Name, role: &str, step: &str) {
    let mut actor = Actor::start(role, name, &[("ICC_DIE_AT", &format!("{step}:{BEFORE}"))]);
    until("the actor's death", || actor.ended().then_some(()));
    let claims = queue.produced();
    assert!((BEFORE..=BEFORE + 1).contains(&claims), "died at {step} with {claims} counted");
}

fn consume(consumer: &mut Consumer<Message>, n: u64, words: u64) {
    let message = until("a message that is complete", || match consumer.try_consume() {
        Ok(message) => Some(message),
        Err(TryConsumeError::Empty) => None,
        Err(error) => panic!("message {n}: {error}"),
    });
    assert_eq!(message, [words; 24], "message {n}");
    assert_eq!(consumer.next_sequence(), n + 1);
}

/// The next producer takes the dead one's place: nothing is lost, whatever the step.
#[test]
fn one_producer() {
    for (step, completed) in [("marked", BEFORE), ("copied", BEFORE), ("complete", BEFORE + 1)] {
        for capacity in [2, 16] {
            let name = Name::new(&format!("spmc-{step}"));
            let queue = Queue::<Message>::create(&name, capacity, &Options::new()).unwrap();
            let mut consumer = QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer();
            die(&queue, &name, "one of one", step);
            if capacity == 16 {
                (0..completed).for_each(|n| consume(&mut consumer, n, n));
                assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty), "a half-written message was given");
            }
            let mut producer = queue.producer().unwrap();
            assert_eq!(producer.next_sequence(), completed, "died at {step}");
            for n in completed..completed + 40 {
                producer.produce(&[1000 + n; 24]);
                if capacity == 16 {
                    consume(&mut consumer, n, 1000 + n);
                }
            }
            assert_eq!(queue.produced(), completed + 40);
        }
    }
}

/// A producer that dies before, in and after a gap: its successor goes on where it was, and consumers are
/// told of the gap once, whatever the step.
#[test]
fn one_producer_that_leaves_numbers_out() {
    let after = BEFORE + GAP;
    // Where it dies, and the next number then. `left out` comes once, the others with each message.
    let steps = [
        ("complete:4", BEFORE),
        ("left out:0", after),
        ("marked:5", after),
        ("copied:5", after),
        ("complete:5", after + 1),
    ];
    for (step, next) in steps {
        for capacity in [8, 64] {
            let name = Name::new(&format!("gaps-{}", step.replace([' ', ':'], "-")));
            let queue = Queue::<Message>::create(&name, QueueSpec::new(capacity).gaps(), &Options::new()).unwrap();
            let mut consumer = QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer();
            let mut actor = Actor::start("one with gaps", &name, &[("ICC_DIE_AT", step)]);
            until("the actor's death", || actor.ended().then_some(()));
            (0..BEFORE).for_each(|n| consume(&mut consumer, n, n));

            let mut producer = queue.producer().unwrap();
            assert_eq!(producer.next_sequence(), next, "died at {step}");
            // The successor repeats what the dead one was asked for, or goes on.
            for n in next.max(after)..after + 5 {
                producer.produce_at(n, &[n; 24]).unwrap();
            }
            let lost = until("the gap", || match consumer.try_consume() {
                Ok(message) => panic!("died at {step}, and yet gave {message:?}"),
                Err(TryConsumeError::SpedPast(lost)) => Some(lost),
                Err(TryConsumeError::Empty) => None,
            });
            assert_eq!(lost, Lost { first: BEFORE, next: after }, "died at {step}");
            (after..after + 5).for_each(|n| consume(&mut consumer, n, n));
            assert_eq!((consumer.received(), consumer.lost()), (BEFORE + 5, GAP));
        }
    }
}

/// Among many, the message in flight is counted as lost if its ticket was taken, within 10 ms of
/// polling, and others lap its slot.
#[test]
fn many_producers() {
    let steps = [
        ("claiming", None),
        ("claimed", Some(BEFORE)),
        ("held", Some(BEFORE)),
        ("marked", Some(BEFORE)),
        ("copied", Some(BEFORE)),
        ("complete", None),
    ];
    for (step, lost) in steps {
        let name = Name::new(&format!("mpmc-{step}"));
        let queue = Queue::<Message, Mpmc>::create(&name, 16, &Options::new()).unwrap();
        let mut consumer = QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer();
        die(&queue, &name, "one of many", step);
        let completed = if step == "complete" { BEFORE + 1 } else { BEFORE };
        (0..completed).for_each(|n| consume(&mut consumer, n, n));
        if let Some(n) = lost {
            let missed = until("the dead one's message to be given up", || match consumer.try_consume() {
                Ok(message) => panic!("died at {step}, and yet gave {message:?}"),
                Err(TryConsumeError::SpedPast(lost)) => Some(lost),
                Err(_) => {
                    std::thread::sleep(Duration::from_micros(50));
                    None
                }
            });
            assert_eq!(missed, Lost { first: n, next: n + 1 }, "died at {step}");
        }
        let mut producer = queue.producer().unwrap();
        let start = queue.produced();
        assert_eq!(start, consumer.next_sequence());
        // Three laps: over the slot that the dead one left.
        for n in start..start + 48 {
            assert_eq!(producer.produce(&[1000 + n; 24]), n);
            consume(&mut consumer, n, 1000 + n);
        }
    }
}

/// Several die at the same slot, a lap apart, each waiting behind the one before: the last one
/// takes over.
#[test]
fn many_producers_dead_in_one_slot() {
    let name = Name::new("mpmc-pile");
    let queue = Queue::<Message, Mpmc>::create(&name, 2, &Options::new()).unwrap();
    for round in 0..6 {
        let mut actor = Actor::start("one of many", &name, &[("ICC_DIE_AT", &format!("held:{round}"))]);
        until("the actor's death", || actor.ended().then_some(()));
    }
    let mut consumer = queue.consumer();
    let mut producer = queue.producer().unwrap();
    for _ in 0..6 {
        let n = producer.produce(&[7; 24]);
        consume(&mut consumer, n, 7);
    }
}

/// A producer that is stopped in the middle of a message is alive: nobody takes its place, however
/// long it is. Others wait behind it, and when it continues, every message is whole.
#[test]
fn a_producer_stopped_in_the_middle_is_waited_for() {
    let stopped_for = match std::env::var("ICC_TORTURE_SECONDS") {
        Ok(_) => Duration::from_secs(10),
        Err(_) => Duration::from_millis(500),
    };
    for step in ["claimed", "held", "marked", "copied", "complete"] {
        let name = Name::new(&format!("mpmc-stop-{step}"));
        let queue = Queue::<Message, Mpmc>::create(&name, 4, &Options::new()).unwrap();
        let mut consumer = QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer();
        let mut other = queue.producer().unwrap();
        let mut actor = Actor::start("ten of many", &name, &[("ICC_STOP_AT", &format!("{step}:2"))]);
        let complete = if step == "complete" { 3 } else { 2 };
        (0..complete).for_each(|n| consume(&mut consumer, n, n));
        // Its ticket is taken, and it is not there.
        until("the third message's ticket", || (queue.produced() == 3).then_some(()));
        std::thread::scope(|scope| {
            let producing = scope.spawn(move || (0..6).for_each(|k| _ = other.produce(&[100 + k; 24])));
            std::thread::sleep(stopped_for);
            if step != "complete" {
                for _ in 0..100_000 {
                    let found = consumer.try_consume().map(|message| message[0]);
                    assert_eq!(found, Err(TryConsumeError::Empty), "stopped at {step}, given up or given away");
                }
                assert!(!producing.is_finished(), "stopped at {step}, and lapped");
            }
            let running = std::process::Command::new("kill").args(["-CONT", &actor.0.id().to_string()]).status();
            assert!(running.unwrap().success());
        });
        until("the actor's end", || actor.ended().then_some(()));
        assert_eq!(queue.produced(), 16);
        until("the last message", || {
            match consumer.try_consume() {
                Ok(message) => assert!(message.iter().all(|&word| word == message[0]), "mixed: {message:?}"),
                Err(TryConsumeError::Empty | TryConsumeError::SpedPast(_)) => {}
            }
            (consumer.next_sequence() == 16).then_some(())
        });
    }
}

/// One after another dies between completing a message and counting it: each successor counts what
/// the one before could not.
#[test]
fn successors_that_die_before_they_count() {
    let name = Name::new("spmc-uncounted");
    let queue = Queue::<Message>::create(&name, 16, &Options::new()).unwrap();
    let mut consumer = queue.consumer();
    for n in 0..4 {
        let mut actor = Actor::start("one of one", &name, &[("ICC_DIE_AT", "complete:0")]);
        until("the actor's death", || actor.ended().then_some(()));
        consume(&mut consumer, n, 0);
    }
    assert_eq!(queue.producer().unwrap().next_sequence(), 4, "a complete message would be written again");
}
