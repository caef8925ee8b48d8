//! Producers and consumers in processes of their own, killed at any instant, and stopped for a
//! while.
#![cfg(all(target_os = "linux", not(icc_loom)))]

mod common;

use common::{Actor, Name, role, until};
use icc_buffer::{Buffer, Kind, Padded, Spec};
use icc_queue::{
    BufferError, Consumer, Mode, Mpmc, Options, ProducerError, Queue, QueueError, QueueReader, QueueSpec, Spmc,
    StartError, TryConsumeError,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::os::unix::fs::FileExt as _;
use std::thread::sleep;
use std::time::Duration;

/// Who sent it (a process), its count there, and words that follow from both, across several cache
/// lines.
type Message = [u64; 24];

fn message(producer: u64, count: u64) -> Message {
    let seed = (producer << 40 ^ count).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::array::from_fn(|i| match i {
        0 => producer,
        1 => count,
        _ => seed.rotate_left(5 * i as u32),
    })
}

/// How often producers are killed: more when there is time for torture.
fn kills() -> u64 {
    match std::env::var("ICC_TORTURE_SECONDS") {
        Ok(text) => (text.parse::<f64>().expect("ICC_TORTURE_SECONDS wants a number of seconds") * 10.0) as u64 + 100,
        Err(_) => 100,
    }
}

/// The part of a child process. In the tests themselves it has none.
#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    let me = u64::from(std::process::id());
    match role.as_str() {
        "one of one" => {
            let queue = Queue::<Message>::open(&name, &Options::new()).unwrap();
            let mut producer = until("the lock of a dead producer", || queue.producer().ok());
            for count in 1.. {
                producer.produce(&message(me, count));
            }
        }
        "one of many" => {
            let queue = Queue::<Message, Mpmc>::open(&name, &Options::new()).unwrap();
            let mut producer = queue.producer().unwrap();
            for count in (1..).step_by(3) {
                producer.produce(&message(me, count));
                producer.produce_batch(&[message(me, count + 1), message(me, count + 2)]).unwrap();
            }
        }
        "consumer" => {
            let mut account = Account::new(QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer());
            loop {
                account.attempt();
            }
        }
        other => panic!("no such role: {other}"),
    }
}

/// Checks a consumer's stream: whole messages, in each producer's order, none twice, all accounted
/// for.
struct Account {
    consumer: Consumer<Message>,
    started: u64,
    received: u64,
    lost: u64,
    last: HashMap<u64, u64>,
}

impl Account {
    fn new(consumer: Consumer<Message>) -> Self {
        Self { started: consumer.next_sequence(), consumer, received: 0, lost: 0, last: HashMap::new() }
    }

    /// One attempt. True if a message came.
    fn attempt(&mut self) -> bool {
        match self.consumer.try_consume() {
            Ok(got) => {
                let [producer, count, ..] = got;
                assert!(got == message(producer, count), "torn or mixed: {got:x?}");
                let last = self.last.insert(producer, count).unwrap_or(0);
                assert!(count > last, "producer {producer}: {count} came after {last}");
                self.received += 1;
                return true;
            }
            Err(TryConsumeError::SpedPast(lost)) => self.lost += lost.count(),
            Err(_) => {}
        }
        false
    }

    /// Consumes until some messages have come since now.
    fn progress(&mut self, what: &str) {
        let target = self.received + 50;
        until(what, || {
            self.attempt();
            (self.received >= target).then_some(())
        });
    }

    /// Consumes for a random while, so that kills come at random instants.
    fn linger(&mut self, random: &mut u64) {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for _ in 0..*random >> 50 {
            self.attempt();
        }
    }

    /// When nobody produces any more: everything up to `produced` is received or reported lost.
    fn close(mut self, produced: u64) {
        until("the last messages", || {
            self.attempt();
            (self.consumer.next_sequence() == produced).then_some(())
        });
        assert_eq!(self.received + self.lost, produced.wrapping_sub(self.started));
    }
}

#[test]
fn a_killed_producer_is_followed_by_another_that_loses_nothing() {
    for capacity in [2, 1024] {
        let name = Name::new("spmc-kills");
        let queue = Queue::<Message>::create(&name, capacity, &Options::new()).unwrap();
        let mut account = Account::new(QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer());
        let mut random = capacity as u64;
        for _ in 0..kills() / 4 {
            let mut producer = Actor::start("one of one", &name, &[]);
            account.progress("a new producer's messages");
            assert_eq!(queue.producer().err(), Some(ProducerError::Taken { path: Some(name.path().to_owned()) }));
            account.linger(&mut random);
            producer.kill();
            // Not one message is missing between what the dead one completed and what this one
            // adds.
            let before = queue.produced();
            let mut next = queue.producer().expect("the dead one's lock is gone");
            assert!(next.next_sequence().wrapping_sub(before) <= 1);
            let n = next.produce(&message(1, random >> 8 | 1 << 60));
            account.last.clear();
            until("the successor's message", || {
                account.attempt();
                (account.consumer.next_sequence() == n.wrapping_add(1)).then_some(())
            });
        }
        account.close(queue.produced());
    }
}

#[test]
fn killed_producers_among_many_stop_nobody() {
    for capacity in [2, 64] {
        let name = Name::new("mpmc-kills");
        let queue = Queue::<Message, Mpmc>::create(&name, capacity, &Options::new()).unwrap();
        let mut account = Account::new(QueueReader::<Message>::open(&name, &Options::new()).unwrap().consumer());
        let mut random = 7 * capacity as u64;
        let mut producers: Vec<_> = (0..3).map(|_| Actor::start("one of many", &name, &[])).collect();
        for round in 0..kills() / 4 {
            account.progress("messages while producers die");
            account.linger(&mut random);
            let victim = &mut producers[round as usize % 3];
            victim.kill();
            *victim = Actor::start("one of many", &name, &[]);
        }
        producers.iter_mut().for_each(Actor::kill);
        // All are dead, perhaps in the middle: a new one laps whatever they left.
        let mut last = queue.producer().unwrap();
        for count in 1..=3 * capacity as u64 {
            last.produce(&message(1, count));
        }
        account.close(queue.produced());
    }
}

#[test]
fn a_producer_that_is_stopped_for_a_while_corrupts_nothing() {
    let name = Name::new("mpmc-stops");
    let queue = Queue::<Message, Mpmc>::create(&name, 4, &Options::new()).unwrap();
    let mut account = Account::new(queue.consumer());
    let mut producers: Vec<_> = (0..2).map(|_| Actor::start("one of many", &name, &[])).collect();
    let mut random = 11;
    for round in 0..20 {
        account.progress("messages before a stop");
        account.linger(&mut random);
        let victim = Pid::from_raw(producers[round % 2].0.id().cast_signed());
        kill(victim, Signal::SIGSTOP).unwrap();
        sleep(Duration::from_millis(10));
        (0..2_000).for_each(|_| _ = account.attempt());
        kill(victim, Signal::SIGCONT).unwrap();
    }
    account.progress("messages after the last stop");
    producers.iter_mut().for_each(Actor::kill);
    let mut last = queue.producer().unwrap();
    (1..=12).for_each(|count| _ = last.produce(&message(1, count)));
    account.close(queue.produced());
}

#[test]
fn killed_consumers_leave_no_trace() {
    let name = Name::new("consumer-kills");
    let queue = Queue::<Message>::create(&name, 64, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut account = Account::new(queue.consumer());
    let mut count = 0;
    for round in 0..kills() / 10 {
        let mut consumers: Vec<_> = (0..2).map(|_| Actor::start("consumer", &name, &[])).collect();
        for _ in 0..500 * (round % 7) {
            count += 1;
            producer.produce(&message(9, count));
            account.attempt();
        }
        assert!(consumers.iter_mut().all(|consumer| !consumer.ended()), "a consumer found something wrong");
        consumers.iter_mut().for_each(Actor::kill);
    }
    account.close(queue.produced());
}

#[test]
fn a_queue_is_opened_as_what_it_is() {
    let name = Name::new("kinds");
    Queue::<u64>::create(&name, 8, &Options::new()).unwrap();
    let many = Queue::<u64, Mpmc>::open(&name, &Options::new()).unwrap_err();
    let QueueError::OtherMode { path, found, expected } = &many else { panic!("{many}") };
    assert_eq!((path.as_path(), *found, *expected), (name.path(), "one producer", "many producers"));
    assert!(Queue::<i64>::open(&name, &Options::new()).is_err(), "another message type was accepted");
    assert!(Queue::<u64, Spmc>::create(&name, 8, &Options::new()).is_err(), "an existing queue was created again");
    let (queue, _) = Queue::<u64>::open_or_create(&name, 8, &Options::new()).unwrap();
    assert!(Queue::<u64>::open_or_create(&name, 16, &Options::new()).is_err(), "another capacity was accepted");
    queue.producer().unwrap().produce(&3);
    assert_eq!(QueueReader::<u64>::open(&name, &Options::new()).unwrap().produced(), 1);
}

/// A dashboard does not know how a queue is written.
#[test]
fn readers_open_a_queue_of_either_mode() {
    fn check<M: Mode>() {
        let name = Name::new("modes");
        let queue = Queue::<u64, M>::create(&name, 8, &Options::new()).unwrap();
        let mut consumer = QueueReader::<u64>::open(&name, &Options::new()).unwrap().consumer();
        queue.producer().unwrap().produce(&5);
        assert_eq!(consumer.try_consume(), Ok(5));
    }
    check::<Spmc>();
    check::<Mpmc>();
}

#[test]
fn shared_queues_start_at_any_number_and_keep_it() {
    let spec = QueueSpec::new(4).starting_at(u64::MAX - 1).max_producers(3);
    let name = Name::new("first");
    let queue = Queue::<u64, Mpmc>::create(&name, spec, &Options::new()).unwrap();
    let (again, _) = Queue::<u64, Mpmc>::open_or_create(&name, 4, &Options::new()).unwrap();
    assert_eq!((again.produced(), again.max_producers()), (u64::MAX - 1, 3));
    let nameless = Queue::<u64, Mpmc>::anonymous(spec, &Options::new()).unwrap();
    for queue in [queue, nameless] {
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        assert_eq!([1, 2, 3].map(|n| producer.produce(&n)), [u64::MAX - 1, u64::MAX, 0]);
        assert_eq!(consumer.drain().collect::<Vec<_>>(), [Ok(1), Ok(2), Ok(3)]);
    }
}

/// A queue that was removed and made anew is another one: a position noted in the first means
/// nothing in the second.
#[test]
fn a_position_of_an_earlier_queue_is_refused() {
    let name = Name::new("anew");
    let noted = {
        let queue = Queue::<u64>::create(&name, 8, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        (0..5).for_each(|n| _ = producer.produce(&n));
        let mut consumer = queue.consumer_from_oldest();
        consumer.try_consume().unwrap();
        consumer.position()
    };
    let reader = QueueReader::<u64>::open(&name, &Options::new()).unwrap();
    assert_eq!(reader.consumer_at(noted).unwrap().try_consume(), Ok(1));
    icc_queue::remove(&name).unwrap();
    let queue = Queue::<u64>::create(&name, 8, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&n));
    let refused = StartError::OtherInstance { asked: noted, instance: queue.instance() };
    assert_eq!(queue.consumer_at(noted).err(), Some(refused));
}

/// Words that no queue has are refused, whoever wrote them.
#[test]
fn what_is_not_a_queue_is_refused() {
    for (word, value) in [(1, 0), (1, 3), (1, u64::MAX), (2, 0), (2, 2), (2, u64::MAX)] {
        let name = Name::new("words");
        Queue::<u64>::create(&name, 8, &Options::new()).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(name.path()).unwrap();
        file.write_all_at(&u64::to_ne_bytes(value), 184 + 8 * word).unwrap();
        let refused = QueueReader::<u64>::open(&name, &Options::new()).unwrap_err();
        assert!(
            matches!(refused, QueueError::Buffer(BufferError::OtherLayout { found, .. }) if found == value),
            "{refused}"
        );
        assert!(Queue::<u64>::open(&name, &Options::new()).is_err());
    }
}

/// A buffer that calls itself a queue has a mode that is known, counters for as many producers as
/// it says, and no more of them than there are locks.
#[test]
fn a_false_queue_is_refused() {
    let sound = [(1, 1, 1), (2, 1, 3), (2, 3, 7), (2, 1024, 2049)].map(|said| (said, true));
    let false_ones = [(0, 1, 1), (3, 1, 3), (1, 2, 1), (1, 1, 3), (2, 2, 7), (2, 4, 7), (2, 0, 1), (2, 1025, 2051)];
    for ((mode, producers, counters), is_sound) in sound.into_iter().chain(false_ones.map(|said| (said, false))) {
        let name = Name::new("false");
        let spec = Spec::new(Kind::new("queue"), 8).counters(counters).words([0, mode, producers, 0]);
        Buffer::<u64, Padded>::create(&name, spec, &Options::new()).unwrap();
        let reading = QueueReader::<u64>::open(&name, &Options::new());
        assert_eq!(reading.is_ok(), is_sound, "mode {mode}, {producers} producers, {counters} counters: {reading:?}");
        let writing = Queue::<u64, Mpmc>::open(&name, &Options::new());
        assert_eq!(writing.is_ok(), is_sound && mode == 2, "mode {mode}: {writing:?}");
    }
}

/// Messages that lie in the same places in either mode: nothing but the header's word tells them
/// apart.
#[test]
fn a_queue_of_the_other_mode_is_refused_by_its_word() {
    let name = Name::new("word");
    Queue::<[u64; 15]>::create(&name, 8, &Options::new()).unwrap();
    let many = Queue::<[u64; 15], Mpmc>::open(&name, &Options::new());
    assert!(matches!(many, Err(QueueError::OtherMode { .. })), "{many:?}");
}

#[test]
fn a_queue_without_a_name_is_handed_over_by_descriptor() {
    let queue = Queue::<u64>::anonymous(8, &Options::new()).unwrap();
    let descriptor = || queue.as_fd().unwrap().try_clone_to_owned().unwrap();
    let mut consumer = QueueReader::<u64>::from_fd(descriptor(), &Options::new()).unwrap().consumer();
    let other = Queue::<u64>::from_fd(descriptor(), &Options::new()).unwrap();
    let mut producer = other.producer().unwrap();
    assert_eq!(queue.producer().err(), Some(ProducerError::Taken { path: None }), "two producers in one process");
    producer.produce(&5);
    assert_eq!(consumer.try_consume(), Ok(5));
}
