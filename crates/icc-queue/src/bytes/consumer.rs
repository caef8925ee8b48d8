//! Consuming messages of any length.

use super::head::Head;
use super::sink::Sink;
use super::{BytesQueueReader, TryConsumeError};
use crate::{Consumer, Position, Recovery};
use core::fmt;

/// A reading end of a queue of bytes, from [`BytesQueueReader::consumer`],
/// [`consumer_from_oldest`](BytesQueueReader::consumer_from_oldest) or
/// [`consumer_at`](BytesQueueReader::consumer_at). What is said of [`Consumer`] holds for it.
///
/// It gives whole messages. One that begins in the middle of a message begins at the next; one that is sped
/// past in the middle of one drops it, and is told. So it is where a producer died before its message was
/// whole.
///
/// Clone it for another one at the same position, with totals of its own, which begin at zero.
///
/// # Accounting
///
/// In messages: [`received`](Self::received) and, with one producer, [`lost_messages`](Self::lost_messages),
/// which is exact whenever a message was just received. In bytes:
/// [`received_bytes`](Self::received_bytes). In slots: [`received_slots`](Self::received_slots) +
/// [`lost_slots`](Self::lost_slots) + [`skipped_slots`](Self::skipped_slots) is at any time exactly how many
/// lie between where it started and [`next_sequence`](Self::next_sequence).
pub struct BytesConsumer {
    /// Knows which slot is next and which were lost. It reads none itself.
    pub(super) cursor: Consumer<()>,
    pub(super) queue: BytesQueueReader,
    /// With one producer, the number of the next message.
    pub(super) expected: u64,
    received: u64,
    received_bytes: u64,
    pub(super) lost_messages: u64,
    pub(super) skipped_messages: u64,
    /// How many messages were lost where it stopped.
    pub(super) stopped_messages: Option<u64>,
    /// The slot of the next message, if it is one of it, that did not come while the message was read.
    missing: u64,
}

/// Why the next message was not taken.
pub(super) enum Missed {
    /// A slot of it is so far ahead; or its first slot is not there yet.
    Ahead(i64),
    /// The first slot is there, but not all others.
    Partial(Head),
    /// What is at the slot with this number is no more of it: its producer died before.
    Ends(u64),
    /// The next slot is not the beginning of a message.
    Middle,
    /// It has so many bytes, more than there is room for.
    TooSmall(usize),
}

impl BytesConsumer {
    pub(super) fn starting_at(queue: &BytesQueueReader, n: u64) -> Self {
        let (next, number) = queue.beginning_from(n);
        Self::new(Consumer::new(queue.ring.clone(), next), queue.clone(), number.unwrap_or(0))
    }

    fn new(cursor: Consumer<()>, queue: BytesQueueReader, expected: u64) -> Self {
        Self {
            missing: cursor.next,
            cursor,
            queue,
            expected,
            received: 0,
            received_bytes: 0,
            lost_messages: 0,
            skipped_messages: 0,
            stopped_messages: None,
        }
    }

    /// Copies the next message into `out`, from its beginning, and returns how many bytes it has. Never waits,
    /// but for a message whose first slot is there: up to a few microseconds for each further slot, which its
    /// producer is about to write.
    ///
    /// # Errors
    ///
    /// [`TryConsumeError::Empty`] if the next message is not there yet, or not all of it.
    /// [`TryConsumeError::SpedPast`] if it was overwritten: the error tells what was lost, and the consumer
    /// goes on after that as its [`Recovery`] says. [`TryConsumeError::TooSmall`] if it is longer than `out`:
    /// it stays the next one. `out` is meaningless after an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Spmc, bytes::{BytesQueue, TryConsumeError}};
    ///
    /// let queue = BytesQueue::<Spmc>::new(64)?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// producer.produce(b"twelve bytes")?;
    ///
    /// let (mut short, mut long) = ([0; 4], [0; 64]);
    /// assert_eq!(consumer.try_consume(&mut short), Err(TryConsumeError::TooSmall { needed: 12 }));
    /// assert_eq!(consumer.try_consume(&mut long), Ok(12));
    /// assert_eq!(&long[..12], b"twelve bytes");
    /// assert_eq!(consumer.try_consume(&mut long), Err(TryConsumeError::Empty));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_consume(&mut self, out: &mut [u8]) -> Result<usize, TryConsumeError> {
        let mut out = out;
        self.attempt(&mut out)
    }

    /// Copies the next message into `out`, in place of what that holds, and returns the number of its first
    /// slot. It waits as little as [`try_consume`](Self::try_consume) does. `out` grows if it must, and so a message that is as long as an earlier one costs no
    /// allocation.
    ///
    /// # Errors
    ///
    /// As [`try_consume`](Self::try_consume), but never [`TryConsumeError::TooSmall`]. `out` is as it was or
    /// empty then.
    ///
    /// # Panics
    ///
    /// If there is no memory for the message, which is no longer than
    /// [`longest_message`](BytesQueueReader::longest_message).
    #[inline]
    pub fn try_consume_into(&mut self, out: &mut Vec<u8>) -> Result<u64, TryConsumeError> {
        let n = self.cursor.next;
        self.attempt(out).map(|_| n)
    }

    #[inline(always)]
    pub(super) fn attempt(&mut self, out: &mut impl Sink) -> Result<usize, TryConsumeError> {
        match self.take(out) {
            Ok(len) => Ok(len),
            // With one producer there is nothing else to find out.
            Err(Missed::Ahead(..=0)) if self.cursor.queue.unsure == 0 => Err(TryConsumeError::Empty),
            Err(missed) => self.try_again(missed, out),
        }
    }

    #[inline(never)]
    fn try_again(&mut self, missed: Missed, out: &mut impl Sink) -> Result<usize, TryConsumeError> {
        match self.explain(missed) {
            Some(error) => Err(error),
            // It began in the middle of a message, and is at the next beginning now.
            None => match self.take(out) {
                Ok(len) => Ok(len),
                Err(missed) => Err(self.explain(missed).unwrap_or(TryConsumeError::Empty)),
            },
        }
    }

    /// Copies the next message and moves on, or tells why not. Nothing changes then.
    #[inline(always)]
    fn take(&mut self, out: &mut impl Sink) -> Result<usize, Missed> {
        let (n, ring, room) = (self.cursor.next, self.cursor.queue.geometry, self.queue.shape.room as u64);
        let (mut words, mut is_copied) = ([0; 3], false);
        let (found, copied, place) = (&mut words, &mut is_copied, &mut *out);
        let read = self.queue.piece(n).try_read_at(ring.complete(n), move |seen| {
            *found = seen;
            if seen[0] == Head::ALONE
                && seen[1] <= room
                && let Some(place) = place.place(seen[1] as usize)
            {
                *copied = true;
                return place;
            }
            &mut []
        });
        if let Err(found) = read {
            self.cursor.caught_up();
            return Err(Missed::Ahead(ring.ahead(found.version, n)));
        }
        let head = Head::of(words);
        let len = if is_copied { head.len as usize } else { self.copy(head, out)? };
        // SAFETY: each piece was copied, and its slot's version was the same before and after.
        unsafe { out.filled(len) };
        self.cursor.next = n.wrapping_add(head.count.into());
        self.cursor.took(n);
        if head.number != self.expected {
            self.settle(head.number);
        }
        self.expected = head.number.wrapping_add(1);
        self.received = self.received.wrapping_add(1);
        self.received_bytes = self.received_bytes.wrapping_add(len as u64);
        Ok(len)
    }

    /// Copies a message whose first slot was found complete and says this. All that it says may be made up.
    fn copy(&mut self, head: Head, out: &mut impl Sink) -> Result<usize, Missed> {
        let (n, ring, shape) = (self.cursor.next, self.cursor.queue.geometry, self.queue.shape);
        let Some(len) = shape.begins(head) else { return Err(Missed::Middle) };
        // Where the rest was awaited in vain before, nothing is copied until there is more.
        let awaited = self.missing.wrapping_sub(n);
        if awaited < head.count.into() && !self.queue.ring.is_there(self.missing) {
            return Err(Missed::Partial(head));
        }
        if out.place(len).is_none() && !out.grow(len) {
            return Err(Missed::TooSmall(len));
        }
        let Some(place) = out.place(len) else { return Err(Missed::TooSmall(len)) };
        for (index, piece) in place.chunks_mut(shape.room).enumerate() {
            let (m, expected) = (n.wrapping_add(index as u64), head.at(index).words());
            if !self.queue.arrives(m) {
                self.missing = m;
                return Err(Missed::Partial(head));
            }
            let mut is_part = false;
            let same = &mut is_part;
            let read = self.queue.piece(m).try_read_at(ring.complete(m), move |found| {
                *same = found == expected;
                if *same { piece } else { &mut [] }
            });
            match read.map_err(|found| ring.ahead(found.version, m)) {
                Ok(()) if is_part => {}
                Ok(()) => return Err(Missed::Ends(m)),
                Err(ahead @ 1..) => return Err(Missed::Ahead(ahead)),
                Err(_) => return Err(Missed::Partial(head)),
            }
        }
        Ok(len)
    }

    /// The same consumer, which from now on goes on where `recovery` says when it is sped past: see
    /// [`Consumer::with_recovery`]. [`Recovery::Newest`] is the newest message of which all is there or is
    /// being written.
    #[must_use]
    pub fn with_recovery(mut self, recovery: Recovery) -> Self {
        self.cursor = self.cursor.with_recovery(recovery);
        self
    }

    /// What it does when it is sped past.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.cursor.recovery()
    }

    /// How many slots have been produced that it has not read yet: see [`Consumer::lag`].
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.cursor.lag()
    }

    /// How many more slots may be produced before it loses one: see [`Consumer::headroom`].
    #[must_use]
    pub fn headroom(&self) -> u64 {
        self.cursor.headroom()
    }

    /// The number of the next slot that it will read.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.cursor.next_sequence()
    }

    /// The position of the next message that it will read, to be noted: see
    /// [`consumer_at`](BytesQueueReader::consumer_at).
    #[must_use]
    pub fn position(&self) -> Position {
        self.cursor.position()
    }

    /// How many messages it received.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// How many bytes the messages had that it received.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// How many messages it lost in all, with one producer; none with many, where that cannot be known.
    #[must_use]
    pub fn lost_messages(&self) -> Option<u64> {
        self.counts().then_some(self.lost_messages)
    }

    /// How many messages it left out in all because it was told to, as [`lost_messages`](Self::lost_messages).
    #[must_use]
    pub fn skipped_messages(&self) -> Option<u64> {
        self.counts().then_some(self.skipped_messages)
    }

    /// How many slots the messages had that it received.
    #[must_use]
    pub fn received_slots(&self) -> u64 {
        self.cursor.received()
    }

    /// How many slots it lost in all: the sum of what was reported.
    #[must_use]
    pub fn lost_slots(&self) -> u64 {
        self.cursor.lost()
    }

    /// How many slots it left out in all because it was told to.
    #[must_use]
    pub fn skipped_slots(&self) -> u64 {
        self.cursor.skipped()
    }

    /// The queue, to attach more consumers to.
    #[must_use]
    pub fn queue(&self) -> &BytesQueueReader {
        &self.queue
    }
}

impl Clone for BytesConsumer {
    fn clone(&self) -> Self {
        Self::new(self.cursor.clone(), self.queue.clone(), self.expected)
    }
}

impl fmt::Debug for BytesConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytesConsumer")
            .field("cursor", &self.cursor)
            .field("received", &self.received)
            .field("received_bytes", &self.received_bytes)
            .field("lost_messages", &self.lost_messages())
            .finish_non_exhaustive()
    }
}
