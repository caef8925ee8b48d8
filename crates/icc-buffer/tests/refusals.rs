//! Everything that is no buffer, or not this one, is refused with an error that says what it is.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use bytemuck::{Pod, Zeroable};
use common::{Actor, KIND, Name, expected, field, role, spec};
use icc_buffer::{Buffer, BufferError, Expected, Kind, Options, Owner, Packed, Padded, ReadOnlyBuffer};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, geteuid, mkfifo, setuid};
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

type Shared = Buffer<u64, Packed>;
type Seen = ReadOnlyBuffer<u64>;

const NOBODY: u32 = 65534;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    match role.as_str() {
        "nobody" => nobody(&name),
        "full" => full(&name),
        "limited" => limited(&name),
        other => panic!("no role {other}"),
    }
}

/// What opening it says, which is the same for both kinds of handle.
fn refusal(path: impl AsRef<Path>) -> BufferError {
    let (path, options) = (path.as_ref(), Options::new());
    let error = Seen::open(path, expected(4), &options).expect_err("opened");
    assert_eq!(Shared::open(path, expected(4), &options).expect_err("opened"), error);
    if !matches!(error, BufferError::NotFound { .. }) {
        assert_eq!(Shared::open_or_create(path, spec(4), expected(4), &options).expect_err("opened or created"), error);
    }
    assert!(error.to_string().contains(path.to_str().unwrap()), "it does not say which: {error}");
    error
}

fn needs_root(what: &str) -> bool {
    let root = geteuid().is_root();
    if !root {
        eprintln!("skipped: {what} needs root");
    }
    root
}

#[test]
fn what_is_no_file() {
    let directory = Name::directory("no-file");
    let at = |name: &str| directory.path().join(name);
    let other = |path: PathBuf, found| BufferError::NotRegularFile { path, found };

    assert_eq!(refusal(at("none")), BufferError::NotFound { path: at("none") });
    fs::create_dir(at("directory")).unwrap();
    assert_eq!(refusal(at("directory")), other(at("directory"), "a directory"));
    assert_eq!(refusal("/dev/null"), other("/dev/null".into(), "a device"));
    assert_eq!(icc_buffer::remove(at("directory")), Err(other(at("directory"), "a directory")));

    // Both ends: opening one blocks if nobody has the other.
    mkfifo(&at("fifo"), Mode::from_bits_truncate(0o600)).unwrap();
    assert_eq!(refusal(at("fifo")), other(at("fifo"), "a FIFO"));
    let _listener = UnixListener::bind(at("socket")).unwrap();
    assert_eq!(refusal(at("socket")), other(at("socket"), "a socket"));

    Shared::create(at("buffer"), spec(4), &Options::new()).unwrap();
    symlink(at("buffer"), at("link")).unwrap();
    assert_eq!(refusal(at("link")), BufferError::Symlink { path: at("link") });
    assert_eq!(icc_buffer::remove(at("link")), Err(BufferError::Symlink { path: at("link") }));
    // Nor is a link that leads nowhere a place to create one.
    symlink(at("nowhere"), at("dangling")).unwrap();
    let created = Shared::create(at("dangling"), spec(4), &Options::new());
    assert_eq!(created.err(), Some(BufferError::AlreadyExists { path: at("dangling") }));
    assert!(!at("nowhere").exists());

    let inside = Shared::create(at("none/buffer"), spec(4), &Options::new());
    assert_eq!(inside.err(), Some(BufferError::NoDirectory { path: at("none") }));
    assert!(matches!(refusal_of_name(""), BufferError::BadName { .. }));
    assert!(matches!(refusal_of_name(".."), BufferError::BadName { .. }));
}

fn refusal_of_name(name: &str) -> BufferError {
    assert!(icc_buffer::remove(name).is_err());
    assert!(Shared::create(name, spec(4), &Options::new()).is_err());
    Shared::open(name, expected(4), &Options::new()).unwrap_err()
}

#[test]
fn what_exists_is_left_alone() {
    let name = Name::new("exists");
    let buffer = Shared::create(&name, spec(4), &Options::new()).unwrap();
    buffer.slot(0).unwrap().write(&7);
    let again = Shared::create(&name, spec(4), &Options::new());
    assert_eq!(again.err(), Some(BufferError::AlreadyExists { path: name.path().to_owned() }));
    assert_eq!(buffer.slot(0).unwrap().try_read(), Ok(7));

    fs::write(&name, b"a letter to my aunt").unwrap();
    let again = Shared::create(&name, spec(4), &Options::new());
    assert!(matches!(again, Err(BufferError::AlreadyExists { .. })));
    assert_eq!(fs::read(&name).unwrap(), b"a letter to my aunt");
    let path = name.path().to_owned();
    assert_eq!(refusal(&name), BufferError::TooSmall { path: path.clone(), found: 19, expected: 512 });
    fs::write(&name, vec![b'a'; 1000]).unwrap();
    let (found, expected) = (u64::from_ne_bytes([b'a'; 8]), u64::from_ne_bytes(*b"ICCBUFFR"));
    assert_eq!(refusal(&name), BufferError::WrongMagic { path, found, expected });
}

#[test]
fn other_buffers() {
    let name = Name::new("other");
    let path = || name.path().to_owned();
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    let open = |expected| Seen::open(&name, expected, &Options::new()).err();
    let same = expected(4);
    assert_eq!(open(same), None);
    assert_eq!(open(Expected::new(KIND)), None);
    let other = Kind::new("tests-8");
    let error = open(Expected::new(other)).unwrap();
    assert_eq!(error, BufferError::OtherKind { path: path(), found: KIND, expected: other });
    assert!(error.to_string().contains(" is a buffer of kind `test`, not `tests-8`: "), "{error}");
    let other_len = BufferError::OtherLen { path: path(), found: 4, expected: 5 };
    assert_eq!(open(same.len(5)), Some(other_len));
    let other_word = BufferError::OtherWord { path: path(), index: 1, found: 2, expected: 9 };
    assert_eq!(open(same.word(1, 9)), Some(other_word));

    let error = ReadOnlyBuffer::<i64>::open(&name, same, &Options::new()).err().unwrap();
    assert!(matches!(&error, BufferError::OtherElement { .. }));
    let message = error.to_string();
    assert!(
        message.contains("holds `u64` (8 bytes, aligned to 8") && message.contains("not `i64` (8 bytes"),
        "{message}"
    );
    let padded = Buffer::<u64, Padded>::open(&name, same, &Options::new()).err();
    let refused = BufferError::OtherLayout { path: path(), field: "stride", found: 16, expected: 128 };
    assert_eq!(padded, Some(refused));

    let file = OpenOptions::new().write(true).open(&name).unwrap();
    file.write_all_at(&1_u32.to_ne_bytes(), field::LAYOUT_VERSION).unwrap();
    assert_eq!(open(same), Some(BufferError::LayoutVersion { path: path(), found: 1, expected: 2 }));
    file.write_all_at(&2_u32.to_ne_bytes(), field::LAYOUT_VERSION).unwrap();
    file.write_all_at(&0_u32.to_ne_bytes(), field::READY).unwrap();
    assert_eq!(open(same), Some(BufferError::NotReady { path: path(), found: 0 }));
    file.write_all_at(&1_u32.to_ne_bytes(), field::READY).unwrap();
    assert_eq!(open(same), None);

    // Strings that would garble the terminal, and a hash that fits no type.
    file.write_all_at(b"\x1b[2J\xff`evil`\n", field::TYPE_NAME).unwrap();
    file.write_all_at(&[0; 8], field::FINGERPRINT).unwrap();
    let message = open(same).unwrap().to_string();
    assert!(message.contains("holds `?[2J??evil??`"), "{message:?}");
    file.write_all_at(b"\x1b[2J\0`\xff\n", field::KIND).unwrap();
    let message = open(same).unwrap().to_string();
    assert!(message.contains(r"kind `\x1b[2J\x00`\xff\n`, not `test`"), "{message:?}");
}

#[test]
fn descriptors_of_other_things() {
    let name = Name::new("descriptor");
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    let open = |file: File| Seen::from_fd(OwnedFd::from(file), expected(4), &Options::new()).err();
    let named = open(File::open(&name).unwrap());
    assert!(matches!(named, Some(BufferError::NotSealed { .. })), "{named:?}");
    let device = open(File::open("/dev/null").unwrap());
    assert!(matches!(device, Some(BufferError::NotRegularFile { found: "a device", .. })), "{device:?}");

    let buffer = Shared::anonymous(spec(4), &Options::new()).unwrap();
    let read_only = File::open(format!("/proc/self/fd/{}", buffer.as_fd().unwrap().as_raw_fd())).unwrap();
    let writer = Shared::from_fd(OwnedFd::from(read_only.try_clone().unwrap()), expected(4), &Options::new()).err();
    assert!(matches!(writer, Some(BufferError::PermissionDenied { doing: "map", .. })), "{writer:?}");
    assert_eq!(open(read_only), None);
    let descriptor = buffer.as_fd().unwrap().try_clone_to_owned().unwrap();
    let other = Seen::from_fd(descriptor, expected(5), &Options::new()).err();
    assert!(matches!(other, Some(BufferError::OtherLen { .. })), "{other:?}");
}

#[test]
fn sizes_that_cannot_be() {
    let name = Name::new("sizes");
    let create = |len| Shared::create(&name, spec(len), &Options::new()).err().unwrap();
    assert_eq!(create(0), BufferError::Empty);
    assert!(matches!(create(usize::MAX), BufferError::TooLarge { .. }));
    let error = create(1 << 50);
    assert!(matches!(error, BufferError::NoSpace { .. } | BufferError::OutOfMemory { .. }), "{error}");
    assert!(!name.path().exists());
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(8192))]
struct Overaligned([u64; 1024]);

#[test]
fn alignments_that_mappings_do_not_have() {
    let refused = Buffer::<Overaligned, Packed>::anonymous(spec(4), &Options::new()).err();
    assert_eq!(refused, Some(BufferError::Overaligned { align: 8192, max: 4096 }));
    let private = Buffer::<Overaligned, Packed>::private(spec(4)).unwrap();
    assert_eq!(private.slot(3).unwrap().read().0, [0; 1024]);
}

#[test]
fn modes_are_exact() {
    let name = Name::new("mode");
    Shared::create(&name, spec(4), &Options::new().mode(0o666)).unwrap();
    assert_eq!(fs::metadata(&name).unwrap().permissions().mode() & 0o7777, 0o666);
}

#[test]
fn modes_that_shut_the_owner_out() {
    let name = Name::new("shut-out");
    for mode in [0o444, 0o200, 0o066, 0] {
        let refused = Shared::create(&name, spec(4), &Options::new().mode(mode)).err();
        assert_eq!(refused, Some(BufferError::BadMode { path: name.path().to_owned(), mode }));
    }
    assert!(!name.path().exists());
}

#[test]
fn only_buffers_are_removed() {
    let name = Name::new("remove");
    let path = || name.path().to_owned();
    fs::write(&name, b"a letter to my aunt").unwrap();
    assert_eq!(icc_buffer::remove(&name), Err(BufferError::TooSmall { path: path(), found: 19, expected: 512 }));
    fs::write(&name, vec![b'a'; 1000]).unwrap();
    let refused = icc_buffer::remove(&name);
    assert!(matches!(refused, Err(BufferError::WrongMagic { .. })), "{refused:?}");
    assert_eq!(fs::read(&name).unwrap(), vec![b'a'; 1000]);
    fs::remove_file(&name).unwrap();
    assert_eq!(icc_buffer::remove(&name), Err(BufferError::NotFound { path: path() }));
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    // Whatever version.
    let file = OpenOptions::new().write(true).open(&name).unwrap();
    file.write_all_at(&9_u32.to_ne_bytes(), field::LAYOUT_VERSION).unwrap();
    icc_buffer::remove(&name).unwrap();
    assert!(!name.path().exists());
}

/// A name that is a buffer's at one moment and a link to another's at the next: also between being looked at and being
/// opened, the link is not followed.
#[test]
fn a_name_that_becomes_a_link() {
    let directory = Name::directory("becomes-a-link");
    let at = |name: &str| directory.path().join(name);
    Shared::create(at("own"), spec(4), &Options::new()).unwrap();
    Shared::create(at("other"), spec(8), &Options::new()).unwrap();
    fs::hard_link(at("own"), at("name")).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                symlink(at("other"), at("next")).unwrap();
                fs::rename(at("next"), at("name")).unwrap();
                fs::hard_link(at("own"), at("next")).unwrap();
                fs::rename(at("next"), at("name")).unwrap();
            }
        });
        let mut opened = 0;
        let wrong = (0..20_000).find_map(|_| match Seen::open(at("name"), expected(4), &Options::new()) {
            Ok(_) => {
                opened += 1;
                None
            }
            Err(BufferError::Symlink { .. }) => None,
            Err(other) => Some(other),
        });
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(wrong, None);
        assert!((1..20_000).contains(&opened), "{opened} opened: the name did not change");
    });
}

#[test]
fn foreign_owners() {
    if !needs_root("a file of another owner") {
        return;
    }
    let name = Name::new("foreign");
    Shared::create(&name, spec(4), &Options::new()).unwrap();
    std::os::unix::fs::chown(&name, Some(NOBODY), None).unwrap();
    let me = geteuid().as_raw();
    let path = name.path().to_owned();
    assert_eq!(refusal(&name), BufferError::ForeignOwner { path, found: NOBODY, expected: me });
    for owner in [Owner::User(NOBODY), Owner::Anyone] {
        Seen::open(&name, expected(4), &Options::new().owner(owner)).unwrap();
    }
    let options = Options::new().owner(Owner::User(1));
    let refused = Seen::open(&name, expected(4), &options).err();
    assert!(matches!(refused, Some(BufferError::ForeignOwner { expected: 1, .. })), "{refused:?}");
}

#[test]
fn files_without_permission() {
    if !needs_root("becoming a user whom permissions bind") {
        return;
    }
    let directory = Name::directory("permission");
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
    Shared::create(directory.path().join("readable"), spec(4), &Options::new().mode(0o644)).unwrap();
    Shared::create(directory.path().join("secret"), spec(4), &Options::new()).unwrap();
    Actor::start("nobody", directory.path(), &[]).succeeds();
}

fn nobody(directory: &Path) {
    setuid(Uid::from_raw(NOBODY)).unwrap();
    let of_root = Options::new().owner(Owner::User(0));
    let denied = |path: PathBuf, doing| Some(BufferError::PermissionDenied { path, doing });
    let secret = directory.join("secret");
    assert_eq!(Seen::open(&secret, expected(4), &of_root).err(), denied(secret, "open"));
    let readable = directory.join("readable");
    assert_eq!(Shared::open(&readable, expected(4), &of_root).err(), denied(readable.clone(), "open"));
    let reader = Seen::open(&readable, expected(4), &of_root).unwrap();
    assert_eq!(reader.holder_lives(0), Ok(false), "a reader may ask, too");
    let mine = directory.join("mine");
    Shared::create(&mine, spec(4), &Options::new()).unwrap();
    fs::set_permissions(&mine, Permissions::from_mode(0o000)).unwrap();
    assert_eq!(Seen::open(&mine, expected(4), &Options::new()).err(), denied(mine, "open"));
    let forbidden = PathBuf::from("/proc/icc");
    assert!(Shared::create(&forbidden, spec(4), &Options::new()).is_err());
}

#[test]
fn full_file_systems() {
    if !needs_root("mounting a small file system") {
        return;
    }
    let directory = Name::directory("full");
    Actor::start("full", directory.path(), &[]).succeeds();
}

/// In a mount namespace of its own, so that nothing is left mounted.
fn full(directory: &Path) {
    common::mount_tmpfs(directory, "size=1m");
    let small = Shared::create(directory.join("small"), spec(1000), &Options::new()).unwrap();
    small.slot(999).unwrap().write(&7);
    let large = Shared::create(directory.join("large"), spec(100_000), &Options::new());
    let error = large.err().unwrap();
    assert!(matches!(error, BufferError::NoSpace { bytes: 1_600_768, .. }), "{error:?}");
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1, "nothing is left of it");
    // What did not fit took no room.
    Shared::create(directory.join("medium"), spec(50_000), &Options::new()).unwrap();
}

#[test]
fn limits_of_file_sizes_are_errors_and_not_signals() {
    let name = Name::new("limited");
    Actor::start("limited", name.path(), &[]).succeeds();
}

fn limited(name: &Path) {
    setrlimit(Resource::RLIMIT_FSIZE, 65536, 65536).unwrap();
    Shared::create(name, spec(1000), &Options::new()).unwrap();
    icc_buffer::remove(name).unwrap();
    let error = Shared::create(name, spec(10_000), &Options::new()).err().unwrap();
    assert!(matches!(error, BufferError::NoSpace { .. }) && error.to_string().contains("ulimit"), "{error}");
    let error = Shared::anonymous(spec(10_000), &Options::new()).err().unwrap();
    assert!(matches!(error, BufferError::NoSpace { .. }), "{error}");
}
