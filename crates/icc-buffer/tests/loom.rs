//! Loom models of the bell. Run with `cargo xtask loom`.
//!
//! There is no time in them: a sleeper that is not woken sleeps for ever, and loom reports that all
//! threads wait. Messages are relaxed, so that nothing but the bell orders them.
#![cfg(icc_loom)]

use core::time::Duration;
use icc_buffer::{Bell, Notifier, WaitSet};
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, die_at, model, model_with_traced_loads, thread};

/// A bell, and what is published: a bit for each producer, in a word of its own.
#[derive(Clone)]
struct Setup {
    bell: Bell,
    messages: Arc<[AtomicU64; 2]>,
}

impl Setup {
    fn new() -> Self {
        Self { bell: Bell::private(), messages: Arc::new([AtomicU64::new(0), AtomicU64::new(0)]) }
    }

    fn publish(&self, producer: usize) {
        self.messages[producer].store(1, Ordering::Relaxed);
        self.bell.ring();
    }

    /// Sleeps until the message of this producer is there.
    fn wait(&self, producer: usize) {
        assert!(self.bell.wait(|| self.messages[producer].load(Ordering::Relaxed) == 1, None));
    }

    fn producer(&self, number: usize) -> thread::JoinHandle<()> {
        let setup = self.clone();
        thread::spawn(move || setup.publish(number))
    }

    fn sleeper(&self, number: usize) -> thread::JoinHandle<()> {
        let setup = self.clone();
        thread::spawn(move || setup.wait(number))
    }
}

#[test]
fn arming_against_publishing() {
    model("arming_against_publishing", None, || {
        let setup = Setup::new();
        let thread = setup.producer(0);
        setup.wait(0);
        thread.join().unwrap();
    });
}

/// The second sleeper finds the word armed, or the first one does.
#[test]
fn two_sleepers() {
    model("two_sleepers", Some(3), || {
        let setup = Setup::new();
        let other = setup.sleeper(0);
        let thread = setup.producer(0);
        setup.wait(0);
        other.join().unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn two_producers() {
    model("two_producers", Some(3), || {
        let setup = Setup::new();
        let threads = [setup.producer(0), setup.producer(1)];
        setup.wait(0);
        setup.wait(1);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// Sleeping again, when the bit was cleared for what was published before.
#[test]
fn sleeping_again() {
    model_with_traced_loads("sleeping_again", Some(3), || {
        let setup = Setup::new();
        let producer = setup.clone();
        let thread = thread::spawn(move || {
            producer.publish(0);
            producer.publish(1);
        });
        setup.wait(0);
        setup.wait(1);
        thread.join().unwrap();
    });
}

/// What a dead producer published without ringing is seen in time; here, that what others publish
/// later wakes as ever.
#[test]
fn a_producer_dies() {
    for step in ["rings", "rung"] {
        model_with_traced_loads(&format!("a_producer_dies_{step}"), Some(3), move || {
            let setup = Setup::new();
            // A sleeper that is already gone has armed the bell: the producer comes to ringing.
            let dead_sleeper = die_at("armed", 0, setup.clone(), |setup| setup.wait(0));
            let other = setup.clone();
            let thread = thread::spawn(move || {
                let dead = die_at(step, 0, other.clone(), |setup| setup.publish(0));
                other.publish(1);
                drop(dead);
            });
            setup.wait(1);
            thread.join().unwrap();
            drop(dead_sleeper);
        });
    }
}

#[test]
fn a_sleeper_dies() {
    for step in ["armed", "looks", "sleeps"] {
        model_with_traced_loads(&format!("a_sleeper_dies_{step}"), Some(3), move || {
            let setup = Setup::new();
            let dead = die_at(step, 0, setup.clone(), |setup| setup.wait(0));
            let thread = setup.producer(0);
            setup.wait(0);
            thread.join().unwrap();
            drop(dead);
        });
    }
}

/// One wait at two bells; what the notifier did before is seen by whoever takes it.
#[test]
fn waiting_at_two_bells() {
    model_with_traced_loads("waiting_at_two_bells", Some(3), || {
        let mut notifiers = [Notifier::new(), Notifier::new()];
        let [_, other] = notifiers.clone();
        let done = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&done);
        let thread = thread::spawn(move || {
            done.store(1, Ordering::Relaxed);
            other.notify();
        });
        let [first, second] = &mut notifiers;
        let ready = WaitSet::spinning(Duration::ZERO).wait(&mut [first, second], None).unwrap();
        assert!(ready.contains(1) && !ready.contains(0));
        assert!(notifiers[1].take() && !notifiers[0].take());
        assert_eq!(seen.load(Ordering::Relaxed), 1);
        thread.join().unwrap();
    });
}
