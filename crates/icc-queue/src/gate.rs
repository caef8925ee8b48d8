//! What a producer of a holding queue passes before it overwrites a message.
//!
//! A producer knows a limit: messages before it may be written without a look at anything. It is at
//! most half a ring ahead of where the producer stood when it last looked at those that hold:
//! `icc-buffer`'s `holding.rs` says why that is right for those that begin to hold meanwhile.

use crate::layout::{HEAD, UNCOUNTED};
use crate::{Evict, QueueReader, Room, TryProduceError};
use core::time::Duration;
use icc_buffer::{BufferError, EntryError, Holder, Holders};
use icc_seqlock::Payload;
use icc_seqlock::primitive::{Backoff, bound, thread};
use std::time::Instant;

/// The longest sleep: a death wakes nobody.
const SLICE: Duration = Duration::from_millis(5);
/// Rounds of waiting that spin: some tens of microseconds.
const SPINS: u32 = bound(16, 1);
/// Rounds after which waiting sleeps; between, it yields.
const YIELDS: u32 = bound(32, 2);

/// Where the limit of a queue is that nobody can hold: as far ahead as signed distances go.
const NO_LIMIT: u64 = 1 << 62;

/// What a producer passes with each message: one comparison, in a queue that nobody can hold too, since
/// another path for those would cost more.
///
/// Apart from the producer: what changes here is nothing that the producer knows, so the compiler keeps
/// that in registers from one message to the next. For the same reason the calls below get nothing that
/// leads to the producer.
#[derive(Debug)]
pub struct Gate<T> {
    /// Whether anybody can hold.
    is_there: bool,
    /// How many messages of one producer pass at once at most: a power of two. In a wakeable queue one, since
    /// each rings.
    most: u64,
    behind: Box<Behind<T>>,
}

/// What is behind the gate. With a handle of its own to all that it needs.
#[derive(Debug)]
struct Behind<T> {
    /// Messages before this may be written.
    limit: u64,
    /// Whether the last look found less room than it might have: then a producer of many takes no ticket
    /// before it has looked.
    is_tight: bool,
    /// The message that does not pass, and since when.
    blocked: Option<(u64, Instant)>,
    queue: QueueReader<T>,
    /// None if nobody can hold.
    holding: Option<(Holders, Evict)>,
    /// Of a queue of bytes, where a message may be there in part.
    #[cfg(not(icc_loom))]
    bytes: Option<crate::bytes::BytesQueueReader>,
}

impl<T: Payload> Gate<T> {
    /// Waits until message `n` may be written.
    #[inline(always)]
    pub(crate) fn pass(&mut self, n: u64) {
        if self.is_there && !is_before(n, self.behind.limit) {
            wait(&mut self.behind, n);
        }
    }

    /// An error if message `n` may not be written yet.
    #[inline(always)]
    pub(crate) fn try_pass(&mut self, n: u64) -> Result<(), TryProduceError> {
        if !self.is_there || is_before(n, self.behind.limit) { Ok(()) } else { ask(&mut self.behind, n) }
    }

    /// Of many producers: waits while a ticket that is taken now could not be used.
    #[inline(always)]
    pub(crate) fn before_claim(&mut self) {
        if self.is_there && self.behind.is_tight {
            wait_without_ticket(&mut self.behind);
        }
    }

    /// Whether anybody can hold, so that there is something to be passed.
    #[inline(always)]
    pub(crate) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Waits until message `n` may be written, and gives a mask: those after it pass as well, until one in
    /// which these bits are 0.
    #[inline(always)]
    pub(crate) fn pass_several(&mut self, n: u64) -> u64 {
        if n.wrapping_sub(self.behind.limit).cast_signed() > -self.most.cast_signed() {
            return wait_for_few(&mut self.behind, n, self.most);
        }
        self.most - 1
    }

    /// From now on of a queue of bytes.
    #[cfg(not(icc_loom))]
    pub(crate) fn set_bytes(&mut self, queue: crate::bytes::BytesQueueReader) {
        self.behind.bytes = Some(queue);
    }

    /// What is awaited for the message that was found not to pass.
    pub(crate) fn room(&self) -> Option<Room> {
        let (blocked, (holders, evict)) = (self.behind.blocked?, self.behind.holding.clone()?);
        Some(Room::new(blocked, self.behind.queue.geometry.capacity(), holders, evict))
    }

    /// Waits for the message that was found not to pass, in this round of doing so.
    pub(crate) fn wait_once(&self, waiting: &mut Waiting, deadline: Option<Instant>) {
        self.behind.wait_once(waiting, deadline);
    }
}

#[cold]
#[inline(never)]
extern "C" fn wait<T: Payload>(behind: &mut Behind<T>, n: u64) {
    let mut waiting = Waiting::default();
    while behind.look_and_evict(n, waiting.asks()).is_err() {
        behind.wait_once(&mut waiting, None);
    }
}

#[cold]
#[inline(never)]
extern "C" fn wait_for_few<T: Payload>(behind: &mut Behind<T>, n: u64, most: u64) -> u64 {
    if !is_before(n, behind.limit) {
        wait(behind, n);
    }
    // At least one: it is before the limit.
    let room = behind.limit.wrapping_sub(n).clamp(1, most);
    // The next number in which the bits are 0 is no more than `room` later.
    (1 << room.ilog2()) - 1
}

#[cold]
#[inline(never)]
fn ask<T: Payload>(behind: &mut Behind<T>, n: u64) -> Result<(), TryProduceError> {
    behind.look_and_evict(n, true).map_err(|Holder { id, behind, .. }| TryProduceError::Full { by: id, behind })
}

#[cold]
#[inline(never)]
extern "C" fn wait_without_ticket<T: Payload>(behind: &mut Behind<T>) {
    let mut waiting = Waiting::default();
    loop {
        // A later ticket waits on its own.
        let n = behind.queue.counter(HEAD).load_relaxed();
        if is_before(n, behind.limit) || behind.look_and_evict(n, waiting.asks()).is_ok() {
            return;
        }
        behind.wait_once(&mut waiting, None);
    }
}

/// Whether message `n` is before that limit. Signed: numbers wrap.
#[inline(always)]
fn is_before(n: u64, limit: u64) -> bool {
    n.wrapping_sub(limit).cast_signed() < 0
}

impl<T: Payload> Behind<T> {
    /// Finds the limit of a producer that stands at message `n`; or who holds it up there.
    fn look(&self, n: u64) -> Result<u64, Holder> {
        let capacity = self.queue.geometry.capacity();
        let Some((holders, _)) = &self.holding else { return Ok(n.wrapping_add(NO_LIMIT)) };
        match holders.slowest(n) {
            Some(holder) if holder.behind >= capacity => Err(holder),
            slowest => {
                let behind = slowest.map_or(0, |holder| holder.behind);
                Ok(n.wrapping_add((capacity - behind).min(capacity / 2)))
            }
        }
    }

    /// Looks, and evicts those that may be evicted, until message `n` passes. `asks` says whether the lock
    /// of one that is in the way is asked for.
    fn look_and_evict(&mut self, n: u64, asks: bool) -> Result<(), Holder> {
        /// Each further one means that one holds less. More often than there are entries, that somebody
        /// writes garbage there as fast as this can look.
        const ROUNDS: u32 = bound(256, 4);
        let mut found = self.look(n);
        for _ in 0..ROUNDS {
            match found {
                Ok(limit) => {
                    let is_tight = limit.wrapping_sub(n) < self.queue.geometry.capacity() / 2;
                    (self.limit, self.is_tight, self.blocked) = (limit, is_tight, None);
                    return Ok(());
                }
                Err(slowest) if self.may_evict(n, &slowest, asks) => self.evict(&slowest),
                Err(slowest) => return Err(slowest),
            }
            found = self.look(n);
        }
        // Nobody makes a producer wait for longer than it was told to.
        if found.is_err() && self.is_over(n) {
            found = Ok(n.wrapping_add(1));
        }
        found.map(|limit| self.limit = limit)
    }

    fn evict(&self, slowest: &Holder) {
        if let Some((holders, _)) = &self.holding {
            // If not, it holds no longer, or somebody else did this.
            holders.evict(slowest);
        }
    }

    fn may_evict(&mut self, n: u64, slowest: &Holder, asks: bool) -> bool {
        if self.blocked.is_none_or(|(blocked, _)| blocked != n) {
            self.blocked = Some((n, Instant::now()));
        }
        let is_dead = |(holders, _): &(Holders, _)| !holders.is_alive(slowest).unwrap_or(true);
        asks && self.holding.as_ref().is_some_and(is_dead) || self.is_over(n) && self.is_its_fault(slowest.cursor)
    }

    /// Whether message `n` has been in front of the gate for as long as the queue's creator allows.
    fn is_over(&self, n: u64) -> bool {
        let (Some((blocked, since)), Some((_, evict))) = (self.blocked, &self.holding) else { return false };
        blocked == n && evict.is_over(since)
    }

    /// Whether a holder whose next message is this one could have read it: else it waits for that
    /// message's producer, who lives.
    fn is_its_fault(&self, cursor: u64) -> bool {
        let producers = u64::from(self.queue.ledgers());
        if producers == 0 {
            // The one that asks, and all before its own are complete, or were left out.
            return true;
        }
        // Further behind than any message can be under way.
        let behind = self.queue.produced().wrapping_sub(cursor);
        #[cfg(not(icc_loom))]
        let cursor = self.bytes.as_ref().map_or(cursor, |queue| queue.awaited(cursor));
        behind > self.queue.geometry.capacity().saturating_mul(producers + 1)
            || self.queue.is_there(cursor)
            || self.queue.abandoned_from(cursor).is_some()
    }

    /// Waits for the message that was found not to pass, in this round of doing so: not for long, and not
    /// past the deadline.
    fn wait_once(&self, waiting: &mut Waiting, deadline: Option<Instant>) {
        let (Some((n, since)), Some((holders, evict))) = (self.blocked, &self.holding) else { return };
        // What was produced before, in this batch too, may be what the holder waits for.
        if let Some(bell) = self.queue.bell() {
            bell.ring();
        }
        match waiting.rounds {
            ..SPINS => waiting.backoff.spin(),
            // In a model, which has no time, a death would wake nobody: there only one of a wakeable queue sleeps.
            _ if waiting.rounds < YIELDS || !bound(true, self.queue.is_wakeable()) => thread::yield_now(),
            _ => {
                let left = |end: Instant| end.saturating_duration_since(Instant::now());
                let evicts = match *evict {
                    Evict::After(longest) => since.checked_add(longest),
                    _ => None,
                };
                let slice = [deadline, evicts].into_iter().flatten().map(left).fold(SLICE, Duration::min);
                holders.wait(|| self.look(n).is_ok(), slice);
            }
        }
        waiting.rounds = waiting.rounds.saturating_add(1);
    }
}

impl<T: Payload> QueueReader<T> {
    /// What a producer passes.
    pub(crate) fn gate(&self) -> Result<Gate<T>, BufferError> {
        let holding = match (self.evicts(), self.buffer.holding_readers()) {
            (Some(evict), Ok(holders)) => Some((holders, evict)),
            (Some(_), Err(EntryError::Buffer(error))) => return Err(error),
            _ => None,
        };
        // Any message is beyond a limit that nobody has looked for.
        let limit = self.produced().wrapping_add(if holding.is_some() { 0 } else { NO_LIMIT });
        let is_there = holding.is_some();
        let behind = Behind {
            limit,
            is_tight: false,
            blocked: None,
            queue: self.clone(),
            holding,
            #[cfg(not(icc_loom))]
            bytes: None,
        };
        let most = if self.is_wakeable() { 1 } else { UNCOUNTED };
        Ok(Gate { is_there, most, behind: Box::new(behind) })
    }
}

/// How long a wait for room has lasted.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    rounds: u32,
    backoff: Backoff,
}

impl Waiting {
    /// Waits where it is not for a holder.
    pub(crate) fn give_way(&mut self) {
        self.backoff.wait();
    }

    /// Whether it is time to ask for the lock of a holder: before the first sleep, and after each.
    fn asks(&self) -> bool {
        self.rounds >= YIELDS
    }
}
