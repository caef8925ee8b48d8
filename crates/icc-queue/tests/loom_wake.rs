//! Loom models of consumers that sleep. Run with `cargo xtask loom`.
//!
//! There is no time in them: a consumer that is not woken sleeps for ever, and loom reports that all
//! threads wait.
#![cfg(icc_loom)]

use core::time::Duration;
use icc_queue::{
    BusySpin, Lost, Mode, Mpmc, Park, Queue, QueueSpec, SpinThenSleep, SpinThenYield, Spmc, WaitSet, WaitStrategy,
};
use icc_seqlock::primitive::{die_at, model, model_with_traced_loads, thread};

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

/// Strategies that look by themselves, and one that finds no bell: what each does between two looks lets the
/// producer run, and the look after it finds the message whole.
#[test]
fn strategies_that_are_not_woken() {
    let make = |name| -> Box<dyn WaitStrategy> {
        match name {
            "spin" => Box::new(BusySpin),
            "yield" => Box::new(SpinThenYield::new(1)),
            "sleep" => Box::new(SpinThenSleep::new(0, Duration::ZERO)),
            _ => Box::new(at_once()),
        }
    };
    for name in ["spin", "yield", "sleep", "park"] {
        model(&format!("strategies_that_are_not_woken_{name}"), Some(3), move || {
            let queue = Queue::<[u64; 2]>::new(2).unwrap();
            let mut consumer = queue.consumer();
            let mut producer = queue.producer().unwrap();
            let thread = thread::spawn(move || (7..9).for_each(|n| _ = producer.produce(&[n; 2])));
            let mut strategy = make(name);
            assert_eq!(consumer.consume(&mut strategy), Ok([7; 2]));
            assert_eq!(consumer.consume(&mut strategy), Ok([8; 2]));
            thread.join().unwrap();
        });
    }
}

/// A producer dies with the ticket that a consumer sleeps for, and rings nothing. The message after it wakes
/// the consumer, and whenever its lock is found free, the loss is told.
#[test]
fn a_sleeper_behind_the_dead() {
    model_with_traced_loads("a_sleeper_behind_the_dead", Some(3), || {
        let queue = wakeable::<Mpmc>();
        let mut consumer = queue.consumer();
        let [dying, mut living] = [queue.producer().unwrap(), queue.producer().unwrap()];
        let dead = die_at("claimed", 0, dying, |dying| _ = dying.produce(&7));
        let thread = thread::spawn(move || {
            drop(dead);
            living.produce(&8);
        });
        assert_eq!(consumer.consume(&mut at_once()), Err(Lost { first: 0, next: 1 }));
        assert_eq!(consumer.consume(&mut at_once()), Ok(8));
        thread.join().unwrap();
    });
}

/// One wait at the bells of two queues, twice: whichever producer was first, the second wait finds the other.
#[test]
fn one_wait_for_two_queues() {
    model_with_traced_loads("one_wait_for_two_queues", Some(1), || {
        let queues = [wakeable::<Spmc>(), wakeable::<Spmc>()];
        let mut consumers = queues.each_ref().map(|queue| queue.consumer());
        let threads = queues.each_ref().map(|queue| {
            let mut producer = queue.producer().unwrap();
            thread::spawn(move || _ = producer.produce(&7))
        });
        let mut left = 2;
        while left > 0 {
            let [one, other] = &mut consumers;
            let ready = WaitSet::spinning(Duration::ZERO).wait(&mut [one, other], None).unwrap();
            for index in ready.iter() {
                assert_eq!(consumers[index].try_consume(), Ok(7), "{index} is not ready");
                left -= 1;
            }
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
