//! Wakeable queues between processes: who may wake whom, and what a hostile neighbour can do.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_queue::{
    BufferError, Mode, Mpmc, Options, Origin, Park, Queue, QueueError, QueueReader, QueueSpec, Spmc, WaitSet, Waited,
    remove, untyped,
};
use icc_testing::{Actor, Name, role, wait_until};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, geteuid, setuid};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

fn at_once() -> Park {
    Park::new(Duration::ZERO)
}

fn spec() -> QueueSpec {
    QueueSpec::new(8).wakeable()
}

fn somebody_sleeps<T>(queue: &QueueReader<T>) -> bool {
    format!("{:?}", queue.bell().expect("it is wakeable")).contains("somebody_sleeps: true")
}

fn place(test: &str) -> (Name, PathBuf) {
    let directory = Name::directory(test);
    let path = directory.path().join("queue");
    (directory, path)
}

fn readers_of(path: &Path, instance: u64) -> PathBuf {
    format!("{}.{instance:016x}.readers", path.display()).into()
}

/// What the actors and their parent send each other.
const ROUNDS: u64 = 500;

#[test]
fn actor() {
    let Some((role, path)) = role() else { return };
    let options = Options::new();
    match role.as_str() {
        "consume" => {
            let mut consumer = QueueReader::<u64>::open(&path, &options).unwrap().consumer_from_oldest();
            (0..ROUNDS).for_each(|n| assert_eq!(consumer.consume(&mut at_once()), Ok(n)));
        }
        "consume as nobody" => {
            setuid(Uid::from_raw(65534)).unwrap();
            let anyone = options.owner(icc_queue::Owner::Anyone);
            let queue = QueueReader::<u64>::open(&path, &anyone).unwrap();
            assert!(queue.is_wakeable() && queue.bell().is_none() && queue.readers_fd().is_none());
            let mut consumer = queue.consumer_from_oldest();
            (0..ROUNDS).for_each(|n| assert_eq!(consumer.consume(&mut at_once()), Ok(n)));
        }
        "look on as nobody" => {
            setuid(Uid::from_raw(65534)).unwrap();
            let queue = QueueReader::<u64>::open(&path, &options.owner(icc_queue::Owner::Anyone)).unwrap();
            let mut consumer = queue.consumer_from_oldest();
            assert!(queue.bell().is_some());
            (0..ROUNDS).for_each(|n| assert_eq!(consumer.consume(&mut at_once()), Ok(n)));
            assert!(!somebody_sleeps(&queue), "it cannot say so");
        }
        "produce" => {
            let mut producer = Queue::<u64>::open(&path, &options).unwrap().producer().unwrap();
            for n in 0.. {
                producer.produce(&n);
                thread::sleep(Duration::from_micros(100));
            }
        }
        other => panic!("no role {other}"),
    }
}

/// Each message once the consumer sleeps.
fn wakes_an_actor<M: Mode>(test: &str) {
    let (_directory, path) = place(test);
    let queue = Queue::<u64, M>::create(&path, spec(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut actor = Actor::start("consume", &path, &[]);
    for n in 0..ROUNDS {
        wait_until("the consumer sleeps", || somebody_sleeps(&queue));
        producer.produce(&n);
        assert!(n + 1 == ROUNDS || !actor.ended());
    }
    actor.succeeds();
}

#[test]
fn another_process_is_woken() {
    wakes_an_actor::<Spmc>("wake-spmc");
    wakes_an_actor::<Mpmc>("wake-mpmc");
}

/// One that knows no type sleeps as others do, by itself and with others in one wait.
#[test]
fn a_consumer_of_bytes_is_woken() {
    let (_directory, path) = place("wake-bytes");
    let queue = Queue::<u64, Mpmc>::create(&path, spec(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = untyped::QueueReader::open(&path, &Options::new()).unwrap().consumer();
    thread::scope(|scope| {
        let sleeper = scope.spawn(move || {
            let mut message = [0; 8];
            for n in 0..ROUNDS {
                while consumer.try_consume_into(&mut message) != Ok(n) {
                    if n % 2 == 0 {
                        assert_eq!(consumer.wait(&mut at_once(), 0, None), Waited::Slept);
                    } else {
                        WaitSet::spinning(Duration::ZERO).wait(&mut [&mut consumer], None).unwrap();
                    }
                }
                assert_eq!(u64::from_ne_bytes(message), n);
            }
        });
        for n in 0..ROUNDS {
            wait_until("the consumer sleeps", || somebody_sleeps(&queue));
            producer.produce(&n);
        }
        sleeper.join().unwrap();
    });
}

/// A consumer that may not write to the readers' file sleeps for bounded times, and gets all.
#[test]
fn whoever_may_not_sleep_at_the_bell_sleeps_anyway() {
    if !geteuid().is_root() {
        return eprintln!("skipped: it needs root");
    }
    for (role, readers_mode) in [("consume as nobody", 0o600), ("look on as nobody", 0o644)] {
        let (_directory, path) = place("wake-nobody");
        let options = Options::new().mode(0o644).readers_mode(readers_mode);
        let queue = Queue::<u64>::create(&path, QueueSpec::new(1024).wakeable(), &options).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut actor = Actor::start(role, &path, &[]);
        (0..ROUNDS).for_each(|n| {
            producer.produce(&n);
            thread::sleep(Duration::from_micros(20));
        });
        actor.succeeds();
    }
}

#[test]
fn without_a_name_both_descriptors_go() {
    let queue = Queue::<u64, Mpmc>::anonymous(spec(), &Options::new()).unwrap();
    let ring = || queue.as_fd().unwrap().try_clone_to_owned().unwrap();
    let readers = || queue.readers_fd().unwrap().try_clone_to_owned().unwrap();
    let alone = Queue::<u64, Mpmc>::from_fd(ring(), &Options::new());
    assert!(matches!(alone, Err(QueueError::Buffer(BufferError::NoReadersDescriptor { .. }))), "{alone:?}");
    let mut producer = Queue::<u64, Mpmc>::from_fd((ring(), readers()), &Options::new()).unwrap().producer().unwrap();
    let reader = QueueReader::<u64>::from_fd((ring(), readers()), &Options::new()).unwrap();
    assert!(QueueReader::<u64>::from_fd(ring(), &Options::new()).unwrap().bell().is_none());
    let mut consumer = reader.consumer();
    thread::scope(|scope| {
        let slept = scope.spawn(move || consumer.consume(&mut at_once()));
        wait_until("the consumer sleeps", || somebody_sleeps(&queue));
        producer.produce(&7);
        assert!(!somebody_sleeps(&queue));
        assert_eq!(slept.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_queue_that_wakes_nobody_is_refused_to_whom_asks_for_it() {
    let (_directory, path) = place("wake-lacks");
    Queue::<u64>::create(&path, 8, &Options::new()).unwrap();
    let opened = Queue::<u64>::open_or_create(&path, spec(), &Options::new());
    let Err(QueueError::Buffer(BufferError::LacksFeature { feature: "wakeable", .. })) = opened else {
        panic!("{opened:?}")
    };
    remove(&path).unwrap();
    assert_eq!(Queue::<u64>::open_or_create(&path, spec(), &Options::new()).unwrap().1, Origin::Created);
    assert_eq!(Queue::<u64>::open_or_create(&path, spec(), &Options::new()).unwrap().1, Origin::Opened);
    assert_eq!(Queue::<u64>::open_or_create(&path, 8, &Options::new()).unwrap().1, Origin::Opened);
}

/// Somebody who may write to the readers' file writes all over it, as fast as it can: producers pay,
/// consumers wake for nothing, and every message comes once and whole.
#[test]
fn a_scribbler_costs_time_and_nothing_else() {
    let (_directory, path) = place("wake-scribbler");
    let queue = Queue::<[u64; 7], Mpmc>::create(&path, QueueSpec::new(64).wakeable(), &Options::new()).unwrap();
    let file = OpenOptions::new().write(true).open(readers_of(&path, queue.instance())).unwrap();
    let rounds = 3_000_u64;
    thread::scope(|scope| {
        let reader = QueueReader::<[u64; 7]>::open(&path, &Options::new()).unwrap();
        let (mut awake, mut asleep) = (reader.consumer(), reader.consumer());
        let consume = move |consumer: &mut icc_queue::Consumer<[u64; 7]>, mut wait: Park| {
            let (mut received, mut lost) = (0, 0);
            while received + lost < rounds {
                match consumer.consume(&mut wait) {
                    Ok(message) => {
                        assert_eq!(message, [message[0]; 7]);
                        assert_eq!(message[0], received + lost);
                        received += 1;
                    }
                    Err(missed) => lost += missed.count(),
                }
            }
            (received, lost)
        };
        let consumers = [
            scope.spawn(move || consume(&mut awake, Park::new(Duration::from_secs(1)))),
            scope.spawn(move || consume(&mut asleep, at_once())),
        ];
        let mut producer = queue.producer().unwrap();
        let producing = scope.spawn(move || {
            (0..rounds).for_each(|n| {
                producer.produce(&[n; 7]);
                thread::sleep(Duration::from_micros(10));
            });
        });
        let (mut word, mut scribbles) = (0x9e37_79b9_7f4a_7c15_u64, 0);
        while !(producing.is_finished() && consumers.iter().all(|consumer| consumer.is_finished())) {
            word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(scribbles);
            // Every bit set, none, or any.
            let bytes = [[0xff; 8], [0; 8], word.to_ne_bytes()][(word % 3) as usize];
            let at = if scribbles % 2 == 0 { 512 } else { 512 + (word >> 32) % 33_000 };
            file.write_all_at(&bytes, at).unwrap();
            scribbles += 1;
        }
        for consumer in consumers {
            let (received, lost) = consumer.join().unwrap();
            assert_eq!(received + lost, rounds);
        }
        assert!(scribbles > 100);
    });
}

/// As SECURITY.md says: whoever may write to the readers' file may also truncate it, and that ends
/// its producers. A consumer that only polls is not touched by it.
#[test]
fn who_truncates_the_readers_file_ends_its_writers() {
    let (_directory, path) = place("wake-truncate");
    let queue = Queue::<u64>::create(&path, spec(), &Options::new()).unwrap();
    let mut consumer = QueueReader::<u64>::open(&path, &Options::new()).unwrap().consumer();
    let mut actor = Actor::start("produce", &path, &[]);
    wait_until("it produces", || consumer.try_consume().is_ok());
    OpenOptions::new().write(true).open(readers_of(&path, queue.instance())).unwrap().set_len(0).unwrap();
    assert_eq!(actor.end().signal(), Some(Signal::SIGBUS as i32));
    consumer.skip_to_newest();
    assert!(consumer.try_consume().is_ok());
}

/// The creator comes late.
#[test]
fn a_consumer_waits_for_its_creator() {
    let (_directory, path) = place("within");
    let patience = Duration::from_secs(60);
    thread::scope(|scope| {
        let reading = scope.spawn(|| QueueReader::<u64>::open_within(&path, patience, &Options::new()).unwrap());
        let writing = scope.spawn(|| Queue::<u64>::open_within(&path, patience, &Options::new()).unwrap());
        thread::sleep(Duration::from_millis(20));
        assert!(!reading.is_finished() && !writing.is_finished());
        let queue = Queue::<u64>::create(&path, 8, &Options::new()).unwrap();
        assert_eq!(reading.join().unwrap().instance(), queue.instance());
        assert_eq!(writing.join().unwrap().instance(), queue.instance());
    });
    let never = path.with_file_name("never");
    let missed = QueueReader::<u64>::open_within(&never, Duration::from_millis(5), &Options::new());
    assert!(matches!(missed, Err(QueueError::Buffer(BufferError::NotFound { .. }))));
    // What is there and is no such queue is an error at once.
    let other = Queue::<u64, Mpmc>::open_within(&path, Duration::MAX, &Options::new());
    assert!(matches!(other, Err(QueueError::OtherMode { .. })), "{other:?}");
}
