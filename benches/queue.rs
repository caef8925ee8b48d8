//! The uncontended cost of each operation on a queue, beside a plain copy of the same payload.

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytemuck::Pod;
use common::{for_each_payload, id_of, plain_copy};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use icc_queue::{Mode, Mpmc, Queue, Spmc};

/// Slots of each ring.
const CAPACITY: usize = 1024;

/// Messages that are there when consuming alone is timed: few enough that none is lost, many beside
/// two looks at the clock.
const THERE: u64 = 512;

fn new<T: Pod, M: Mode>() -> Queue<T, M> {
    Queue::new(CAPACITY).expect("the capacity is a power of two, and a few megabytes can be had")
}

/// What a mode is called.
fn name<M: Mode>(operation: &str) -> String {
    let mode = std::any::type_name::<M>().rsplit(':').next().unwrap_or_default().to_lowercase();
    format!("{mode} {operation}")
}

fn produce<T: Pod, M: Mode>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T, M>();
    let mut producer = queue.producer().expect("there is no other producer");
    let message = T::zeroed();
    let id = id_of::<T>(group, &name::<M>("produce"));
    group.bench_function(id, |bencher| bencher.iter(|| producer.produce(black_box(&message))));
}

fn consume<T: Pod, M: Mode>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T, M>();
    let mut producer = queue.producer().expect("there is no other producer");
    let mut consumer = queue.consumer();
    let (message, mut out) = (T::zeroed(), T::zeroed());
    let id = id_of::<T>(group, &name::<M>("try_consume_into, a message"));
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            let (mut left, mut time) = (iterations, Duration::ZERO);
            while left > 0 {
                let now = left.min(THERE);
                for _ in 0..now {
                    producer.produce(&message);
                }
                let start = Instant::now();
                for _ in 0..now {
                    let taken = consumer.try_consume_into(black_box(&mut out));
                    black_box(taken.expect("this message was produced and not lost"));
                }
                time += start.elapsed();
                left -= now;
            }
            time
        });
    });
}

fn produce_and_consume<T: Pod, M: Mode>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T, M>();
    let mut producer = queue.producer().expect("there is no other producer");
    let mut consumer = queue.consumer();
    let (message, mut out) = (T::zeroed(), T::zeroed());
    let id = id_of::<T>(group, &name::<M>("produce + try_consume_into"));
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            producer.produce(black_box(&message));
            consumer.try_consume_into(black_box(&mut out)).expect("one message was just produced")
        });
    });
}

fn consume_nothing<T: Pod, M: Mode>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = new::<T, M>();
    let mut consumer = queue.consumer();
    let mut out = T::zeroed();
    let id = id_of::<T>(group, &name::<M>("try_consume_into, empty"));
    group.bench_function(id, |bencher| bencher.iter(|| consumer.try_consume_into(black_box(&mut out))));
}

fn queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue");
    for_each_payload!(plain_copy, &mut group);
    for_each_payload!(produce, &mut group, Spmc);
    for_each_payload!(consume, &mut group, Spmc);
    for_each_payload!(produce_and_consume, &mut group, Spmc);
    for_each_payload!(consume_nothing, &mut group, Spmc);
    for_each_payload!(produce, &mut group, Mpmc);
    for_each_payload!(consume, &mut group, Mpmc);
    for_each_payload!(produce_and_consume, &mut group, Mpmc);
    for_each_payload!(consume_nothing, &mut group, Mpmc);
    group.finish();
}

criterion_group! { name = benches; config = common::criterion(); targets = queue }
criterion_main!(benches);
