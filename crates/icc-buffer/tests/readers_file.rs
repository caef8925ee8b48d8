//! The readers' file of a wakeable buffer: made first, removed last, never trusted.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{KIND, Name, expected, field, spec};
use icc_buffer::{Buffer, BufferError, Kind, Options, Origin, Packed, ReadOnlyBuffer, inspect, remove};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::unistd::{Uid, chown, geteuid};
use std::fs::{self, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

type Shared = Buffer<u64, Packed>;
type Seen = ReadOnlyBuffer<u64>;

/// A directory, and the path of a buffer in it.
fn place(test: &str) -> (Name, PathBuf) {
    let directory = Name::directory(test);
    let path = directory.path().join("buffer");
    (directory, path)
}

fn names(directory: &Name) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn readers_of(path: &Path, instance: u64) -> PathBuf {
    format!("{}.{instance:016x}.readers", path.display()).into()
}

fn create(path: &Path) -> (Shared, PathBuf) {
    let buffer = Shared::create(path, spec(4).wakeable(), &Options::new()).unwrap();
    let readers = readers_of(path, buffer.instance());
    (buffer, readers)
}

fn open(path: &Path) -> Result<Shared, BufferError> {
    Shared::open(path, expected(4), &Options::new())
}

/// A reader works, but cannot be woken.
fn reads_unwoken(path: &Path) {
    let reader = Seen::open(path, expected(4), &Options::new()).unwrap();
    assert!(reader.readers_fd().is_none());
    assert_eq!(reader.slot(0).unwrap().try_read(), Ok(7));
}

#[test]
fn it_comes_and_goes_with_its_buffer() {
    let (directory, path) = place("comes-and-goes");
    let options = Options::new().mode(0o644).readers_mode(0o660);
    let buffer = Shared::create(&path, spec(4).wakeable(), &options).unwrap();
    let readers = readers_of(&path, buffer.instance());
    let file = readers.file_name().unwrap().to_str().unwrap();
    assert_eq!(names(&directory), ["buffer", file]);
    assert_eq!(fs::metadata(&readers).unwrap().permissions().mode() & 0o777, 0o660);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    let found = inspect(&path).unwrap();
    assert_eq!((found.features, found.instance), ([0, 1, 0], buffer.instance()));
    let seen = Seen::open(&path, expected(4).wakeable(), &Options::new()).unwrap();
    assert!(open(&path).unwrap().readers_fd().is_some() && seen.readers_fd().is_some());

    let again = Shared::create(&path, spec(4).wakeable(), &options);
    assert_eq!(again.err(), Some(BufferError::AlreadyExists { path: path.clone() }));
    assert_eq!(names(&directory), ["buffer", file], "one that failed leaves nothing");
    remove(&path).unwrap();
    assert_eq!(names(&directory), [""; 0]);

    let plain = Shared::create(&path, spec(4), &options).unwrap();
    assert_eq!((names(&directory).len(), plain.readers_fd().is_some()), (1, false));
    let private = Shared::private(spec(4).wakeable()).unwrap();
    assert!(private.readers_fd().is_none());
}

#[test]
fn the_default_mode_keeps_others_out() {
    let (_directory, path) = place("default-mode");
    let (_buffer, readers) = create(&path);
    assert_eq!(fs::metadata(&readers).unwrap().permissions().mode() & 0o777, 0o600);
    let options = Options::new().readers_mode(0o060);
    let other = path.with_file_name("other");
    let Err(BufferError::BadMode { mode: 0o060, .. }) = Shared::create(&other, spec(4).wakeable(), &options) else {
        panic!("a mode that keeps its owner out")
    };
    assert!(Shared::create(&other, spec(4), &options).is_ok(), "a plain one has no such file");
}

#[test]
fn one_that_is_missing_is_an_error_for_writers() {
    let (_directory, path) = place("missing");
    let (buffer, readers) = create(&path);
    buffer.slot(0).unwrap().write(&7);
    fs::remove_file(&readers).unwrap();
    let error = BufferError::NoReadersFile { path: readers.clone(), buffer: path.clone() };
    assert_eq!(open(&path).err(), Some(error.clone()));
    let made = Shared::open_or_create(&path, spec(4).wakeable(), expected(4), &Options::new());
    assert_eq!(made.err(), Some(error));
    reads_unwoken(&path);

    fs::create_dir(&readers).unwrap();
    assert!(matches!(open(&path), Err(BufferError::NotRegularFile { .. })));
    reads_unwoken(&path);
}

#[test]
fn one_of_another_owner_is_refused() {
    if !geteuid().is_root() {
        return eprintln!("skipped: it needs root");
    }
    let (_directory, path) = place("other-owner");
    let (buffer, readers) = create(&path);
    buffer.slot(0).unwrap().write(&7);
    chown(&readers, Some(Uid::from_raw(65534)), None).unwrap();
    let error = BufferError::ReadersOwner { path: readers, found: 65534, expected: 0 };
    assert_eq!(open(&path).err(), Some(error.clone()));
    let anyone = Options::new().owner(icc_buffer::Owner::Anyone);
    assert_eq!(Shared::open(&path, expected(4), &anyone).err(), Some(error), "whoever may own the buffer");
    reads_unwoken(&path);
}

/// The header must be that of this buffer's readers, in every field.
#[test]
fn one_that_is_another_is_refused() {
    let (_directory, path) = place("forged");
    let (buffer, readers) = create(&path);
    buffer.slot(0).unwrap().write(&7);
    let valid = fs::read(&readers).unwrap();
    let file = OpenOptions::new().write(true).open(&readers).unwrap();
    for (name, at) in [
        ("magic", 0),
        ("layout_version", field::LAYOUT_VERSION),
        ("ready", field::READY),
        ("kind", field::KIND),
        ("instance", field::INSTANCE),
        ("features_to_read", field::FEATURES),
        ("features_to_write", field::FEATURES + 8),
        ("element_size", field::ELEMENT_SIZE),
        ("len", field::LEN),
        ("stride", field::STRIDE),
        ("slots_offset", field::SLOTS_OFFSET),
        ("counters", field::COUNTERS),
        ("total_size", field::TOTAL_SIZE),
        ("schema_len", field::SCHEMA_LEN),
    ] {
        file.write_all_at(&[valid[at as usize] ^ 2], at).unwrap();
        let error = open(&path).expect_err(name);
        let told = matches!(&error, BufferError::OtherLayout { field, .. } if *field == name);
        assert!(told || (name == "ready" && matches!(error, BufferError::NotReady { .. })), "{name}: {error}");
        reads_unwoken(&path);
        file.write_all_at(&valid[at as usize..=at as usize], at).unwrap();
    }
    assert!(open(&path).is_ok());
    file.set_len(valid.len() as u64 - 1).unwrap();
    assert!(matches!(open(&path), Err(BufferError::TooSmall { .. })));
    reads_unwoken(&path);
}

/// Locks the byte that a creator holds until its buffer has its name.
fn lock_as_creator(path: &Path) -> File {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: (1 << 62) - 1,
        l_len: 1,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_OFD_SETLK(&lock)).unwrap();
    file
}

/// What a process that was killed between two steps left is removed by whoever creates, opens or
/// creates, or removes a buffer of that name; nothing else is.
#[test]
fn orphans_are_swept() {
    let (directory, path) = place("orphans");
    // Copies of a real one, under an instance that says the same.
    let (buffer, readers) = create(&path);
    let orphan = |instance: u64| {
        let copy = readers_of(&path, instance);
        fs::copy(&readers, &copy).unwrap();
        OpenOptions::new().write(true).open(&copy).unwrap().write_all_at(&instance.to_ne_bytes(), 24).unwrap();
        copy
    };
    let living = orphan(1);
    let lock = lock_as_creator(&living);
    // Files that are not one: another buffer's, of another content, under another name.
    let others = ["buffer2.0000000000000009.readers", "buffer.0000000000000002.readers", "buffer.3.readers"];
    others.iter().for_each(|name| fs::write(directory.path().join(name), [0; 600]).unwrap());
    let mut left: Vec<_> = others.iter().map(|&name| directory.path().join(name)).collect();
    left.extend([path.clone(), readers.clone(), living.clone()]);
    left.sort();
    let all = || names(&directory).iter().map(|name| directory.path().join(name)).collect::<Vec<_>>();

    let dead = orphan(4);
    let opened = Shared::open_or_create(&path, spec(4).wakeable(), expected(4), &Options::new()).unwrap();
    assert_eq!((opened.1, dead.exists()), (Origin::Opened, false));
    assert_eq!(all(), left);

    let dead = orphan(5);
    remove(&path).unwrap();
    left.retain(|name| name != &path && name != &readers);
    assert_eq!((all(), dead.exists()), (left.clone(), false));

    // Also where there is no buffer any more.
    fs::copy(&living, &readers).unwrap();
    OpenOptions::new().write(true).open(&readers).unwrap().write_all_at(&buffer.instance().to_ne_bytes(), 24).unwrap();
    assert_eq!(remove(&path), Err(BufferError::NotFound { path: path.clone() }));
    assert_eq!(all(), left);

    drop(lock);
    Shared::create(&path, spec(4), &Options::new()).unwrap();
    assert!(!living.exists(), "its creator is dead by now");
    assert_eq!(names(&directory).len(), others.len() + 1);
}

#[test]
fn its_name_counts_against_the_longest() {
    let directory = Name::directory("long");
    let longest = directory.path().join("x".repeat(255 - 25));
    let (_buffer, readers) = create(&longest);
    assert_eq!(readers.file_name().unwrap().len(), 255);
    let longer = directory.path().join("x".repeat(255 - 24));
    let made = Shared::create(&longer, spec(4).wakeable(), &Options::new());
    assert!(matches!(made, Err(BufferError::BadName { .. })), "{made:?}");
    Shared::create(&longer, spec(4), &Options::new()).unwrap();
    assert_eq!(names(&directory).len(), 3);
}

#[test]
fn its_suffix_is_reserved() {
    let (_directory, path) = place("suffix");
    let (buffer, readers) = create(&path);
    for name in [readers, path.with_file_name("x.readers"), path.with_file_name("x.group-y")] {
        let refused = |error| assert!(matches!(error, Some(BufferError::BadName { .. })), "{name:?}: {error:?}");
        refused(Shared::create(&name, spec(4), &Options::new()).err());
        refused(Seen::open(&name, expected(4), &Options::new()).err());
        refused(remove(&name).err());
    }
    assert!(buffer.is_current().unwrap() && open(&path).is_ok());
}

#[test]
fn a_buffer_that_lacks_it_is_refused_to_whom_asks_for_it() {
    let (_directory, path) = place("lacks");
    Shared::create(&path, spec(4), &Options::new()).unwrap();
    let error = BufferError::LacksFeature { path: path.clone(), feature: "wakeable" };
    let asked = expected(4).wakeable();
    assert_eq!(Shared::open_or_create(&path, spec(4).wakeable(), asked, &Options::new()).err(), Some(error.clone()));
    assert_eq!(Shared::open(&path, asked, &Options::new()).err(), Some(error.clone()));
    assert_eq!(Seen::open(&path, asked, &Options::new()).err(), Some(error));
    assert!(open(&path).is_ok());
    // One that has it suits whoever does not ask.
    remove(&path).unwrap();
    create(&path);
    assert_eq!(Shared::open_or_create(&path, spec(4), expected(4), &Options::new()).unwrap().1, Origin::Opened);
}

#[test]
fn without_a_name_it_is_a_second_descriptor() {
    let make = || Shared::anonymous(spec(4).wakeable(), &Options::new()).unwrap();
    let (one, other) = (make(), make());
    one.slot(0).unwrap().write(&7);
    let ring = || one.as_fd().unwrap().try_clone_to_owned().unwrap();
    let readers = |of: &Shared| of.readers_fd().unwrap().try_clone_to_owned().unwrap();
    let open = |descriptors: (OwnedFd, OwnedFd)| Shared::from_fd(descriptors, expected(4), &Options::new());

    let alone = Shared::from_fd(ring(), expected(4), &Options::new());
    assert_eq!(alone.err(), Some(BufferError::NoReadersDescriptor { path: "memfd:icc".into() }));
    assert!(open((ring(), readers(&one))).unwrap().readers_fd().is_some());
    let forged = open((ring(), readers(&other)));
    assert!(matches!(forged, Err(BufferError::OtherLayout { field: "instance", .. })), "{forged:?}");
    let file = tempfile::tempfile().unwrap();
    assert!(matches!(open((ring(), file.into())), Err(BufferError::NotSealed { .. })));

    // A reader needs no second one, and is not harmed by a wrong one.
    let seen = Seen::from_fd(ring(), expected(4), &Options::new()).unwrap();
    assert_eq!((seen.slot(0).unwrap().try_read(), seen.readers_fd().is_some()), (Ok(7), false));
    let seen = Seen::from_fd((ring(), readers(&one)), expected(4), &Options::new()).unwrap();
    assert!(seen.readers_fd().is_some());
    assert!(Seen::from_fd((ring(), readers(&other)), expected(4), &Options::new()).is_ok());

    // Nobody can take the memory away.
    let size = File::from(readers(&one)).metadata().unwrap().len();
    assert!(File::from(readers(&one)).set_len(size - 1).is_err());

    // A plain one has none, and ignores one.
    let plain = Shared::anonymous(spec(4), &Options::new()).unwrap();
    let ring = plain.as_fd().unwrap().try_clone_to_owned().unwrap();
    assert!(plain.readers_fd().is_none() && open((ring, readers(&one))).is_ok());
}

#[test]
fn it_is_of_a_kind_of_its_own() {
    let (_directory, path) = place("kind");
    let (_buffer, readers) = create(&path);
    let found = fs::read(&readers).unwrap();
    assert_eq!(&found[16..24], b"readers\0");
    assert_ne!(Kind::new("readers"), KIND);
}
