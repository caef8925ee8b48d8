//! Queues in shared memory.

use crate::layout::{KIND, MODE};
use crate::queue::{BufferOf, begin};
use crate::{Evict, Mode, Queue, QueueError, QueueReader, QueueSpec, mode};
use icc_buffer::{BufferError, Descriptors, Expected, Options, Origin, ReadOnlyBuffer};
use icc_seqlock::Payload;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

/// A queue of any capacity in mode `M`.
pub(crate) const fn expected<M: Mode>() -> Expected {
    Expected::new(KIND).word(MODE, M::CODE)
}

/// An error in the words of this layer.
pub(crate) fn explain<M: Mode>(error: BufferError) -> QueueError {
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

    /// As [`open`](Self::open), but waits for up to `timeout` for a creator that has not started yet:
    /// looks for the name again and again, sleeping between.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`BufferError::NotFound`] once the time is over.
    pub fn open_within(name: impl AsRef<Path>, timeout: Duration, options: &Options) -> Result<Self, QueueError> {
        let buffer = BufferOf::<T, M>::open_within(name, expected::<M>(), timeout, options);
        Self::over(&buffer.map_err(explain::<M>)?)
    }

    /// Opens a queue, or creates it if there is none. Of several processes that do so at once, one
    /// creates it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`open`](Self::open). One that exists must have this mode
    /// and capacity, and be [wakeable](QueueSpec::wakeable), [seen](QueueSpec::seen) or with
    /// [gaps](QueueSpec::gaps) if that is asked for, and [holding](QueueSpec::holding) with the same
    /// eviction, or not holding, as asked for; it keeps its own sequence numbers and its own limit of
    /// producers.
    pub fn open_or_create(
        name: impl AsRef<Path>,
        spec: impl Into<QueueSpec>,
        options: &Options,
    ) -> Result<(Self, Origin), QueueError> {
        let spec = spec.into();
        let (wanted, expected) = (Self::buffer_spec(&spec)?, expected::<M>().len(spec.capacity));
        let expected = if spec.wakeable { expected.wakeable() } else { expected };
        let expected = if spec.seen { expected.seen() } else { expected };
        let expected = if spec.gaps { expected.gaps() } else { expected };
        let init = |buffer: &BufferOf<T, M>| begin(buffer, &spec);
        let made = BufferOf::<T, M>::open_or_create_with(name, wanted, expected, options, init);
        let (buffer, origin) = made.map_err(explain::<M>)?;
        let queue = Self::over(&buffer)?;
        let [found, asked] = [queue.evicts(), spec.holding].map(|evict| evict.map_or(0, Evict::code));
        if found != asked {
            // Of a queue that is not to hold, producers do not expect to wait.
            let path = queue.place().unwrap_or_default();
            return Err(QueueError::OtherEviction { path, found: queue.evicts(), expected: spec.holding });
        }
        Ok((queue, origin))
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

    /// Opens a queue by a descriptor that was handed over, or by two if it is
    /// [wakeable](QueueSpec::wakeable), to produce into it and consume from it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`BufferError::NoReadersDescriptor`] if the second is missing.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Queue, QueueSpec};
    ///
    /// let queue = Queue::<u64>::anonymous(QueueSpec::new(8).wakeable(), &Options::new())?;
    /// // Send both over a socket.
    /// let ring = queue.as_fd().expect("shared memory has one").try_clone_to_owned()?;
    /// let readers = queue.readers_fd().expect("it is wakeable").try_clone_to_owned()?;
    ///
    /// let feed = Queue::<u64>::from_fd((ring, readers), &Options::new())?;
    /// assert_eq!(feed.producer()?.produce(&7), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, QueueError> {
        Self::over(&BufferOf::<T, M>::from_fd(descriptors, expected::<M>(), options).map_err(explain::<M>)?)
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

    /// As [`open`](Self::open), but waits for up to `timeout` for a creator that has not started yet:
    /// looks for the name again and again, sleeping between, from one millisecond to ten.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`BufferError::NotFound`] once the time is over. Any other error at
    /// once.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Queue, QueueReader};
    /// use std::time::Duration;
    ///
    /// let name = format!("icc-queue-within-{}", std::process::id());
    /// let never = QueueReader::<u64>::open_within(&name, Duration::from_millis(5), &Options::new());
    /// assert!(never.is_err());
    ///
    /// std::thread::scope(|scope| {
    ///     let opened = scope.spawn(|| QueueReader::<u64>::open_within(&name, Duration::from_secs(10), &Options::new()));
    ///     let queue = Queue::<u64>::create(&name, 8, &Options::new())?;
    ///     assert_eq!(opened.join().expect("no panic")?.instance(), queue.instance());
    ///     icc_queue::remove(&name)?;
    ///     Ok::<(), Box<dyn std::error::Error>>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_within(name: impl AsRef<Path>, timeout: Duration, options: &Options) -> Result<Self, QueueError> {
        Self::over(ReadOnlyBuffer::open_within(name, Expected::new(KIND), timeout, options)?)
    }

    /// Opens a queue by a descriptor that was handed over, to consume from it. The memory is mapped
    /// read-only. Consumers of a [wakeable](QueueSpec::wakeable) queue are woken if they get its second
    /// descriptor, too.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, QueueError> {
        Self::over(ReadOnlyBuffer::from_fd(descriptors, Expected::new(KIND), options)?)
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

    /// The descriptor of the memory in which consumers sleep, to hand over with
    /// [that of the queue](Self::as_fd); none if the queue is private or not
    /// [wakeable](QueueSpec::wakeable), or this handle has no access to it. Do not lock it.
    #[must_use]
    pub fn readers_fd(&self) -> Option<BorrowedFd<'_>> {
        self.buffer.readers_fd()
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
