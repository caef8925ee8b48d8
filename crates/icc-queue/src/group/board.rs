//! Where everything lies in a group's words.

use super::word::{Hand, Returned, Word, nearest};
use crate::QueueReader;
use crate::geometry::Geometry;
use icc_buffer::GroupWords;
use icc_seqlock::primitive::{AtomicU64, Ordering, bound};

/// The most workers of a group at a time: as many as a claim word's eight bits tell apart.
pub(super) const WORKERS: u32 = bound(256, 3);
/// The most messages that are kept after they were set aside.
pub(super) const KEPT_ASIDE: usize = bound(16, 1);

/// Words in a pair of cache lines.
const LINE: usize = 16;

/// What a group shares, in its words: a line of what all read, one of what is written when something
/// is given back, a line for each worker, a claim word for each slot, and the messages set aside.
#[derive(Clone, Debug)]
pub(super) struct Board {
    words: GroupWords,
    pub(super) ring: Geometry,
    /// Of an entry of the messages set aside.
    entry: usize,
}

/// Words of a worker's line.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(super) enum Of {
    /// `generation << 8 | 1` while somebody has the id, else `generation << 8`.
    Tenancy = 0,
    /// A [`Hand`].
    Hand = 1,
    /// What [`Lost`](Self::Lost) will be after the step that is under way.
    LostNext = 2,
    /// How many messages the group lost, as far as this id found that.
    Lost = 3,
    /// What [`Aside`](Self::Aside) will be after the step that is under way.
    AsideNext = 4,
    /// How many messages were set aside by this id.
    Aside = 5,
    /// How many were handled: for people.
    Handled = 6,
    /// When the worker came, in nanoseconds since 1970: for people.
    Since = 7,
    /// Its process id: for people.
    Process = 8,
}

/// Where the parts begin.
const START: usize = 0;
const IDS: usize = 1;
const RETURNED: usize = LINE;
const WORKER_LINES: usize = 2 * LINE;
const SLOTS: usize = WORKER_LINES + WORKERS as usize * LINE;

/// Words of an entry before the message's copy.
const ENTRY_HEAD: usize = 2;

/// How many words a group of this ring has, of messages of so many bytes; none if that is more than can
/// be addressed.
pub(crate) fn words_of(capacity: usize, message: usize) -> Option<usize> {
    let slots = capacity.checked_next_multiple_of(LINE)?;
    let aside = entry_words(message)?.checked_mul(KEPT_ASIDE)?;
    SLOTS.checked_add(slots)?.checked_add(aside)
}

fn entry_words(message: usize) -> Option<usize> {
    (ENTRY_HEAD + message.div_ceil(8)).checked_next_multiple_of(LINE)
}

impl Board {
    /// None if there are fewer words than a ring of such messages needs.
    pub(super) fn new(words: GroupWords, ring: Geometry, message: usize) -> Option<Self> {
        let needed = words_of(ring.capacity() as usize, message)?;
        (words.len() >= needed).then_some(Self { words, ring, entry: entry_words(message)? })
    }

    pub(super) fn words(&self) -> &GroupWords {
        &self.words
    }

    #[inline(always)]
    fn at(&self, index: usize) -> &AtomicU64 {
        // SAFETY: `new` checked that there are words for all parts. Those who call this ask for one in
        // the first two lines, of a worker's line below `WORKERS`, of a slot's index, which is less than
        // the capacity, or within an entry below `KEPT_ASIDE`.
        unsafe { self.words.word_unchecked(index) }
    }

    /// Where the group began: `number << 1 | 1`, or 0 if it has not.
    pub(super) fn start(&self) -> &AtomicU64 {
        self.at(START)
    }

    /// Where the group began, near `reference`; none if it has not.
    pub(super) fn begun(&self, reference: u64) -> Option<u64> {
        // Relaxed: nothing else depends on it.
        let word = self.start().load(Ordering::Relaxed);
        (word & 1 == 1).then(|| nearest(word >> 1, 63, reference))
    }

    /// Above all ids that were ever taken.
    pub(super) fn ids(&self) -> &AtomicU64 {
        self.at(IDS)
    }

    #[inline(always)]
    pub(super) fn returned(&self) -> &AtomicU64 {
        self.at(RETURNED)
    }

    /// A word of the line of worker `id`, which is below [`WORKERS`].
    #[inline(always)]
    pub(super) fn worker(&self, id: u32, of: Of) -> &AtomicU64 {
        debug_assert!(id < WORKERS);
        self.at(WORKER_LINES + id as usize % WORKERS as usize * LINE + of as usize)
    }

    /// The claim word of the slot of message `n`.
    #[inline(always)]
    pub(super) fn slot(&self, n: u64) -> &AtomicU64 {
        self.at(SLOTS + self.ring.index(n))
    }

    /// Requests the claim words of sixteen messages from `n` on, which are a pair of lines.
    #[inline(always)]
    pub(super) fn prefetch_slots(&self, n: u64) {
        let first = SLOTS + self.ring.index(n);
        self.words.prefetch_for_write(first);
        self.words.prefetch_for_write(first + LINE / 2);
    }

    /// Word `index`, 0 or 1, of entry `entry` of the messages set aside.
    pub(super) fn aside(&self, entry: usize, index: usize) -> &AtomicU64 {
        assert!(entry < KEPT_ASIDE && index < ENTRY_HEAD, "there is no such entry");
        self.at(self.entry(entry) + index)
    }

    /// Which word the copy of the message of an entry begins with.
    pub(super) fn aside_copy(&self, entry: usize) -> usize {
        self.entry(entry) + ENTRY_HEAD
    }

    fn entry(&self, entry: usize) -> usize {
        let slots = (self.ring.capacity() as usize).next_multiple_of(LINE);
        SLOTS + slots + entry * self.entry
    }

    /// What the claim word of message `n` says.
    #[inline(always)]
    pub(super) fn look(&self, n: u64) -> Word {
        // Acquire: pairs with the Release of whoever moved it on. What a worker did to the message
        // before it gave it back happens before what the next one does.
        Word(self.slot(n).load(Ordering::Acquire))
    }

    /// Moves the claim word of a message that nobody else may move on: its worker's, or that of one who
    /// is dead and whose lock the caller holds. False if it was overtaken.
    #[inline(always)]
    pub(super) fn settle_word(&self, n: u64, from: Word, state: u64) -> bool {
        // Release: pairs with the Acquire in `look` and `claim_word`.
        self.slot(n).compare_exchange(from.0, from.with(state).0, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Moves the claim word of a message on to `to`, if it is still `from`.
    #[inline(always)]
    pub(super) fn claim_word(&self, n: u64, from: Word, to: Word) -> bool {
        // Acquire: as in `look`. Release: whoever sees it claimed sees what its worker's hand says.
        self.slot(n).compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Says what the hand of worker `id` has, which is the caller's own or that of a dead one whose lock
    /// it holds.
    #[inline(always)]
    pub(super) fn set_hand(&self, id: u32, hand: Hand) {
        self.store(id, Of::Hand, hand.0);
    }

    /// Moves a hand on that somebody else may move, too.
    pub(super) fn exchange_hand(&self, id: u32, from: Hand, state: u64) -> bool {
        let to = from.0 & !7 | state;
        // AcqRel: one of the two that race for it finds what the other did.
        self.worker(id, Of::Hand).compare_exchange(from.0, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    pub(super) fn hand(&self, id: u32) -> Hand {
        Hand(self.load(id, Of::Hand))
    }

    /// A word of the line of worker `id`.
    pub(super) fn load(&self, id: u32, of: Of) -> u64 {
        // Acquire: pairs with the Release in `store`.
        self.worker(id, of).load(Ordering::Acquire)
    }

    /// Stores a word of the line of worker `id`, which is the caller's own or that of a dead one whose
    /// lock it holds.
    #[inline(always)]
    pub(super) fn store(&self, id: u32, of: Of, value: u64) {
        // Release: the compiler keeps these stores in order, so that a worker that is killed between two
        // of them leaves the first.
        self.worker(id, of).store(value, Ordering::Release);
    }

    /// What was given back, by whoever.
    #[inline(always)]
    pub(super) fn look_returned(&self) -> Returned {
        // Acquire: pairs with the Release in `note_return`. Whoever sees the note sees the message free.
        Returned(self.returned().load(Ordering::Acquire))
    }

    /// Tells everybody that `n` was given back.
    pub(super) fn note_return(&self, n: u64) {
        /// Each further one means that somebody else gave something back in between.
        const ATTEMPTS: u32 = bound(1_000, 8);
        let mut found = Returned(self.returned().load(Ordering::Relaxed));
        for _ in 0..ATTEMPTS {
            // Release: pairs with the Acquire in `look_returned`.
            let (from, to) = (found.0, found.and(n).0);
            match self.returned().compare_exchange(from, to, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => found = Returned(now),
            }
        }
        // Only if somebody scribbles here without end.
        self.returned().store(found.and(n.wrapping_sub(self.ring.capacity())).0, Ordering::Release);
    }

    /// Notes that nothing is given back before `n`, if nothing was since `seen`.
    pub(super) fn raise_returned(&self, seen: Returned, n: u64) -> Returned {
        let to = seen.raised(n);
        // Release: pairs with the Acquire in `look_returned`, as what it replaces did.
        match self.returned().compare_exchange(seen.0, to.0, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => to,
            Err(_) => seen,
        }
    }

    /// Notes that there is a worker of this id, so that others look at its line.
    pub(super) fn note_id(&self, id: u32) {
        let above = u64::from(id) + 1;
        // Relaxed, all: who looks at the line takes it as it is.
        let mut found = self.ids().load(Ordering::Relaxed);
        for _ in 0..=WORKERS {
            if found >= above {
                return;
            }
            match self.ids().compare_exchange(found, above, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => found = now,
            }
        }
    }

    /// Ids that may have a worker: those below.
    pub(super) fn ids_taken(&self) -> u32 {
        // Relaxed: a worker that is just coming holds nothing yet.
        self.ids().load(Ordering::Relaxed).min(WORKERS.into()) as u32
    }
}

impl<T> QueueReader<T> {
    /// Wakes those who sleep until there is something, after something was given back.
    pub(super) fn ring_for_return(&self) {
        // As producers do it, and not in models either.
        if bound(true, self.is_wakeable())
            && let Some(bell) = self.bell()
        {
            bell.ring();
        }
    }
}
