//! Tasks that wait for room, with processes that are killed and that fork.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::block_on;
use icc_async::produce;
use icc_queue::{Evict, Options, Queue, QueueReader, QueueSpec, TryProduceError};
use icc_testing::{Actor, Name, in_forked_child, role, until};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

const NEVER: QueueSpec = QueueSpec::new(4).holding(Evict::Never);

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "stand still" => {
            let reader = QueueReader::<u64>::open(&name, &Options::new()).unwrap();
            let _holder = reader.holding_consumer("victim").unwrap();
            thread::sleep(Duration::from_secs(3600));
        }
        "forks" => forks(),
        other => panic!("no such role: {other}"),
    }
}

/// Also in a future that waits already: no thread of the child watches for it.
fn forks() {
    let queue = Queue::<u64>::anonymous(NEVER, &Options::new()).unwrap();
    let (mut producer, _holder) = (queue.producer().unwrap(), queue.holding_consumer("parent").unwrap());
    (0..4).for_each(|n| _ = producer.produce(&n));
    let message = 4;
    let mut future = pin!(produce(&mut producer, &message));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_pending());
    assert!(in_forked_child(|| future.as_mut().poll(&mut cx) == Poll::Ready(Err(TryProduceError::Forked))));
}

#[test]
fn a_child_is_told_of_the_fork() {
    Actor::start("forks", "", &[]).succeeds();
}

#[test]
fn a_holder_that_is_killed_is_waited_for_no_more() {
    let directory = Name::directory("async-produce");
    let path = directory.path().join("queue");
    let queue = Queue::<u64>::create(&path, NEVER, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut victim = Actor::start("stand still", &path, &[]);
    until("somebody holds", || (!queue.readers().unwrap().is_empty()).then_some(()));
    (0..4).for_each(|n| assert_eq!(producer.try_produce(&n), Ok(n)));
    let killing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        victim.kill();
    });
    assert_eq!(block_on(produce(&mut producer, &4)), Ok(4));
    killing.join().unwrap();
}
