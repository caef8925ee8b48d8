//! Operations on a vector, beside a plain copy of the same payload: each alone and uncontended, all
//! slots of a large vector, its changes, and a slot whose neighbour another core uses at the same
//! time.

mod common;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bytemuck::Pod;
use common::{for_each_payload, id_of, plain_copy};
use core_affinity::{CoreId, get_core_ids, set_for_current};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use icc_vector::{Mode, MultiWriter, Packed, Padded, Placement, SeqlockVector, SingleWriter, Tracked, Writer};

/// Slots of each vector.
const LEN: usize = 16;

/// The slot that is read and written, hidden from the compiler so that the check of the index
/// stays.
const SLOT: usize = 5;

fn new<T: Pod>() -> SeqlockVector<T> {
    SeqlockVector::new(LEN).expect("sixteen slots can be had")
}

fn read_into<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let (vector, mut out) = (new::<T>(), T::zeroed());
    let id = id_of::<T>(group, "read_into");
    group.bench_function(id, |bencher| {
        bencher.iter(|| black_box(&vector).read_into(black_box(SLOT), black_box(&mut out)));
    });
}

fn write<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let (vector, value) = (new::<T>(), T::zeroed());
    let id = id_of::<T>(group, "write");
    group.bench_function(id, |bencher| {
        bencher.iter(|| black_box(&vector).write(black_box(SLOT), black_box(&value)));
    });
}

fn vector(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vector");
    for_each_payload!(plain_copy, &mut group);
    for_each_payload!(read_into, &mut group);
    for_each_payload!(write, &mut group);
    group.finish();
}

/// All slots of a table of a thousand, of 56 bytes each.
fn read_all(criterion: &mut Criterion) {
    const SLOTS: usize = 1_000;
    type Value = [u64; 7];
    fn of<P: Placement>(group: &mut BenchmarkGroup<'_, WallTime>, placed: &str) {
        let vector = SeqlockVector::<Value, MultiWriter, P>::new(SLOTS).expect("a thousand slots can be had");
        let mut all = vec![[0; 7]; SLOTS];
        group.bench_function(format!("read_all_into, {placed}"), |bencher| {
            bencher.iter(|| black_box(&vector).read_all_into(black_box(&mut all)));
        });
    }
    let mut group = criterion.benchmark_group("1,000 slots of 56 bytes");
    let (values, mut all): (Vec<Value>, _) = (vec![[1; 7]; SLOTS], vec![[0; 7]; SLOTS]);
    group.bench_function("plain slice", |bencher| {
        bencher.iter(|| black_box(&mut all[..]).copy_from_slice(black_box(&values)));
    });
    of::<Packed>(&mut group, "packed");
    of::<Padded>(&mut group, "padded");
    group.finish();
}

/// Ten changes in a table of a hundred thousand: writing them and finding them.
fn changes(criterion: &mut Criterion) {
    const SLOTS: usize = 100_000;
    type Value = [u64; 7];
    fn of<M: Mode>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str) {
        let vector = SeqlockVector::<Value, M>::new(SLOTS).expect("a hundred thousand slots can be had");
        let (mut writer, mut changes) = (vector.writer().expect("the only one"), vector.changes_from_now());
        let mut first = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for n in 0..10 {
                    writer.write((first + 9_973 * n) % SLOTS, &[1; 7]).expect("there is such a slot");
                }
                first += 7_919;
                assert_eq!(changes.poll().map(black_box).count(), 10);
            });
        });
    }
    let mut group = criterion.benchmark_group("10 changes in 100,000 slots of 56 bytes");
    let (values, mut all): (Vec<Value>, _) = (vec![[1; 7]; SLOTS], vec![[0; 7]; SLOTS]);
    group.bench_function("copy of a plain slice", |bencher| {
        bencher.iter(|| black_box(&mut all[..]).copy_from_slice(black_box(&values)));
    });
    of::<Tracked<SingleWriter>>(&mut group, "10 writes and a poll, tracked");
    of::<SingleWriter>(&mut group, "10 writes and a poll, not tracked");
    group.finish();
}

/// What another core does with the neighbour of the slot that is measured, over and over.
#[derive(Clone, Copy, Debug)]
enum Beside {
    Nothing,
    Reads,
    Writes,
}

/// A slot is written by one core; its neighbour is left alone, read or written by another.
fn neighbours(criterion: &mut Criterion) {
    let &[here, there, ..] = get_core_ids().unwrap_or_default().as_slice() else { return };
    fn of<T: Pod + Send + Sync, P: Placement>(group: &mut BenchmarkGroup<'_, WallTime>, placed: &str, there: CoreId) {
        for beside in [Beside::Nothing, Beside::Reads, Beside::Writes] {
            let vector = SeqlockVector::<T, SingleWriter, P>::new(LEN).expect("sixteen slots can be had");
            let mut own = vector.writer_of(SLOT..SLOT + 1).expect("nobody else has it");
            let other = vector.writer_of(SLOT + 1..SLOT + 2).expect("nobody else has it");
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| use_neighbour(other, beside, there, &done));
                let name = format!("write, {placed}, {} bytes, another core: {beside:?}", size_of::<T>());
                group.bench_function(name, |bencher| {
                    bencher.iter(|| own.write(black_box(SLOT), black_box(&T::zeroed())));
                });
                done.store(true, Ordering::Relaxed);
            });
        }
    }
    assert!(set_for_current(here), "a thread may use its own core");
    let mut group = criterion.benchmark_group("slots of two cores");
    of::<u64, Packed>(&mut group, "packed", there);
    of::<u64, Padded>(&mut group, "padded", there);
    of::<[u64; 7], Packed>(&mut group, "packed", there);
    of::<[u64; 7], Padded>(&mut group, "padded", there);
    group.finish();
}

fn use_neighbour<T: Pod + Send + Sync, P: Placement>(
    mut writer: Writer<T, SingleWriter, P>,
    beside: Beside,
    core: CoreId,
    done: &AtomicBool,
) {
    assert!(set_for_current(core), "it is one of the available cores");
    let vector = writer.vector().clone();
    let mut out = T::zeroed();
    while !done.load(Ordering::Relaxed) {
        for _ in 0..64 {
            match beside {
                Beside::Nothing => std::hint::spin_loop(),
                Beside::Reads => _ = black_box(vector.read_into(SLOT + 1, black_box(&mut out))),
                Beside::Writes => _ = black_box(writer.write(SLOT + 1, black_box(&out))),
            }
        }
    }
}

criterion_group! { name = benches; config = common::criterion(); targets = vector, read_all, changes, neighbours }
criterion_main!(benches);
