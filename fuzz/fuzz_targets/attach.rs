//! Attaching to arbitrary bytes, and using whatever that gives: a typed error or a sound handle,
//! and every call returns.
//!
//! The first byte chooses what the file is before it is garbled: a queue, a vector, or nothing.
//! Then come changes of four bytes each, two for the place, one for the value and one for how; for
//! nothing, the bytes are the file.

#![no_main]

use icc_buffer::{Expected, Kind, ReadOnlyBuffer, UntypedBuffer};
use icc_queue::{Mpmc, Options, Queue, QueueReader, Spmc};
use icc_vector::{MultiWriter, SeqlockVector, SingleWriter, VectorReader};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

type Message = [u64; 4];

/// The file, and what it may have been.
struct Files {
    path: PathBuf,
    whole: [Vec<u8>; 4],
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let path = PathBuf::from(format!("/dev/shm/icc-fuzz-{}", std::process::id()));
    let read = |path: &PathBuf| {
        let bytes = fs::read(path).expect("it was just made");
        fs::remove_file(path).expect("it is ours");
        bytes
    };
    let _ = fs::remove_file(&path);
    let alone = Queue::<Message, Spmc>::create(&path, 8, &Options::new()).expect("there is room");
    let mut producer = alone.producer().expect("nobody else has it");
    (0..11).for_each(|n| _ = producer.produce(&[n; 4]));
    let alone = read(&path);
    let many = Queue::<Message, Mpmc>::create(&path, 4, &Options::new()).expect("there is room");
    let mut producer = many.producer().expect("nobody else has it");
    (0..6).for_each(|n| _ = producer.produce(&[n; 4]));
    let many = read(&path);
    let vector = SeqlockVector::<Message, MultiWriter>::create(&path, 5, &Options::new()).expect("there is room");
    vector.writer().expect("there are many").write(3, &[7; 4]).expect("it exists");
    let vector = read(&path);
    Files { path, whole: [alone, many, vector, Vec::new()] }
});

fn queue(path: &PathBuf) {
    let Ok(reader) = QueueReader::<Message>::open(path, &Options::new()) else { return };
    let mut messages = [[0; 4]; 5];
    for mut consumer in [reader.consumer(), reader.consumer_from_oldest()] {
        for _ in 0..70 {
            let _ = (consumer.try_consume(), consumer.try_consume_batch(&mut messages));
            let _ = (consumer.lag(), consumer.headroom(), consumer.resume(), consumer.next_sequence());
        }
        assert!(consumer.drain().numbered().count() <= reader.capacity() + 1, "a drain without end");
        let _ = (consumer.skip_to_newest(), consumer.try_consume());
    }
    let produced = reader.produced();
    for back in [0, 1, 7, produced] {
        let _ =
            reader.consumer_at(reader.position(produced.wrapping_sub(back))).map(|mut consumer| consumer.try_consume());
    }
}

fn vector(path: &PathBuf) {
    let Ok(reader) = VectorReader::<Message>::open(path, &Options::new()) else { return };
    let (mut value, mut changes) = ([0; 4], reader.changes());
    for index in 0..reader.len().min(100) + 1 {
        let _ = (reader.read_into(index, &mut value), reader.try_read_into(index, &mut value), reader.version(index));
    }
    let _ = (changes.poll().take(1000).count(), reader.iter().take(1000).count());
}

/// What a command line does with a buffer of whatever type.
fn untyped(path: &PathBuf) {
    let options = Options::new();
    let _ = icc_buffer::inspect(path).map(|found| format!("{found:?}"));
    if let Ok(buffer) = UntypedBuffer::open(path, &options) {
        let mut bytes = vec![0; buffer.element_size()];
        for index in 0..buffer.len().min(100) {
            let _ = buffer.bytes(index).map(|slot| slot.try_read_into(&mut bytes));
        }
        let _ = (buffer.holder_lives(0), buffer.counter(1).map(|counter| counter.load_acquire()));
    }
    if let Ok(queue) = icc_queue::untyped::QueueReader::open(path, &options) {
        let mut message = vec![0; queue.message_size()];
        let mut consumer = queue.consumer_from_oldest();
        for _ in 0..70 {
            let _ = (consumer.try_consume_into(&mut message), consumer.lag(), consumer.next_sequence());
        }
    }
    if let Ok(vector) = icc_vector::untyped::VectorReader::open(path, &options) {
        let mut value = vec![0; vector.value_size()];
        (0..vector.len().min(100) + 1).for_each(|index| _ = vector.try_read_into(index, &mut value));
        let _ = vector.changes().poll().take(1000).count();
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&kind, changes)) = data.split_first() else { return };
    let mut bytes = FILES.whole[kind as usize % 4].clone();
    if bytes.is_empty() {
        bytes = changes.to_vec();
    } else {
        for change in changes.chunks_exact(4) {
            let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
            let byte = &mut bytes[place];
            *byte = match change[3] % 3 {
                0 => change[2],
                1 => *byte ^ 1 << (change[2] % 8),
                _ => byte.wrapping_add(change[2]),
            };
        }
    }
    let path = &FILES.path;
    fs::write(path, &bytes).expect("there is room");
    queue(path);
    vector(path);
    untyped(path);
    if let Ok(buffer) = ReadOnlyBuffer::<Message>::open(path, Expected::new(Kind::new("vector")), &Options::new()) {
        (0..buffer.len().min(100)).for_each(|index| _ = buffer.slot(index).map(|slot| slot.try_read()));
        let _ = (buffer.words(), buffer.holder_lives(0), buffer.counter(1).map(|counter| counter.load_acquire()));
    }
    let _ = Queue::<Message, Spmc>::open(path, &Options::new())
        .map(|queue| queue.producer().map(|mut one| one.produce(&[9; 4])));
    // Not `produce`: it waits for the producers that the bytes speak of.
    let _ = Queue::<Message, Mpmc>::open(path, &Options::new())
        .map(|queue| queue.producer().map(|mut one| one.try_produce(&[9; 4])));
    let _ = SeqlockVector::<Message, MultiWriter>::open(path, &Options::new());
    let _ = SeqlockVector::<Message, SingleWriter>::open(path, &Options::new());
    let _ = fs::remove_file(path);
});
