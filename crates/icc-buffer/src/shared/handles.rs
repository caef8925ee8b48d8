//! What handles can do in shared memory: create, open, remove.

use super::attach::{attach_to_memfd, attach_to_name};
use super::create::{create_anonymous, create_at};
use super::file::{self, Access};
use super::{Descriptors, Mapping, Options, Owner, beside, name};
use crate::header::MAGIC;
use crate::layout::HEADER_BYTES;
use crate::placement::possible;
use crate::{Buffer, BufferError, Expected, Placement, ReadOnlyBuffer, Spec};
use core::time::Duration;
use icc_seqlock::primitive::{sleep, step};
use icc_seqlock::{Payload, Seqlock};
use std::fs;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

/// Whether a buffer was [opened or created](Buffer::open_or_create).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This call created it.
    Created,
    /// It was there.
    Opened,
}

/// Removes a buffer's name, and the files beside it of its readers and their groups. Processes that
/// have it open continue to use it; the memory is freed with the last of them.
///
/// Readers' files that earlier buffers of this name left, because a process was killed between two
/// steps, are removed as well, also if there is no buffer.
///
/// Only a file that begins as a buffer does is removed, of whatever type and version.
///
/// # Errors
///
/// [`BufferError::TooSmall`] or [`BufferError::WrongMagic`] if it is not a buffer; others if there
/// is none, if it is not a regular file, or without permission to read and remove it.
pub fn remove(name: impl AsRef<Path>) -> Result<(), BufferError> {
    let path = name::resolve(name.as_ref())?;
    let failed = |error: std::io::Error| file::failed_io(&error, &path, "remove");
    let file = file::open(&path, Access::Read, &Options::new().owner(Owner::Anyone)).inspect_err(|error| {
        if let BufferError::NotFound { .. } = error {
            beside::sweep(&path);
        }
    })?;
    let found = file::metadata(&file, &path)?.len();
    if found < HEADER_BYTES as u64 {
        return Err(BufferError::TooSmall { path, found, expected: HEADER_BYTES as u64 });
    }
    let mut magic = [0; 8];
    file.read_exact_at(&mut magic, 0).map_err(failed)?;
    let found = u64::from_ne_bytes(magic);
    if found != MAGIC {
        return Err(BufferError::WrongMagic { path, found, expected: MAGIC });
    }
    // The buffer first: until then, whoever opens it finds its readers' file.
    let found = beside::identify(&file);
    fs::remove_file(&path).map_err(failed)?;
    step("buffer removed");
    let ours = beside::all_of(&path).into_iter().filter(|(_, of)| found.is_some_and(|(_, instance)| *of == instance));
    for (beside, _) in ours {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(file::failed_io(&error, &beside, "remove"));
            }
            _ => {}
        }
    }
    beside::sweep(&path);
    Ok(())
}

/// Tries to open a buffer until it is found or the time is over.
fn found_within<R>(timeout: Duration, mut open: impl FnMut() -> Result<R, BufferError>) -> Result<R, BufferError> {
    const LONGEST_PAUSE: Duration = Duration::from_millis(10);
    let deadline = Instant::now().checked_add(timeout);
    let mut pause = Duration::from_millis(1);
    loop {
        let left = deadline.map_or(LONGEST_PAUSE, |end| end.saturating_duration_since(Instant::now()));
        match open() {
            Err(BufferError::NotFound { .. }) if !left.is_zero() => sleep(pause.min(left)),
            done => return done,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl<T: Payload, P: Placement> Buffer<T, P> {
    /// The distances between slots that this type can write.
    fn strides() -> [usize; 2] {
        possible::<P>(size_of::<Seqlock<T>>())
    }

    /// Creates a buffer that other processes open by `name`, all slots at version 0 and holding
    /// zeros, all counters 0.
    ///
    /// A bare name is a file in `/dev/shm`; anything with a slash is a path. The file appears
    /// complete and in one step, so nobody ever opens a half-made one, and a process that dies
    /// during this call leaves nothing behind. Its memory is really reserved. It stays until it is
    /// [removed](remove), even when no process uses it.
    ///
    /// # Errors
    ///
    /// [`BufferError::AlreadyExists`] if something has this name already; [`BufferError::NoSpace`]
    /// if the file system is full; other errors as they say.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, BufferError, Expected, Kind, Options, Packed, ReadOnlyBuffer, Spec};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// const KIND: Kind = Kind::new("example");
    /// let name = format!("icc-example-create-{}", std::process::id());
    /// let spec = Spec::new(KIND, 3);
    /// let feed = Buffer::<u64, Packed>::create(&name, spec, &Options::new())?;
    /// feed.slot(1).unwrap().write(&7);
    ///
    /// // In another process:
    /// let dashboard = ReadOnlyBuffer::<u64>::open(&name, Expected::new(KIND), &Options::new())?;
    /// assert_eq!(dashboard.slot(1).unwrap().try_read(), Ok(7));
    ///
    /// let again = Buffer::<u64, Packed>::create(&name, spec, &Options::new());
    /// assert!(matches!(again, Err(BufferError::AlreadyExists { .. })));
    /// icc_buffer::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(name: impl AsRef<Path>, spec: Spec, options: &Options) -> Result<Self, BufferError> {
        Self::create_with(name, spec, options, |_| {})
    }

    /// As [`create`](Self::create), but runs `init` on the buffer before anybody else can open it.
    ///
    /// If `init` panics, there is no buffer.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_with(
        name: impl AsRef<Path>,
        spec: Spec,
        options: &Options,
        init: impl FnOnce(&Self),
    ) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        create_at(&path, spec, options, init)
    }

    /// Opens a buffer to read and write it.
    ///
    /// Nothing in the file is trusted. It must be a regular file of an allowed owner, and every
    /// field of its header is checked against `T`, `P`, `expected` and the file's size. Nothing
    /// that another process writes later can lead this one outside of the memory.
    ///
    /// # Errors
    ///
    /// [`BufferError::NotFound`] if there is none; others as they say.
    pub fn open(name: impl AsRef<Path>, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        attach_to_name(&path, Access::ReadWrite, expected, Some(Self::strides()), options).map(Self::writable)
    }

    /// As [`open`](Self::open), but waits for up to `timeout` for a creator that has not started yet:
    /// looks for the name again and again, sleeping between, from one millisecond to ten.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`BufferError::NotFound`] once the time is over. Any other error at
    /// once.
    pub fn open_within(
        name: impl AsRef<Path>,
        expected: Expected,
        timeout: Duration,
        options: &Options,
    ) -> Result<Self, BufferError> {
        found_within(timeout, || Self::open(&name, expected, options))
    }

    /// Opens a buffer, or creates it if there is none. If several processes do so at once, one of
    /// them creates it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) and [`create`](Self::create). An existing buffer must be as
    /// `expected`; what that leaves open may differ from `spec`.
    pub fn open_or_create(
        name: impl AsRef<Path>,
        spec: Spec,
        expected: Expected,
        options: &Options,
    ) -> Result<(Self, Origin), BufferError> {
        Self::open_or_create_with(name, spec, expected, options, |_| {})
    }

    /// As [`open_or_create`](Self::open_or_create), but if this call creates the buffer, it runs
    /// `init` on it before anybody else can open it.
    ///
    /// `init` may also run in a call that returns an opened buffer: if another process created one
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// As [`open_or_create`](Self::open_or_create).
    pub fn open_or_create_with(
        name: impl AsRef<Path>,
        spec: Spec,
        expected: Expected,
        options: &Options,
        mut init: impl FnMut(&Self),
    ) -> Result<(Self, Origin), BufferError> {
        /// Each further round means that others created *and* removed the buffer in between.
        const ROUNDS: u32 = 100;
        let path = name::resolve(name.as_ref())?;
        for _ in 0..ROUNDS {
            match attach_to_name(&path, Access::ReadWrite, expected, Some(Self::strides()), options) {
                Ok(reader) => {
                    beside::sweep(&path);
                    return Ok((Self::writable(reader), Origin::Opened));
                }
                Err(BufferError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
            match create_at(&path, spec, options, &mut init) {
                Ok(buffer) => return Ok((buffer, Origin::Created)),
                Err(BufferError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(BufferError::AlreadyExists { path })
    }

    /// Creates a buffer without a name, which other processes get by its
    /// [descriptor](ReadOnlyBuffer::as_fd).
    ///
    /// A `memfd`, sealed so that nobody can change its size. It is gone with its last user. Also
    /// use it for a buffer of this process alone that should be locked or in huge pages.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system refuses it.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Expected, Kind, Options, Packed, ReadOnlyBuffer, Spec};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// const KIND: Kind = Kind::new("example");
    /// let feed = Buffer::<u64, Packed>::anonymous(Spec::new(KIND, 3), &Options::new())?;
    /// feed.slot(0).unwrap().write(&7);
    ///
    /// // Send it over a socket, or let a child process inherit it as its standard input.
    /// let descriptor = feed.as_fd().expect("shared memory has one").try_clone_to_owned()?;
    /// let dashboard = ReadOnlyBuffer::<u64>::from_fd(descriptor, Expected::new(KIND), &Options::new())?;
    /// assert_eq!(dashboard.slot(0).unwrap().try_read(), Ok(7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anonymous(spec: Spec, options: &Options) -> Result<Self, BufferError> {
        create_anonymous(spec, options)
    }

    /// Opens a buffer that was created [without a name](Self::anonymous), by its descriptor or, if
    /// it is wakeable, its [two](Descriptors), to read and write it.
    ///
    /// Checks everything that [`open`](Self::open) does, except the owner: a process that passes a
    /// descriptor on is trusted. The seals are checked instead.
    ///
    /// # Errors
    ///
    /// [`BufferError::NotSealed`] if its size can change; [`BufferError::PermissionDenied`] if the
    /// descriptor is for reading only; [`BufferError::NoReadersDescriptor`] if the buffer is
    /// wakeable and only its own descriptor is given; other errors as they say.
    pub fn from_fd(
        descriptors: impl Into<Descriptors>,
        expected: Expected,
        options: &Options,
    ) -> Result<Self, BufferError> {
        let strides = Some(Self::strides());
        attach_to_memfd(descriptors.into(), Access::ReadWrite, expected, strides, options).map(Self::writable)
    }
}

impl<T: Payload> ReadOnlyBuffer<T> {
    /// Opens a buffer to read it. The memory is mapped read-only, and permission to read the file
    /// is enough.
    ///
    /// # Errors
    ///
    /// As [`Buffer::open`].
    pub fn open(name: impl AsRef<Path>, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        attach_to_name(&path, Access::Read, expected, None, options)
    }

    /// As [`open`](Self::open), but waits for up to `timeout` for a creator that has not started yet:
    /// looks for the name again and again, sleeping between, from one millisecond to ten.
    ///
    /// # Errors
    ///
    /// As [`Buffer::open_within`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use icc_buffer::{Buffer, Expected, Kind, Options, Packed, ReadOnlyBuffer, Spec};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// const KIND: Kind = Kind::new("example");
    /// let name = format!("icc-example-within-{}", std::process::id());
    /// let open = || ReadOnlyBuffer::<u64>::open_within(&name, Expected::new(KIND), Duration::from_secs(10), &Options::new());
    /// std::thread::scope(|scope| {
    ///     let dashboard = scope.spawn(open);
    ///     let feed = Buffer::<u64, Packed>::create(&name, Spec::new(KIND, 3), &Options::new())?;
    ///     assert_eq!(dashboard.join().expect("no panic")?.instance(), feed.instance());
    ///     icc_buffer::remove(&name)
    /// })?;
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    pub fn open_within(
        name: impl AsRef<Path>,
        expected: Expected,
        timeout: Duration,
        options: &Options,
    ) -> Result<Self, BufferError> {
        found_within(timeout, || Self::open(&name, expected, options))
    }

    /// Opens a buffer to read it, by descriptor. The memory is mapped read-only.
    ///
    /// # Errors
    ///
    /// As [`Buffer::from_fd`]; a descriptor for reading only is enough. Of a wakeable buffer, the
    /// second descriptor is needed only to be woken; it must then be for writing, too.
    pub fn from_fd(
        descriptors: impl Into<Descriptors>,
        expected: Expected,
        options: &Options,
    ) -> Result<Self, BufferError> {
        attach_to_memfd(descriptors.into(), Access::Read, expected, None, options)
    }
}

impl<T> ReadOnlyBuffer<T> {
    /// The descriptor of the shared memory, to pass to another process; none if the buffer is
    /// private.
    ///
    /// Like this handle, it is for reading only, or for reading and writing. It is closed by
    /// `exec`, so a child process gets a copy of it, such as its standard input. It stays this
    /// handle's: neither close nor lock it, since the locks that stand for held ids are tested
    /// through it. Of a buffer with a name it leads to the same file; other processes had better
    /// open it by that name.
    #[must_use]
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.memory().mapping().map(|mapping| mapping.descriptor().unchecked().as_fd())
    }

    /// The descriptor of the memory in which readers sleep, to pass on together with
    /// [that of the buffer](Self::as_fd); none if the buffer is private or not
    /// [wakeable](crate::Spec::wakeable), or this handle has no access to that memory. Do not lock
    /// it.
    #[must_use]
    pub fn readers_fd(&self) -> Option<BorrowedFd<'_>> {
        let mapping = self.memory().readers.as_ref()?.mapping()?;
        Some(mapping.descriptor().unchecked().as_fd())
    }

    /// The path that the shared memory was created or opened at; none if the buffer is private or
    /// has no name.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        let mapping = self.memory().mapping()?;
        mapping.absolute().map(|_| mapping.path())
    }

    /// Whether the buffer's name still leads to this very buffer. If not, it was removed, and there
    /// may be another of its name by now, which whoever opens it gets.
    ///
    /// Always `true` for a buffer without a name, also a private one. Two system calls at most: not
    /// for a hot loop.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system does not tell, such as without permission for the directory.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Options, Packed, Spec};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// let name = format!("icc-example-current-{}", std::process::id());
    /// let spec = Spec::new(Kind::new("example"), 3);
    /// let buffer = Buffer::<u64, Packed>::create(&name, spec, &Options::new())?;
    /// assert!(buffer.is_current()?);
    /// icc_buffer::remove(&name)?;
    /// assert!(!buffer.is_current()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_current(&self) -> Result<bool, BufferError> {
        self.memory().mapping().map_or(Ok(true), Mapping::is_current)
    }
}
