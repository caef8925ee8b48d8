//! Queues and vectors between processes that are killed and stopped at any moment.

use crate::account::{Account, spec};
use crate::child::{Child, word};
use crate::run::Run;
use crate::sample::{Odd, Sample, number};
use crate::tally::Tally;
use crate::threads::produce_until;
use icc_queue::{Mode, Mpmc, Options, Queue, QueueReader, Spmc};
use icc_vector::{MultiWriter, ReadError, SeqlockVector, SingleWriter, Tracked, VectorReader, WriteError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The name of the sender that closes each queue.
const LAST: u16 = u16::MAX;

/// Runs the same function for the payload that a part names.
macro_rules! by_payload {
    ($payload:expr, $call:ident($($argument:expr),*)) => {
        match $payload {
            "odd" => $call::<Odd>($($argument),*),
            "line" => $call::<[u64; 7]>($($argument),*),
            "large" => $call::<[u64; 64]>($($argument),*),
            _ => $call::<[u64; 512]>($($argument),*),
        }
    };
    ($payload:expr, $call:ident::<$mode:ty>($($argument:expr),*)) => {
        match $payload {
            "odd" => $call::<Odd, $mode>($($argument),*),
            "line" => $call::<[u64; 7], $mode>($($argument),*),
            "large" => $call::<[u64; 64], $mode>($($argument),*),
            _ => $call::<[u64; 512], $mode>($($argument),*),
        }
    };
}

const PAYLOADS: [&str; 4] = ["odd", "line", "large", "page"];

/// Plays a part, in a process of its own. Returns when it is told to end, with what it saw.
pub(crate) fn play(part: &str, name: u16, file: &Path) -> anyhow::Result<Tally> {
    let words: Vec<_> = part.split(' ').collect();
    let [kind, payload] = words[..] else { anyhow::bail!("no such part: {part}") };
    match kind {
        "produce-alone" => by_payload!(payload, produce::<Spmc>(name, file)),
        "produce-together" => by_payload!(payload, produce::<Mpmc>(name, file)),
        "consume" => by_payload!(payload, consume(file)),
        "write-single" => by_payload!(payload, write::<SingleWriter>(name, file)),
        "write-many" => by_payload!(payload, write::<MultiWriter>(name, file)),
        "write-tracked" => by_payload!(payload, write::<Tracked<MultiWriter>>(name, file)),
        _ => anyhow::bail!("no such part: {part}"),
    }
}

/// Becomes true once this process is told to end.
fn ending() -> Arc<AtomicBool> {
    let ending = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&ending);
    thread::spawn(move || {
        word();
        set.store(true, Relaxed);
    });
    ending
}

/// Produces until it is told to end.
fn produce<T: Sample, M: Mode>(name: u16, file: &Path) -> anyhow::Result<Tally> {
    let queue = Queue::<T, M>::open(file, &Options::new())?;
    let ending = ending();
    // With one producer at a time, until the one before is dead.
    let mut producer = loop {
        match queue.producer() {
            Ok(producer) => break producer,
            Err(_) if ending.load(Relaxed) => return Ok(Tally::default()),
            Err(_) => thread::yield_now(),
        }
    };
    let operations = produce_until(&mut producer, name, queue.capacity(), || ending.load(Relaxed));
    Ok(Tally { operations, ..Tally::default() })
}

/// Consumes until it is told how many messages there are in all.
fn consume<T: Sample>(file: &Path) -> anyhow::Result<Tally> {
    let mut account = Account::anywhere(&QueueReader::<T>::open(file, &Options::new())?);
    let (told, all) = mpsc::channel();
    thread::spawn(move || told.send(word()));
    loop {
        match all.try_recv() {
            Ok(word) => return Ok(account.close(word.parse()?, || false)),
            Err(_) if account.attempt() => {}
            Err(_) => thread::yield_now(),
        }
    }
}

/// Queues with one producer at a time or, with `many`, three, all of which are killed and stopped.
pub(crate) fn queues(run: &Run, many: bool) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for (index, payload) in PAYLOADS.into_iter().enumerate() {
        let part = run.part((PAYLOADS.len() - index) as u32);
        for (left, capacity) in [(2, 2), (1, 256)] {
            let part = part.part(left);
            tally += match many {
                false => {
                    by_payload!(payload, queue::<Spmc>(&part, "produce-alone", payload, 2, capacity))
                }
                true => by_payload!(payload, queue::<Mpmc>(&part, "produce-together", payload, 3, capacity)),
            }?;
        }
    }
    Ok(tally)
}

fn queue<T: Sample, M: Mode>(
    run: &Run,
    produce: &str,
    payload: &str,
    producers: usize,
    capacity: usize,
) -> anyhow::Result<Tally> {
    let file = run.file("queue");
    let queue = Queue::<T, M>::create(&file, spec(capacity), &Options::new())?;
    let reader = QueueReader::<T>::open(&file, &Options::new())?;
    let mut account = Account::new(reader.consumer());
    let (produce, consume) = (format!("{produce} {payload}"), format!("consume {payload}"));
    let start = |part: &str, count| (0..count).map(|_| Child::start(part, &file)).collect::<anyhow::Result<Vec<_>>>();
    let (mut producing, mut consuming) = (start(&produce, producers)?, start(&consume, 2)?);
    let mut tally = Tally::default();
    while !run.is_over() {
        let victim = fastrand::usize(..producing.len());
        match fastrand::u8(0..8) {
            0..4 => {
                tally += producing[victim].kill();
                producing[victim] = Child::start(&produce, &file)?;
            }
            4 => {
                let consumer = &mut consuming[fastrand::usize(0..2)];
                tally += consumer.kill();
                *consumer = Child::start(&consume, &file)?;
            }
            5 => tally += producing[victim].stop(Duration::from_millis(fastrand::u64(0..20))),
            _ => {
                // Attach, look, and go.
                let reader = QueueReader::<T>::open(&file, &Options::new())?;
                let mut account = Account::anywhere(&reader);
                (0..fastrand::u32(0..200)).for_each(|_| _ = account.attempt());
                tally += account.leave();
            }
        }
        (0..fastrand::u32(0..20_000)).for_each(|_| _ = account.attempt());
    }
    // Half of them dead in the middle of whatever they did, half ended in good order.
    for mut producer in producing {
        tally += if fastrand::bool() { producer.kill() } else { producer.ask("end") };
    }
    // Over all that the dead may have left.
    let mut last = queue.producer()?;
    (1..=3 * capacity as u64).for_each(|count| _ = last.produce(&T::of(number(LAST, count))));
    let produced = queue.produced();
    for consumer in consuming {
        tally += consumer.ask(&produced.to_string());
    }
    let patience = Instant::now() + Duration::from_secs(20);
    tally += account.close(produced, || Instant::now() > patience);
    icc_queue::remove(&file)?;
    Ok(tally)
}

/// Writes random slots until it is told to end.
fn write<T: Sample, M: icc_vector::Mode>(name: u16, file: &Path) -> anyhow::Result<Tally> {
    let vector = SeqlockVector::<T, M>::open(file, &Options::new())?;
    let ending = ending();
    let mut writer = loop {
        match vector.writer() {
            Ok(writer) => break writer,
            Err(_) if ending.load(Relaxed) => return Ok(Tally::default()),
            Err(_) => thread::yield_now(),
        }
    };
    let mut tally = Tally::default();
    while !ending.load(Relaxed) {
        tally.operations += 1;
        let (index, value) = (fastrand::usize(..vector.len()), T::of(number(name, tally.operations)));
        let written = if fastrand::u8(..) < 64 {
            let mut torn = 0;
            let written = writer.update(index, |old| {
                // Before the first write a slot is all zeros, which is no value of ours.
                torn = u64::from(old.number().is_none() && *old != T::zeroed());
                *old = value;
            });
            tally.torn += torn;
            written
        } else {
            writer.write(index, &value)
        };
        match written {
            Ok(_) | Err(WriteError::Busy(_) | WriteError::WriterDied(_)) => {}
            Err(error) => anyhow::bail!(error),
        }
    }
    Ok(tally)
}

/// Vectors in each mode, whose writers are killed and stopped.
pub(crate) fn vectors(run: &Run) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for (index, payload) in PAYLOADS.into_iter().enumerate() {
        let part = run.part((PAYLOADS.len() - index) as u32);
        tally += by_payload!(payload, vector::<SingleWriter>(&part.part(3), "write-single", payload))?;
        tally += by_payload!(payload, vector::<MultiWriter>(&part.part(2), "write-many", payload))?;
        tally += by_payload!(payload, vector::<Tracked<MultiWriter>>(&part, "write-tracked", payload))?;
    }
    Ok(tally)
}

fn vector<T: Sample, M: icc_vector::Mode>(run: &Run, part: &str, payload: &str) -> anyhow::Result<Tally> {
    const SLOTS: usize = 12;
    let file = run.file("vector");
    let vector = SeqlockVector::<T, M>::create(&file, SLOTS, &Options::new())?;
    let reader = VectorReader::<T>::open(&file, &Options::new())?;
    let part = format!("{part} {payload}");
    let mut writers = (0..2).map(|_| Child::start(&part, &file)).collect::<anyhow::Result<Vec<_>>>()?;
    let (mut tally, mut changes, mut last) = (Tally::default(), reader.changes(), [0; SLOTS]);
    let check = |tally: &mut Tally, value: &T| {
        tally.messages += 1;
        tally.torn += u64::from(value.number().is_none());
    };
    let mut look = |tally: &mut Tally, last: &mut [u64; SLOTS]| {
        for change in changes.poll() {
            check(tally, &change.value);
            tally.doubled += u64::from(change.version <= last[change.index]);
            last[change.index] = change.version;
        }
    };
    while !run.is_over() {
        let victim = fastrand::usize(..2);
        if fastrand::u8(0..4) > 0 {
            tally += writers[victim].kill();
            writers[victim] = Child::start(&part, &file)?;
        } else {
            tally += writers[victim].stop(Duration::from_millis(fastrand::u64(0..20)));
        }
        tally.attaches += 1;
        let other = VectorReader::<T>::open(&file, &Options::new())?;
        let mut value = T::zeroed();
        for _ in 0..fastrand::u32(0..2000) {
            tally.operations += 1;
            match other.read_into(fastrand::usize(..SLOTS), &mut value) {
                Ok(0) | Err(ReadError::Busy(_) | ReadError::WriterDied(_)) => {}
                Ok(_) => check(&mut tally, &value),
                Err(error) => anyhow::bail!(error),
            }
        }
        look(&mut tally, &mut last);
    }
    for mut writer in writers {
        tally += if fastrand::bool() { writer.kill() } else { writer.ask("end") };
    }
    // Nobody writes now: each slot is whole, or its writer is proven to be dead; and all that is
    // whole has been seen to change.
    let mut value = T::zeroed();
    for index in 0..SLOTS {
        look(&mut tally, &mut last);
        match reader.read_into(index, &mut value) {
            Ok(version) => tally.unaccounted += u64::from(version != last[index]),
            Err(ReadError::WriterDied(_)) => {}
            Err(_) => tally.unaccounted += 1,
        }
    }
    // Whoever comes makes all of them whole.
    let mut writer = vector.writer()?;
    for index in 0..SLOTS {
        writer.write(index, &T::of(number(LAST, 1)))?;
        let whole = reader.read_into(index, &mut value).is_ok() && value.number() == Some(number(LAST, 1));
        tally.unaccounted += u64::from(!whole);
    }
    icc_vector::remove(&file)?;
    Ok(tally)
}
