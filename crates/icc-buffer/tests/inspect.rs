//! A buffer looked at without its type.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use bytemuck::{Pod, Zeroable};
use common::{KIND, Name, field, spec};
use icc_buffer::{
    Boot, Buffer, BufferError, Kind, Options, Packed, Padded, Payload, Placement, UntypedBuffer, inspect,
};
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C, align(64))]
struct Aligned([u64; 8]);

/// Every size and alignment: the bytes are those of the value.
fn bytes_are_those_of<T: Payload, P: Placement>(test: &str, value: T) {
    let name = Name::new(test);
    let buffer = Buffer::<T, P>::create(&name, spec(5), &Options::new()).unwrap();
    buffer.slot(4).unwrap().write(&value);
    let seen = UntypedBuffer::open(&name, &Options::new()).unwrap();
    assert_eq!((seen.len(), seen.element_size(), seen.words()), (5, size_of::<T>(), [1, 2, 3, 4]));
    assert_eq!(seen.inspected(), &inspect(&name).unwrap());
    let mut bytes = vec![0xee; size_of::<T>()];
    assert_eq!(seen.bytes(4).unwrap().try_read_into(&mut bytes), Ok(2));
    assert_eq!(bytes, bytemuck::bytes_of(&value));
    assert_eq!(seen.bytes(3).unwrap().try_read_into(&mut bytes), Ok(0));
    assert!(bytes.iter().all(|&byte| byte == 0));
    assert_eq!((seen.slot(4).unwrap().version(), seen.slot(3).unwrap().version()), (2, 0));
}

#[test]
fn values_of_any_type_are_bytes() {
    bytes_are_those_of::<u8, Packed>("u8", 7);
    bytes_are_those_of::<(), Packed>("unit", ());
    bytes_are_those_of::<[u16; 3], Padded>("words", [1, 2, 3]);
    bytes_are_those_of::<[u64; 7], Packed>("line", [9; 7]);
    // Three lines: no power of two.
    bytes_are_those_of::<[u32; 45], Packed>("lines", [5; 45]);
    bytes_are_those_of::<Aligned, Packed>("aligned", Aligned([3; 8]));
    bytes_are_those_of::<u128, Padded>("u128", u128::MAX / 7);
}

#[test]
fn a_header_is_told_as_it_is() {
    let name = Name::new("told");
    let before = SystemTime::now();
    let buffer = Buffer::<[u32; 3], Packed>::create(&name, spec(7), &Options::new().mode(0o640)).unwrap();
    let found = inspect(&name).unwrap();
    assert_eq!((found.path.as_path(), found.kind, found.len, found.counters), (name.path(), KIND, 7, 2));
    assert_eq!((found.element.name.as_str(), found.element.size, found.element.align), ("[u32; 3]", 12, 4));
    assert_eq!((found.words, found.instance, found.stride), ([1, 2, 3, 4], buffer.instance(), 32));
    assert_eq!((found.creator, found.mode, found.boot), (std::process::id().into(), 0o640, Boot::This));
    assert_eq!((found.features, found.schema, found.schema_hash), ([0; 3], None, 0));
    assert_eq!(found.total_size, fs::metadata(&name).unwrap().len());
    let about = Duration::from_secs(60);
    assert!(found.created_at > before - about && found.created_at < SystemTime::now() + about);
}

#[test]
fn ids_and_counters_are_seen() {
    let name = Name::new("ids");
    let buffer = Buffer::<u64, Packed>::create(&name, spec(7), &Options::new()).unwrap();
    let seen = UntypedBuffer::open(&name, &Options::new()).unwrap();
    let held = buffer.take_id(3..4).unwrap().unwrap();
    assert_eq!((seen.holder_lives(3), seen.holder_lives(2), seen.holders(0..8)), (Ok(true), Ok(false), Ok(1)));
    drop(held);
    assert_eq!(seen.holders(0..8), Ok(0));
    buffer.counter(1).unwrap().store(9, icc_seqlock::primitive::Ordering::Release);
    assert_eq!(seen.counter(1).unwrap().load_acquire(), 9);
    assert!(seen.counter(2).is_none() && seen.bytes(7).is_none());
    icc_buffer::remove(&name).unwrap();
    assert_eq!(seen.is_current(), Ok(false));
}

#[test]
fn without_a_name() {
    let buffer = Buffer::<u64, Packed>::anonymous(spec(7), &Options::new()).unwrap();
    buffer.slot(0).unwrap().write(&7);
    let descriptor = || buffer.as_fd().unwrap().try_clone_to_owned().unwrap();
    let seen = UntypedBuffer::from_fd(descriptor(), &Options::new()).unwrap();
    let mut bytes = [0; 8];
    assert_eq!((seen.bytes(0).unwrap().try_read_into(&mut bytes), u64::from_ne_bytes(bytes)), (Ok(2), 7));
    assert_eq!(seen.path(), None);
}

/// An earlier run of the machine, and features of later versions: told, and not read.
#[test]
fn what_cannot_be_read_is_inspected_all_the_same() {
    let name = Name::new("strange");
    Buffer::<u64, Packed>::create(&name, spec(7), &Options::new()).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(&name).unwrap();
    let (mut whole, put) = ([0; 512], |at: u64, value: u64| file.write_all_at(&value.to_ne_bytes(), at).unwrap());
    file.read_exact_at(&mut whole, 0).unwrap();

    put(field::BOOT, 7);
    assert_eq!(inspect(&name).unwrap().boot, Boot::Previous);
    let refused = UntypedBuffer::open(&name, &Options::new()).unwrap_err();
    assert!(matches!(refused, BufferError::PreviousBoot { doing: "read", .. }), "{refused}");
    assert!(UntypedBuffer::open(&name, &Options::new().previous_boot(true)).is_ok());
    put(field::BOOT, 0);
    put(field::BOOT + 8, 0);
    assert_eq!(inspect(&name).unwrap().boot, Boot::Unknown);
    file.write_all_at(&whole, 0).unwrap();

    put(field::FEATURES, 1 << 40);
    let found = inspect(&name).unwrap();
    assert_eq!((found.unknown_to_read(), found.unknown_to_write()), (1 << 40, 0));
    let refused = UntypedBuffer::open(&name, &Options::new()).unwrap_err();
    assert!(matches!(refused, BufferError::UnknownFeatures { unknown, .. } if unknown == 1 << 40), "{refused}");
    file.write_all_at(&whole, 0).unwrap();

    file.write_all_at(&1_u32.to_ne_bytes(), field::LAYOUT_VERSION).unwrap();
    assert!(matches!(inspect(&name), Err(BufferError::LayoutVersion { found: 1, .. })));
    file.write_all_at(&whole, 0).unwrap();

    // No type has such a size or alignment, or the slots have no room for it.
    for (size, align) in [(0, 0), (8, 3), (12, 8), (16, 8), (u64::MAX, 8), (8192, 8192), (8, 16)] {
        put(field::ELEMENT_SIZE, size);
        put(field::ELEMENT_SIZE + 8, align);
        let refused = inspect(&name).unwrap_err();
        assert!(matches!(refused, BufferError::OtherLayout { .. }), "{size}, {align}: {refused}");
        assert_eq!(UntypedBuffer::open(&name, &Options::new()).unwrap_err(), refused);
    }
    file.write_all_at(&whole, 0).unwrap();
    file.write_all_at(b"\x1b[2J\x07\xff", field::TYPE_NAME).unwrap();
    file.write_all_at(b"\x1b[2J\0\0\0\0", field::KIND).unwrap();
    let found = inspect(&name).unwrap();
    assert!(!format!("{} {}", found.kind, found.element).contains(char::is_control), "{found:?}");
}

#[test]
fn what_is_no_buffer_is_refused() {
    let directory = Name::directory("no-buffer");
    let at = |name: &str| directory.path().join(name);
    let refused = |name: &str| {
        let refused = inspect(at(name)).unwrap_err();
        assert_eq!(UntypedBuffer::open(at(name), &Options::new()).unwrap_err(), refused);
        refused
    };
    assert!(matches!(refused("none"), BufferError::NotFound { .. }));
    fs::write(at("short"), b"ICCBUFFR").unwrap();
    assert!(matches!(refused("short"), BufferError::TooSmall { found: 8, expected: 512, .. }));
    fs::write(at("other"), [7; 4096]).unwrap();
    assert!(matches!(refused("other"), BufferError::WrongMagic { .. }));
    symlink(at("other"), at("link")).unwrap();
    assert!(matches!(refused("link"), BufferError::Symlink { .. }));
    nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(refused("fifo"), BufferError::NotRegularFile { found: "a FIFO", .. }));
}

/// Permission to read is enough, and nothing is written.
#[test]
fn looking_changes_nothing() {
    let name = Name::new("unchanged");
    let buffer = Buffer::<u64, Packed>::create(&name, spec(7), &Options::new()).unwrap();
    buffer.slot(2).unwrap().write(&7);
    let before = fs::read(&name).unwrap();
    fs::set_permissions(&name, Permissions::from_mode(0o400)).unwrap();
    inspect(&name).unwrap();
    let seen = UntypedBuffer::open(&name, &Options::new()).unwrap();
    seen.bytes(2).unwrap().try_read_into(&mut [0; 8]).unwrap();
    assert_eq!(fs::read(&name).unwrap(), before);
    assert_eq!(seen.inspected().kind, Kind::new("test"));
}
