//! Loom models of consumers that sleep. Run with `cargo xtask loom`.
//!
//! There is no time in them: a consumer that is not woken sleeps for ever, and loom reports that all
//! threads wait.
#![cfg(icc_loom)]

use core::time::Duration;
use icc_queue::{Mode, Mpmc, Park, Queue, QueueSpec, Spmc};
use icc_seqlock::primitive::{model, thread};

fn at_once() -> Park {
    Park::new(Duration::ZERO)
}

fn wakeable<M: Mode>() -> Queue<u64, M> {
    Queue::new(QueueSpec::new(2).max_producers(2).wakeable()).unwrap()
}

#[test]
fn a_message_and_a_sleeper() {
    model("a_message_and_a_sleeper", None, || {
        let queue = wakeable::<Spmc>();
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || _ = producer.produce(&7));
        assert_eq!(consumer.consume(&mut at_once()), Ok(7));
        thread.join().unwrap();
    });
}

#[test]
fn a_batch_and_a_sleeper() {
    model("a_batch_and_a_sleeper", Some(3), || {
        let queue = wakeable::<Spmc>();
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        let thread = thread::spawn(move || producer.produce_batch(&[7, 8]).unwrap());
        assert_eq!(consumer.consume(&mut at_once()), Ok(7));
        assert_eq!(consumer.consume(&mut at_once()), Ok(8));
        thread.join().unwrap();
    });
}

#[test]
fn two_of_many_and_a_sleeper() {
    model("two_of_many_and_a_sleeper", Some(1), || {
        let queue = wakeable::<Mpmc>();
        let mut consumer = queue.consumer();
        let producers = [queue.producer().unwrap(), queue.producer().unwrap()];
        let threads = producers.map(|mut producer| thread::spawn(move || _ = producer.produce(&7)));
        assert_eq!(consumer.consume(&mut at_once()), Ok(7));
        assert_eq!(consumer.consume(&mut at_once()), Ok(7));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
