//! Consumers of bytes give what typed ones give: the same messages, losses and totals.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use bytemuck::{Pod, Zeroable};
use icc_queue::BufferError;
use icc_queue::{
    Evict, Lost, Mode, Mpmc, Options, Payload, Producer, Queue, QueueError, QueueReader, Recovery, SpinThenYield, Spmc,
    TryConsumeError, TryProduceError, untyped,
};
use std::fmt::Debug;

/// Large alignment, and slots of three lines: no power of two.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C, align(64))]
struct Wide([u64; 16]);

/// The same calls on a typed and on an untyped consumer must have the same results.
fn alike<T: Payload + Debug + PartialEq, M: Mode>(test: &str, value: impl Fn(u64) -> T) {
    let name = common::Name::new(test);
    let queue = Queue::<T, M>::create(&name, 8, &Options::new()).unwrap();
    let bytes = untyped::QueueReader::open(&name, &Options::new()).unwrap();
    let typed = QueueReader::<T>::open(&name, &Options::new()).unwrap();
    assert_eq!((bytes.capacity(), bytes.message_size(), bytes.instance()), (8, size_of::<T>(), typed.instance()));
    let mut producer: Producer<T, M> = queue.producer().unwrap();
    assert_eq!(bytes.living_producers(), Ok(1));
    for recovery in [Recovery::Oldest, Recovery::OldestPlus(2), Recovery::Newest, Recovery::Stop] {
        let (mut one, mut other) = (typed.consumer().with_recovery(recovery), bytes.consumer().with_recovery(recovery));
        let mut sent = typed.produced();
        for burst in [0, 1, 3, 8, 9, 30, 0, 5] {
            for _ in 0..burst {
                producer.produce(&value(sent));
                sent += 1;
            }
            assert_eq!((one.lag(), one.headroom()), (other.lag(), other.headroom()));
            for _ in 0..12 {
                let (mut message, mut out) = (T::zeroed(), vec![0xee; size_of::<T>()]);
                let found = one.try_consume_into(&mut message);
                assert_eq!(found, other.try_consume_into(&mut out), "{test} {recovery:?}");
                if found.is_ok() {
                    assert_eq!(bytemuck::bytes_of(&message), out);
                }
            }
            assert_eq!(one.stopped(), other.stopped());
            assert_eq!(one.resume(), other.resume());
            assert_eq!(
                (one.received(), one.lost(), one.skipped(), one.position()),
                (other.received(), other.lost(), other.skipped(), other.position())
            );
        }
        (0..5).for_each(|n| _ = producer.produce(&value(n)));
        assert_eq!(one.skip_to_newest(), other.skip_to_newest());
        assert_eq!(one.next_sequence(), other.next_sequence());
        let (mut left, mut out) = (vec![T::zeroed(); 4], vec![0; 4 * size_of::<T>()]);
        if size_of::<T>() != 0 {
            assert_eq!(one.try_consume_batch(&mut left), other.try_consume_batch(&mut out));
            assert_eq!(bytemuck::bytes_of(&left[0]), &out[..size_of::<T>()]);
        }
    }
}

#[test]
fn untyped_consumers_see_what_typed_ones_see() {
    alike::<u8, icc_queue::Spmc>("byte", |n| n as u8);
    alike::<[u64; 7], icc_queue::Spmc>("line", |n| [n; 7]);
    alike::<[u64; 7], Mpmc>("padded", |n| [n; 7]);
    alike::<[u32; 45], Mpmc>("three-lines", |n| [n as u32; 45]);
    alike::<Wide, icc_queue::Spmc>("wide", |n| Wide([n; 16]));
    alike::<(), icc_queue::Spmc>("nothing", |_| ());
}

#[test]
fn batches_of_bytes() {
    let name = common::Name::new("bytes-batch");
    let queue = Queue::<u32>::create(&name, 8, &Options::new()).unwrap();
    let mut consumer = untyped::QueueReader::open(&name, &Options::new()).unwrap().consumer();
    let mut producer = queue.producer().unwrap();
    (0..10).for_each(|n| _ = producer.produce(&n));
    let mut out = [0; 20];
    assert_eq!(consumer.try_consume_batch(&mut out), Err(Lost { first: 0, next: 2 }));
    assert_eq!(consumer.try_consume_batch(&mut out), Ok(5));
    assert_eq!(bytemuck::cast::<_, [u32; 5]>(out), [2, 3, 4, 5, 6]);
    assert_eq!(consumer.try_consume_batch(&mut out), Ok(3));
    assert_eq!(consumer.try_consume_into(&mut [0; 4]), Err(TryConsumeError::Empty));
    assert_eq!((consumer.received(), consumer.lost(), consumer.next_sequence()), (8, 2, 10));
}

#[test]
fn what_is_no_queue_is_refused() {
    use icc_buffer::{Buffer, Kind, Packed, Spec};
    let name = common::Name::new("no-queue");
    let made = Buffer::<u64, Packed>::create(&name, Spec::new(Kind::new("journal"), 8).counters(1), &Options::new());
    let refused = untyped::QueueReader::open(&name, &Options::new()).unwrap_err();
    assert!(matches!(refused, QueueError::Buffer(BufferError::OtherKind { .. })), "{refused}");
    drop(made);
}

/// Messages of several threads, to a consumer that is sped past now and then: whole, in order, and
/// every one accounted for.
#[test]
fn under_load_no_message_is_torn_and_all_are_accounted_for() {
    const MESSAGES: u64 = 200_000;
    let name = common::Name::new("untyped-load");
    let queue = Queue::<[u64; 7], Mpmc>::create(&name, 64, &Options::new()).unwrap();
    let mut consumer = untyped::QueueReader::open(&name, &Options::new()).unwrap().consumer();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || (0..MESSAGES / 2).for_each(|n| _ = producer.produce(&[n; 7])));
        }
        let mut out = [0; 56];
        while consumer.next_sequence() < MESSAGES {
            match consumer.try_consume_into(&mut out) {
                Ok(_) => assert!(out.chunks(8).all(|word| *word == out[..8])),
                Err(TryConsumeError::Empty) => std::thread::yield_now(),
                Err(TryConsumeError::SpedPast(_)) => {}
            }
        }
    });
    assert_eq!(consumer.received() + consumer.lost(), MESSAGES);
    assert!(consumer.received() > 0);
}

/// A queue that is written as bytes is one that programs with the type open: the same header, the same
/// messages, also where sequence numbers wrap; and once its producer is gone, another goes on.
fn written<T: Payload + Debug + PartialEq>(test: &str, first: u64, value: impl Fn(u64) -> T) {
    let (typed, name) = (common::Name::new(&format!("{test}-typed")), common::Name::new(test));
    Queue::<T>::create(&typed, 8, &Options::new()).unwrap();
    let element = icc_buffer::inspect(&typed).unwrap().element;
    let spec = icc_queue::QueueSpec::new(8).starting_at(first);
    let mut producer =
        untyped::Queue::<Spmc>::create(&name, &element, spec, &Options::new()).unwrap().producer().unwrap();
    let (found, expected) = (icc_buffer::inspect(&name).unwrap(), icc_buffer::inspect(&typed).unwrap());
    assert_eq!((&found.element, found.stride, found.counters), (&expected.element, expected.stride, expected.counters));
    let queue = Queue::<T>::open(&name, &Options::new()).unwrap();
    assert!(queue.producer().is_err(), "two producers");
    let mut consumer = queue.consumer();
    assert_eq!((consumer.next_sequence(), consumer.try_consume()), (first, Err(TryConsumeError::Empty)));
    for n in 0..5 {
        let sequence = first.wrapping_add(n);
        assert_eq!(producer.produce(bytemuck::bytes_of(&value(n))), sequence);
        assert_eq!(consumer.try_consume(), Ok(value(n)));
        assert_eq!((queue.produced(), producer.next_sequence()), (sequence.wrapping_add(1), sequence.wrapping_add(1)));
    }
    (5..15).for_each(|n| _ = producer.produce(bytemuck::bytes_of(&value(n))));
    let lost = Lost { first: first.wrapping_add(5), next: first.wrapping_add(7) };
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
    drop(producer);
    assert_eq!(queue.producer().unwrap().produce(&value(0)), first.wrapping_add(15));
}

#[test]
fn bytes_are_produced() {
    written("written-u8", 0, |n| n as u8);
    written("written-seven", 1_000, |n| [n; 7]);
    written("written-wrap", u64::MAX - 3, |n| [n as u32; 5]);
    written("written-wide", 3, |n| Wide([n; 16]));
    written("written-nothing", 1, |_| ());
}

#[test]
fn no_queue_of_an_impossible_type() {
    let name = common::Name::new("impossible");
    let create = |size, align| {
        let element = icc_buffer::ElementType { name: "a::B".to_owned(), size, align, fingerprint: 7 };
        untyped::Queue::<Spmc>::create(&name, &element, 8, &Options::new()).map(drop)
    };
    for (size, align) in [(8, 0), (8, 3), (12, 8), (1 << 41, 8), (u64::MAX, 1), (1 << 20, 1 << 20)] {
        let refused = create(size, align);
        assert!(
            matches!(refused, Err(QueueError::Buffer(BufferError::NoSuchElement { .. }))),
            "{size} {align} {refused:?}"
        );
    }
    assert!(matches!(create(1 << 40, 8), Err(QueueError::Buffer(_))), "larger than the memory");
    create(24, 8).unwrap();
}

/// Producers of bytes and of values are producers of one queue: each message whole, in one order, none
/// lost in a ring that keeps all.
fn produced_together<M: Mode>(test: &str, producers: u64) {
    const EACH: u64 = 20_000;
    let name = common::Name::new(test);
    let described = icc_buffer::ElementType::new("[u64; 7]", 56, 8);
    let made = untyped::Queue::<M>::create(&name, &described, 1 << 17, &Options::new()).unwrap();
    let typed = Queue::<[u64; 7], M>::open(&name, &Options::new()).unwrap();
    let bytes = untyped::Queue::<M>::open(&name, Some(&described), &Options::new()).unwrap();
    assert_eq!((bytes.capacity(), bytes.message_size(), bytes.instance()), (1 << 17, 56, made.instance()));
    std::thread::scope(|scope| {
        for id in 0..producers {
            let mut producer = bytes.producer().unwrap();
            assert!(!producer.is_forked());
            scope.spawn(move || {
                for n in (0..EACH).step_by(4) {
                    let batch = [0, 1, 2].map(|more| [id * EACH + n + more; 7]);
                    producer.produce_batch(bytemuck::bytes_of(&batch)).unwrap();
                    let last = [id * EACH + n + 3; 7];
                    while producer.try_produce(bytemuck::bytes_of(&last)).is_err() {}
                }
            });
        }
        if producers > 1 {
            let mut producer = typed.producer().unwrap();
            scope.spawn(move || (0..EACH).for_each(|n| _ = producer.produce(&[producers * EACH + n; 7])));
        }
    });
    let mut consumer = typed.consumer_from_oldest();
    let mut messages: Vec<u64> = consumer
        .drain()
        .map(|message| {
            let message = message.unwrap();
            assert_eq!(message, [message[0]; 7]);
            message[0]
        })
        .collect();
    messages.sort_unstable();
    let all = if producers > 1 { producers + 1 } else { 1 } * EACH;
    assert!(messages.iter().copied().eq(0..all), "{} of {all}", messages.len());
}

#[test]
fn bytes_are_produced_beside_values() {
    produced_together::<Spmc>("together-one", 1);
    produced_together::<Mpmc>("together-many", 2);
}

#[test]
fn only_the_queue_that_was_asked_for_is_opened() {
    let name = common::Name::new("refused");
    Queue::<[u64; 7]>::create(&name, 8, &Options::new()).unwrap();
    let open = |element: &icc_buffer::ElementType| {
        untyped::Queue::<Spmc>::open(&name, Some(element), &Options::new()).map(drop)
    };
    let element = |name, size, align| icc_buffer::ElementType::new(name, size, align);
    open(&element("[u64; 7]", 56, 8)).unwrap();
    for other in [element("[i64; 7]", 56, 8), element("[u64; 7]", 48, 8), element("[u64; 7]", 56, 4)] {
        let refused = open(&other);
        assert!(matches!(refused, Err(QueueError::Buffer(BufferError::OtherElement { .. }))), "{other}: {refused:?}");
    }
    let other = untyped::Queue::<Mpmc>::open(&name, None, &Options::new());
    assert!(matches!(other, Err(QueueError::OtherMode { .. })), "{other:?}");
    untyped::Queue::<Spmc>::open(&name, None, &Options::new()).unwrap();
}

/// Who produces bytes waits for consumers that hold, as who produces values does.
fn held_back<M: Mode>(test: &str) {
    let name = common::Name::new(test);
    let spec = icc_queue::QueueSpec::new(8).holding(Evict::Never);
    let queue = Queue::<u64, M>::create(&name, spec, &Options::new()).unwrap();
    let mut recorder = queue.holding_consumer("recorder").unwrap();
    let mut producer = untyped::AnyQueue::open(&name, None, &Options::new()).unwrap().producer().unwrap();
    assert!(producer.may_wait());
    let full = (0..100_u64).find_map(|n| producer.try_produce(&n.to_ne_bytes()).err());
    assert!(matches!(full, Some(TryProduceError::Full { .. })), "{full:?}");
    std::thread::scope(|scope| {
        let produced = producer.next_sequence();
        scope.spawn(move || (produced..1000).for_each(|n| _ = producer.produce(&n.to_ne_bytes())));
        for n in 0..1000 {
            assert_eq!(recorder.consume(&mut SpinThenYield::default()), Ok(n));
        }
    });
    assert_eq!(recorder.lost(), 0);
}

#[test]
fn producers_of_bytes_wait_for_those_that_hold() {
    held_back::<Spmc>("held-one");
    held_back::<Mpmc>("held-many");
}
