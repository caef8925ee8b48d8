//! What the benchmarks share: payload types, and a plain copy to compare with.

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};

/// Calls a function for each payload size of `icc-bench`: 8, 56, 64, 120, 256, 512, 1024 and 4096
/// bytes.
macro_rules! for_each_payload {
    ($function:path, $group:expr $(, $mode:ty)?) => {{
        use $function as function;
        function::<[u64; 1] $(, $mode)?>($group);
        function::<[u64; 7] $(, $mode)?>($group);
        function::<[u64; 8] $(, $mode)?>($group);
        function::<[u64; 15] $(, $mode)?>($group);
        function::<[u64; 32] $(, $mode)?>($group);
        function::<[u64; 64] $(, $mode)?>($group);
        function::<[u64; 128] $(, $mode)?>($group);
        function::<[u64; 512] $(, $mode)?>($group);
    }};
}
pub(crate) use for_each_payload;

/// Settings under which each operation takes under a second and its figures repeat within a few
/// percent.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(500))
        .sample_size(50)
        .configure_from_args()
}

/// Tells the group the size of `T`, and gives the name of `operation` at that size.
pub(crate) fn id_of<T>(group: &mut BenchmarkGroup<'_, WallTime>, operation: &str) -> BenchmarkId {
    group.throughput(Throughput::Bytes(size_of::<T>() as u64));
    BenchmarkId::new(operation, size_of::<T>())
}

/// One plain copy between two places the compiler knows nothing about.
///
/// By slices, which cannot overlap: an assignment between two unknown places is copied twice, by
/// way of a third.
pub(crate) fn plain_copy<T: bytemuck::Pod>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let (from, mut to) = (T::zeroed(), T::zeroed());
    let id = id_of::<T>(group, "plain copy");
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            let (from, to) = (black_box(&from), black_box(&mut to));
            bytemuck::bytes_of_mut(to).copy_from_slice(bytemuck::bytes_of(from));
        });
    });
}
