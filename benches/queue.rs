//! The uncontended cost of each operation on a queue, beside a plain copy of the same payload.

mod common;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytemuck::Pod;
use common::{for_each_payload, id_of, plain_copy};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use icc_queue::{Mpmc, Queue, Spmc};

/// Slots of each ring.
const CAPACITY: usize = 1024;

/// Messages that are there when consuming alone is timed: few enough that none is lost, many beside two looks at the clock.
const THERE: u64 = 512;

/// The operations are the same in both modes, and their producers are types of their own.
macro_rules! operations {
    ($mode:ident: $module:ident) => {
        mod $module {
            use super::*;

            fn new<T: Pod>() -> Queue<T, $mode> {
                Queue::new(CAPACITY).expect("the capacity is a power of two, and a few megabytes can be had")
            }

            fn name(operation: &str) -> String {
                format!(concat!(stringify!($module), " {}"), operation)
            }

            pub(super) fn produce<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
                let queue = new::<T>();
                let mut producer = queue.producer().expect("there is no other producer");
                let message = T::zeroed();
                let id = id_of::<T>(group, &name("produce"));
                group.bench_function(id, |bencher| bencher.iter(|| producer.produce(black_box(&message))));
            }

            pub(super) fn consume<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
                let queue = new::<T>();
                let mut producer = queue.producer().expect("there is no other producer");
                let mut consumer = queue.consumer();
                let (message, mut out) = (T::zeroed(), T::zeroed());
                let id = id_of::<T>(group, &name("try_consume_into, a message"));
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

            pub(super) fn produce_and_consume<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
                let queue = new::<T>();
                let mut producer = queue.producer().expect("there is no other producer");
                let mut consumer = queue.consumer();
                let (message, mut out) = (T::zeroed(), T::zeroed());
                let id = id_of::<T>(group, &name("produce + try_consume_into"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        producer.produce(black_box(&message));
                        consumer.try_consume_into(black_box(&mut out)).expect("one message was just produced")
                    });
                });
            }

            pub(super) fn consume_nothing<T: Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
                let queue = new::<T>();
                let mut consumer = queue.consumer();
                let mut out = T::zeroed();
                let id = id_of::<T>(group, &name("try_consume_into, empty"));
                group.bench_function(id, |bencher| bencher.iter(|| consumer.try_consume_into(black_box(&mut out))));
            }
        }
    };
}

operations!(Spmc: spmc);
operations!(Mpmc: mpmc);

fn queue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue");
    for_each_payload!(plain_copy, &mut group);
    for_each_payload!(spmc::produce, &mut group);
    for_each_payload!(spmc::consume, &mut group);
    for_each_payload!(spmc::produce_and_consume, &mut group);
    for_each_payload!(spmc::consume_nothing, &mut group);
    for_each_payload!(mpmc::produce, &mut group);
    for_each_payload!(mpmc::consume, &mut group);
    for_each_payload!(mpmc::produce_and_consume, &mut group);
    for_each_payload!(mpmc::consume_nothing, &mut group);
    group.finish();
}

criterion_group! { name = benches; config = common::criterion(); targets = queue }
criterion_main!(benches);
