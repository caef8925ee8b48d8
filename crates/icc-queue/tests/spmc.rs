//! The queue with one producer, on private memory.
#![cfg(not(icc_loom))]

use icc_queue::{BufferError, Consumer, Lost, Producer, ProducerError, Queue, QueueError, QueueSpec, TryConsumeError};
use std::thread;

const LAPS_FROM: [u64; 6] = [0, 5, (1 << 63) - 3, 1 << 63, u64::MAX - 9, u64::MAX];

fn produce(producer: &mut Producer<u64>, count: u64) {
    for _ in 0..count {
        let n = producer.next_sequence();
        assert_eq!(producer.produce(&!n), n);
    }
}

/// Consumes until empty. Returns how many came and how many were lost; checks that each is itself
/// and none comes twice.
fn drain(consumer: &mut Consumer<u64>) -> (u64, u64) {
    let (mut received, mut lost) = (0, 0);
    loop {
        let n = consumer.next_sequence();
        match consumer.try_consume() {
            Ok(message) => {
                assert_eq!(message, !n);
                received += 1;
            }
            Err(TryConsumeError::Empty) => return (received, lost),
            Err(TryConsumeError::SpedPast(missed)) => {
                assert_eq!(missed.first, n);
                assert_eq!(missed.next, consumer.next_sequence());
                lost += missed.count();
            }
        }
    }
}

#[test]
fn capacities_that_are_refused() {
    for asked in [0, 1, 3, 1000, usize::MAX] {
        assert_eq!(Queue::<u64>::new(asked).err(), Some(QueueError::Capacity { asked }));
    }
    let too_large = Queue::<[u64; 8]>::new(1 << 62).err();
    assert!(matches!(too_large, Some(QueueError::Buffer(BufferError::TooLarge { .. }))), "{too_large:?}");
    let too_much = Queue::<[u64; 7]>::new(1 << 50).err();
    assert!(matches!(too_much, Some(QueueError::Buffer(BufferError::OutOfMemory { .. }))), "{too_much:?}");
}

/// Sped past by any number of messages, at every capacity and around every wrap: the sum is exact,
/// and nothing that is kept is lost.
#[test]
fn exactly_the_lost_ones_are_reported() {
    for capacity in [2, 4, 8, 64] {
        let len = capacity as u64;
        for first in LAPS_FROM {
            for count in (0..4 * len + 2).chain([10 * len + 1]) {
                let queue = Queue::<u64>::new(QueueSpec::new(capacity).starting_at(first)).unwrap();
                let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
                assert_eq!(consumer.next_sequence(), first);
                produce(&mut producer, count);
                let (received, lost) = drain(&mut consumer);
                assert_eq!(received + lost, count, "capacity {capacity}, from {first}");
                let kept = count.min(len);
                assert_eq!(received, kept, "capacity {capacity}, from {first}, {count} produced");
                assert_eq!(queue.produced(), first.wrapping_add(count));
            }
        }
    }
}

/// The oldest that can be read is tried first.
#[test]
fn no_message_that_is_kept_is_given_up() {
    let queue = Queue::<u64>::new(64).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    produce(&mut producer, 65);
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 1 })));
    assert_eq!(consumer.try_consume(), Ok(!1));
}

/// If even the oldest is overwritten before it is read, a margin is given up, which holds.
#[test]
fn not_sped_past_twice_at_once() {
    let queue = Queue::<u64>::new(64).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    produce(&mut producer, 1000);
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 936 })));
    produce(&mut producer, 1);
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 936, next: 953 })));
    produce(&mut producer, 15);
    assert_eq!(consumer.try_consume(), Ok(!953), "the margin did not hold");
}

/// One lap behind exactly: the last message that is still whole is given, and not once it has begun
/// to go.
#[test]
fn on_the_edge() {
    let queue = Queue::<u64>::new(4).unwrap();
    let (mut producer, consumer) = (queue.producer().unwrap(), queue.consumer());
    produce(&mut producer, 4);
    assert_eq!(consumer.clone().try_consume(), Ok(!0));
    produce(&mut producer, 1);
    assert_eq!(consumer.clone().try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 1 })));
}

#[test]
fn consumers_come_and_go_and_share_nothing() {
    let queue = Queue::<u64>::new(8).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut early = queue.consumer();
    produce(&mut producer, 3);
    let mut late = queue.consumer();
    drop(queue.consumer());
    produce(&mut producer, 2);
    let mut same = early.clone();
    assert_eq!(drain(&mut early), (5, 0));
    assert_eq!(drain(&mut late), (2, 0));
    assert_eq!(drain(&mut same), (5, 0));
    drop(queue);
    drop(early);
    produce(&mut producer, 1);
    assert_eq!(drain(&mut late), (1, 0));
}

#[test]
fn one_producer_at_a_time_and_the_next_goes_on() {
    let queue = Queue::<u64>::new(4).unwrap();
    let mut consumer = queue.consumer();
    let mut producer = queue.producer().unwrap();
    assert_eq!(queue.producer().err(), Some(ProducerError::Taken { path: None }));
    produce(&mut producer, 3);
    drop(producer);
    let mut producer = queue.producer().unwrap();
    assert_eq!(producer.next_sequence(), 3);
    produce(&mut producer, 1);
    assert_eq!(drain(&mut consumer), (4, 0));
}

#[test]
fn memory_lives_as_long_as_any_handle() {
    let queue = Queue::<u64>::new(4).unwrap();
    let mut consumer = queue.consumer();
    let mut producer = queue.producer().unwrap();
    produce(&mut producer, 2);
    drop((queue, producer));
    assert_eq!(drain(&mut consumer), (2, 0));
}

#[test]
fn zero_sized_messages_count() {
    let queue = Queue::<()>::new(2).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty));
    producer.produce(&());
    assert_eq!(consumer.try_consume(), Ok(()));
}

/// Threads: every message is whole, in order, and received or reported lost, while consumers attach
/// all the time.
#[test]
fn accounting_is_exact_between_threads() {
    const MESSAGES: u64 = 200_000;
    fn message(n: u64) -> [u64; 7] {
        std::array::from_fn(|i| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(i as u32))
    }
    for (capacity, first) in [(2, 0), (64, u64::MAX - MESSAGES / 2), (1024, (1 << 63) - 5)] {
        let queue = Queue::<[u64; 7]>::new(QueueSpec::new(capacity).starting_at(first)).unwrap();
        let end = first.wrapping_add(MESSAGES);
        let mut producer = queue.producer().unwrap();
        let consume = |mut consumer: Consumer<[u64; 7]>| {
            let start = consumer.next_sequence();
            let (mut received, mut lost, mut out) = (0, 0, [0; 7]);
            while consumer.next_sequence() != end {
                match consumer.try_consume_into(&mut out) {
                    Ok(n) => {
                        assert_eq!(out, message(n), "message {n} is not itself");
                        received += 1;
                    }
                    Err(TryConsumeError::Empty) => thread::yield_now(),
                    Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
                }
            }
            assert_eq!(received + lost, end.wrapping_sub(start));
        };
        thread::scope(|scope| {
            let from_the_start = queue.consumer();
            scope.spawn(|| consume(from_the_start));
            scope.spawn(|| {
                for _ in 0..20 {
                    consume(queue.consumer());
                    thread::yield_now();
                }
            });
            for n in 0..MESSAGES {
                producer.produce(&message(first.wrapping_add(n)));
            }
        });
    }
}
