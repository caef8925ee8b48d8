//! Producing in whichever mode a queue has.

use super::{Producer, Queue};
use crate::layout::{MANY_PRODUCERS, MODE};
use crate::{BatchTooLong, Mpmc, Options, ProduceAtError, ProducerError, QueueError, QueueSpec, Spmc, TryProduceError};
use core::ops::Range;
use icc_buffer::ElementType;
use std::path::Path;

/// A queue to produce into, whose messages are bytes, in whichever mode it has: for other languages.
///
/// # Examples
///
/// ```
/// use icc_queue::{Mpmc, Options, Queue, untyped::AnyQueue};
///
/// let name = format!("icc-queue-any-{}", std::process::id());
/// let queue = Queue::<u32, Mpmc>::create(&name, 4, &Options::new())?;
/// let mut producer = AnyQueue::open(&name, None, &Options::new())?.producer()?;
/// assert_eq!(producer.produce(&7_u32.to_ne_bytes())?, 0);
/// assert_eq!(queue.consumer_from_oldest().try_consume(), Ok(7));
/// icc_queue::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub enum AnyQueue {
    /// For one producer.
    One(Queue<Spmc>),
    /// For many.
    Many(Queue<Mpmc>),
}

impl AnyQueue {
    /// Creates a queue for one producer or, if `many`, for many: see [`Queue::create`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create(
        name: impl AsRef<Path>,
        element: &ElementType,
        spec: impl Into<QueueSpec>,
        many: bool,
        options: &Options,
    ) -> Result<Self, QueueError> {
        if many {
            Queue::create(name, element, spec, options).map(Self::Many)
        } else {
            Queue::create(name, element, spec, options).map(Self::One)
        }
    }

    /// Opens a queue in the mode that it has: see [`Queue::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(name: impl AsRef<Path>, element: Option<&ElementType>, options: &Options) -> Result<Self, QueueError> {
        // What it says is only a guess: opening checks it.
        let found = icc_buffer::inspect(&name)?;
        if found.words[MODE] == MANY_PRODUCERS {
            Queue::open(name, element, options).map(Self::Many)
        } else {
            Queue::open(name, element, options).map(Self::One)
        }
    }

    /// A producer: see [`Queue::producer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn producer(&self) -> Result<AnyProducer, ProducerError> {
        match self {
            Self::One(queue) => queue.producer().map(AnyProducer::One),
            Self::Many(queue) => queue.producer().map(AnyProducer::Many),
        }
    }

    /// The bytes of a message.
    #[must_use]
    pub fn message_size(&self) -> usize {
        match self {
            Self::One(queue) => queue.message_size(),
            Self::Many(queue) => queue.message_size(),
        }
    }
}

/// A producer of bytes in whichever mode its queue has, from [`AnyQueue::producer`]. In a child process
/// made by `fork`, every call fails.
#[derive(Debug)]
pub enum AnyProducer {
    /// The only one.
    One(Producer<Spmc>),
    /// One of many.
    Many(Producer<Mpmc>),
}

impl AnyProducer {
    /// Puts a message into the queue and returns its sequence number: see
    /// [`produce`](crate::Producer::produce), which may wait for another producer or a consumer that holds.
    ///
    /// # Errors
    ///
    /// [`TryProduceError::Forked`], and no other.
    ///
    /// # Panics
    ///
    /// If it is not as long as the element type says.
    #[inline]
    pub fn produce(&mut self, message: &[u8]) -> Result<u64, TryProduceError> {
        match self {
            _ if self.is_forked() => Err(TryProduceError::Forked),
            Self::One(producer) => Ok(producer.produce(message)),
            Self::Many(producer) => Ok(producer.produce(message)),
        }
    }

    /// See [`try_produce`](crate::Producer::try_produce).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As [`produce`](Self::produce).
    #[inline]
    pub fn try_produce(&mut self, message: &[u8]) -> Result<u64, TryProduceError> {
        match self {
            Self::One(producer) => producer.try_produce(message),
            Self::Many(producer) => producer.try_produce(message),
        }
    }

    /// See [`Producer::produce_batch`]. Ask [`is_forked`](Self::is_forked) first.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn produce_batch(&mut self, messages: &[u8]) -> Result<Range<u64>, BatchTooLong> {
        match self {
            Self::One(producer) => producer.produce_batch(messages),
            Self::Many(producer) => producer.produce_batch(messages),
        }
    }

    /// See [`Producer::produce_at`].
    ///
    /// # Errors
    ///
    /// As there; [`ProduceAtError::NoGaps`] of many producers.
    ///
    /// # Panics
    ///
    /// As [`produce`](Self::produce).
    pub fn produce_at(&mut self, n: u64, message: &[u8]) -> Result<(), ProduceAtError> {
        match self {
            Self::One(producer) => producer.produce_at(n, message),
            Self::Many(_) => Err(ProduceAtError::NoGaps),
        }
    }

    /// See [`skip_to`](crate::Producer::skip_to).
    ///
    /// # Errors
    ///
    /// As there; [`ProduceAtError::NoGaps`] of many producers.
    pub fn skip_to(&mut self, n: u64) -> Result<(), ProduceAtError> {
        match self {
            Self::One(producer) => producer.skip_to(n),
            Self::Many(_) => Err(ProduceAtError::NoGaps),
        }
    }

    /// See [`next_sequence`](crate::Producer::next_sequence).
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        match self {
            Self::One(producer) => producer.next_sequence(),
            Self::Many(producer) => producer.next_sequence(),
        }
    }

    /// The bytes of a message.
    #[must_use]
    pub fn message_size(&self) -> usize {
        match self {
            Self::One(producer) => producer.message_size(),
            Self::Many(producer) => producer.message_size(),
        }
    }

    /// Whether producing may wait for anybody: of many producers for another one, of a queue created for
    /// it for consumers that hold.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        match self {
            Self::One(producer) => producer.may_wait(),
            Self::Many(_) => true,
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
