//! The entries that readers take to be seen, or to hold: a line each, beside the bell. What holding
//! adds is in [`holding`](crate::holding).
//!
//! | who | does |
//! |---|---|
//! | a reader that takes one: [`Entries::take`] | takes the lock of a free id; stores the word with the next generation and `FILLING`; a release fence; label, cursor and the rest; stores the word with `SEEN` |
//! | its holder | stores its cursor and totals now and then; when it lets go, stores the word with `FREE`, then unlocks |
//! | whoever lists: [`Entries::list`] | loads the word; copies the line; asks for the lock; loads the word again: only if it is the same, all that belongs together |
//!
//! # Why a listed entry is one tenant's
//!
//! Only the holder of an id's lock begins a generation, so each tenancy has its own. Let the lister
//! have copied a value that a later tenant stored. That tenant stored `FILLING` of its generation
//! before, and the two fences order that before the lister's second load, which then differs. If the
//! lister found `SEEN`, what the tenant stored before that is there, since it is stored with Release.
//!
//! A tenant unlocks after it has stored `FREE`. So a lock that is found free while the word is still
//! `SEEN`, before and after, is that of a tenant who ended without letting go: it is dead. (A lock
//! that is held may for a moment be that of the next tenant, who has not stored its word yet.)
//!
//! Nothing here is trusted. What a line says is shown and never used as an index, and a line that
//! changes all the time is left out.

use crate::ids::{IdLock, Ids};
use crate::instance;
use crate::shared::{self, Mapping};
use crate::{Bell, BufferError, EntryError};
use core::{fmt, mem::offset_of, ops::Range, time::Duration};
use icc_seqlock::primitive::{Arc, AtomicU32, AtomicU64, Ordering, bound, fence, is_dying, step};
use std::time::SystemTime;

/// Entries of readers that hold, which come first.
pub(crate) const HOLDING: usize = bound(64, 2);
/// Entries of readers that are only seen.
pub(crate) const SEEN: usize = bound(192, 1);
const COUNT: usize = HOLDING + SEEN;
/// The ids of those that hold.
pub(crate) const HOLDING_IDS: Range<u32> = 0..HOLDING as u32;
/// The ids of those that are only seen.
const SEEN_IDS: Range<u32> = HOLDING as u32..COUNT as u32;

/// A label's eight-byte pieces.
const PIECES: usize = bound(8, 1);
const FACTS: usize = 5 + PIECES;
/// The longest label, in bytes of UTF-8.
pub(crate) const LABEL_BYTES: usize = 8 * PIECES;

/// One entry, of 128 bytes, as `docs/shared-memory-layout.md` describes it.
#[repr(C, align(128))]
pub(crate) struct Line {
    /// `generation << 8 | state`.
    pub(crate) word: AtomicU64,
    /// The number of the next message; how many were received; how many lost; when it was taken, in
    /// nanoseconds since 1970; the holder's process id, in its own namespace, for people; and the label,
    /// UTF-8, the rest zero.
    pub(crate) facts: [AtomicU64; FACTS],
    _reserved: [AtomicU64; 2],
}

/// Which of the facts is the number of the next message.
pub(crate) const CURSOR: usize = 0;

#[cfg(not(icc_loom))]
const _: () = assert!(size_of::<Line>() == 128);

/// The line before the entries.
#[repr(C, align(128))]
pub(crate) struct Room {
    /// The bell of writers that wait for room. In memory of this process, it is elsewhere.
    pub(crate) bell: AtomicU32,
    /// A bit for each entry that may hold.
    pub(crate) holders: AtomicU64,
}

/// All entries, and what stands before them. Any bytes are valid ones.
#[repr(C)]
pub(crate) struct Lines {
    pub(crate) room: Room,
    entries: [Line; COUNT],
}

/// A line's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

/// Nobody's.
const FREE: u8 = 0;
/// Its tenant is about to fill it.
const FILLING: u8 = 1;
/// A reader's that wants to be seen.
const SEEN_STATE: u8 = 2;
/// A reader's that holds.
pub(crate) const HOLDS: u8 = 3;
/// A reader's that held, until a writer went on without it.
pub(crate) const EVICTED: u8 = 4;

impl Word {
    pub(crate) fn state(self) -> u8 {
        self.0 as u8
    }

    /// The same tenancy in another state.
    pub(crate) fn with(self, state: u8) -> Self {
        Self(self.0 & !0xff | u64::from(state))
    }

    /// The first word of the next tenancy.
    fn next(self) -> Self {
        Self(self.0.wrapping_add(0x100)).with(FILLING)
    }

    /// What kind of reader has the entry, if its tenant has filled it.
    fn kind(self) -> Option<ReaderKind> {
        match self.state() {
            SEEN_STATE => Some(ReaderKind::Seen),
            HOLDS => Some(ReaderKind::Holding),
            EVICTED => Some(ReaderKind::Evicted),
            _ => None,
        }
    }
}

/// The entries of one buffer. A handle: clones are of the same.
#[derive(Clone)]
pub(crate) struct Entries {
    home: Home,
    /// The bell of writers that wait for room, if there are readers that hold.
    pub(crate) room: Option<Bell>,
}

/// What keeps them.
#[derive(Clone)]
enum Home {
    Private(Arc<Private>),
    /// Where in the mapping they are, and whether it is mapped for writing.
    Mapped {
        mapping: Arc<Mapping>,
        offset: usize,
        writable: bool,
    },
}

struct Private {
    lines: Lines,
    ids: Ids,
}

/// An entry whose lock was taken, and in which the next tenancy has begun.
pub(crate) struct Begun<'a> {
    pub(crate) line: &'a Line,
    pub(crate) lock: IdLock,
    /// [`FILLING`].
    pub(crate) word: Word,
}

impl Entries {
    /// In memory of this process. With a bell for room if readers can hold.
    pub(crate) fn private(holding: bool) -> Self {
        let zero = || AtomicU64::new(0);
        let line = |_| Line {
            word: zero(),
            facts: core::array::from_fn(|_| zero()),
            _reserved: core::array::from_fn(|_| zero()),
        };
        let room = Room { bell: AtomicU32::new(0), holders: zero() };
        let lines = Lines { room, entries: core::array::from_fn(line) };
        let home = Home::Private(Arc::new(Private { lines, ids: Ids::default() }));
        Self { home, room: holding.then(Bell::private) }
    }

    /// # Safety
    ///
    /// There are [`Lines`] in `mapping`, at `offset` from its start, which is a multiple of their
    /// alignment. It is mapped for writing if `writable` is true. This process accesses them through
    /// atomics only.
    pub(crate) unsafe fn mapped(mapping: Arc<Mapping>, offset: usize, writable: bool) -> Self {
        // SAFETY: within the mapping, by the caller.
        let bell = unsafe { mapping.start().add(offset + offset_of!(Lines, room.bell)) };
        // SAFETY: aligned, atomic and writable by the caller.
        let room = Some(unsafe { Bell::mapped(bell, Arc::clone(&mapping), writable) });
        Self { home: Home::Mapped { mapping, offset, writable }, room }
    }

    pub(crate) fn lines(&self) -> &Lines {
        match &self.home {
            Home::Private(private) => &private.lines,
            // SAFETY: they are there, aligned and atomic, as `mapped` was promised, for as long as
            // the mapping, which this handle keeps.
            Home::Mapped { mapping, offset, .. } => unsafe { mapping.start().add(*offset).cast().as_ref() },
        }
    }

    pub(crate) fn line(&self, id: u32) -> &Line {
        &self.lines().entries[id as usize]
    }

    pub(crate) fn lives(&self, id: u32) -> Result<bool, BufferError> {
        match &self.home {
            Home::Private(private) => Ok(private.ids.taken(id..id + 1)),
            Home::Mapped { mapping, .. } => shared::holder_lives(mapping, id..id + 1),
        }
    }

    /// Takes an entry for a reader whose next message is `cursor`.
    pub(crate) fn take(&self, label: &str, cursor: u64) -> Result<ReaderEntry, EntryError> {
        let Begun { line, lock, word } = self.begin(label, cursor, SEEN_IDS)?;
        let word = word.with(SEEN_STATE);
        // Release: pairs with the first Acquire fence in `look`.
        line.word.store(word.0, Ordering::Release);
        step("entry taken");
        Ok(ReaderEntry { entries: self.clone(), word, lock })
    }

    /// Takes the lock of a free entry, and begins the next tenancy with these facts.
    pub(crate) fn begin(&self, label: &str, cursor: u64, ids: Range<u32>) -> Result<Begun<'_>, EntryError> {
        if label.len() > LABEL_BYTES || label.contains('\0') {
            return Err(EntryError::BadLabel { label: label.to_owned(), max: LABEL_BYTES });
        }
        let max = ids.len();
        let (lock, place) = match &self.home {
            Home::Private(private) => (private.ids.take(ids), None),
            Home::Mapped { mapping, writable: false, .. } => return Err(read_only(mapping).into()),
            Home::Mapped { mapping, .. } => (shared::take_id(mapping, ids)?, Some(mapping.path().to_owned())),
        };
        let Some(lock) = lock else {
            return Err(EntryError::NoneLeft { max, path: place });
        };
        step("entry locked");
        let line = self.line(lock.id());
        // Relaxed: the lock orders what the last tenant stored before this. Whoever saw that one
        // dead may change its word, but not to a generation that this one begins.
        let word = Word(line.word.load(Ordering::Relaxed)).next();
        line.word.store(word.0, Ordering::Relaxed);
        // Release: pairs with the second Acquire fence in `look`. Who sees any of what follows sees
        // the new generation.
        fence(Ordering::Release);
        step("entry begun");
        let since = u64::try_from(instance::now().as_nanos()).unwrap_or(u64::MAX);
        let mut facts = [0; FACTS];
        facts[..5].copy_from_slice(&[cursor, 0, 0, since, std::process::id().into()]);
        bytemuck::bytes_of_mut(&mut facts)[5 * 8..][..label.len()].copy_from_slice(label.as_bytes());
        for (place, fact) in line.facts.iter().zip(facts) {
            place.store(fact, Ordering::Relaxed);
        }
        Ok(Begun { line, lock, word })
    }

    /// Every reader that has an entry, in the order of their ids.
    pub(crate) fn list(&self) -> Result<Vec<EntryStatus>, BufferError> {
        let mut list = Vec::new();
        let ids = if self.room.is_some() { HOLDING_IDS } else { 0..0 };
        for id in ids.chain(SEEN_IDS) {
            list.extend(self.look(id)?);
        }
        Ok(list)
    }

    /// What an entry says, if somebody has it.
    fn look(&self, id: u32) -> Result<Option<EntryStatus>, BufferError> {
        /// Each further one means that its tenant changed in between.
        const ROUNDS: u32 = bound(8, 2);
        let line = self.line(id);
        for _ in 0..ROUNDS {
            // Relaxed loads and fences, since read-only memory guarantees no more.
            let word = Word(line.word.load(Ordering::Relaxed));
            // Acquire: with the load above, pairs with the Release store of the word in `take`.
            fence(Ordering::Acquire);
            let Some(kind) = word.kind().filter(|&kind| HOLDING_IDS.contains(&id) == (kind != ReaderKind::Seen)) else {
                return Ok(None);
            };
            let facts: [u64; FACTS] = core::array::from_fn(|index| line.facts[index].load(Ordering::Relaxed));
            // The lock after the word, and the word again: so it is this tenant's.
            let is_alive = self.lives(id)?;
            // Acquire: with any load above, pairs with the Release fence in `take`.
            fence(Ordering::Acquire);
            if Word(line.word.load(Ordering::Relaxed)) != word {
                continue;
            }
            let [cursor, received, lost, since, process, label @ ..] = facts;
            let label = readable(bytemuck::bytes_of(&label));
            let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(since));
            let process = process as u32;
            return Ok(Some(EntryStatus { id, label, kind, cursor, received, lost, is_alive, since, process }));
        }
        Ok(None)
    }
}

/// A label as it may be shown, whatever its bytes are.
fn readable(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let shown = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    String::from_utf8_lossy(&bytes[..end]).chars().map(|c| if shown(c) { c } else { '?' }).collect()
}

/// An entry that this reader has, from [`ReadOnlyBuffer::take_entry`] or
/// [`ReadOnlyBuffer::hold`](crate::ReadOnlyBuffer::hold). Dropping it lets go.
///
/// If its process ends instead, however it ends, the entry shows that, until another reader takes
/// it. A child made by `fork` has a copy that does nothing: the entry is its parent's.
///
/// [`ReadOnlyBuffer::take_entry`]: crate::ReadOnlyBuffer::take_entry
pub struct ReaderEntry {
    pub(crate) entries: Entries,
    /// The word of this tenancy.
    pub(crate) word: Word,
    pub(crate) lock: IdLock,
}

impl ReaderEntry {
    /// Shows where this reader is, and what it received and lost in all. Three stores, on cache
    /// lines of its own; if it [holds](Self::holds), a fence besides, and a system call if a writer
    /// sleeps.
    ///
    /// Whoever lists may see some of them older than others. A writer may overwrite what is before
    /// `cursor` from then on.
    pub fn publish(&self, cursor: u64, received: u64, lost: u64) {
        if self.lock.is_forked() {
            return;
        }
        let line = self.entries.line(self.lock.id());
        line.facts[CURSOR + 1].store(received, Ordering::Relaxed);
        line.facts[CURSOR + 2].store(lost, Ordering::Relaxed);
        // Release: pairs with the fence at the end of `Holders::slowest`. What this reader read of
        // the messages before comes before what a writer puts in their place.
        line.facts[CURSOR].store(cursor, Ordering::Release);
        if self.word.state() == HOLDS {
            self.entries.make_room();
        }
    }

    /// Which entry it is.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.lock.id()
    }
}

impl Drop for ReaderEntry {
    fn drop(&mut self) {
        if is_dying() || self.lock.is_forked() {
            return;
        }
        if self.word.state() == HOLDS {
            // Release: pairs with the Acquire fence in `Holders::slowest`. Who finds this entry free sees those that began
            // to hold before.
            fence(Ordering::Release);
            self.entries.no_holder(self.lock.id());
        }
        // Relaxed: the lock, which is dropped after this, orders it for whoever finds that free.
        self.entries.line(self.lock.id()).word.store(self.word.with(FREE).0, Ordering::Relaxed);
        if self.word.state() == HOLDS {
            self.entries.make_room();
        }
    }
}

impl fmt::Debug for ReaderEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderEntry").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// What kind of entry a reader has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReaderKind {
    /// It is only seen: nobody waits for it.
    Seen,
    /// It holds: writers overwrite nothing that it has not passed.
    Holding,
    /// It held, and writers went on without it: it was behind for too long, or died.
    Evicted,
}

impl fmt::Display for ReaderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Seen => "seen",
            Self::Holding => "holding",
            Self::Evicted => "evicted",
        })
    }
}

/// What a reader's entry says, from [`ReadOnlyBuffer::entries`](crate::ReadOnlyBuffer::entries).
///
/// Whoever may write to the readers' file may make any of it up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryStatus {
    /// Which entry it is.
    pub id: u32,
    /// The reader's label, of letters, digits, signs of ASCII and spaces; what is none of them is
    /// shown as `?`.
    pub label: String,
    /// What kind of entry it is.
    pub kind: ReaderKind,
    /// The number of the next message, when it was shown last.
    pub cursor: u64,
    /// How many messages it had received then.
    pub received: u64,
    /// How many messages it had lost then.
    pub lost: u64,
    /// Whether the reader lives, by the lock that the kernel keeps.
    pub is_alive: bool,
    /// When it took the entry; none if that is no time.
    pub since: Option<SystemTime>,
    /// Its process id, in its own pid namespace: for people to read, never to decide by.
    pub process: u32,
}

fn read_only(mapping: &Mapping) -> BufferError {
    BufferError::PermissionDenied { path: mapping.path().to_owned(), doing: "write" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_shown_without_what_could_harm() {
        assert_eq!(readable("a\x1b[2J \u{202e}é\0x".as_bytes()), "a?[2J ?é");
        assert_eq!(readable(&[0xff; 8]), "?".repeat(8));
        assert_eq!(readable(b"1234567812345678"), "1234567812345678");
    }

    #[test]
    fn words_of_two_tenancies_differ() {
        let first = Word(0).next();
        assert_eq!((first.state(), first.with(SEEN_STATE).state()), (FILLING, SEEN_STATE));
        assert!(first.with(FREE) != Word(0) && first.next() != first);
        let last = Word(u64::MAX);
        assert_eq!(last.next(), Word(FILLING.into()));
    }

    /// In bytes, of which none is zero.
    #[test]
    #[cfg(not(icc_loom))]
    fn labels_have_a_length() {
        let entries = Entries::private(false);
        for label in [String::new(), "x".repeat(64), "é".repeat(32)] {
            let _taken = entries.take(&label, 0).unwrap();
            assert_eq!(entries.list().unwrap()[0].label, label);
        }
        for label in ["x".repeat(65), "é".repeat(32) + "x", "a\0b".to_owned(), "\0".to_owned()] {
            let refused = entries.take(&label, 0).err();
            assert_eq!(refused, Some(EntryError::BadLabel { label, max: 64 }));
        }
        assert_eq!(entries.list(), Ok(Vec::new()));
    }

    #[test]
    #[cfg(not(icc_loom))]
    fn who_has_an_entry_is_listed_with_all_that_it_says() {
        let entries = Entries::private(true);
        let before = SystemTime::now() - Duration::from_secs(60);
        let (one, other) = (entries.take("one", 5).unwrap(), entries.take("other", u64::MAX).unwrap());
        let held = entries.hold("held", Some(7), &|| 9).unwrap().entry;
        one.publish(6, 1, 2);
        let mut list = entries.list().unwrap();
        for status in &mut list {
            assert_eq!(status.process, std::process::id());
            let since = status.since.take().unwrap();
            assert!(since > before && since < before + Duration::from_secs(3_600));
        }
        let status = |id, label: &str, kind, [cursor, received, lost]: [u64; 3]| EntryStatus {
            id,
            label: label.to_owned(),
            kind,
            cursor,
            received,
            lost,
            is_alive: true,
            since: None,
            process: std::process::id(),
        };
        let first = HOLDING as u32;
        let mut expected = vec![
            status(0, "held", ReaderKind::Holding, [7, 0, 0]),
            status(first, "one", ReaderKind::Seen, [6, 1, 2]),
            status(first + 1, "other", ReaderKind::Seen, [u64::MAX, 0, 0]),
        ];
        assert_eq!(list, expected);
        assert_eq!((held.id(), one.id(), other.id()), (0, first, first + 1));
        drop((held, one));
        expected.drain(..2);
        let mut list = entries.list().unwrap();
        list.iter_mut().for_each(|status| status.since = None);
        assert_eq!(list, expected);
    }

    /// As its place lets it be; and nobody whose lock is free lives.
    #[test]
    #[cfg(not(icc_loom))]
    fn what_others_wrote_is_listed_if_it_can_be() {
        let (first, last) = (HOLDING as u32, COUNT as u32 - 1);
        for holding in [false, true] {
            let entries = Entries::private(holding);
            for id in [0, first - 1, first, last] {
                for state in 0..=9 {
                    entries.line(id).word.store(0x700 | u64::from(state), Ordering::Relaxed);
                    let kind = match state {
                        SEEN_STATE if id >= first => Some(ReaderKind::Seen),
                        HOLDS if holding && id < first => Some(ReaderKind::Holding),
                        EVICTED if holding && id < first => Some(ReaderKind::Evicted),
                        _ => None,
                    };
                    let listed = entries.list().unwrap();
                    let found: Vec<_> = listed.iter().map(|one| (one.id, one.kind, one.is_alive)).collect();
                    assert_eq!(found, Vec::from_iter(kind.map(|kind| (id, kind, false))), "{state} in {id}");
                }
                entries.line(id).word.store(0, Ordering::Relaxed);
            }
        }
    }
}
