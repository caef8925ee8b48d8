//! Children made by `fork`: they hold nothing of their parent's, and know it.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, expected, kernel, role, spec, wait_until};
use icc_buffer::{Buffer, BufferError, MAX_IDS, Options, Packed, ReadOnlyBuffer};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, pause};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

type Shared = Buffer<u64, Packed>;
type Seen = ReadOnlyBuffer<u64>;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "drop beside a child" => drop_beside_a_child(&name),
        "tell a child" => tell_a_child(&name),
        "read beside a child" => read_beside_a_child(&name),
        "die before a child" => die_before_a_child(&name),
        "untold" => untold(&name),
        other => panic!("no role {other}"),
    }
}

/// Runs `work` in a child, which ends well if it returns `true`.
fn child(work: impl FnOnce() -> bool) -> Pid {
    // SAFETY: this process has one other thread, the test harness's, which waits and holds no lock
    // that the child needs.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let fine = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(false);
            // SAFETY: it ends this process without running anything of the parent's.
            unsafe { libc::_exit(i32::from(!fine)) }
        }
        ForkResult::Parent { child } => child,
    }
}

fn sleeper() -> Pid {
    child(|| {
        loop {
            pause();
        }
    })
}

fn end(child: Pid) {
    kill(child, Signal::SIGKILL).unwrap();
    waitpid(child, None).unwrap();
}

fn ended_well(child: Pid) -> bool {
    matches!(waitpid(child, None).unwrap(), WaitStatus::Exited(_, 0))
}

/// As one is that is between `fork` and `exec`.
#[test]
fn a_dropped_id_is_free_although_a_child_has_its_description() {
    let name = Name::new("fork-drop");
    Actor::start("drop beside a child", name.path(), &[]).succeeds();
}

fn drop_beside_a_child(name: &Path) {
    for buffer in [Shared::create(name, spec(4), &Options::new()), Shared::anonymous(spec(4), &Options::new())] {
        let buffer = buffer.unwrap();
        let held = buffer.take_id(0..1).unwrap().unwrap();
        let sleeper = sleeper();
        drop(held);
        let lived = buffer.holder_lives(0);
        let again = buffer.take_id_within(0..1, Duration::ZERO).map(|lock| lock.is_some());
        end(sleeper);
        assert_eq!((lived, again), (Ok(false), Ok(true)));
    }
}

#[test]
fn a_child_is_told_and_releases_nothing() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let name = Name::new("fork-child");
    Actor::start("tell a child", name.path(), &[]).succeeds();
}

fn tell_a_child(name: &Path) {
    let buffer = Shared::create(name, spec(4), &Options::new()).unwrap();
    let mut held = buffer.take_id(0..1).unwrap();
    let private = Shared::private(spec(4)).unwrap().take_id(0..1).unwrap().unwrap();
    let guard = held.as_ref().unwrap().fork_guard();
    let told = child(|| {
        let told = guard.is_child() && held.as_ref().unwrap().is_forked() && !private.is_forked();
        drop(held.take());
        let kept = buffer.holder_lives(0) == Ok(true);
        // Its own id, and its own child.
        let own = buffer.take_id(0..4).unwrap().unwrap();
        let grandchild = child(|| own.is_forked() && guard.is_child());
        let fine = ended_well(grandchild) && own.id() == 1 && !own.is_forked() && guard.is_child();
        drop(own);
        told && kept && fine && buffer.holder_lives(1) == Ok(false)
    });
    assert!(ended_well(told), "the child was not told, or released its parent's id");
    assert!(!guard.is_child() && !held.as_ref().unwrap().is_forked());
    assert_eq!(buffer.holder_lives(0), Ok(true), "the child's drop released the parent's id");
    drop(held);
    assert_eq!(buffer.holder_lives(0), Ok(false));
}

/// It has a copy of what its parent reads by, and neither shows anything with it nor lets it go.
#[test]
fn a_childs_entries_are_its_parents() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let name = Name::new("fork-entries");
    Actor::start("read beside a child", name.path(), &[]).succeeds();
}

fn read_beside_a_child(name: &Path) {
    let buffer = Shared::create(name, spec(4).seen().holding(), &Options::new()).unwrap();
    let writer = buffer.holding_readers().unwrap();
    let mut entries =
        [buffer.take_entry("seen", 5).ok(), buffer.hold("holds", Some(7), || 7).ok().map(|held| held.entry)];
    let before = (buffer.entries().unwrap(), writer.slowest(9).unwrap().cursor);
    assert_eq!((before.0.len(), before.1), (2, 7));
    let child = child(|| {
        entries.iter().flatten().for_each(|entry| entry.publish(8, 1, 1));
        entries.iter_mut().for_each(|entry| drop(entry.take()));
        true
    });
    assert!(ended_well(child));
    assert_eq!((buffer.entries().unwrap(), writer.slowest(9).unwrap().cursor), before);
    assert!(entries[1].as_ref().unwrap().holds());
    drop(entries);
    assert_eq!((buffer.entries().unwrap(), writer.slowest(9)), (Vec::new(), None));
}

/// What a parent that is killed leaves to its child.
#[test]
fn a_child_keeps_the_id_of_a_parent_that_died() {
    let name = Name::new("fork-orphan");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let mut parent = Actor::start("die before a child", name.path(), &[]);
    parent.succeeds();
    let orphan = Pid::from_raw(buffer.slot(0).unwrap().read() as i32);
    let lived = buffer.holder_lives(0);
    kill(orphan, Signal::SIGKILL).unwrap();
    assert_eq!(lived, Ok(true));
    wait_until("the child has ended, too", || !buffer.holder_lives(0).unwrap());
}

fn die_before_a_child(name: &Path) {
    let buffer = Shared::open(name, expected(4), &Options::new()).unwrap();
    let _held = buffer.take_id(0..1).unwrap().unwrap();
    let sleeper = sleeper();
    buffer.slot(0).unwrap().write(&(sleeper.as_raw() as u64));
    // SAFETY: it ends this process without running anything of it.
    unsafe { libc::_exit(0) }
}

/// Before Linux 4.14 nobody knows who is the child, so nothing is unlocked in its parent's name.
#[test]
fn where_children_cannot_be_told() {
    if icc_testing::emulator_lacks(icc_testing::Feature::Filters) {
        return;
    }
    let name = Name::new("fork-untold");
    Actor::start("untold", name.path(), &[]).succeeds();
}

fn untold(name: &Path) {
    kernel::refuse(&kernel::WIPE_ON_FORK);
    let buffer = Shared::create(name, spec(4), &Options::new()).unwrap();
    let mut held = buffer.take_id(0..1).unwrap();
    let told = child(|| {
        let told = held.as_ref().unwrap().is_forked();
        drop(held.take());
        !told && buffer.holder_lives(0) == Ok(true)
    });
    assert!(ended_well(told));
    let sleeper = sleeper();
    drop(held);
    let lived = buffer.holder_lives(0);
    end(sleeper);
    assert_eq!((lived, buffer.holder_lives(0)), (Ok(true), Ok(false)));
}

/// The kernel needs a moment to end a process.
#[test]
fn taking_an_id_is_tried_for_a_while() {
    let name = Name::new("retry");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let held = buffer.take_id(0..1).unwrap().unwrap();
    let start = Instant::now();
    assert!(buffer.take_id(0..1).unwrap().is_none());
    assert!(start.elapsed() >= Duration::from_millis(20), "gave up after {:?}", start.elapsed());
    for buffer in [buffer, Shared::private(spec(4)).unwrap()] {
        let held = buffer.take_id(2..3).unwrap().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                drop(held);
            });
            assert!(buffer.take_id_within(2..3, Duration::from_secs(60)).unwrap().is_some());
        });
        assert!(buffer.take_id_within(0..0, Duration::from_millis(1)).unwrap().is_none());
    }
    drop(held);
}

/// Locks bytes for reading, which takes read permission alone.
fn read_lock(path: &Path, bytes: i64) -> File {
    let file = File::open(path).unwrap();
    let lock = libc::flock {
        l_type: libc::F_RDLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 1 << 62,
        l_len: bytes,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_OFD_SETLK(&lock)).unwrap();
    file
}

#[test]
fn who_only_reads_cannot_make_the_dead_look_alive() {
    let name = Name::new("read-lock");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let reader = Seen::open(&name, expected(4), &Options::new()).unwrap();
    let held = buffer.take_id(2..3).unwrap().unwrap();
    let lock = read_lock(name.path(), 1);
    assert_eq!((reader.holder_lives(0), buffer.holder_lives(0)), (Ok(false), Ok(false)));
    assert_eq!((reader.holders(0..MAX_IDS), buffer.holders(0..2)), (Ok(1), Ok(0)));
    // It does keep others out, and they are told by what.
    let refused = BufferError::Obstructed { path: name.path().to_owned(), id: 0 };
    assert_eq!(buffer.take_id(0..1).err(), Some(refused));
    assert_eq!(buffer.take_id(0..2).unwrap().unwrap().id(), 1);
    drop(held);
    assert_eq!(reader.holders(0..MAX_IDS), Ok(0));
    drop(lock);
    assert_eq!(buffer.take_id(0..2).unwrap().unwrap().id(), 0);
}
