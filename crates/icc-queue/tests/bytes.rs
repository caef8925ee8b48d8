//! Messages of any length.

#![cfg(not(icc_loom))]

use icc_queue::bytes::{
    BytesConsumer, BytesLost, BytesProducer, BytesQueue, ProduceAtError, TooLong, TryConsumeError, WaitError,
};
use icc_queue::{Lost, Mode, Mpmc, QueueError, QueueSpec, Recovery, SpinThenYield, Spmc};
use std::time::Duration;

/// Bytes that tell which message they are of, and where in it they belong.
fn message(n: u64, len: usize) -> Vec<u8> {
    (0..len as u64).map(|at| (n.wrapping_mul(0x9e37_79b9).wrapping_add(at.wrapping_mul(31)) >> 3) as u8).collect()
}

fn queue<M: Mode>(capacity: usize) -> BytesQueue<M> {
    BytesQueue::new(QueueSpec::new(capacity).slot_size(64)).unwrap()
}

/// What a slot of 64 bytes has room for.
const ROOM: usize = 32;

fn take(consumer: &mut BytesConsumer) -> Result<Vec<u8>, TryConsumeError> {
    let mut out = Vec::new();
    consumer.try_consume_into(&mut out).map(|_| out)
}

fn lost_of(error: TryConsumeError) -> BytesLost {
    match error {
        TryConsumeError::SpedPast(lost) => lost,
        other => panic!("{other:?}"),
    }
}

fn every_length<M: Mode>(queue: &BytesQueue<M>) {
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    let (mut into_slice, mut slots, mut bytes) = (queue.consumer(), 0, 0);
    assert_eq!(queue.longest_message(), 16 * ROOM);
    for n in 0..1100_u64 {
        let len = n as usize % (16 * ROOM + 1);
        assert_eq!(producer.produce(&message(n, len)), Ok(slots));
        slots += len.div_ceil(ROOM).max(1) as u64;
        bytes += len as u64;

        let mut out = Vec::from("what was there before");
        assert!(consumer.try_consume_into(&mut out).is_ok());
        assert_eq!(out, message(n, len), "{len} bytes");
        let mut out = [0xee; 16 * ROOM + 1];
        assert_eq!(into_slice.try_consume(&mut out), Ok(len));
        assert_eq!(&out[..len], message(n, len), "{len} bytes");
        assert!(out[len..].iter().all(|&byte| byte == 0xee), "{len} bytes");
        for consumer in [&consumer, &into_slice] {
            assert_eq!((consumer.next_sequence(), consumer.received()), (slots, n + 1));
            assert_eq!((consumer.received_bytes(), consumer.received_slots()), (bytes, slots));
        }
        assert_eq!(take(&mut consumer), Err(TryConsumeError::Empty));
    }
}

#[test]
fn every_length_across_the_wrap() {
    every_length(&queue::<Spmc>(64));
    every_length(&queue::<Mpmc>(64));
}

/// Slots that are not as long as they are apart.
#[test]
fn slots_of_any_size() {
    for slot in [40, 48, 64, 72, 200, 256, 1000, 4096, 65_536] {
        fn both<M: Mode>(slot: usize) {
            let queue = BytesQueue::<M>::new(QueueSpec::new(16).slot_size(slot)).unwrap();
            let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
            let room = slot - 32;
            assert_eq!((queue.slot_size(), queue.longest_message()), (slot, 4 * room));
            for len in [0, 1, room - 1, room, room + 1, 2 * room, 3 * room + 1, 4 * room] {
                producer.produce(&message(len as u64, len)).unwrap();
                assert_eq!(take(&mut consumer).unwrap(), message(len as u64, len));
            }
        }
        both::<Spmc>(slot);
        both::<Mpmc>(slot);
    }
    for asked in [0, 8, 32, 44, 63, 65_544, usize::MAX] {
        let refused = BytesQueue::<Spmc>::new(QueueSpec::new(16).slot_size(asked)).err();
        assert_eq!(refused, Some(QueueError::SlotSize { asked, least: 40, most: 65_536 }));
    }
    let with = |spec: QueueSpec| BytesQueue::<Spmc>::new(spec).err();
    assert_eq!(with(QueueSpec::new(16).group("g")), Some(QueueError::NotOfBytes { what: "groups" }));
    assert_eq!(with(QueueSpec::new(12)), Some(QueueError::Capacity { asked: 12 }));
}

fn too_long<M: Mode>() {
    for (capacity, most) in [(2, 1), (4, 1), (8, 2), (64, 16)] {
        let queue = queue::<M>(capacity);
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
        let longest = most * ROOM;
        let refused = TooLong { len: longest + 1, longest };
        assert_eq!(producer.produce(&vec![7; longest + 1]), Err(refused));
        assert_eq!(producer.produce_with(longest + 1, |_| panic!("it was filled")), Err(refused));
        assert_eq!((producer.longest_message(), producer.next_sequence()), (longest, 0));
        assert_eq!(producer.produce_with(longest, |all| all.copy_from_slice(&message(1, longest))), Ok(0));
        assert_eq!(take(&mut consumer).unwrap(), message(1, longest));
    }
}

#[test]
fn a_message_longer_than_a_quarter_of_the_ring_is_refused() {
    too_long::<Spmc>();
    too_long::<Mpmc>();
}
fn too_small<M: Mode>() {
    let queue = queue::<M>(64);
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    for len in [1, ROOM, ROOM + 1, 5 * ROOM - 1] {
        producer.produce(&message(3, len)).unwrap();
        for room in 0..len {
            let refused = consumer.try_consume(&mut vec![0; room]);
            assert_eq!(refused, Err(TryConsumeError::TooSmall { needed: len }));
        }
        let mut out = vec![0; len];
        assert_eq!((consumer.try_consume(&mut out), out), (Ok(len), message(3, len)));
    }
    assert_eq!((consumer.received(), consumer.lost_slots()), (4, 0));
}

#[test]
fn a_message_stays_where_the_buffer_is_too_small() {
    too_small::<Spmc>();
    too_small::<Mpmc>();
}

fn joining<M: Mode>() {
    let queue = queue::<M>(64);
    let mut producer = queue.producer().unwrap();
    for n in 0..3 {
        producer.produce(&message(n, 4 * ROOM)).unwrap();
    }
    for (at, n) in [(0, 0), (1, 1), (3, 1), (4, 1), (5, 2), (8, 2)] {
        let mut consumer = queue.consumer_at(queue.position(at)).unwrap();
        assert_eq!(consumer.next_sequence(), 4 * n);
        assert_eq!(take(&mut consumer).unwrap(), message(n, 4 * ROOM), "from slot {at}");
        assert_eq!((consumer.lost_slots(), consumer.received_slots()), (0, 4));
    }
    let mut consumer = queue.consumer_at(queue.position(9)).unwrap();
    assert_eq!(take(&mut consumer), Err(TryConsumeError::Empty));
    producer.produce(&message(3, 1)).unwrap();
    assert_eq!(take(&mut consumer).unwrap(), message(3, 1));
}

#[test]
fn who_begins_in_the_middle_of_a_message_gets_the_next() {
    joining::<Spmc>();
    joining::<Mpmc>();
}

/// Messages of three slots in a ring of 16: the oldest slots are in the middle of one.
#[test]
fn a_loss_ends_where_a_message_begins() {
    for recovery in [Recovery::Oldest, Recovery::OldestPlus(3), Recovery::Newest, Recovery::Stop] {
        let queue = queue::<Spmc>(16);
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer().with_recovery(recovery);
        for n in 0..10 {
            producer.produce(&message(n, 2 * ROOM + 1)).unwrap();
        }
        // Slots 14 to 29 are kept.
        let next = match recovery {
            Recovery::OldestPlus(_) => 6,
            Recovery::Newest => 9,
            _ => 5,
        };
        let lost = lost_of(take(&mut consumer).unwrap_err());
        assert_eq!((lost.slots, lost.messages), (Lost { first: 0, next: 3 * next }, Some(next)), "{recovery:?}");
        if recovery == Recovery::Stop {
            assert_eq!(take(&mut consumer), Err(TryConsumeError::SpedPast(lost)));
            assert_eq!((consumer.stopped(), consumer.resume()), (Some(lost), None));
        }
        for n in next..10 {
            assert_eq!(take(&mut consumer).unwrap(), message(n, 2 * ROOM + 1), "{recovery:?}");
        }
        assert_eq!((consumer.received(), consumer.lost_messages()), (10 - next, Some(next)));
        assert_eq!((consumer.received_slots(), consumer.lost_slots()), (3 * (10 - next), 3 * next));
    }
}

#[test]
fn skipping_goes_to_the_newest_that_has_begun() {
    let queue = queue::<Spmc>(64);
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    assert_eq!(consumer.skip_to_newest(), 0);
    for n in 0..5 {
        producer.produce(&message(n, 2 * ROOM + 1)).unwrap();
    }
    assert_eq!((consumer.skip_to_newest(), consumer.skipped_messages()), (12, Some(4)));
    assert_eq!(consumer.skip_to_newest(), 0);
    assert_eq!(take(&mut consumer).unwrap(), message(4, 2 * ROOM + 1));
    assert_eq!(
        (consumer.skipped_messages(), consumer.lost_messages(), consumer.skipped_slots()),
        (Some(4), Some(0), 12)
    );
}

/// Its number goes on, so a loss across the two is exact.
#[test]
fn a_successor_counts_on() {
    let queue = queue::<Spmc>(16);
    let mut consumer = queue.consumer();
    for n in 0..40 {
        // Each of another producer, some of which produce nothing.
        let mut producer = queue.producer().unwrap();
        producer.produce(&message(n, n as usize)).unwrap();
        drop(producer);
        queue.producer().unwrap();
    }
    let lost = lost_of(take(&mut consumer).unwrap_err());
    let left = 40 - lost.messages.unwrap();
    (40 - left..40).for_each(|n| assert_eq!(take(&mut consumer).unwrap(), message(n, n as usize)));
    assert_eq!((consumer.received(), consumer.lost_messages()), (left, Some(40 - left)));
}

#[test]
fn sequence_numbers_begin_where_they_are_told() {
    fn from<M: Mode>(first: u64) {
        let spec = QueueSpec::new(16).slot_size(64).starting_at(first);
        let queue = BytesQueue::<M>::new(spec).unwrap();
        let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer_from_oldest());
        for n in 0..50 {
            let len = n as usize * 3 % (4 * ROOM);
            producer.produce(&message(n, len)).unwrap();
            assert_eq!(take(&mut consumer).unwrap(), message(n, len));
        }
        for n in 50..60 {
            producer.produce(&message(n, 3 * ROOM)).unwrap();
        }
        let lost = lost_of(take(&mut consumer).unwrap_err());
        assert_eq!(lost.messages, (queue.max_producers() == 1).then_some(5), "{lost}");
        (55..60).for_each(|n| assert_eq!(take(&mut consumer).unwrap(), message(n, 3 * ROOM)));
    }
    for first in [0, 5, 1 << 40, u64::MAX - 20] {
        from::<Spmc>(first);
        from::<Mpmc>(first);
    }
}

/// A seeded stand-in for a fuzzer: consumers of each kind poll now and then, and each message, each loss and
/// each sum is checked.
#[test]
fn whatever_is_lost_is_told_exactly() {
    for seed in 1..=if cfg!(miri) { 2 } else { 60_u64 } {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let queue = queue::<Spmc>(16 << random(3));
        let mut producer = queue.producer().unwrap();
        let policies = [Recovery::Oldest, Recovery::OldestPlus(random(9)), Recovery::Newest, Recovery::Stop];
        // Each with the number of the next message that it has to give, or to tell as lost.
        let mut consumers = policies.map(|policy| (queue.consumer().with_recovery(policy), 0, 0));
        let lens: Vec<_> = (0..600).map(|_| random(queue.longest_message() as u64 + 1) >> random(9)).collect();
        for (n, &len) in lens.iter().enumerate() {
            producer.produce(&message(n as u64, len as usize)).unwrap();
            for (consumer, next, slots) in &mut consumers {
                for _ in 0..random(4) * random(3) {
                    match take(consumer) {
                        Ok(out) => {
                            assert_eq!(out, message(*next, lens[*next as usize] as usize), "message {next}");
                            *next += 1;
                            assert_eq!(consumer.received() + consumer.lost_messages().unwrap(), *next);
                        }
                        Err(TryConsumeError::Empty) => assert_eq!(*next, n as u64 + 1),
                        Err(error) => {
                            let BytesLost { slots: lost, messages, .. } = lost_of(error);
                            assert_eq!(lost.first, *slots, "it was not there");
                            *next += messages.unwrap();
                            if consumer.recovery() == Recovery::Stop {
                                assert!(consumer.resume().is_none());
                            }
                        }
                    }
                    *slots = consumer.next_sequence();
                    assert_eq!(consumer.received_slots() + consumer.lost_slots(), *slots);
                }
            }
        }
        for (mut consumer, mut next, _) in consumers {
            while next < lens.len() as u64 {
                match take(&mut consumer) {
                    Ok(_) => next += 1,
                    Err(error) => {
                        next += lost_of(error).messages.unwrap();
                        consumer.resume();
                    }
                }
            }
            assert_eq!(consumer.next_sequence(), queue.produced());
        }
    }
}

/// One thread produces, others receive, in a small ring: no message is torn, and with one producer the sums
/// are exact.
fn at_full_speed<M: Mode>(messages: u64, producers: u64) {
    let queue = queue::<M>(64);
    std::thread::scope(|scope| {
        for policy in [Recovery::Oldest, Recovery::Newest] {
            let mut consumer = queue.consumer().with_recovery(policy);
            scope.spawn(move || {
                let (mut out, mut told) = (Vec::new(), 0);
                loop {
                    match consumer.consume_into_until_gone(&mut out, &mut SpinThenYield::default()) {
                        Ok(_) => {
                            let n = u64::from_le_bytes(*out.first_chunk().unwrap());
                            assert_eq!(out[8..], message(n, out.len() - 8), "message {n} is torn");
                        }
                        Err(WaitError::SpedPast(lost)) => told += lost.messages.unwrap_or(0),
                        Err(WaitError::ProducersGone) => break,
                        Err(other) => panic!("{other}"),
                    }
                }
                if let Some(lost) = consumer.lost_messages() {
                    assert_eq!((consumer.received() + lost, told), (messages, lost));
                }
                let slots = consumer.received_slots() + consumer.lost_slots();
                assert_eq!(slots, consumer.next_sequence());
            });
        }
        for id in 0..producers {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || produce_many(&mut producer, id, messages / producers));
        }
    });
}

fn produce_many<M: Mode>(producer: &mut BytesProducer<M>, id: u64, messages: u64) {
    for n in 0..messages {
        let (n, len) = (n << 8 | id, (n * 7 + id) as usize % (15 * ROOM));
        let write = |out: &mut [u8]| {
            out[..8].copy_from_slice(&n.to_le_bytes());
            out[8..].copy_from_slice(&message(n, len));
        };
        producer.produce_with(len + 8, write).unwrap();
    }
}

#[test]
fn no_message_is_torn() {
    let messages = if cfg!(miri) { 200 } else { 40_000 };
    at_full_speed::<Spmc>(messages, 1);
    at_full_speed::<Mpmc>(messages, 2);
}

#[test]
fn waiting_ends() {
    let queue = queue::<Spmc>(16);
    let mut consumer = queue.consumer();
    let (mut out, wait) = (Vec::new(), &mut SpinThenYield::default());
    let after = Duration::from_millis(2);
    assert_eq!(consumer.consume_into_timeout(&mut out, wait, after), Err(WaitError::TimedOut { after }));
    queue.producer().unwrap().produce(b"x").unwrap();
    assert_eq!(consumer.consume_into_timeout(&mut out, wait, after), Ok(0));
    assert_eq!(consumer.consume_into_until_gone(&mut out, wait), Err(WaitError::ProducersGone));
}

/// The next message or loss, however long a gap takes to find.
fn wait(consumer: &mut BytesConsumer) -> Result<Vec<u8>, BytesLost> {
    let mut out = Vec::new();
    consumer.consume_into(&mut out, &mut SpinThenYield::default()).map(|_| out)
}

/// What a consumer is told of slots that were left out.
fn lost(first: u64, next: u64, messages: Option<u64>) -> Result<Vec<u8>, (Lost, Option<u64>)> {
    Err((Lost { first, next }, messages))
}

#[test]
fn slots_are_left_out() {
    let queue = BytesQueue::<Spmc>::new(QueueSpec::new(64).slot_size(64).gaps()).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    let mut next = || wait(&mut consumer).map_err(|lost| (lost.slots, lost.messages));
    producer.produce(b"0").unwrap();
    producer.produce_at(7, 4, &message(4, 3 * ROOM)).unwrap();
    producer.produce(b"5").unwrap();
    assert_eq!(next().unwrap(), b"0");
    assert_eq!(next(), lost(1, 7, Some(3)));
    assert_eq!((next().unwrap(), next().unwrap()), (message(4, 3 * ROOM), b"5".to_vec()));

    // At the end: what it is in messages is known with the next one.
    producer.skip_to(20).unwrap();
    assert_eq!(next(), lost(11, 20, None));
    producer.produce_at(20, 9, b"9").unwrap();
    assert_eq!(next().unwrap(), b"9");
    assert_eq!((consumer.received(), consumer.lost_messages(), consumer.lost_slots()), (4, Some(6), 15));
    assert_eq!(consumer.next_number(), Some(10));

    let behind = icc_queue::ProduceAtError::Behind { asked: 20, next: 21 };
    assert_eq!(producer.produce_at(20, 10, b"10"), Err(ProduceAtError::At(behind)));
    let long = vec![0; queue.longest_message() + 1];
    assert!(matches!(producer.produce_at(30, 10, &long), Err(ProduceAtError::TooLong(_))));
    assert_eq!(producer.next_sequence(), 21);
}
