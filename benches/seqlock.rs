//! The uncontended cost of each operation on a cell, beside a plain copy of the same payload.

mod common;

use std::hint::black_box;

use bytemuck::Pod;
use common::{for_each_payload, id_of, plain_copy};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use icc_seqlock::Seqlock;

fn read_into<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let (cell, mut out) = (Seqlock::new(T::zeroed()), T::zeroed());
    let id = id_of::<T>(group, "read_into");
    group.bench_function(id, |bencher| bencher.iter(|| black_box(&cell).read_into(black_box(&mut out))));
}

fn read<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let cell = Seqlock::new(T::zeroed());
    let id = id_of::<T>(group, "read");
    group.bench_function(id, |bencher| bencher.iter(|| black_box(&cell).read()));
}

fn write<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let (cell, value) = (Seqlock::new(T::zeroed()), T::zeroed());
    let id = id_of::<T>(group, "write, shared");
    group.bench_function(id, |bencher| bencher.iter(|| black_box(&cell).write(black_box(&value))));
}

fn write_alone<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let (mut cell, value) = (Seqlock::new(T::zeroed()), T::zeroed());
    let (mut writer, _reader) = cell.split();
    let id = id_of::<T>(group, "write, exclusive");
    group.bench_function(id, |bencher| bencher.iter(|| black_box(&mut writer).write(black_box(&value))));
}

fn seqlock(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seqlock");
    for_each_payload!(plain_copy, &mut group);
    for_each_payload!(read_into, &mut group);
    for_each_payload!(read, &mut group);
    for_each_payload!(write, &mut group);
    for_each_payload!(write_alone, &mut group);
    group.finish();
}

criterion_group! { name = benches; config = common::criterion(); targets = seqlock }
criterion_main!(benches);
