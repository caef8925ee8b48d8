//! Consumers that sleep in the kernel, and producers that wake them.

#![cfg(all(target_os = "linux", not(icc_loom)))]

use icc_queue::{
    ConsumeTimeoutError, Consumer, Lost, Mode, Mpmc, Park, Producer, Queue, QueueReader, QueueSpec, SpinThenSleep,
    WaitStrategy,
};
use icc_testing::wait_until;
use std::thread;
use std::time::{Duration, Instant};

/// Sleeps as soon as there is nothing.
fn at_once() -> Park {
    Park::new(Duration::ZERO)
}

fn somebody_sleeps<T>(queue: &QueueReader<T>) -> bool {
    format!("{:?}", queue.bell().expect("it is wakeable")).contains("somebody_sleeps: true")
}

/// Lets a consumer sleep, and says whether `produce` rang: the bell says that nobody sleeps any more.
/// The consumer must get what was produced, whatever woke it.
fn rings<M: Mode>(queue: &Queue<u64, M>, produce: impl FnOnce(&mut Producer<u64, M>)) -> bool {
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer();
    thread::scope(|scope| {
        let slept = scope.spawn(move || consumer.consume(&mut at_once()).unwrap());
        wait_until("the consumer says that it sleeps", || somebody_sleeps(queue));
        produce(&mut producer);
        let rang = !somebody_sleeps(queue);
        assert_eq!(slept.join().unwrap(), 7);
        rang
    })
}

fn every_way_of_producing_rings<M: Mode>(make: impl Fn() -> Queue<u64, M>) {
    assert!(rings(&make(), |producer| _ = producer.produce(&7)), "produce");
    assert!(rings(&make(), |producer| _ = producer.try_produce(&7).unwrap()), "try_produce");
    assert!(rings(&make(), |producer| _ = producer.produce_batch(&[7, 8]).unwrap()), "produce_batch");
    let queue = make();
    assert!(rings(&queue, |producer| _ = producer.produce(&7)), "first");
    assert!(rings(&queue, |producer| _ = producer.produce(&7)), "again");
}

#[test]
fn producers_ring() {
    let spec = QueueSpec::new(8).wakeable();
    every_way_of_producing_rings(|| Queue::<u64>::new(spec).unwrap());
    every_way_of_producing_rings(|| Queue::<u64, Mpmc>::new(spec).unwrap());
}

#[test]
fn leaving_numbers_out_rings() {
    let queue = Queue::<u64>::new(QueueSpec::new(8).wakeable().gaps()).unwrap();
    let (mut producer, mut consumer) = (queue.producer().unwrap(), queue.consumer());
    thread::scope(|scope| {
        let slept = scope.spawn(move || consumer.consume(&mut at_once()));
        wait_until("the consumer says that it sleeps", || somebody_sleeps(&queue));
        producer.skip_to(3).unwrap();
        assert!(!somebody_sleeps(&queue), "nobody was woken");
        assert_eq!(slept.join().unwrap(), Err(Lost { first: 0, next: 3 }));
    });
}

#[test]
fn only_a_wakeable_queue_has_a_bell() {
    let queue = Queue::<u64>::new(8).unwrap();
    assert!(!queue.is_wakeable() && queue.bell().is_none());
    let queue = Queue::<u64>::new(QueueSpec::new(8).wakeable()).unwrap();
    assert!(queue.is_wakeable() && queue.bell().is_some());
}

/// Two threads that wake each other for every message.
fn ping_pong<M: Mode>(there: &Queue<u64, M>, back: &Queue<u64, M>) {
    let rounds = if cfg!(miri) { 10 } else { 5_000 };
    let (mut first, mut second) = (there.producer().unwrap(), back.producer().unwrap());
    let (mut pings, mut pongs) = (there.consumer(), back.consumer());
    thread::scope(|scope| {
        scope.spawn(move || (0..rounds).for_each(|_| _ = second.produce(&pings.consume(&mut at_once()).unwrap())));
        for n in 0..rounds {
            first.produce(&n);
            assert_eq!(pongs.consume(&mut at_once()), Ok(n));
        }
    });
}

#[test]
fn nobody_is_missed() {
    let spec = QueueSpec::new(8).wakeable();
    ping_pong(&Queue::<u64>::new(spec).unwrap(), &Queue::<u64>::new(spec).unwrap());
    ping_pong(&Queue::<u64, Mpmc>::new(spec).unwrap(), &Queue::<u64, Mpmc>::new(spec).unwrap());
}

/// Park works on a queue that wakes nobody.
#[test]
fn where_nobody_wakes_it_sleeps_for_a_bounded_time() {
    let spec = QueueSpec::new(8);
    ping_pong(&Queue::<u64>::new(spec).unwrap(), &Queue::<u64>::new(spec).unwrap());
}

fn times_out(consumer: &mut Consumer<u64>, wait: &mut dyn WaitStrategy) {
    let (timeout, start) = (Duration::from_millis(3), Instant::now());
    let waited = consumer.consume_timeout(wait, timeout);
    assert_eq!(waited, Err(ConsumeTimeoutError::TimedOut { after: timeout }));
    assert!(start.elapsed() >= timeout);
}

/// Also where the strategy's own sleep is far longer: this would take an hour.
#[test]
fn a_sleep_ends_at_the_deadline() {
    let wakeable = Queue::<u64>::new(QueueSpec::new(8).wakeable()).unwrap();
    let plain = Queue::<u64, Mpmc>::new(8).unwrap();
    let hour = Duration::from_secs(3600);
    for consumer in [&mut wakeable.consumer(), &mut plain.consumer()] {
        times_out(consumer, &mut at_once());
        times_out(consumer, &mut Park::default());
        times_out(consumer, &mut SpinThenSleep::new(0, hour));
        times_out(consumer, &mut Box::new(SpinThenSleep::new(0, hour)));
    }
}

#[test]
fn a_look_changes_nothing() {
    let queue = Queue::<u64>::new(2).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer();
    assert!(!consumer.is_ready());
    producer.produce(&1);
    assert!(consumer.is_ready() && consumer.is_ready());
    assert_eq!(consumer.try_consume(), Ok(1));
    assert!(!consumer.is_ready());
    (2..7).for_each(|n| _ = producer.produce(&n));
    assert!(consumer.is_ready(), "it was sped past");
}
