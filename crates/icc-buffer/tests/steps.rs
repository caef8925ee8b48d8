//! Processes that die or stop between the two files of a wakeable buffer. Needs a build with `--cfg
//! icc_steps`, as `cargo xtask test` makes one.

#![cfg(all(target_os = "linux", icc_steps, not(icc_loom)))]

mod common;

use common::{Actor, Name, expected, role, spec, wait_until};
use icc_buffer::{Buffer, BufferError, Options, Packed, inspect, remove};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};

type Shared = Buffer<u64, Packed>;

#[test]
fn actor() {
    let Some((role, path)) = role() else { return };
    match role.as_str() {
        "create" => drop(create(&path).unwrap()),
        "open" => drop(Shared::open(&path, expected(4), &Options::new()).unwrap()),
        "remove" => remove(&path).unwrap(),
        // Whatever it finds.
        "sweep" => drop(remove(&path)),
        other => panic!("no role {other}"),
    }
}

fn create(path: &Path) -> Result<Shared, BufferError> {
    Shared::open_or_create(path, spec(4).wakeable(), expected(4), &Options::new()).map(|(buffer, _)| buffer)
}

fn readers_files(directory: &Name) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "readers")).collect()
}

fn die(path: &Path, role: &str, step: &str) {
    let mut actor = Actor::start(role, path, &[("ICC_DIE_AT", &format!("{step}:0"))]);
    assert!(!actor.end().success(), "it did not die at {step}");
}

/// Whoever finds a buffer finds its readers' file, wherever its creator died.
#[test]
fn a_creator_that_dies_leaves_both_or_an_orphan() {
    for (step, complete) in [("readers linked", false), ("buffer linked", true)] {
        let directory = Name::directory("steps-create");
        let path = directory.path().join("buffer");
        die(&path, "create", step);
        assert_eq!((path.exists(), readers_files(&directory).len()), (complete, 1), "{step}");
        // The next one takes it as it is, or sweeps.
        let buffer = create(&path).unwrap();
        let expected = path.with_file_name(format!("buffer.{:016x}.readers", buffer.instance()));
        assert_eq!(readers_files(&directory), [expected], "{step}");
    }
}

/// While a buffer has its name, its readers' file is there, wherever its remover died.
#[test]
fn a_remover_that_dies_leaves_an_orphan() {
    let directory = Name::directory("steps-remove");
    let path = directory.path().join("buffer");
    create(&path).unwrap();
    die(&path, "remove", "buffer removed");
    assert_eq!((path.exists(), readers_files(&directory).len()), (false, 1));
    assert!(matches!(remove(&path), Err(BufferError::NotFound { .. })));
    assert!(readers_files(&directory).is_empty());
}

fn is_stopped(actor: &Actor) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", actor.id())).unwrap();
    stat.rsplit_once(") ").unwrap().1.starts_with('T')
}

fn go_on(actor: &Actor) {
    kill(Pid::from_raw(actor.id() as i32), Signal::SIGCONT).unwrap();
}

/// A creator that is between the two names, and others that sweep, one of which is between its two
/// questions: the file is the creator's.
#[test]
fn a_sweeper_leaves_a_slow_creator_its_file() {
    let directory = Name::directory("steps-sweep");
    let path = directory.path().join("buffer");
    let mut creator = Actor::start("create", &path, &[("ICC_STOP_AT", "readers linked:0")]);
    wait_until("the creator has stopped", || is_stopped(&creator));
    assert!(!path.exists() && readers_files(&directory).len() == 1);

    assert!(matches!(remove(&path), Err(BufferError::NotFound { .. })));
    assert_eq!(readers_files(&directory).len(), 1, "its creator lives");
    let mut sweeper = Actor::start("sweep", &path, &[("ICC_STOP_AT", "sweeps:0")]);
    wait_until("the sweeper has stopped or found nothing to sweep", || sweeper.ended() || is_stopped(&sweeper));
    go_on(&creator);
    creator.succeeds();
    if !sweeper.ended() {
        go_on(&sweeper);
    }
    sweeper.end();
    let instance = inspect(&path).unwrap().instance;
    assert_eq!(readers_files(&directory), [path.with_file_name(format!("buffer.{instance:016x}.readers"))]);
}

/// Whoever found a buffer that is replaced before its readers' file is looked for opens the next one.
#[test]
fn a_buffer_that_is_replaced_is_opened_again() {
    let directory = Name::directory("steps-replace");
    let path = directory.path().join("buffer");
    create(&path).unwrap();
    let mut opener = Actor::start("open", &path, &[("ICC_STOP_AT", "attached:0")]);
    wait_until("the opener has stopped", || is_stopped(&opener));
    remove(&path).unwrap();
    create(&path).unwrap();
    go_on(&opener);
    opener.succeeds();
}
