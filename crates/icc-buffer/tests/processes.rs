//! Several real processes on one buffer.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, command, expected, role, spec, wait_until};
use icc_buffer::{Buffer, BufferError, Options, Origin, Packed, Padded, ReadOnlyBuffer};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;

type Shared = Buffer<[u64; 4], Packed>;
type Seen = ReadOnlyBuffer<[u64; 4]>;

/// What the child processes do. In the tests' own process this does nothing.
#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "answer" => answer(&Shared::open(&name, expected(8), &Options::new()).unwrap()),
        "answer from a descriptor" => {
            let descriptor = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
            answer(&Shared::from_fd(descriptor, expected(8), &Options::new()).unwrap());
        }
        "write through a read-only mapping" => write_to_read_only(&name),
        "race" => race(&name),
        other => panic!("no role {other}"),
    }
}

/// Reads slot 0, adds one to each word and puts that into slot 1.
fn answer(buffer: &Shared) {
    let slot = buffer.slot(0).unwrap();
    wait_until("the question", || slot.version() == 2);
    let question = slot.read();
    buffer.slot(1).unwrap().write(&question.map(|word| word + 1));
    buffer.counter(1).unwrap().store(42, Ordering::Release);
}

fn ask(buffer: &Shared, reader: &Seen) {
    buffer.slot(0).unwrap().write(&[10, 20, 30, 40]);
    let count = reader.counter(1).unwrap();
    wait_until("the answer", || count.load_acquire() == 42);
    assert_eq!(reader.slot(1).unwrap().try_read(), Ok([11, 21, 31, 41]));
    assert_eq!(reader.words(), [1, 2, 3, 4]);
}

#[test]
fn two_processes_share_a_named_buffer() {
    let name = Name::new("named");
    let buffer = Shared::create(&name, spec(8), &Options::new()).unwrap();
    let reader = Seen::open(&name, expected(8), &Options::new()).unwrap();
    let mut child = Actor::start("answer", name.path(), &[]);
    ask(&buffer, &reader);
    child.succeeds();
    assert_eq!(buffer.path(), Some(name.path()));
    assert_eq!(std::fs::metadata(&name).unwrap().permissions().mode() & 0o777, 0o600);

    icc_buffer::remove(&name).unwrap();
    let gone = Seen::open(&name, expected(8), &Options::new());
    assert_eq!(gone.err(), Some(BufferError::NotFound { path: name.path().to_owned() }));
    assert_eq!(reader.slot(1).unwrap().try_read(), Ok([11, 21, 31, 41]), "who has it open goes on");
}

#[test]
fn two_processes_share_a_buffer_by_descriptor() {
    let buffer = Shared::anonymous(spec(8), &Options::new()).unwrap();
    let descriptor = || buffer.as_fd().unwrap().try_clone_to_owned().unwrap();
    let reader = Seen::from_fd(descriptor(), expected(8), &Options::new()).unwrap();
    let mut child = Actor::of(command("answer from a descriptor").stdin(Stdio::from(descriptor())));
    ask(&buffer, &reader);
    child.succeeds();
    assert_eq!(buffer.path(), None);

    let file = std::fs::File::from(descriptor());
    assert!(file.set_len(0).is_err(), "nobody can take the memory away");
    assert!(file.set_len(1 << 20).is_err());
}

/// The processor stops a write through a read-only mapping, and nobody but the writer comes to
/// harm.
#[test]
fn a_write_through_a_read_only_mapping_ends_the_writer_alone() {
    let name = Name::new("read-only");
    let buffer = Shared::create(&name, spec(8), &Options::new()).unwrap();
    buffer.slot(0).unwrap().write(&[1, 2, 3, 4]);
    let mut command = command("write through a read-only mapping");
    // Sanitizers catch the signal otherwise.
    let options = |variable| std::env::var(variable).unwrap_or_default() + " handle_segv=0";
    for variable in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
        command.env(variable, options(variable));
    }
    let status = Actor::of(command.env(common::NAME, name.path())).end();
    assert_eq!(status.signal(), Some(11), "it ended with {status}, not by SIGSEGV");
    assert_eq!(buffer.slot(0).unwrap().try_read(), Ok([1, 2, 3, 4]));
    buffer.slot(0).unwrap().write(&[5, 6, 7, 8]);
    assert_eq!(buffer.slot(0).unwrap().try_read(), Ok([5, 6, 7, 8]));
}

fn write_to_read_only(name: &Path) {
    let buffer = Seen::open(name, expected(8), &Options::new()).unwrap();
    assert_eq!(buffer.slot(0).unwrap().try_read(), Ok([1, 2, 3, 4]));
    // The address of the mapping, as the kernel tells it: no handle gives a pointer out.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mapping = maps.lines().find(|line| line.ends_with(name.to_str().unwrap())).unwrap();
    assert!(mapping.contains(" r--s "), "mapped otherwise: {mapping}");
    let start = usize::from_str_radix(mapping.split('-').next().unwrap(), 16).unwrap();
    // SAFETY: none. This is the stray pointer that the mapping is to stop; the process ends here.
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(start + 1024).write_volatile(9) };
}

const ROUNDS: usize = 200;
const RACERS: usize = 16;

/// In every round all processes open or create the same buffer at once; each leaves a mark, and one
/// of them created it.
#[test]
fn one_of_many_processes_creates_a_buffer() {
    let directory = Name::directory("race");
    let gates = Buffer::<u64, Padded>::create(directory.path().join("gates"), spec(ROUNDS), &Options::new()).unwrap();
    let mut racers: Vec<_> = (0..RACERS).map(|_| Actor::start("race", directory.path(), &[])).collect();
    let open = gates.counter(0).unwrap();
    let ready = gates.counter(1).unwrap();
    for round in 0..ROUNDS {
        let before = (round * RACERS) as u64;
        wait_until("all are at the start", || ready.load(Ordering::Acquire) == before + RACERS as u64);
        open.store(round as u64 + 1, Ordering::Release);
    }
    racers.iter_mut().for_each(Actor::succeeds);
    for round in 0..ROUNDS {
        assert_eq!(gates.slot(round).unwrap().read(), 1, "creators in round {round}");
    }
    let left = std::fs::read_dir(&directory).unwrap().count();
    assert_eq!(left, ROUNDS + 1, "a file a round and the gates");
}

fn race(directory: &Path) {
    let gates = Buffer::<u64, Padded>::open(directory.join("gates"), expected(ROUNDS), &Options::new()).unwrap();
    let (open, ready) = (gates.counter(0).unwrap(), gates.counter(1).unwrap());
    for round in 0..ROUNDS {
        ready.fetch_add(1, Ordering::AcqRel);
        while open.load(Ordering::Acquire) <= round as u64 {
            std::thread::yield_now();
        }
        let name = directory.join(round.to_string());
        let init = |buffer: &Shared| {
            for index in 0..8 {
                buffer.slot(index).unwrap().write(&[7; 4]);
            }
        };
        let (buffer, origin) = Shared::open_or_create_with(&name, spec(8), expected(8), &Options::new(), init).unwrap();
        for index in 0..8 {
            assert_eq!(buffer.slot(index).unwrap().try_read(), Ok([7; 4]), "half-made in round {round}");
        }
        if origin == Origin::Created {
            gates.slot(round).unwrap().update(|count| *count += 1);
        }
    }
}
