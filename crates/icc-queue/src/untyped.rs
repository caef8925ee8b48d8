//! Queues whose message type this program learns only when it runs: for a command line, a recorder
//! of anything.

mod any;
mod producer;
mod queue;
mod seen;
mod waitable;

pub use any::{AnyProducer, AnyQueue};
pub use producer::Producer;
pub use queue::Queue;

use crate::layout::KIND;
use crate::{
    HoldError, Lost, Options, Position, QueueError, Recovery, Seen, StartError, TryConsumeError, WaitStrategy, Waited,
};
use core::{fmt, ops::Deref};
use icc_buffer::{BufferError, Descriptors, UntypedBuffer};
use icc_seqlock::BeingWritten;
use std::path::Path;
use std::time::Instant;

/// A queue to consume from, whose messages are bytes.
///
/// As [`crate::QueueReader`], and as unnoticed. It derefs to one of `()`, which sees the messages as
/// empty: how many were produced, by how many, where the queue is, and so on. Its consumers are
/// this type's own.
///
/// # Examples
///
/// ```
/// use icc_queue::{Lost, Options, Queue, TryConsumeError, untyped};
///
/// let name = format!("icc-queue-untyped-{}", std::process::id());
/// let feed = Queue::<u32>::create(&name, 4, &Options::new())?;
/// let mut producer = feed.producer()?;
/// (0..6).for_each(|n| _ = producer.produce(&n));
///
/// let queue = untyped::QueueReader::open(&name, &Options::new())?;
/// assert_eq!((queue.capacity(), queue.produced(), queue.message_size()), (4, 6, 4));
/// assert_eq!(queue.buffer().inspected().element.name, "u32");
/// let mut consumer = queue.consumer_at(queue.position(2))?;
/// let mut message = vec![0; queue.message_size()];
/// assert_eq!(consumer.try_consume_into(&mut message), Ok(2));
/// assert_eq!(message, 2_u32.to_ne_bytes());
///
/// (6..12).for_each(|n| _ = producer.produce(&n));
/// let lost = Err(TryConsumeError::SpedPast(Lost { first: 3, next: 8 }));
/// assert_eq!(consumer.try_consume_into(&mut message), lost);
/// icc_queue::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct QueueReader {
    /// Sees the same slots as `buffer`.
    ring: crate::QueueReader<()>,
    buffer: UntypedBuffer,
}

impl QueueReader {
    /// Opens a queue of any message type to consume from it. The memory is mapped read-only, and
    /// permission to read the file is enough.
    ///
    /// # Errors
    ///
    /// [`QueueError::Buffer`] if there is none, or it is not a queue; the error says what it is.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, QueueError> {
        Self::over(UntypedBuffer::open(name, options)?)
    }

    /// Opens a queue of any message type by a descriptor that was handed over, or by two.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, QueueError> {
        Self::over(UntypedBuffer::from_fd(descriptors, options)?)
    }

    /// The queue in a buffer that is open already.
    ///
    /// # Errors
    ///
    /// [`QueueError::Buffer`] if the buffer is not a queue; the error says what it is.
    pub fn over(buffer: UntypedBuffer) -> Result<Self, QueueError> {
        let found = buffer.inspected();
        if found.kind != KIND {
            return Err(BufferError::OtherKind { path: found.path.clone(), found: found.kind, expected: KIND }.into());
        }
        Ok(Self { ring: crate::QueueReader::over((*buffer).clone())?, buffer })
    }

    /// The buffer that the queue is in, and what its header says.
    #[must_use]
    pub fn buffer(&self) -> &UntypedBuffer {
        &self.buffer
    }

    /// The bytes of a message.
    #[must_use]
    pub fn message_size(&self) -> usize {
        self.buffer.element_size()
    }

    /// What each of the queue's groups is at: see [`Group::status`](crate::Group::status).
    ///
    /// # Errors
    ///
    /// [`BufferError`] if a group's file cannot be read, or a system call fails.
    pub fn group_statuses(&self) -> Result<Vec<crate::GroupStatus>, BufferError> {
        crate::group::statuses(&self.ring, self.message_size())
    }

    /// See [`crate::QueueReader::consumer`].
    #[must_use]
    pub fn consumer(&self) -> Consumer {
        self.reading(self.ring.consumer())
    }

    /// See [`crate::QueueReader::consumer_from_oldest`].
    #[must_use]
    pub fn consumer_from_oldest(&self) -> Consumer {
        self.reading(self.ring.consumer_from_oldest())
    }

    /// See [`crate::QueueReader::consumer_at`].
    ///
    /// # Errors
    ///
    /// [`StartError`] if the position is one of another queue, or its message is not kept any more or
    /// not there yet. It says what is kept.
    pub fn consumer_at(&self, position: Position) -> Result<Consumer, StartError> {
        Ok(self.reading(self.ring.consumer_at(position)?))
    }

    /// See [`crate::QueueReader::holding_consumer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn holding_consumer(&self, label: &str) -> Result<Seen<Consumer>, HoldError> {
        Ok(self.ring.holding_consumer(label)?.map(|cursor| self.reading(cursor)))
    }

    /// See [`crate::QueueReader::holding_consumer_at`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn holding_consumer_at(&self, label: &str, position: Position) -> Result<Seen<Consumer>, HoldError> {
        Ok(self.ring.holding_consumer_at(label, position)?.map(|cursor| self.reading(cursor)))
    }

    fn reading(&self, cursor: crate::Consumer<()>) -> Consumer {
        Consumer { cursor, buffer: self.buffer.clone() }
    }
}

impl Deref for QueueReader {
    type Target = crate::QueueReader<()>;

    fn deref(&self) -> &crate::QueueReader<()> {
        &self.ring
    }
}

impl fmt::Debug for QueueReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueReader").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

/// A reading end of a queue, whose messages are bytes. Its methods are those of [`crate::Consumer`],
/// with the same accounting: see there.
#[derive(Clone)]
pub struct Consumer {
    /// Knows where this consumer is and what it lost. It reads no messages itself.
    cursor: crate::Consumer<()>,
    /// Of the queue that `cursor` is in.
    buffer: UntypedBuffer,
}

impl Consumer {
    /// Copies the next message into `out` and returns its sequence number. Never waits.
    ///
    /// # Errors
    ///
    /// [`TryConsumeError::Empty`] if the next message is not there yet.
    /// [`TryConsumeError::SpedPast`] if it was overwritten: the error tells which ones were lost, and
    /// the consumer goes on after them as its [`Recovery`] says. `out` is then meaningless.
    ///
    /// # Panics
    ///
    /// If `out` is not as long as a [message](QueueReader::message_size).
    pub fn try_consume_into(&mut self, out: &mut [u8]) -> Result<u64, TryConsumeError> {
        self.take(out)
            .map_err(|ahead| self.cursor.miss(ahead).map_or(TryConsumeError::Empty, TryConsumeError::SpedPast))
    }

    /// Copies the next messages into `out`, as many as are there and fit, one behind the other, and
    /// returns how many. Never waits.
    ///
    /// They follow each other: the first has the sequence number that
    /// [`next_sequence`](Self::next_sequence) gave before the call. What `out` holds beyond them is
    /// meaningless.
    ///
    /// # Errors
    ///
    /// [`Lost`] if the first of them was overwritten. If a later one was, those before it are
    /// returned, and the next call reports the loss.
    ///
    /// # Panics
    ///
    /// If the length of `out` is not a multiple of a [message's](QueueReader::message_size).
    pub fn try_consume_batch(&mut self, out: &mut [u8]) -> Result<usize, Lost> {
        // Messages of no bytes take no room: one at a time.
        let size = self.buffer.element_size();
        if size == 0 {
            return match self.take(&mut []) {
                Ok(_) => Ok(1),
                Err(ahead) => self.cursor.miss(ahead).map_or(Ok(0), Err),
            };
        }
        assert!(out.len().is_multiple_of(size), "the output has room for whole messages");
        let mut count = 0;
        for message in out.chunks_exact_mut(size) {
            match self.take(message) {
                Ok(_) => count += 1,
                Err(ahead) if count == 0 => return self.cursor.miss(ahead).map_or(Ok(0), Err),
                Err(_) => break,
            }
        }
        Ok(count)
    }

    /// Copies the next message into `out` and moves on, or tells how far ahead of it the slot stands,
    /// as [`crate::Consumer`] does.
    fn take(&mut self, out: &mut [u8]) -> Result<u64, i64> {
        let (n, ring) = (self.cursor.next, self.cursor.queue.geometry);
        let slot =
            self.buffer.bytes(ring.index(n)).unwrap_or_else(|| unreachable!("the capacity is the buffer's length"));
        match slot.try_read_at(ring.complete(n), out) {
            Ok(()) => {
                self.cursor.next = n.wrapping_add(1);
                Ok(n)
            }
            Err(BeingWritten { version, .. }) => Err(ring.ahead(version, n)),
        }
    }

    /// Waits once for the next message, as `wait` says, and at most until `deadline`: sleeps at the
    /// queue's bell if it is [wakeable](crate::QueueSpec::wakeable). For loops that do other things
    /// as well; `round` is how often this message has been waited for before.
    ///
    /// It may return before there is a message. A strategy without
    /// [`wait_with`](WaitStrategy::wait_with) knows no deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Options, Park, Queue, QueueSpec, Waited, untyped};
    /// use std::time::{Duration, Instant};
    ///
    /// let feed = Queue::<u64>::anonymous(QueueSpec::new(4).wakeable(), &Options::new())?;
    /// let ring = feed.as_fd().expect("it is shared").try_clone_to_owned()?;
    /// let readers = feed.readers_fd().expect("it is wakeable").try_clone_to_owned()?;
    /// let queue = untyped::QueueReader::from_fd((ring, readers), &Options::new())?;
    /// let (mut consumer, mut message) = (queue.consumer(), [0; 8]);
    ///
    /// let soon = Instant::now() + Duration::from_millis(1);
    /// let waited = consumer.wait(&mut Park::new(Duration::ZERO), 0, Some(soon));
    /// assert_eq!((waited, Instant::now() >= soon), (Waited::Slept, true));
    ///
    /// feed.producer()?.produce(&7);
    /// consumer.wait(&mut Park::default(), 0, None);
    /// assert_eq!(consumer.try_consume_into(&mut message), Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(&mut self, wait: &mut (impl WaitStrategy + ?Sized), round: u64, deadline: Option<Instant>) -> Waited {
        self.cursor.pause(wait, round, deadline)
    }

    /// See [`crate::Consumer::is_ready`].
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.cursor.is_ready()
    }

    /// See [`crate::Consumer::with_recovery`].
    #[must_use]
    pub fn with_recovery(self, recovery: Recovery) -> Self {
        Self { cursor: self.cursor.with_recovery(recovery), ..self }
    }

    /// See [`crate::Consumer::stopped`].
    #[must_use]
    pub fn stopped(&self) -> Option<Lost> {
        self.cursor.stopped()
    }

    /// See [`crate::Consumer::resume`].
    pub fn resume(&mut self) -> Option<Lost> {
        self.cursor.resume()
    }

    /// See [`crate::Consumer::skip_to_newest`].
    pub fn skip_to_newest(&mut self) -> u64 {
        self.cursor.skip_to_newest()
    }

    /// See [`crate::Consumer::lag`].
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.cursor.lag()
    }

    /// See [`crate::Consumer::headroom`].
    #[must_use]
    pub fn headroom(&self) -> u64 {
        self.cursor.headroom()
    }

    /// See [`crate::Consumer::next_sequence`].
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.cursor.next_sequence()
    }

    /// See [`crate::Consumer::position`].
    #[must_use]
    pub fn position(&self) -> Position {
        self.cursor.position()
    }

    /// See [`crate::Consumer::received`].
    #[must_use]
    pub fn received(&self) -> u64 {
        self.cursor.received()
    }

    /// See [`crate::Consumer::lost`].
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.cursor.lost()
    }

    /// See [`crate::Consumer::skipped`].
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.cursor.skipped()
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cursor.fmt(f)
    }
}
