//! Loom models of groups of workers. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use core::any::Any;
use icc_queue::{Group, Queue, QueueSpec, TryClaimError, Worker};
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, die_at, model, model_with_traced_loads, thread};

type Message = u64;

/// A queue of two messages with a group, and so many produced.
fn queue(produced: u64) -> (Queue<Message>, Group<Message>) {
    let queue = Queue::<Message>::new(QueueSpec::new(2).group("g").max_deliveries(4)).unwrap();
    let mut producer = queue.producer().unwrap();
    (0..produced).for_each(|n| _ = producer.produce(&n));
    let group = queue.group("g").unwrap();
    (queue, group)
}

/// One attempt: the message that was handled, or how many were lost.
fn attempt(worker: &mut Worker<Message>) -> Result<u64, u64> {
    match worker.try_claim() {
        Ok(claim) => {
            let n = claim.sequence();
            assert_eq!(*claim, n, "another message");
            claim.done();
            Ok(n)
        }
        Err(TryClaimError::SpedPast(lost)) => Err(lost.count),
        Err(_) => Err(0),
    }
}

/// What was handled, in order, and how many were lost: by attempts and by all that follow them.
fn account(
    attempts: impl IntoIterator<Item = Result<u64, u64>>,
    workers: &mut [&mut Worker<Message>],
) -> (Vec<u64>, u64) {
    let (mut handled, mut lost) = (Vec::new(), 0);
    for attempt in attempts {
        match attempt {
            Ok(n) => handled.push(n),
            Err(count) => lost += count,
        }
    }
    for worker in workers {
        let (more, others) = rest(worker);
        handled.extend(more);
        lost += others;
    }
    handled.sort_unstable();
    (handled, lost)
}

/// Everything that is left, by one worker.
fn rest(worker: &mut Worker<Message>) -> (Vec<u64>, u64) {
    let (mut handled, mut lost, mut empty) = (Vec::new(), 0, 0);
    while empty < 8 {
        match attempt(worker) {
            Ok(n) => handled.push(n),
            Err(0) => empty += 1,
            Err(count) => lost += count,
        }
    }
    (handled, lost)
}

#[test]
fn claim_against_claim() {
    model("claim_against_claim", Some(3), || {
        let (_queue, group) = queue(2);
        let (mut one, mut other) = (group.worker().unwrap(), group.worker().unwrap());
        let thread = thread::spawn(move || [attempt(&mut other), attempt(&mut other)]);
        let mut handled: Vec<_> = [attempt(&mut one), attempt(&mut one)].into_iter().flatten().collect();
        handled.extend(thread.join().unwrap().into_iter().flatten());
        handled.extend(rest(&mut one).0);
        handled.sort_unstable();
        assert_eq!(handled, [0, 1], "each once");
    });
}

/// What the one did to it before it gave it back, the other sees.
#[test]
fn what_is_given_back_comes_to_another() {
    model_with_traced_loads("what_is_given_back_comes_to_another", Some(3), || {
        let (_queue, group) = queue(1);
        let (mut one, mut other) = (group.worker().unwrap(), group.worker().unwrap());
        let work = Arc::new(AtomicU64::new(0));
        let done = Arc::clone(&work);
        let claim = one.try_claim().unwrap();
        assert_eq!(claim.deliveries(), 1);
        let thread = thread::spawn(move || {
            let mut was_handled = false;
            for _ in 0..2 {
                if let Ok(claim) = other.try_claim() {
                    assert_eq!((claim.sequence(), claim.deliveries()), (0, 2));
                    assert_eq!(done.load(Ordering::Relaxed), 7, "claimed without what was done to it");
                    claim.done();
                    was_handled = true;
                }
            }
            (other, was_handled)
        });
        work.store(7, Ordering::Relaxed);
        claim.give_back();
        let (mut other, was_handled) = thread.join().unwrap();
        let (handled, lost) = rest(&mut other);
        assert_eq!((handled.len(), lost), (usize::from(!was_handled), 0), "it passed what was given back");
    });
}

/// A worker dies at a step, while another one works and finds it dead, and another comes under its id.
fn recovery(name: &str, step: &'static str, comes_again: bool) {
    model(name, Some(2), move || {
        let (_queue, group) = queue(1);
        let mut living = group.worker().unwrap();
        let dead: Box<dyn Any> = if step == "group joined" {
            Box::new(die_at(step, 0, group.clone(), |group| _ = group.worker()))
        } else {
            Box::new(die_at(step, 0, group.worker().unwrap(), |dying| _ = attempt(dying)))
        };
        let thread = thread::spawn(move || {
            let attempts = [attempt(&mut living), attempt(&mut living)];
            (living, attempts)
        });
        drop(dead);
        let mut successor = group.worker().unwrap();
        let attempts = [attempt(&mut successor)];
        let (mut living, others) = thread.join().unwrap();
        let (handled, lost) = account(attempts.into_iter().chain(others), &mut [&mut living, &mut successor]);
        let expected: &[u64] = if comes_again { &[0] } else { &[] };
        assert_eq!((&*handled, lost), (expected, 0));
        assert_eq!(group.status().unwrap().lost, 0);
    });
}

#[test]
fn recovery_of_one_that_has_just_come() {
    recovery("recovery_of_one_that_has_just_come", "group joined", true);
}

#[test]
fn recovery_of_one_that_intends() {
    recovery("recovery_of_one_that_intends", "group intends", true);
}

#[test]
fn recovery_of_one_that_has_claimed() {
    recovery("recovery_of_one_that_has_claimed", "group claimed", true);
}

#[test]
fn recovery_of_one_that_holds() {
    recovery("recovery_of_one_that_holds", "group holds", true);
}

#[test]
fn recovery_of_one_that_finishes() {
    recovery("recovery_of_one_that_finishes", "group finishes", false);
}

#[test]
fn recovery_of_one_that_has_finished() {
    recovery("recovery_of_one_that_has_finished", "group finished", false);
}

/// The ring has gone on to the next lap of a slot, whose message another claims, while its worker gives
/// it back, or is done.
fn overtaking(name: &str, is_done: bool) {
    model(name, Some(3), move || {
        let (queue, group) = queue(1);
        let (mut slow, mut quick) = (group.worker().unwrap(), group.worker().unwrap());
        let claim = slow.try_claim().unwrap();
        let mut producer = queue.producer().unwrap();
        (1..3).for_each(|n| _ = producer.produce(&n));
        let thread = thread::spawn(move || {
            let attempts = [attempt(&mut quick), attempt(&mut quick)];
            (quick, attempts)
        });
        if is_done {
            claim.done();
        } else {
            claim.give_back();
        }
        let (mut quick, attempts) = thread.join().unwrap();
        let (handled, lost) = account(attempts, &mut [&mut quick, &mut slow]);
        assert_eq!((handled, lost), (vec![1, 2], u64::from(!is_done)));
        assert_eq!(group.status().unwrap().lost, lost);
    });
}

#[test]
fn overtaking_against_done() {
    overtaking("overtaking_against_done", true);
}

#[test]
fn overtaking_against_giving_back() {
    overtaking("overtaking_against_giving_back", false);
}

/// A worker died with a message that the ring has overwritten. One worker overtakes it, another finds it
/// dead, in any order: it is lost once.
fn overtaking_the_dead(name: &str, step: &'static str) {
    model(name, Some(2), move || {
        let (queue, group) = queue(1);
        let (mut one, mut other) = (group.worker().unwrap(), group.worker().unwrap());
        let dead = die_at(step, 0, group.worker().unwrap(), |dying| _ = attempt(dying));
        let mut producer = queue.producer().unwrap();
        (1..3).for_each(|n| _ = producer.produce(&n));
        let thread = thread::spawn(move || {
            let attempts = [attempt(&mut other), attempt(&mut other)];
            (other, attempts)
        });
        drop(dead);
        let mut attempts = vec![attempt(&mut one)];
        let (mut other, others) = thread.join().unwrap();
        attempts.extend(others);
        let (handled, lost) = account(attempts, &mut [&mut one, &mut other]);
        assert_eq!((handled, lost), (vec![1, 2], 1));
        assert_eq!(group.status().unwrap().lost, 1);
    });
}

#[test]
fn overtaking_one_that_has_claimed_and_died() {
    overtaking_the_dead("overtaking_one_that_has_claimed_and_died", "group claimed");
}

#[test]
fn overtaking_one_that_holds_and_died() {
    overtaking_the_dead("overtaking_one_that_holds_and_died", "group holds");
}

/// Two messages of a slot are skipped by a claim, and the worker dies at each step of that: they are
/// counted once, and told once by one of the living.
fn skipped(name: &str, step: &'static str, is_told: bool) {
    model(name, Some(2), move || {
        let (queue, group) = queue(0);
        let (mut one, mut other) = (group.worker().unwrap(), group.worker().unwrap());
        let mut producer = queue.producer().unwrap();
        (0..7).for_each(|n| _ = producer.produce(&n));
        let dead = die_at(step, 0, group.worker().unwrap(), |dying| _ = attempt(dying));
        drop(dead);
        let thread = thread::spawn(move || {
            let attempts = [attempt(&mut other), attempt(&mut other)];
            (other, attempts)
        });
        let mut attempts = vec![attempt(&mut one)];
        let (mut other, others) = thread.join().unwrap();
        attempts.extend(others);
        let (handled, lost) = account(attempts, &mut [&mut one, &mut other]);
        assert_eq!(handled, [5, 6]);
        assert_eq!(group.status().unwrap().lost, 5);
        assert_eq!(lost == 5, is_told);
    });
}

#[test]
fn skipped_by_one_that_intends() {
    skipped("skipped_by_one_that_intends", "group intends", true);
}

#[test]
fn skipped_by_one_that_has_claimed() {
    skipped("skipped_by_one_that_has_claimed", "group claimed", true);
}

#[test]
fn skipped_by_one_that_has_counted() {
    skipped("skipped_by_one_that_has_counted", "group counted", false);
}

/// A worker dies while it gives back, at each of its steps.
fn giving_back(name: &str, passes: u32) {
    model(name, Some(2), move || {
        let (_queue, group) = queue(1);
        let (mut one, mut other) = (group.worker().unwrap(), group.worker().unwrap());
        let dead = die_at("group settles", passes, group.worker().unwrap(), |dying| {
            dying.try_claim().unwrap().give_back();
        });
        let thread = thread::spawn(move || {
            let attempts = [attempt(&mut other), attempt(&mut other)];
            (other, attempts)
        });
        drop(dead);
        let attempts = [attempt(&mut one)];
        let (mut other, others) = thread.join().unwrap();
        let (handled, lost) = account(attempts.into_iter().chain(others), &mut [&mut one, &mut other]);
        assert_eq!((handled, lost), (vec![0], 0));
    });
}

#[test]
fn giving_back_not_begun() {
    giving_back("giving_back_not_begun", 0);
}

#[test]
fn giving_back_begun() {
    giving_back("giving_back_begun", 1);
}

#[test]
fn giving_back_before_it_is_free() {
    giving_back("giving_back_before_it_is_free", 2);
}

#[test]
fn giving_back_before_it_is_told() {
    giving_back("giving_back_before_it_is_told", 3);
}

#[test]
fn giving_back_before_the_hand_is_empty() {
    giving_back("giving_back_before_the_hand_is_empty", 4);
}

/// Whoever finds a message in the list finds all of it.
#[test]
fn setting_aside_against_listing() {
    model_with_traced_loads("setting_aside_against_listing", Some(3), || {
        let queue = Queue::<Message>::new(QueueSpec::new(2).group("g").max_deliveries(1)).unwrap();
        queue.producer().unwrap().produce(&7);
        let group = queue.group("g").unwrap();
        let mut worker = group.worker().unwrap();
        let thread = thread::spawn(move || worker.try_claim().unwrap().give_back());
        for found in group.set_aside() {
            assert_eq!((found.sequence, found.deliveries, found.message), (0, 1, Some(7)));
        }
        thread.join().unwrap();
        assert_eq!(group.set_aside().len(), 1);
    });
}
