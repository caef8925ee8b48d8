//! Loom models of the other streams, and of several with one thread. Run with `cargo xtask loom`.
//!
//! There is no time in them: a task that is missed never ends, and loom reports that all threads wait.
#![cfg(icc_loom)]

mod executor;

use executor::block_on;
use icc_async::{ClaimStream, ConsumerStream, Reactor, VectorStream};
use icc_queue::{Queue, QueueSpec};
use icc_seqlock::primitive::{model, model_with_traced_loads, thread};
use icc_vector::{SeqlockVector, SingleWriter, VectorSpec};
use std::pin::pin;
use std::task::{Context, Waker};

fn queue() -> Queue<u64> {
    Queue::new(QueueSpec::new(2).wakeable()).unwrap()
}

#[test]
fn a_stream_of_changes() {
    model_with_traced_loads("a_stream_of_changes", Some(1), || {
        let vector = SeqlockVector::<u64, SingleWriter>::new(VectorSpec::new(1).wakeable()).unwrap();
        let reactor = Reactor::new();
        let mut stream = VectorStream::with_threads(vector.changes(), &reactor);
        let mut writer = vector.writer().unwrap();
        let thread = thread::spawn(move || _ = writer.write(0, &7).unwrap());
        assert_eq!(block_on(stream.next()).value, 7);
        drop(stream);
        thread.join().unwrap();
    });
}

#[test]
fn a_stream_of_claims() {
    model("a_stream_of_claims", Some(1), || {
        let queue = Queue::<u64>::new(QueueSpec::new(2).wakeable().group("g")).unwrap();
        let group = queue.group("g").unwrap();
        let reactor = Reactor::new();
        let mut stream = ClaimStream::with_threads(group.worker().unwrap(), &reactor);
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || _ = producer.produce(&7));
        let claimed = block_on(stream.next()).unwrap().unwrap();
        assert_eq!((claimed.message, claimed.sequence, claimed.deliveries), (7, 0, 1));
        drop(stream);
        thread.join().unwrap();
    });
}

/// Two streams that one thread watches for: the one that waits longer is not forgotten for the other.
#[test]
fn two_streams_of_one_thread() {
    model("two_streams_of_one_thread", Some(0), || {
        let queues = [queue(), queue()];
        let reactor = Reactor::new();
        let [mut late, mut early] =
            queues.each_ref().map(|queue| ConsumerStream::with_threads(queue.consumer(), &reactor));
        assert!(pin!(late.next()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let [mut second, mut first] = queues.each_ref().map(|queue| queue.producer().unwrap());
        let one = thread::spawn(move || _ = first.produce(&7));
        assert_eq!(block_on(early.next()), Ok(7));
        let other = thread::spawn(move || _ = second.produce(&8));
        assert_eq!(block_on(late.next()), Ok(8));
        drop((late, early));
        one.join().unwrap();
        other.join().unwrap();
    });
}

/// A stream is dropped while its thread watches for it, and while a message comes: the thread lets go of it,
/// and goes on for another.
#[test]
fn a_stream_that_is_dropped() {
    model("a_stream_that_is_dropped", Some(1), || {
        let [gone, queue] = [queue(), queue()];
        let reactor = Reactor::new();
        let mut dropped = ConsumerStream::with_threads(gone.consumer(), &reactor);
        let mut stream = ConsumerStream::with_threads(queue.consumer(), &reactor);
        assert!(pin!(dropped.next()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || _ = producer.produce(&7));
        drop(dropped);
        assert_eq!(block_on(stream.next()), Ok(7));
        drop(stream);
        thread.join().unwrap();
    });
}
