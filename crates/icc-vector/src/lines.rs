//! What the buffer's lines are for, in order.
//!
//! - [`SEATS`]: how many writer ids were ever taken.
//! - For each id three: its ledger, and the first and the last-plus-one slot of its range.
//! - In tracked vectors, [`BLOCKS`] counters of changes.

use crate::Mode;
use icc_seqlock::Tag;

/// Writers at a time.
pub(crate) const WRITERS: u32 = if cfg!(icc_loom) { 2 } else { 64 };
/// Held for the moment in which a writer is got, so that one is got at a time.
pub(crate) const TURN: u32 = icc_buffer::MAX_IDS - 1;

/// How many ids, from 0 on, were ever taken: those beyond need no look.
pub(crate) const SEATS: usize = 0;
const EACH: usize = 3;
const FIRST_BLOCK: usize = 1 + EACH * WRITERS as usize;
/// Counters of changes, at most one a slot.
const BLOCKS: usize = if cfg!(icc_loom) { 2 } else { 1024 };

/// What writer `id` left, so that its heir knows how it ended: [`FREE`], [`HELD`] or, in tracked vectors, [`writing`] a slot whose
/// change may not be counted yet. Alone on its line: only its writer stores to it.
pub(crate) const fn ledger(id: u32) -> usize {
    1 + EACH * id as usize
}

/// The first slot of writer `id`, then the one after its last.
pub(crate) const fn range(id: u32) -> [usize; 2] {
    [ledger(id) + 1, ledger(id) + 2]
}

/// A ledger whose writer was dropped, or never was.
pub(crate) const FREE: u64 = 0;
/// A ledger whose writer lives, or died.
pub(crate) const HELD: u64 = 1;

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

/// What the heir of a dead writer puts in place of its tag.
pub(crate) const DEAD: Tag = match Tag::new(127) {
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

/// How many lines a vector of mode `M` has, whatever its length: so that it can be opened without knowing that.
pub(crate) const fn count<M: Mode>() -> usize {
    if M::TRACKED { FIRST_BLOCK + BLOCKS } else { FIRST_BLOCK }
}

/// Which counter counts the changes of which slots: block `b` has the slots `i` with `i >> shift == b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    shift: u32,
}

impl Blocks {
    /// Small blocks cost a cursor one counter each, large ones a scan of their slots if one changed. For `k` changes, far
    /// apart, in `len` slots the sum is least at a block of `sqrt(len / k)`; this takes `k` = 8, and no more than [`BLOCKS`].
    pub(crate) const fn new(len: usize) -> Self {
        let mut shift = if cfg!(icc_loom) { 0 } else { (len / 8 + 1).ilog2() / 2 };
        while (len - 1) >> shift >= BLOCKS {
            shift += 1;
        }
        Self { shift }
    }

    pub(crate) const fn of(self, index: usize) -> usize {
        index >> self.shift
    }

    /// The counter of a block.
    pub(crate) const fn line(block: usize) -> usize {
        FIRST_BLOCK + block
    }

    /// The slots of a block, some of which may be past the vector's end.
    pub(crate) const fn first(self, block: usize) -> usize {
        block << self.shift
    }

    pub(crate) const fn count(self, len: usize) -> usize {
        self.of(len - 1) + 1
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::*;

    #[test]
    fn tags_name_writers() {
        for id in [0, 1, WRITERS - 1] {
            assert_eq!(id_of(tag(id)), Some(id));
            assert_ne!(tag(id), DEAD);
        }
        assert_eq!((id_of(Tag::NONE), id_of(DEAD), Tag::new(65).and_then(id_of)), (None, None, None));
    }

    #[test]
    fn every_slot_has_a_block_with_a_counter() {
        for len in [1, 2, 8, 9, 100, 1023, 1024, 1025, 100_000, 1 << 20, (1 << 20) + 1, usize::MAX] {
            let blocks = Blocks::new(len);
            assert!(blocks.count(len) <= BLOCKS, "{len} slots");
            for index in [0, len / 2, len - 1] {
                let block = blocks.of(index);
                assert!(blocks.first(block) <= index && index - blocks.first(block) < 1 << blocks.shift);
                assert!(block < blocks.count(len));
            }
        }
        assert_eq!((Blocks::new(8).shift, Blocks::new(1000).shift, Blocks::new(100_000).shift), (0, 3, 7));
    }
}
