//! A message in the very moment in which a stream goes to sleep.
#![cfg(all(not(icc_loom), not(miri)))]

mod common;

use common::{block_on, wakeable};
use icc_async::ConsumerStream;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// A stream that is missed is woken by its thread's slice, 1 or 150 ms later. None is lost for good;
/// `ICC_COLLISIONS` says how many to try.
#[test]
fn publishing_while_a_stream_goes_to_sleep() {
    let count = std::env::var("ICC_COLLISIONS").map_or(10_000, |text| text.parse().expect("a number"));
    let queue = wakeable();
    let mut stream = ConsumerStream::new(queue.consumer());
    let asked = AtomicU64::new(0);
    let mut waits = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut producer = queue.producer().unwrap();
            let mut random = 1_u64;
            for n in 0..count {
                while asked.load(Ordering::Acquire) <= n {
                    spin_loop();
                }
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                for _ in 0..random >> 55 {
                    spin_loop();
                }
                producer.produce(&n);
            }
        });
        block_on(async {
            for n in 0..count {
                let start = Instant::now();
                asked.store(n + 1, Ordering::Release);
                assert_eq!(stream.next().await, Ok(n));
                waits.push(start.elapsed());
            }
        });
    });
    waits.sort_unstable();
    println!(
        "collisions={count} p50={:?} p99.9={:?} most={:?}",
        waits[waits.len() / 2],
        waits[waits.len() * 999 / 1000],
        waits[waits.len() - 1]
    );
}
