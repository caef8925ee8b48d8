//! A worker: how it comes to a message.

use super::board::{Board, Of, WORKERS};
use super::hold::Hold;
use super::settle::{recover, settle};
use super::word::{DONE, FINISHES, HOLDS, Hand, INTENDS, Judged, OVERTAKEN, Returned, Taken, Word};
use super::{Claim, GroupError, GroupLost, TryClaimError};
use crate::QueueReader;
use core::{fmt, time::Duration};
use icc_buffer::{ForkGuard, IdLock};
use icc_seqlock::Payload;
use icc_seqlock::primitive::{Silence, bound, is_dying, sleep, step};
use std::time::{Instant, SystemTime};

/// Claims after which a worker asks whether another one lives.
const CLAIMS_PER_LOOK: u32 = bound(256, 1 << 31);
/// How many messages ahead of its claim a worker requests one.
const AHEAD: u64 = 4;
/// Messages whose claim words share a pair of cache lines.
const BLOCK: u64 = 16;
/// How many blocks of its own a worker handles before it comes back to those that it left, if the ring
/// is large enough.
const BLOCKS_AWAY: u64 = 4;
/// After this many empty polls, a worker reads the clock.
pub(super) const POLLS_PER_CLOCK: u32 = bound(64, 2);
/// How often a worker that finds nothing asks which others live, and whether the producer of the next
/// message does.
const SILENCE: Duration = Duration::from_millis(1);
/// How many others it asks for then.
const OTHERS_PER_LOOK: u32 = bound(16, WORKERS);

/// One of a group's workers, from [`Group::worker`](super::Group::worker).
///
/// It has one message at a time: [`try_claim`](Self::try_claim), [`claim`](Self::claim),
/// [`claim_timeout`](Self::claim_timeout).
///
/// Dropping it gives back what it has. If its process ends instead, however it ends, the others find out
/// by the lock that the kernel keeps, and one of them gets the message. A worker that is stopped, or
/// slow, keeps its message for as long as it lives.
pub struct Worker<T: Payload> {
    pub(super) queue: QueueReader<T>,
    pub(super) board: Board,
    pub(super) id: u32,
    _lock: IdLock,
    guard: ForkGuard,
    generation: u64,
    /// Its part in that the group loses nothing, if the queue is one for that.
    hold: Option<Hold>,
    /// Where the group began.
    start: u64,
    limit: u8,
    /// The next message that this worker looks at. It has passed all before, but for those from `left` on.
    pub(super) cursor: u64,
    /// Where it left messages to another worker that was at them, to come back soon.
    pub(super) left: Option<u64>,
    /// Until where it leaves none, once it has come back.
    stays_until: u64,
    /// Where it goes on then, and leaves again what is between.
    resumes_at: Option<u64>,
    /// How many workers there are, 1 if the ring is too small to leave anything to them, and which of
    /// them this is: each begins with blocks of its own.
    peers: u32,
    rank: u32,
    /// After how many messages it comes back.
    away: u64,
    /// What was given back, when it looked last.
    pub(super) seen: Returned,
    /// The lowest message that it passed although it may be free one day without anybody saying so.
    blocked: Option<u64>,
    /// Until where messages are known never to come.
    gone: Option<u64>,
    /// What its line says.
    lost: u64,
    lost_next: u64,
    handled: u64,
    pub(super) has: Has,
    /// The message that it has, its number and its word.
    pub(super) message: T,
    pub(super) n: u64,
    pub(super) word: Word,
    /// Losses that it has not told yet.
    untold: Vec<GroupLost>,
    claims: u32,
    /// What is done now and then is done when these bits of the claims are 0.
    tick: u32,
    pub(super) empty_polls: u32,
    looked: Silence,
    silence: Silence,
    silent_at: u64,
    /// The id that it asks for next.
    next_asked: u32,
    /// Whether it has slept, so that the silence has lasted.
    pub(super) has_waited: bool,
}

/// What a worker has in its hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Has {
    Nothing,
    /// A message that nobody was given yet, since a loss had to be told first.
    Ready,
    /// One that was given as a [`Claim`].
    Given,
}

/// What became of an attempt to claim one message.
enum Attempt {
    /// It is claimed, and that proved so many of the laps before lost.
    Claimed { skipped: u64 },
    /// It is another's, or settled.
    Passed,
    /// Its word changed meanwhile.
    Again,
}

impl<T: Payload> Worker<T> {
    /// A worker of a group that has begun at `start`.
    pub(super) fn join(
        queue: QueueReader<T>,
        board: Board,
        name: &str,
        start: u64,
        limit: u8,
    ) -> Result<Self, GroupError> {
        let lock = take_id(&board)?;
        let hold = Hold::begin(&queue, &board, name, start)?;
        let id = lock.id();
        board.note_id(id);
        // What a dead one left there, before anything new.
        let settled = settle(&queue, &board, id, limit);
        let generation = (board.load(id, Of::Tenancy) >> 8).wrapping_add(1);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        board.store(id, Of::Since, u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
        board.store(id, Of::Process, std::process::id().into());
        board.store(id, Of::Tenancy, generation << 8 | 1);
        step("group joined");
        let seen = board.look_returned();
        let (lost, lost_next) = (board.load(id, Of::Lost), board.load(id, Of::LostNext));
        if let Some(bell) = queue.bell() {
            // It rings when it gives something back.
            bell.register_producer();
        }
        let tick = hold.as_ref().map_or(CLAIMS_PER_LOOK, |hold| hold.period.min(CLAIMS_PER_LOOK)) - 1;
        let mut worker = Self {
            id,
            guard: lock.fork_guard(),
            _lock: lock,
            generation,
            hold,
            start,
            limit,
            cursor: queue.produced(),
            left: None,
            stays_until: start,
            resumes_at: None,
            peers: 1,
            rank: 0,
            away: 0,
            seen,
            blocked: None,
            gone: None,
            lost,
            lost_next,
            handled: board.load(id, Of::Handled),
            has: Has::Nothing,
            message: T::zeroed(),
            n: 0,
            word: Word(0),
            untold: Vec::new(),
            claims: 0,
            tick,
            empty_polls: 0,
            looked: Silence::new(),
            silence: Silence::new(),
            silent_at: start,
            next_asked: 0,
            has_waited: false,
            queue,
            board,
        };
        worker.untold.extend(settled.lost);
        worker.go_back_to(worker.start);
        worker.count_peers();
        Ok(worker)
    }

    /// The next message that nobody has, for this worker alone. Never waits.
    ///
    /// It is claimed in the group's memory at once: if this process ends before it is
    /// [`done`](Claim::done), another worker gets it.
    ///
    /// # Errors
    ///
    /// [`TryClaimError::Empty`] if there is none. [`TryClaimError::SpedPast`] if the group lost messages,
    /// each loss to one worker; the next call goes on. [`TryClaimError::Forked`] in a child process made
    /// by `fork`.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{Queue, QueueSpec, TryClaimError};
    ///
    /// let queue = Queue::<u64>::new(QueueSpec::new(16).group("orders"))?;
    /// let (mut one, mut other) = (queue.group("orders")?.worker()?, queue.group("orders")?.worker()?);
    /// let mut producer = queue.producer()?;
    /// (0..2).for_each(|n| { producer.produce(&n); });
    ///
    /// let first = one.try_claim()?;
    /// assert_eq!((*first, *other.try_claim()?), (0, 1)); // the other gives it back at once
    /// first.done();
    ///
    /// let second = one.try_claim()?;
    /// assert_eq!((*second, second.deliveries()), (1, 2));
    /// second.done();
    /// assert!(matches!(one.try_claim(), Err(TryClaimError::Empty)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_claim(&mut self) -> Result<Claim<'_, T>, TryClaimError> {
        self.seek()?;
        Ok(Claim::new(self))
    }

    /// Gets a message into its hand.
    #[inline]
    pub(super) fn seek(&mut self) -> Result<(), TryClaimError> {
        if self.has != Has::Nothing || self.guard.is_child() {
            if self.guard.is_child() {
                return Err(TryClaimError::Forked);
            }
            if self.go_on_with_what_it_has() {
                return Ok(());
            }
        }
        if !self.untold.is_empty() {
            return Err(self.tell());
        }
        self.claims = self.claims.wrapping_add(1);
        if self.claims & self.tick == 0 {
            self.now_and_then();
        }
        let returned = self.board.look_returned();
        if returned != self.seen {
            self.note_returned(returned);
        }
        let ring = self.board.ring;
        // A word that changes each time is somebody else's progress, or scribbled on.
        for _ in 0..ring.capacity().saturating_add(bound(64, 4)) {
            let n = self.cursor;
            // First what others did: their messages' slots are not touched then.
            let word = self.board.look(n);
            match word.taken(ring, n) {
                Taken::No => {}
                Taken::Yes => {
                    self.go_on(n);
                    continue;
                }
            }
            if n.is_multiple_of(BLOCK) && self.leaves(n) {
                continue;
            }
            match ring.ahead(self.queue.slot(n).version(), n) {
                0 => {}
                1.. => {
                    self.catch_up();
                    continue;
                }
                _ if self.left.is_some() => {
                    self.come_back(n);
                    continue;
                }
                _ => return Err(self.empty()),
            }
            match self.attempt(n, word) {
                Attempt::Passed => self.go_on(n),
                Attempt::Again => {}
                Attempt::Claimed { skipped } => {
                    self.go_on(n);
                    return self.receive(skipped);
                }
            }
        }
        Err(TryClaimError::Empty)
    }

    /// Goes on after message `n`.
    #[inline(always)]
    fn go_on(&mut self, n: u64) {
        self.cursor = n.wrapping_add(1);
        if self.cursor.is_multiple_of(BLOCK) && (self.left.is_some() || self.resumes_at.is_some()) {
            self.end_of_block();
        }
    }

    /// Leaves the block that begins at `n` to another worker for a while, if it is that one's: two that
    /// claim neighbours take the line of their words from each other each time.
    #[inline]
    fn leaves(&mut self, n: u64) -> bool {
        if self.peers <= 1 || (n / BLOCK) % u64::from(self.peers) == u64::from(self.rank) {
            return false;
        }
        let beyond = n.wrapping_add(BLOCK);
        if n.wrapping_sub(self.stays_until).cast_signed() < 0 || !self.queue.is_intact(beyond) {
            return false;
        }
        self.left.get_or_insert(n);
        self.cursor = beyond;
        true
    }

    /// At the end of a block, with others left behind.
    #[cold]
    fn end_of_block(&mut self) {
        let at = self.cursor;
        match (self.resumes_at, self.left) {
            // The last blocks are left to the others once more: they are at them.
            (Some(resumes), _) if at.wrapping_sub(self.stays_until).cast_signed() >= 0 => {
                self.resumes_at = None;
                if resumes.wrapping_sub(at).cast_signed() > 0 {
                    (self.cursor, self.left) = (resumes, Some(at));
                }
            }
            (None, Some(left)) if at.wrapping_sub(left) >= self.away => {
                self.come_back(at.wrapping_sub(self.away / 2));
                self.resumes_at = Some(at);
            }
            _ => {}
        }
    }

    /// Comes back to what it left, and leaves nothing before `until`.
    #[cold]
    fn come_back(&mut self, until: u64) {
        if let Some(left) = self.left.take() {
            (self.cursor, self.stays_until, self.resumes_at) = (left, until, None);
        }
    }

    /// Copies the message that it has just claimed.
    #[inline(always)]
    fn receive(&mut self, skipped: u64) -> Result<(), TryClaimError> {
        let n = self.n;
        let copied = self.queue.slot(n).try_read_at(self.board.ring.complete(n), &mut self.message);
        if copied.is_ok() && skipped == 0 {
            self.has = Has::Given;
            return Ok(());
        }
        if copied.is_ok() {
            self.has = Has::Ready;
            self.untold.extend(GroupLost::before(n, skipped, self.board.ring));
        } else {
            self.lose(skipped);
        }
        Err(self.tell())
    }

    /// Loses the message in its hand, after so many of the laps before it.
    #[cold]
    fn lose(&mut self, skipped: u64) {
        self.board.set_hand(self.id, Hand::new(self.n, OVERTAKEN));
        step("group loses");
        self.settle();
        let before = GroupLost::before(self.n, skipped, self.board.ring);
        self.untold.push(GroupLost::and(before, self.n, self.board.ring));
    }

    /// Tries to claim message `n`, of which the ring's slot is complete or never will be.
    #[inline(always)]
    fn attempt(&mut self, n: u64, word: Word) -> Attempt {
        match word.judge(self.board.ring, n, self.start) {
            Judged::Free { skipped, deliveries } => self.claim_word(n, word, skipped, deliveries),
            Judged::Settled | Judged::Held => Attempt::Passed,
            Judged::Late { at, worker, skipped } => self.overtake(n, word, (at, worker), skipped),
        }
    }

    #[inline(always)]
    fn claim_word(&mut self, n: u64, word: Word, skipped: u64, deliveries: u8) -> Attempt {
        let (id, lost) = (self.id, self.lost.wrapping_add(skipped));
        // What comes next, since nothing is loaded ahead of the exchange.
        self.queue.buffer.prefetch(self.board.ring.index(n.wrapping_add(AHEAD)));
        if n.is_multiple_of(BLOCK) {
            self.board.prefetch_slots(n.wrapping_add(u64::from(self.peers) * BLOCK));
        }
        if lost != self.lost_next {
            self.board.store(id, Of::LostNext, lost);
            self.lost_next = lost;
        }
        self.board.set_hand(id, Hand::new(n, INTENDS));
        step("group intends");
        let held = Word::held(self.board.ring.lap(n), self.generation, id, deliveries.saturating_add(1));
        if !self.board.claim_word(n, word, held) {
            return Attempt::Again;
        }
        step("group claimed");
        if skipped != 0 {
            self.board.store(id, Of::Lost, lost);
            self.lost = lost;
            step("group counted");
        }
        self.board.set_hand(id, Hand::new(n, HOLDS));
        step("group holds");
        (self.n, self.word) = (n, held);
        Attempt::Claimed { skipped }
    }

    /// Claims message `n` although the slot's word says that another worker has message `at` of an
    /// earlier lap: that one cannot be given to anybody any more, and is its worker's to finish or to
    /// lose.
    #[cold]
    fn overtake(&mut self, n: u64, word: Word, (at, worker): (u64, u32), skipped: u64) -> Attempt {
        let hand = self.board.hand(worker % WORKERS);
        let told = hand == Hand::new(at, OVERTAKEN)
            || (hand == Hand::new(at, HOLDS) && self.board.exchange_hand(worker % WORKERS, hand, OVERTAKEN));
        if told {
            step("group overtakes");
            return self.claim_word(n, word, skipped, 0);
        }
        if worker == self.id {
            // Not its own: it has nothing. Scribbled.
            self.board.settle_word(at, word, DONE);
            return Attempt::Again;
        }
        if self.recover(worker, Some((at, word))) || self.board.look(n) != word {
            return Attempt::Again;
        }
        // Its worker is between two steps: stopped there, perhaps. Later.
        let lower = self.blocked.is_none_or(|before| n.wrapping_sub(before).cast_signed() < 0);
        self.blocked = if lower { Some(n) } else { self.blocked };
        Attempt::Passed
    }

    /// Whether it can go on with a message that it has: one that is still to be given. One that was
    /// given, and whose claim was forgotten, is given back.
    #[cold]
    fn go_on_with_what_it_has(&mut self) -> bool {
        if self.has == Has::Ready && self.untold.is_empty() {
            self.has = Has::Given;
            return true;
        }
        if self.has == Has::Given {
            self.give_back();
        }
        false
    }

    /// The message in its hand is handled.
    #[inline(always)]
    pub(super) fn finish(&mut self) {
        self.has = Has::Nothing;
        if self.guard.is_child() {
            return;
        }
        self.board.set_hand(self.id, Hand::new(self.n, FINISHES));
        step("group finishes");
        // If it was overtaken, the word is another's by now, and the hand has said it all.
        self.board.settle_word(self.n, self.word, DONE);
        step("group finished");
        self.handled = self.handled.wrapping_add(1);
        self.board.store(self.id, Of::Handled, self.handled);
    }

    /// Gives the message in its hand back, if it has one.
    #[cold]
    pub(super) fn give_back(&mut self) {
        if self.has != Has::Nothing && !self.guard.is_child() {
            self.settle();
        }
        self.has = Has::Nothing;
    }

    /// Settles its own hand.
    fn settle(&mut self) {
        let settled = settle(&self.queue, &self.board, self.id, self.limit);
        self.lost = self.board.load(self.id, Of::Lost);
        self.lost_next = self.board.load(self.id, Of::LostNext);
        if settled.returned {
            self.queue.ring_for_return();
        }
        // What it loses itself it tells itself; else it was overtaken.
        if self.has != Has::Nothing {
            self.untold.extend(settled.lost);
        }
    }

    #[cold]
    fn now_and_then(&mut self) {
        self.show();
        if self.claims.is_multiple_of(CLAIMS_PER_LOOK) {
            self.look_after(1);
        }
    }

    /// Shows the producers which message is the oldest that the group has not settled, if they wait for
    /// that.
    fn show(&mut self) {
        if let Some(hold) = &mut self.hold
            && hold.show(&self.queue, &self.board, self.start, (self.handled, self.lost))
        {
            // Others that sleep show it, too.
            self.queue.ring_for_return();
        }
    }

    /// Whether the group can go on in its hold: it has settled what it showed as the oldest.
    pub(super) fn is_hold_behind(&self) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.is_behind(&self.queue, &self.board, self.start))
    }

    /// Whether producers wait for the group before they overwrite what it has not handled, as far as this
    /// worker goes: the queue was created with [`holding`](crate::QueueSpec::holding), and no producer has
    /// evicted this worker since it came. The group holds for as long as one of its workers does.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.hold.as_ref().is_some_and(Hold::holds)
    }

    /// As [`try_claim`](Self::try_claim), but keeps the message in its hand, and says which it is, its
    /// number and how often it was delivered: the next `try_claim` gives it. For streams.
    #[doc(hidden)]
    pub fn prepare(&mut self) -> Result<(T, u64, u8), TryClaimError> {
        self.seek()?;
        self.has = Has::Ready;
        Ok((self.message, self.n, self.word.deliveries()))
    }

    /// Asks for up to so many others whether they live, and settles what the dead have.
    #[cold]
    pub(super) fn look_after(&mut self, others: u32) {
        self.count_peers();
        let ids = self.board.ids_taken();
        for _ in 0..others.min(ids) {
            let id = self.next_asked % ids.max(1);
            self.next_asked = id + 1;
            if id != self.id && self.board.load(id, Of::Tenancy) & 1 == 1 {
                self.recover(id, None);
            }
        }
    }

    /// Counts those that share the messages.
    fn count_peers(&mut self) {
        let (mut peers, mut rank) = (0_u32, 0);
        for id in 0..self.board.ids_taken() {
            let is_one = id == self.id || self.board.load(id, Of::Tenancy) & 1 == 1;
            peers += u32::from(is_one);
            rank += u32::from(is_one && id < self.id);
        }
        let round = u64::from(peers) * BLOCK;
        let away = (BLOCKS_AWAY * round).min(self.board.ring.capacity() / 4);
        (self.peers, self.rank, self.away) = if away >= 2 * round { (peers, rank, away) } else { (1, 0, 0) };
    }

    /// Whether worker `id` was dead, and what it had is settled.
    fn recover(&mut self, id: u32, orphan: Option<(u64, Word)>) -> bool {
        let Some(settled) = recover(&self.queue, &self.board, id, self.limit, orphan) else { return false };
        if settled.returned {
            self.queue.ring_for_return();
        }
        self.untold.extend(settled.lost);
        true
    }

    /// Whether one of the others is dead. Changes nothing.
    pub(super) fn is_one_dead(&self) -> bool {
        let dead = |id| {
            id != self.id
                && self.board.load(id, Of::Tenancy) & 1 == 1
                && self.board.words().holder_lives(id) == Ok(false)
        };
        (0..self.board.ids_taken()).any(dead)
    }

    /// Something was given back, perhaps before where this worker is.
    #[cold]
    fn note_returned(&mut self, returned: Returned) {
        self.seen = returned;
        self.go_back_to(returned.lowest(self.cursor));
    }

    /// Goes back to message `n`, or to the oldest of the group that the ring keeps.
    fn go_back_to(&mut self, n: u64) {
        let later = |one: u64, other: u64| if one.wrapping_sub(other).cast_signed() < 0 { other } else { one };
        // By the slots: producers that wait with tickets are counted, and have overwritten nothing yet.
        let oldest = self.queue.oldest_of(self.queue.produced());
        let back = later(later(n, oldest), self.start);
        if back.wrapping_sub(self.cursor).cast_signed() < 0 {
            // All that it left before is behind that, or comes after it.
            let left = self.left.take().filter(|&left| left.wrapping_sub(back).cast_signed() < 0);
            self.stays_until = self.resumes_at.take().unwrap_or(self.cursor);
            self.cursor = left.unwrap_or(back);
        }
    }

    /// The message at the cursor is overwritten: goes on at the oldest that the ring keeps.
    #[cold]
    fn catch_up(&mut self) {
        let oldest = self.queue.oldest_of(self.queue.produced());
        let next = self.cursor.wrapping_add(1);
        self.cursor = if oldest.wrapping_sub(next).cast_signed() > 0 { oldest } else { next };
    }

    /// Nothing is there: what to do about that, now and then.
    #[cold]
    fn empty(&mut self) -> TryClaimError {
        self.show();
        if let Some(n) = self.blocked.take() {
            // Once more, the next time.
            self.cursor = n;
            return TryClaimError::Empty;
        }
        if self.seen.lowest(self.cursor) != self.cursor {
            // All before has been looked at since.
            self.seen = self.board.raise_returned(self.seen, self.cursor);
        }
        if let Some(end) = self.gone {
            if end.wrapping_sub(self.cursor).cast_signed() > 0 {
                return self.pass_the_gone();
            }
            self.gone = None;
        }
        self.empty_polls = self.empty_polls.wrapping_add(1);
        if self.empty_polls.is_multiple_of(POLLS_PER_CLOCK) {
            self.silent();
        }
        if self.untold.is_empty() { TryClaimError::Empty } else { self.tell() }
    }

    /// Nothing has come for a while: others may have died, who had something, or the producer of the next
    /// message.
    fn silent(&mut self) {
        let has_waited = core::mem::take(&mut self.has_waited);
        if has_waited || self.looked.lasts(SILENCE) {
            self.looked = Silence::new();
            self.look_after(OTHERS_PER_LOOK);
        }
        if self.queue.unsure == 0 {
            return;
        }
        if self.silent_at != self.cursor {
            (self.silent_at, self.silence) = (self.cursor, Silence::new());
        }
        if has_waited || self.silence.lasts(SILENCE) {
            self.gone = self.queue.never_from(self.cursor);
        }
    }

    /// Counts the message at the cursor as lost, which will never come, unless another worker did.
    fn pass_the_gone(&mut self) -> TryClaimError {
        let n = self.cursor;
        match self.attempt(n, self.board.look(n)) {
            Attempt::Again => TryClaimError::Empty,
            Attempt::Passed => {
                self.cursor = n.wrapping_add(1);
                TryClaimError::Empty
            }
            Attempt::Claimed { skipped } => {
                self.cursor = n.wrapping_add(1);
                self.lose(skipped);
                self.tell()
            }
        }
    }

    /// Tells of one loss.
    #[cold]
    fn tell(&mut self) -> TryClaimError {
        self.untold.pop().map_or(TryClaimError::Empty, TryClaimError::SpedPast)
    }

    /// Whether it has nothing to give or to tell.
    pub(super) fn is_quiet(&self) -> bool {
        self.has == Has::Nothing && self.untold.is_empty() && self.gone.is_none() && self.left.is_none()
    }

    /// As the kernel does it when its process ends.
    #[cfg(all(test, not(icc_loom)))]
    pub(super) fn let_go_of_its_lock(&mut self) {
        // SAFETY: the caller never uses or drops this worker again.
        drop(unsafe { core::ptr::read(&self._lock) });
    }

    /// Which worker of its group it is: of those that live, no two have the same.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The queue whose messages it handles.
    #[must_use]
    pub fn queue(&self) -> &QueueReader<T> {
        &self.queue
    }
}

impl<T: Payload> QueueReader<T> {
    /// If message `n` will never come, where those end that will not.
    pub(super) fn never_from(&self, n: u64) -> Option<u64> {
        if self.has_gaps() { self.left_out_from(n) } else { self.abandoned_from(n) }
    }
}

/// Takes an id, which may still be held by a process that was just killed.
fn take_id(board: &Board) -> Result<IdLock, GroupError> {
    let end = Instant::now() + Duration::from_millis(20);
    loop {
        match board.words().take_id(0..WORKERS) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) if Instant::now() >= end => {
                let path = board.words().path().map(std::path::Path::to_owned);
                return Err(GroupError::TooMany { max: WORKERS, path });
            }
            Err(error) if Instant::now() >= end => return Err(error.into()),
            Err(error @ icc_buffer::BufferError::PermissionDenied { .. }) => return Err(error.into()),
            _ => sleep(Duration::from_millis(1)),
        }
    }
}

impl<T: Payload> Drop for Worker<T> {
    fn drop(&mut self) {
        if is_dying() || self.guard.is_child() {
            return;
        }
        self.give_back();
        self.board.store(self.id, Of::Tenancy, self.generation << 8);
    }
}

impl<T: Payload> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("id", &self.id).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
