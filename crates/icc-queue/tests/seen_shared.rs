//! Consumers that are seen by other processes, and killed, and whose entries others write garbage
//! into.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, role, until};
use icc_queue::{
    BufferError, ConsumeError, EntryError, Mode, Mpmc, Options, Owner, Park, Queue, QueueError, QueueReader, QueueSpec,
    ReaderStatus, SpinThenSleep, Spmc, untyped,
};
use icc_testing::in_forked_child;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, geteuid, setuid};
use proptest::prelude::*;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SPEC: QueueSpec = QueueSpec::new(8).seen();

/// A directory, and the path of a queue in it.
fn place(test: &str) -> (Name, PathBuf) {
    let directory = Name::directory(test);
    let path = directory.path().join("queue");
    (directory, path)
}

fn readers_of(path: &Path) -> QueueReader<u64> {
    QueueReader::open(path, &Options::new()).unwrap()
}

fn listed<T: icc_queue::Payload>(queue: &QueueReader<T>) -> Vec<(String, bool)> {
    queue.readers().unwrap().into_iter().map(|reader| (reader.label, reader.is_alive)).collect()
}

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "seen" => {
            let mut consumer = readers_of(&name).consumer_from_oldest().seen_as("victim").unwrap();
            loop {
                let _ = consumer.consume_timeout(&mut SpinThenSleep::default(), Duration::from_millis(5));
            }
        }
        "one of one" => produces(Queue::<u64>::open(&name, &Options::new()).unwrap()),
        "one of many" => produces(Queue::<u64, Mpmc>::open(&name, &Options::new()).unwrap()),
        "forks" => forks(&name),
        "stranger" => is_a_stranger(&name),
        other => panic!("no such role: {other}"),
    }
}

#[test]
fn the_killed_are_listed_as_dead_until_another_takes_the_place() {
    let (_directory, path) = place("seen-killed");
    let queue = Queue::<u64>::create(&path, SPEC, &Options::new()).unwrap();
    queue.producer().unwrap().produce(&7);
    for _ in 0..3 {
        let mut victim = Actor::start("seen", &path, &[]);
        let shows = |readers: Vec<ReaderStatus>| readers.into_iter().find(|reader| reader.received == 1);
        let seen = until("it is seen", || shows(queue.readers().unwrap()));
        assert_eq!((seen.label.as_str(), seen.is_alive, seen.process), ("victim", true, victim.id()));
        kill(Pid::from_raw(victim.id() as i32), Signal::SIGSTOP).unwrap();
        assert_eq!(listed(&queue), [("victim".to_owned(), true)], "a stopped one lives");
        victim.kill();
        until("the lock of the dead", || (listed(&queue) == [("victim".to_owned(), false)]).then_some(()));
        let untyped = untyped::QueueReader::open(&path, &Options::new()).unwrap();
        assert_eq!(listed(&untyped), [("victim".to_owned(), false)]);
        let successor = readers_of(&path).consumer().seen_as("successor").unwrap();
        assert_eq!(listed(&queue), [("successor".to_owned(), true)]);
        drop(successor);
        assert_eq!(listed(&queue), []);
    }
}

#[test]
fn more_than_64_are_seen_at_once() {
    let (_directory, path) = place("seen-many");
    let queue = Queue::<u64>::create(&path, SPEC, &Options::new()).unwrap();
    let reader = readers_of(&path);
    let all: Vec<_> = (0..100).map(|n| reader.consumer().seen_as(&format!("{n}")).unwrap()).collect();
    let expected: Vec<_> = (0..100).map(|n| (format!("{n}"), true)).collect();
    assert_eq!(listed(&queue), expected);
    drop(all);
    assert_eq!(listed(&queue), []);
}

/// One file, whether the queue is seen, wakeable or both; it is missing for no producer of a queue that
/// is only seen.
#[test]
fn it_has_one_file_and_producers_do_without() {
    for (spec, files) in [(SPEC, 2), (SPEC.wakeable(), 2), (QueueSpec::new(8), 1)] {
        let (directory, path) = place("seen-file");
        let made = Queue::<u64>::open_or_create(&path, spec, &Options::new()).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), files);
        let again = Queue::<u64>::open_or_create(&path, SPEC, &Options::new());
        let lacks = matches!(again, Err(QueueError::Buffer(BufferError::LacksFeature { .. })));
        assert!(lacks != made.0.is_seen() && lacks == again.is_err());
        let entry = made.0.consumer().seen_as("x");
        assert_eq!(entry.is_ok(), made.0.is_seen());
        drop(entry);
        if made.0.is_seen() && !made.0.is_wakeable() {
            let file = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
            fs::remove_file({ file }.find(|path| path.extension() == Some("readers".as_ref())).unwrap()).unwrap();
            let queue = Queue::<u64>::open(&path, &Options::new()).unwrap();
            queue.producer().unwrap().produce(&7);
            let error = queue.consumer_from_oldest().seen_as("x").unwrap_err();
            assert!(matches!(error.reason, EntryError::Buffer(BufferError::NoReadersFile { .. })), "{error}");
            assert_eq!(error.unseen().try_consume(), Ok(7));
            assert!(matches!(queue.readers(), Err(BufferError::NoReadersFile { .. })));
        }
        icc_queue::remove(&path).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

#[test]
fn without_a_name_it_takes_the_second_descriptor() {
    let queue = Queue::<u64>::anonymous(SPEC, &Options::new()).unwrap();
    let ring = || queue.as_fd().unwrap().try_clone_to_owned().unwrap();
    let both = || (ring(), queue.readers_fd().unwrap().try_clone_to_owned().unwrap());
    let typed = QueueReader::<u64>::from_fd(both(), &Options::new()).unwrap();
    let untyped = untyped::QueueReader::from_fd(both(), &Options::new()).unwrap();
    let one = typed.consumer().seen_as("typed").unwrap();
    let mut other = untyped.consumer().seen_as("untyped").unwrap();
    let mut producer = queue.producer().unwrap();
    (0..4).for_each(|n| _ = producer.produce(&n));
    let mut out = [0; 8];
    assert_eq!(other.try_consume_into(&mut out), Ok(0));
    let cursors: Vec<_> = untyped.readers().unwrap().into_iter().map(|reader| (reader.label, reader.cursor)).collect();
    assert_eq!(cursors, [("typed".to_owned(), 0), ("untyped".to_owned(), 1)]);
    assert_eq!(other.try_consume_batch(&mut [0; 16]), Ok(2));
    assert_eq!((queue.readers().unwrap()[1].cursor, other.next_sequence()), (3, 3));
    drop((one, other));
    assert_eq!(listed(&queue), []);

    let alone = QueueReader::<u64>::from_fd(ring(), &Options::new()).unwrap();
    let error = alone.consumer().seen_as("x").unwrap_err();
    assert!(matches!(error.reason, EntryError::Buffer(BufferError::NoReadersDescriptor { .. })), "{error}");
}

/// The part of a user who may only read.
fn is_a_stranger(path: &Path) {
    setuid(Uid::from_raw(65534)).unwrap();
    let options = Options::new().owner(Owner::Anyone);
    let queue = QueueReader::<u64>::open(path, &options).unwrap();
    let error = queue.consumer_from_oldest().seen_as("stranger").unwrap_err();
    assert!(matches!(error.reason, EntryError::Buffer(BufferError::PermissionDenied { .. })), "{error:?}");
    assert_eq!(error.unseen().try_consume(), Ok(7));
    // The mode of the readers' file says whether it may look.
    match queue.readers() {
        Ok(readers) => assert_eq!((path.ends_with("open"), readers.len()), (true, 1)),
        Err(error) => assert!(path.ends_with("closed") && matches!(error, BufferError::PermissionDenied { .. })),
    }
}

#[test]
fn whoever_may_not_write_is_unseen_and_may_look_if_the_mode_says_so() {
    if !geteuid().is_root() {
        return eprintln!("skipped: it needs root");
    }
    let directory = Name::directory("seen-strangers");
    for (name, mode) in [("open", 0o644), ("closed", 0o600)] {
        let path = directory.path().join(name);
        let options = Options::new().mode(0o644).readers_mode(mode);
        let queue = Queue::<u64>::create(&path, SPEC, &options).unwrap();
        queue.producer().unwrap().produce(&7);
        let _seen = queue.consumer().seen_as("owner").unwrap();
        Actor::start("stranger", &path, &[]).succeeds();
    }
}

fn forks(name: &Path) {
    let queue = Queue::<u64>::create(name, SPEC, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer().seen_as("parent").unwrap();
    producer.produce(&7);
    let fine = in_forked_child(|| {
        let received = consumer.try_consume() == Ok(7) && consumer.try_consume().is_err();
        // SAFETY: the child ends without dropping the original.
        drop(unsafe { std::ptr::read(&raw const consumer) });
        received
    });
    assert!(fine);
    let parent = &queue.readers().unwrap()[0];
    assert_eq!((parent.label.as_str(), parent.cursor, parent.is_alive), ("parent", 0, true));
    assert!(consumer.try_consume().is_ok() && consumer.try_consume().is_err());
    assert_eq!(queue.readers().unwrap()[0].cursor, 1);
    drop(consumer);
    assert_eq!(listed(&queue), []);
}

#[test]
fn the_copy_in_a_child_shows_nothing_and_lets_nothing_go() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let (_directory, path) = place("seen-fork");
    Actor::start("forks", &path, &[]).succeeds();
}

fn produces<M: Mode>(queue: Queue<u64, M>) {
    let mut producer = queue.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&n));
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}

/// A killed producer ends the wait of a consumer, also of one that sleeps at the bell; a stopped one
/// does not.
fn ends_with_the_killed<M: Mode>(role: &str) {
    for spec in [QueueSpec::new(8), QueueSpec::new(8).wakeable()] {
        let (_directory, path) = place("gone");
        let queue = Queue::<u64, M>::create(&path, spec, &Options::new()).unwrap();
        let mut consumer = readers_of(&path).consumer();
        let mut producer = Actor::start(role, &path, &[]);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || {
                let all: Vec<_> = consumer.until_gone(&mut Park::default()).collect();
                (all, consumer.consume_until_gone(&mut Park::default()))
            });
            until("it has produced", || (queue.produced() == 5).then_some(()));
            kill(Pid::from_raw(producer.id() as i32), Signal::SIGSTOP).unwrap();
            std::thread::sleep(Duration::from_millis(150));
            assert!(!waiting.is_finished(), "a stopped one lives");
            producer.kill();
            let all = (0..5).map(Ok).collect::<Vec<_>>();
            assert_eq!(waiting.join().unwrap(), (all, Err(ConsumeError::ProducersGone)));
        });
    }
}

#[test]
fn a_killed_producer_ends_the_wait() {
    ends_with_the_killed::<Spmc>("one of one");
    ends_with_the_killed::<Mpmc>("one of many");
}

/// Words that hurt: near every wrap, near what is plausible, such as `generation << 8 | SEEN`, and
/// anything.
fn words() -> impl Strategy<Value = u64> {
    let near = prop::sample::select(vec![
        0,
        5,
        0x102,
        1 << 32,
        1 << 63,
        u64::MAX,
        u64::from_ne_bytes(*b"\x1b[2J\xff\xe2\x80\xae"),
    ]);
    prop_oneof![(near, -20..20_i64).prop_map(|(near, by): (u64, i64)| near.wrapping_add_signed(by)), any::<u64>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Whatever is in the readers' file, the list is bounded, and so is all that is in it.
    #[test]
    fn nothing_there_is_trusted(garbage in prop::collection::vec(prop::option::of(words()), 1..64), produced in 0..20_u64) {
        let queue = Queue::<u64>::anonymous(SPEC, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer().seen_as("x").unwrap();
        (0..produced).for_each(|n| _ = producer.produce(&n));
        let file = File::from(queue.readers_fd().unwrap().try_clone_to_owned().unwrap());
        for (at, word) in (64..file.metadata().unwrap().len() / 8).zip(garbage.iter().cycle()) {
            if let Some(word) = word {
                file.write_all_at(&word.to_ne_bytes(), at * 8).unwrap();
            }
        }
        let head = queue.produced();
        let readers = queue.readers().unwrap();
        prop_assert!(readers.len() <= 192);
        for reader in readers {
            prop_assert!(reader.lag <= 8 && reader.cursor == head.wrapping_sub(reader.lag));
            prop_assert!(reader.label.chars().count() <= 64 && !reader.label.contains(char::is_control));
            let is_plain = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
            prop_assert!(reader.label.chars().all(is_plain), "{:?}", reader.label);
        }
        // The consumer goes on, others come, and it shows itself again.
        prop_assert!(consumer.drain().count() <= 9);
        let late = queue.consumer().seen_as("late").unwrap();
        prop_assert!(listed(&queue).contains(&("late".to_owned(), true)));
        drop((late, consumer));
        prop_assert!(queue.readers().unwrap().iter().all(|reader| !reader.is_alive));
    }
}

/// The cursor is shown as it is within the ring, as the head beyond it, as full behind it.
#[test]
fn hostile_cursors_are_bounded() {
    let queue = Queue::<u64>::anonymous(SPEC.starting_at(u64::MAX - 2), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let _consumer = queue.consumer().seen_as("x").unwrap();
    (0..6).for_each(|n| _ = producer.produce(&n));
    let (file, head) = (File::from(queue.readers_fd().unwrap().try_clone_to_owned().unwrap()), 3);
    for (cursor, lag) in [
        (head, 0),
        (head - 1, 1),
        (0, 3),
        (u64::MAX, 4),
        (head.wrapping_sub(8), 8),
        (head.wrapping_sub(9), 8),
        (head + (1 << 63), 0),
        (head + (1 << 63) + 1, 8),
        (head + 1, 0),
        (1 << 62, 0),
    ] {
        // The first line for those that are seen, after its word.
        file.write_all_at(&cursor.to_ne_bytes(), 8960 + 8).unwrap();
        let seen = &queue.readers().unwrap()[0];
        assert_eq!((seen.lag, seen.cursor), (lag, head.wrapping_sub(lag)), "{cursor:#x}");
    }
}
