//! Everything in one process: queues, vectors and cells between threads.

use crate::account::{Account, spec};
use crate::run::{Run, told};
use crate::sample::{Odd, Sample, number};
use crate::tally::Tally;
use icc_queue::{Mode, Mpmc, Producer, Queue, Spmc};
use icc_seqlock::Seqlock;
use icc_vector::{MultiWriter, Packed, Padded, SeqlockVector, SingleWriter, Tracked};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

/// Produces until `done`, by one and in batches; returns how many.
pub(crate) fn produce_until<T: Sample, M: Mode>(
    producer: &mut Producer<T, M>,
    sender: u16,
    capacity: usize,
    mut done: impl FnMut() -> bool,
) -> u64 {
    let mut count = 0;
    while !done() {
        for _ in 0..16 {
            count += 1;
            let message = T::of(number(sender, count));
            if count % 4 > 0 || producer.try_produce(&message).is_err() {
                producer.produce(&message);
            }
        }
        let batch: Vec<T> =
            (1..=fastrand::u64(0..=capacity.min(8) as u64)).map(|i| T::of(number(sender, count + i))).collect();
        producer.produce_batch(&batch).expect("no longer than the ring");
        count += batch.len() as u64;
        // Bursts and pauses, so that consumers sometimes catch up.
        if fastrand::u8(..) == 0 {
            thread::yield_now();
        }
    }
    count
}

fn queue<T: Sample, M: Mode>(run: &Run, producers: u16, capacity: usize, first: u64) -> anyhow::Result<Tally> {
    let queue = Queue::<T, M>::new(spec(capacity).starting_at(first))?;
    let (sent, done, mut tally) = (AtomicU64::new(0), AtomicBool::new(false), Tally::default());
    thread::scope(|scope| {
        let (queue, sent, done) = (&queue, &sent, &done);
        let consumers: Vec<_> = (0..3)
            .map(|_| {
                let mut account = Account::anywhere(queue);
                scope.spawn(move || {
                    while !done.load(Relaxed) {
                        if !account.attempt() {
                            thread::yield_now();
                        }
                    }
                    account.close(queue.produced(), || false)
                })
            })
            .collect();
        let storm = scope.spawn(move || {
            let mut tally = Tally::default();
            while !done.load(Relaxed) {
                let mut account = Account::anywhere(queue);
                (0..fastrand::u32(0..200)).for_each(|_| _ = account.attempt());
                tally += account.leave();
            }
            tally
        });
        let producing: Vec<_> = (0..producers)
            .map(|sender| {
                let mut producer = queue.producer().expect("there are enough");
                scope.spawn(move || {
                    let count = produce_until(&mut producer, sender, capacity, || run.is_over());
                    sent.fetch_add(count, Relaxed);
                    Tally { operations: count, ..Tally::default() }
                })
            })
            .collect();
        producing.into_iter().for_each(|thread| tally += told(thread));
        done.store(true, Relaxed);
        consumers.into_iter().for_each(|thread| tally += told(thread));
        tally += told(storm);
    });
    tally.unaccounted += queue.produced().wrapping_sub(first).abs_diff(sent.load(Relaxed));
    Ok(tally)
}

/// Small and large rings, counters near every wrap.
const RINGS: [(usize, u64); 5] =
    [(2, 0), (2, u64::MAX - 1000), (4, (1 << 63) - 1000), (64, u64::MAX - 10_000), (1024, 0)];

/// Queues with one producer or, with `many`, three.
pub(crate) fn queues(run: &Run, many: bool) -> anyhow::Result<Tally> {
    fn rings<T: Sample>(run: &Run, many: bool, tally: &mut Tally) -> anyhow::Result<()> {
        for (index, (capacity, first)) in RINGS.into_iter().enumerate() {
            let part = run.part((RINGS.len() - index) as u32);
            *tally += match many {
                false => queue::<T, Spmc>(&part, 1, capacity, first)?,
                true => queue::<T, Mpmc>(&part, 3, capacity, first)?,
            };
        }
        Ok(())
    }
    let mut tally = Tally::default();
    rings::<[u64; 1]>(&run.part(6), many, &mut tally)?;
    rings::<Odd>(&run.part(5), many, &mut tally)?;
    rings::<[u64; 7]>(&run.part(4), many, &mut tally)?;
    rings::<[u64; 16]>(&run.part(3), many, &mut tally)?;
    rings::<[u64; 64]>(&run.part(2), many, &mut tally)?;
    rings::<[u64; 512]>(run, many, &mut tally)?;
    Ok(tally)
}

/// One cell: two readers, and one exclusive writer or two that take turns.
fn cell<T: Sample>(run: &Run, writers: u64) -> Tally {
    let mut cell = Seqlock::new(T::of(0));
    let (done, mut tally, mut written) = (AtomicBool::new(false), Tally::default(), 0);
    let read = |read_into: &dyn Fn(&mut T) -> Option<u64>| {
        let (mut tally, mut value, mut last) = (Tally::default(), T::zeroed(), 0);
        while !done.load(Relaxed) {
            tally.operations += 1;
            let Some(version) = read_into(&mut value) else { continue };
            tally.messages += 1;
            tally.torn += u64::from(value.number().is_none());
            tally.doubled += u64::from(version < last);
            last = version;
        }
        tally
    };
    thread::scope(|scope| {
        let read = &read;
        if writers == 1 {
            let (mut writer, reader) = cell.split();
            let readers = [
                scope.spawn(move || read(&|out| Some(reader.read_into(out)))),
                scope.spawn(move || read(&|out| reader.try_read_into(out).ok())),
            ];
            while !run.is_over() {
                for _ in 0..64 {
                    written += 1;
                    writer.write(&T::of(written));
                }
            }
            done.store(true, Relaxed);
            readers.into_iter().for_each(|thread| tally += told(thread));
        } else {
            let cell = &cell;
            let readers = [
                scope.spawn(move || read(&|out| Some(cell.read_into(out)))),
                scope.spawn(move || read(&|out| cell.read_into_if_newer(1, out))),
            ];
            let writing: Vec<_> = (0..writers)
                .map(|name| {
                    scope.spawn(move || {
                        let mut tally = Tally::default();
                        while !run.is_over() {
                            for count in 0..64 {
                                tally.operations += 1;
                                let value = T::of(number(name as u16, tally.operations));
                                if count % 4 > 0 {
                                    cell.write(&value);
                                } else {
                                    let mut torn = 0;
                                    cell.update(|old| {
                                        torn += u64::from(old.number().is_none());
                                        *old = value;
                                    });
                                    tally.torn += torn;
                                }
                            }
                        }
                        tally
                    })
                })
                .collect();
            for thread in writing {
                let told = told(thread);
                written += told.operations;
                tally += told;
            }
            done.store(true, Relaxed);
            readers.into_iter().for_each(|thread| tally += told(thread));
        }
    });
    if writers == 1 {
        tally.operations += written;
    }
    // Each write counts two.
    tally.unaccounted += cell.version().abs_diff(2 * written);
    tally
}

/// Cells of every size.
pub(crate) fn cells(run: &Run) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for writers in [1, 2] {
        let half = run.part(3 - writers as u32);
        tally += cell::<[u64; 1]>(&half.part(6), writers);
        tally += cell::<Odd>(&half.part(5), writers);
        tally += cell::<[u64; 7]>(&half.part(4), writers);
        tally += cell::<[u64; 16]>(&half.part(3), writers);
        tally += cell::<[u64; 64]>(&half.part(2), writers);
        tally += cell::<[u64; 512]>(&half, writers);
    }
    Ok(tally)
}

/// Cells of this type, with one writer and with two.
pub(crate) fn reads<T: Sample>(run: &Run) -> anyhow::Result<Tally> {
    let mut tally = cell::<T>(&run.part(2), 1);
    tally += cell::<T>(run, 2);
    Ok(tally)
}

/// One vector: two writers or, if a slot has only one at a time, one; a reader, a cursor and
/// pictures of several slots.
fn vector<T: Sample, M: icc_vector::Mode, P: icc_vector::Placement>(run: &Run, writers: u16) -> anyhow::Result<Tally> {
    const SLOTS: usize = 5;
    let vector = SeqlockVector::<T, M, P>::new(SLOTS)?;
    let (done, mut tally, mut changes) = (AtomicBool::new(false), Tally::default(), vector.changes());
    let mut handles = (0..writers).map(|_| vector.writer()).collect::<Result<Vec<_>, _>>()?;
    let is_torn = |value: &T| u64::from(value.number().is_none());
    thread::scope(|scope| {
        let (vector, done, is_torn) = (&vector, &done, &is_torn);
        let writing: Vec<_> = handles
            .iter_mut()
            .zip(0..)
            .map(|(writer, name)| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    while !run.is_over() {
                        for _ in 0..32 {
                            tally.operations += 1;
                            let value = T::of(number(name, tally.operations));
                            // Busy is what the other's write looks like.
                            let _ = writer.write(fastrand::usize(..SLOTS), &value);
                        }
                    }
                    tally
                })
            })
            .collect();
        let reading = scope.spawn(move || {
            let (mut tally, mut value) = (Tally::default(), T::zeroed());
            let mut snapshot = vector.snapshot([4, 0, 2]).expect("there are five");
            while !done.load(Relaxed) {
                tally.operations += 2;
                if vector.read_into(fastrand::usize(..SLOTS), &mut value).is_ok_and(|version| version > 0) {
                    tally.messages += 1;
                    tally.torn += is_torn(&value);
                }
                if snapshot.take().is_ok() {
                    let written =
                        snapshot.values().iter().zip(snapshot.versions()).filter(|&(_, &version)| version > 0);
                    tally.torn += written.map(|(value, _)| is_torn(value)).sum::<u64>();
                }
            }
            tally
        });
        let following = scope.spawn(|| {
            let (mut tally, mut last) = (Tally::default(), [0; SLOTS]);
            loop {
                let is_last = done.load(Relaxed);
                for change in changes.poll() {
                    tally.messages += 1;
                    tally.torn += is_torn(&change.value);
                    tally.doubled += u64::from(change.version <= last[change.index]);
                    last[change.index] = change.version;
                }
                if is_last {
                    break;
                }
            }
            tally.unaccounted += (0..SLOTS).filter(|&index| vector.version(index) != Ok(last[index])).count() as u64;
            tally
        });
        writing.into_iter().for_each(|thread| tally += told(thread));
        done.store(true, Relaxed);
        tally += told(reading);
        tally += told(following);
    });
    Ok(tally)
}

/// Vectors in each mode.
pub(crate) fn vectors(run: &Run) -> anyhow::Result<Tally> {
    fn modes<T: Sample>(run: &Run) -> anyhow::Result<Tally> {
        let mut tally = vector::<T, SingleWriter, Padded>(&run.part(4), 1)?;
        tally += vector::<T, MultiWriter, Padded>(&run.part(3), 2)?;
        tally += vector::<T, MultiWriter, Packed>(&run.part(2), 2)?;
        tally += vector::<T, Tracked<MultiWriter>, Padded>(run, 2)?;
        Ok(tally)
    }
    let mut tally = modes::<Odd>(&run.part(4))?;
    tally += modes::<[u64; 7]>(&run.part(3))?;
    tally += modes::<[u64; 64]>(&run.part(2))?;
    tally += modes::<[u64; 512]>(run)?;
    Ok(tally)
}
