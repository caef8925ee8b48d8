//! Calls that never wait do not enter the kernel, on a plain queue or vector and on a wakeable one at which nobody sleeps.
//! Each role is played in a process that the first system call ends.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, role};
use icc_queue::{Mode, Mpmc, Options, Queue, QueueReader, QueueSpec, Recovery, Spmc, TryConsumeError, bytes};
use icc_seqlock::Seqlock;
use icc_testing::without_system_calls;
use icc_vector::{Mode as Writing, MultiWriter, SeqlockVector, SingleWriter, Tracked, VectorReader, VectorSpec};

const LEN: usize = 64;
const LAPS: u64 = 3 * LEN as u64;

type Message = [u64; 7];

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    let name = name.to_str().unwrap();
    let spec = QueueSpec::new(LEN);
    match role.as_str() {
        "one producer" => messages::<Spmc>(spec, name),
        "many producers" => messages::<Mpmc>(spec, name),
        "one producer, wakeable" => messages::<Spmc>(spec.wakeable(), name),
        "many producers, wakeable" => messages::<Mpmc>(spec.wakeable(), name),
        "bytes" => bytes_of_one(name),
        "one writer" => values::<SingleWriter>(name),
        "one writer, tracked" => values::<Tracked<SingleWriter>>(name),
        "many writers" => values::<MultiWriter>(name),
        "cell" => cell(),
        "forbidden" => without_system_calls(std::thread::yield_now),
        other => panic!("no role {other}"),
    }
}

/// Every way to send and to receive that never waits, losses and silence included.
fn messages<M: Mode>(spec: QueueSpec, name: &str) {
    let queue = Queue::<Message, M>::create(name, spec, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let reader = QueueReader::<Message>::open(name, &Options::new()).unwrap();
    let mut consumers =
        [Recovery::Oldest, Recovery::Newest, Recovery::Stop].map(|recovery| reader.consumer().with_recovery(recovery));
    let (mut batch, mut out) = ([[0; 7]; 16], [0; 7]);
    // What is dropped at the end of a call would unlock and unmap: nothing is.
    without_system_calls(|| {
        for n in 0..LAPS {
            producer.try_produce(&[n; 7]).unwrap();
            // Nobody is a ring ahead: with many producers these do not wait either.
            producer.produce(&[n; 7]);
            producer.produce_batch(&batch).unwrap();
            let slow = n % 16 == 0;
            for consumer in &mut consumers {
                if slow && consumer.try_consume().is_err() {
                    consumer.resume();
                }
                let _ = consumer.try_consume_into(&mut out);
                let _ = consumer.try_consume_batch(&mut batch);
                if n % 3 == 0 {
                    consumer.drain().for_each(drop);
                }
                let _ = (consumer.lag(), consumer.headroom(), consumer.position(), consumer.is_ready());
            }
        }
        for consumer in &mut consumers {
            consumer.resume();
            consumer.skip_to_newest();
            consumer.drain().for_each(drop);
            // Long enough for the clock to be read, and for silence.
            for _ in 0..200_000 {
                assert_eq!(consumer.try_consume(), Err(TryConsumeError::Empty));
            }
        }
    });
}

fn bytes_of_one(name: &str) {
    let queue = bytes::BytesQueue::<Spmc>::create(name, QueueSpec::new(LEN).slot_size(64), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = bytes::BytesQueueReader::open(name, &Options::new()).unwrap().consumer();
    let (message, mut out) = ([7; 512], [0; 512]);
    without_system_calls(|| {
        for n in 0..LAPS as usize {
            producer.produce(&message[..n % 512]).unwrap();
            if n % 5 != 0 {
                let _ = consumer.try_consume(&mut out);
            }
        }
        while consumer.try_consume(&mut out) != Err(bytes::TryConsumeError::Empty) {}
    });
}

fn values<M: Writing>(name: &str) {
    let vector = SeqlockVector::<Message, M>::create(name, VectorSpec::new(LEN), &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    let reader = VectorReader::<Message>::open(name, &Options::new()).unwrap();
    let (mut changes, mut out) = (reader.changes(), [0; 7]);
    without_system_calls(|| {
        for n in 0..LAPS {
            let index = n as usize % LEN;
            writer.write(index, &[n; 7]).unwrap();
            writer.update(index, |value| value[0] += 1).unwrap();
            reader.try_read_into(index, &mut out).unwrap();
            assert_eq!((out[0], out[6]), (n + 1, n));
            if n % 7 == 0 {
                assert!(changes.poll().count() > 0);
            }
        }
    });
}

fn cell() {
    let (cell, mut own) = (Seqlock::new([0; 7]), Seqlock::new([0; 7]));
    let mut out = [0; 7];
    without_system_calls(|| {
        let (mut writer, reader) = own.split();
        for n in 1..1_000 {
            cell.try_write(&[n; 7]).unwrap();
            assert_eq!(cell.try_read().unwrap(), [n; 7]);
            cell.try_read_into(&mut out).unwrap();
            writer.write(&[n; 7]);
            assert_eq!(reader.try_read().unwrap(), [n; 7]);
        }
    });
}

fn plays(role: &str) {
    let name = Name::new(&role.replace([' ', ','], "-"));
    Actor::start(role, &name, &[]).succeeds();
}

#[test]
fn queues() {
    ["one producer", "many producers", "one producer, wakeable", "many producers, wakeable", "bytes"]
        .into_iter()
        .for_each(plays);
}

#[test]
fn vectors_and_cells() {
    ["one writer", "one writer, tracked", "many writers", "cell"].into_iter().for_each(plays);
}

/// What these tests rest on.
#[test]
fn a_system_call_ends_it() {
    let status = Actor::start("forbidden", "", &[]).end();
    assert!(!status.success(), "{status}");
}
