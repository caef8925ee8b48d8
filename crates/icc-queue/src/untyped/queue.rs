//! Queues to produce into, whose message type is known by a description alone.

use super::{Producer, QueueReader};
use crate::layout::KIND;
use crate::queue::begin;
use crate::shared::{expected, explain};
use crate::{Mode, Options, ProducerError, QueueError, QueueSpec, Spmc};
use core::{fmt, ops::Deref};
use icc_buffer::{ElementType, UntypedBufferMut};
use std::path::Path;

/// A queue to produce into, whose messages are bytes: for a program that replays what was recorded,
/// whatever it is, and for other languages. Programs that have the type open it as theirs.
///
/// It derefs to a [`crate::Queue`] of `()`, which sees the messages as empty; its producers and
/// consumers are this type's own.
///
/// # Examples
///
/// ```
/// use icc_buffer::ElementType;
/// use icc_queue::{Mpmc, Options, Queue, QueueReader, untyped};
///
/// let name = format!("icc-queue-untyped-queue-{}", std::process::id());
/// let element = ElementType::new("u32", 4, 4);
/// let made = untyped::Queue::<Mpmc>::create(&name, &element, 4, &Options::new())?;
/// let mut producer = made.producer()?;
/// assert_eq!(producer.produce(&7_u32.to_ne_bytes()), 0);
///
/// // Another program has the type; both produce.
/// let queue = Queue::<u32, Mpmc>::open(&name, &Options::new())?;
/// assert_eq!(queue.producer()?.produce(&8), 1);
/// let mut consumer = queue.consumer_from_oldest();
/// assert_eq!((consumer.try_consume(), consumer.try_consume()), (Ok(7), Ok(8)));
/// icc_queue::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: `queue` is over the cells of `buffer`.
pub struct Queue<M: Mode = Spmc> {
    queue: crate::Queue<(), M>,
    buffer: UntypedBufferMut,
}

impl<M: Mode> Queue<M> {
    /// Creates a queue, as [`crate::Queue::create`] does, for messages that `element` describes. What it
    /// says goes into the header, and so does the schema of the options.
    ///
    /// # Errors
    ///
    /// As there; and if no type has this size and alignment.
    pub fn create(
        name: impl AsRef<Path>,
        element: &ElementType,
        spec: impl Into<QueueSpec>,
        options: &Options,
    ) -> Result<Self, QueueError> {
        let spec = spec.into();
        let asked = crate::Queue::<(), M>::buffer_spec(&spec)?;
        // Messages of zeros: the memory is new, so the versions are all there is to write.
        let init = |buffer: &UntypedBufferMut| begin(buffer.cells::<M::Placement>(), &spec);
        Self::over(UntypedBufferMut::create::<M::Placement>(name, element, asked, options, init)?)
    }

    /// Opens a queue of this mode to produce into it: one of any message type, or of one that is as
    /// `element` says.
    ///
    /// Where both the queue and the options have a schema, these are compared in place of the type's
    /// name.
    ///
    /// # Errors
    ///
    /// As [`crate::Queue::open`].
    pub fn open(name: impl AsRef<Path>, element: Option<&ElementType>, options: &Options) -> Result<Self, QueueError> {
        let opened = UntypedBufferMut::open(name, expected::<M>(), element, options);
        Self::over(opened.map_err(explain::<M>)?)
    }

    fn over(buffer: UntypedBufferMut) -> Result<Self, QueueError> {
        debug_assert_eq!(buffer.inspected().kind, KIND);
        Ok(Self { queue: crate::Queue::over(buffer.cells())?, buffer })
    }

    /// This queue for consumers only.
    ///
    /// # Errors
    ///
    /// None that can be here: what it checks was checked.
    pub fn reader(&self) -> Result<QueueReader, QueueError> {
        QueueReader::over((*self.buffer).clone())
    }

    /// The bytes of a message.
    #[must_use]
    pub fn message_size(&self) -> usize {
        self.buffer.element_size()
    }

    /// A producer: see [`crate::Queue::producer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn producer(&self) -> Result<Producer<M>, ProducerError> {
        Ok(Producer::new(self.queue.producer()?, self.buffer.clone()))
    }
}

impl<M: Mode> Deref for Queue<M> {
    type Target = crate::Queue<(), M>;

    fn deref(&self) -> &crate::Queue<(), M> {
        &self.queue
    }
}

impl<M: Mode> Clone for Queue<M> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), buffer: self.buffer.clone() }
    }
}

impl<M: Mode> fmt::Debug for Queue<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}
