//! Loom models of the queue. Run with `cargo xtask loom`.
//!
//! Message `n` carries `n + 1` in both words, so that a torn one, a stale one and the slots' first
//! zeros all show.
#![cfg(icc_loom)]

use core::ops::Range;
use icc_queue::{Consumer, Mpmc, Producer, ProducerError, Queue, QueueSpec, TryConsumeError};
use icc_seqlock::primitive::{die_at, model, model_with_traced_loads, thread};

type Message = [u64; 2];

/// Produces messages of these numbers, without a look at the count: a load of it here would hide
/// other threads' loads from the stores that follow.
fn produce(producer: &mut Producer<Message>, numbers: Range<u64>) {
    for n in numbers {
        assert_eq!(producer.produce(&[n + 1; 2]), n);
    }
}

/// One consumer's account: every message is received or reported lost, once, in order.
struct Account {
    consumer: Consumer<Message>,
    next: u64,
}

impl Account {
    fn new(consumer: Consumer<Message>) -> Self {
        Self { next: consumer.next_sequence(), consumer }
    }

    /// One attempt. False if the queue was empty.
    fn attempt(&mut self) -> bool {
        match self.consumer.try_consume() {
            Ok(message) => {
                assert_eq!(message, [self.next + 1; 2], "message {} is not itself", self.next);
                self.next += 1;
            }
            Err(TryConsumeError::SpedPast(lost)) => {
                assert_eq!(lost.first, self.next);
                assert!(lost.next > lost.first, "sped past, and yet nothing lost");
                self.next = lost.next;
            }
            Err(TryConsumeError::Empty) => return false,
        }
        assert_eq!(self.consumer.next_sequence(), self.next);
        true
    }

    /// After the producer stopped: all that is left comes, and the sum is exact.
    fn close(mut self, produced: u64) {
        while self.attempt() {}
        assert_eq!(self.next, produced, "received + lost is not what was produced");
    }
}

#[test]
fn one_consumer_two_laps() {
    model("one_consumer_two_laps", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut account = Account::new(queue.consumer());
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || produce(&mut producer, 0..4));
        account.attempt();
        thread.join().unwrap();
        account.close(4);
    });
}

#[test]
fn one_consumer_three_laps() {
    model("one_consumer_three_laps", Some(2), || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut account = Account::new(queue.consumer());
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || produce(&mut producer, 0..6));
        account.attempt();
        account.attempt();
        thread.join().unwrap();
        account.close(6);
    });
}

#[test]
fn two_consumers() {
    model("two_consumers", Some(2), || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut account = Account::new(queue.consumer());
        let mut others = Account::new(queue.consumer());
        let mut producer = queue.producer().unwrap();
        let producing = thread::spawn(move || produce(&mut producer, 0..4));
        let consuming = thread::spawn(move || {
            others.attempt();
            others
        });
        account.attempt();
        let others = consuming.join().unwrap();
        producing.join().unwrap();
        account.close(4);
        others.close(4);
    });
}

#[test]
fn attach_while_producing() {
    model("attach_while_producing", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || produce(&mut producer, 0..3));
        let mut account = Account::new(queue.consumer());
        account.attempt();
        thread.join().unwrap();
        account.close(3);
    });
}

/// From the oldest safe message of a full ring, or to the newest, while the producer goes on: what
/// was counted is there.
#[test]
fn attach_behind_while_producing() {
    model("attach_behind_while_producing", Some(3), || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut producer = queue.producer().unwrap();
        produce(&mut producer, 0..2);
        let thread = thread::spawn(move || produce(&mut producer, 2..4));
        let mut account = Account::new(queue.consumer_from_oldest());
        assert!(account.attempt(), "it started at a message that had been counted");
        account.next += account.consumer.skip_to_newest();
        account.attempt();
        thread.join().unwrap();
        account.close(4);
    });
}

/// The consumer is lapped before it looks, while the producer goes on.
#[test]
fn recovery_after_being_lapped() {
    model("recovery_after_being_lapped", Some(3), || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut account = Account::new(queue.consumer());
        let mut producer = queue.producer().unwrap();
        produce(&mut producer, 0..3);
        let thread = thread::spawn(move || produce(&mut producer, 3..5));
        assert!(account.attempt(), "three messages are there, or more");
        account.attempt();
        thread.join().unwrap();
        account.close(5);
    });
}

/// What an attaching consumer saw counted is there for it: never `Empty` for a message before the
/// count.
#[test]
fn counted_messages_are_there() {
    model("counted_messages_are_there", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || produce(&mut producer, 0..2));
        if queue.produced() > 0 {
            assert!(consumer.try_consume().is_ok(), "counted, and yet not there");
        }
        thread.join().unwrap();
    });
}

/// The same of a message that a dead producer completed and its successor counts.
#[test]
fn what_a_successor_counts_is_there() {
    model_with_traced_loads("what_a_successor_counts_is_there", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let (mut consumer, producer) = (queue.consumer(), queue.producer().unwrap());
        let other = queue.clone();
        let thread = thread::spawn(move || {
            drop(die_at("complete", 0, producer, |producer| _ = producer.produce(&[1; 2])));
            assert_eq!(other.producer().unwrap().next_sequence(), 1);
        });
        if queue.produced() > 0 {
            assert_eq!(consumer.try_consume(), Ok([1; 2]), "counted, and yet not there");
        }
        thread.join().unwrap();
    });
}

/// The oldest message is being overwritten, for good: a consumer does not start there.
#[test]
fn the_oldest_is_not_gone_on_at_while_it_is_overwritten() {
    model_with_traced_loads("the_oldest_is_not_gone_on_at_while_it_is_overwritten", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut producer = queue.producer().unwrap();
        produce(&mut producer, 0..2);
        drop(die_at("word", 0, producer, |producer| _ = producer.produce(&[99; 2])));
        assert_eq!(queue.oldest(), 0);
        let mut consumer = queue.consumer_from_oldest();
        assert_eq!((consumer.try_consume(), consumer.lost()), (Ok([2; 2]), 0));
    });
}

#[test]
fn producers_in_turn() {
    model_with_traced_loads("producers_in_turn", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut account = Account::new(queue.consumer());
        let other = queue.clone();
        let thread = thread::spawn(move || match other.producer() {
            Ok(mut producer) => {
                let n = producer.next_sequence();
                produce(&mut producer, n..n + 1);
                1
            }
            Err(_) => 0,
        });
        let here = match queue.producer() {
            Ok(mut producer) => {
                let n = producer.next_sequence();
                produce(&mut producer, n..n + 1);
                1
            }
            Err(_) => 0,
        };
        let there = thread.join().unwrap();
        assert!(here + there >= 1, "both were told that the other lives");
        account.attempt();
        account.close(here + there);
    });
}

/// Consumes what is there, however it is numbered: many producers do not know their message's
/// number before they have it.
fn drain(consumer: &mut Consumer<Message>) -> (Vec<u64>, u64) {
    let (mut received, mut lost) = (Vec::new(), 0);
    loop {
        match consumer.try_consume() {
            Ok([word, same]) => {
                assert_eq!(word, same, "mixed");
                received.push(word);
            }
            Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
            Err(TryConsumeError::Empty) => return (received, lost),
        }
    }
}

/// Producers that are a lap apart in one slot of a ring of two, and a consumer. Producer `p` sends
/// `10 * p + k`.
fn collision(first: u64, second: u64) {
    let queue = Queue::<Message, Mpmc>::new(2).unwrap();
    let mut consumer = queue.consumer();
    let threads = [(1, first), (2, second)].map(|(name, count)| {
        let mut producer = queue.producer().unwrap();
        thread::spawn(move || (0..count).for_each(|k| _ = producer.produce(&[10 * name + k; 2])))
    });
    let (mut received, mut lost) = (Vec::new(), 0);
    match consumer.try_consume() {
        Ok([word, same]) => {
            assert_eq!(word, same, "mixed");
            received.push(word);
        }
        Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
        Err(TryConsumeError::Empty) => {}
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let (rest, missed) = drain(&mut consumer);
    received.extend(rest);
    assert_eq!(received.len() as u64 + lost + missed, first + second, "not all accounted for: {received:?}");
    for name in [1, 2] {
        let one: Vec<_> = received.iter().filter(|&&word| word / 10 == name).collect();
        assert!(one.is_sorted_by(|a, b| a < b), "out of order or twice: {received:?}");
    }
}

#[test]
fn two_producers_a_lap_apart() {
    model_with_traced_loads("two_producers_a_lap_apart", Some(3), || collision(2, 1));
}

#[test]
fn two_producers_two_laps() {
    model("two_producers_two_laps", Some(3), || collision(2, 2));
}

/// One producer dies at `step` while another goes on, over the slot that the dead one left; a
/// consumer that comes to it afterwards misses nothing else. `claims`: whether the dead one had its
/// ticket.
fn death(step: &'static str, claims: bool) {
    let queue = Queue::<Message, Mpmc>::new(2).unwrap();
    let mut consumer = queue.consumer();
    let dying = queue.producer().unwrap();
    let mut living = queue.producer().unwrap();
    let first = thread::spawn(move || drop(die_at(step, 0, dying, |dying| _ = dying.produce(&[99; 2]))));
    let second = thread::spawn(move || (0..2).for_each(|k| _ = living.produce(&[20 + k; 2])));
    let (mut received, mut lost) = (Vec::new(), 0);
    let mut attempt = |consumer: &mut Consumer<Message>| match consumer.try_consume() {
        Ok([word, same]) => {
            assert!(word == same && word != 99, "mixed or half-written: {word} {same}");
            received.push(word);
        }
        Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
        Err(TryConsumeError::Empty) => {}
    };
    first.join().unwrap();
    second.join().unwrap();
    let produced = queue.produced();
    assert_eq!(produced, if claims { 3 } else { 2 });
    // Nobody is left who could complete anything: each further attempt gives a message or gives one
    // up.
    for _ in 0..2 * produced {
        attempt(&mut consumer);
    }
    assert_eq!(consumer.next_sequence(), produced, "stuck behind the dead");
    assert_eq!(received.len() as u64 + lost, produced);
    assert!(received.is_sorted_by(|a, b| a < b), "out of order or twice: {received:?}");
}

#[test]
fn producer_dies_before_its_ticket() {
    model_with_traced_loads("producer_dies_before_its_ticket", Some(3), || death("claiming", false));
}

#[test]
fn producer_dies_with_a_ticket() {
    model_with_traced_loads("producer_dies_with_a_ticket", Some(3), || death("claimed", true));
}

#[test]
fn producer_dies_with_a_ledger() {
    model_with_traced_loads("producer_dies_with_a_ledger", Some(3), || death("held", true));
}

#[test]
fn producer_dies_in_a_slot() {
    model_with_traced_loads("producer_dies_in_a_slot", Some(3), || death("word", true));
}

/// Room for all: whatever a consumer sees of a producer that lives, it gives none of its messages
/// up.
fn nobody_alive_is_given_up(messages: u64) {
    let queue = Queue::<Message, Mpmc>::new(4).unwrap();
    let mut consumer = queue.consumer();
    let mut producer = queue.producer().unwrap();
    let thread = thread::spawn(move || (0..messages).for_each(|k| _ = producer.produce(&[k; 2])));
    for _ in 0..2 {
        if let Err(TryConsumeError::SpedPast(lost)) = consumer.try_consume() {
            panic!("given up: {lost}");
        }
    }
    thread.join().unwrap();
}

#[test]
fn one_producer_alive_is_not_given_up() {
    model_with_traced_loads("one_producer_alive_is_not_given_up", Some(3), || nobody_alive_is_given_up(2));
}

/// The next count is seen beside the ledger of the tickets before, which are complete then.
#[test]
fn a_batch_alive_is_not_given_up() {
    model_with_traced_loads("a_batch_alive_is_not_given_up", Some(2), || {
        // One ledger: what is loaded of a second one would order what was loaded of the first.
        let queue = Queue::<Message, Mpmc>::new(QueueSpec::new(8).max_producers(1)).unwrap();
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || {
            assert_eq!(producer.produce_batch(&[[0; 2], [1; 2], [2; 2]]), Ok(0..3));
            assert_eq!(producer.produce_batch(&[[3; 2], [4; 2]]), Ok(3..5));
        });
        for _ in 0..5 {
            if let Err(TryConsumeError::SpedPast(lost)) = consumer.try_consume() {
                panic!("given up: {lost}");
            }
        }
        thread.join().unwrap();
    });
}

/// A producer that has gone leaves its ledger at a message that is complete. Its successor's first
/// word says so, too.
#[test]
fn a_successor_gives_nobody_up() {
    model_with_traced_loads("a_successor_gives_nobody_up", Some(3), || {
        let queue = Queue::<Message, Mpmc>::new(4).unwrap();
        let mut consumer = queue.consumer();
        let thread = thread::spawn({
            let queue = queue.clone();
            move || (0..2).for_each(|k| _ = queue.producer().unwrap().produce(&[k; 2]))
        });
        for _ in 0..2 {
            if let Err(TryConsumeError::SpedPast(lost)) = consumer.try_consume() {
                panic!("given up: {lost}");
            }
        }
        thread.join().unwrap();
    });
}

/// A death is not a drop: until the kernel finds the process gone, its lock is held and nobody
/// takes its place; after that, its successor does.
#[test]
fn a_dead_producer_is_succeeded_once_its_lock_is_released() {
    model_with_traced_loads("a_dead_producer_is_succeeded_once_its_lock_is_released", None, || {
        let queue = Queue::<Message>::new(2).unwrap();
        let mut account = Account::new(queue.consumer());
        let mut producer = queue.producer().unwrap();
        produce(&mut producer, 0..1);
        let dead = die_at("word", 0, producer, |producer| _ = producer.produce(&[99; 2]));
        assert_eq!(queue.producer().err(), Some(ProducerError::Taken { path: None }), "while its lock is held");
        let thread = thread::spawn(move || drop(dead));
        let early = queue.producer().ok();
        thread.join().unwrap();
        let mut successor = early.unwrap_or_else(|| queue.producer().unwrap());
        produce(&mut successor, 1..2);
        account.attempt();
        account.close(2);
    });
}
