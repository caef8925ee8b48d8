//! Messages of any length to consumers that hold, are seen, or sleep.

#![cfg(not(any(icc_loom, miri)))]

use icc_queue::bytes::{BytesQueue, TryProduceError};
use icc_queue::{BusySpin, Evict, Mode, Mpmc, QueueSpec, SpinThenYield, Spmc, TryProduceError::Full, WaitSet};
use std::thread;
use std::time::Duration;

const ROOM: usize = 32;

fn queue<M: Mode>(spec: QueueSpec) -> BytesQueue<M> {
    BytesQueue::new(spec.slot_size(64)).unwrap()
}

/// Byte by byte, of message `n` of producer `id`.
fn message(id: u64, n: u64, longest: usize) -> Vec<u8> {
    let len = 9 + (n * 37 + id) as usize % (longest - 8);
    let mut bytes = vec![(n + id) as u8; len];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    bytes[8] = id as u8;
    bytes
}

/// Producers of the longest messages, and consumers that are now and then slow: all comes, and nobody waits for
/// ever.
fn nothing_is_lost<M: Mode>(capacity: usize, producers: u64, wakeable: bool) {
    const EACH: u64 = 1_000;
    let spec = QueueSpec::new(capacity).holding(Evict::Never);
    let queue = queue::<M>(if wakeable { spec.wakeable() } else { spec });
    let longest = queue.longest_message();
    thread::scope(|scope| {
        for slow in [false, true] {
            let mut consumer = queue.holding_consumer("all").unwrap();
            scope.spawn(move || {
                let (mut next, mut out) = ([0; 4], Vec::new());
                for round in 0..producers * EACH {
                    if slow && round % 64 == 0 {
                        thread::yield_now();
                    }
                    consumer.consume_into(&mut out, &mut SpinThenYield::default()).unwrap();
                    let id = u64::from(out[8]);
                    assert_eq!(out, message(id, next[id as usize], longest));
                    next[id as usize] += 1;
                }
                assert!(consumer.holds());
            });
        }
        for id in 0..producers {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || {
                for n in 0..EACH {
                    match n % 3 {
                        0 => producer.produce_timeout(&message(id, n, longest), Duration::from_secs(60)).unwrap(),
                        _ => producer.produce(&message(id, n, longest)).unwrap(),
                    };
                }
            });
        }
    });
}

#[test]
fn holders_get_all() {
    for capacity in [8, 16, 256] {
        nothing_is_lost::<Spmc>(capacity, 1, capacity == 16);
        nothing_is_lost::<Mpmc>(capacity, 3, capacity == 8);
    }
}

fn full<M: Mode>() {
    let queue = queue::<M>(QueueSpec::new(16).holding(Evict::Never));
    let mut producer = queue.producer().unwrap();
    producer.produce(&[1; 3 * ROOM]).unwrap();
    let mut holder = queue.holding_consumer("slow").unwrap();
    assert_eq!(holder.held_from(), Some(3));
    for n in 0..4 {
        assert_eq!(producer.try_produce(&[n; 4 * ROOM - 1]), Ok(3 + 4 * u64::from(n)));
    }
    for len in [0, 1, 4 * ROOM] {
        let refused = producer.try_produce(&vec![9; len]);
        assert!(matches!(refused, Err(TryProduceError::NoRoom(Full { by: 0, .. }))), "{refused:?}");
        assert_eq!(producer.next_sequence(), 19);
    }
    let set = WaitSet::new();
    let (slice, mut room) = (Duration::from_millis(2), producer.room().unwrap());
    assert!(set.wait(&mut [&mut room], Some(slice)).unwrap().is_empty());
    let mut out = [0; 4 * ROOM];
    assert_eq!(holder.try_consume(&mut out), Ok(4 * ROOM - 1));
    assert!(!set.wait(&mut [&mut room], Some(slice)).unwrap().is_empty());
    assert_eq!(producer.try_produce(&[9; 4 * ROOM]), Ok(19));
    assert!(holder.holds());
}

#[test]
fn a_full_ring_takes_all_of_a_message_or_nothing() {
    full::<Spmc>();
    full::<Mpmc>();
}

#[test]
fn one_that_holds_begins_at_a_beginning() {
    let queue = queue::<Spmc>(QueueSpec::new(32).holding(Evict::Never));
    let mut producer = queue.producer().unwrap();
    (0..3).for_each(|n| _ = producer.produce(&[n; 3 * ROOM]).unwrap());
    // In the middle of the second.
    let mut holder = queue.holding_consumer_at("recorder", queue.position(4)).unwrap();
    let mut out = Vec::new();
    assert_eq!(holder.consume_into(&mut out, &mut BusySpin), Ok(6));
    assert_eq!(out, [2; 3 * ROOM]);
    assert_eq!((holder.lost_slots(), holder.received()), (0, 1));
}

#[test]
fn one_that_is_evicted_is_told_what_it_lost() {
    let queue = queue::<Spmc>(QueueSpec::new(16).holding(Evict::AtOnce));
    let (mut producer, mut holder) = (queue.producer().unwrap(), queue.holding_consumer("slow").unwrap());
    (0..20).for_each(|n| _ = producer.produce(&[n; 2 * ROOM]).unwrap());
    assert!(!holder.holds());
    let mut out = Vec::new();
    let lost = holder.consume_into(&mut out, &mut BusySpin).unwrap_err();
    assert_eq!((lost.slots.first, lost.messages), (0, Some(12)));
    assert_eq!(holder.consume_into(&mut out, &mut BusySpin), Ok(24));
    assert_eq!(out, [12; 2 * ROOM]);
}

#[test]
fn one_that_is_seen_shows_slots() {
    let queue = queue::<Mpmc>(QueueSpec::new(64).seen());
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer().seen_as("risk").unwrap());
    (0..3).for_each(|n| _ = producer.produce(&[n; 2 * ROOM]).unwrap());
    let mut out = Vec::new();
    while consumer.try_consume_into(&mut out).is_ok() {}
    producer.produce(&[7; 2 * ROOM]).unwrap();
    let reader = &queue.readers().unwrap()[0];
    assert_eq!((reader.label.as_str(), reader.cursor, reader.lag, reader.received), ("risk", 6, 2, 6));
}

#[test]
fn one_that_sleeps_is_woken_for_all_of_a_message() {
    fn woken<M: Mode>() {
        let queue = queue::<M>(QueueSpec::new(4096).wakeable());
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        let asleep = || format!("{:?}", queue.bell().unwrap()).contains("somebody_sleeps: true");
        thread::scope(|scope| {
            let consuming = scope.spawn(move || {
                let (set, mut out, mut received) = (WaitSet::new(), Vec::new(), 0);
                while received < 50 {
                    set.wait(&mut [&mut consumer], None).unwrap();
                    while consumer.try_consume_into(&mut out).is_ok() {
                        assert_eq!(out, vec![received as u8; received * 40]);
                        received += 1;
                    }
                }
            });
            for n in 0..50 {
                while n % 10 == 0 && !asleep() && !consuming.is_finished() {
                    thread::yield_now();
                }
                producer.produce(&vec![n as u8; n * 40]).unwrap();
            }
        });
    }
    woken::<Spmc>();
    woken::<Mpmc>();
}
