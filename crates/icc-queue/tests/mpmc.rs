//! The queue with many producers, on private memory.
#![cfg(not(icc_loom))]

use icc_queue::{BatchTooLong, Consumer, Mpmc, ProducerError, Queue, QueueError, QueueSpec, TryConsumeError};
use icc_testing::SetOnDrop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Who sent it, that producer's count, and words that follow from both: no mixture of two messages
/// passes.
type Message = [u64; 6];

fn message(producer: u64, count: u64) -> Message {
    let seed = (producer << 48 ^ count).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::array::from_fn(|i| match i {
        0 => producer,
        1 => count,
        _ => seed.rotate_left(11 * i as u32),
    })
}

/// Checks one consumer's stream: whole messages, each producer's in order and none twice, all
/// accounted for.
struct Account {
    consumer: Consumer<Message>,
    started: u64,
    received: u64,
    lost: u64,
    last: [u64; 8],
}

impl Account {
    fn new(consumer: Consumer<Message>) -> Self {
        Self { started: consumer.next_sequence(), consumer, received: 0, lost: 0, last: [0; 8] }
    }

    /// One attempt. False if there was nothing.
    fn attempt(&mut self) -> bool {
        match self.consumer.try_consume() {
            Ok(got) => {
                let [producer, count, ..] = got;
                assert_eq!(got, message(producer, count), "mixed");
                let last = &mut self.last[producer as usize];
                assert!(count > *last, "producer {producer}: {count} came after {last}");
                *last = count;
                self.received += 1;
            }
            Err(TryConsumeError::SpedPast(lost)) => self.lost += lost.count(),
            Err(TryConsumeError::Empty) => return false,
        }
        true
    }

    fn close(mut self, produced: u64) -> u64 {
        while self.attempt() {}
        assert_eq!(self.received + self.lost, produced.wrapping_sub(self.started), "not all accounted for");
        self.received
    }
}

fn seconds() -> f64 {
    match std::env::var("ICC_TORTURE_SECONDS") {
        Ok(text) => text.parse().expect("ICC_TORTURE_SECONDS wants a number of seconds"),
        Err(_) => 2.0,
    }
}

/// Eight producers and eight consumers, all at once.
fn torture(capacity: usize, first: u64, time: Duration) {
    let queue = Queue::<Message, Mpmc>::new(QueueSpec::new(capacity).starting_at(first)).unwrap();
    let (stop, total, received) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        let producers: Vec<_> = (0..8)
            .map(|name| {
                let mut producer = queue.producer().unwrap();
                let (stop, total) = (&stop, &total);
                scope.spawn(move || {
                    let mut count = 0;
                    while !stop.load(Relaxed) {
                        if name % 2 == 0 {
                            count += 1;
                            producer.produce(&message(name, count));
                        } else {
                            let batch = [message(name, count + 1), message(name, count + 2)];
                            count += 2;
                            let sequence = producer.produce_batch(&batch).unwrap();
                            assert_eq!(sequence.end.wrapping_sub(sequence.start), 2);
                        }
                    }
                    total.fetch_add(count, Relaxed);
                })
            })
            .collect();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..8 {
                let mut account = Account::new(queue.consumer());
                let (done, queue, received) = (&done, &queue, &received);
                scope.spawn(move || {
                    while !done.load(Relaxed) {
                        if !account.attempt() {
                            thread::yield_now();
                        }
                    }
                    received.fetch_add(account.close(queue.produced()), Relaxed);
                });
            }
            let end = Instant::now() + time;
            while Instant::now() < end {
                thread::sleep(Duration::from_millis(5));
            }
            stop.store(true, Relaxed);
            let _done = SetOnDrop(&done);
            producers.into_iter().for_each(|producer| producer.join().unwrap());
        });
    });
    assert_eq!(queue.produced().wrapping_sub(first), total.load(Relaxed));
    assert!(received.load(Relaxed) > 0, "nothing ever arrived");
}

#[test]
fn no_message_is_mixed_doubled_or_unaccounted() {
    let cases = [(2, 0), (2, (1 << 63) - 1000), (2, u64::MAX - 1000), (64, u64::MAX - 10_000), (1024, 0)];
    for (capacity, first) in cases {
        torture(capacity, first, Duration::from_secs_f64(seconds() / cases.len() as f64));
    }
}

#[test]
fn sequence_numbers_are_given_once() {
    let queue = Queue::<Message, Mpmc>::new(8).unwrap();
    let (mut one, mut two) = (queue.producer().unwrap(), queue.producer().unwrap());
    let mut account = Account::new(queue.consumer());
    assert_eq!(one.produce(&message(0, 1)), 0);
    assert_eq!(two.produce(&message(1, 1)), 1);
    assert_eq!(two.produce_batch(&[message(1, 2), message(1, 3)]), Ok(2..4));
    assert_eq!(one.produce_batch(&[]), Ok(4..4));
    assert_eq!(one.produce(&message(0, 2)), 4);
    assert!(account.attempt());
    assert_eq!(account.close(5), 5);
}

#[test]
fn batches_up_to_the_capacity() {
    let queue = Queue::<Message, Mpmc>::new(4).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut count = 0;
    let mut batch = |len: usize| -> Vec<Message> {
        (0..len)
            .map(|_| {
                count += 1;
                message(0, count)
            })
            .collect()
    };
    let account = Account::new(queue.consumer());
    assert!(matches!(producer.produce_batch(&batch(5)), Err(BatchTooLong { len: 5, capacity: 4, .. })));
    assert_eq!(queue.produced(), 0, "a refused batch took tickets");
    assert_eq!(producer.produce_batch(&batch(4)), Ok(0..4));
    assert_eq!(account.close(4), 4);
    let account = Account::new(queue.consumer());
    assert_eq!(producer.produce_batch(&batch(4)), Ok(4..8));
    assert_eq!(account.close(8), 4);
}

#[test]
fn producers_come_and_go_up_to_the_maximum() {
    for max in [1, 3, 64, QueueSpec::MOST_PRODUCERS] {
        let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(2).max_producers(max)).unwrap();
        assert_eq!(queue.max_producers(), max);
        let mut producers: Vec<_> = (0..max).map(|_| queue.producer().unwrap()).collect();
        assert_eq!(queue.producer().err(), Some(ProducerError::TooMany { max, path: None }));
        producers.remove(max as usize / 2);
        let mut late = queue.producer().unwrap();
        assert_eq!(queue.producer().err(), Some(ProducerError::TooMany { max, path: None }));
        assert_eq!(late.produce(&5), 0);
        assert_eq!(queue.consumer_from_oldest().try_consume(), Ok(5));
    }
    assert_eq!(Queue::<u64, Mpmc>::new(2).unwrap().max_producers(), 64);
    for asked in [0, QueueSpec::MOST_PRODUCERS + 1, u32::MAX] {
        let refused = Queue::<u64, Mpmc>::new(QueueSpec::new(2).max_producers(asked)).err();
        assert_eq!(refused, Some(QueueError::Producers { asked, max: 1024 }));
    }
}

/// Those that try and those that wait, side by side: every message is received or lost, and none
/// twice.
#[test]
fn trying_and_waiting_producers_share_a_ring() {
    const EACH: u64 = 20_000;
    let queue = Queue::<u64, Mpmc>::new(8).unwrap();
    let mut consumer = queue.consumer();
    let (mut received, mut lost) = (0, 0);
    std::thread::scope(|scope| {
        for name in 0..3_u64 {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || {
                for k in 0..EACH {
                    let message = name << 32 | k;
                    if name == 0 {
                        producer.produce(&message);
                        continue;
                    }
                    while producer.try_produce(&message).is_err() {
                        std::thread::yield_now();
                    }
                }
            });
        }
        let mut last = [None; 3];
        while received + lost < 3 * EACH {
            match consumer.try_consume() {
                Ok(message) => {
                    let (name, k) = ((message >> 32) as usize, Some(message & 0xffff_ffff));
                    assert!(k > last[name], "out of order or twice");
                    last[name] = k;
                    received += 1;
                }
                Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
                Err(_) => std::thread::yield_now(),
            }
        }
    });
    assert_eq!((received + lost, queue.produced()), (3 * EACH, 3 * EACH));
}
