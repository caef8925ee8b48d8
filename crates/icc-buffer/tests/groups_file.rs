//! The files of a buffer's groups: made first, removed last, never trusted.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Name, expected, field, spec};
use core::sync::atomic::Ordering;
use icc_buffer::{Buffer, BufferError, GroupNames, Options, Packed, ReadOnlyBuffer, remove};
use nix::unistd::{Uid, chown, geteuid};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

type Shared = Buffer<u64, Packed>;
type Reader = ReadOnlyBuffer<u64>;

const WORDS: usize = 40;
const GROUPS: GroupNames = GroupNames::new().with("orders").with("audit");

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

fn file_of(path: &Path, instance: u64, group: &str) -> PathBuf {
    format!("{}.{instance:016x}.group-{group}", path.display()).into()
}

fn create(path: &Path) -> Shared {
    let options = Options::new().mode(0o644).readers_mode(0o660);
    Shared::create(path, spec(4).groups(GROUPS, WORDS), &options).unwrap()
}

#[test]
fn they_come_and_go_with_their_buffer() {
    let (directory, path) = place("groups-come-and-go");
    let buffer = create(&path);
    let instance = buffer.instance();
    let expected_names = [
        "buffer".to_owned(),
        format!("buffer.{instance:016x}.group-audit"),
        format!("buffer.{instance:016x}.group-orders"),
    ];
    assert_eq!(names(&directory), expected_names);
    assert_eq!(buffer.group_names(), ["audit", "orders"]);
    let mode = fs::metadata(file_of(&path, instance, "audit")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);

    // Another handle, for reading only, shares the words.
    let reader = Reader::open(&path, expected(4), &Options::new()).unwrap();
    buffer.group("orders", WORDS).unwrap().word(WORDS - 1).unwrap().store(7, Ordering::Relaxed);
    let (orders, audit) = (reader.group("orders", WORDS).unwrap(), reader.group("audit", WORDS).unwrap());
    assert!(orders.is_writable());
    assert_eq!(orders.word(WORDS - 1).unwrap().load(Ordering::Relaxed), 7);
    assert_eq!(audit.word(WORDS - 1).unwrap().load(Ordering::Relaxed), 0);
    assert_eq!(orders.path().unwrap(), file_of(&path, instance, "orders"));

    // Locks are the group's own.
    let id = orders.take_id(0..2).unwrap().unwrap();
    assert_eq!(id.id(), 0);
    assert!(buffer.group("orders", WORDS).unwrap().holder_lives(0).unwrap());
    assert!(!audit.holder_lives(0).unwrap() && !buffer.holder_lives(0).unwrap());
    drop(id);
    assert!(!orders.holder_lives(0).unwrap());

    // One that fails leaves nothing.
    let again = Shared::create(&path, spec(4).groups(GROUPS, WORDS), &Options::new());
    assert_eq!(again.err(), Some(BufferError::AlreadyExists { path: path.clone() }));
    assert_eq!(names(&directory), expected_names);
    remove(&path).unwrap();
    assert_eq!(names(&directory), [""; 0]);
    let gone = BufferError::NoGroup { group: "orders".to_owned(), buffer: Some(path) };
    assert_eq!(reader.group("orders", WORDS).err(), Some(gone));
}

#[test]
fn what_is_not_this_group_is_refused() {
    let (_directory, path) = place("groups-forged");
    let buffer = create(&path);
    let file = file_of(&path, buffer.instance(), "orders");
    let open = || buffer.group("orders", WORDS).map(drop);
    for bad in ["", "none", "../x", "orders.x"] {
        assert!(matches!(buffer.group(bad, WORDS), Err(BufferError::NoGroup { .. })), "{bad:?}");
    }
    assert!(matches!(
        buffer.group("orders", WORDS + 16),
        Err(BufferError::TooSmall { .. } | BufferError::OtherLayout { .. })
    ));
    let valid = fs::read(&file).unwrap();
    let writer = OpenOptions::new().write(true).open(&file).unwrap();
    for (name, at) in [
        ("magic", 0),
        ("kind", field::KIND),
        ("instance", field::INSTANCE),
        ("len", field::LEN),
        ("total_size", field::TOTAL_SIZE),
    ] {
        writer.write_all_at(&[valid[at as usize] ^ 2], at).unwrap();
        let error = open().expect_err(name);
        assert!(matches!(&error, BufferError::OtherLayout { field, .. } if *field == name), "{name}: {error}");
        writer.write_all_at(&valid[at as usize..=at as usize], at).unwrap();
    }
    open().unwrap();
    writer.set_len(valid.len() as u64 - 1).unwrap();
    assert!(matches!(open(), Err(BufferError::TooSmall { .. })));
    writer.set_len(valid.len() as u64).unwrap();
    if geteuid().is_root() {
        chown(&file, Some(Uid::from_raw(65534)), None).unwrap();
        assert_eq!(open().err(), Some(BufferError::ReadersOwner { path: file, found: 65534, expected: 0 }));
    }
}

#[test]
fn names_are_checked_before_anything_is_made() {
    let (directory, path) = place("groups-names");
    let create = |groups, options: &Options| Shared::create(&path, spec(4).groups(groups, WORDS), options).map(drop);
    let error = create(GroupNames::new().with("a/b"), &Options::new()).unwrap_err();
    assert!(error.to_string().contains("a/b"), "{error}");
    let error = create(GROUPS, &Options::new().readers_mode(0o060)).unwrap_err();
    assert!(matches!(error, BufferError::BadMode { .. }), "{error}");
    let anonymous = Shared::anonymous(spec(4).groups(GROUPS, WORDS), &Options::new());
    assert_eq!(anonymous.err(), Some(BufferError::GroupsWithoutName));
    assert!(Shared::private(spec(4).groups(GroupNames::new().with(""), WORDS)).is_err());
    assert_eq!(names(&directory), [""; 0]);
}

/// What a creator left that was killed before the buffer had its name.
#[test]
fn orphans_are_swept() {
    let (directory, path) = place("groups-orphans");
    let buffer = create(&path);
    let orphan = file_of(&path, 9, "orders");
    fs::copy(file_of(&path, buffer.instance(), "orders"), &orphan).unwrap();
    OpenOptions::new().write(true).open(&orphan).unwrap().write_all_at(&9_u64.to_ne_bytes(), field::INSTANCE).unwrap();
    assert_eq!(names(&directory).len(), 4);
    drop(Shared::open_or_create(&path, spec(4), expected(4), &Options::new()).unwrap());
    assert!(!orphan.exists());
    assert_eq!(names(&directory).len(), 3, "and no other");
}
