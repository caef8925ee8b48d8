//! Producing in whichever mode a queue of bytes has.

use super::{BytesProducer, BytesQueue, BytesQueueReader, TryProduceError};
use crate::layout::{MANY_PRODUCERS, MODE};
use crate::{Mpmc, Options, ProducerError, QueueError, QueueSpec, Spmc};
use std::path::Path;

/// A queue of bytes to produce into, in whichever mode it has: for other languages.
///
/// # Examples
///
/// ```
/// use icc_queue::{Mpmc, Options};
/// use icc_queue::bytes::{AnyBytesQueue, BytesQueue};
///
/// let name = format!("icc-queue-any-bytes-{}", std::process::id());
/// let queue = BytesQueue::<Mpmc>::create(&name, 64, &Options::new())?;
/// let mut producer = AnyBytesQueue::open(&name, &Options::new())?.producer()?;
/// assert_eq!(producer.produce(b"hello")?, 0);
///
/// let mut message = Vec::new();
/// queue.consumer_from_oldest().try_consume_into(&mut message)?;
/// assert_eq!(message, b"hello");
/// icc_queue::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub enum AnyBytesQueue {
    /// For one producer.
    One(BytesQueue<Spmc>),
    /// For many.
    Many(BytesQueue<Mpmc>),
}

impl AnyBytesQueue {
    /// Creates a queue for one producer or, if `many`, for many: see [`BytesQueue::create`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create(
        name: impl AsRef<Path>,
        spec: impl Into<QueueSpec>,
        many: bool,
        options: &Options,
    ) -> Result<Self, QueueError> {
        if many {
            BytesQueue::create(name, spec, options).map(Self::Many)
        } else {
            BytesQueue::create(name, spec, options).map(Self::One)
        }
    }

    /// Opens a queue in the mode that it has: see [`BytesQueue::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        // What it says is only a guess: opening checks it.
        let found = icc_buffer::inspect(&name)?;
        if found.words[MODE] == MANY_PRODUCERS {
            BytesQueue::open(name, options).map(Self::Many)
        } else {
            BytesQueue::open(name, options).map(Self::One)
        }
    }

    /// This queue for consumers only.
    #[must_use]
    pub fn reader(&self) -> &BytesQueueReader {
        match self {
            Self::One(queue) => queue.reader(),
            Self::Many(queue) => queue.reader(),
        }
    }

    /// Whether producing may wait for anybody: of many producers for another one, of a queue created for it
    /// for consumers that hold.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        matches!(self, Self::Many(_)) || self.reader().evicts().is_some()
    }

    /// A producer: see [`BytesQueue::producer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn producer(&self) -> Result<AnyBytesProducer, ProducerError> {
        match self {
            Self::One(queue) => queue.producer().map(AnyBytesProducer::One),
            Self::Many(queue) => queue.producer().map(AnyBytesProducer::Many),
        }
    }
}

/// A producer of messages of any length in whichever mode its queue has, from [`AnyBytesQueue::producer`]. In
/// a child process made by `fork`, every call fails.
#[derive(Debug)]
pub enum AnyBytesProducer {
    /// The only one.
    One(BytesProducer<Spmc>),
    /// One of many.
    Many(BytesProducer<Mpmc>),
}

impl AnyBytesProducer {
    /// Puts a message into the queue and returns the number of its first slot: see
    /// [`BytesProducer::produce`], which may wait for another producer or a consumer that holds.
    ///
    /// # Errors
    ///
    /// [`TryProduceError::TooLong`]; [`NoRoom`](TryProduceError::NoRoom) of
    /// [`Forked`](crate::TryProduceError::Forked), and of no other.
    #[inline]
    pub fn produce(&mut self, message: &[u8]) -> Result<u64, TryProduceError> {
        match self {
            _ if self.is_forked() => Err(crate::TryProduceError::Forked.into()),
            Self::One(producer) => Ok(producer.produce(message)?),
            Self::Many(producer) => Ok(producer.produce(message)?),
        }
    }

    /// See [`BytesProducer::try_produce`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn try_produce(&mut self, message: &[u8]) -> Result<u64, TryProduceError> {
        match self {
            Self::One(producer) => producer.try_produce(message),
            Self::Many(producer) => producer.try_produce(message),
        }
    }

    /// The number of the next slot: see [`next_sequence`](crate::Producer::next_sequence).
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        match self {
            Self::One(producer) => producer.next_sequence(),
            Self::Many(producer) => producer.next_sequence(),
        }
    }

    /// The bytes of the longest message.
    #[must_use]
    pub fn longest_message(&self) -> usize {
        match self {
            Self::One(producer) => producer.longest_message(),
            Self::Many(producer) => producer.longest_message(),
        }
    }

    /// See [`is_forked`](crate::Producer::is_forked).
    #[must_use]
    pub fn is_forked(&self) -> bool {
        match self {
            Self::One(producer) => producer.is_forked(),
            Self::Many(producer) => producer.is_forked(),
        }
    }
}
