//! The uncontended cost of each operation on a vector, beside a plain copy of the same payload.

mod common;

use std::hint::black_box;

use bytemuck::Pod;
use common::{for_each_payload, id_of, plain_copy};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use icc_vector::SeqlockVector;

/// Slots of each vector.
const LEN: usize = 16;

/// The slot that is read and written, hidden from the compiler so that the check of the index stays.
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

criterion_group! { name = benches; config = common::criterion(); targets = vector }
criterion_main!(benches);
