//! Processes that die: while they create a buffer, and while they hold an id.
//!
//! With `ICC_TORTURE_SECONDS=n` in the environment, creators are killed for `n` seconds in each
//! way.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, Random, command, expected, role, spec, torture, wait_until};
use icc_buffer::{Buffer, BufferError, Options, Packed, ReadOnlyBuffer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use std::fs;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Shared = Buffer<u64, Packed>;
type Seen = ReadOnlyBuffer<u64>;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "create for ever" => create_for_ever(&name),
        "without proc" => without_proc(&name),
        "hold an id" => hold(&Shared::open(&name, expected(4), &Options::new()).unwrap()),
        "hold an id by descriptor" => {
            let descriptor = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
            hold(&Shared::from_fd(descriptor, expected(4), &Options::new()).unwrap());
        }
        "see that id 0 is held" => {
            let reader = Seen::open(&name, expected(4), &Options::new()).unwrap();
            assert_eq!(reader.holder_lives(0), Ok(true));
            assert_eq!(reader.holder_lives(1), Ok(false));
        }
        other => panic!("no role {other}"),
    }
}

/// Takes an id, tells which by a counter, and keeps it until the process is killed.
fn hold(buffer: &Shared) {
    let held = buffer.take_id(0..4).unwrap().unwrap();
    buffer.slot(0).unwrap().write(&u64::from(held.id()));
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

const KILLS: usize = 60;

/// Large enough that much of the time is spent half-way.
const LARGE: usize = 50_000;

fn create_for_ever(directory: &Path) {
    let init = |buffer: &Shared| {
        (0..LARGE).step_by(64).for_each(|index| {
            buffer.slot(index).unwrap().write(&9);
        });
    };
    loop {
        let _ = icc_buffer::remove(directory.join("buffer"));
        Shared::open_or_create_with(directory.join("buffer"), spec(LARGE), expected(LARGE), &Options::new(), init)
            .unwrap();
        let _ = fs::write(directory.join("begun"), []);
    }
}

/// Kills a process again and again while it creates buffers: what it leaves is whole, or nothing.
fn kill_creators(creator: &mut Command, directory: &Path, can_leave_drafts: bool) {
    creator.env(common::NAME, directory);
    let mut random = Random(7);
    let (mut round, mut left, mut drafts) = (0, 0, 0);
    let end = torture().map(|time| Instant::now() + time);
    // Longer where none was finished, up to what a slow machine, or a sanitizer, can need.
    let mut longest = 3000;
    while round < KILLS || (left == 0 && round < 8 * KILLS) || end.is_some_and(|end| Instant::now() < end) {
        round += 1;
        let mut creator = Actor::of(creator);
        wait_until("the creator has begun", || directory.join("begun").exists());
        std::thread::sleep(Duration::from_micros(random.below(longest)));
        creator.kill();
        fs::remove_file(directory.join("begun")).unwrap();
        if left == 0 && round.is_multiple_of(KILLS) {
            longest *= 4;
        }

        let names = || fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        left += names().filter(|name| name == "buffer").count();
        drafts += names().filter(|name| name != "buffer").count();
        let (buffer, _) = Shared::open_or_create_with(
            directory.join("buffer"),
            spec(LARGE),
            expected(LARGE),
            &Options::new(),
            |buffer| {
                (0..LARGE).step_by(64).for_each(|index| {
                    buffer.slot(index).unwrap().write(&9);
                });
            },
        )
        .unwrap();
        for index in (0..LARGE).step_by(64) {
            assert_eq!(buffer.slot(index).unwrap().try_read(), Ok(9), "half-made, in round {round}");
        }
        icc_buffer::remove(directory.join("buffer")).unwrap();
        // The next one that creates a buffer finds the drafts of the dead.
        Shared::create(directory.join("buffer"), spec(4), &Options::new()).unwrap();
        icc_buffer::remove(directory.join("buffer")).unwrap();
        let stale: Vec<_> = names().collect();
        assert!(stale.is_empty(), "left behind in round {round}: {stale:?}");
    }
    assert!(left > 0 && left < round, "killed too early or too late each time: {left} of {round} were finished");
    assert_eq!(drafts > 0, can_leave_drafts, "{drafts} drafts were left");
}

#[test]
fn killed_creators_leave_a_whole_buffer_or_nothing() {
    let directory = Name::directory("kill");
    kill_creators(&mut command("create for ever"), directory.path(), false);
}

#[test]
fn killed_creators_without_nameless_files() {
    if !geteuid().is_root() {
        eprintln!("skipped: hiding /proc needs root");
        return;
    }
    let directory = Name::directory("kill-named");
    Actor::start("without proc", directory.path(), &[]).succeeds();
}

/// Without `/proc` a nameless file cannot be given a name, so drafts have one; nor can a file be
/// opened by descriptor.
fn without_proc(directory: &Path) {
    // The binary's own path is read from there.
    let mut creator = command("create for ever");
    common::mount_tmpfs(Path::new("/proc"), "size=1m");
    let buffer = Shared::create(directory.join("ids"), spec(4), &Options::new()).unwrap();
    let held = buffer.take_id(0..2).unwrap().unwrap();
    assert_eq!((buffer.holder_lives(0), buffer.holder_lives(1)), (Ok(true), Ok(false)));
    drop(held);
    assert_eq!(buffer.holder_lives(0), Ok(false));
    icc_buffer::remove(directory.join("ids")).unwrap();
    // Removed, it cannot be opened again by name, and a buffer without a name never could.
    for (buffer, path) in
        [(&buffer, directory.join("ids")), (&Shared::anonymous(spec(4), &Options::new()).unwrap(), "memfd:icc".into())]
    {
        let refused = buffer.take_id(0..2).err();
        assert_eq!(refused, Some(BufferError::NoProc { path, doing: "open once more" }));
    }
    kill_creators(&mut creator, directory, true);
}

#[test]
fn ids_in_one_process() {
    let name = Name::new("ids");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let anonymous = Shared::anonymous(spec(4), &Options::new()).unwrap();
    let private = Shared::private(spec(4)).unwrap();
    for buffer in [buffer, anonymous, private] {
        let other = buffer.clone();
        let held: Vec<_> = (0..3).map(|_| buffer.take_id(5..8).unwrap().unwrap()).collect();
        assert_eq!(held.iter().map(|lock| lock.id()).collect::<Vec<_>>(), [5, 6, 7]);
        assert!(other.take_id(5..8).unwrap().is_none(), "all are held");
        assert_eq!(other.take_id(0..8).unwrap().unwrap().id(), 0);
        let lives = |id| other.read_only().holder_lives(id).unwrap();
        assert_eq!((4..9).map(lives).collect::<Vec<_>>(), [false, true, true, true, false]);
        drop(held);
        assert!(!(0..9).any(lives));
        assert_eq!(other.take_id(6..8).unwrap().unwrap().id(), 6);
        assert!(other.take_id(icc_buffer::MAX_IDS..u32::MAX).unwrap().is_none());
        assert!(!lives(u32::MAX));
    }
}

/// Closing any other descriptor of the file drops no lock, which is what plain record locks get
/// wrong.
#[test]
fn other_descriptors_do_not_matter() {
    let name = Name::new("descriptors");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let _held = buffer.take_id(0..1).unwrap().unwrap();
    drop(fs::File::open(&name).unwrap());
    drop(Shared::open(&name, expected(4), &Options::new()).unwrap());
    drop(buffer.clone());
    assert_eq!(buffer.holder_lives(0), Ok(true));
    let elsewhere = Seen::open(&name, expected(4), &Options::new()).unwrap();
    drop(buffer);
    assert_eq!(elsewhere.holder_lives(0), Ok(true), "also without the buffer it was taken from");
}

#[test]
fn a_killed_process_holds_nothing() {
    let name = Name::new("holder");
    let named = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let reader = Seen::open(&name, expected(4), &Options::new()).unwrap();
    let mut holder = Actor::start("hold an id", name.path(), &[]);
    die_holding(&named, &reader, &mut holder);

    let anonymous = Shared::anonymous(spec(4), &Options::new()).unwrap();
    let descriptor = || anonymous.as_fd().unwrap().try_clone_to_owned().unwrap();
    let reader = Seen::from_fd(descriptor(), expected(4), &Options::new()).unwrap();
    let mut command = command("hold an id by descriptor");
    let mut holder = Actor::of(command.stdin(Stdio::from(descriptor())));
    drop(command);
    die_holding(&anonymous, &reader, &mut holder);
}

fn die_holding(buffer: &Shared, reader: &Seen, holder: &mut Actor) {
    wait_until("an id is held", || reader.holder_lives(0).unwrap());
    assert_eq!(buffer.take_id(0..2).unwrap().unwrap().id(), 1);
    // Stopped is not dead.
    let pid = Pid::from_raw(holder.id().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(reader.holder_lives(0), Ok(true));
    holder.kill();
    assert_eq!(reader.holder_lives(0), Ok(false));
    assert_eq!(buffer.take_id(0..2).unwrap().unwrap().id(), 0);
}

/// Process ids mean nothing to another pid namespace; locks do.
#[test]
fn pid_namespaces_do_not_matter() {
    if !geteuid().is_root() {
        eprintln!("skipped: a pid namespace needs root");
        return;
    }
    let inside = |role: &str, name: &Name| {
        let actor = command(role);
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc"]).arg(actor.get_program());
        command.args(actor.get_args()).env(common::ROLE, role).env(common::NAME, name.path());
        command.stdout(Stdio::null());
        command
    };
    if !Command::new("unshare").args(["--pid", "--fork", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: no `unshare`, or no pid namespaces");
        return;
    }
    let name = Name::new("namespace");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let held = buffer.take_id(0..1).unwrap().unwrap();
    Actor::of(&mut inside("see that id 0 is held", &name)).succeeds();
    drop(held);
    let mut holder = Actor::of(&mut inside("hold an id", &name));
    wait_until("an id is held", || buffer.holder_lives(0).unwrap());
    holder.kill();
    wait_until("the namespace ends with its first process", || !buffer.holder_lives(0).unwrap());
}
