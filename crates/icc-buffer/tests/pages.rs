//! The options for latency do what they say, or fail if asked to.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, Name, expected, kernel, role, spec};
use icc_buffer::{Buffer, BufferError, Demand, HugePages, Options, Packed, ReadOnlyBuffer};
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::unistd::{Uid, geteuid, setuid};
use std::fs::{self, OpenOptions};
use std::path::Path;

/// A page, less what a version and the header take, is near enough: every slot is on another page.
type Page = [u64; 511];
type Shared = Buffer<Page, Packed>;
type Seen = ReadOnlyBuffer<Page>;

const PAGES: usize = 2048;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "lock beyond the limit" => lock_beyond_the_limit(),
        "transparent huge pages" => transparent_huge_pages(&name),
        "hugetlbfs" => hugetlbfs(&name),
        "holes" => holes(&name),
        "holes before populate" => {
            kernel::refuse(&kernel::POPULATE);
            holes(&name);
        }
        "before populate" => before_populate(),
        other => panic!("no role {other}"),
    }
}

/// The page faults of this thread while `work` runs.
fn faults(work: impl FnOnce()) -> i64 {
    let count = || getrusage(UsageWho::RUSAGE_THREAD).unwrap().minor_page_faults();
    let before = count();
    work();
    count() - before
}

fn write_all(buffer: &Shared) -> i64 {
    let value = [7; 511];
    faults(|| {
        for index in 0..buffer.len() {
            buffer.slot(index).unwrap().write(&value);
        }
    })
}

fn read_all(buffer: &Seen) -> i64 {
    let mut value = [0; 511];
    faults(|| {
        for index in 0..buffer.len() {
            buffer.slot(index).unwrap().try_read_into(&mut value).unwrap();
        }
    })
}

#[test]
fn the_first_lap_takes_no_page_faults() {
    if common::disturbed() {
        return;
    }
    let few = 0..16;
    let private = Shared::private(spec(PAGES)).unwrap();
    let found = write_all(&private);
    assert!(few.contains(&found), "private: {found} faults");

    let name = Name::new("faults");
    let created = Shared::create(&name, spec(PAGES), &Options::new()).unwrap();
    let found = write_all(&created);
    assert!(few.contains(&found), "created: {found} faults");
    let opened = Shared::open(&name, expected(PAGES), &Options::new()).unwrap();
    let found = write_all(&opened);
    assert!(few.contains(&found), "opened: {found} faults");
    let reader = Seen::open(&name, expected(PAGES), &Options::new()).unwrap();
    let found = read_all(&reader);
    assert!(few.contains(&found), "opened to read: {found} faults");

    // That the counting counts.
    let lazy = Shared::open(&name, expected(PAGES), &Options::new().prefault(None)).unwrap();
    let found = write_all(&lazy);
    assert!(found > 64, "not prefaulted: {found} faults");
}

/// A line of the kernel's account of the mapping that `buffer` is in.
fn account(buffer: &Shared, field: &str) -> String {
    let address = std::ptr::from_ref(buffer.slot(0).unwrap()).addr();
    let number = |hex: &str| usize::from_str_radix(hex, 16).ok();
    let around = |line: &&str| {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        let range = range.and_then(|(start, end)| Some(number(start)?..number(end)?));
        !range.is_some_and(|range| range.contains(&address))
    };
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    smaps.lines().skip_while(around).find(|line| line.starts_with(field)).unwrap().to_owned()
}

/// A size from there, in kibibytes.
fn size(buffer: &Shared, field: &str) -> u64 {
    account(buffer, field).split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn locked_memory() {
    if common::disturbed() {
        return;
    }
    let name = Name::new("locked");
    let locked = Options::new().lock(Some(Demand::Require));
    let is_locked = |buffer: &Shared| account(buffer, "VmFlags:").split(' ').any(|flag| flag == "lo");
    let plain = Shared::create(&name, spec(64), &Options::new()).unwrap();
    assert!(!is_locked(&plain));
    let opened = Shared::open(&name, expected(64), &locked).unwrap();
    assert!(is_locked(&opened));
    let anonymous = Shared::anonymous(spec(64), &locked).unwrap();
    assert!(is_locked(&anonymous));
    Seen::open(&name, expected(64), &locked).unwrap();
}

/// A process that crashes counts as alive until its core dump is written.
#[test]
fn buffers_are_in_no_core_dump() {
    if common::disturbed() {
        return;
    }
    let name = Name::new("dump");
    let created = Shared::create(&name, spec(64), &Options::new()).unwrap();
    let opened = Shared::open(&name, expected(64), &Options::new()).unwrap();
    let anonymous = Shared::anonymous(spec(64), &Options::new()).unwrap();
    for buffer in [created, opened, anonymous] {
        let flags = account(&buffer, "VmFlags:");
        assert!(flags.split(' ').any(|flag| flag == "dd"), "{flags}");
    }
}

#[test]
fn locking_beyond_the_limit() {
    if common::disturbed() {
        return;
    }
    Actor::start("lock beyond the limit", "", &[]).succeeds();
}

fn lock_beyond_the_limit() {
    setrlimit(Resource::RLIMIT_MEMLOCK, 0, 0).unwrap();
    if geteuid().is_root() {
        setuid(Uid::from_raw(65534)).unwrap();
    }
    let anonymous = |demand| Shared::anonymous(spec(64), &Options::new().lock(Some(demand)));
    let refused = anonymous(Demand::Require).err().unwrap();
    assert!(matches!(refused, BufferError::Unavailable { what: "no locked pages", .. }), "{refused}");
    let message = refused.to_string();
    assert!(message.ends_with("use `Demand::Try` to continue without"), "{message}");
    assert!(message.contains("limit of 0 bytes (`ulimit -l`)"), "{message}");
    anonymous(Demand::Try).unwrap();
}

#[test]
fn kernels_that_do_not_populate() {
    if common::disturbed() {
        return;
    }
    Actor::start("before populate", "", &[]).succeeds();
}

/// As an ordinary user who may lock nothing, on a kernel before 5.14.
fn before_populate() {
    setrlimit(Resource::RLIMIT_MEMLOCK, 0, 0).unwrap();
    if geteuid().is_root() {
        setuid(Uid::from_raw(65534)).unwrap();
    }
    kernel::refuse(&kernel::POPULATE);
    let buffer = Shared::anonymous(spec(PAGES), &Options::new()).unwrap();
    let found = write_all(&buffer);
    assert!(found < 16, "created: {found} faults");
    let descriptor = || buffer.as_fd().unwrap().try_clone_to_owned().unwrap();
    let writer = Shared::from_fd(descriptor(), expected(PAGES), &Options::new()).unwrap();
    assert_eq!(writer.slot(PAGES - 1).unwrap().read(), [7; 511], "bringing in pages changes nothing");
    let found = write_all(&writer);
    assert!(found < 16, "opened: {found} faults");
    let reader = Seen::from_fd(descriptor(), expected(PAGES), &Options::new()).unwrap();
    let found = read_all(&reader);
    assert!(found < 16, "opened to read: {found} faults");
    let lazy = Shared::from_fd(descriptor(), expected(PAGES), &Options::new().prefault(None)).unwrap();
    let found = write_all(&lazy);
    assert!(found > 64, "not prefaulted: {found} faults");
}

#[test]
fn transparent() {
    if common::disturbed() {
        return;
    }
    if !geteuid().is_root() {
        eprintln!("skipped: mounting a file system with huge pages needs root");
        return;
    }
    let directory = Name::directory("transparent");
    Actor::start("transparent huge pages", directory.path(), &[]).succeeds();
}

fn transparent_huge_pages(directory: &Path) {
    let ask = |name: &str, demand| {
        let options = Options::new().huge_pages(HugePages::Transparent(demand));
        Shared::create(directory.join(name), spec(PAGES), &options)
    };
    common::mount_tmpfs(directory, "size=64m,huge=never");
    let refused = ask("required", Demand::Require).err().unwrap();
    assert!(matches!(refused, BufferError::Unavailable { what: "no transparent huge pages", .. }), "{refused}");
    assert!(!directory.join("required").exists());
    write_all(&ask("tried", Demand::Try).unwrap());

    if fs::read_to_string("/sys/kernel/mm/transparent_hugepage/shmem_enabled").is_ok_and(|it| it.contains("[deny]")) {
        eprintln!("skipped: this kernel is set to make no huge pages of files");
        return;
    }
    common::mount_tmpfs(directory, "size=64m,huge=advise");
    let buffer = ask("required", Demand::Require).unwrap();
    assert!(size(&buffer, "ShmemPmdMapped:") >= 2048, "none are mapped");
    assert!(write_all(&buffer) < 16);
}

#[test]
fn explicit() {
    let name = Name::new("explicit");
    let required = Options::new().huge_pages(HugePages::Explicit(Demand::Require));
    let tried = Options::new().huge_pages(HugePages::Explicit(Demand::Try));
    let refused = Shared::create(&name, spec(64), &required).err().unwrap();
    assert!(matches!(refused, BufferError::Unavailable { what: "no explicit huge pages", .. }), "{refused}");
    assert!(!name.path().exists());
    Shared::create(&name, spec(64), &tried).unwrap();

    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let free = memory.lines().find(|line| line.starts_with("HugePages_Free:")).unwrap();
    write_all(&Shared::anonymous(spec(64), &tried).unwrap());
    if free.ends_with(" 0") {
        let refused = Shared::anonymous(spec(64), &required).err().unwrap();
        assert!(matches!(refused, BufferError::Unavailable { what: "no explicit huge pages", .. }), "{refused}");
        eprintln!("skipped in part: the pool of huge pages is empty");
        return;
    }
    let buffer = Shared::anonymous(spec(64), &required).unwrap();
    assert!(write_all(&buffer) < 4);
    assert!(size(&buffer, "KernelPageSize:") > 4);
    let descriptor = buffer.as_fd().unwrap().try_clone_to_owned().unwrap();
    let reader = Seen::from_fd(descriptor, expected(64), &Options::new()).unwrap();
    assert_eq!(reader.slot(63).unwrap().try_read(), Ok([7; 511]));
    if geteuid().is_root() {
        let directory = Name::directory("hugetlbfs");
        Actor::start("hugetlbfs", directory.path(), &[]).succeeds();
    }
}

/// A named buffer gets its pages by its place.
fn hugetlbfs(directory: &Path) {
    common::mount_memory("hugetlbfs", directory, "");
    let required = Options::new().huge_pages(HugePages::Explicit(Demand::Require));
    let path = directory.join("buffer");
    let buffer = Shared::create(&path, spec(64), &required).unwrap();
    assert!(write_all(&buffer) < 4);
    assert!(size(&buffer, "KernelPageSize:") > 4);
    let reader = Seen::open(&path, expected(64), &required).unwrap();
    assert_eq!(reader.slot(63).unwrap().try_read(), Ok([7; 511]));
    let error = Shared::create(directory.join("large"), spec(1 << 20), &required).err().unwrap();
    assert!(matches!(error, BufferError::NoSpace { .. } | BufferError::OutOfMemory { .. }), "{error}");
}

#[test]
fn files_with_holes() {
    if common::disturbed() {
        return;
    }
    if !geteuid().is_root() {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    }
    let directory = Name::directory("holes");
    Actor::start("holes", directory.path(), &[]).succeeds();
    Actor::start("holes before populate", directory.path(), &[]).succeeds();
}

/// A file that somebody else made, of memory that does not exist: prefaulting finds out, where
/// reading would end the process.
fn holes(directory: &Path) {
    common::mount_tmpfs(directory, "size=1m");
    let path = directory.join("buffer");
    Shared::create(&path, spec(64), &Options::new()).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    file.set_len(4096).unwrap();
    file.set_len(size).unwrap();
    let filler = fs::File::create(directory.join("filler")).unwrap();
    let _ = std::io::copy(&mut std::io::repeat(1), &mut &filler);
    let refused = Seen::open(&path, expected(64), &Options::new()).err().unwrap();
    assert!(matches!(refused, BufferError::Unavailable { what: "no prefaulted pages", .. }), "{refused}");
}
