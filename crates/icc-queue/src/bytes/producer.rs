//! Producing messages of any length.

use super::head::{Head, Shape};
use super::{BytesQueue, TooLong, TryProduceError};
use crate::{Mode, ProducerError, Room, Spmc};
use core::{fmt, ops::Range, time::Duration};
use icc_buffer::PieceBufferMut;

/// A writing end of a queue of bytes, from [`BytesQueue::producer`]. What is said of
/// [`Producer`](crate::Producer) holds for it, with slots in the place of messages.
pub struct BytesProducer<M: Mode = Spmc> {
    pub(super) producer: crate::Producer<(), M>,
    // Of the queue that `producer` is of.
    buffer: PieceBufferMut,
    shape: Shape,
    /// That of the next message.
    number: u64,
    scratch: Vec<u8>,
}

impl<M: Mode> BytesQueue<M> {
    /// A producer: see [`Queue::producer`](crate::Queue::producer).
    ///
    /// With one producer at a time, a successor of one that was killed in the middle of a message goes on
    /// behind it. What there is of that message is lost, and consumers are told.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn producer(&self) -> Result<BytesProducer<M>, ProducerError> {
        let mut producer = self.queue.producer()?;
        producer.gate.set_bytes(self.reader().clone());
        // With one producer, nobody else writes any more. With many it is a count of its own.
        let number = if self.queue.ledgers() == 0 { self.next_number(self.queue.produced()) } else { 0 };
        Ok(BytesProducer { producer, buffer: self.buffer.clone(), shape: self.shape, number, scratch: Vec::new() })
    }
}

impl<M: Mode> BytesProducer<M> {
    /// Puts a message into the queue and returns the number of its first slot. It may be empty.
    ///
    /// It waits as [`Producer::produce`](crate::Producer::produce) does. Consumers see all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if it is longer than [`longest`](super::BytesQueueReader::longest_message).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Spmc, bytes::BytesQueue};
    ///
    /// let queue = BytesQueue::<Spmc>::new(64)?;
    /// let mut producer = queue.producer()?;
    /// assert_eq!(producer.produce(b"short"), Ok(0));
    /// assert_eq!(producer.produce(&[7; 1000]), Ok(1)); // five slots
    /// assert_eq!(producer.produce(b""), Ok(6));
    /// assert!(producer.produce(&[7; 1_000_000]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn produce(&mut self, message: &[u8]) -> Result<u64, TooLong> {
        let Self { producer, buffer, shape, number, .. } = self;
        put(producer, buffer, *shape, number, message)
    }

    /// Puts a message of `len` bytes into the queue that `fill` writes, and returns the number of its first
    /// slot.
    ///
    /// `fill` gets memory of this producer, which holds zeros or what an earlier message left there, and may
    /// take its time: nothing is claimed before it returns. If it panics, nothing is produced.
    ///
    /// # Errors
    ///
    /// As [`produce`](Self::produce); `fill` was not called then.
    ///
    /// # Examples
    ///
    /// ```
    /// # let queue = icc_queue::bytes::BytesQueue::<icc_queue::Spmc>::new(64)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// producer.produce_with(12, |message| {
    ///     message[..4].copy_from_slice(&7_u32.to_le_bytes());
    ///     message[4..].copy_from_slice(b"snapshot");
    /// })?;
    ///
    /// let mut message = Vec::new();
    /// consumer.try_consume_into(&mut message)?;
    /// assert_eq!(message, b"\x07\0\0\0snapshot");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn produce_with(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<u64, TooLong> {
        let Self { producer, buffer, shape, number, scratch } = self;
        if shape.slots(len).is_none() {
            return Err(TooLong { len, longest: shape.longest() });
        }
        if scratch.len() < len {
            scratch.resize(len, 0);
        }
        fill(&mut scratch[..len]);
        put(producer, buffer, *shape, number, &scratch[..len])
    }

    /// Puts a message into the queue and returns the number of its first slot, if that needs no waiting: see
    /// [`Producer::try_produce`](crate::Producer::try_produce).
    ///
    /// # Errors
    ///
    /// As there, in [`TryProduceError::NoRoom`]; [`TryProduceError::TooLong`]. Nothing was produced, and no
    /// slot taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::bytes::{BytesQueue, TryProduceError};
    /// use icc_queue::{Evict, QueueSpec, Spmc, TryProduceError::Full};
    ///
    /// let queue = BytesQueue::<Spmc>::new(QueueSpec::new(16).holding(Evict::Never))?;
    /// let mut producer = queue.producer()?;
    /// let mut recorder = queue.holding_consumer("recorder")?;
    /// let snapshot = [7; 800]; // four slots
    /// (0..4).for_each(|_| _ = producer.try_produce(&snapshot).expect("there is room"));
    /// let full = producer.try_produce(&snapshot);
    /// assert!(matches!(full, Err(TryProduceError::NoRoom(Full { .. }))));
    ///
    /// recorder.try_consume_into(&mut Vec::new())?;
    /// assert_eq!(producer.try_produce(&snapshot), Ok(16));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_produce(&mut self, message: &[u8]) -> Result<u64, TryProduceError> {
        let (head, shape) = (self.head(message)?, self.shape);
        let first = try_put(&mut self.producer, &self.buffer, shape, head, message)?;
        self.number = self.number.wrapping_add(1);
        Ok(first)
    }

    /// As [`try_produce`](Self::try_produce), but tries for up to `timeout`: see
    /// [`Producer::produce_timeout`](crate::Producer::produce_timeout).
    ///
    /// # Errors
    ///
    /// As [`try_produce`](Self::try_produce), once the time is over; what cannot change at once.
    pub fn produce_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<u64, TryProduceError> {
        let (head, shape, buffer) = (self.head(message)?, self.shape, &self.buffer);
        let first = self.producer.retry_for(timeout, |producer| try_put(producer, buffer, shape, head, message))?;
        self.number = self.number.wrapping_add(1);
        Ok(first)
    }

    /// Counts messages from here on.
    pub(super) fn set_number(&mut self, number: u64) {
        self.number = number;
    }

    /// What the first slot of the next message says, if that is this one.
    #[inline(always)]
    fn head(&self, message: &[u8]) -> Result<Head, TooLong> {
        let (len, number) = (message.len(), self.number);
        let count = self.shape.slots(len).ok_or(TooLong { len, longest: self.shape.longest() })?;
        Ok(Head { index: 0, count, len: len as u64, number })
    }

    /// What to wait for when there was no room: see [`Producer::room`](crate::Producer::room).
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        self.producer.room()
    }

    /// The number of the next slot: see [`next_sequence`](crate::Producer::next_sequence).
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.producer.next_sequence()
    }

    /// The bytes of the longest message.
    #[must_use]
    pub fn longest_message(&self) -> usize {
        self.shape.longest()
    }

    /// Whether this is the copy of a producer in a child process made by `fork`: see
    /// [`Queue::producer`](crate::Queue::producer).
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.producer.is_forked()
    }
}

/// With the parts of a producer, of which some may be borrowed.
#[inline(always)]
fn put<M: Mode>(
    producer: &mut crate::Producer<(), M>,
    buffer: &PieceBufferMut,
    shape: Shape,
    number: &mut u64,
    message: &[u8],
) -> Result<u64, TooLong> {
    let len = message.len();
    let head = |count| Head { index: 0, count, len: len as u64, number: *number };
    let first = match shape.slots(len) {
        Some(1) => producer.put(buffer.to_write(head(1).words(), message)),
        Some(count) => put_several(producer, buffer, shape, head(count), message).start,
        None => return Err(TooLong { len, longest: shape.longest() }),
    };
    *number = number.wrapping_add(1);
    Ok(first)
}

#[inline(always)]
fn try_put<M: Mode>(
    producer: &mut crate::Producer<(), M>,
    buffer: &PieceBufferMut,
    shape: Shape,
    head: Head,
    message: &[u8],
) -> Result<u64, crate::TryProduceError> {
    if head.count == 1 {
        return producer.try_put(buffer.to_write(head.words(), message));
    }
    let pieces = message.chunks(shape.room).enumerate();
    let pieces = pieces.map(|(index, piece)| buffer.to_write(head.at(index).words(), piece));
    producer.try_put_batch(pieces).map(|slots| slots.start)
}

fn put_several<M: Mode>(
    producer: &mut crate::Producer<(), M>,
    buffer: &PieceBufferMut,
    shape: Shape,
    head: Head,
    message: &[u8],
) -> Range<u64> {
    let pieces = message.chunks(shape.room).enumerate();
    let pieces = pieces.map(|(index, piece)| buffer.to_write(head.at(index).words(), piece));
    producer.put_batch(pieces).unwrap_or_else(|_| unreachable!("a message takes no more than a quarter of the ring"))
}

impl<M: Mode> fmt::Debug for BytesProducer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytesProducer").field("producer", &self.producer).finish_non_exhaustive()
    }
}
