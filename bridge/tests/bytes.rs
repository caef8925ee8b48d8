//! Messages of any length between machines.

mod common;

use common::{Name, exporting, importing};
use icc_bridge::memory::{Faults, Memory};
use icc_bridge::{ExportOptions, ImportOptions};
use icc_queue::bytes::{BytesConsumer, BytesProducer, BytesQueue, BytesQueueReader, TryConsumeError};
use icc_queue::{Mode, Mpmc, Options, QueueSpec, SpinThenYield, Spmc};
use std::time::{Duration, Instant};

fn options() -> ExportOptions {
    let mut options = ExportOptions::default();
    options.heartbeat = Duration::from_millis(10);
    options
}

fn message(n: u64) -> Vec<u8> {
    let len = n * 37 % 400;
    n.to_le_bytes().into_iter().chain((0..len).map(|at| (n + at) as u8)).collect()
}

fn mirror(name: &Name) -> BytesQueueReader {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match BytesQueueReader::open(name, &Options::new()) {
            Ok(found) => return found,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn create<M: Mode>(name: &Name, capacity: usize) -> (BytesQueue<M>, BytesProducer<M>) {
    let queue = BytesQueue::<M>::create(name, QueueSpec::new(capacity).slot_size(64), &Options::new()).unwrap();
    let producer = queue.producer().unwrap();
    (queue, producer)
}

/// Every message in order, each whole: how many came. Losses in slots begin where the last message ended.
fn consume_until(consumer: &mut BytesConsumer, slots: u64) -> (u64, u64) {
    let (mut out, mut last) = (Vec::new(), None);
    let (mut next, deadline) = (consumer.next_sequence(), Instant::now() + Duration::from_secs(60));
    while consumer.next_sequence() < slots {
        match consumer.try_consume_into(&mut out) {
            Ok(slot) => {
                assert_eq!(slot, next);
                let n = u64::from_le_bytes(*out.first_chunk().unwrap());
                assert_eq!(out, message(n));
                assert!(last.is_none_or(|last| n > last));
                last = Some(n);
            }
            Err(TryConsumeError::SpedPast(lost)) => assert_eq!(lost.slots.first, next),
            Err(_) => {
                assert!(Instant::now() < deadline, "nothing comes at slot {next} of {slots}");
                std::thread::yield_now();
            }
        }
        next = consumer.next_sequence();
    }
    (consumer.received(), consumer.received_slots() + consumer.lost_slots())
}

fn all_arrives<M: Mode>() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(1));
    let (queue, mut producer) = create::<M>(&there, 1 << 14);
    let out = exporting(network.clone(), &there, "k", options());
    let into = importing(network, "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    assert_eq!((mirror.source(), mirror.slot_size(), mirror.capacity()), (Some(queue.instance()), 64, 1 << 14));
    let (mut consumer, mut original) = (mirror.consumer_from_oldest(), queue.consumer());
    for n in 0..2_000 {
        producer.produce(&message(n)).unwrap();
    }
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for n in 0..2_000 {
        let slot = consumer.consume_into(&mut one, &mut SpinThenYield::default()).unwrap();
        assert_eq!((original.try_consume_into(&mut other), &one), (Ok(slot), &other));
        assert_eq!(one, message(n));
    }
    let (sent, received) = (out.end(), into.end());
    assert_eq!((sent.messages, received.messages, received.lost_on_the_way, received.refused), (2_000, 2_000, 0, 0));
}

#[test]
fn all_arrives_in_the_same_slots() {
    all_arrives::<Spmc>();
    all_arrives::<Mpmc>();
}

#[test]
fn losses_are_told_in_slots_and_in_messages() {
    const COUNT: u64 = 60_000;
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(2));
    let (_queue, mut producer) = create::<Spmc>(&there, 1 << 10);
    let out = exporting(network.clone(), &there, "k", options());
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mut consumer = mirror(&here).consumer_from_oldest();
    network.set(Faults { lost: 100, doubled: 100, late: 100, cut: false });
    let mut end = 0;
    std::thread::scope(|scope| {
        let produced = scope.spawn(|| {
            for n in 0..COUNT {
                producer.produce(&message(n)).unwrap();
                if n % 16 == 0 {
                    std::thread::yield_now();
                }
            }
            network.set(Faults::default());
            // One more, whose number tells how many there were before.
            std::thread::sleep(Duration::from_millis(50));
            producer.produce(&message(COUNT)).unwrap();
            producer.next_sequence()
        });
        while !produced.is_finished() {
            let until = consumer.queue().produced().min(consumer.next_sequence() + 100);
            consume_until(&mut consumer, until);
        }
        end = produced.join().unwrap();
    });
    let (received, slots) = consume_until(&mut consumer, end);
    assert_eq!(slots, end);
    assert_eq!(received + consumer.lost_messages().unwrap(), COUNT + 1);
    let (sent, arrived) = (out.end(), into.end());
    assert!(arrived.lost_on_the_way > 0 && arrived.refused == 0, "{sent:?} {arrived:?}");
}

#[test]
fn bridges_are_started_again_at_any_time() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(3));
    let (_queue, mut producer) = create::<Spmc>(&there, 1 << 12);
    let mut out = Some(exporting(network.clone(), &there, "k", options()));
    let mut into = Some(importing(network.clone(), "k", &here, ImportOptions::default()));
    let mirror = mirror(&here);
    let mut consumer = mirror.consumer_from_oldest();
    let mut n = 0;
    for round in 0..12 {
        let mut produce = || {
            for _ in 0..100 {
                producer.produce(&message(n)).unwrap();
                n += 1;
            }
        };
        produce();
        match round % 3 {
            0 => out = None,
            1 => into = None,
            _ => (out, into) = (None, None),
        }
        produce();
        out = out.or_else(|| Some(exporting(network.clone(), &there, "k", options())));
        into = into.or_else(|| Some(importing(network.clone(), "k", &here, ImportOptions::default())));
        let end = producer.next_sequence();
        assert_eq!(consume_until(&mut consumer, end).1, end);
        assert!(mirror.is_current().unwrap(), "the mirror was made anew");
    }
    assert!(consumer.received() > n / 2, "{consumer:?}");
}
