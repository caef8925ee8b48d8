//! The queue as consumers see it: nothing here can write.

use crate::layout::{
    EVICT, EVICT_SHIFT, FIRST, HEAD, MANY_PRODUCERS, MODE, ONE_PRODUCER, PRODUCERS, UNCOUNTED, counters,
};
use crate::place::place;
use crate::{Consumer, Position, QueueError, QueueSpec, geometry::Geometry};
use core::fmt;
use icc_buffer::{Bell, BufferError, Counter, ReadOnlyBuffer};
use icc_seqlock::primitive::{Ordering, fence};
use icc_seqlock::{Payload, Reader};
use std::path::PathBuf;

/// A queue that can only be consumed from, however it is written.
///
/// `open` attaches to a queue in shared memory without being able to write to it: the processor
/// itself stops any write, and no producer notices. [`Queue`](crate::Queue) is this and producers
/// besides; all methods here are its own too.
///
/// A handle: clone it, send it to other threads, attach consumers from any of them at any time.
// Invariant: the buffer has as many slots as `geometry` says, and counters for the head and
// `ledgers()` producers. In this order in memory: what every poll reads comes first and together.
#[repr(C)]
pub struct QueueReader<T> {
    pub(crate) buffer: ReadOnlyBuffer<T>,
    pub(crate) geometry: Geometry,
    /// Not 0 if a message may stay unwritten for good. Of many producers, their most, each of which
    /// has a ledger: one may die and no other take its place. [`GAPS`] if the one producer may leave
    /// numbers out.
    pub(crate) unsure: u32,
}

/// No number of ledgers.
const GAPS: u32 = u32::MAX;

impl<T: Payload> QueueReader<T> {
    /// Checks that the buffer, of kind [`KIND`](crate::layout::KIND), is a queue.
    pub(crate) fn over(buffer: ReadOnlyBuffer<T>) -> Result<Self, QueueError> {
        let words = buffer.words();
        let refused = |field, found, expected| QueueError::damaged(&buffer, field, found, expected);
        let Some(geometry) = Geometry::new(buffer.len()) else {
            return Err(refused("len", buffer.len() as u64, buffer.len().next_power_of_two().max(2) as u64));
        };
        let most = u64::from(QueueSpec::MOST_PRODUCERS);
        let producers = match words[MODE] {
            ONE_PRODUCER if words[PRODUCERS] == 1 => 1,
            MANY_PRODUCERS if (1..=most).contains(&words[PRODUCERS]) => words[PRODUCERS] as u32,
            ONE_PRODUCER | MANY_PRODUCERS => return Err(refused("words[2]", words[PRODUCERS], 1)),
            unknown => return Err(refused("words[1]", unknown, ONE_PRODUCER)),
        };
        let expected = counters(words[MODE], producers);
        if buffer.counter_count() != expected {
            return Err(refused("counters", buffer.counter_count() as u64, expected as u64));
        }
        if buffer.is_holding() && words[EVICT] >> EVICT_SHIFT == 0 {
            return Err(refused("words[3]", 0, 1));
        }
        let unsure = match (words[MODE], buffer.has_gaps()) {
            (ONE_PRODUCER, gaps) => {
                if gaps {
                    GAPS
                } else {
                    0
                }
            }
            (_, true) => return Err(refused("features_to_read", 2, 0)),
            (_, false) => producers,
        };
        Ok(Self { buffer, geometry, unsure })
    }

    /// Attaches a consumer, whose first message is the next one produced.
    ///
    /// Costs producers nothing, now or later.
    #[doc(alias = "subscribe")]
    #[doc(alias = "subscriber")]
    #[doc(alias = "receiver")]
    #[must_use]
    pub fn consumer(&self) -> Consumer<T> {
        Consumer::new(self.clone(), self.produced())
    }

    /// The number of messages that the ring keeps.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The number of messages produced, which is the sequence number of the next one.
    ///
    /// With many producers it counts a message as soon as its producer has its sequence number,
    /// just before it is written. With one, it counts what is complete. Reads the producers'
    /// counter, and with one producer some slots, which costs the producers a little: not for a hot
    /// loop.
    #[must_use]
    pub fn produced(&self) -> u64 {
        let mut produced = self.counter(HEAD).load_relaxed();
        if self.ledgers() == 0 {
            let completed = |&n: &u64| self.geometry.ahead(self.slot(n).version(), n) >= 0;
            let uncounted = (0..UNCOUNTED).map(|more| produced.wrapping_add(more)).take_while(completed).count();
            produced = produced.wrapping_add(uncounted as u64);
        }
        // Acquire: pairs with the Release in `produce`, and in `Seqlock::publish`, whose version a
        // slot showed. One producer: every message before this count is complete in its slot. Many:
        // whoever has a ticket before it has said so in its ledger.
        fence(Ordering::Acquire);
        produced
    }

    /// The most producers at a time: 1, or what a queue for many was created with.
    #[must_use]
    pub fn max_producers(&self) -> u32 {
        self.ledgers().max(1)
    }

    /// The instance of the queue that this one repeats under the same sequence numbers, perhaps one of
    /// another machine: see [`QueueSpec::repeating`]. None if it repeats none.
    #[must_use]
    pub fn source(&self) -> Option<u64> {
        Some(self.buffer.source()).filter(|&source| source != 0)
    }

    /// What positions name: the queue whose messages these are.
    pub(crate) fn stream(&self) -> u64 {
        self.source().unwrap_or_else(|| self.instance())
    }

    /// A random number, never 0, that tells this queue from every other, also from a later one of
    /// the same name.
    #[must_use]
    pub fn instance(&self) -> u64 {
        self.buffer.instance()
    }

    /// The position of message `n` of this queue, to be noted: see
    /// [`consumer_at`](Self::consumer_at).
    #[must_use]
    pub fn position(&self, n: u64) -> Position {
        Position::new(self.stream(), n)
    }

    /// The sequence number that the first message has, or will have.
    pub(crate) fn first(&self) -> u64 {
        self.buffer.words()[FIRST]
    }

    /// Whether message `n` is there, or was.
    #[inline(always)]
    pub(crate) fn is_there(&self, n: u64) -> bool {
        self.geometry.ahead(self.slot(n).version(), n) >= 0
    }

    /// Whether message `n` is there, and has not begun to be overwritten.
    pub(crate) fn is_intact(&self, n: u64) -> bool {
        self.geometry.ahead(self.slot(n).version(), n) == 0
    }

    /// The slot of message `n`.
    #[inline(always)]
    pub(crate) fn slot(&self, n: u64) -> Reader<'_, T> {
        // SAFETY: `index` is less than the capacity, which is the buffer's length.
        unsafe { self.buffer.slot_unchecked(self.geometry.index(n)) }
    }

    /// Counter `index`: the head, or one of a producer's id below `ledgers()`.
    pub(crate) fn counter(&self, index: usize) -> Counter<'_> {
        // SAFETY: the invariant; the callers ask for no others.
        unsafe { self.buffer.counter_unchecked(index) }
    }
}

impl<T> QueueReader<T> {
    /// How many producers live, in all processes together. In shared memory a system call or two
    /// for each that there may be: not for a hot loop.
    ///
    /// The answer may be outdated at once. A stopped process lives.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if a system call fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Mpmc, Queue};
    ///
    /// let queue = Queue::<u64, Mpmc>::new(8)?;
    /// let (one, _other) = (queue.producer()?, queue.producer()?);
    /// assert_eq!(queue.living_producers(), Ok(2));
    /// drop(one);
    /// assert_eq!(queue.reader().living_producers(), Ok(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn living_producers(&self) -> Result<u32, BufferError> {
        self.buffer.holders(0..self.ledgers().max(1))
    }

    /// The most producers, each of which has a ledger; 0 if there is one that needs none.
    pub(crate) fn ledgers(&self) -> u32 {
        if self.has_gaps() { 0 } else { self.unsure }
    }

    /// Whether its producer may leave numbers out: see [`QueueSpec::gaps`].
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        self.unsure == GAPS
    }

    /// The bell at which this handle's consumers sleep, if the queue is
    /// [wakeable](QueueSpec::wakeable) and, in shared memory, this process may read its readers'
    /// file. For waiting for several queues at once.
    #[must_use]
    pub fn bell(&self) -> Option<&Bell> {
        self.buffer.bell()
    }

    /// Whether the queue is [wakeable](QueueSpec::wakeable): whether its producers wake those who
    /// sleep.
    #[must_use]
    pub fn is_wakeable(&self) -> bool {
        self.buffer.is_wakeable()
    }

    /// Where the queue is, for errors.
    pub(crate) fn place(&self) -> Option<PathBuf> {
        place(&self.buffer)
    }
}

impl<T> Clone for QueueReader<T> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), ..*self }
    }
}

impl<T> fmt::Debug for QueueReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueReader").field("capacity", &self.geometry.capacity()).finish_non_exhaustive()
    }
}
