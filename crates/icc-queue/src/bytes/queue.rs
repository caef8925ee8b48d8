//! The queue of bytes itself.

use super::BytesConsumer;
use super::head::{Head, Shape};
use crate::layout::BYTES_KIND;
use crate::mode::sealed::Properties;
use crate::queue::begin;
use crate::{Mode, Position, Queue, QueueError, QueueReader, QueueSpec, Spmc, StartError};
use core::{fmt, ops::Deref};
use icc_buffer::{PieceBuffer, PieceBufferMut, Spec};
use icc_seqlock::PieceReader;
use icc_seqlock::primitive::spin_loop;

/// A queue of messages of any length that can only be consumed from: see [`BytesQueue`].
///
/// It derefs to a [`QueueReader`] of `()`, which sees the slots as empty: how many were produced, by how
/// many, where the queue is, and so on. Its consumers are this type's own.
// Invariant: `buffer` is the one that `ring` is over.
#[derive(Clone)]
pub struct BytesQueueReader {
    pub(super) ring: QueueReader<()>,
    pub(super) buffer: PieceBuffer,
    pub(super) shape: Shape,
}

impl BytesQueueReader {
    pub(super) fn new(buffer: PieceBuffer) -> Result<Self, QueueError> {
        let ring = QueueReader::over((*buffer).clone())?;
        let shape = Shape::new(buffer.room(), ring.capacity());
        Ok(Self { ring, buffer, shape })
    }

    /// The bytes of a slot, of which 32 are no message's: see [`QueueSpec::slot_size`].
    #[must_use]
    pub fn slot_size(&self) -> usize {
        self.buffer.slot_size()
    }

    /// The bytes of the longest message: those that a quarter of the ring has room for.
    #[must_use]
    pub fn longest_message(&self) -> usize {
        self.shape.longest()
    }

    /// Attaches a consumer, whose first message is the next one that begins: see
    /// [`QueueReader::consumer`].
    #[must_use]
    pub fn consumer(&self) -> BytesConsumer {
        BytesConsumer::starting_at(self, self.ring.produced())
    }

    /// Attaches a consumer, whose first message is the oldest of which all can be read: see
    /// [`QueueReader::consumer_from_oldest`].
    #[must_use]
    pub fn consumer_from_oldest(&self) -> BytesConsumer {
        BytesConsumer::starting_at(self, self.ring.oldest_readable(self.ring.produced()))
    }

    /// Attaches a consumer, whose first message is the one at `position`, or the next that begins after it:
    /// see [`QueueReader::consumer_at`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn consumer_at(&self, position: Position) -> Result<BytesConsumer, StartError> {
        // It checks the position.
        let there = self.ring.consumer_at(position)?;
        Ok(BytesConsumer::starting_at(self, there.next))
    }

    /// The slot with this number.
    #[inline(always)]
    pub(super) fn piece(&self, n: u64) -> PieceReader<'_> {
        // SAFETY: `index` is less than the capacity, which is the buffer's length.
        unsafe { self.buffer.piece_unchecked(self.ring.geometry.index(n)) }
    }

    /// Whether the slot with this number, which its producer is about to write, becomes complete meanwhile.
    ///
    /// A consumer that reads what there is while the rest is written has a message of 1 KiB in slots of 256
    /// bytes after 1.35 times what it takes in one slot, in place of 1.6 times (AMD EPYC); of 4 KiB 1.5 to 2.1
    /// in place of 2.2 to 2.5.
    #[inline(always)]
    pub(super) fn arrives(&self, n: u64) -> bool {
        /// About a microsecond.
        const POLLS: u32 = 64;
        self.ring.is_there(n)
            || (0..POLLS).any(|_| {
                spin_loop();
                self.ring.is_there(n)
            })
    }

    /// What the slot with this number says, if it is complete; else how far ahead of that it is.
    pub(super) fn head_at(&self, n: u64) -> Result<Head, i64> {
        let mut words = [0; 3];
        let ring = self.ring.geometry;
        let read = self.piece(n).try_read_at(ring.complete(n), |found| {
            words = found;
            &mut []
        });
        read.map(|()| Head::of(words)).map_err(|found| ring.ahead(found.version, n))
    }

    /// With one producer, the number of the message that begins at slot `n`, before which all is complete, or
    /// after the message that this slot is a part of.
    pub(super) fn next_number(&self, n: u64) -> u64 {
        if n == self.ring.first() {
            return 0;
        }
        // Behind a gap, that of the newest message there is: the producer that left it out knows better.
        let before = self.head_at(n.wrapping_sub(1)).ok().map(|head| head.number);
        before.or_else(|| self.newest_beginning().map(|(_, number)| number)).map_or(0, |number| number.wrapping_add(1))
    }
}

impl Deref for BytesQueueReader {
    type Target = QueueReader<()>;

    #[inline(always)]
    fn deref(&self) -> &QueueReader<()> {
        &self.ring
    }
}

impl fmt::Debug for BytesQueueReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytesQueueReader").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

/// A broadcast queue whose messages are bytes, of any length up to a quarter of the ring.
///
/// A message takes as many slots in a row as it needs; consumers see all of it or nothing. See the
/// [module](crate::bytes). Handles are as those of a [`Queue`]: clone it, send it to other threads. Everything
/// that a [`BytesQueueReader`] can do, it can.
///
/// # Examples
///
/// ```
/// use icc_queue::{QueueSpec, Spmc, bytes::BytesQueue};
///
/// let queue = BytesQueue::<Spmc>::new(QueueSpec::new(1024).slot_size(512))?;
/// let mut producer = queue.producer()?;
/// let mut consumer = queue.consumer();
/// producer.produce(b"hello")?;
/// producer.produce(&[7; 3000])?;
///
/// let mut message = Vec::new();
/// consumer.try_consume_into(&mut message)?;
/// assert_eq!(message, b"hello");
/// consumer.try_consume_into(&mut message)?;
/// assert_eq!(message, [7; 3000]);
/// assert_eq!((consumer.received(), consumer.received_bytes()), (2, 3005));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: `queue`, `reader` and `buffer` are over the same memory.
pub struct BytesQueue<M: Mode = Spmc> {
    pub(super) queue: Queue<(), M>,
    reader: BytesQueueReader,
    pub(super) buffer: PieceBufferMut,
}

impl<M: Mode> BytesQueue<M> {
    /// A queue in memory of this process, of so many slots: see [`Queue::new`].
    ///
    /// # Errors
    ///
    /// As there. [`QueueError::SlotSize`]; [`QueueError::NotOfBytes`] if groups are asked for.
    pub fn new(spec: impl Into<QueueSpec>) -> Result<Self, QueueError> {
        let spec = spec.into();
        let asked = Self::buffer_spec(&spec)?;
        let buffer = PieceBufferMut::private::<M::Placement>(spec.slot_size, asked)?;
        begin(buffer.cells::<M::Placement>(), &spec);
        Self::over(buffer)
    }

    /// What such a queue asks of a buffer.
    pub(super) fn buffer_spec(spec: &QueueSpec) -> Result<Spec, QueueError> {
        if !PieceBuffer::can_have(spec.slot_size) {
            let (least, most) = (PieceBuffer::LEAST_SLOT, PieceBuffer::MOST_SLOT);
            return Err(QueueError::SlotSize { asked: spec.slot_size, least, most });
        }
        if !spec.groups.is_empty() {
            return Err(QueueError::NotOfBytes { what: "groups" });
        }
        let mut asked = Queue::<(), M>::buffer_spec(spec)?;
        asked.kind = BYTES_KIND;
        Ok(asked)
    }

    /// `buffer` was made or opened for [`BYTES_KIND`] and the mode `M`.
    pub(super) fn over(buffer: PieceBufferMut) -> Result<Self, QueueError> {
        let queue = Queue::over(buffer.cells::<<M as Properties>::Placement>())?;
        Ok(Self { queue, reader: BytesQueueReader::new((*buffer).clone())?, buffer })
    }

    /// This queue for consumers only.
    #[must_use]
    pub fn reader(&self) -> &BytesQueueReader {
        &self.reader
    }
}

impl<M: Mode> Deref for BytesQueue<M> {
    type Target = BytesQueueReader;

    #[inline(always)]
    fn deref(&self) -> &BytesQueueReader {
        &self.reader
    }
}

impl<M: Mode> Clone for BytesQueue<M> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), reader: self.reader.clone(), buffer: self.buffer.clone() }
    }
}

impl<M: Mode> fmt::Debug for BytesQueue<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytesQueue").field("queue", &self.queue).field("buffer", &self.buffer).finish()
    }
}
