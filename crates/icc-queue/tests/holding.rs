//! Consumers that hold, in memory of this process.

#![cfg(not(icc_loom))]
#![allow(clippy::disallowed_types, reason = "a flag of the test's own")]

use icc_queue::{
    Evict, HoldError, Lost, Mode, Mpmc, Producer, Queue, QueueReader, QueueSpec, ReaderKind, SpinThenYield, Spmc,
    StartError, TryConsumeError, TryProduceError,
};
use icc_testing::SetOnDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

fn queue<M: Mode>(capacity: usize, evict: Evict) -> Queue<u64, M> {
    Queue::new(QueueSpec::new(capacity).holding(evict)).unwrap()
}

fn produce<M: Mode>(producer: &mut Producer<u64, M>, count: u64) {
    (0..count).for_each(|_| _ = producer.produce(&producer.next_sequence()));
}

/// A small ring at full speed: the holder gets all, and a consumer that does not hold has exact
/// accounts.
fn nothing_is_lost<M: Mode>(producers: usize, capacity: usize, count: u64) {
    let queue = queue::<M>(capacity, Evict::Never);
    let mut holders: Vec<_> = (0..2).map(|n| queue.holding_consumer(&format!("holder {n}")).unwrap()).collect();
    let mut lossy = queue.consumer();
    thread::scope(|scope| {
        for _ in 0..producers {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || (0..count / producers as u64).for_each(|n| _ = producer.produce(&n)));
        }
        for (index, holder) in holders.iter_mut().enumerate() {
            scope.spawn(move || {
                let mut batch = [0; 3];
                while holder.next_sequence() < count {
                    if index == 0 {
                        holder.try_consume_batch(&mut batch).expect("nothing is lost");
                    } else {
                        holder.consume(&mut SpinThenYield::new(10)).expect("nothing is lost");
                    }
                    thread::yield_now();
                }
            });
        }
        scope.spawn(|| {
            while lossy.next_sequence() < count {
                _ = lossy.consume(&mut SpinThenYield::new(10));
            }
        });
    });
    for holder in &holders {
        assert_eq!((holder.received(), holder.lost(), holder.holds()), (count, 0, true));
    }
    assert_eq!(lossy.received() + lossy.lost(), count);
}

#[test]
fn a_holder_gets_every_message() {
    for capacity in [2, 4, 64] {
        nothing_is_lost::<Spmc>(1, capacity, 2_000);
        nothing_is_lost::<Mpmc>(3, capacity, 2_100);
    }
}

fn full_until_read<M: Mode>() {
    let queue = queue::<M>(4, Evict::Never);
    let mut producer = queue.producer().unwrap();
    produce(&mut producer, 3);
    let mut holder = queue.holding_consumer("slow").unwrap();
    assert_eq!((holder.held_from(), holder.holds()), (Some(3), true));
    produce(&mut producer, 4);
    for _ in 0..3 {
        assert_eq!(producer.try_produce(&0), Err(TryProduceError::Full { by: 0, behind: 4 }));
        assert_eq!(queue.produced(), 7, "a number was taken");
    }
    let reader = &queue.readers().unwrap()[0];
    assert_eq!((reader.id, reader.kind, reader.lag, reader.is_alive), (0, ReaderKind::Holding, 4, true));
    assert_eq!(holder.try_consume(), Ok(3));
    assert_eq!(producer.try_produce(&7), Ok(7));
    assert!(producer.try_produce(&8).is_err());
    let quick = queue.holding_consumer("quick").unwrap();
    assert_eq!(quick.held_from(), Some(8));
    drop(holder);
    assert_eq!(producer.try_produce(&8), Ok(8));
    assert_eq!(quick.lag(), 1);
}

#[test]
fn a_full_ring_is_told_until_the_holder_reads_or_lets_go() {
    full_until_read::<Spmc>();
    full_until_read::<Mpmc>();
}

fn waits_until_read<M: Mode>() {
    let queue = queue::<M>(4, Evict::Never);
    let mut producer = queue.producer().unwrap();
    let mut holder = queue.holding_consumer("slow").unwrap();
    thread::scope(|scope| {
        let produced = scope.spawn(move || producer.produce_batch(&[0, 1, 2, 3]).and(producer.produce_batch(&[4, 5])));
        thread::sleep(Duration::from_millis(30));
        assert!(!produced.is_finished(), "it did not wait");
        assert_eq!((0..3).map(|_| holder.try_consume().unwrap()).sum::<u64>(), 3);
        assert_eq!(produced.join().unwrap(), Ok(4..6));
        assert_eq!((0..3).map(|_| holder.try_consume().unwrap()).sum::<u64>(), 12);
    });
}

#[test]
fn produce_waits_for_a_holder() {
    waits_until_read::<Spmc>();
    waits_until_read::<Mpmc>();
}

/// A producer of many that waits has its number already, and its message has not taken the place of the
/// oldest yet, which is still there.
#[test]
fn what_waiting_producers_have_not_overwritten_is_there() {
    let queue = queue::<Mpmc>(4, Evict::Never);
    let mut producer = queue.producer().unwrap();
    let mut holder = queue.holding_consumer("slow").unwrap();
    (0..4).for_each(|n| _ = producer.produce(&n));
    thread::scope(|scope| {
        scope.spawn(move || producer.produce(&4));
        while queue.produced() < 5 {
            thread::yield_now();
        }
        assert_eq!(queue.oldest(), 0);
        assert_eq!(queue.consumer_at(queue.position(0)).unwrap().try_consume(), Ok(0));
        assert_eq!(holder.try_consume(), Ok(0));
    });
    assert_eq!(queue.oldest(), 1);
    assert!(queue.consumer_at(queue.position(0)).is_err());
}

/// It holds no longer, is told exactly what it lost, and nobody waits for it any more.
fn is_evicted<M: Mode>(evict: Evict) {
    let queue = queue::<M>(4, evict);
    let mut producer = queue.producer().unwrap();
    let mut holder = queue.holding_consumer("stopped").unwrap();
    let begun = Instant::now();
    produce(&mut producer, 6);
    if let Evict::After(longest) = evict {
        assert!(begun.elapsed() >= longest);
    }
    assert!(!holder.holds());
    let reader = &queue.readers().unwrap()[0];
    assert_eq!((reader.kind, reader.is_alive), (ReaderKind::Evicted, true));
    assert_eq!(holder.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 0, next: 2 })));
    assert_eq!(holder.try_consume(), Ok(2));
    produce(&mut producer, 10);
    assert_eq!(holder.try_consume(), Err(TryConsumeError::SpedPast(Lost { first: 3, next: 12 })));
    // Its place is its own until it lets go.
    let other = queue.holding_consumer("other").unwrap();
    assert_eq!(queue.readers().unwrap().iter().map(|reader| reader.id).collect::<Vec<_>>(), [0, 1]);
    drop((holder, other));
    assert!(queue.readers().unwrap().is_empty());
}

#[test]
fn one_that_is_behind_for_too_long_is_evicted_and_told() {
    for evict in [Evict::AtOnce, Evict::After(Duration::from_millis(20))] {
        is_evicted::<Spmc>(evict);
        is_evicted::<Mpmc>(evict);
    }
}

fn trying_evicts_too<M: Mode>() {
    let queue = queue::<M>(2, Evict::After(Duration::from_millis(20)));
    let mut producer = queue.producer().unwrap();
    let holder = queue.holding_consumer("stopped").unwrap();
    produce(&mut producer, 2);
    let begun = Instant::now();
    assert!(producer.try_produce(&2).is_err());
    thread::sleep(Duration::from_millis(25));
    assert_eq!(producer.try_produce(&2), Ok(2), "{:?} later", begun.elapsed());
    assert!(!holder.holds());
}

#[test]
fn the_time_counts_between_tries() {
    trying_evicts_too::<Spmc>();
    trying_evicts_too::<Mpmc>();
}

/// Consumers begin to hold while producers go round the ring as fast as they can, at the next message or
/// half a ring behind, and lose nothing after the message that they were promised. With
/// `ICC_TORTURE_SECONDS` in the environment, a hundred thousand of them.
fn joins<M: Mode>(producers: u64, capacity: usize) {
    let queue = queue::<M>(capacity, Evict::Never);
    let joins = if icc_testing::torture().is_some() { 17_000 } else { 40 };
    let stop = AtomicBool::new(false);
    let (mut held, mut received, mut too_old) = (0, 0, 0);
    thread::scope(|scope| {
        for _ in 0..producers {
            let mut producer = queue.producer().unwrap();
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    producer.produce(&0);
                }
            });
        }
        let _stops = SetOnDrop(&stop);
        while held < joins {
            // Where the core is taken away at each turn, a position may always be too old: then from the next message on.
            let by_position = held % 2 == 1 && too_old < 1_000 * joins;
            let holder = if by_position {
                let asked = queue.produced().saturating_sub(capacity as u64 / 4);
                queue.holding_consumer_at("x", queue.position(asked))
            } else {
                queue.holding_consumer("x")
            };
            let mut holder = match holder {
                Ok(holder) => holder,
                Err(HoldError::TooOld { .. }) if by_position => {
                    too_old += 1;
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            let end = holder.held_from().unwrap() + 2 * capacity as u64 + 1;
            while holder.next_sequence() < end {
                match holder.try_consume() {
                    Ok(_) => received += 1,
                    Err(TryConsumeError::Empty) => thread::yield_now(),
                    Err(TryConsumeError::SpedPast(lost)) => panic!("{lost}, and held from {:?}", holder.held_from()),
                }
            }
            assert!(holder.holds());
            held += 1;
        }
    });
    println!("{held} began to hold, {too_old} were too old, {received} messages");
}

#[test]
fn joining_at_full_speed_loses_nothing() {
    for capacity in [2, 8, 64] {
        joins::<Spmc>(1, capacity);
        joins::<Mpmc>(2, capacity);
    }
}

fn positions<M: Mode>() {
    let queue = queue::<M>(8, Evict::Never);
    let mut producer = queue.producer().unwrap();
    let at = |queue: &QueueReader<u64>, n| queue.holding_consumer_at("recorder", queue.position(n));
    assert_eq!(at(&queue, 0).unwrap().held_from(), Some(0));
    produce(&mut producer, 2);
    assert_eq!(at(&queue, 0).unwrap().held_from(), Some(0));
    let begin = 0_u64.wrapping_sub(1);
    assert_eq!(at(&queue, begin).err(), Some(HoldError::TooOld { asked: begin, oldest: 0, next: 2 }));
    produce(&mut producer, 20);
    for n in 18..=22 {
        let mut holder = at(&queue, n).unwrap();
        assert_eq!(holder.held_from(), Some(n));
        assert_eq!(holder.try_consume().ok(), (n < 22).then_some(n));
    }
    assert_eq!(at(&queue, 17).err(), Some(HoldError::TooOld { asked: 17, oldest: 18, next: 22 }));
    let later = StartError::NotYet { asked: 23, oldest: 18, next: 22 };
    assert_eq!(at(&queue, 23).err(), Some(HoldError::Start(later)));
    assert!(queue.readers().unwrap().is_empty(), "one that was refused kept its entry");
    let other = self::queue::<M>(8, Evict::Never);
    assert!(at(&other, 0).is_ok());
    let foreign = queue.holding_consumer_at("recorder", other.position(22)).err();
    assert!(matches!(foreign, Some(HoldError::Start(StartError::OtherInstance { .. }))));
}

#[test]
fn from_a_noted_position_that_is_not_older_than_half_a_ring() {
    positions::<Spmc>();
    positions::<Mpmc>();
}
