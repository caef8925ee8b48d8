//! Loom models of producers that follow each other under one id. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use icc_queue::Queue;
use icc_seqlock::primitive::{model_with_traced_loads, thread};

/// A successor goes on after all that the one before produced. One message behind it could heal by
/// looking at the slot, two not.
#[test]
fn a_successor_goes_on_after_two_messages() {
    model_with_traced_loads("a_successor_goes_on_after_two_messages", Some(3), || {
        let queue = Queue::<u64>::new(4).unwrap();
        let other = queue.clone();
        let thread = thread::spawn(move || match other.producer() {
            Ok(mut producer) => {
                producer.produce(&1);
                producer.produce(&2);
                2
            }
            Err(_) => 0,
        });
        let here = match queue.producer() {
            Ok(mut producer) => {
                let n = producer.produce(&3);
                assert!(n == 0 || n == 2, "it took the place of message {n}");
                1
            }
            Err(_) => 0,
        };
        let there = thread.join().unwrap();
        assert!(here + there >= 1, "both were told that the other lives");
        assert_eq!(queue.produced(), here + there);
    });
}
