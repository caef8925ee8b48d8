//! Vectors in shared memory: two processes, and processes that are killed in mid-write.
#![cfg(all(target_os = "linux", not(icc_loom)))]

mod common;

use common::{Actor, Name, Random, assert_whole, filled, role, wait_until};
use icc_buffer::{Buffer, Kind, Spec};
use icc_seqlock::Tag;
use icc_vector::{
    BufferError, BusySpin, Mode, MultiWriter, Options, Origin, Packed, Padded, Payload, Placement, ReadError,
    SeqlockVector, SingleWriter, SnapshotError, SpinThenYield, Tracked, VectorError, VectorReader, WaitError,
    WaitStrategy, WriteError, WriterDied, WriterError,
};
use std::path::Path;
use std::time::Duration;

/// Large, so that most of a writer's time is spent half-way.
const WORDS: usize = 4096;
const SLOTS: usize = 3;
type Value = [u64; WORDS];

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "write for ever, one" => write_for_ever::<SingleWriter>(&name),
        "write for ever, many" => write_for_ever::<MultiWriter>(&name),
        "write for ever, tracked" => write_for_ever::<Tracked<MultiWriter>>(&name),
        "write once" => write_once(&name),
        "create for ever" => create_for_ever(&name),
        "answer" => answer(&name),
        other => panic!("no role {other}"),
    }
}

fn write_for_ever<M: Mode>(name: &Path) {
    let vector = SeqlockVector::<Value, M>::open(name, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    // Made before, so that nearly all the time goes into writes.
    let values: Vec<Value> = (0..7).map(|n| filled(u64::from(std::process::id()) << 8 | n)).collect();
    for n in 0.. {
        writer.write(n % SLOTS, &values[n % values.len()]).unwrap();
    }
}

/// Kills a writer at random instants, again and again, while a reader reads.
///
/// The reader gets whole values, or is told that the writer is dead or at it. After the kill each
/// slot is whole or of a dead writer, and the next writer, which may find several such slots, makes
/// them whole. The cursor sees all that is whole in the end.
fn kill_writers<M: Mode>(role: &str) {
    let name = Name::new("kill");
    let vector = SeqlockVector::<Value, M>::create(&name, SLOTS, &Options::new()).unwrap();
    let reader = VectorReader::<Value>::open(&name, &Options::new()).unwrap();
    let kills = if std::env::var_os("ICC_TORTURE_SECONDS").is_some() { 500 } else { 50 };
    let (mut changes, mut last) = (reader.changes(), [0; SLOTS]);
    let mut snapshot = reader.snapshot([0, 1, 2]).unwrap();
    let (mut random, mut half_way, mut value) = (Random(3), 0, [0; WORDS]);
    for round in 0..kills {
        let before = reader.version(0).unwrap();
        let mut writer = Actor::start(role, &name, &[]);
        wait_until("it writes", || reader.version(0).unwrap() > before + 2);
        for _ in 0..random.below(40) {
            let index = random.below(SLOTS as u64) as usize;
            match reader.read_into(index, &mut value) {
                Ok(_) => assert_whole(&value),
                Err(ReadError::Busy(_)) => {}
                // Lost by one of the killed before, and not written again yet. The living writer's
                // own slot never is.
                Err(ReadError::WriterDied(WriterDied { index: found, .. })) => assert_eq!(found, index),
                Err(error) => panic!("{error}"),
            }
            changes.poll().for_each(|change| {
                assert_whole(&change.value);
                last[change.index] = change.version;
            });
        }
        writer.kill();

        let mut dead = Vec::new();
        for index in 0..SLOTS {
            match reader.read_into(index, &mut value) {
                Ok(_) => assert_whole(&value),
                Err(ReadError::WriterDied(died)) => {
                    assert_eq!((died.index, reader.writer_died(index)), (index, Ok(true)), "round {round}");
                    dead.push(died);
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert!(dead.len() <= 1, "one writer writes one slot at a time: {dead:?}");
        changes.poll().for_each(|change| last[change.index] = change.version);
        for (index, last) in last.into_iter().enumerate() {
            let version = reader.version(index).unwrap();
            assert!(
                version == last || dead.iter().any(|died| died.index == index),
                "slot {index}, at {version}, was last seen at {last}"
            );
        }
        if let &[died] = &dead[..] {
            half_way += 1;
            let index = died.index;
            assert_eq!(snapshot.take().err(), Some(SnapshotError::WriterDied(died)));
            let seen = reader.version(index).unwrap();
            let wait = reader.wait_for_change(index, seen, &mut value, Duration::from_secs(60), &mut BusySpin);
            assert_eq!(wait, Err(WaitError::Read(died.into())));
            assert_eq!(reader.iter().filter(Result::is_ok).count(), SLOTS - 1, "the others are there");
            let mut next = vector.writer().unwrap();
            assert_eq!(next.update(index, |_| panic!("nothing to change")), Err(WriteError::WriterDied(died)));
            if random.below(2) == 0 {
                let version = next.write(index, &filled(7)).unwrap();
                assert_eq!(reader.read_into(index, &mut value), Ok(version));
                assert_eq!(value, filled(7));
                assert!(changes.poll().any(|change| change.index == index && change.version == version));
                last[index] = version;
            }
        }
    }
    assert!(half_way > kills / 10, "only {half_way} of {kills} were killed in mid-write");
}

#[test]
fn killed_single_writers() {
    kill_writers::<SingleWriter>("write for ever, one");
}

#[test]
fn killed_writers_of_many() {
    kill_writers::<MultiWriter>("write for ever, many");
}

#[test]
fn killed_tracked_writers() {
    kill_writers::<Tracked<MultiWriter>>("write for ever, tracked");
}

/// What slot `index` holds from the beginning.
fn initial(index: usize) -> Value {
    filled(index as u64 + 1)
}

/// So many that writing them takes most of the time.
const INITIAL: usize = 60;

fn create_for_ever(name: &Path) {
    loop {
        Beginning::create_with(name, INITIAL, &Options::new(), initial).unwrap();
        std::thread::sleep(Duration::from_micros(300));
        icc_vector::remove(name).unwrap();
    }
}

type Beginning = SeqlockVector<Value, Tracked<SingleWriter>>;

/// Those of a vector that exists stay as they are, and a panic while they are made leaves none.
#[test]
fn initial_values_of_shared_vectors() {
    let name = Name::new("begin");
    let begin = |value: u32| SeqlockVector::<u32>::open_or_create_with(&name, 3, &Options::new(), |_| value).unwrap();
    let panicked = std::panic::catch_unwind(|| begin_and_panic(&name));
    assert!(panicked.is_err() && !std::fs::exists(name.path()).unwrap());
    let (vector, origin) = begin(5);
    vector.writer().unwrap().write(1, &6).unwrap();
    assert_eq!((origin, begin(7).1), (Origin::Created, Origin::Opened));
    assert_eq!(vector.iter().collect::<Result<Vec<_>, _>>(), Ok(vec![5, 6, 5]));
    let anonymous = SeqlockVector::<u32>::anonymous_with(3, &Options::new(), |slot| slot as u32).unwrap();
    let reader =
        VectorReader::<u32>::from_fd(anonymous.as_fd().unwrap().try_clone_to_owned().unwrap(), &Options::new());
    assert_eq!(reader.unwrap().iter().collect::<Result<Vec<_>, _>>(), Ok(vec![0, 1, 2]));
}

fn begin_and_panic(name: &Name) {
    let value = |slot: usize| if slot < 2 { 5 } else { panic!("on purpose") };
    let _ = SeqlockVector::<u32>::create_with(name, 3, &Options::new(), value);
}

/// A creator is killed at random instants, while others open what it makes: they have all initial values, or no
/// vector at all.
#[test]
fn nobody_sees_a_vector_before_its_initial_values() {
    let directory = Name::directory("initial");
    let name = directory.path().join("vector");
    let (mut random, mut kills, mut left) = (Random(5), 0, 0);
    let whole = |reader: &VectorReader<Value>| {
        let mut value = [0; WORDS];
        for index in 0..INITIAL {
            assert_eq!(reader.read_into(index, &mut value), Ok(2));
            assert!(value == initial(index), "slot {index} has another value");
        }
        assert_eq!(reader.changes().poll().count(), INITIAL, "uncounted");
    };
    const KILLS: usize = 30;
    // How soon one is finished depends on the machine: until some were, and some were not.
    while kills < KILLS || (left == 0 || left == kills) && kills < 10 * KILLS {
        kills += 1;
        let mut creator = Actor::start("create for ever", &name, &[]);
        // It opens whatever is there, now and then one that has been removed since.
        wait_until("it creates", || VectorReader::<Value>::open(&name, &Options::new()).inspect(whole).is_ok());
        std::thread::sleep(Duration::from_micros(random.below(4000)));
        creator.kill();
        match VectorReader::<Value>::open(&name, &Options::new()) {
            Ok(reader) => {
                whole(&reader);
                left += 1;
                icc_vector::remove(&name).unwrap();
            }
            Err(VectorError::Buffer(BufferError::NotFound { .. })) => {}
            Err(error) => panic!("{error}"),
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "something is left");
    }
    assert!(left > 0 && left < kills, "always killed at the same place: {left} of {kills} were finished");
}

/// The kernel stops threads one by one, some time after the signal.
fn all_threads_stopped(process: u32) -> bool {
    std::fs::read_dir(format!("/proc/{process}/task")).unwrap().all(|thread| {
        let stat = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap_or_default();
        // The state follows the name, which is in parentheses.
        stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
    })
}

/// A stopped writer is not a dead one: its slot is not taken over, and its readers are told that it
/// is busy.
#[test]
fn a_stopped_writer_is_not_dead() {
    let name = Name::new("stop");
    let vector = SeqlockVector::<Value>::create(&name, SLOTS, &Options::new()).unwrap();
    let mut other = vector.writer().unwrap();
    let signal = |actor: &Actor, signal: &str| {
        let done = std::process::Command::new("kill").args([signal, &actor.id().to_string()]).status();
        assert!(done.unwrap().success());
    };
    let (mut half_way, mut value) = (0, [0; WORDS]);
    for _ in 0..20 {
        let before = vector.version(0).unwrap();
        let actor = Actor::start("write for ever, many", &name, &[]);
        wait_until("it writes", || vector.version(0).unwrap() > before + 2);
        signal(&actor, "-STOP");
        wait_until("it has stopped", || all_threads_stopped(actor.id()));
        let versions = || [0, 1, 2].map(|index| vector.version(index).unwrap());
        if let Some(index) = versions().iter().position(|version| version % 2 == 1) {
            half_way += 1;
            let found = vector.version(index).unwrap();
            let read = vector.read_into(index, &mut value);
            assert!(matches!(read, Err(ReadError::Busy(_))), "{read:?}");
            assert!(matches!(other.write(index, &filled(1)), Err(WriteError::Busy(_))));
            assert!(matches!(other.update(index, |_| {}), Err(WriteError::Busy(_))));
            assert_eq!(vector.version(index), Ok(found), "taken over from a living writer");
            signal(&actor, "-CONT");
            wait_until("it goes on", || vector.version(index).unwrap() > found);
        } else {
            signal(&actor, "-CONT");
        }
        drop(actor);
        (0..SLOTS).for_each(|index| _ = other.write(index, &filled(2)).unwrap());
    }
    assert!(half_way > 0, "never stopped in mid-write");
}

/// Waits for each number in slot 0, and answers in slot 1.
fn answer(name: &Path) {
    let vector = SeqlockVector::<[u64; 4], SingleWriter>::open(name, &Options::new()).unwrap();
    let mut writer = vector.writer_of(1..2).unwrap();
    let (mut version, mut value) = (0, [0; 4]);
    assert_eq!(vector.writer_of(0..1).err(), Some(WriterError::Taken { range: 0..1 }), "the other process has it");
    while value[0] < 100 {
        version = vector.wait_for_change(0, version, &mut value, common::PATIENCE, &mut SpinThenYield::new(0)).unwrap();
        assert_whole(&value);
        writer.write(1, &filled(value[0])).unwrap();
    }
}

#[test]
fn two_processes() {
    let name = Name::new("two");
    let vector = SeqlockVector::<[u64; 4], SingleWriter>::create(&name, 2, &Options::new()).unwrap();
    let mut writer = vector.writer_of(0..1).unwrap();
    let mut child = Actor::start("answer", &name, &[]);
    let (mut version, mut value) = (0, [0; 4]);
    for n in 1..=100 {
        writer.write(0, &filled(n)).unwrap();
        while value[0] != n {
            version =
                vector.wait_for_change(1, version, &mut value, common::PATIENCE, &mut SpinThenYield::new(0)).unwrap();
            assert_whole(&value);
        }
    }
    child.succeeds();
    assert!(vector.writer_of(1..2).is_ok(), "its process has ended");
}

/// Owns slots 32 to 63, and writes the first of them.
fn write_once(name: &Path) {
    let vector = SeqlockVector::<u64, Tracked<SingleWriter>>::open(name, &Options::new()).unwrap();
    let mut writer = vector.writer_of(32..64).unwrap();
    writer.write(32, &1).unwrap();
    std::thread::sleep(common::PATIENCE);
}

/// What a dead writer may not have counted is settled before a successor counts, also one that has
/// the dead one's slots under another id; else the next successor of its id counts in between, and
/// hides a change.
#[test]
fn the_dead_are_settled_by_their_slots() {
    let name = Name::new("settle");
    let vector = SeqlockVector::<u64, Tracked<SingleWriter>>::create(&name, 64, &Options::new()).unwrap();
    let other = vector.writer_of(0..32).unwrap();
    let mut actor = Actor::start("write once", &name, &[]);
    wait_until("it has written", || vector.version(32) == Ok(2));
    actor.kill();
    // Free, so that the next gets this id and not the dead one's.
    drop(other);
    let mut changes = vector.changes();
    let mut successor = vector.writer_of(32..64).unwrap();
    let mut polled = || changes.poll().map(|change| change.index).collect::<Vec<_>>();
    successor.write(32, &2).unwrap();
    assert_eq!(polled(), [32]);
    let _next = vector.writer_of(0..32).unwrap();
    assert!(polled().is_empty(), "nothing was written");
    // In the same block as slot 32.
    successor.write(33, &2).unwrap();
    assert_eq!(polled(), [33], "the next one's registration has hidden it");
}

/// Writes the version of a slot as whoever may write the file can.
fn forge_version(name: &Name, index: u64, version: u64) {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::File::options().read(true).write(true).open(name).unwrap();
    let field = |offset| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, offset).unwrap();
        u64::from_ne_bytes(bytes)
    };
    let (stride, slots_offset) = (field(104), field(112));
    file.write_all_at(&version.to_ne_bytes(), slots_offset + stride * index).unwrap();
}

/// Nanoseconds that this thread has run on a core.
fn own_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// A slot that a living writer leaves odd keeps a reader from its value, but not from its deadline.
#[test]
fn a_slot_that_stays_odd_does_not_hold_up_a_deadline() {
    let name = Name::new("odd");
    let vector = SeqlockVector::<u64>::create(&name, 2, &Options::new()).unwrap();
    let _alive = vector.writer().unwrap();
    // Writer 0's, over version 2.
    let odd = Tag::new(1).unwrap().mark(2);
    forge_version(&name, 1, odd);
    assert_eq!((vector.version(1), vector.writer_died(1)), (Ok(3), Ok(false)));
    let busy = vector.read(1).unwrap_err();
    assert!(matches!(busy, ReadError::Busy(_)));
    let text = busy.to_string();
    assert!(text.contains("slot 1") && text.contains("10017 attempts") && text.contains("try again"), "{text}");

    let strategies: [Box<dyn WaitStrategy>; 2] = [Box::new(BusySpin), Box::new(SpinThenYield::new(0))];
    for mut strategy in strategies {
        let timeout = Err(WaitError::Timeout { index: 1 });
        let before = own_time();
        // Each polls once. Ten thousand yields for each would take far longer.
        for _ in 0..300 {
            assert_eq!(vector.wait_for_change(1, 0, &mut 0, Duration::ZERO, &mut strategy), timeout);
        }
        assert_eq!(vector.wait_for_change(1, 0, &mut 0, Duration::from_millis(10), &mut strategy), timeout);
        let ran = own_time() - before;
        assert!(ran < 200_000_000, "{ran} ns for 300 waits of no time and one of 10 ms");
    }

    // Nobody has this writer's id, so it is dead.
    forge_version(&name, 1, Tag::new(2).unwrap().mark(2));
    assert_eq!(vector.writer_died(1), Ok(true));
    let wait = vector.wait_for_change(1, 0, &mut 0, Duration::from_secs(60), &mut BusySpin);
    assert!(matches!(wait, Err(WaitError::Read(ReadError::WriterDied(_)))), "{wait:?}");
}

#[test]
fn attaching() {
    fn open<T: Payload, M: Mode, P: Placement>(name: &Name) -> Result<(), VectorError> {
        SeqlockVector::<T, M, P>::open(name, &Options::new()).map(drop)
    }
    let name = Name::new("attach");
    let vector = SeqlockVector::<u64>::create(&name, 5, &Options::new()).unwrap();
    let path = vector.path().unwrap().to_owned();
    open::<u64, MultiWriter, Padded>(&name).unwrap();
    let other = |found, expected| Err(VectorError::OtherMode { path: path.clone(), found, expected });
    let (many, one) = ("MultiWriter", "SingleWriter");
    assert_eq!(open::<u64, SingleWriter, Padded>(&name), other(many, one));
    assert_eq!(open::<u64, Tracked<MultiWriter>, Padded>(&name), other(many, "Tracked<MultiWriter>"));
    assert_eq!(open::<u64, Tracked<SingleWriter>, Packed>(&name), other(many, "Tracked<SingleWriter>"));
    let opened = SeqlockVector::<u64, SingleWriter>::open_or_create(&name, 5, &Options::new());
    assert_eq!(opened.map(|_| ()), other(many, one));
    let packed = open::<u64, MultiWriter, Packed>(&name);
    assert!(matches!(packed, Err(VectorError::Buffer(BufferError::OtherLayout { .. }))));
    let typed = open::<i64, MultiWriter, Padded>(&name);
    assert!(matches!(typed, Err(VectorError::Buffer(BufferError::OtherElement { .. }))));
    let typed = VectorReader::<i64>::open(&name, &Options::new());
    assert!(matches!(typed, Err(VectorError::Buffer(BufferError::OtherElement { .. }))));
    let longer = SeqlockVector::<u64>::open_or_create(&name, 6, &Options::new());
    assert!(matches!(longer, Err(VectorError::Buffer(BufferError::OtherLen { .. }))));

    // In shared memory only known writers write.
    assert_eq!(vector.write(1, &1), Err(WriteError::NeedsWriter));
    assert_eq!(vector.update(1, |_| {}), Err(WriteError::NeedsWriter));
    let reader = VectorReader::<u64>::open(&name, &Options::new()).unwrap();
    assert_eq!((reader.len(), reader.path()), (5, Some(name.as_ref())));
    assert_eq!((reader.instance(), reader.is_tracked()), (vector.instance(), false));
    let descriptor = SeqlockVector::<u64, SingleWriter>::anonymous(2, &Options::new()).unwrap();
    descriptor.writer().unwrap().write(1, &8).unwrap();
    let fd = || descriptor.as_fd().unwrap().try_clone_to_owned().unwrap();
    assert_eq!(VectorReader::<u64>::from_fd(fd(), &Options::new()).unwrap().read(1), Ok(8));
    let writable = SeqlockVector::<u64, SingleWriter>::from_fd(fd(), &Options::new()).unwrap();
    assert_eq!(writable.writer().unwrap().write(1, &9), Ok(4));
}

/// Whatever the mode and the placement of a vector, the same type reads it.
#[test]
fn a_reader_reads_every_vector() {
    fn each<M: Mode, P: Placement>() {
        let name = Name::new("every");
        let vector = SeqlockVector::<[u64; 3], M, P>::create(&name, 40, &Options::new()).unwrap();
        let reader = VectorReader::<[u64; 3]>::open(&name, &Options::new()).unwrap();
        let (mut changes, mut writer) = (reader.changes(), vector.writer().unwrap());
        for index in [0, 7, 39] {
            writer.write(index, &filled(index as u64 + 1)).unwrap();
            assert_eq!(reader.read(index), Ok(filled(index as u64 + 1)));
            assert_eq!(changes.poll().map(|change| change.index).collect::<Vec<_>>(), [index]);
        }
        assert_eq!(reader.snapshot([7, 39]).unwrap().take(), Ok(&[filled(8), filled(40)][..]));
        assert_eq!(reader.iter().flatten().filter(|value| *value != [0; 3]).count(), 3);
    }
    each::<MultiWriter, Padded>();
    each::<SingleWriter, Packed>();
    each::<Tracked<MultiWriter>, Packed>();
    each::<Tracked<SingleWriter>, Padded>();
}

/// A buffer that calls itself a vector is not believed: neither its mode nor its counters.
#[test]
fn a_false_vector_is_refused() {
    let kind = Kind::new("vector");
    for (word, counters) in [(0, 193), (5, 193), (u64::MAX, 1217), (1, 192), (1, 1217), (2, 0), (3, 193), (4, 1218)] {
        let name = Name::new("false");
        let spec = Spec::new(kind, 3).counters(counters).words([word, 0, 0, 0]);
        let buffer = Buffer::<u64, Padded>::create(&name, spec, &Options::new()).unwrap();
        let path = buffer.path().unwrap().to_owned();
        let expected = if (1..=4).contains(&word) {
            VectorError::WrongCounters { path, found: counters, expected: if word < 3 { 193 } else { 1217 } }
        } else {
            VectorError::UnknownMode { path, found: word }
        };
        assert_eq!(VectorReader::<u64>::open(&name, &Options::new()).err(), Some(expected.clone()));
        let writing = match word {
            2 => SeqlockVector::<u64, SingleWriter>::open(&name, &Options::new()).err(),
            3 => SeqlockVector::<u64, Tracked<MultiWriter>>::open(&name, &Options::new()).err(),
            4 => SeqlockVector::<u64, Tracked<SingleWriter>>::open(&name, &Options::new()).err(),
            _ => SeqlockVector::<u64>::open(&name, &Options::new()).err(),
        };
        assert_eq!(writing, Some(expected));
    }
}
