//! Queues of bytes in shared memory.

use super::{BytesQueue, BytesQueueReader};
use crate::layout::{BYTES_KIND, MODE};
use crate::queue::begin;
use crate::shared::explain;
use crate::{Evict, Mode, QueueError, QueueSpec};
use icc_buffer::{BufferError, Descriptors, Expected, Options, Origin, PieceBuffer, PieceBufferMut, UntypedBuffer};
use std::path::Path;

fn expected<M: Mode>() -> Expected {
    Expected::new(BYTES_KIND).word(MODE, M::CODE)
}

impl<M: Mode> BytesQueue<M> {
    /// Creates a queue in shared memory: see [`Queue::create`](crate::Queue::create).
    ///
    /// # Errors
    ///
    /// As there, and as [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Spmc};
    /// use icc_queue::bytes::{BytesQueue, BytesQueueReader};
    ///
    /// let name = format!("icc-queue-bytes-{}", std::process::id());
    /// let news = BytesQueue::<Spmc>::create(&name, 1024, &Options::new())?;
    /// let mut producer = news.producer()?;
    ///
    /// // In another process:
    /// let mut consumer = BytesQueueReader::open(&name, &Options::new())?.consumer();
    ///
    /// producer.produce(b"headline")?;
    /// let mut message = Vec::new();
    /// consumer.try_consume_into(&mut message)?;
    /// assert_eq!(message, b"headline");
    /// icc_queue::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(name: impl AsRef<Path>, spec: impl Into<QueueSpec>, options: &Options) -> Result<Self, QueueError> {
        let spec = spec.into();
        let asked = Self::buffer_spec(&spec)?;
        let init = |buffer: &PieceBufferMut| begin(buffer.cells::<M::Placement>(), &spec);
        Self::over(PieceBufferMut::create::<M::Placement>(name, spec.slot_size, asked, options, init)?)
    }

    /// Opens a queue, to produce into it and consume from it: see [`Queue::open`](crate::Queue::open). Its
    /// slots may have any size.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::over(PieceBufferMut::open(name, expected::<M>(), options).map_err(explain::<M>)?)
    }

    /// Opens a queue, or creates it if there is none: see
    /// [`Queue::open_or_create`](crate::Queue::open_or_create).
    ///
    /// # Errors
    ///
    /// As there, and [`QueueError::OtherSlotSize`].
    pub fn open_or_create(
        name: impl AsRef<Path>,
        spec: impl Into<QueueSpec>,
        options: &Options,
    ) -> Result<(Self, Origin), QueueError> {
        /// Each further one means that others created *and* removed the queue in between.
        const ROUNDS: u32 = 100;
        let (spec, name) = (spec.into(), name.as_ref());
        // What cannot be created is not opened either.
        Self::buffer_spec(&spec)?;
        let mut expected = expected::<M>().len(spec.capacity);
        (expected.wakeable, expected.seen) = (spec.wakeable, spec.seen);
        let mut round = 0;
        loop {
            round += 1;
            match PieceBufferMut::open(name, expected, options) {
                Ok(buffer) => return Self::as_asked(Self::over(buffer)?, &spec).map(|queue| (queue, Origin::Opened)),
                // The second: it was removed just now.
                Err(BufferError::NotFound { .. } | BufferError::NoReadersFile { .. }) if round < ROUNDS => {}
                Err(error) => return Err(explain::<M>(error)),
            }
            match Self::create(name, spec, options) {
                Err(QueueError::Buffer(BufferError::AlreadyExists { .. })) if round < ROUNDS => {}
                done => return done.map(|queue| (queue, Origin::Created)),
            }
        }
    }

    /// One that exists, if it is as this says.
    fn as_asked(queue: Self, spec: &QueueSpec) -> Result<Self, QueueError> {
        let path = || queue.place().unwrap_or_default();
        let [found, asked] = [queue.evicts(), spec.holding].map(|evict| evict.map_or(0, Evict::code));
        if found != asked {
            return Err(QueueError::OtherEviction { path: path(), found: queue.evicts(), expected: spec.holding });
        }
        if queue.slot_size() != spec.slot_size {
            let (found, expected) = (queue.slot_size(), spec.slot_size);
            return Err(QueueError::OtherSlotSize { path: path(), found, expected });
        }
        Ok(queue)
    }

    /// Creates a queue in shared memory without a name: see [`Queue::anonymous`](crate::Queue::anonymous).
    ///
    /// # Errors
    ///
    /// As there, and as [`new`](Self::new).
    pub fn anonymous(spec: impl Into<QueueSpec>, options: &Options) -> Result<Self, QueueError> {
        let spec = spec.into();
        let asked = Self::buffer_spec(&spec)?;
        let buffer = PieceBufferMut::anonymous::<M::Placement>(spec.slot_size, asked, options)?;
        begin(buffer.cells::<M::Placement>(), &spec);
        Self::over(buffer)
    }

    /// Opens a queue by a descriptor that was handed over, or by two: see
    /// [`Queue::from_fd`](crate::Queue::from_fd).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, QueueError> {
        Self::over(PieceBufferMut::from_fd(descriptors, expected::<M>(), options).map_err(explain::<M>)?)
    }
}

impl BytesQueueReader {
    /// Opens a queue to consume from it, however it is written: see
    /// [`QueueReader::open`](crate::QueueReader::open).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::new(PieceBuffer::open(name, Expected::new(BYTES_KIND), options)?)
    }

    /// Opens a queue by a descriptor that was handed over, or by two, to consume from it: see
    /// [`QueueReader::from_fd`](crate::QueueReader::from_fd).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, QueueError> {
        Self::new(PieceBuffer::from_fd(descriptors, Expected::new(BYTES_KIND), options)?)
    }

    /// The queue in a buffer that is open already.
    ///
    /// # Errors
    ///
    /// [`QueueError::Buffer`] if the buffer is no queue of bytes; the error says what it is.
    pub fn over(buffer: &UntypedBuffer) -> Result<Self, QueueError> {
        let found = buffer.inspected();
        if found.kind != BYTES_KIND {
            let (path, found, expected) = (found.path.clone(), found.kind, BYTES_KIND);
            return Err(BufferError::OtherKind { path, found, expected }.into());
        }
        Self::new(PieceBuffer::over(buffer)?)
    }
}
