//! What the handles are, as types.
#![cfg(not(icc_loom))]

use icc_queue::{
    BusySpin, Consumer, Drain, Mode, Mpmc, Producer, Queue, QueueReader, SpinThenYield, Spmc, WaitStrategy,
};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

fn is_shared_and_sent<T: Send + Sync + UnwindSafe + RefUnwindSafe>() {}

#[test]
fn handles_go_to_other_threads_and_through_panics() {
    is_shared_and_sent::<Queue<u64>>();
    is_shared_and_sent::<Queue<u64, Mpmc>>();
    is_shared_and_sent::<QueueReader<u64>>();
    is_shared_and_sent::<Producer<u64>>();
    is_shared_and_sent::<Producer<u64, Mpmc>>();
    is_shared_and_sent::<Consumer<u64>>();
}

/// A payload need not be `Debug` for its handles to be.
#[test]
fn handles_are_shown_whatever_the_payload() {
    fn is_shown<T: std::fmt::Debug>() {}
    #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
    #[repr(C)]
    struct Silent(u64);
    is_shown::<Queue<Silent>>();
    is_shown::<QueueReader<Silent>>();
    is_shown::<Producer<Silent>>();
    is_shown::<Consumer<Silent>>();
    is_shown::<Drain<'_, Silent>>();
}

#[test]
fn code_that_produces_need_not_know_the_mode() {
    fn count<M: Mode>(queue: &Queue<u64, M>) -> u64 {
        let mut producer = queue.producer().unwrap();
        producer.produce(&1);
        producer.try_produce(&2).unwrap();
        producer.produce_batch(&[3, 4]).unwrap();
        producer.next_sequence()
    }
    assert_eq!(count(&Queue::<u64, Spmc>::new(8).unwrap()), 4);
    assert_eq!(count(&Queue::<u64, Mpmc>::new(8).unwrap()), 4);
}

#[test]
fn strategies_can_be_chosen_at_run_time() {
    let queue = Queue::<u64>::new(8).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer();
    let mut boxed: Box<dyn WaitStrategy> = Box::new(SpinThenYield::new(1));
    let borrowed: &mut dyn WaitStrategy = &mut BusySpin;
    producer.produce(&1);
    producer.produce(&2);
    assert_eq!(consumer.consume(borrowed), Ok(1));
    assert_eq!(consumer.consume(&mut boxed), Ok(2));
    assert!(consumer.consume_timeout(boxed.as_mut(), Duration::ZERO).is_err());
}

/// Printed, so that a change is seen: `cargo test -p icc-queue --test traits -- --nocapture`.
#[test]
fn what_every_poll_reads_is_one_cache_line() {
    println!("Queue {} QueueReader {}", size_of::<Queue<u64>>(), size_of::<QueueReader<u64>>());
    println!("Producer {} / {}", size_of::<Producer<u64>>(), size_of::<Producer<u64, Mpmc>>());
    println!("Consumer {}", size_of::<Consumer<u64>>());
    assert!(size_of::<QueueReader<u64>>() <= 64);
}
