//! Loom models of consumers that hold. Run with `cargo xtask loom`.
//!
//! Message `n` carries `n + 1` in both words. There is no time: a producer that waits in a queue that is
//! not wakeable yields for ever, and one of a wakeable queue sleeps until it is woken, and loom reports
//! that all threads wait.
#![cfg(icc_loom)]

use icc_queue::{Consumer, Evict, Mode, Mpmc, Queue, QueueSpec, Seen, Spmc, TryConsumeError};
use icc_seqlock::primitive::{die_at, model, model_with_traced_loads, thread};

type Message = [u64; 2];

fn holding<M: Mode>(evict: Evict) -> Queue<Message, M> {
    Queue::new(QueueSpec::new(2).max_producers(2).holding(evict)).unwrap()
}

/// Produces that many messages.
fn produce<M: Mode>(queue: &Queue<Message, M>, count: u64) -> thread::JoinHandle<()> {
    let mut producer = queue.producer().unwrap();
    thread::spawn(move || (0..count).for_each(|_| _ = producer.produce(&[7; 2])))
}

/// Reads all up to `end`, and loses nothing.
fn gets_all(mut holder: Seen<Consumer<Message>>, end: u64) {
    let mut next = holder.held_from().unwrap();
    while next < end {
        match holder.try_consume() {
            Ok(message) => {
                assert_eq!(message, [7; 2]);
                next += 1;
            }
            Err(TryConsumeError::Empty) => thread::yield_now(),
            Err(TryConsumeError::SpedPast(lost)) => panic!("{lost}, and held from {:?}", holder.held_from()),
        }
        assert_eq!(holder.next_sequence(), next);
    }
    assert!(holder.holds());
}

/// It begins to hold while a producer goes round the ring.
#[test]
fn one_begins_to_hold_at_any_moment() {
    model("one_begins_to_hold_at_any_moment", Some(3), || {
        let queue = holding::<Spmc>(Evict::Never);
        let producing = produce(&queue, 4);
        gets_all(queue.holding_consumer("x").unwrap(), 4);
        producing.join().unwrap();
    });
}

/// The same, from the message before the next one: half a ring behind.
#[test]
fn one_begins_to_hold_half_a_ring_behind() {
    model("one_begins_to_hold_half_a_ring_behind", Some(3), || {
        let queue = holding::<Spmc>(Evict::Never);
        queue.producer().unwrap().produce(&[7; 2]);
        let producing = produce(&queue, 3);
        let before = queue.produced() - 1;
        // It may be too old by the time that it holds.
        if let Ok(holder) = queue.holding_consumer_at("x", queue.position(before)) {
            gets_all(holder, 4);
        }
        producing.join().unwrap();
    });
}

#[test]
fn one_of_many_producers_begins_to_be_held() {
    model("one_of_many_producers_begins_to_be_held", Some(2), || {
        let queue = holding::<Mpmc>(Evict::Never);
        let producing = produce(&queue, 3);
        gets_all(queue.holding_consumer("x").unwrap(), 3);
        producing.join().unwrap();
    });
}

#[test]
fn two_producers_are_held() {
    model("two_producers_are_held", Some(1), || {
        let queue = holding::<Mpmc>(Evict::Never);
        let producing = [produce(&queue, 2), produce(&queue, 1)];
        gets_all(queue.holding_consumer("x").unwrap(), 3);
        producing.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// A producer that sleeps because the ring is full is woken by each cursor that makes room.
#[test]
fn a_producer_that_sleeps_is_woken() {
    model_with_traced_loads("a_producer_that_sleeps_is_woken", Some(2), || {
        let queue = Queue::<Message>::new(QueueSpec::new(2).wakeable().holding(Evict::Never)).unwrap();
        let holder = queue.holding_consumer("x").unwrap();
        let producing = produce(&queue, 3);
        gets_all(holder, 3);
        producing.join().unwrap();
    });
}

/// One that lets go wakes the producer as well.
#[test]
fn one_that_lets_go_wakes_a_producer() {
    model_with_traced_loads("one_that_lets_go_wakes_a_producer", Some(2), || {
        let queue = Queue::<Message>::new(QueueSpec::new(2).wakeable().holding(Evict::Never)).unwrap();
        let holder = queue.holding_consumer("x").unwrap();
        let producing = produce(&queue, 3);
        drop(holder);
        producing.join().unwrap();
    });
}

/// One that is told of lost messages holds no longer, and knows it.
#[test]
fn whoever_is_told_of_a_loss_was_evicted() {
    model_with_traced_loads("whoever_is_told_of_a_loss_was_evicted", Some(2), || {
        let queue = holding::<Spmc>(Evict::AtOnce);
        let mut holder = queue.holding_consumer("x").unwrap();
        let producing = produce(&queue, 3);
        for _ in 0..2 {
            if let Err(TryConsumeError::SpedPast(_)) = holder.try_consume() {
                assert!(!holder.holds(), "it lost a message, and holds");
            }
        }
        producing.join().unwrap();
    });
}

/// One that dies when it holds holds nobody once its lock is free, which may be at any moment.
#[test]
fn a_dead_holder_holds_nobody() {
    model_with_traced_loads("a_dead_holder_holds_nobody", Some(1), || {
        let queue = holding::<Spmc>(Evict::Never);
        let dead = die_at("holds", 0, queue.clone(), |queue| drop(queue.holding_consumer("x")));
        let producing = produce(&queue, 3);
        drop(dead);
        producing.join().unwrap();
        assert_eq!(queue.produced(), 3);
    });
}
