//! Where a round's memory lies: elsewhere in each round.
//!
//! How fast a line travels depends on where it lies: which slice of the last cache its physical
//! address hashes to, which of its neighbours shares a set with it, whether a message on the stack
//! straddles two lines. An allocator hands back what was freed last, so that the rounds of a row
//! would all lie in the same place, and one placement's luck would be taken for speed.
//!
//! So before each round [`Memory::elsewhere`] takes memory that the round then cannot have: whole
//! pages, so that the system backs the round's mappings with others, and small blocks, so that the
//! heap gives it another offset. It is given back after the next round has taken its own.
//! [`on_another_depth`] moves the stacks of the two threads.

use std::hint::black_box;

/// The most pages that are taken: a megabyte, touched in a fraction of a millisecond.
const MAX_PAGES: usize = 256;

/// The size of a page, or less: each is touched once at least.
const PAGE: usize = 4096;

/// Blocks taken from the heap, of all sizes up to a little less than what an allocator asks the
/// system for each time.
const BLOCKS: usize = 48;
const SMALLEST: usize = 16;
const DOUBLINGS: u32 = 12;

/// Memory that a round shall not have.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    _pages: Vec<u8>,
    _blocks: Vec<Vec<u8>>,
}

impl Memory {
    /// Takes memory, so that what is allocated next lies elsewhere than what was allocated after
    /// the last call.
    ///
    /// Assign it over the one before: that is then freed after this has been taken, and the
    /// allocator cannot hand out the same again.
    #[must_use]
    pub(crate) fn elsewhere() -> Self {
        let mut pages = vec![0; fastrand::usize(1..=MAX_PAGES) * PAGE];
        // Zeroed memory is not backed before it is touched.
        pages.iter_mut().step_by(PAGE).for_each(|byte| *byte = black_box(1));
        let block = |_| {
            let size = SMALLEST << fastrand::u32(..DOUBLINGS);
            vec![1; fastrand::usize(size..2 * size)]
        };
        let blocks = (0..BLOCKS).map(block).collect();
        Self { _pages: black_box(pages), _blocks: black_box(blocks) }
    }
}

/// Depths of the stack that rounds begin at.
const DEPTHS: usize = 128;

/// Bytes of a step: an odd multiple of sixteen, so that steps reach every offset in a line and in a
/// page that a stack can have.
const STEP: usize = 272;

/// Calls `body` with the stack up to 34 KiB deeper, at random.
pub(crate) fn on_another_depth<R>(body: impl FnOnce() -> R) -> R {
    deeper(fastrand::usize(..DEPTHS), body)
}

#[inline(never)]
fn deeper<R, F: FnOnce() -> R>(steps: usize, body: F) -> R {
    if steps == 0 {
        return body();
    }
    let room = black_box([0_u8; STEP]);
    let result = deeper(steps - 1, body);
    // Used after the call, so that it lies on the stack during it.
    black_box(&room);
    result
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crossbeam_utils::CachePadded;

    use super::*;

    const ROUNDS: usize = 32;

    /// How many different places something had in many rounds, if `place` allocates, looks and
    /// frees it.
    fn places(place: impl Fn() -> usize, is_moved: bool) -> usize {
        let mut memory = Memory::default();
        let places: BTreeSet<usize> = (0..ROUNDS)
            .map(|_| {
                if is_moved {
                    memory = Memory::elsewhere();
                }
                place()
            })
            .collect();
        black_box(&memory);
        places.len()
    }

    #[test]
    fn cells_and_rings_lie_elsewhere_in_most_rounds() {
        let cell = || std::ptr::from_ref(&*black_box(Box::new(CachePadded::new([0_u64; 15])))).addr();
        let ring = || {
            let ring = black_box(vec![[1_u64; 8]; 1024]);
            ring.as_ptr().addr()
        };
        assert!(places(cell, true) > ROUNDS / 2, "{} of a cell", places(cell, true));
        // Large blocks have fewer places on a heap; the pages beneath change as well, unseen.
        assert!(places(ring, true) > 3, "{} of a ring", places(ring, true));
        // Without it they stay: that is why it is there. Other tests use the same heap meanwhile, so
        // in one of several tries.
        let fewest = (0..16).map(|_| places(cell, false)).min();
        assert!(fewest < Some(ROUNDS / 4), "{fewest:?} of a cell");
    }

    #[test]
    fn stacks_reach_every_offset_in_a_line() {
        let offset = || {
            on_another_depth(|| {
                let local = black_box(0_u128);
                std::ptr::from_ref(black_box(&local)).addr()
            })
        };
        let offsets: BTreeSet<usize> = (0..64 * ROUNDS).map(|_| offset() % 64).collect();
        assert_eq!(offsets.len(), 4, "{offsets:?}");
        assert_eq!(on_another_depth(|| 7), 7);
    }
}
