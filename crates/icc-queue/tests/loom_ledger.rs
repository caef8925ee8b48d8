//! Loom models of looking for the owner of a ticket. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use icc_queue::{Mpmc, Queue, QueueSpec, Recovery, TryConsumeError, TryProduceError};
use icc_seqlock::primitive::{die_at, model_with_traced_loads, thread};

/// A producer whose very first ticket is a lap ahead of another's: nothing but that ticket tells it
/// of the other, who lives and is waited for. Else both write the slot, and the newest message is
/// not what is left there.
#[test]
fn the_first_ticket_is_a_lap_ahead() {
    model_with_traced_loads("the_first_ticket_is_a_lap_ahead", Some(3), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let (mut batching, mut other) = (queue.producer().unwrap(), queue.producer().unwrap());
        // Not here: a thread that gives its core away is not shown by loom what it had seen before,
        // such as the ledgers' first words.
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

/// A consumer that stops at what a dead producer left goes on behind it when it is resumed, and not
/// back to the oldest.
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

/// One that tries and one that waits, a lap apart in one slot.
#[test]
fn trying_against_producing() {
    model_with_traced_loads("trying_against_producing", Some(3), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let (mut trying, mut other) = (queue.producer().unwrap(), queue.producer().unwrap());
        let thread = thread::spawn(move || (0..2).for_each(|k| _ = other.produce(&[20 + k; 2])));
        let tried = u64::from(trying.try_produce(&[10; 2]).is_ok());
        thread.join().unwrap();
        assert_eq!(queue.produced(), 2 + tried, "a ticket that was not used, or was used twice");
        let (mut received, mut lost) = (0, 0);
        loop {
            match consumer.try_consume() {
                Ok([one, two]) => {
                    assert_eq!(one, two, "mixed");
                    received += 1;
                }
                Err(TryConsumeError::SpedPast(missed)) => lost += missed.count(),
                Err(TryConsumeError::Empty) => break,
            }
        }
        assert_eq!(received + lost, 2 + tried);
    });
}

/// One that tries and is beaten to the ticket has taken none, and its message before is complete.
#[test]
fn one_that_tries_is_not_given_up() {
    model_with_traced_loads("one_that_tries_is_not_given_up", Some(3), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(4).unwrap();
        let mut consumer = queue.consumer();
        let (mut trying, mut other) = (queue.producer().unwrap(), queue.producer().unwrap());
        let thread = thread::spawn(move || (0..2).for_each(|k| _ = trying.try_produce(&[k; 2])));
        // Not in a thread of its own: that would take one preemption more.
        other.produce(&[9; 2]);
        for _ in 0..2 {
            if let Err(TryConsumeError::SpedPast(lost)) = consumer.try_consume() {
                panic!("given up: {lost}");
            }
        }
        thread.join().unwrap();
    });
}

/// One that tries dies with its ticket: it is given up, like any other.
#[test]
fn one_that_tries_dies_with_a_ticket() {
    model_with_traced_loads("one_that_tries_dies_with_a_ticket", None, || {
        let queue = Queue::<[u64; 2], Mpmc>::new(4).unwrap();
        let mut consumer = queue.consumer();
        drop(die_at("claimed", 0, queue.producer().unwrap(), |dying| _ = dying.try_produce(&[99; 2])));
        (0..4).for_each(|_| _ = consumer.try_consume());
        assert_eq!(consumer.next_sequence(), 1, "stuck behind the dead");
    });
}

/// One that tries takes over where another died, as one that waits does: else one death would end a
/// queue in which all others only try.
#[test]
fn one_that_tries_takes_over_from_the_dead() {
    model_with_traced_loads("one_that_tries_takes_over_from_the_dead", None, || {
        let queue = Queue::<[u64; 2], Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let (dying, mut trying) = (queue.producer().unwrap(), queue.producer().unwrap());
        let dead = die_at("word", 0, dying, |dying| _ = dying.produce(&[99; 2]));
        assert_eq!(trying.try_produce(&[1; 2]), Ok(1));
        let alive = trying.try_produce(&[2; 2]);
        assert_eq!(alive, Err(TryProduceError::Busy { n: 2 }), "while its lock is held");
        let thread = thread::spawn(move || drop(dead));
        let early = trying.try_produce(&[2; 2]).is_ok();
        thread.join().unwrap();
        if !early {
            assert_eq!(trying.try_produce(&[2; 2]), Ok(2));
        }
        for _ in 0..6 {
            if let Ok([one, two]) = consumer.try_consume() {
                assert!(one == two && one != 99, "mixed, or of the dead: {one} {two}");
            }
        }
        assert_eq!(consumer.next_sequence(), 3);
    });
}

/// One whose first call tries a ticket a lap ahead of another's, who lives: nothing but the count tells
/// it of the other. Else both write the slot, and the newest message is not what is left there.
#[test]
fn one_that_tries_a_lap_ahead_sees_the_living() {
    model_with_traced_loads("one_that_tries_a_lap_ahead_sees_the_living", Some(3), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(2).unwrap();
        let mut consumer = queue.consumer();
        let (mut batching, mut trying) = (queue.producer().unwrap(), queue.producer().unwrap());
        let thread = thread::spawn(move || trying.try_produce(&[20; 2]));
        batching.produce_batch(&[[10; 2], [11; 2]]).unwrap();
        let tried = thread.join().unwrap();
        let mut newest = None;
        for _ in 0..8 {
            let next = consumer.next_sequence();
            match consumer.try_consume() {
                Ok([one, two]) => {
                    assert_eq!(one, two, "mixed");
                    assert!(tried != Ok(next) || one == 20, "message {next} is not itself");
                    newest = Some(next);
                }
                Err(TryConsumeError::SpedPast(_) | TryConsumeError::Empty) => {}
            }
        }
        let produced = queue.produced();
        assert_eq!(
            (newest, consumer.next_sequence()),
            (Some(produced - 1), produced),
            "the newest message is not there"
        );
    });
}

/// One that tries is beaten to the last ticket of a ring in which another died, and lives on: the
/// dead one is given up all the same.
#[test]
fn one_that_tries_in_vain_hides_no_death() {
    model_with_traced_loads("one_that_tries_in_vain_hides_no_death", Some(2), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(QueueSpec::new(2).max_producers(3)).unwrap();
        let mut consumer = queue.consumer();
        let [dying, mut trying, mut other] = [(); 3].map(|()| queue.producer().unwrap());
        drop(die_at("claimed", 0, dying, |dying| _ = dying.produce(&[99; 2])));
        let thread = thread::spawn(move || {
            _ = trying.try_produce(&[1; 2]);
            trying
        });
        _ = other.try_produce(&[2; 2]);
        let _alive = (thread.join().unwrap(), other);
        (0..6).for_each(|_| _ = consumer.try_consume());
        assert_eq!(consumer.next_sequence(), queue.produced(), "stuck behind the dead");
    });
}

/// Three producers in one slot of a ring of two: one that died there, one that died waiting for it,
/// and one that lives.
#[test]
fn three_producers_in_one_slot() {
    model_with_traced_loads("three_producers_in_one_slot", Some(2), || {
        let queue = Queue::<[u64; 2], Mpmc>::new(QueueSpec::new(2).max_producers(3)).unwrap();
        let mut consumer = queue.consumer();
        let [mut first, second, mut third] = [(); 3].map(|()| queue.producer().unwrap());
        let thread = thread::spawn(move || (0..2).for_each(|k| _ = first.produce(&[10 + k; 2])));
        drop(die_at("held", 0, second, |dying| _ = dying.produce(&[99; 2])));
        third.produce(&[30; 2]);
        thread.join().unwrap();
        assert_eq!(queue.produced(), 4);
        let mut newest = 0;
        for _ in 0..8 {
            match consumer.try_consume() {
                Ok([one, two]) => {
                    assert!(one == two && one != 99, "mixed, or of the dead: {one} {two}");
                    newest = consumer.next_sequence();
                }
                Err(TryConsumeError::SpedPast(_) | TryConsumeError::Empty) => {}
            }
        }
        assert_eq!(consumer.next_sequence(), 4, "stuck");
        assert!(newest >= 3, "the last two messages are not both there");
    });
}
