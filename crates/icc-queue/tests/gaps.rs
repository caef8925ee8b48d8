//! Numbers that a producer leaves out: found by every consumer, once, exactly.

#![cfg(not(icc_loom))]

use icc_queue::{
    BusySpin, ConsumeTimeoutError, Consumer, Lost, Mpmc, Position, ProduceAtError, Queue, QueueError, QueueSpec,
    Recovery, Spmc, StartError, TryConsumeError,
};
use std::collections::BTreeMap;
use std::time::Duration;

fn queue(capacity: usize) -> Queue<u64> {
    Queue::new(QueueSpec::new(capacity).gaps()).unwrap()
}

/// The next message or loss, however long a gap takes to find.
fn next(consumer: &mut Consumer<u64>) -> Result<u64, Lost> {
    consumer.consume(&mut BusySpin)
}

fn is_empty(consumer: &mut Consumer<u64>) -> bool {
    let found = consumer.consume_timeout(&mut BusySpin, Duration::from_millis(5));
    matches!(found, Err(ConsumeTimeoutError::TimedOut { .. }))
}

#[test]
fn a_gap_is_one_loss() {
    let queue = queue(8);
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    producer.produce(&0);
    producer.produce_at(4, &4).unwrap();
    producer.produce_at(5, &5).unwrap();
    assert_eq!((producer.produce(&6), producer.next_sequence()), (6, 7));
    assert_eq!(next(&mut consumer), Ok(0));
    assert_eq!(next(&mut consumer), Err(Lost { first: 1, next: 4 }));
    assert_eq!([4, 5, 6].map(|_| next(&mut consumer).unwrap()), [4, 5, 6]);
    assert!(is_empty(&mut consumer));
    assert_eq!((consumer.received(), consumer.lost(), consumer.next_sequence(), consumer.lag()), (4, 3, 7, 0));
}

#[test]
fn a_gap_at_the_end_is_told_before_the_next_message() {
    let queue = queue(8);
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    producer.produce(&0);
    producer.skip_to(5).unwrap();
    assert_eq!((producer.next_sequence(), queue.produced()), (5, 5));
    assert_eq!((next(&mut consumer), next(&mut consumer)), (Ok(0), Err(Lost { first: 1, next: 5 })));
    assert!(is_empty(&mut consumer));
    // Again, and to where it is: nothing.
    producer.skip_to(7).unwrap();
    producer.skip_to(7).unwrap();
    assert_eq!(producer.skip_to(6), Err(ProduceAtError::Behind { asked: 6, next: 7 }));
    drop(producer);
    let mut successor = queue.producer().unwrap();
    assert_eq!((successor.next_sequence(), successor.produce(&7)), (7, 7));
    assert_eq!((next(&mut consumer), next(&mut consumer)), (Err(Lost { first: 5, next: 7 }), Ok(7)));
    assert_eq!(Queue::<u64>::new(8).unwrap().producer().unwrap().skip_to(3), Err(ProduceAtError::NoGaps));
}

#[test]
fn positions_are_those_of_the_queue_that_is_repeated() {
    let there = Queue::<u64>::new(8).unwrap();
    let here = Queue::<u64>::new(QueueSpec::new(8).gaps().repeating(there.instance())).unwrap();
    assert_eq!((there.source(), here.source()), (None, Some(there.instance())));
    assert_ne!(here.instance(), there.instance());
    let mut producer = here.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&n));
    assert_eq!(here.consumer_at(there.position(3)).unwrap().try_consume(), Ok(3));
    assert_eq!(here.consumer_at(here.position(4)).unwrap().position(), there.position(4));
    let unknown = Position::new(here.instance(), 3);
    let refused = StartError::OtherInstance { asked: unknown, instance: there.instance() };
    assert_eq!(here.consumer_at(unknown).err(), Some(refused));
}

#[test]
fn gaps_longer_than_the_ring() {
    for gap in [7, 8, 9, 16, 17, 1000, 1 << 40, (1 << 62) + 3] {
        let queue = queue(8);
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        (0..5).for_each(|n| _ = producer.produce(&n));
        let n = 5 + gap;
        producer.produce_at(n, &n).unwrap();
        // What was there is still there, unless its slot was taken.
        let taken = n & 7;
        let mut received = 0;
        loop {
            match next(&mut consumer) {
                Ok(found) if found == n => break,
                Ok(found) => {
                    assert!(found < 5 && found != taken, "gap {gap}: {found}");
                    received += 1;
                }
                Err(lost) => assert!(lost.next <= n, "gap {gap}: {lost}"),
            }
        }
        assert_eq!(received, 5 - u64::from(taken < 5), "gap {gap}");
        assert_eq!(
            (consumer.next_sequence(), consumer.received(), consumer.lost()),
            (n + 1, received + 1, n - received)
        );
        producer.produce(&7);
        assert_eq!(next(&mut consumer), Ok(7));
    }
}

#[test]
fn across_the_wrap_of_the_numbers() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).gaps().starting_at(u64::MAX - 2)).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    producer.produce(&1);
    producer.produce_at(7, &2).unwrap();
    assert_eq!(producer.produce_at(u64::MAX, &3), Err(ProduceAtError::Behind { asked: u64::MAX, next: 8 }));
    assert_eq!(next(&mut consumer), Ok(1));
    assert_eq!(next(&mut consumer), Err(Lost { first: u64::MAX - 1, next: 7 }));
    assert_eq!((next(&mut consumer), consumer.received(), consumer.lost()), (Ok(2), 2, 9));
}

#[test]
fn what_is_refused_changes_nothing() {
    let queue = queue(8);
    let mut producer = queue.producer().unwrap();
    producer.produce(&0);
    producer.produce_at(3, &3).unwrap();
    for n in [0, 2, 3] {
        assert_eq!(producer.produce_at(n, &9), Err(ProduceAtError::Behind { asked: n, next: 4 }));
    }
    assert_eq!((producer.next_sequence(), queue.produced()), (4, 4));
    assert_eq!(producer.produce(&4), 4);

    let plain = Queue::<u64>::new(8).unwrap();
    let mut producer = plain.producer().unwrap();
    assert_eq!([0, 1].map(|n| producer.produce_at(n, &9)), [Err(ProduceAtError::NoGaps); 2]);
    assert_eq!((plain.produced(), plain.has_gaps(), queue.has_gaps()), (0, false, true));
    let many = Queue::<u64, Mpmc>::new(QueueSpec::new(8).gaps()).unwrap_err();
    assert_eq!(many, QueueError::GapsOfMany);
}

#[test]
fn a_consumer_that_stops_at_losses_stops_at_gaps() {
    let queue = queue(8);
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer().with_recovery(Recovery::Stop);
    producer.produce_at(2, &2).unwrap();
    let lost = Lost { first: 0, next: 2 };
    assert_eq!([next(&mut consumer), next(&mut consumer)], [Err(lost); 2]);
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
    assert_eq!((consumer.stopped(), consumer.lost(), consumer.resume()), (Some(lost), 2, None));
    assert_eq!((next(&mut consumer), consumer.next_sequence()), (Ok(2), 3));
}

/// Positions before a long gap are as good as before: nothing has overwritten their messages.
#[test]
fn starting_before_a_gap() {
    let queue = queue(4);
    let mut producer = queue.producer().unwrap();
    (0..3).for_each(|n| _ = producer.produce(&n));
    producer.produce_at(103, &103).unwrap(); // over none of them
    let at = |n| queue.consumer_at(queue.position(n));
    let mut consumer = at(1).unwrap();
    assert_eq!([next(&mut consumer), next(&mut consumer)], [Ok(1), Ok(2)]);
    assert_eq!((next(&mut consumer), next(&mut consumer)), (Err(Lost { first: 3, next: 103 }), Ok(103)));
    producer.produce(&104); // over message 0
    assert!(at(0).is_err() && at(1).is_ok() && at(50).is_ok() && at(106).is_err());
    assert_eq!(next(&mut at(50).unwrap()), Err(Lost { first: 50, next: 103 }));
    let mut oldest = queue.consumer_from_oldest();
    assert_eq!((next(&mut oldest), next(&mut oldest)), (Err(Lost { first: 101, next: 103 }), Ok(103)));
    let mut newest = queue.consumer_at(queue.position(1)).unwrap();
    assert_eq!((newest.skip_to_newest(), next(&mut newest), newest.skipped()), (103, Ok(104), 103));
}

/// Any messages and gaps, any consumers: each message is received whole and once or lost, each gap is
/// lost, and the sum is exact.
#[test]
fn any_sequence_is_accounted_for() {
    for seed in 1..=300_u64 {
        let mut random = icc_testing::Random(seed);
        let capacity = 2 << random.below(4);
        let recovery = [Recovery::Oldest, Recovery::OldestPlus(1), Recovery::Newest][random.below(3) as usize];
        let queue = queue(capacity);
        let (mut producer, mut produced) = (queue.producer().unwrap(), BTreeMap::new());
        let mut consumer = queue.consumer().with_recovery(recovery);
        let (mut seen, mut lost, mut at, mut sent) = (0, 0, 0, 0_u64);
        for _ in 0..40 {
            for _ in 0..random.below(2 * capacity as u64) {
                if random.below(4) == 0 {
                    sent += random.below(3 * capacity as u64);
                }
                producer.produce_at(sent, &(sent ^ seed)).unwrap();
                produced.insert(sent, sent ^ seed);
                sent += 1;
            }
            for _ in 0..random.below(capacity as u64 + 3) {
                if consumer.next_sequence() == sent {
                    break;
                }
                match next(&mut consumer) {
                    Ok(message) => {
                        assert_eq!(produced.get(&at), Some(&message), "seed {seed}, message {at}");
                        (seen, at) = (seen + 1, at + 1);
                    }
                    Err(Lost { first, next }) => {
                        assert!(first == at && next > first, "seed {seed}: {first}..{next} at {at}");
                        (lost, at) = (lost + next - first, next);
                    }
                }
                assert_eq!((consumer.next_sequence(), consumer.received(), consumer.lost()), (at, seen, lost));
            }
        }
        while at < sent {
            match next(&mut consumer) {
                Ok(_) => (seen, at) = (seen + 1, at + 1),
                Err(gap) => (lost, at) = (lost + gap.count(), gap.next),
            }
        }
        assert!(consumer.try_consume() == Err(TryConsumeError::Empty) && seen + lost == sent, "seed {seed}");
    }
}

/// While the producer goes on: nothing that was produced is taken for a gap.
#[test]
fn gaps_under_load() {
    const MESSAGES: u64 = if cfg!(miri) { 100 } else { 200_000 };
    let queue = Queue::<[u64; 7]>::new(QueueSpec::new(64).gaps()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer();
    // One in sixteen numbers is left out, ten at a time; a gap of a thousand now and then.
    let number = |k: u64| k + k / 150 * 10 + k / 5_000 * 1_000;
    let end = number(MESSAGES - 1) + 1;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for k in 0..MESSAGES {
                producer.produce_at(number(k), &[number(k); 7]).unwrap();
                if k % 64 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut message = [0; 7];
        while consumer.next_sequence() < end {
            let n = consumer.next_sequence();
            match consumer.try_consume_into(&mut message) {
                Ok(n) => assert_eq!(message, [n; 7]),
                Err(TryConsumeError::Empty) => std::hint::spin_loop(),
                Err(TryConsumeError::SpedPast(lost)) => assert_eq!(lost.first, n),
            }
        }
    });
    assert_eq!((consumer.next_sequence(), consumer.received() + consumer.lost()), (end, end));
    assert!(consumer.lost() >= end - MESSAGES && consumer.received() > 0);
}

#[cfg(all(target_os = "linux", not(miri)))]
mod shared {
    use super::*;
    use icc_queue::{BufferError, Options, QueueReader, untyped};
    use icc_testing::Name;

    #[test]
    fn the_header_says_that_there_are_gaps() {
        let name = Name::new("gaps-header");
        let spec = QueueSpec::new(8);
        let made = Queue::<u64>::create(&name, spec, &Options::new()).unwrap();
        assert!(!made.has_gaps());
        let refused = Queue::<u64>::open_or_create(&name, spec.gaps(), &Options::new()).unwrap_err();
        assert!(matches!(refused, QueueError::Buffer(BufferError::LacksFeature { .. })), "{refused}");
        icc_queue::remove(&name).unwrap();

        let (queue, _) = Queue::<u64>::open_or_create(&name, spec.gaps(), &Options::new()).unwrap();
        assert_eq!(icc_buffer::inspect(&name).unwrap().features, [2, 2, 0]);
        // Whoever does not ask for them gets them all the same.
        let (again, _) = Queue::<u64>::open_or_create(&name, spec, &Options::new()).unwrap();
        assert!(queue.has_gaps() && again.has_gaps());
        let mut consumer = QueueReader::<u64>::open(&name, &Options::new()).unwrap().consumer();
        let mut bytes = untyped::QueueReader::open(&name, &Options::new()).unwrap().consumer();
        again.producer().unwrap().produce_at(3, &7).unwrap();
        assert_eq!((next(&mut consumer), next(&mut consumer)), (Err(Lost { first: 0, next: 3 }), Ok(7)));
        let mut out = [0; 8];
        let found = icc_testing::until("the gap", || match bytes.try_consume_into(&mut out) {
            Err(TryConsumeError::Empty) => None,
            found => Some(found),
        });
        assert_eq!(found, Err(TryConsumeError::SpedPast(Lost { first: 0, next: 3 })));
        assert_eq!((bytes.try_consume_into(&mut out), u64::from_ne_bytes(out)), (Ok(3), 7));
    }

    #[test]
    fn bytes_have_gaps_as_well() {
        let name = Name::new("gaps-bytes");
        let element = icc_buffer::ElementType { name: "u64".into(), size: 8, align: 8, fingerprint: 0 };
        let spec = QueueSpec::new(8).gaps().starting_at(10);
        let mut producer =
            untyped::Queue::<Spmc>::create(&name, &element, spec, &Options::new()).unwrap().producer().unwrap();
        let mut consumer = untyped::QueueReader::open(&name, &Options::new()).unwrap().consumer();
        producer.produce_at(12, &[7; 8]).unwrap();
        assert_eq!(producer.produce_at(12, &[7; 8]), Err(ProduceAtError::Behind { asked: 12, next: 13 }));
        let mut out = [0; 8];
        let found = icc_testing::until("the gap", || match consumer.try_consume_into(&mut out) {
            Err(TryConsumeError::Empty) => None,
            found => Some(found),
        });
        assert_eq!(found, Err(TryConsumeError::SpedPast(Lost { first: 10, next: 12 })));
        assert_eq!((consumer.try_consume_into(&mut out), out, producer.next_sequence()), (Ok(12), [7; 8], 13));
    }

    /// A header that says both, which no queue does.
    #[test]
    fn many_producers_have_no_gaps() {
        use std::os::unix::fs::FileExt as _;
        let name = Name::new("gaps-many");
        Queue::<u64, Mpmc>::create(&name, 8, &Options::new()).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&name).unwrap();
        file.write_all_at(&2_u64.to_ne_bytes(), 48).unwrap();
        let refused = QueueReader::<u64>::open(&name, &Options::new()).unwrap_err();
        assert!(matches!(refused, QueueError::Buffer(BufferError::OtherLayout { .. })), "{refused}");
    }
}

/// A consumer that sleeps finds a gap that was there before it went to sleep, and is woken at one that
/// comes.
#[test]
#[cfg(not(miri))]
fn sleepers_find_gaps() {
    use icc_queue::Park;
    let queue = Queue::<u64>::new(QueueSpec::new(8).gaps().wakeable()).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    producer.produce_at(3, &3).unwrap();
    assert!(consumer.is_ready());
    let mut park = Park::default();
    assert_eq!(consumer.consume(&mut park), Err(Lost { first: 0, next: 3 }));
    assert_eq!(consumer.consume(&mut park), Ok(3));
    assert!(!consumer.is_ready());
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(move || [consumer.consume(&mut park), consumer.consume(&mut park)]);
        std::thread::sleep(Duration::from_millis(50));
        producer.produce_at(7, &7).unwrap();
        assert_eq!(sleeper.join().unwrap(), [Err(Lost { first: 4, next: 7 }), Ok(7)]);
    });
}
