//! Holding: readers whose messages no writer overwrites before they have passed them.
//!
//! | who | does |
//! |---|---|
//! | a reader that begins to hold: [`Entries::hold`] | takes an entry; stores its cursor, and the word with `HOLDS`; a fence; looks where the writers are, and goes there |
//! | a holder: [`ReaderEntry::publish`] | stores its cursor with Release; a fence; wakes a writer that sleeps |
//! | a writer that comes to its limit: [`Holders::slowest`] | a fence; loads the words and cursors of all that hold |
//! | a writer that has waited for long enough, or asked the lock and found it free: [`Holders::evict`] | exchanges the very word that it loaded before for `EVICTED` |
//!
//! # Why nobody who holds is missed
//!
//! Let a writer that is about to write message `n` have looked, and found nothing that keeps it from
//! the messages before its limit, which is at most `n` plus half the ring. The two fences have an
//! order. If the reader's is first, the writer's look finds it. If the writer's is first, the reader
//! looks where the writers are after it, and finds `n` at least. By that look, the writer overwrites
//! only what is more than half a ring older than `n`. So whatever is not older than half a ring, seen
//! from where the reader finds the writers, is there and stays: that is what it may hold.
//!
//! # Why a handover is not missed
//!
//! A worker of a group that begins to hold goes back, once it holds, to the oldest message that others hold. Then those may
//! let go. A writer that looks meanwhile may have loaded the bits, or the new one's cursor, before that, and the old one's
//! word after: then it finds a bit whose entry does not hold, and looks at all once more. What the one that let go saw, the
//! new one's cursor among it, is there then, by the Release fence before it lets go. (Two that begin and one that lets go
//! within one look of a writer's, so that the second has the entry of the one that let go, would not be noticed.)
//!
//! # Why no message is taken from under a holder
//!
//! A cursor is stored with Release after what is before it was read, and a writer that finds it there
//! overwrites that after an Acquire. Cursor and word may be of two tenants of the entry: then the
//! cursor is of the later one, who began to hold no earlier than that.
//!
//! # Eviction
//!
//! Whoever evicts has loaded the word, *then* asked the lock or waited, and *then* exchanges that very
//! word. A new tenancy begins with a word that never was, so its tenant is not meant. An entry that is
//! evicted has nobody else until its owner lets go. Between the exchange and the next write is a
//! Release, and a reader loads the word after an Acquire: so a holder that misses a message finds that
//! it no longer holds.
//!
//! Nothing here is trusted. A cursor that was never there counts as where the writer is, or as a whole
//! ring behind; more than the policy says no writer waits for it.

use crate::entries::{Begun, CURSOR, EVICTED, Entries, HOLDING, HOLDING_IDS, HOLDS, Line, ReaderEntry, Word};
use crate::futex::{Expected, Woken, wait_any};
use crate::sleep::{Bells, sleep_until};
use crate::{Bell, BufferError, EntryError};
use core::{fmt, time::Duration};
use icc_seqlock::primitive::{AtomicU64, Ordering, bound, fence, step};
use std::time::Instant;

/// What [`ReadOnlyBuffer::hold`](crate::ReadOnlyBuffer::hold) gives.
#[derive(Debug)]
#[non_exhaustive]
pub struct Held {
    /// The reader's entry.
    pub entry: ReaderEntry,
    /// The number of the first message that it holds.
    pub cursor: u64,
    /// The number of the next message, when writers could see the entry already.
    pub head: u64,
}

impl Entries {
    /// Takes an entry that holds.
    pub(crate) fn hold(&self, label: &str, asked: Option<u64>, head: &dyn Fn() -> u64) -> Result<Held, EntryError> {
        let cursor = asked.unwrap_or_else(head);
        let Begun { line, lock, word } = self.begin(label, cursor, HOLDING_IDS)?;
        self.change_holders(|holders| holders | 1 << lock.id());
        let word = word.with(HOLDS);
        // Release: pairs with the first Acquire fence in `Entries::look`, and with the fence at the
        // end of `Holders::slowest`: whoever sees that it holds sees its cursor.
        line.word.store(word.0, Ordering::Release);
        step("holds");
        // Pairs with the fence at the beginning of `Holders::slowest`: that sees this entry, or this
        // sees the messages before it.
        fence(Ordering::SeqCst);
        let head = head();
        let entry = ReaderEntry { entries: self.clone(), word, lock };
        let ahead = head.wrapping_sub(cursor).cast_signed();
        if asked.is_some() || ahead <= 0 {
            return Ok(Held { entry, cursor, head });
        }
        entry.publish(head, 0, 0);
        step("holds from there");
        Ok(Held { entry, cursor: head, head })
    }

    fn change_holders(&self, change: impl Fn(u64) -> u64) {
        let holders = &self.lines().room.holders;
        let mut found = holders.load(Ordering::Relaxed);
        // All relaxed: the fences order them. Tries again only if another entry's bit was changed.
        while let Err(now) = holders.compare_exchange(found, change(found), Ordering::Relaxed, Ordering::Relaxed) {
            found = now;
        }
    }

    /// This entry, whose lock the caller has, holds no longer.
    pub(crate) fn no_holder(&self, id: u32) {
        self.change_holders(|holders| holders & !(1 << id));
    }

    /// Wakes the writers that wait for room, after a cursor was stored.
    pub(crate) fn make_room(&self) {
        // Pairs with the fence of a look that a writer makes before it sleeps: that sees the cursor, or this
        // sees that it sleeps.
        fence(Ordering::SeqCst);
        if let Some(room) = &self.room {
            room.ring_after_fence();
        }
    }
}

impl ReaderEntry {
    /// Whether writers still wait for this reader: it began to hold, and no writer has evicted it.
    ///
    /// After a message was found to be overwritten, this is false, unless somebody wrote garbage into
    /// the readers' file.
    #[must_use]
    pub fn holds(&self) -> bool {
        // Acquire: with the load of the slot that was overwritten, pairs with the fence at the end of
        // `Holders::slowest`.
        fence(Ordering::Acquire);
        self.word.state() == HOLDS && self.current().state() == HOLDS && !self.lock.is_forked()
    }

    fn current(&self) -> Word {
        // Relaxed: see `holds`.
        Word(self.entries.line(self.id()).word.load(Ordering::Relaxed))
    }
}

/// Who holds what of a buffer, for its writers, from
/// [`ReadOnlyBuffer::holding_readers`](crate::ReadOnlyBuffer::holding_readers).
///
/// Before a writer writes message `n`, in place of the one that is `capacity` older, no
/// [`Holder`] may be `capacity` behind `n`. A writer that looked may go on to `n` plus half the
/// ring, and not beyond, without a look.
#[derive(Clone)]
pub struct Holders {
    entries: Entries,
}

/// A reader that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// Which entry it has.
    pub id: u32,
    /// The number of the next message that it will read.
    pub cursor: u64,
    /// How many messages it is behind. 0 if its cursor is ahead.
    pub behind: u64,
    /// As it was found.
    word: Word,
}

impl Holders {
    pub(crate) fn of(entries: &Entries) -> Self {
        Self { entries: entries.clone() }
    }

    /// Of those that hold, the one that is furthest behind `next`.
    ///
    /// Where one begins to hold before another lets go, as workers of a group do, one of them is found.
    #[must_use]
    pub fn slowest(&self, next: u64) -> Option<Holder> {
        // Pairs with the fence in `Entries::hold`: this sees the entry, or its reader sees the
        // messages that were written before.
        fence(Ordering::SeqCst);
        let (mut slowest, without) = self.look_at_all(next, None);
        if without != 0 {
            slowest = self.look_again(next, slowest, without);
        }
        // Acquire: with the loads of the cursors, pairs with their Release stores: what the holders
        // have read they read before it is overwritten. Release: whoever sees what is overwritten
        // then sees who was evicted for it.
        fence(Ordering::AcqRel);
        slowest
    }

    /// The one that is furthest behind, of `slowest` and of all that are found to hold; and which entries have a bit that
    /// do not hold, as one number: 0 if there are none.
    #[inline(always)]
    fn look_at_all(&self, next: u64, mut slowest: Option<Holder>) -> (Option<Holder>, u64) {
        let mut without = 0_u64;
        // All relaxed: the fences order them.
        let mut left = self.entries.lines().room.holders.load(Ordering::Relaxed);
        while left != 0 {
            let id = left.trailing_zeros();
            left &= left - 1;
            let found = (id < HOLDING as u32).then(|| self.look(id, next));
            slowest = match (found, slowest) {
                (Some(Ok(one)), Some(other)) if one.behind <= other.behind => Some(other),
                (Some(Ok(one)), _) => Some(one),
                (Some(Err(word)), before) => {
                    // Not 0, also for the word of an entry that nobody has had.
                    without = without.rotate_left(7) ^ word.0 ^ u64::from(id + 1);
                    before
                }
                (None, before) => before,
            };
        }
        (slowest, without)
    }

    /// Looks at all once more, until it finds what the look before found `without`: somebody may have let go, and another
    /// have begun before it behind that look's back.
    #[cold]
    #[inline(never)]
    fn look_again(&self, next: u64, mut slowest: Option<Holder>, mut without: u64) -> Option<Holder> {
        /// Each further one means that others let go or began meanwhile.
        const ROUNDS: u32 = bound(8, 2);
        for _ in 1..ROUNDS {
            // Acquire: with the load of the word of one that let go, pairs with the fence in `ReaderEntry::drop`. So the
            // next look sees who began to hold before that.
            fence(Ordering::Acquire);
            let (found, found_without) = self.look_at_all(next, slowest);
            slowest = found;
            if found_without == without {
                break;
            }
            without = found_without;
        }
        slowest
    }

    /// Who holds this entry; or its word, if that does not say so.
    #[inline]
    fn look(&self, id: u32, next: u64) -> Result<Holder, Word> {
        let line = self.entries.line(id);
        let word = Word(line.word.load(Ordering::Relaxed));
        if word.state() != HOLDS {
            return Err(word);
        }
        // Acquire: with the load of the word, pairs with its Release store in `Entries::hold`.
        fence(Ordering::Acquire);
        let cursor = line.facts[CURSOR].load(Ordering::Relaxed);
        // Signed: a cursor may be anything.
        let behind = next.wrapping_sub(cursor).cast_signed().max(0).cast_unsigned();
        Ok(Holder { id, cursor, behind, word })
    }

    /// Whether the reader lives, by the lock that the kernel keeps. In shared memory a system call.
    ///
    /// `false` proves that the reader that was found has let go or is dead.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system call fails.
    pub fn is_alive(&self, holder: &Holder) -> Result<bool, BufferError> {
        self.entries.lives(holder.id)
    }

    /// Ends its holding, if the entry is still as it was found. It is told so, and nobody waits for it
    /// any more. False if it has let go, or somebody else did this.
    pub fn evict(&self, holder: &Holder) -> bool {
        let evicted = holder.word.with(EVICTED);
        // Relaxed: the fence in the look that follows orders it before what is overwritten.
        let done = self.line(holder).compare_exchange(holder.word.0, evicted.0, Ordering::Relaxed, Ordering::Relaxed);
        step("evicted");
        done.is_ok()
    }

    fn line(&self, holder: &Holder) -> &AtomicU64 {
        let Line { word, .. } = self.entries.line(holder.id);
        word
    }

    /// Sleeps until `ready`, which a holder's cursor may have made so, or for `time`. A death wakes
    /// nobody. `ready` looks by [`slowest`](Self::slowest): its fence is what keeps a wake from being
    /// missed.
    pub fn wait(&self, ready: impl FnMut() -> bool, time: Duration) {
        if let Some(bell) = &self.entries.room {
            // A model has no time.
            let deadline = bound(Instant::now().checked_add(time), None);
            sleep_until(&mut RoomBell { bell, armed: None }, ready, deadline);
        }
    }

    /// The bell that holders ring when there may be room, for waiting for that and other things.
    #[must_use]
    pub fn bell(&self) -> Option<&Bell> {
        self.entries.room.as_ref()
    }
}

impl fmt::Debug for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holders").field("bell", &self.bell()).finish_non_exhaustive()
    }
}

/// The bell of writers that wait for room. Those that ring it make a fence each time, so that no barrier
/// on their cores is needed: the look that follows, [`Holders::slowest`], begins with a fence, which is
/// all that a sleeper needs.
struct RoomBell<'a> {
    bell: &'a Bell,
    armed: Option<Expected<'a>>,
}

impl Bells for RoomBell<'_> {
    fn arm(&mut self) -> bool {
        let armed = self.bell.arm();
        self.armed = Some(armed.expected);
        armed.is_armed
    }

    fn barrier(&self) -> bool {
        true
    }

    fn sleep(&self, time: Duration) -> Woken {
        self.armed.map_or(Woken::Refused, |armed| wait_any(&[armed], time))
    }
}
