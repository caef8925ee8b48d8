//! Queues in shared memory.

use crate::layout::{KIND, MODE};
use crate::queue::{BufferOf, begin};
use crate::{Mode, Queue, QueueError, QueueReader, QueueSpec, mode};
use icc_buffer::{BufferError, Expected, Options, Origin, ReadOnlyBuffer};
use icc_seqlock::Payload;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// A queue of any capacity in mode `M`.
const fn expected<M: Mode>() -> Expected {
    Expected::new(KIND).word(MODE, M::CODE)
}

/// An error in the words of this layer.
fn explain<M: Mode>(error: BufferError) -> QueueError {
    match error {
        BufferError::OtherWord { path, index: MODE, found, .. } => {
            QueueError::OtherMode { path, found: mode::name_of(found), expected: mode::name_of(M::CODE) }
        }
        error => error.into(),
    }
}

impl<T: Payload, M: Mode> Queue<T, M> {
    /// Creates a queue in shared memory that other processes open by `name`.
    ///
    /// A bare name is a file in `/dev/shm`; anything with a slash is a path. It stays until it is
    /// [removed](icc_buffer::remove), also without any process.
    ///
    /// # Errors
    ///
    /// [`QueueError::Capacity`] if `capacity` is not a power of two of at least 2.
    /// [`QueueError::Buffer`] if there is something of this name, no space for it, or the system
    /// refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Queue, QueueReader};
    ///
    /// let name = format!("icc-queue-example-{}", std::process::id());
    /// let feed = Queue::<u64>::create(&name, 1024, &Options::new())?;
    /// let mut producer = feed.producer()?;
    ///
    /// // In another process:
    /// let mut consumer = QueueReader::<u64>::open(&name, &Options::new())?.consumer();
    ///
    /// producer.produce(&7);
    /// assert_eq!(consumer.try_consume(), Ok(7));
    /// icc_queue::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(name: impl AsRef<Path>, spec: impl Into<QueueSpec>, options: &Options) -> Result<Self, QueueError> {
        let spec = spec.into();
        let init = |buffer: &BufferOf<T, M>| begin(buffer, &spec);
        Self::over(&BufferOf::<T, M>::create_with(name, Self::buffer_spec(&spec)?, options, init)?)
    }

    /// Opens a queue, to produce into it and consume from it.
    ///
    /// # Errors
    ///
    /// [`QueueError::Buffer`] if there is none, or it is not a queue of this mode and message type;
    /// the error says what it is.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::over(&BufferOf::<T, M>::open(name, expected::<M>(), options).map_err(explain::<M>)?)
    }

    /// Opens a queue, or creates it if there is none. Of several processes that do so at once, one
    /// creates it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`open`](Self::open). One that exists must have this mode
    /// and capacity; it keeps its own sequence numbers and its own limit of producers.
    pub fn open_or_create(
        name: impl AsRef<Path>,
        spec: impl Into<QueueSpec>,
        options: &Options,
    ) -> Result<(Self, Origin), QueueError> {
        let spec = spec.into();
        let (wanted, expected) = (Self::buffer_spec(&spec)?, expected::<M>().len(spec.capacity));
        let init = |buffer: &BufferOf<T, M>| begin(buffer, &spec);
        let made = BufferOf::<T, M>::open_or_create_with(name, wanted, expected, options, init);
        let (buffer, origin) = made.map_err(explain::<M>)?;
        Ok((Self::over(&buffer)?, origin))
    }

    /// Creates a queue in shared memory without a name, to hand over by its
    /// [descriptor](QueueReader::as_fd).
    ///
    /// It goes away with the last process that has it. Nobody can resize it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn anonymous(spec: impl Into<QueueSpec>, options: &Options) -> Result<Self, QueueError> {
        let spec = spec.into();
        let buffer = BufferOf::<T, M>::anonymous(Self::buffer_spec(&spec)?, options)?;
        begin(&buffer, &spec);
        Self::over(&buffer)
    }

    /// Opens a queue by a descriptor that was handed over, to produce into it and consume from it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, QueueError> {
        Self::over(&BufferOf::<T, M>::from_fd(descriptor, expected::<M>(), options).map_err(explain::<M>)?)
    }
}

impl<T: Payload> QueueReader<T> {
    /// Opens a queue to consume from it, however it is written. The memory is mapped read-only, and
    /// permission to read the file is enough.
    ///
    /// # Errors
    ///
    /// [`QueueError::Buffer`] if there is none, or it is not a queue of this message type; the
    /// error says what it is.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::over(ReadOnlyBuffer::open(name, Expected::new(KIND), options)?)
    }

    /// Opens a queue by a descriptor that was handed over, to consume from it. The memory is mapped
    /// read-only.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, QueueError> {
        Self::over(ReadOnlyBuffer::from_fd(descriptor, Expected::new(KIND), options)?)
    }
}

impl<T> QueueReader<T> {
    /// The descriptor of the shared memory, to hand to another process; none if the queue is
    /// private. It is open as this handle is: for reading only, if the handle was opened so. Do not
    /// lock it.
    #[must_use]
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.buffer.as_fd()
    }

    /// The path of the shared memory when it was created or opened; none if the queue is private or
    /// has no name.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.buffer.path()
    }

    /// Whether the queue's name still leads to this very queue. If not, it was removed, and a
    /// producer that opens or creates that name produces into another one: open it again.
    ///
    /// Always `true` for a queue without a name, also a private one. Two system calls at most: not
    /// for a hot loop, but for a consumer that finds nothing for a while.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Queue, QueueReader};
    ///
    /// let name = format!("icc-queue-current-{}", std::process::id());
    /// let queue = Queue::<u64>::create(&name, 1024, &Options::new())?;
    /// let reader = QueueReader::<u64>::open(&name, &Options::new())?;
    /// assert!(reader.is_current()?);
    /// icc_queue::remove(&name)?;
    /// assert!(!reader.is_current()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_current(&self) -> Result<bool, BufferError> {
        self.buffer.is_current()
    }
}
