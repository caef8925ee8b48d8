//! Producers that die at each step of each slot of a message. Needs a build with `--cfg icc_steps`, as `cargo
//! xtask test` makes one.
#![cfg(all(target_os = "linux", icc_steps, not(icc_loom)))]

mod common;

use common::{Actor, Name, role, until};
use icc_queue::bytes::{BytesConsumer, BytesLost, BytesQueue, BytesQueueReader, TryConsumeError};
use icc_queue::{Lost, Mode, Mpmc, Options, QueueSpec, Spmc};
use std::time::Duration;

/// Messages of one slot before the first of several.
const BEFORE: u64 = 2;
/// Slots of those.
const SLOTS: u64 = 4;
/// What a slot has room for.
const ROOM: usize = 32;

/// Message `n` of the producer that dies, or of its successor.
fn message(n: u64) -> Vec<u8> {
    vec![n as u8 + 1; if n < BEFORE { 5 } else { SLOTS as usize * ROOM - 3 }]
}

fn spec() -> QueueSpec {
    QueueSpec::new(16).slot_size(64)
}

fn produce_for_ever<M: Mode>(name: &std::path::Path) {
    let mut producer = BytesQueue::<M>::open(name, &Options::new()).unwrap().producer().unwrap();
    for n in 0.. {
        producer.produce(&message(n)).unwrap();
    }
}

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    if role == "one of one" { produce_for_ever::<Spmc>(&name) } else { produce_for_ever::<Mpmc>(&name) }
}

/// A queue whose producer died there, and a consumer of it from the beginning.
fn died<M: Mode>(role: &str, at: &str) -> (Name, BytesQueue<M>, BytesConsumer) {
    let name = Name::new(&format!("bytes-{}", at.replace(':', "-")));
    let queue = BytesQueue::<M>::create(&name, spec(), &Options::new()).unwrap();
    let mut consumer = BytesQueueReader::open(&name, &Options::new()).unwrap().consumer();
    let mut actor = Actor::start(role, &name, &[("ICC_DIE_AT", at)]);
    until("the actor's death", || actor.ended().then_some(()));
    (0..BEFORE).for_each(|n| consume(&mut consumer, &message(n)));
    (name, queue, consumer)
}

fn next(consumer: &mut BytesConsumer) -> Result<Vec<u8>, BytesLost> {
    let mut out = Vec::new();
    until("a message or a loss", || match consumer.try_consume_into(&mut out) {
        Ok(_) => Some(Ok(())),
        Err(TryConsumeError::SpedPast(lost)) => Some(Err(lost)),
        Err(_) => {
            std::thread::sleep(Duration::from_micros(50));
            None
        }
    })
    .map(|()| out)
}

fn consume(consumer: &mut BytesConsumer, expected: &[u8]) {
    assert_eq!(next(consumer).as_deref(), Ok(expected));
}

fn is_empty(consumer: &mut BytesConsumer) {
    for _ in 0..200 {
        assert_eq!(consumer.try_consume_into(&mut Vec::new()), Err(TryConsumeError::Empty));
    }
}

/// The next producer goes on behind what there is of the message, which is told as one.
#[test]
fn one_producer() {
    for slot in 0..SLOTS {
        for (step, completed) in [("marked", slot), ("copied", slot), ("complete", slot + 1)] {
            let at = format!("{step}:{}", BEFORE + slot);
            let (_name, queue, mut consumer) = died::<Spmc>("one of one", &at);
            let is_whole = completed == SLOTS;
            if is_whole {
                consume(&mut consumer, &message(BEFORE));
            }
            is_empty(&mut consumer);
            let mut producer = queue.producer().unwrap();
            assert_eq!(producer.next_sequence(), BEFORE + completed, "died at {at}");
            // Four laps, over the slots of the dead one.
            for n in 0..16 {
                producer.produce(&message(10 + n)).unwrap();
                if n == 0 && !is_whole && completed != 0 {
                    let lost = next(&mut consumer).unwrap_err();
                    assert_eq!(lost.slots, Lost { first: BEFORE, next: BEFORE + completed }, "died at {at}");
                    assert_eq!(lost.messages, Some(1), "died at {at}");
                }
                consume(&mut consumer, &message(10 + n));
            }
            let lost = u64::from(!is_whole && completed != 0);
            assert_eq!((consumer.received(), consumer.lost_messages()), (18 + u64::from(is_whole), Some(lost)));
        }
    }
}

/// Among many, a message that was begun is lost as one, within 10 ms of polling, and others lap its slots.
#[test]
fn many_producers() {
    let of_slots = |slot: u64| ["marked", "copied"].map(|step| (format!("{step}:{}", BEFORE + slot), Some(slot)));
    let steps = ["claiming", "claimed", "held", "complete"].map(|step| format!("{step}:{BEFORE}"));
    let [claiming, claimed, held, complete] = steps;
    let of_message = [(claiming, None), (claimed, Some(0)), (held, Some(0)), (complete, None)];
    for (at, lost) in of_message.into_iter().chain((0..SLOTS).flat_map(of_slots)) {
        let (_name, queue, mut consumer) = died::<Mpmc>("one of many", &at);
        if at.starts_with("complete") {
            consume(&mut consumer, &message(BEFORE));
        }
        if let Some(there) = lost {
            let lost = next(&mut consumer).unwrap_err();
            assert_eq!(lost.slots, Lost { first: BEFORE, next: BEFORE + SLOTS }, "died at {at}");
            assert_eq!(lost.messages, (there > 0).then_some(1), "died at {at}");
        }
        is_empty(&mut consumer);
        let mut producer = queue.producer().unwrap();
        assert_eq!(queue.produced(), consumer.next_sequence());
        for n in 0..16 {
            producer.produce(&message(10 + n)).unwrap();
            consume(&mut consumer, &message(10 + n));
        }
    }
}
