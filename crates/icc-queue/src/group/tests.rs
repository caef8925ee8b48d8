//! Deaths and losses, step by step. A worker that dies here lets go of its lock alone.

use super::word::{FREE, HELD, Hand, OVERTAKEN};
use super::*;
use crate::{Mpmc, Producer, Queue, QueueSpec};
use core::mem::ManuallyDrop;
use std::collections::BTreeMap;

type Kept = Worker<u64>;

fn queue(capacity: usize) -> (Queue<u64>, Producer<u64>) {
    let queue = Queue::<u64>::new(QueueSpec::new(capacity).group("g").max_deliveries(3)).unwrap();
    let producer = queue.producer().unwrap();
    (queue, producer)
}

fn worker(queue: &QueueReader<u64>) -> Kept {
    queue.group("g").unwrap().worker().unwrap()
}

/// As a process ends that is killed.
fn die(worker: Kept) {
    let mut worker = ManuallyDrop::new(worker);
    worker.let_go_of_its_lock();
}

/// Claims and keeps.
fn keep(worker: &mut Kept) -> (u64, u8) {
    let claim = ManuallyDrop::new(worker.try_claim().unwrap());
    assert_eq!(**claim, claim.sequence());
    (claim.sequence(), claim.deliveries())
}

/// Claims until there is nothing for a while, and says what came and what was lost.
fn all(worker: &mut Kept) -> (Vec<(u64, u8)>, Vec<u64>) {
    let (mut handled, mut lost) = (Vec::new(), Vec::new());
    let mut empty = 0;
    while empty < 1_000 {
        match worker.try_claim() {
            Ok(claim) => {
                handled.push((claim.sequence(), claim.deliveries()));
                claim.done();
            }
            Err(TryClaimError::SpedPast(missed)) => lost.extend(missed.numbers()),
            Err(TryClaimError::Empty) => {
                empty += 1;
                if empty % 100 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
    lost.sort_unstable();
    (handled, lost)
}

#[test]
fn what_a_dead_worker_had_comes_again() {
    let (queue, mut producer) = queue(8);
    let (mut dying, mut living) = (worker(&queue), worker(&queue));
    (0..3).for_each(|n| _ = producer.produce(&n));
    assert_eq!(keep(&mut dying), (0, 1));
    assert_eq!(all(&mut living).0, [(1, 1), (2, 1)], "while the other lives");
    die(dying);
    assert_eq!(all(&mut living), (vec![(0, 2)], vec![]));
    let status = queue.group("g").unwrap().status().unwrap();
    assert_eq!((status.handled, status.lost, status.waiting, status.workers.len()), (3, 0, 0, 1));
}

#[test]
fn its_successor_under_the_same_id_begins_with_it() {
    let (queue, mut producer) = queue(8);
    let mut dying = worker(&queue);
    producer.produce(&0);
    keep(&mut dying);
    die(dying);
    let mut successor = worker(&queue);
    assert_eq!(successor.id(), 0);
    assert_eq!(all(&mut successor), (vec![(0, 2)], vec![]));
}

#[test]
fn a_message_that_is_overwritten_in_the_hand_is_its_workers() {
    for done in [true, false] {
        let (queue, mut producer) = queue(2);
        let (mut slow, mut quick) = (worker(&queue), worker(&queue));
        producer.produce(&0);
        let claim = slow.try_claim().unwrap();
        (1..4).for_each(|n| _ = producer.produce(&n));
        // 1 was overwritten, 2 is in the slot of 0.
        let (handled, lost) = all(&mut quick);
        assert_eq!((handled, lost), (vec![(2, 1), (3, 1)], vec![1]));
        if done {
            claim.done();
            assert_eq!(all(&mut slow), (vec![], vec![]));
        } else {
            claim.give_back();
            assert_eq!(all(&mut slow), (vec![], vec![0]), "told by the one who had it");
        }
        let status = queue.group("g").unwrap().status().unwrap();
        assert_eq!((status.handled, status.lost), if done { (3, 1) } else { (2, 2) });
    }
}

#[test]
fn a_message_that_is_overwritten_in_a_dead_hand_is_lost_once() {
    for overtaken_before in [true, false] {
        let (queue, mut producer) = queue(2);
        let (mut dying, mut living) = (worker(&queue), worker(&queue));
        producer.produce(&0);
        keep(&mut dying);
        (1..4).for_each(|n| _ = producer.produce(&n));
        let mut handled = Vec::new();
        let mut lost = Vec::new();
        if overtaken_before {
            (handled, lost) = all(&mut living);
        }
        die(dying);
        let (more, others) = all(&mut living);
        handled.extend(more);
        lost.extend(others);
        handled.sort_unstable();
        lost.sort_unstable();
        assert_eq!((handled, lost), (vec![(2, 1), (3, 1)], vec![0, 1]), "{overtaken_before}");
        assert_eq!(queue.group("g").unwrap().status().unwrap().lost, 2);
    }
}

#[test]
fn what_was_given_back_and_overwritten_is_lost_once() {
    let (queue, mut producer) = queue(2);
    let mut worker = worker(&queue);
    producer.produce(&0);
    worker.try_claim().unwrap().give_back();
    (1..6).for_each(|n| _ = producer.produce(&n));
    assert_eq!(all(&mut worker), (vec![(4, 1), (5, 1)], vec![0, 1, 2, 3]));
}

#[test]
fn a_claim_that_is_forgotten_is_given_back() {
    let (queue, mut producer) = queue(8);
    let mut worker = worker(&queue);
    producer.produce(&0);
    assert_eq!(keep(&mut worker), (0, 1));
    assert_eq!(keep(&mut worker), (0, 2));
    drop(worker);
    let status = queue.group("g").unwrap().status().unwrap();
    assert_eq!((status.waiting, status.workers.len()), (1, 0));
}

#[test]
fn too_many_deliveries_set_a_message_aside() {
    let (queue, mut producer) = queue(64);
    let group = queue.group("g").unwrap();
    (0..40).for_each(|n| _ = producer.produce(&n));
    let mut worker = group.worker().unwrap();
    loop {
        match worker.try_claim() {
            Ok(claim) if claim.sequence() % 2 == 0 => claim.give_back(),
            Ok(claim) => claim.done(),
            Err(_) => break,
        }
    }
    let status = group.status().unwrap();
    assert_eq!((status.handled, status.set_aside, status.not_listed, status.lost, status.waiting), (20, 20, 4, 0, 0));
    let mut listed: Vec<_> = group.set_aside().into_iter().map(|it| (it.sequence, it.deliveries, it.message)).collect();
    listed.sort_unstable();
    assert_eq!(listed.len(), 16);
    assert!(listed.iter().all(|&(n, deliveries, copy)| n % 2 == 0 && deliveries == 3 && copy == Some(n)));
}

/// A worker that dies each time it gets the message.
#[test]
fn a_message_that_kills_is_set_aside() {
    let (queue, mut producer) = queue(8);
    producer.produce(&0);
    for deliveries in 1..=3 {
        let mut dying = worker(&queue);
        assert_eq!(keep(&mut dying), (0, deliveries));
        die(dying);
    }
    assert_eq!(all(&mut worker(&queue)), (vec![], vec![]));
    let listed = queue.group("g").unwrap().set_aside();
    assert_eq!((listed.len(), listed[0].sequence, listed[0].message), (1, 0, Some(0)));
}

#[test]
fn a_dead_producers_message_is_lost_once() {
    let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(8).group("g")).unwrap();
    let mut producer = queue.producer().unwrap();
    producer.produce(&0);
    // Tickets that nobody holds, as a producer leaves them that dies.
    queue.head().fetch_add(2, Ordering::AcqRel);
    producer.produce(&3);
    let (mut one, mut other) = (worker(&queue), worker(&queue));
    assert_eq!(all(&mut one), (vec![(0, 1), (3, 1)], vec![1, 2]));
    assert_eq!(all(&mut other), (vec![], vec![]));
    assert_eq!(queue.group("g").unwrap().status().unwrap().lost, 2);
}

#[test]
fn numbers_left_out_are_lost_once() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).gaps().group("g")).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut worker = worker(&queue);
    producer.produce(&0);
    producer.produce_at(3, &3).unwrap();
    assert_eq!(all(&mut worker), (vec![(0, 1), (3, 1)], vec![1, 2]));
    producer.produce_at(17, &17).unwrap();
    assert_eq!(all(&mut worker), (vec![(17, 1)], (4..17).collect()));
}

/// Whatever the numbers are, also where they wrap.
#[test]
fn across_every_wrap() {
    for first in [0, 5, (1 << 32) * 4 - 3, u64::MAX - 6, (1 << 61) - 3, (1 << 44) - 3] {
        let spec = QueueSpec::new(4).starting_at(first).group("g");
        let queue = Queue::<u64>::new(spec).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut worker = worker(&queue);
        let mut expected = first;
        for round in 0..30_u64 {
            for _ in 0..round % 4 {
                let n = producer.next_sequence();
                producer.produce(&n);
            }
            if round % 3 == 0
                && let Ok(claim) = worker.try_claim()
            {
                assert_eq!(*claim, expected);
                claim.give_back();
            }
            while let Ok(claim) = worker.try_claim() {
                assert_eq!((claim.sequence(), *claim), (expected, expected));
                expected = expected.wrapping_add(1);
                claim.done();
            }
        }
        assert_eq!(expected, producer.next_sequence());
        assert_eq!(queue.group("g").unwrap().status().unwrap().lost, 0);
    }
}

/// In every order that a random choice makes: each message is handled, lost or set aside, once.
#[test]
fn every_message_is_accounted_for() {
    for seed in 0..100 {
        let mut random = fastrand_like(seed);
        let capacity = 1 << (1 + random(3));
        let (queue, mut producer) = queue(capacity);
        let mut workers: Vec<Option<Kept>> = (0..3).map(|_| Some(worker(&queue))).collect();
        let mut fate: BTreeMap<u64, &str> = BTreeMap::new();
        let mut settle = |n: u64, how| {
            let before = fate.insert(n, how);
            assert_eq!(before, None, "seed {seed}: message {n} {how}, too");
        };
        let mut produced = 0;
        for _ in 0..200 {
            let index = random(3) as usize;
            match random(12) {
                0..=3 => {
                    producer.produce(&produced);
                    produced += 1;
                }
                4 => {
                    if let Some(dying) = workers[index].take() {
                        // It had finished all that it had claimed, or not.
                        die(dying);
                    }
                }
                5 if workers[index].is_none() => workers[index] = Some(worker(&queue)),
                choice => {
                    let Some(worker) = &mut workers[index] else { continue };
                    if worker.has == super::worker::Has::Given {
                        match choice {
                            6 => worker.give_back(),
                            7..=9 => {
                                settle(worker.n, "handled");
                                worker.finish();
                            }
                            _ => {}
                        }
                        continue;
                    }
                    match worker.try_claim() {
                        Ok(claim) => _ = ManuallyDrop::new(claim),
                        Err(TryClaimError::SpedPast(lost)) => lost.numbers().for_each(|n| settle(n, "lost")),
                        Err(_) => {}
                    }
                }
            }
        }
        // What those tell who come after the dead: what these would have told is in the sum alone.
        workers.iter_mut().for_each(|worker| {
            if let Some(worker) = worker
                && worker.has == super::worker::Has::Given
            {
                settle(worker.n, "handled");
                worker.finish();
            }
        });
        let mut last = worker(&queue);
        let (handled, lost) = all(&mut last);
        handled.iter().for_each(|&(n, _)| settle(n, "handled"));
        lost.iter().for_each(|&n| settle(n, "lost"));
        for worker in workers.iter_mut().flatten() {
            let (handled, lost) = all(worker);
            handled.iter().for_each(|&(n, _)| settle(n, "handled"));
            lost.iter().for_each(|&n| settle(n, "lost"));
        }
        let group = queue.group("g").unwrap();
        let status = group.status().unwrap();
        assert_eq!(status.handled + status.lost + status.set_aside, produced, "seed {seed}: {status:?}");
        assert!(fate.len() as u64 <= produced);
        let handled = fate.values().filter(|&&how| how == "handled").count() as u64;
        assert_eq!(handled, status.handled, "seed {seed}");
    }
}

/// A small generator: the crate has none.
fn fastrand_like(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) % below
    }
}

/// What nobody wrote who keeps to the protocol.
#[test]
fn garbage_ends_nothing() {
    for seed in 0..300 {
        let mut random = fastrand_like(seed);
        let (queue, mut producer) = queue(8);
        let mut workers = [worker(&queue), worker(&queue)];
        for round in 0..100_u64 {
            if random(2) == 0 {
                producer.produce(&round);
            }
            let words = workers[0].board.words().clone();
            let spread = if random(4) == 0 { words.len() as u64 } else { 200 };
            let garbage = match random(5) {
                0 => 0,
                1 => u64::MAX,
                2 => random(1 << 31),
                3 => random(1 << 31) << 32 | HELD | random(4) << 11,
                _ => Hand::new(random(20), OVERTAKEN).0 ^ FREE,
            };
            if let Some(word) = words.word(random(spread) as usize) {
                word.store(garbage, Ordering::Relaxed);
            }
            let worker = &mut workers[random(2) as usize];
            match worker.try_claim() {
                Ok(claim) if random(2) == 0 => claim.done(),
                Ok(claim) => claim.give_back(),
                Err(_) => {}
            }
        }
        let group = queue.group("g").unwrap();
        let (_, _) = (group.status().unwrap(), group.set_aside());
        _ = group.worker().unwrap().try_claim().map(Claim::done);
    }
}
