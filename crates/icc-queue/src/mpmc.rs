//! Producing together: a ticket for each message, and a ledger that says who holds it.

use crate::{BatchTooLong, Mode, Mpmc, Producer, ProducerError, Queue, QueueReader};
use core::ops::Range;
use icc_buffer::IdLock;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{AtomicU64, Backoff, Ordering, fence, step, thread};

/// Lines for each producer: its ledger, and how many tickets that speaks of.
pub(crate) const LINES_EACH: usize = 2;

/// Rounds of backing off before a producer that waits for another gives its core away, and looks whether that one lives.
const PATIENCE: u32 = if cfg!(icc_loom) { 1 } else { 16 };

/// The most messages that can be open in one slot: one for each producer that died waiting there since somebody last wrote.
const MOST_OPEN: u64 = 1 << 16;

/// A ledger: which tickets its producer took last, complete or not.
///
/// The low two bits are the state; the ticket is above them. Two bits of the ticket are cut off, which is no matter: tickets
/// under way at one time are less than a ring apart, and no ring has 2^62 slots.
///
/// Nothing says that tickets are complete: the slots do. Nobody asks for the owner of a ticket whose slot is complete.
mod ledger {
    /// No ticket since this producer began.
    pub(super) const IDLE: u64 = 0;
    /// About to take tickets, or just has: nobody knows yet which.
    pub(super) const CLAIMING: u64 = 1;
    const ONE: u64 = 2;
    /// As many as the count says. A word of its own that single messages do not need to store.
    const SEVERAL: u64 = 3;

    /// Took `count` tickets from `first` on.
    #[inline(always)]
    pub(super) fn holding(first: u64, count: u64) -> u64 {
        first << 2 | if count == 1 { ONE } else { SEVERAL }
    }

    /// Whether the producer may be the one that took ticket `n`, where `count` is that of its several.
    pub(super) fn may_hold(ledger: u64, count: u64, n: u64) -> bool {
        let after = (n << 2).wrapping_sub(ledger & !3) >> 2;
        match ledger & 3 {
            IDLE => false,
            ONE => after == 0,
            SEVERAL => after < count,
            _ => true,
        }
    }
}

/// The line of a producer's ledger.
fn ledger_line(id: u32) -> usize {
    1 + LINES_EACH * id as usize
}

/// The line that says how many tickets, from the one in the ledger on, a producer took, if those were several.
fn count_line(id: u32) -> usize {
    ledger_line(id) + 1
}

/// What each producer knows.
#[derive(Debug)]
pub struct Seat {
    /// Its id: which ledger is its own.
    lock: IdLock,
}

impl<T: Payload> Queue<T, Mpmc> {
    /// One more producer, for another thread or process. Up to 64 at a time.
    ///
    /// # Errors
    ///
    /// [`ProducerError::TooMany`] if 64 live. [`ProducerError::Buffer`] if the system refuses the lock that tells.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Mpmc, Queue};
    ///
    /// let queue = Queue::<u64, Mpmc>::new(1024)?;
    /// let mut consumer = queue.consumer();
    /// std::thread::scope(|scope| {
    ///     for name in 0..4 {
    ///         let mut producer = queue.producer().expect("fewer than 64");
    ///         scope.spawn(move || producer.produce(&name));
    ///     }
    /// });
    /// assert_eq!((0..4).map(|_| consumer.try_consume().unwrap()).sum::<u64>(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn producer(&self) -> Result<Producer<T, Mpmc>, ProducerError> {
        let lock = self.buffer.take_id(0..Mpmc::PRODUCERS)?;
        let lock = lock.ok_or(ProducerError::TooMany { max: Mpmc::PRODUCERS })?;
        // What a dead holder of this id left there is no longer of interest: only the ledgers of the living are.
        // Release: whoever sees this sees that the id was taken.
        self.ledger(lock.id()).store(ledger::IDLE, Ordering::Release);
        Ok(Producer { queue: self.clone(), seat: Seat { lock } })
    }

    #[inline(always)]
    fn ledger(&self, id: u32) -> &AtomicU64 {
        self.line(ledger_line(id))
    }
}

impl<T: Payload> QueueReader<T, Mpmc> {
    /// Whether the owner of ticket `n`, which was seen to be taken and not complete, is proven to be dead.
    ///
    /// By cases, for the owner: it stored `CLAIMING`, took the ticket with a Release, and the caller saw the ticket taken with
    /// an Acquire. So a load of its ledger here finds `CLAIMING`, or the ticket, or something later.
    ///
    /// - It is alive and still writing: its ledger says so, and so does its lock: not dead.
    /// - It is alive, has completed `n` and claimed nothing since: its ledger still says `n`: not dead. The caller looks at the
    ///   slot again and finds `n` complete, if not at once.
    /// - It is alive and has gone on: it completed `n` first, and stored what is found here with Release after: `CLAIMING`, the next
    ///   count (beside the ledger of `n`, perhaps) or the next ticket. `CLAIMING` is taken for alive; with the others the last look
    ///   at the slot, after an Acquire, finds `n` complete: not dead.
    /// - It was dropped, and its heir stored `IDLE`: as before, since the id was dropped with Release and taken with Acquire.
    /// - It is dead: no living producer has such a ledger (its id may have gone to another, who began with `IDLE`).
    pub(crate) fn owner_is_dead(&self, n: u64) -> bool {
        let lives = (0..Mpmc::PRODUCERS).any(|id| {
            // Acquire, in `line`: pairs with the Release stores in `claim` and `producer`. The count after the ledger, so that it is that
            // of the tickets found there, or a later one.
            let (ledger, count) = (self.line(ledger_line(id)), self.line(count_line(id)));
            ledger::may_hold(ledger, count, n) && self.may_live(id)
        });
        !lives && self.geometry.ahead(self.slot(n).version(), n) < 0
    }
}

impl<T: Payload> Producer<T, Mpmc> {
    /// Puts `message` into the queue and returns its sequence number.
    ///
    /// It overwrites the message that is `capacity` older, read or not. It never waits for consumers. It waits for another
    /// producer only if that one is still writing the message that is `capacity` older, and is then a whole ring behind; if it
    /// was killed there, its place is taken once the system tells that it is dead. A ring with room for a few messages of each
    /// producer makes that wait rare.
    #[inline]
    pub fn produce(&mut self, message: &T) -> u64 {
        let n = self.claim(1);
        self.write(n, message);
        step("complete");
        n
    }

    /// Puts `messages` into the queue, in order and with no other's between, and returns their sequence numbers. Takes all
    /// tickets at once; waits as [`produce`](Self::produce) does. Nothing happens if there are none.
    ///
    /// # Errors
    ///
    /// [`BatchTooLong`] if there are more than the queue keeps; none was produced.
    #[inline]
    pub fn produce_batch(&mut self, messages: &[T]) -> Result<Range<u64>, BatchTooLong> {
        self.check_batch(messages.len())?;
        if messages.is_empty() {
            let next = self.queue.produced();
            return Ok(next..next);
        }
        let first = self.claim(messages.len() as u64);
        let mut n = first;
        for message in messages {
            self.write(n, message);
            n = n.wrapping_add(1);
        }
        step("complete");
        Ok(first..n)
    }

    /// Takes `count` tickets, at least one, and returns the first.
    ///
    /// The ledger stays at them when they are complete. To say so would be one more store a message, and every store before the
    /// next `fetch_add` makes that later.
    #[inline(always)]
    fn claim(&self, count: u64) -> u64 {
        let id = self.seat.lock.id();
        // Release, all three stores: pair with the Acquire loads in `owner_is_dead`. Whoever sees a word of this claim sees that the
        // messages of the claim before are complete.
        self.queue.ledger(id).store(ledger::CLAIMING, Ordering::Release);
        if count != 1 {
            self.queue.line(count_line(id)).store(count, Ordering::Release);
        }
        step("claiming");
        // Release: whoever sees the ticket taken sees `CLAIMING` or something later in the ledger. Acquire: so that a producer that
        // looks for the owner of an earlier ticket does.
        let first = self.queue.head().fetch_add(count, Ordering::AcqRel);
        step("claimed");
        self.queue.ledger(id).store(ledger::holding(first, count), Ordering::Release);
        step("held");
        first
    }

    /// Writes message `n`, whose ticket this producer holds.
    #[inline(always)]
    fn write(&self, n: u64, message: &T) {
        let (slot, ring) = (self.queue.slot(n), self.queue.geometry);
        if slot.version() != ring.complete(n).wrapping_sub(2) {
            self.wait_for_slot(n);
        }
        // Acquire: pairs with the Release store that completed the message one lap earlier. Its bytes come before ours.
        fence(Ordering::Acquire);
        // SAFETY: the ticket makes this producer the only one to write `n`. The write of the message one lap earlier is complete,
        // and so are those before it, or their owners are dead; what they did happens before this by the fence or by the lock
        // that told of their death. The next write to this slot waits for this one likewise.
        unsafe { slot.write_at(ring.complete(n), message) }
    }

    /// Stops for good in the middle of producing, as a process that is killed does: its id goes, its ledger stays. Step 0 is
    /// before its ticket is taken, 1 after, 2 with the ticket in the ledger, 3 with the slot marked and one word of `message`
    /// in place.
    #[cfg(icc_loom)]
    #[doc(hidden)]
    pub fn die(self, message: &T, step: u32) {
        let id = self.seat.lock.id();
        self.queue.ledger(id).store(ledger::CLAIMING, Ordering::Release);
        if step == 0 {
            return;
        }
        let n = self.queue.head().fetch_add(1, Ordering::AcqRel);
        if step == 1 {
            return;
        }
        self.queue.ledger(id).store(ledger::holding(n, 1), Ordering::Release);
        let slot = self.queue.slot(n);
        if step == 3 && slot.version() == self.queue.geometry.complete(n).wrapping_sub(2) {
            fence(Ordering::Acquire);
            slot.die_in_write(message, 1);
        }
    }

    /// Waits until the message one lap before `n` is complete, or nobody lives who could complete it.
    #[cold]
    fn wait_for_slot(&self, n: u64) {
        let (slot, ring) = (self.queue.slot(n), self.queue.geometry);
        let mut backoff = Backoff::new();
        let mut rounds = 0_u32;
        loop {
            let ahead = ring.ahead(slot.version(), n);
            // More than -2 cannot be, unless somebody wrote garbage into shared memory. Better garbage than a hang.
            if ahead >= -2 {
                return;
            }
            rounds = rounds.wrapping_add(1);
            if !rounds.is_multiple_of(PATIENCE) {
                backoff.spin();
                continue;
            }
            thread::yield_now();
            // Every ticket of this slot that the version shows to be open, up to ours, must have a dead owner: the last of them may
            // itself have been waiting for one that lives. More laps than there can ever have been producers are garbage, too.
            let open = (ahead.unsigned_abs() - 1) / 2;
            let dead = open > MOST_OPEN || (1..=open).all(|lap| self.queue.owner_is_dead(ring.laps_before(n, lap)));
            if dead && ring.ahead(slot.version(), n) == ahead {
                return;
            }
        }
    }
}
