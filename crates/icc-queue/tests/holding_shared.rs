//! Consumers that hold in other processes: killed, stopped, and with garbage in the readers' file.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, role, until};
use icc_queue::{
    BufferError, BusySpin, EntryError, Evict, HoldError, Mode, Mpmc, Options, Producer, Queue, QueueError, QueueReader,
    QueueSpec, ReaderKind, SpinThenSleep, Spmc, TryProduceError,
};
use icc_testing::{in_forked_child, torture};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const NEVER: QueueSpec = QueueSpec::new(8).holding(Evict::Never);

/// A directory, and the path of a queue in it.
fn place(test: &str) -> (Name, PathBuf) {
    let directory = Name::directory(test);
    let path = directory.path().join("queue");
    (directory, path)
}

fn create<M: Mode>(path: &Path, spec: QueueSpec) -> Queue<u64, M> {
    Queue::create(path, spec, &Options::new()).unwrap()
}

fn readers_of(path: &Path) -> QueueReader<u64> {
    QueueReader::open(path, &Options::new()).unwrap()
}

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "hold" => {
            let mut holder = readers_of(&name).holding_consumer("victim").unwrap();
            loop {
                let _ = holder.consume_timeout(&mut SpinThenSleep::default(), Duration::from_millis(5));
            }
        }
        // Reads nothing.
        "stand still" => {
            let _holder = readers_of(&name).holding_consumer("victim").unwrap();
            std::thread::sleep(Duration::from_secs(3600));
        }
        "produce" => {
            let mut producer = Queue::<u64>::open(&name, &Options::new()).unwrap().producer().unwrap();
            (0..u64::MAX).for_each(|n| _ = producer.produce(&n));
        }
        "forks" => forks(),
        other => panic!("no such role: {other}"),
    }
}

/// Produces with nobody to wait for, once the holder's lock is free.
fn goes_on<M: Mode>(producer: &mut Producer<u64, M>, victim: &mut Actor) -> Duration {
    // The ring is full; whoever waits now is held up by the victim.
    while producer.try_produce(&0).is_ok() {}
    let killed = victim.id();
    victim.kill();
    let freed = Instant::now();
    producer.produce(&0);
    assert!(killed != 0);
    freed.elapsed()
}

fn killed_holders<M: Mode>() {
    let (_directory, path) = place(&format!("holding-killed-{}", std::any::type_name::<M>().len()));
    let queue = create::<M>(&path, NEVER);
    let mut producer = queue.producer().unwrap();
    for _ in 0..if torture().is_some() { 500 } else { 5 } {
        let mut victim = Actor::start("stand still", &path, &[]);
        let is_there = |kind| {
            let readers = queue.readers().unwrap();
            readers.into_iter().find(|reader| reader.kind == kind && reader.label == "victim")
        };
        let held = until("it holds", || is_there(ReaderKind::Holding).filter(|held| held.process == victim.id()));
        assert!(held.is_alive);
        let late = goes_on(&mut producer, &mut victim);
        println!("went on after {late:?}");
        let dead = is_there(ReaderKind::Evicted).expect("it is listed until another takes the place");
        assert!(!dead.is_alive);
    }
}

#[test]
fn a_killed_holder_holds_nobody() {
    killed_holders::<Spmc>();
    killed_holders::<Mpmc>();
}

const POLICY: Duration = Duration::from_millis(300);

fn stopped_holder<M: Mode>() {
    let (_directory, path) = place(&format!("holding-stopped-{}", std::any::type_name::<M>().len()));
    let queue = create::<M>(&path, QueueSpec::new(8).holding(Evict::After(POLICY)));
    let mut producer = queue.producer().unwrap();
    let victim = Actor::start("hold", &path, &[]);
    until("it holds", || (queue.readers().unwrap().len() == 1).then_some(()));
    (0..100).for_each(|n| _ = producer.produce(&n));
    until("it has read all", || (queue.readers().unwrap()[0].received == 100).then_some(()));
    let process = Pid::from_raw(victim.id() as i32);
    kill(process, Signal::SIGSTOP).unwrap();
    waitpid(process, Some(WaitPidFlag::WUNTRACED)).unwrap();
    (100..108).for_each(|n| _ = producer.produce(&n));
    let begun = Instant::now();
    producer.produce(&108);
    let late = begun.elapsed().checked_sub(POLICY).expect("it was evicted before its time was over");
    println!("evicted {late:?} after its time was over");
    let status = &queue.readers().unwrap()[0];
    assert_eq!((status.kind, status.is_alive), (ReaderKind::Evicted, true), "a stopped one lives");
    (109..120).for_each(|n| _ = producer.produce(&n));
    kill(process, Signal::SIGCONT).unwrap();
    // 100 to 111 are gone; it had read those before.
    let told = until("it is told", || queue.readers().unwrap().into_iter().find(|status| status.lost == 12));
    assert_eq!(told.kind, ReaderKind::Evicted);
    until("it goes on", || (queue.readers().unwrap()[0].received == 108).then_some(()));
}

#[test]
fn a_stopped_holder_is_evicted_and_told() {
    for _ in 0..if torture().is_some() { 50 } else { 1 } {
        stopped_holder::<Spmc>();
        stopped_holder::<Mpmc>();
    }
}

/// Between processes, at full speed, with a lossy consumer beside.
#[test]
fn nothing_is_lost_between_processes() {
    let (_directory, path) = place("holding-processes");
    let queue = create::<Spmc>(&path, QueueSpec::new(64).holding(Evict::Never));
    let mut holder = readers_of(&path).holding_consumer("recorder").unwrap();
    let mut lossy = readers_of(&path).consumer();
    let producer = Actor::start("produce", &path, &[]);
    let count = if torture().is_some() { 10_000_000 } else { 100_000 };
    for n in 0..count {
        assert_eq!(holder.consume(&mut BusySpin), Ok(n));
        let _ = lossy.try_consume();
    }
    drop(producer);
    assert_eq!((holder.received(), holder.lost()), (count, 0));
    lossy.drain().for_each(drop);
    assert_eq!(lossy.received() + lossy.lost(), lossy.next_sequence());
    assert!(queue.produced() <= count + 64);
}

#[test]
fn features_and_policy_must_match() {
    let (_directory, path) = place("holding-match");
    let plain = QueueSpec::new(8);
    let open = |spec: QueueSpec| Queue::<u64>::open_or_create(&path, spec, &Options::new()).map(drop);
    let after = Evict::After(Duration::from_secs(1));
    open(plain.holding(after)).unwrap();
    open(plain.holding(after)).unwrap();
    let other = |found, expected| Err(QueueError::OtherEviction { path: path.clone(), found, expected });
    assert_eq!(open(plain), other(Some(after), None));
    assert_eq!(open(plain.holding(Evict::Never)), other(Some(after), Some(Evict::Never)));
    let says = open(plain).unwrap_err().to_string();
    assert!(
        says.contains("has consumers that hold, evicted after 1s, and one that has no consumers that hold"),
        "{says}"
    );
    icc_queue::remove(&path).unwrap();
    open(plain).unwrap();
    assert_eq!(open(plain.holding(after)), other(None, Some(after)));
    let queue = readers_of(&path);
    assert_eq!((queue.evicts(), queue.readers().unwrap().len()), (None, 0));
    assert!(matches!(
        queue.holding_consumer("x").unwrap_err(),
        HoldError::Entry(EntryError::NotHolding { path: Some(found) }) if found == path
    ));
}

/// A version that does not know of holding may read, and not write.
#[test]
fn it_is_a_feature_that_writers_must_know() {
    let (_directory, path) = place("holding-feature");
    drop(create::<Spmc>(&path, NEVER));
    let mut features = [0; 24];
    File::open(&path).unwrap().read_exact_at(&mut features, 48).unwrap();
    let mut bit = [0; 24];
    bit[8] = 4;
    assert_eq!(features, bit);
}

#[test]
fn without_a_name_it_takes_the_second_descriptor() {
    let queue = Queue::<u64>::anonymous(NEVER, &Options::new()).unwrap();
    let ring = || queue.as_fd().unwrap().try_clone_to_owned().unwrap();
    let readers = || queue.readers_fd().unwrap().try_clone_to_owned().unwrap();
    let refused = Queue::<u64>::from_fd(ring(), &Options::new()).unwrap_err();
    assert!(matches!(refused, QueueError::Buffer(BufferError::NoReadersDescriptor { .. })), "{refused}");
    let mut producer = Queue::<u64>::from_fd((ring(), readers()), &Options::new()).unwrap().producer().unwrap();
    let holder =
        QueueReader::<u64>::from_fd((ring(), readers()), &Options::new()).unwrap().holding_consumer("x").unwrap();
    let mut lossy = QueueReader::<u64>::from_fd(ring(), &Options::new()).unwrap().consumer();
    (0..8).for_each(|n| _ = producer.produce(&n));
    assert_eq!(producer.try_produce(&8), Err(TryProduceError::Full { by: 0, behind: 8 }));
    assert_eq!((holder.lag(), lossy.try_consume()), (8, Ok(0)));
}

/// It holds nothing in its parent's name, and lets nothing go.
fn forks() {
    let queue = Queue::<u64>::anonymous(NEVER, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut holder = queue.holding_consumer("parent").unwrap();
    (0..8).for_each(|n| _ = producer.produce(&n));
    assert!(in_forked_child(|| {
        let all = !holder.holds() && holder.drain().count() == 8;
        // SAFETY: the child ends without dropping the original.
        drop(unsafe { std::ptr::read(&raw const holder) });
        all
    }));
    assert!(producer.try_produce(&8).is_err(), "the child let it go");
    assert_eq!((holder.try_consume(), holder.holds()), (Ok(0), true));
}

#[test]
fn the_copy_in_a_child_does_not_hold() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    Actor::start("forks", "", &[]).succeeds();
}

/// Whatever a cursor says, nothing is skipped, and nobody waits for longer than the policy.
#[test]
fn hostile_cursors_cost_no_more_than_the_policy() {
    fn spec(first: u64) -> QueueSpec {
        QueueSpec::new(8).starting_at(first).holding(Evict::After(Duration::from_millis(1)))
    }
    fn attacked<M: Mode>(first: u64, cursor: u64) {
        let queue = Queue::<u64, M>::anonymous(spec(first), &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        let mut honest = queue.holding_consumer("honest").unwrap();
        let victim = queue.holding_consumer("victim").unwrap();
        let file = File::from(queue.readers_fd().unwrap().try_clone_to_owned().unwrap());
        for n in 0..40 {
            // The second line, after its word.
            file.write_all_at(&cursor.to_ne_bytes(), 768 + 128 + 8).unwrap();
            let number = first.wrapping_add(n);
            assert_eq!(producer.produce(&number), number);
            assert_eq!(honest.try_consume(), Ok(number));
        }
        assert!(honest.holds());
        drop(victim);
    }
    for first in [0, u64::MAX - 5, 1 << 63] {
        for cursor in [0, u64::MAX, first, 1 << 63, first.wrapping_sub(9), first.wrapping_add(50), 1 << 40, !0 << 40] {
            attacked::<Spmc>(first, cursor);
            attacked::<Mpmc>(first, cursor);
        }
    }
}

/// A dead holder's messages are lost to nobody else, and one that begins after it has all of its own.
#[test]
fn the_next_tenant_of_an_entry_is_not_the_dead_one() {
    let (_directory, path) = place("holding-tenants");
    let queue = create::<Mpmc>(&path, NEVER);
    let mut producer = queue.producer().unwrap();
    for _ in 0..5 {
        let mut victim = Actor::start("stand still", &path, &[]);
        until("it holds", || queue.readers().unwrap().iter().any(|reader| reader.process == victim.id()).then_some(()));
        victim.kill();
        let mut successor = queue.holding_consumer("successor").unwrap();
        let from = successor.held_from().unwrap();
        (0..8).for_each(|n| assert_eq!(producer.try_produce(&n), Ok(from + n)));
        assert!(producer.try_produce(&0).is_err());
        assert_eq!(successor.drain().filter_map(Result::ok).count(), 8);
        assert_eq!(queue.readers().unwrap()[0].label, "successor");
    }
}
