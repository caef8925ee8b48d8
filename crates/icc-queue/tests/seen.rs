//! Consumers that are seen.

#![cfg(not(icc_loom))]

use icc_queue::{
    BusySpin, Consumer, EntryError, Lost, Mode, Mpmc, Producer, Queue, QueueReader, QueueSpec, ReaderKind,
    ReaderStatus, Recovery, Seen, Spmc, TryConsumeError,
};
use std::time::Duration;

const SPEC: QueueSpec = QueueSpec::new(64).seen();

fn only<T: icc_queue::Payload>(queue: &QueueReader<T>) -> ReaderStatus {
    let mut readers = queue.readers().unwrap();
    assert_eq!(readers.len(), 1, "{readers:?}");
    readers.remove(0)
}

fn cursor(queue: &QueueReader<u64>) -> u64 {
    only(queue).cursor
}

fn produce<M: Mode>(producer: &mut Producer<u64, M>, count: u64) {
    (0..count).for_each(|n| _ = producer.produce(&n));
}

fn is_seen_and_let_go<M: Mode>() {
    let queue = Queue::<u64, M>::new(SPEC).unwrap();
    let mut producer = queue.producer().unwrap();
    produce(&mut producer, 3);
    assert!(queue.is_seen() && queue.readers().unwrap().is_empty());
    let mut one = queue.consumer().seen_as("one").unwrap();
    let other = queue.consumer_from_oldest().seen_as("other").unwrap();
    let readers = queue.readers().unwrap();
    let labels: Vec<_> = readers.iter().map(|reader| (reader.label.as_str(), reader.cursor, reader.lag)).collect();
    assert_eq!(labels, [("one", 3, 0), ("other", 0, 3)]);
    assert!(readers.iter().all(|reader| reader.is_alive && reader.kind == ReaderKind::Seen));
    assert!(readers.iter().all(|reader| reader.process == std::process::id() && reader.since.is_some()));
    let clone: Consumer<u64> = one.clone();
    drop((other, clone));
    assert_eq!(only(&queue).label, "one");
    produce(&mut producer, 2);
    assert_eq!((one.try_consume(), one.lag()), (Ok(0), 1));
    let one = one.into_consumer();
    assert!(queue.readers().unwrap().is_empty());
    assert_eq!(one.next_sequence(), 4);
}

#[test]
fn it_is_seen_until_it_is_dropped() {
    is_seen_and_let_go::<Spmc>();
    is_seen_and_let_go::<Mpmc>();
}

/// Where each way of consuming shows where the consumer is.
#[test]
fn it_shows_where_it_is() {
    let queue = Queue::<u64>::new(SPEC).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer().seen_as("x").unwrap();
    // After every eighth of the ring, and where nothing more is there.
    produce(&mut producer, 20);
    (0..7).for_each(|_| _ = consumer.try_consume().unwrap());
    assert_eq!(cursor(&queue), 0);
    consumer.try_consume().unwrap();
    assert_eq!((cursor(&queue), only(&queue).received, only(&queue).lag), (8, 8, 12));
    (0..9).for_each(|_| _ = consumer.try_consume().unwrap());
    assert_eq!(cursor(&queue), 16);
    (0..3).for_each(|_| _ = consumer.try_consume().unwrap());
    assert_eq!(cursor(&queue), 16);
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty));
    assert_eq!(cursor(&queue), 20);
    // At the end of a batch.
    produce(&mut producer, 20);
    assert_eq!(consumer.try_consume_batch(&mut [0; 3]), Ok(3));
    assert_eq!(cursor(&queue), 23);
    // At the end of a drain.
    assert_eq!(consumer.drain().count(), 17);
    assert_eq!(cursor(&queue), 40);
    // Before and after a wait.
    produce(&mut producer, 1);
    assert_eq!(consumer.consume(&mut BusySpin), Ok(0));
    assert_eq!(cursor(&queue), 40);
    assert!(consumer.consume_timeout(&mut BusySpin, Duration::ZERO).is_err());
    assert_eq!(cursor(&queue), 41);
    // Where it lost something.
    produce(&mut producer, 70);
    let lost = Lost { first: 41, next: 47 };
    assert_eq!(consumer.try_consume(), Err(TryConsumeError::SpedPast(lost)));
    let seen = only(&queue);
    assert_eq!((seen.cursor, seen.received, seen.lost, seen.lag), (47, 41, 6, 64));
    // Through the consumer itself, at the next occasion.
    let inner: &mut Consumer<u64> = &mut consumer;
    assert_eq!(inner.skip_to_newest(), 63);
    assert_eq!(cursor(&queue), 47);
    assert!(consumer.try_consume().is_ok() && consumer.try_consume().is_err());
    assert_eq!((cursor(&queue), only(&queue).received), (111, 42));
}

/// A drain ends although the producer is as fast, and at a loss that stops the consumer.
#[test]
fn a_drain_gives_what_that_of_an_unseen_consumer_gives() {
    for recovery in [Recovery::Oldest, Recovery::Newest, Recovery::Stop] {
        let queue = Queue::<u64>::new(QueueSpec::new(4).seen()).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut unseen = queue.consumer().with_recovery(recovery);
        let mut seen = unseen.clone().seen_as("x").unwrap();
        produce(&mut producer, 6);
        assert_eq!(seen.drain().collect::<Vec<_>>(), unseen.drain().collect::<Vec<_>>());
        assert_eq!(cursor(&queue), unseen.next_sequence());
    }
    let queue = Queue::<u64>::new(QueueSpec::new(4).seen()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut seen = queue.consumer().seen_as("x").unwrap();
    produce(&mut producer, 1);
    assert_eq!(seen.drain().inspect(|_| produce(&mut producer, 1)).count(), 5);
    assert_eq!(cursor(&queue), 5);
}

/// A consumer that stopped shows what it lost, and where it will go on.
#[test]
fn one_that_stopped_shows_its_loss() {
    let queue = Queue::<u64>::new(QueueSpec::new(4).seen()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut seen = queue.consumer().with_recovery(Recovery::Stop).seen_as("x").unwrap();
    produce(&mut producer, 6);
    assert!(seen.try_consume().is_err());
    let status = only(&queue);
    assert_eq!((status.cursor, status.received, status.lost), (2, 0, 2));
}

#[test]
fn whoever_cannot_be_seen_works_on() {
    let plain = Queue::<u64>::new(64).unwrap();
    let error = plain.consumer().seen_as("x").unwrap_err();
    assert_eq!(error.reason, EntryError::NotSeen { path: None });
    assert!(!plain.is_seen() && plain.readers().unwrap().is_empty());
    let mut consumer: Seen<_> = error.unseen();
    plain.producer().unwrap().produce(&7);
    assert_eq!(consumer.try_consume(), Ok(7));

    let queue = Queue::<u64>::new(SPEC).unwrap();
    let longest = "é".repeat(32);
    assert!(queue.consumer().seen_as(&longest).is_ok());
    for label in [format!("{longest}x"), "nul\0".to_owned()] {
        let error = queue.consumer().seen_as(&label).unwrap_err();
        assert_eq!(error.reason, EntryError::BadLabel { label, max: 64 });
    }
    let mut all: Vec<_> = (0..192).map(|n| queue.consumer().seen_as(&format!("{n}")).unwrap()).collect();
    let error = queue.consumer().seen_as("x").unwrap_err();
    assert_eq!(error.reason, EntryError::NoneLeft { max: 192, path: None });
    assert_eq!(queue.readers().unwrap().len(), 192);
    all.remove(70);
    let _last = error.consumer.seen_as("last").unwrap();
    let readers = queue.readers().unwrap();
    assert_eq!((readers.len(), readers[70].label.as_str()), (192, "last"));
}

#[test]
fn labels_are_shown_without_what_could_harm() {
    let queue = Queue::<u64>::new(SPEC).unwrap();
    let _seen = queue.consumer().seen_as("\x1b[31mrisk\n\u{202e}é").unwrap();
    assert_eq!(only(&queue).label, "?[31mrisk??é");
}

/// Consumers come and go while others list: no label is mixed of two, and none appears twice alive.
#[test]
fn listing_while_others_come_and_go() {
    let queue = Queue::<u64>::new(SPEC).unwrap();
    let rounds = if cfg!(miri) { 20 } else { 20_000 };
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let queue = &queue;
            scope.spawn(move || {
                let label = name.repeat(64);
                (0..rounds).for_each(|_| drop(queue.consumer().seen_as(&label).unwrap()));
            });
        }
        for _ in 0..rounds {
            for reader in queue.readers().unwrap() {
                let first = reader.label.chars().next().unwrap();
                assert_eq!(reader.label, first.to_string().repeat(64));
                assert!(reader.is_alive, "one that let go is listed as dead");
            }
        }
    });
    assert!(queue.readers().unwrap().is_empty());
}
