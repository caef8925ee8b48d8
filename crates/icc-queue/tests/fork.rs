//! A producer and the copy of it that a child gets by `fork`.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_queue::{Mode, Mpmc, Options, Queue, Spmc, TryProduceError};
use icc_testing::{Actor, Name, in_forked_child, role};
use std::path::Path;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    if role == "one" { forks::<Spmc>(&name) } else { forks::<Mpmc>(&name) }
}

fn forks<M: Mode>(name: &Path) {
    let queue = Queue::<u64, M>::create(name, 8, &Options::new()).unwrap();
    let mut consumer = queue.consumer();
    let mut producer = queue.producer().unwrap();
    producer.produce(&1);
    assert_eq!(producer.try_produce(&2), Ok(1));
    let told = in_forked_child(|| {
        let refused = producer.try_produce(&99) == Err(TryProduceError::Forked);
        // SAFETY: the child ends without dropping the original.
        drop(unsafe { std::ptr::read(&raw const producer) });
        refused
    });
    assert!(told, "the child was not told");
    assert_eq!(queue.living_producers(), Ok(1), "the child released its parent's lock");
    assert_eq!(producer.try_produce(&3), Ok(2));
    assert_eq!(consumer.drain().collect::<Vec<_>>(), [Ok(1), Ok(2), Ok(3)]);
}

#[test]
fn one_producer() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let name = Name::new("fork-one");
    Actor::start("one", &name, &[]).succeeds();
}

#[test]
fn many_producers() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let name = Name::new("fork-many");
    Actor::start("many", &name, &[]).succeeds();
}
