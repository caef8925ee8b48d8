//! The uncontended cost of each operation on a queue, beside a plain copy of the same payload.

mod common;

use std::hint::black_box;

use bytemuck::Pod;
use common::{for_each_payload, id_of, plain_copy};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use icc_queue::Queue;

/// Slots of each ring.
const CAPACITY: usize = 1024;

fn new<T: Pod>() -> Queue<T> {
    Queue::new(CAPACITY).expect("the capacity is a power of two, and a few megabytes can be had")
}

fn produce<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T>();
    let mut producer = queue.producer().expect("there is no other producer");
    let message = T::zeroed();
    let id = id_of::<T>(group, "produce");
    group.bench_function(id, |bencher| bencher.iter(|| producer.produce(black_box(&message))));
}

fn produce_and_consume<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T>();
    let mut producer = queue.producer().expect("there is no other producer");
    let mut consumer = queue.consumer();
    let (message, mut out) = (T::zeroed(), T::zeroed());
    let id = id_of::<T>(group, "produce + try_consume_into");
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            producer.produce(black_box(&message));
            consumer.try_consume_into(black_box(&mut out)).expect("one message was just produced")
        });
    });
}

fn consume_nothing<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T>();
    let mut consumer = queue.consumer();
    let mut out = T::zeroed();
    let id = id_of::<T>(group, "try_consume_into, empty");
    group.bench_function(id, |bencher| bencher.iter(|| consumer.try_consume_into(black_box(&mut out))));
}

fn queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue");
    for_each_payload!(plain_copy, &mut group);
    for_each_payload!(produce, &mut group);
    for_each_payload!(produce_and_consume, &mut group);
    consume_nothing::<[u64; 7]>(&mut group);
    group.finish();
}

criterion_group! { name = benches; config = common::criterion(); targets = queue }
criterion_main!(benches);
