//! The queue as consumers see it: nothing here can write.

use crate::{Consumer, Mode, Spmc, geometry::Geometry};
use core::fmt;
use icc_buffer::{ReadOnlyBuffer, ReadSlot};
use icc_seqlock::Payload;

/// Line 0: how many sequence numbers are given out.
pub(crate) const HEAD: usize = 0;

/// A queue that can only be consumed from.
///
/// [`open`](Self::open) attaches to a queue in shared memory without being able to write to it: the processor itself stops any
/// write, and no producer notices. [`Queue`](crate::Queue) is this and producers besides; all methods here are its own too.
///
/// A handle: clone it, send it to other threads, attach consumers from any of them at any time.
pub struct QueueReader<T, M: Mode = Spmc> {
    buffer: ReadOnlyBuffer<T, M::Placement>,
    pub(crate) geometry: Geometry,
}

impl<T: Payload, M: Mode> QueueReader<T, M> {
    /// `buffer` has `M::LINES` lines, and as many slots as `geometry` says.
    pub(crate) fn new(buffer: ReadOnlyBuffer<T, M::Placement>, geometry: Geometry) -> Self {
        Self { buffer, geometry }
    }

    /// Attaches a consumer, whose first message is the next one produced.
    ///
    /// Costs producers nothing, now or later.
    #[must_use]
    pub fn consumer(&self) -> Consumer<T, M> {
        Consumer::new(self.clone(), self.produced())
    }

    /// The number of messages that the ring keeps.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The number of messages produced, which is the sequence number of the next one.
    ///
    /// With many producers it counts a message as soon as its producer has its sequence number, just before it is written. Reads
    /// the producers' counter, which costs them a little: not for a hot loop.
    #[must_use]
    pub fn produced(&self) -> u64 {
        // Acquire: pairs with the Release in `produce`. One producer: every message before this count is complete in its slot. Many:
        // whoever has a ticket before it has said so in its ledger.
        self.line(HEAD)
    }

    /// The sequence number that the first message has, or will have.
    pub(crate) fn first(&self) -> u64 {
        self.buffer.words()[0]
    }

    /// The slot of message `n`.
    #[inline(always)]
    pub(crate) fn slot(&self, n: u64) -> ReadSlot<'_, T> {
        // SAFETY: `index` is less than the capacity, which is the buffer's length.
        unsafe { self.buffer.slot_unchecked(self.geometry.index(n)) }
    }

    /// Loads a counter with Acquire.
    pub(crate) fn line(&self, index: usize) -> u64 {
        match self.buffer.line(index) {
            Some(line) => line.load_acquire(),
            None => unreachable!("every queue's buffer has as many lines as its mode says"),
        }
    }

    /// Whether the producer with this id lives. One whose death the system does not prove does.
    pub(crate) fn may_live(&self, id: u32) -> bool {
        self.buffer.holder_lives(id).unwrap_or(true)
    }
}

impl<T, M: Mode> Clone for QueueReader<T, M> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), geometry: self.geometry }
    }
}

impl<T, M: Mode> fmt::Debug for QueueReader<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueReader").field("capacity", &self.geometry.capacity()).finish_non_exhaustive()
    }
}
