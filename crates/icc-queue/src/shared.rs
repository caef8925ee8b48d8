//! Queues in shared memory.

use crate::{Mode, Queue, QueueError, QueueReader, geometry::Geometry};
use icc_buffer::{Buffer, Expected, Options, Origin, ReadOnlyBuffer};
use icc_seqlock::Payload;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// A queue of any capacity, of this type.
fn any<T: Payload, M: Mode>() -> Expected {
    Expected { len: None, ..Queue::<T, M>::spec(2).into() }
}

impl<T: Payload, M: Mode> Queue<T, M> {
    /// Creates a queue in shared memory that other processes open by `name`.
    ///
    /// A bare name is a file in `/dev/shm`; anything with a slash is a path. It stays until it is
    /// [removed](icc_buffer::remove), also without any process.
    ///
    /// # Errors
    ///
    /// [`QueueError::Capacity`] if `capacity` is not a power of two of at least 2. [`QueueError::Buffer`] if there is something of
    /// this name, no space for it, or the system refuses.
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
    pub fn create(name: impl AsRef<Path>, capacity: usize, options: &Options) -> Result<Self, QueueError> {
        let geometry = Geometry::new(capacity)?;
        Ok(Self::over(Buffer::create(name, Self::spec(capacity), options)?, geometry))
    }

    /// Opens a queue, to produce into it and consume from it.
    ///
    /// # Errors
    ///
    /// [`QueueError::Buffer`] if there is none, or it is not a queue of this mode and message type; the error says what it is.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::attached(Buffer::open(name, any::<T, M>(), options)?)
    }

    /// Opens a queue, or creates it if there is none. Of several processes that do so at once, one creates it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`open`](Self::open). One that exists must have this capacity.
    pub fn open_or_create(
        name: impl AsRef<Path>,
        capacity: usize,
        options: &Options,
    ) -> Result<(Self, Origin), QueueError> {
        let geometry = Geometry::new(capacity)?;
        let (buffer, origin) = Buffer::open_or_create(name, Self::spec(capacity), options)?;
        Ok((Self::over(buffer, geometry), origin))
    }

    /// Creates a queue in shared memory without a name, to hand over by its [descriptor](Self::as_fd).
    ///
    /// It goes away with the last process that has it. Nobody can resize it.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn anonymous(capacity: usize, options: &Options) -> Result<Self, QueueError> {
        let geometry = Geometry::new(capacity)?;
        Ok(Self::over(Buffer::anonymous(Self::spec(capacity), options)?, geometry))
    }

    /// Opens a queue by a descriptor that was handed over, to produce into it and consume from it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, QueueError> {
        Self::attached(Buffer::from_fd(descriptor, any::<T, M>(), options)?)
    }

    /// The descriptor of a queue in shared memory without a name.
    #[must_use]
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.buffer.as_fd()
    }

    fn attached(buffer: Buffer<T, M::Placement>) -> Result<Self, QueueError> {
        let geometry = Geometry::new(buffer.len())?;
        Ok(Self::over(buffer, geometry))
    }
}

impl<T: Payload, M: Mode> QueueReader<T, M> {
    /// Opens a queue to consume from it. The memory is mapped read-only.
    ///
    /// # Errors
    ///
    /// As [`Queue::open`].
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::attached(ReadOnlyBuffer::open(name, any::<T, M>(), options)?)
    }

    /// Opens a queue by a descriptor that was handed over, to consume from it. The memory is mapped read-only.
    ///
    /// # Errors
    ///
    /// As [`Queue::open`].
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, QueueError> {
        Self::attached(ReadOnlyBuffer::from_fd(descriptor, any::<T, M>(), options)?)
    }

    fn attached(buffer: ReadOnlyBuffer<T, M::Placement>) -> Result<Self, QueueError> {
        let geometry = Geometry::new(buffer.len())?;
        Ok(Self::new(buffer, geometry))
    }
}
