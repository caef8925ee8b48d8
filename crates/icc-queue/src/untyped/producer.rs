//! Producing messages whose type is known by a description alone.

use crate::{BatchTooLong, Mode, ProduceAtError, Spmc, TryProduceError};
use core::{fmt, ops::Range};
use icc_buffer::UntypedBufferMut;

/// A producer of a queue whose messages are bytes, from [`Queue::producer`](super::Queue::producer). Its
/// methods are those of [`crate::Producer`].
///
/// # Examples
///
/// ```
/// use icc_queue::{Options, Queue, QueueReader, QueueSpec, Spmc, untyped};
///
/// let [one, other] = ["one", "other"].map(|one| format!("icc-queue-replay-{one}-{}", std::process::id()));
/// Queue::<u32>::create(&one, 4, &Options::new())?;
///
/// // The same, by what the header of the first says.
/// let element = icc_buffer::inspect(&one)?.element;
/// let spec = QueueSpec::new(4).starting_at(100);
/// let queue = untyped::Queue::<Spmc>::create(&other, &element, spec, &Options::new())?;
/// let mut producer = queue.producer()?;
/// assert_eq!(producer.produce(&7_u32.to_ne_bytes()), 100);
///
/// let mut consumer = QueueReader::<u32>::open(&other, &Options::new())?.consumer_from_oldest();
/// assert_eq!(consumer.try_consume(), Ok(7));
/// icc_queue::remove(&one)?;
/// icc_queue::remove(&other)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: the producer is one of a queue over the cells of `buffer`.
pub struct Producer<M: Mode = Spmc> {
    producer: crate::Producer<(), M>,
    buffer: UntypedBufferMut,
}

impl<M: Mode> Producer<M> {
    pub(super) fn new(producer: crate::Producer<(), M>, buffer: UntypedBufferMut) -> Self {
        Self { producer, buffer }
    }

    /// Puts a message into the queue and returns its sequence number: see
    /// [`produce`](crate::Producer::produce).
    ///
    /// # Panics
    ///
    /// If it is not as long as the element type says.
    #[inline]
    pub fn produce(&mut self, message: &[u8]) -> u64 {
        self.producer.put(self.buffer.payload(message))
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
        self.producer.try_put(self.buffer.payload(message))
    }

    /// Puts messages into the queue that lie one behind the other: see
    /// [`produce_batch`](crate::Producer::produce_batch).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// If they are not whole messages, or messages of this queue have no bytes.
    pub fn produce_batch(&mut self, messages: &[u8]) -> Result<Range<u64>, BatchTooLong> {
        let size = self.buffer.element_size();
        assert!(size != 0 && messages.len().is_multiple_of(size), "they are whole messages");
        self.producer.put_batch(messages.chunks_exact(size).map(|message| self.buffer.payload(message)))
    }

    /// The sequence number of the next message: see [`next_sequence`](crate::Producer::next_sequence).
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.producer.next_sequence()
    }

    /// The bytes of a message.
    #[must_use]
    pub fn message_size(&self) -> usize {
        self.buffer.element_size()
    }

    /// Whether this is the copy of a producer in a child process made by `fork`: see
    /// [`producer`](crate::Queue::producer).
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.producer.is_forked()
    }
}

impl Producer<Spmc> {
    /// Whether producing may wait, for consumers that hold.
    pub(super) fn may_wait(&self) -> bool {
        self.buffer.is_holding()
    }

    /// Puts a message into the queue under the number `n`, and leaves out those before it: see
    /// [`produce_at`](crate::Producer::produce_at).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As [`produce`](Self::produce).
    pub fn produce_at(&mut self, n: u64, message: &[u8]) -> Result<(), ProduceAtError> {
        self.producer.put_at(n, self.buffer.payload(message))
    }

    /// Leaves out the messages before `n`: see [`skip_to`](crate::Producer::skip_to).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn skip_to(&mut self, n: u64) -> Result<(), ProduceAtError> {
        self.producer.skip_to(n)
    }
}

impl<M: Mode> fmt::Debug for Producer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}
