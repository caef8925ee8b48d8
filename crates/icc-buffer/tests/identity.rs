//! Which buffer it is, of which run of the machine, of which kind, and what a program must know to
//! use it.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{Actor, KIND, Name, command, expected, field, role, spec};
use icc_buffer::{Buffer, BufferError, Expected, Kind, Options, OwnLines, Packed, Padded, ReadOnlyBuffer, Spec};
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

type Shared = Buffer<u64, Packed>;
type Seen = ReadOnlyBuffer<u64>;

/// Opens what this creates, again in another process. In the tests' own process this does nothing.
#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    let opened = Shared::open(name, expected(4), &Options::new()).unwrap();
    assert_eq!(role, opened.instance().to_string());
}

/// Writes bytes into the header.
fn patch(path: impl AsRef<Path>, offset: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, offset).unwrap();
}

/// What a reader and what a writer are told.
fn refusals(path: impl AsRef<Path>, options: &Options) -> [Option<BufferError>; 2] {
    let path = path.as_ref();
    [Seen::open(path, expected(4), options).err(), Shared::open(path, expected(4), options).err()]
}

#[test]
fn all_handles_tell_one_instance() {
    let name = Name::new("instance");
    let created = Shared::create(&name, spec(4), &Options::new()).unwrap();
    let instance = created.instance();
    assert_ne!(instance, 0);
    assert_eq!(created.read_only().instance(), instance);
    assert_eq!(created.clone().instance(), instance);
    assert_eq!(Shared::open(&name, expected(4), &Options::new()).unwrap().instance(), instance);
    let (found, _) = Shared::open_or_create(&name, spec(4), expected(4), &Options::new()).unwrap();
    assert_eq!(found.instance(), instance);
    assert_eq!(Seen::open(&name, expected(4), &Options::new()).unwrap().instance(), instance);
    Actor::of(command(&instance.to_string()).env(common::NAME, name.path())).succeeds();

    let anonymous = Shared::anonymous(spec(4), &Options::new()).unwrap();
    let descriptor = || -> OwnedFd { anonymous.as_fd().unwrap().try_clone_to_owned().unwrap() };
    let of_writer = Shared::from_fd(descriptor(), expected(4), &Options::new()).unwrap().instance();
    let of_reader = Seen::from_fd(descriptor(), expected(4), &Options::new()).unwrap().instance();
    assert_eq!([of_writer, of_reader], [anonymous.instance(); 2]);
    assert_ne!(anonymous.instance(), 0);

    let private = Shared::private(spec(4)).unwrap();
    assert_eq!(private.read_only().instance(), private.instance());
    assert_ne!(private.instance(), 0);
    assert!(private.instance() != anonymous.instance() && anonymous.instance() != instance);
}

#[test]
fn a_successor_of_the_same_name_is_another_instance() {
    let name = Name::new("successor");
    let mut instances = Vec::new();
    for _ in 0..100 {
        let (buffer, _) = Shared::open_or_create(&name, spec(4), expected(4), &Options::new()).unwrap();
        instances.push(buffer.instance());
        icc_buffer::remove(&name).unwrap();
    }
    instances.sort_unstable();
    instances.dedup();
    assert_eq!(instances.len(), 100);
    assert_ne!(instances[0], 0);

    // What has none was not made by this crate.
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    patch(&name, field::INSTANCE, &[0; 8]);
    for refused in refusals(&name, &Options::new()) {
        assert!(matches!(refused, Some(BufferError::OtherLayout { field: "instance", found: 0, .. })), "{refused:?}");
    }
}

#[test]
fn buffers_of_another_boot_are_refused() {
    let name = Name::new("boot");
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    let anyway = Options::new().previous_boot(true);
    let refused = |doing| Some(BufferError::PreviousBoot { path: name.path().to_owned(), doing });
    assert_eq!(refusals(&name, &Options::new()), [None, None]);
    // Either half alone makes it another.
    for offset in [field::BOOT, field::BOOT + 8] {
        let original = std::fs::read(&name).unwrap()[offset as usize..][..8].to_vec();
        patch(&name, offset, &original.iter().map(|byte| byte ^ 0x10).collect::<Vec<_>>());
        assert_eq!(refusals(&name, &Options::new()), [refused("read"), refused("write")]);
        assert_eq!(refusals(&name, &anyway), [None, refused("write")]);
        let found = Shared::open_or_create(&name, spec(4), expected(4), &anyway).err();
        assert_eq!(found, refused("write"), "it is neither opened nor replaced");
        patch(&name, offset, &original);
    }
    assert_eq!(refusals(&name, &Options::new()), [None, None]);
    let error = refused("write").unwrap().to_string();
    assert!(error.contains(name.path().to_str().unwrap()) && error.contains("Options::previous_boot"), "{error}");
}

/// Memory cannot be older than the machine's start, so a buffer there needs no boot.
#[test]
fn buffers_of_an_unknown_boot_are_believed_in_memory() {
    let name = Name::new("no-boot");
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    patch(&name, field::BOOT, &[0; 16]);
    assert_eq!(refusals(&name, &Options::new()), [None, None]);

    let anonymous = Shared::anonymous(spec(4), &Options::new()).unwrap();
    let descriptor = || -> OwnedFd { anonymous.as_fd().unwrap().try_clone_to_owned().unwrap() };
    std::fs::File::from(descriptor()).write_all_at(&[0; 16], field::BOOT).unwrap();
    Shared::from_fd(descriptor(), expected(4), &Options::new()).unwrap();
    Seen::from_fd(descriptor(), expected(4), &Options::new()).unwrap();
}

#[test]
fn buffers_of_an_unknown_boot_are_only_read_from_a_disk() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    if statfs(directory).unwrap().filesystem_type() == TMPFS_MAGIC {
        eprintln!("skipped: {} is not on a disk", directory.display());
        return;
    }
    let path = directory.join(format!("icc-disk-{}", std::process::id()));
    Shared::create(&path, spec(4), &Options::new()).unwrap();
    assert_eq!(refusals(&path, &Options::new()), [None, None]);
    patch(&path, field::BOOT, &[0; 16]);
    let refused = Some(BufferError::PreviousBoot { path: path.clone(), doing: "write" });
    let found = refusals(&path, &Options::new());
    let found_anyway = refusals(&path, &Options::new().previous_boot(true));
    icc_buffer::remove(&path).unwrap();
    assert_eq!((found, found_anyway), ([None, refused.clone()], [None, refused]));
}

#[test]
fn unknown_features_are_refused_to_whom_they_concern() {
    let name = Name::new("features");
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    let refused = |unknown, doing| Some(BufferError::UnknownFeatures { path: name.path().to_owned(), unknown, doing });
    let (read, write) = (refused(1 << 40, "read"), refused(1 << 40, "write"));
    for (word, told) in [(0, [read.clone(), read]), (1, [None, write]), (2, [None, None])] {
        patch(&name, field::FEATURES + 8 * word, &(1_u64 << 40).to_ne_bytes());
        assert_eq!(refusals(&name, &Options::new()), told, "word {word}");
        patch(&name, field::FEATURES + 8 * word, &[0; 8]);
    }
    assert_eq!(refusals(&name, &Options::new()), [None, None]);
}

#[test]
fn a_reader_takes_any_placement_and_a_writer_its_own() {
    let (packed, padded) = (Name::new("packed"), Name::new("padded"));
    let one = Buffer::<u64, Packed>::create(&packed, spec(4), &Options::new()).unwrap();
    let other = Buffer::<u64, Padded>::create(&padded, spec(4), &Options::new()).unwrap();
    for index in 0..4 {
        one.slot(index).unwrap().write(&(index as u64 + 10));
        other.slot(index).unwrap().write(&(index as u64 + 10));
    }
    assert!(std::fs::metadata(&packed).unwrap().len() < std::fs::metadata(&padded).unwrap().len());
    for (name, of_writer) in [(&packed, one.read_only()), (&padded, other.read_only())] {
        let opened = Seen::open(name, expected(4), &Options::new()).unwrap();
        for reader in [&opened, of_writer] {
            let found: Vec<_> = (0..4).map(|index| reader.slot(index).unwrap().try_read()).collect();
            assert_eq!(found, [Ok(10), Ok(11), Ok(12), Ok(13)]);
            assert!(reader.slot(4).is_none());
        }
    }
    let stride = |path: &Name, found, expected| {
        Some(BufferError::OtherLayout { path: path.path().to_owned(), field: "stride", found, expected })
    };
    let refused = Buffer::<u64, Padded>::open(&packed, expected(4), &Options::new()).err();
    assert_eq!(refused, stride(&packed, 16, 128));
    let refused = Buffer::<u64, Packed>::open(&padded, expected(4), &Options::new()).err();
    assert_eq!(refused, stride(&padded, 128, 16));
    Buffer::<u64, Padded>::open(&padded, expected(4), &Options::new()).unwrap();
    // What may be either a line or two apart: both, whatever is chosen here.
    Buffer::<u64, OwnLines>::open(&padded, expected(4), &Options::new()).unwrap();
    let refused = Buffer::<u64, OwnLines>::open(&packed, expected(4), &Options::new()).err();
    assert_eq!(refused, stride(&packed, 16, 128));
    let chosen = Name::new("chosen");
    let created = Buffer::<u64, OwnLines>::create(&chosen, spec(4), &Options::new()).unwrap();
    created.slot(3).unwrap().write(&7);
    let opened = Buffer::<u64, OwnLines>::open(&chosen, expected(4), &Options::new()).unwrap();
    assert_eq!(
        (opened.slot(3).unwrap().read(), opened.slot(2).unwrap().read(), opened.stride()),
        (7, 0, created.stride())
    );
    assert_eq!(Seen::open(&chosen, expected(4), &Options::new()).unwrap().slot(3).unwrap().try_read(), Ok(7));
}

/// What is accepted of a header without a creator that writes one: a schema before the counters.
#[test]
fn a_schema_moves_the_counters_and_slots() {
    const TEXT: &[u8] = br#"{"names":["bid"],"formats":["<f8"],"offsets":[0],"itemsize":8}"#;
    let (name, other) = (Name::new("schema"), Name::new("described"));
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    buffer.slot(3).unwrap().write(&7);
    buffer.counter(1).unwrap().store(9, std::sync::atomic::Ordering::Release);
    let mut bytes = std::fs::read(&name).unwrap();
    let mut add = |offset: u64, change: u64| {
        let place = &mut bytes[offset as usize..][..8];
        let found = u64::from_ne_bytes((&*place).try_into().unwrap());
        place.copy_from_slice(&(found + change).to_ne_bytes());
    };
    add(field::SCHEMA_OFFSET, 512);
    add(field::SCHEMA_LEN, TEXT.len() as u64);
    for moved in [field::SLOTS_OFFSET, field::COUNTERS_OFFSET, field::TOTAL_SIZE] {
        add(moved, 128);
    }
    let mut schema = [0; 128];
    schema[..TEXT.len()].copy_from_slice(TEXT);
    bytes.splice(512..512, schema);
    std::fs::write(&other, bytes).unwrap();
    let reader = Seen::open(&other, expected(4), &Options::new()).unwrap();
    assert_eq!(reader.slot(3).unwrap().try_read(), Ok(7));
    assert_eq!(reader.counter(1).unwrap().load_acquire(), 9);
    assert_eq!(Shared::open(&other, expected(4), &Options::new()).unwrap().slot(3).unwrap().read(), 7);
    // Longer than there is room for, longer than any may be, and elsewhere.
    for (offset, value) in [(field::SCHEMA_LEN, 129), (field::SCHEMA_LEN, 16_385), (field::SCHEMA_OFFSET, 0)] {
        let sound = std::fs::read(&other).unwrap();
        patch(&other, offset, &u64::to_ne_bytes(value));
        for refused in refusals(&other, &Options::new()) {
            assert!(matches!(refused, Some(BufferError::OtherLayout { .. })), "{value}: {refused:?}");
        }
        patch(&other, 0, &sound);
    }
    assert_eq!(refusals(&other, &Options::new()), [None, None]);
}

#[test]
fn kinds_are_tags() {
    let name = Name::new("kind");
    for tag in ["a", "queue", "0-9", "eight-ch"] {
        let kind = Kind::new(tag);
        assert_eq!(kind.to_string(), tag);
        let buffer = Shared::create(&name, Spec::new(kind, 1), &Options::new()).unwrap();
        assert!(format!("{buffer:?}").contains(tag), "{buffer:?}");
        let mut bytes = [0; 8];
        bytes[..tag.len()].copy_from_slice(tag.as_bytes());
        assert_eq!(std::fs::read(&name).unwrap()[field::KIND as usize..][..8], bytes);
        Seen::open(&name, Expected::new(kind), &Options::new()).unwrap();
        let refused = Seen::open(&name, Expected::new(KIND), &Options::new()).err().unwrap();
        assert_eq!(refused, BufferError::OtherKind { path: name.path().to_owned(), found: kind, expected: KIND });
        icc_buffer::remove(&name).unwrap();
    }
    for bad in ["", "nine-char", "Queue", "a b", "a\0", "é"] {
        assert!(std::panic::catch_unwind(|| Kind::new(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn expected_words_are_indexed_below_four() {
    assert_eq!(Expected::new(KIND).word(3, 1).words, [None, None, None, Some(1)]);
    assert!(std::panic::catch_unwind(|| Expected::new(KIND).word(4, 1)).is_err());
}

/// A reader of a buffer that was replaced would wait for ever.
#[test]
fn whether_the_name_still_leads_here() {
    let directory = Name::directory("current");
    let (path, other) = (directory.path().join("buffer"), directory.path().join("other"));
    let buffer = Shared::create(&path, spec(4), &Options::new()).unwrap();
    let reader = Seen::open(&path, expected(4), &Options::new()).unwrap();
    let current = || (buffer.is_current().unwrap(), reader.is_current().unwrap());
    assert_eq!(current(), (true, true));
    std::fs::rename(&path, &other).unwrap();
    assert_eq!(current(), (false, false));
    let next = Shared::create(&path, spec(4), &Options::new()).unwrap();
    assert_eq!((current(), next.is_current()), ((false, false), Ok(true)));
    std::fs::remove_file(&path).unwrap();
    // Opening does not follow it.
    std::os::unix::fs::symlink(&other, &path).unwrap();
    assert_eq!(current(), (false, false));
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(current(), (true, true));
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(current(), (false, false));

    assert_eq!(Shared::anonymous(spec(4), &Options::new()).unwrap().is_current(), Ok(true));
    assert_eq!(Shared::private(spec(4)).unwrap().is_current(), Ok(true));
}
