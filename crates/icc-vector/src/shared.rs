//! Vectors in shared memory.

use crate::mode::ModeKind;
use crate::vector::KIND;
use crate::{Mode, Payload, Placement, SeqlockVector, VectorError, VectorReader, VectorSpec, register};
use icc_buffer::{Buffer, BufferError, Descriptors, Expected, Options, Origin, ReadOnlyBuffer};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What stands for the path of a vector without a name.
const ANONYMOUS: &str = "memfd:icc";

/// The mode that a header's word stands for, if this version of the crate knows it.
pub(crate) fn mode_of(word: u64) -> Option<ModeKind> {
    use ModeKind::{Multi, Single, TrackedMulti, TrackedSingle};
    [Multi, Single, TrackedMulti, TrackedSingle].into_iter().find(|kind| kind.word() == word)
}

/// The mode of a vector that was opened, if it is known and the buffer has the counters that it
/// needs.
fn checked<T>(buffer: &ReadOnlyBuffer<T>) -> Result<ModeKind, VectorError> {
    let path = || buffer.path().unwrap_or(Path::new(ANONYMOUS)).to_owned();
    let [word, ..] = buffer.words();
    let Some(kind) = mode_of(word) else {
        return Err(VectorError::UnknownMode { path: path(), found: word });
    };
    let (found, expected) = (buffer.counter_count(), register::counters(kind.is_tracked()));
    if found != expected {
        return Err(VectorError::WrongCounters { path: path(), found, expected });
    }
    Ok(kind)
}

/// A refused mode, if that is what a buffer says with its word 0.
pub(crate) fn explain<M: Mode>(error: BufferError) -> VectorError {
    match error {
        BufferError::OtherWord { path, index: 0, found, .. } => match mode_of(found) {
            Some(found) => other_mode::<M>(path, found),
            None => VectorError::UnknownMode { path, found },
        },
        error => error.into(),
    }
}

fn other_mode<M: Mode>(path: PathBuf, found: ModeKind) -> VectorError {
    VectorError::OtherMode { path, found: found.name(), expected: M::KIND.name() }
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// Creates a vector in shared memory that other processes open by `name`.
    ///
    /// A bare name is a file in `/dev/shm`; anything with a slash is a path. It stays until it is
    /// [removed](crate::remove), also without any process.
    ///
    /// # Errors
    ///
    /// [`VectorError::Buffer`] if there is something of this name, no space for it, or the system
    /// refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, SeqlockVector, VectorReader};
    ///
    /// let name = format!("icc-vector-example-{}", std::process::id());
    /// let health = SeqlockVector::<u32>::create(&name, 100, &Options::new())?;
    /// let mut worker = health.writer()?;
    ///
    /// // In another process:
    /// let dashboard = VectorReader::<u32>::open(&name, &Options::new())?;
    ///
    /// worker.write(42, &200)?;
    /// assert_eq!(dashboard.read(42)?, 200);
    /// icc_vector::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "shm")]
    pub fn create(name: impl AsRef<Path>, spec: impl Into<VectorSpec>, options: &Options) -> Result<Self, VectorError> {
        // SAFETY: the buffer was made for this spec.
        Ok(unsafe { Self::over(&Buffer::create(name, Self::spec(spec.into()), options)?) })
    }

    /// Opens a vector, to write and read it.
    ///
    /// # Errors
    ///
    /// [`VectorError::OtherMode`] if its mode is not `M`. [`VectorError::Buffer`] if there is none,
    /// or it holds something else; the error says what.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, VectorError> {
        Self::attached(Buffer::open(name, Self::expected(), options))
    }

    /// As [`open`](Self::open), but waits for up to `timeout` for a creator that has not started yet:
    /// looks for the name again and again, sleeping between.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`BufferError::NotFound`] once the time is over.
    pub fn open_within(name: impl AsRef<Path>, timeout: Duration, options: &Options) -> Result<Self, VectorError> {
        Self::attached(Buffer::open_within(name, Self::expected(), timeout, options))
    }

    /// Opens a vector, or creates it if there is none. Of several processes that do so at once, one
    /// creates it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`open`](Self::open). One that exists must have this length,
    /// and be [wakeable](VectorSpec::wakeable) if that is asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, Origin, SeqlockVector, SingleWriter};
    ///
    /// let name = format!("icc-vector-either-{}", std::process::id());
    /// let (vector, origin) = SeqlockVector::<u32, SingleWriter>::open_or_create(&name, 100, &Options::new())?;
    /// assert_eq!(origin, Origin::Created);
    /// icc_vector::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(
        name: impl AsRef<Path>,
        spec: impl Into<VectorSpec>,
        options: &Options,
    ) -> Result<(Self, Origin), VectorError> {
        let spec = spec.into();
        let (spec, expected) = (Self::spec(spec), Self::expected_as(spec));
        let (buffer, origin) = Buffer::open_or_create(name, spec, expected, options).map_err(explain::<M>)?;
        Ok((Self::attached(Ok(buffer))?, origin))
    }

    /// Creates a vector in shared memory without a name, to hand over by its
    /// [descriptor](VectorReader::as_fd).
    ///
    /// It goes away with the last process that has it. Nobody can resize it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, SeqlockVector, VectorReader};
    ///
    /// let health = SeqlockVector::<u32>::anonymous(100, &Options::new())?;
    /// health.writer()?.write(42, &200)?;
    ///
    /// // Send it over a socket, or let a child process inherit it as its standard input.
    /// let descriptor = health.as_fd().expect("shared memory has one").try_clone_to_owned()?;
    /// let dashboard = VectorReader::<u32>::from_fd(descriptor, &Options::new())?;
    /// assert_eq!(dashboard.read(42)?, 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anonymous(spec: impl Into<VectorSpec>, options: &Options) -> Result<Self, VectorError> {
        // SAFETY: the buffer was made for this spec.
        Ok(unsafe { Self::over(&Buffer::anonymous(Self::spec(spec.into()), options)?) })
    }

    /// Opens a vector by a descriptor that was handed over, or by two if it is
    /// [wakeable](VectorSpec::wakeable), to write and read it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`BufferError::NoReadersDescriptor`] if the second is missing.
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, VectorError> {
        Self::attached(Buffer::from_fd(descriptors, Self::expected(), options))
    }

    /// A vector of this type and mode, as one made by `spec` is.
    pub(crate) const fn expected_as(spec: VectorSpec) -> Expected {
        let expected = Self::expected().len(spec.len);
        if spec.wakeable { expected.wakeable() } else { expected }
    }

    /// A vector of any length, of this type and mode.
    pub(crate) const fn expected() -> Expected {
        Expected::new(KIND).word(0, M::KIND.word())
    }

    pub(crate) fn attached(buffer: Result<Buffer<T, P>, BufferError>) -> Result<Self, VectorError> {
        let buffer = buffer.map_err(explain::<M>)?;
        let kind = checked(&buffer)?;
        if kind != M::KIND {
            return Err(other_mode::<M>(buffer.path().unwrap_or(Path::new(ANONYMOUS)).to_owned(), kind));
        }
        // SAFETY: the mode and the number of counters were just checked.
        Ok(unsafe { Self::over(&buffer) })
    }
}

impl<T: Payload> VectorReader<T> {
    /// Opens a vector to read it, of whatever mode and placement. The memory is mapped read-only,
    /// and permission to read the file is enough.
    ///
    /// # Errors
    ///
    /// [`VectorError::Buffer`] if there is no such vector, or it holds something else; the error
    /// says what. [`VectorError::UnknownMode`] or [`VectorError::WrongCounters`] if another version
    /// of this crate made it, or it is damaged.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, Packed, SeqlockVector, SingleWriter, Tracked, VectorReader};
    ///
    /// let name = format!("icc-vector-any-{}", std::process::id());
    /// let quotes = SeqlockVector::<[f64; 2], Tracked<SingleWriter>, Packed>::create(&name, 100, &Options::new())?;
    /// quotes.writer()?.write(7, &[99.5, 100.5])?;
    ///
    /// // A reader need not know how the vector is written.
    /// let reader = VectorReader::<[f64; 2]>::open(&name, &Options::new())?;
    /// assert_eq!((reader.read(7)?, reader.is_tracked()), ([99.5, 100.5], true));
    /// icc_vector::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, VectorError> {
        Self::attached(ReadOnlyBuffer::open(name, Expected::new(KIND), options))
    }

    /// As [`open`](Self::open), but waits for up to `timeout` for a creator that has not started yet:
    /// looks for the name again and again, sleeping between.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`BufferError::NotFound`] once the time is over.
    pub fn open_within(name: impl AsRef<Path>, timeout: Duration, options: &Options) -> Result<Self, VectorError> {
        Self::attached(ReadOnlyBuffer::open_within(name, Expected::new(KIND), timeout, options))
    }

    /// Opens a vector by a descriptor that was handed over, to read it. The memory is mapped
    /// read-only. Readers of a [wakeable](VectorSpec::wakeable) vector are woken if they get its second
    /// descriptor, too.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, VectorError> {
        Self::attached(ReadOnlyBuffer::from_fd(descriptors, Expected::new(KIND), options))
    }

    pub(crate) fn attached(buffer: Result<ReadOnlyBuffer<T>, BufferError>) -> Result<Self, VectorError> {
        let buffer = buffer?;
        let kind = checked(&buffer)?;
        // SAFETY: the number of counters was just checked.
        Ok(unsafe { Self::over(buffer, kind) })
    }
}

impl<T> VectorReader<T> {
    /// The descriptor of the shared memory, to hand to another process; none if the vector is
    /// private. Do not lock it.
    ///
    /// It is open as this handle is: for reading only, if the handle was opened so.
    #[must_use]
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.buffer.as_fd()
    }

    /// The path of the shared memory when it was created or opened; none if the vector is private
    /// or has no name.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.buffer.path()
    }

    /// Whether the vector's name still leads to this very vector. If not, it was removed, and a writer
    /// that opens or creates that name writes another one: open it again.
    ///
    /// Always `true` for a vector without a name, also a private one. Two system calls at most: not for
    /// a hot loop.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, SeqlockVector};
    ///
    /// let name = format!("icc-vector-current-{}", std::process::id());
    /// let vector = SeqlockVector::<u64>::create(&name, 4, &Options::new())?;
    /// assert!(vector.is_current()?);
    /// icc_vector::remove(&name)?;
    /// assert!(!vector.is_current()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_current(&self) -> Result<bool, BufferError> {
        self.buffer.is_current()
    }
}
