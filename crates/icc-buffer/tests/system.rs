//! What the system lacks, forbids or takes away: each works without it, or says what it is and what
//! to do.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, command, expected, kernel, role, spec};
use icc_buffer::{Buffer, BufferError, Demand, Options, Owner, Packed, ReadOnlyBuffer};
use nix::fcntl::{FallocateFlags, fallocate};
use nix::libc;
use nix::mount::{MsFlags, mount};
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Uid, geteuid, setuid};
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// 4 KiB each.
type Page = [u64; 511];
type Shared = Buffer<Page, Packed>;
type Seen = ReadOnlyBuffer<Page>;

const NOBODY: u32 = 65534;
const MIB: usize = 256;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "beyond the group" => beyond_the_group(&name),
        "signals" => signals(&name),
        "no links" => no_links(&name),
        "no locks" => no_locks(&name),
        "read-only" => read_only(&name),
        "no inodes" => no_inodes(&name),
        "locks all" => locks_all(),
        "little address space" => little_address_space(),
        "few files" => few_files(&name),
        "another user" => another_user(&name),
        "closed descriptors" => closed_descriptors(&name),
        other => panic!("no role {other}"),
    }
}

fn needs_root(what: &str) -> bool {
    let root = geteuid().is_root();
    if !root {
        eprintln!("skipped: {what} needs root");
    }
    root
}

/// A control group with little memory, removed at the end.
struct Group(PathBuf);

impl Group {
    /// None if this process may not make one.
    fn new(bytes: usize) -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let made = own.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (mount, limit) = match parts.next()? {
                "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                "" => ("/sys/fs/cgroup", "memory.max"),
                _ => return None,
            };
            let path = format!("{mount}{}/icc-test-{}", parts.next()?.trim_end_matches('/'), std::process::id());
            fs::create_dir(&path).ok()?;
            let group = Self(path.into());
            fs::write(group.0.join(limit), bytes.to_string()).ok()?;
            Some(group)
        });
        if made.is_none() {
            eprintln!("skipped: this process may not make a control group that limits memory");
        }
        made
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Where the kernel would end a process of the group, there is an error.
#[test]
fn more_memory_than_the_control_group_has() {
    let Some(group) = Group::new(64 << 20) else { return };
    let directory = Name::directory("group");
    let path = directory.path().join("holes");
    // Made outside of the group, and then without its pages: opening it would take them.
    Shared::create(&path, spec(96 * MIB), &Options::new()).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let punch = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    fallocate(&file, punch, 4096, 96 << 20).unwrap();

    let mut inside = command("beyond the group");
    inside.env(common::NAME, directory.path()).env("ICC_TEST_GROUP", &group.0);
    Actor::of(&mut inside).succeeds();
}

fn beyond_the_group(directory: &Path) {
    let group = PathBuf::from(std::env::var_os("ICC_TEST_GROUP").unwrap());
    fs::write(group.join("cgroup.procs"), std::process::id().to_string()).unwrap();
    let refused = |done: Result<(), BufferError>| match done {
        Err(error @ BufferError::OutOfMemory { available: Some(1..=0x400_0000), .. }) => {
            assert!(error.to_string().contains("icc-test-"), "{error}");
        }
        other => panic!("{other:?}"),
    };
    let large = spec(96 * MIB);
    refused(Shared::anonymous(large, &Options::new()).map(drop));
    refused(Shared::private(large).map(drop));
    let named = directory.join("named");
    refused(Shared::create(&named, large, &Options::new()).map(drop));
    assert!(!named.exists());
    let holes = directory.join("holes");
    refused(Seen::open(&holes, expected(96 * MIB), &Options::new()).map(drop));
    refused(Shared::open(&holes, expected(96 * MIB), &Options::new()).map(drop));
    // What fits is there.
    Shared::anonymous(spec(8 * MIB), &Options::new()).unwrap();
    Shared::private(spec(8 * MIB)).unwrap();
}

#[test]
fn more_memory_than_any_machine_has() {
    let refused = Shared::anonymous(spec(1 << 36), &Options::new()).err().unwrap();
    assert!(matches!(refused, BufferError::OutOfMemory { available: Some(_), .. }), "{refused}");
    let refused = Shared::private(spec(1 << 36)).err().unwrap();
    assert!(matches!(refused, BufferError::OutOfMemory { available: Some(_), .. }), "{refused}");
}

/// A profiler's timer interrupts reserving again and again.
#[test]
fn signals_do_not_keep_a_buffer_from_being_made() {
    let name = Name::new("signals");
    Actor::start("signals", name.path(), &[]).succeeds();
}

fn signals(name: &Path) {
    extern "C" fn nothing(_: libc::c_int) {}
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing, so nothing that a signal must not do.
    unsafe { sigaction(Signal::SIGALRM, &action) }.unwrap();
    let every = libc::timeval { tv_sec: 0, tv_usec: 500 };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    // SAFETY: reads the timer, and writes no old one.
    assert_eq!(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) }, 0);
    let buffer = Shared::create(name, spec(48 * MIB), &Options::new().prefault(Some(Demand::Try))).unwrap();
    buffer.slot(48 * MIB - 1).unwrap().write(&[7; 511]);
}

#[test]
fn file_systems_without_hard_links() {
    if icc_testing::emulator_lacks(icc_testing::Feature::Filters) {
        return;
    }
    let directory = Name::directory("links");
    Actor::start("no links", directory.path(), &[]).succeeds();
}

fn no_links(directory: &Path) {
    kernel::refuse(&kernel::LINKS);
    let path = directory.join("buffer");
    let names = || fs::read_dir(directory).unwrap().count();
    let buffer = Shared::create(&path, spec(4), &Options::new()).unwrap();
    buffer.slot(0).unwrap().write(&[7; 511]);
    let again = Shared::create(&path, spec(4), &Options::new()).err();
    assert_eq!((again, names()), (Some(BufferError::AlreadyExists { path: path.clone() }), 1));
    assert_eq!(Seen::open(&path, expected(4), &Options::new()).unwrap().slot(0).unwrap().try_read(), Ok([7; 511]));

    kernel::refuse(&kernel::RENAMES);
    let path = directory.join("other");
    let refused = Shared::create(&path, spec(4), &Options::new()).err();
    assert_eq!((refused, names()), (Some(BufferError::NoLinks { path, code: libc::EINVAL }), 1));
}

#[test]
fn file_systems_without_locks() {
    if icc_testing::emulator_lacks(icc_testing::Feature::Filters) {
        return;
    }
    let name = Name::new("locks");
    Actor::start("no locks", name.path(), &[]).succeeds();
}

fn no_locks(name: &Path) {
    let buffer = Shared::create(name, spec(4), &Options::new()).unwrap();
    kernel::refuse(&kernel::LOCKS);
    let refused = BufferError::NoLocks { path: name.to_owned(), code: libc::EINVAL };
    assert_eq!(buffer.take_id(0..1).err().as_ref(), Some(&refused));
    assert_eq!(buffer.holder_lives(0).err().as_ref(), Some(&refused));
    assert!(refused.to_string().contains("/dev/shm"), "{refused}");
}

#[test]
fn file_systems_mounted_read_only() {
    if !needs_root("mounting a file system") {
        return;
    }
    let directory = Name::directory("read-only");
    Actor::start("read-only", directory.path(), &[]).succeeds();
}

fn read_only(directory: &Path) {
    common::mount_tmpfs(directory, "size=1m");
    let path = directory.join("buffer");
    Shared::create(&path, spec(4), &Options::new()).unwrap();
    let none: Option<&str> = None;
    mount(none, directory, none, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY, none).unwrap();
    let refused = |doing, path: &Path| BufferError::ReadOnlyFileSystem { path: path.to_owned(), doing };
    let other = directory.join("other");
    assert_eq!(Shared::create(&other, spec(4), &Options::new()).err(), Some(refused("create", &other)));
    assert_eq!(Shared::open(&path, expected(4), &Options::new()).err(), Some(refused("open", &path)));
    assert_eq!(icc_buffer::remove(&path).err(), Some(refused("remove", &path)));
    let reader = Seen::open(&path, expected(4), &Options::new()).unwrap();
    assert_eq!(reader.holder_lives(0), Ok(false));
}

#[test]
fn file_systems_without_inodes() {
    if !needs_root("mounting a file system") {
        return;
    }
    let directory = Name::directory("inodes");
    Actor::start("no inodes", directory.path(), &[]).succeeds();
}

fn no_inodes(directory: &Path) {
    common::mount_tmpfs(directory, "size=1m,nr_inodes=4");
    let mut files = (0..).map(|index| File::create(directory.join(index.to_string())));
    assert!(files.any(|file| file.is_err()), "it takes any number");
    let path = directory.join("buffer");
    let refused = Shared::create(&path, spec(4), &Options::new()).err().unwrap();
    assert_eq!(refused, BufferError::NoInodes { path });
    assert!(refused.to_string().contains("`df -i`"), "{refused}");
}

#[test]
fn processes_that_lock_all_they_map() {
    if common::disturbed() {
        return;
    }
    Actor::start("locks all", "", &[]).succeeds();
}

fn locks_all() {
    setrlimit(Resource::RLIMIT_MEMLOCK, 8 << 20, 8 << 20).unwrap();
    if geteuid().is_root() {
        setuid(Uid::from_raw(NOBODY)).unwrap();
    }
    mlockall(MlockAllFlags::MCL_FUTURE).unwrap();
    let refused = Shared::anonymous(spec(16 * MIB), &Options::new()).err().unwrap();
    assert!(matches!(refused, BufferError::NotMappable { .. }), "{refused}");
    let message = refused.to_string();
    assert!(message.contains("mlockall") && message.contains("may lock 8388608 bytes"), "{message}");
    // What fits is mapped, and stays locked.
    Shared::anonymous(spec(4), &Options::new()).unwrap();
}

#[test]
fn processes_with_little_address_space() {
    if common::disturbed() {
        return;
    }
    Actor::start("little address space", "", &[]).succeeds();
}

fn little_address_space() {
    const LIMIT: u64 = 1 << 30;
    setrlimit(Resource::RLIMIT_AS, LIMIT, LIMIT).unwrap();
    // Refused before any memory is taken.
    let refused = Shared::anonymous(spec(1024 * MIB), &Options::new()).err().unwrap();
    if let BufferError::OutOfMemory { .. } = refused {
        eprintln!("skipped: this machine has too little memory");
        return;
    }
    assert!(matches!(refused, BufferError::NotMappable { .. }), "{refused}");
    let message = refused.to_string();
    assert!(message.contains("memfd:icc") && message.contains("may map 1073741824 bytes"), "{message}");
    assert!(Shared::private(spec(1024 * MIB)).err().unwrap().to_string().contains("ulimit -v"));
}

#[test]
fn processes_with_too_many_files() {
    let directory = Name::directory("files");
    Actor::start("few files", directory.path(), &[]).succeeds();
}

fn few_files(directory: &Path) {
    let path = directory.join("buffer");
    let buffer = Shared::create(&path, spec(4), &Options::new()).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, 64).unwrap();
    let _all: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let refused = |doing| BufferError::TooManyFiles { path: path.clone(), doing, limit: Some(64) };
    assert_eq!(buffer.take_id(0..1).err(), Some(refused("open once more")));
    assert_eq!(buffer.holder_lives(0), Ok(false));
    assert_eq!(Seen::open(&path, expected(4), &Options::new()).err(), Some(refused("open")));
    assert!(refused("open").to_string().contains("`ulimit -n`"));
}

#[test]
fn processes_that_change_their_user() {
    if !needs_root("changing the user") {
        return;
    }
    let name = Name::new("user");
    Actor::start("another user", name.path(), &[]).succeeds();
}

fn another_user(name: &Path) {
    let buffer = Shared::create(name, spec(4), &Options::new()).unwrap();
    let held = buffer.take_id(0..1).unwrap().unwrap();
    setuid(Uid::from_raw(NOBODY)).unwrap();
    let refused = buffer.take_id(1..2).err().unwrap();
    assert_eq!(refused, BufferError::NotReopened { path: name.to_owned(), user: NOBODY });
    assert_eq!(buffer.holder_lives(0), Ok(true));
    drop(held);
    assert_eq!(buffer.holder_lives(0), Ok(false), "what was taken before can be dropped");
    let of_root = Options::new().owner(Owner::User(0));
    assert!(matches!(Seen::open(name, expected(4), &of_root), Err(BufferError::PermissionDenied { .. })));
}

/// As a process does that becomes a daemon.
#[test]
fn descriptors_closed_by_others() {
    let directory = Name::directory("closed");
    Actor::start("closed descriptors", directory.path(), &[]).succeeds();
}

fn closed_descriptors(directory: &Path) {
    let path = directory.join("buffer");
    let buffer = Shared::create(&path, spec(4), &Options::new()).unwrap();
    let number = buffer.as_fd().unwrap().as_raw_fd();
    let lost = |reused| BufferError::DescriptorLost { path: path.clone(), reused };
    // SAFETY: the descriptor is not used again: that it is asked for is what this tests.
    assert_eq!(unsafe { libc::close(number) }, 0);
    assert_eq!(buffer.holder_lives(0).err(), Some(lost(false)));
    assert_eq!(buffer.take_id(0..1).err(), Some(lost(false)));
    // Another buffer gets its number.
    let other = Shared::create(directory.join("other"), spec(4), &Options::new()).unwrap();
    assert_eq!(other.as_fd().unwrap().as_raw_fd(), number);
    assert_eq!(buffer.holder_lives(0).err(), Some(lost(true)));
    assert_eq!(buffer.take_id(0..1).err(), Some(lost(true)));
    assert_eq!(buffer.is_current(), Ok(true), "asked by name");
    buffer.slot(0).unwrap().write(&[7; 511]);
    drop(buffer);
    assert_eq!(other.holder_lives(0), Ok(false), "the number is not the dropped buffer's to close");

    // Likewise with that of a lock.
    let held = other.take_id(0..1).unwrap().unwrap();
    // Found not by its name there: a file that was made without one keeps that.
    let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let (wanted, mapped) = (identity(&directory.join("other")), other.as_fd().unwrap().as_raw_fd());
    let is_lock = |fd: &i32| *fd != mapped && identity(Path::new(&format!("/proc/self/fd/{fd}"))) == wanted;
    let number = (0..64).find(is_lock).expect("a lock has a descriptor of its own");
    // SAFETY: as above.
    assert_eq!(unsafe { libc::close(number) }, 0);
    let innocent = File::create(directory.join("innocent")).unwrap();
    assert_eq!(innocent.as_raw_fd(), number);
    drop(held);
    innocent.metadata().expect("it is still open");
}
