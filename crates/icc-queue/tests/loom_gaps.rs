//! Loom models of numbers that are left out. Run with `cargo xtask loom`.
//!
//! Message `n` carries `n + 1` in both words.
#![cfg(icc_loom)]

use icc_queue::{Consumer, Lost, Producer, Queue, QueueSpec, TryConsumeError};
use icc_seqlock::primitive::{die_at, model, model_with_traced_loads, thread};

type Message = [u64; 2];

fn queue(capacity: usize) -> Queue<Message> {
    Queue::new(QueueSpec::new(capacity).gaps()).unwrap()
}

fn produce_at(producer: &mut Producer<Message>, n: u64) {
    producer.produce_at(n, &[n + 1; 2]).unwrap();
}

/// Polls once: what is given is itself, and what is lost was `left_out`, or may be overwritten.
fn attempt(consumer: &mut Consumer<Message>, left_out: impl Fn(u64) -> bool) {
    let n = consumer.next_sequence();
    match consumer.try_consume() {
        Ok(message) => assert_eq!(message, [n + 1; 2], "message {n} is not itself"),
        Err(TryConsumeError::SpedPast(Lost { first, next })) => {
            assert!(first == n && next > n, "a loss that is none");
            assert!((first..next).all(&left_out), "message {first}..{next} was taken for a gap");
        }
        Err(TryConsumeError::Empty) => {}
    }
}

/// After the producer stopped: all that is left comes, within a few polls.
fn close(mut consumer: Consumer<Message>, end: u64, left_out: impl Fn(u64) -> bool) {
    for _ in 0..12 {
        attempt(&mut consumer, &left_out);
    }
    assert_eq!(consumer.next_sequence(), end, "a gap was not told");
    assert_eq!(consumer.received() + consumer.lost(), end);
}

/// A message, a gap, a message: the first is never taken for a part of the gap, although the head is
/// beyond it before all of this is seen.
#[test]
fn a_message_before_a_gap_is_no_gap() {
    model("a_message_before_a_gap_is_no_gap", None, || {
        let left_out = |n| (1..3).contains(&n);
        let queue = queue(4);
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || {
            producer.produce(&[1; 2]);
            produce_at(&mut producer, 3);
        });
        (0..4).for_each(|_| attempt(&mut consumer, left_out));
        thread.join().unwrap();
        close(consumer, 4, left_out);
    });
}

/// A gap longer than the ring, of which a slot is written while a consumer looks for its end.
#[test]
fn a_gap_longer_than_the_ring() {
    model("a_gap_longer_than_the_ring", None, || {
        let left_out = |n| n < 5;
        let queue = queue(2);
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || produce_at(&mut producer, 5));
        (0..4).for_each(|_| attempt(&mut consumer, left_out));
        thread.join().unwrap();
        close(consumer, 6, left_out);
    });
}

/// The producer dies when it has said what it leaves out, and its successor goes on there.
#[test]
fn a_death_in_the_gap() {
    model_with_traced_loads("a_death_in_the_gap", Some(3), || {
        let left_out = |n| n == 1;
        let queue = queue(2);
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        producer.produce(&[1; 2]);
        let other = queue.clone();
        let thread = thread::spawn(move || {
            drop(die_at("left out", 0, producer, |producer| produce_at(producer, 2)));
            let mut successor = other.producer().unwrap();
            assert_eq!(successor.produce(&[3; 2]), 2);
        });
        // Message 0 is overwritten by message 2 in the end.
        (0..4).for_each(|_| attempt(&mut consumer, |n| n == 0 || left_out(n)));
        thread.join().unwrap();
        (0..12).for_each(|_| attempt(&mut consumer, |n| n == 0 || left_out(n)));
        assert_eq!(consumer.next_sequence(), 3, "a gap was not told");
    });
}

/// A message, a gap at the end, and nothing more: the consumer is told of the gap all the same.
#[test]
fn a_gap_at_the_end() {
    model("a_gap_at_the_end", None, || {
        let left_out = |n| (1..3).contains(&n);
        let queue = queue(4);
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || {
            producer.produce(&[1; 2]);
            producer.skip_to(3).unwrap();
        });
        (0..4).for_each(|_| attempt(&mut consumer, left_out));
        thread.join().unwrap();
        close(consumer, 3, left_out);
    });
}
