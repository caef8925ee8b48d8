//! Consumers of bytes give what typed ones give: the same messages, losses and totals.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use bytemuck::{Pod, Zeroable};
use icc_queue::BufferError;
use icc_queue::{
    Lost, Mode, Mpmc, Options, Payload, Producer, Queue, QueueError, QueueReader, Recovery, TryConsumeError, untyped,
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
