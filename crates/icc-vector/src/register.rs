//! Registering a writer: an id that the kernel keeps, and slots that nobody else owns.
//!
//! # Counters
//!
//! What the buffer's counters are for, in order:
//!
//! - [`IDS_USED`]: how many writer ids were ever taken.
//! - For each id three: its ledger, and the first and the last-plus-one slot of its range.
//! - In tracked vectors, [`BLOCKS`] counters of changes.
//!
//! # Steps
//!
//! A writer takes the registration lock, its id's lock, settles what the dead left, writes its
//! ledger and its range, and drops the registration lock. It may die after each: what it wrote
//! until then belongs to an id whose lock is free, and names no slot that it wrote. The next writer
//! for that id or for those slots begins from the start.

use crate::{Exclusive, Mode, Payload, Placement, SeqlockVector, VectorReader, Writer, WriterError};
use core::ops::Range;
use icc_buffer::IdLock;
use icc_seqlock::Tag;
use icc_seqlock::primitive::{Backoff, Ordering, bound, step, thread};

/// The most writers that live at the same time.
pub(crate) const WRITERS: u32 = bound(64, 2);
/// The id of the registration lock, held while a writer registers, so registrations are serialized.
const REGISTRATION: u32 = icc_buffer::MAX_IDS - 1;

/// How many ids, from 0 on, were ever taken: nobody has used those beyond.
const IDS_USED: usize = 0;
const COUNTERS_PER_ID: usize = 3;
const FIRST_BLOCK: usize = 1 + COUNTERS_PER_ID * WRITERS as usize;
/// Counters of changes, at most one a slot.
const BLOCKS: usize = bound(1024, 2);

/// How many counters a vector has, whatever its length.
pub(crate) const fn counters(tracked: bool) -> usize {
    if tracked { FIRST_BLOCK + BLOCKS } else { FIRST_BLOCK }
}

/// The ledger of writer `id`: [`FREE`], [`HELD`] or, in tracked vectors, [`writing`] a slot whose
/// change may not be counted yet.
///
/// It tells a successor how the writer ended. Only the id's writer stores to it, and, once that is
/// dead, whoever has the registration lock.
pub(crate) const fn ledger(id: u32) -> usize {
    1 + COUNTERS_PER_ID * id as usize
}

/// The first slot of writer `id`, then the one after its last.
const fn range(id: u32) -> [usize; 2] {
    [ledger(id) + 1, ledger(id) + 2]
}

/// A ledger of no writer: it was dropped or reclaimed, or never was.
pub(crate) const FREE: u64 = 0;
/// A ledger whose writer lives, or died.
const HELD: u64 = 1;

/// A ledger whose writer lives, or died, and last wrote slot `index`, or is about to.
pub(crate) const fn writing(index: usize) -> u64 {
    index as u64 + 2
}

/// The slot that a ledger names. Whatever others wrote there, one that exists.
pub(crate) fn slot_of(ledger: u64, len: usize) -> Option<usize> {
    usize::try_from(ledger.checked_sub(2)?).ok().filter(|&index| index < len)
}

/// What writer `id` leaves in the versions that it makes odd.
pub(crate) const fn tag(id: u32) -> Tag {
    match Tag::new(id as u8 + 1) {
        Some(tag) => tag,
        None => unreachable!(),
    }
}

/// What is put in place of a dead writer's tag when it is reclaimed.
pub(crate) const RECLAIMED: Tag = match Tag::new(127) {
    Some(tag) => tag,
    None => unreachable!(),
};

/// The writer that a tag names, if it names one.
pub(crate) const fn id_of(tag: Tag) -> Option<u32> {
    match (tag.number() as u32).checked_sub(1) {
        Some(id) if id < WRITERS => Some(id),
        _ => None,
    }
}

/// Which counter counts the changes of which slots: block `b` has the slots `i` with
/// `i >> shift == b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    shift: u32,
}

impl Blocks {
    /// Small blocks cost a cursor one counter each, large ones a scan of their slots if one
    /// changed. For `k` changes, far apart, in `len` slots the sum is least at a block of
    /// `sqrt(len / k)`. This takes `k` = 8, and at most [`BLOCKS`] blocks. In models a block has at
    /// least two slots.
    pub(crate) const fn new(len: usize) -> Self {
        let mut shift = bound((len / 8 + 1).ilog2() / 2, 1);
        while (len - 1) >> shift >= BLOCKS {
            shift += 1;
        }
        Self { shift }
    }

    pub(crate) const fn of(self, index: usize) -> usize {
        index >> self.shift
    }

    /// The counter of a block.
    pub(crate) const fn counter(block: usize) -> usize {
        FIRST_BLOCK + block
    }

    /// The first slot of a block.
    const fn first(self, block: usize) -> usize {
        block << self.shift
    }

    /// The slots of a block of a vector of `len` slots.
    pub(crate) const fn slots(self, block: usize, len: usize) -> Range<usize> {
        let end = if block + 1 < self.count(len) { self.first(block + 1) } else { len };
        self.first(block)..end
    }

    pub(crate) const fn count(self, len: usize) -> usize {
        self.of(len - 1) + 1
    }

    /// The blocks all of whose slots are in `range`, which is not empty and lies within a vector of
    /// `len` slots.
    const fn whole(self, range: &Range<usize>, len: usize) -> Range<usize> {
        let begun = self.of(range.start);
        let start = if self.first(begun) == range.start { begun } else { begun + 1 };
        // The last block may be shorter than the others, and ends with the vector.
        let end = if range.end == len { self.count(len) } else { self.of(range.end) };
        start..end
    }
}

impl<T: Payload> VectorReader<T> {
    /// All ids below this may have been taken, none beyond.
    pub(crate) fn ids_used(&self) -> u32 {
        self.counter(IDS_USED).load_acquire().min(u64::from(WRITERS)) as u32
    }

    /// The slots that writer `id` has or had, whatever others wrote there. Needs the registration
    /// lock.
    pub(crate) fn range_of(&self, id: u32) -> Range<usize> {
        // Relaxed: stored under the registration lock, too.
        let [start, end] = range(id).map(|counter| self.counter(counter).load_relaxed() as usize);
        start..end
    }
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// A writer of all slots, for one thread. A vector has at most 64 writers at the same time, in
    /// all processes together.
    ///
    /// In [`MultiWriter`](crate::MultiWriter) mode each of them may write every slot. In
    /// [`SingleWriter`](crate::SingleWriter) mode this is the only one, until it is dropped or its
    /// process has ended.
    ///
    /// # Errors
    ///
    /// [`WriterError`] if another writer owns a slot, 64 writers live, or the system refuses the
    /// locks that tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{SeqlockVector, SingleWriter, WriterError};
    ///
    /// let clock = SeqlockVector::<u64, SingleWriter>::new(3)?;
    /// let mut writer = clock.writer()?;
    /// writer.write(0, &7)?;
    /// assert_eq!(clock.read(0)?, 7);
    /// assert_eq!(clock.writer().err(), Some(WriterError::Taken { range: 0..3 }));
    /// drop(writer);
    /// assert!(clock.writer().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "publisher")]
    pub fn writer(&self) -> Result<Writer<T, M, P>, WriterError> {
        self.register(0..self.len())
    }

    fn register(&self, slots: Range<usize>) -> Result<Writer<T, M, P>, WriterError> {
        let registration = self.lock_registration()?;
        if M::SINGLE {
            self.clear(&slots)?;
        }
        let lock = self.buffer().take_id(0..WRITERS)?.ok_or(WriterError::TooMany { max: WRITERS })?;
        step("taken");
        let id = lock.id();
        self.reclaim(id);
        // Release: pairs with the Acquire in `uncounted`. Whoever sees this sees the count that the
        // dead one owed.
        self.counter(ledger(id)).store(HELD, Ordering::Release);
        step("held");
        let [start, end] = range(id);
        // Relaxed, both: others load them under the registration lock only, and this one's hold
        // comes before theirs.
        self.counter(start).store(slots.start as u64, Ordering::Relaxed);
        step("ranged");
        self.counter(end).store(slots.end as u64, Ordering::Relaxed);
        if self.ids_used() <= id {
            // Release: pairs with the Acquire in `ids_used`. Whoever sees it sees the ledger held,
            // or later.
            self.counter(IDS_USED).store(u64::from(id) + 1, Ordering::Release);
        }
        let whole_blocks = self.blocks.whole(&slots, self.len());
        let writer = Writer::new(self.clone(), lock, slots, whole_blocks);
        step("registered");
        drop(registration);
        Ok(writer)
    }

    /// Waits for the registration lock. It is held for a few instructions and system calls, and the
    /// kernel drops it if its holder dies in between.
    fn lock_registration(&self) -> Result<IdLock, WriterError> {
        const ROUNDS: u32 = bound(100_000, 3);
        let mut backoff = Backoff::new();
        for _ in 0..ROUNDS {
            if let Some(lock) = self.buffer().take_id(REGISTRATION..REGISTRATION + 1)? {
                return Ok(lock);
            }
            backoff.spin();
            thread::yield_now();
        }
        Err(WriterError::Stalled)
    }

    /// Checks that no living writer owns a slot of `slots`, and settles what the dead that owned
    /// some left. Needs the registration lock.
    ///
    /// The dead are found by their slots and not only by their id. A writer that owns a block
    /// counts its changes there with plain stores. A count that a dead one still owes there would
    /// be lost by those, or hide one of them.
    fn clear(&self, slots: &Range<usize>) -> Result<(), WriterError> {
        for id in 0..self.ids_used() {
            let range = self.range_of(id);
            if range.start < slots.end && slots.start < range.end {
                if self.buffer.holder_lives(id)? {
                    return Err(WriterError::Taken { range });
                }
                self.reclaim(id);
            }
        }
        Ok(())
    }
}

impl<T: Payload, M: Exclusive, P: Placement> SeqlockVector<T, M, P> {
    /// A writer of the slots in `range` alone. Other writers can own other ranges, in any process.
    ///
    /// # Errors
    ///
    /// [`WriterError::Taken`] if a living writer owns one of them; [`WriterError::BadRange`] if the
    /// range is empty or some of its slots do not exist; others as [`writer`](Self::writer).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{SeqlockVector, SingleWriter, WriteError, WriterError};
    ///
    /// let ideal = SeqlockVector::<f64, SingleWriter>::new(10)?;
    /// let mut trend = ideal.writer_of(0..4)?;
    /// let mut carry = ideal.writer_of(4..10)?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| trend.write(3, &1.0).unwrap());
    ///     scope.spawn(|| carry.write(4, &-2.0).unwrap());
    /// });
    /// assert_eq!(trend.write(4, &1.0), Err(WriteError::NotOwned { index: 4, range: 0..4 }));
    /// assert_eq!(ideal.writer_of(3..5).err(), Some(WriterError::Taken { range: 0..4 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn writer_of(&self, range: Range<usize>) -> Result<Writer<T, M, P>, WriterError> {
        if range.is_empty() || range.end > self.len() {
            return Err(WriterError::BadRange { range, len: self.len() });
        }
        self.register(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_writers() {
        for id in [0, 1, WRITERS - 1] {
            assert_eq!(id_of(tag(id)), Some(id));
            assert_ne!(tag(id), RECLAIMED);
        }
        assert_eq!((id_of(Tag::NONE), id_of(RECLAIMED), Tag::new(65).and_then(id_of)), (None, None, None));
    }

    #[test]
    fn every_slot_has_a_block_with_a_counter() {
        for len in [1, 2, 8, 9, 100, 1023, 1024, 1025, 100_000, 1 << 20, (1 << 20) + 1, usize::MAX] {
            let blocks = Blocks::new(len);
            assert!(blocks.count(len) <= BLOCKS, "{len} slots");
            for index in [0, len / 2, len - 1] {
                let block = blocks.of(index);
                assert!(block < blocks.count(len) && blocks.slots(block, len).contains(&index));
            }
        }
    }

    #[test]
    #[cfg(not(icc_loom))]
    fn blocks_grow_with_the_vector() {
        assert_eq!([8, 1000, 100_000].map(|len| Blocks::new(len).shift), [0, 3, 7]);
        assert_eq!([8, 1000, 100_000].map(|len| Blocks::new(len).count(len)), [8, 125, 782]);
        // No larger than there are counters for.
        for shift in 8..40 {
            let most = BLOCKS << shift;
            assert_eq!((Blocks::new(most).shift, Blocks::new(most + 1).shift), (shift, shift + 1));
        }
    }

    /// Each counter is for one thing.
    #[test]
    fn counters_are_told_apart() {
        let of_writers = (0..WRITERS).flat_map(|id| [vec![ledger(id)], range(id).to_vec()].concat());
        let mut all: Vec<_> = of_writers.chain([IDS_USED]).collect();
        all.sort_unstable();
        assert_eq!(all, (0..counters(false)).collect::<Vec<_>>());
        all.extend((0..BLOCKS).map(Blocks::counter));
        assert_eq!(all, (0..counters(true)).collect::<Vec<_>>());
    }

    /// Or nobody could ever register.
    #[test]
    fn the_lock_of_registrations_is_one_and_no_writers() {
        assert!((WRITERS..icc_buffer::MAX_IDS).contains(&REGISTRATION));
    }

    #[test]
    fn ledgers_name_slots_that_exist() {
        for index in [0, 1, 2, 5, 1 << 40] {
            assert_eq!(slot_of(writing(index), index + 1), Some(index));
            assert_eq!(slot_of(writing(index), index), None);
        }
        assert_eq!([FREE, HELD, u64::MAX].map(|ledger| slot_of(ledger, 1 << 40)), [None; 3]);
    }

    #[test]
    #[cfg(not(icc_loom))]
    fn ids_are_counted_when_they_are_first_taken() {
        let vector = SeqlockVector::<u64, crate::MultiWriter>::new(3).unwrap();
        assert_eq!(vector.ids_used(), 0);
        let first = vector.writer().unwrap();
        assert_eq!((vector.ids_used(), vector.range_of(0)), (1, 0..3));
        let _second = vector.writer().unwrap();
        assert_eq!(vector.ids_used(), 2);
        drop(first);
        let _first = vector.writer().unwrap();
        assert_eq!(vector.ids_used(), 2);
        let all: Vec<_> = (2..WRITERS).map(|_| vector.writer().unwrap()).collect();
        assert_eq!((vector.ids_used(), vector.writer().err()), (WRITERS, Some(WriterError::TooMany { max: WRITERS })));
        drop(all);
    }

    /// Each pair of ranges of four slots.
    #[test]
    #[cfg(not(icc_loom))]
    fn a_slot_has_one_owner() {
        const LEN: usize = 4;
        let every = || (0..=LEN + 1).flat_map(|start| (0..=LEN + 1).map(move |end| start..end));
        for one in every() {
            let vector = SeqlockVector::<u64, crate::SingleWriter>::new(LEN).unwrap();
            let Ok(_owner) = vector.writer_of(one.clone()) else {
                assert_eq!(
                    vector.writer_of(one.clone()).err(),
                    Some(WriterError::BadRange { range: one.clone(), len: LEN })
                );
                assert!(one.start >= one.end || one.end > LEN, "{one:?}");
                continue;
            };
            assert!(one.start < one.end && one.end <= LEN, "{one:?}");
            for other in every().filter(|other| other.start < other.end && other.end <= LEN) {
                let is_apart = (0..LEN).all(|slot| !(one.contains(&slot) && other.contains(&slot)));
                let taken = (!is_apart).then(|| WriterError::Taken { range: one.clone() });
                assert_eq!(vector.writer_of(other.clone()).err(), taken, "{one:?}, {other:?}");
            }
        }
    }

    /// Against the plain truth: a block is whole if each of its slots is in the range.
    fn cut(len: usize, range: Range<usize>) {
        let blocks = Blocks::new(len);
        let whole = blocks.whole(&range, len);
        let near = |slot: usize| blocks.of(slot.min(len - 1)).saturating_sub(2)..blocks.of(slot.min(len - 1)) + 3;
        for block in near(range.start).chain(near(range.end)).filter(|&block| block < blocks.count(len)) {
            let all = blocks.slots(block, len).all(|slot| range.contains(&slot));
            assert_eq!(whole.contains(&block), all, "block {block} of {range:?} of {len} slots");
        }
        assert!(whole.is_empty() || whole.end <= blocks.count(len));
    }

    #[test]
    fn whole_blocks_are_those_of_which_every_slot_is_in_the_range() {
        for len in 1..=260 {
            (0..len).for_each(|start| (start + 1..=len).for_each(|end| cut(len, start..end)));
        }
        for len in [1000, 1024, 1025, 4095, 100_000] {
            let near = |slot: usize| slot.saturating_sub(130)..slot.saturating_add(130).min(len);
            for slot in near(0).chain(near(len / 2)).chain(near(len)) {
                cut(len, slot..len);
                cut(len, 0..slot + 1);
                cut(len, slot / 3..slot + 1);
            }
        }
    }
}
