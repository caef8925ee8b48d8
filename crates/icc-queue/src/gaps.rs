//! Sequence numbers that the one producer leaves out.
//!
//! Nothing in a slot marks a gap: the head tells. [`produce_at`](Producer::produce_at) stores the number
//! as the head *before* it writes the message. So with one producer, a head beyond `n` and a slot of `n`
//! that is not complete prove that `n` was left out. By cases, for a consumer that has loaded the head
//! with Acquire, found it beyond `n`, and then looks at the slot of `n`:
//!
//! - *`n` was produced.* Its slot was complete before the head went beyond `n`, whether by `produce` or
//!   by a later `produce_at`, and both store the head with Release: the slot is seen complete, or as
//!   being overwritten.
//! - *`n` is being produced.* Then the head is `n` at most: it goes beyond only after.
//! - *`n` will be produced.* It will not: numbers only go forward, and a successor goes on at the head
//!   or, if that message is complete, after it.
//!
//! Were the head stored after the message instead, a producer killed between the two would leave a
//! complete message that nothing counts. Its successor would go on before the gap, and consumers there
//! would find themselves sped past by that message, and lose what the successor then produces.

use crate::{Payload, ProduceAtError, Producer, QueueReader, Spmc};
use icc_seqlock::Source;
use icc_seqlock::primitive::{Ordering, step};

impl<T: Payload> Producer<T, Spmc> {
    /// Puts `message` into the queue under the number `n`, and leaves out those before it that were
    /// not produced. The next one is `n + 1`.
    ///
    /// For a queue that repeats another under the same numbers. The queue must have been created for
    /// it: see [`QueueSpec::gaps`](crate::QueueSpec::gaps). Consumers are told of what is left out as
    /// [`Lost`](crate::Lost). It never waits, and the gap may be longer than the ring.
    ///
    /// # Errors
    ///
    /// [`ProduceAtError::Behind`] if `n` is less than the next number;
    /// [`ProduceAtError::NoGaps`] if the queue was not created for gaps; [`ProduceAtError::Forked`] in a
    /// child process made by `fork`. Nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Lost, ProduceAtError, Queue, QueueSpec, SpinThenYield};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(8).gaps())?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// producer.produce(&0);
    /// producer.produce_at(5, &50)?; // 1 to 4 did not arrive
    /// assert_eq!(producer.produce_at(3, &30), Err(ProduceAtError::Behind { asked: 3, next: 6 }));
    ///
    /// let wait = &mut SpinThenYield::default();
    /// assert_eq!(consumer.consume(wait), Ok(0));
    /// assert_eq!(consumer.consume(wait), Err(Lost { first: 1, next: 5 }));
    /// assert_eq!(consumer.consume(wait), Ok(50));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn produce_at(&mut self, n: u64, message: &T) -> Result<(), ProduceAtError> {
        self.put_at(n, message)
    }

    /// Leaves out the messages before `n` that were not produced: the next one is `n`. As
    /// [`produce_at`](Self::produce_at), without a message: for a gap at the end, which consumers are
    /// told of at once, and not when the next message comes.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Lost, Queue, QueueSpec, SpinThenYield};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(8).gaps())?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// producer.skip_to(3)?;
    /// assert_eq!(consumer.consume(&mut SpinThenYield::default()), Err(Lost { first: 0, next: 3 }));
    /// assert_eq!(producer.produce(&30), 3);
    /// assert_eq!(consumer.try_consume(), Ok(30));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skip_to(&mut self, n: u64) -> Result<(), ProduceAtError> {
        self.leave_out(n)?;
        self.ring();
        Ok(())
    }

    /// [`produce_at`](Self::produce_at), of a value or of bytes.
    pub(crate) fn put_at(&mut self, n: u64, message: impl Source<T>) -> Result<(), ProduceAtError> {
        self.leave_out(n)?;
        self.put(message);
        Ok(())
    }

    /// Nobody is woken yet.
    pub(crate) fn leave_out(&mut self, n: u64) -> Result<(), ProduceAtError> {
        if self.state.lock.is_forked() {
            return Err(ProduceAtError::Forked);
        }
        if leaves_out(self.queue.has_gaps(), self.state.next, n)? {
            // Release: pairs with the Acquire load in `QueueReader::produced`. Every message before
            // the gap is complete for whoever sees this head.
            self.queue.head().store(n, Ordering::Release);
            self.state.skip_to(n, self.gate.is_there());
            step("left out");
        }
        Ok(())
    }
}

/// Whether numbers are left out if `n` comes in place of `next`.
pub(crate) fn leaves_out(has_gaps: bool, next: u64, n: u64) -> Result<bool, ProduceAtError> {
    if !has_gaps {
        return Err(ProduceAtError::NoGaps);
    }
    match n.wrapping_sub(next).cast_signed() {
        ..0 => Err(ProduceAtError::Behind { asked: n, next }),
        distance => Ok(distance > 0),
    }
}

impl<T: Payload> QueueReader<T> {
    /// If message `n` was left out: where a consumer goes on. Proven, not guessed. All before were
    /// left out or have been overwritten.
    pub(crate) fn left_out_from(&self, n: u64) -> Option<u64> {
        // Before the look at the slot: see the module.
        let head = self.produced();
        if head.wrapping_sub(n).cast_signed() <= 0 || self.is_there(n) {
            return None;
        }
        Some(self.first_complete(n.wrapping_add(1), head))
    }

    /// Whether message `n` was left out. Not for each poll: it takes the head's line from the producer.
    pub(crate) fn is_left_out(&self, n: u64) -> bool {
        self.has_gaps() && self.produced().wrapping_sub(n).cast_signed() > 0 && !self.is_there(n)
    }

    /// The first complete message from `n` on that is less than `head`, which is not before `n`;
    /// `head` if there is none.
    ///
    /// Takes as long as the messages are many in between, and no longer than the ring is.
    fn first_complete(&self, n: u64, head: u64) -> u64 {
        let (ring, span) = (self.geometry, head.wrapping_sub(n));
        let mut after = span;
        for between in 0..span.min(ring.capacity()) {
            let m = n.wrapping_add(between);
            match ring.ahead(self.slot(m).version(), m) {
                // Of another slot there can be none earlier, since a lap later is later than this.
                0 => return m,
                // Complete a number of laps later: beyond all that this loop looks for.
                ahead @ 1.. if ahead & 1 == 0 => after = after.min(ring.begun(ahead, m).wrapping_sub(n)),
                _ => {}
            }
        }
        n.wrapping_add(after)
    }

    /// Where a consumer that was sped past goes on, which wants every message from `n` on: at the first
    /// that can be read, which may be older than the ring is long.
    pub(crate) fn oldest_readable_after_gaps(&self, n: u64, produced: u64) -> u64 {
        let (first, oldest) = (self.first_complete(n, produced), self.oldest_readable(produced));
        let capacity = self.geometry.capacity();
        let behind = produced.wrapping_sub(first);
        // Older than a ring without gaps keeps: nothing will overwrite it soon. Else as there.
        if behind > capacity || oldest.wrapping_sub(first).cast_signed() <= 0 { first } else { oldest }
    }

    /// Whether a consumer may start at message `n`, older than a ring without gaps keeps: nothing has
    /// overwritten it.
    pub(crate) fn may_follow_after_gaps(&self, n: u64) -> bool {
        let since_first = n.wrapping_sub(self.first());
        self.has_gaps() && since_first.cast_signed() >= 0 && self.geometry.ahead(self.slot(n).version(), n) <= 0
    }
}
