//! Loom models of looking for the owner of a ticket. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use icc_queue::{Mpmc, Queue, Recovery, TryConsumeError};
use icc_seqlock::primitive::{die_at, model_with_traced_loads, thread};

/// A producer whose very first ticket is a lap ahead of another's: nothing but that ticket tells it of the other, who lives and
/// is waited for. Else both write the slot, and the newest message is not what is left there.
#[test]
fn the_first_ticket_is_a_lap_ahead() {
    model_with_traced_loads("the_first_ticket_is_a_lap_ahead", Some(3), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let (mut batching, mut other) = (queue.producer().unwrap(), queue.producer().unwrap());
        // Not here: a thread that gives its core away is not shown by loom what it had seen before, such as the ledgers' first words.
        let thread = thread::spawn(move || other.produce(&[20; 2]));
        let first = batching.produce_batch(&[[10; 2], [11; 2]]).unwrap().start;
        let n = thread.join().unwrap();
        let mut expected = [[0; 2]; 3];
        expected[first as usize] = [10; 2];
        expected[first as usize + 1] = [11; 2];
        expected[n as usize] = [20; 2];
        let mut newest = None;
        while consumer.next_sequence() < 3 {
            let next = consumer.next_sequence();
            match consumer.try_consume() {
                Ok(message) => {
                    assert_eq!(message, expected[next as usize], "message {next}");
                    newest = Some(next);
                }
                Err(TryConsumeError::SpedPast(_) | TryConsumeError::Empty) => {}
            }
        }
        assert_eq!(newest, Some(2), "the newest message is not there");
    });
}

/// A consumer that stops at what a dead producer left goes on behind it when it is resumed, and not back to the oldest.
#[test]
fn a_stopped_consumer_goes_on_after_the_dead() {
    model_with_traced_loads("a_stopped_consumer_goes_on_after_the_dead", None, || {
        let queue = Queue::<[u64; 2], Mpmc>::new(4).unwrap();
        let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
        let (dying, mut living) = (queue.producer().unwrap(), queue.producer().unwrap());
        drop(die_at("claimed", 0, dying, |dying| _ = dying.produce(&[99; 2])));
        assert_eq!(living.produce(&[20; 2]), 1);
        while consumer.stopped().is_none() {
            _ = consumer.try_consume();
        }
        assert_eq!((consumer.resume(), consumer.lost()), (None, 1));
        assert_eq!(consumer.try_consume(), Ok([20; 2]));
    });
}

/// A successor that does nothing does not seem to hold what the one before it died with.
#[test]
fn an_idle_successor_holds_nothing() {
    model_with_traced_loads("an_idle_successor_holds_nothing", None, || {
        let queue = Queue::<[u64; 2], Mpmc>::new(4).unwrap();
        let mut consumer = queue.consumer();
        drop(die_at("held", 0, queue.producer().unwrap(), |dying| _ = dying.produce(&[99; 2])));
        let _successor = queue.producer().unwrap();
        (0..4).for_each(|_| _ = consumer.try_consume());
        assert_eq!(consumer.next_sequence(), 1, "stuck behind the dead");
    });
}

/// A message that is being overwritten is lost, not still to come.
#[test]
fn a_message_being_overwritten_is_lost() {
    model_with_traced_loads("a_message_being_overwritten_is_lost", None, || {
        let queue = Queue::<[u64; 2], Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let (dying, mut living) = (queue.producer().unwrap(), queue.producer().unwrap());
        (0..2).for_each(|k| _ = living.produce(&[k; 2]));
        drop(die_at("word", 0, dying, |dying| _ = dying.produce(&[99; 2])));
        assert!(matches!(consumer.try_consume(), Err(TryConsumeError::SpedPast(_))));
    });
}
