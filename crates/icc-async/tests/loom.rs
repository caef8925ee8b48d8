//! Loom models of a stream against its producer, and of a task that produces against a holder. Run with `cargo xtask loom`.
//!
//! There is no time in them: a task that is missed never ends, and loom reports that all threads
//! wait.
#![cfg(icc_loom)]

mod executor;

use executor::block_on;
use icc_async::{ConsumerStream, Reactor, produce_with_threads};
use icc_queue::{Evict, Queue, QueueSpec};
use icc_seqlock::primitive::{model, thread};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[test]
fn registering_against_publishing() {
    model("registering_against_publishing", Some(2), || {
        let queue = Queue::<u64>::new(QueueSpec::new(2).wakeable()).unwrap();
        let reactor = Reactor::new();
        let mut stream = ConsumerStream::with_threads(queue.consumer(), &reactor);
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || _ = producer.produce(&7));
        assert_eq!(block_on(stream.next()), Ok(7));
        drop(stream);
        thread.join().unwrap();
    });
}

/// The stream goes back to its thread for the second message, as registered as for the first.
#[test]
fn registering_again() {
    model("registering_again", Some(1), || {
        let queue = Queue::<u64>::new(QueueSpec::new(2).wakeable()).unwrap();
        let reactor = Reactor::new();
        let mut stream = ConsumerStream::with_threads(queue.consumer(), &reactor);
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || (7..9).for_each(|n| _ = producer.produce(&n)));
        assert_eq!(block_on(stream.next()), Ok(7));
        assert_eq!(block_on(stream.next()), Ok(8));
        drop(stream);
        thread.join().unwrap();
    });
}

/// The same for a stream that got the first message by a poll of its task's own, before it was woken: its
/// thread finds that it waits no more.
#[test]
fn registering_again_after_a_poll_that_nobody_asked_for() {
    model("registering_again_after_a_poll_that_nobody_asked_for", Some(1), || {
        let queue = Queue::<u64>::new(QueueSpec::new(2).wakeable()).unwrap();
        let reactor = Reactor::new();
        let mut stream = ConsumerStream::with_threads(queue.consumer(), &reactor);
        let mut producer = queue.producer().unwrap();
        {
            let (mut next, mut cx) = (pin!(stream.next()), Context::from_waker(Waker::noop()));
            assert!(next.as_mut().poll(&mut cx).is_pending());
            producer.produce(&7);
            assert_eq!(next.as_mut().poll(&mut cx), Poll::Ready(Ok(7)));
        }
        let thread = thread::spawn(move || _ = producer.produce(&8));
        assert_eq!(block_on(stream.next()), Ok(8));
        drop(stream);
        thread.join().unwrap();
    });
}

/// The holder goes on holding, so only its reading makes room, and only that rings.
#[test]
fn producing_against_reading() {
    model("producing_against_reading", Some(1), || {
        let queue = Queue::<u64>::new(QueueSpec::new(2).wakeable().holding(Evict::Never)).unwrap();
        let reactor = Reactor::new();
        let mut producer = queue.producer().unwrap();
        let mut holder = queue.holding_consumer("slow").unwrap();
        (0..2).for_each(|n| assert_eq!(producer.try_produce(&n), Ok(n)));
        let thread = thread::spawn(move || {
            assert_eq!(holder.try_consume(), Ok(0));
            holder
        });
        assert_eq!(block_on(produce_with_threads(&mut producer, &2, &reactor)), Ok(2));
        assert!(thread.join().unwrap().holds());
    });
}
