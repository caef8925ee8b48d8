//! Vectors in shared memory.

use crate::{Mode, SeqlockVector, VectorError, VectorReader, mode};
use icc_buffer::{Buffer, BufferError, Expected, Options, Origin, Placement, ReadOnlyBuffer};
use icc_seqlock::Payload;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// A vector of any length, of this type.
fn any<T: Payload, M: Mode, P: Placement>() -> Expected {
    Expected { len: None, ..SeqlockVector::<T, M, P>::spec(1).into() }
}

/// Sees that a vector was made for this mode.
fn check<M: Mode>(words: [u64; 4]) -> Result<(), VectorError> {
    match words[0] {
        code if code == M::CODE => Ok(()),
        code => Err(VectorError::OtherMode { found: mode::describe(code), expected: M::NAME }),
    }
}

/// Tracked vectors have more lines, so the buffer refuses one for the other before its words are known.
fn explain<M: Mode>(error: BufferError) -> VectorError {
    match error {
        BufferError::OtherLayout { field: "lines", .. } => {
            let found = if M::TRACKED { "one that is not tracked" } else { "one that is tracked" };
            VectorError::OtherMode { found, expected: M::NAME }
        }
        error => error.into(),
    }
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// Creates a vector in shared memory that other processes open by `name`.
    ///
    /// A bare name is a file in `/dev/shm`; anything with a slash is a path. It stays until it is [removed](crate::remove), also
    /// without any process.
    ///
    /// # Errors
    ///
    /// [`VectorError::Buffer`] if there is something of this name, no space for it, or the system refuses.
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
    pub fn create(name: impl AsRef<Path>, len: usize, options: &Options) -> Result<Self, VectorError> {
        Ok(Self::over(Buffer::create(name, Self::spec(len), options)?, true))
    }

    /// Opens a vector, to write and read it.
    ///
    /// # Errors
    ///
    /// [`VectorError::OtherMode`] if it is written in another way than `M`. [`VectorError::Buffer`] if there is none, or it holds
    /// something else; the error says what.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, VectorError> {
        Self::attached(Buffer::open(name, any::<T, M, P>(), options))
    }

    /// Opens a vector, or creates it if there is none. Of several processes that do so at once, one creates it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`open`](Self::open). One that exists must have this length.
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
        len: usize,
        options: &Options,
    ) -> Result<(Self, Origin), VectorError> {
        let (buffer, origin) = Buffer::open_or_create(name, Self::spec(len), options).map_err(explain::<M>)?;
        Ok((Self::attached(Ok(buffer))?, origin))
    }

    /// Creates a vector in shared memory without a name, to hand over by its [descriptor](Self::as_fd).
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
    pub fn anonymous(len: usize, options: &Options) -> Result<Self, VectorError> {
        Ok(Self::over(Buffer::anonymous(Self::spec(len), options)?, true))
    }

    /// Opens a vector by a descriptor that was handed over, to write and read it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, VectorError> {
        Self::attached(Buffer::from_fd(descriptor, any::<T, M, P>(), options))
    }

    /// The descriptor of the shared memory, to hand to another process; none if the vector is private. Do not lock it.
    #[must_use]
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.buffer.as_fd()
    }

    fn attached(buffer: Result<Buffer<T, P>, BufferError>) -> Result<Self, VectorError> {
        let buffer = buffer.map_err(explain::<M>)?;
        check::<M>(buffer.words())?;
        Ok(Self::over(buffer, true))
    }
}

impl<T: Payload, M: Mode, P: Placement> VectorReader<T, M, P> {
    /// Opens a vector to read it. The memory is mapped read-only, and permission to read the file is enough.
    ///
    /// # Errors
    ///
    /// As [`SeqlockVector::open`].
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, VectorError> {
        Self::attached(ReadOnlyBuffer::open(name, any::<T, M, P>(), options))
    }

    /// Opens a vector by a descriptor that was handed over, to read it. The memory is mapped read-only.
    ///
    /// # Errors
    ///
    /// As [`SeqlockVector::open`].
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, VectorError> {
        Self::attached(ReadOnlyBuffer::from_fd(descriptor, any::<T, M, P>(), options))
    }

    /// The path of the shared memory when it was created or opened; none if the vector is private or has no name.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.buffer.path()
    }

    fn attached(buffer: Result<ReadOnlyBuffer<T, P>, BufferError>) -> Result<Self, VectorError> {
        let buffer = buffer.map_err(explain::<M>)?;
        check::<M>(buffer.words())?;
        Ok(Self::new(buffer, true))
    }
}
