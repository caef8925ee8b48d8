//! What changed since somebody last looked.

use crate::lines::{self, Blocks};
use crate::{Mode, MultiWriter, VectorReader};
use core::{fmt, ops::Range};
use icc_buffer::{Padded, Placement};
use icc_seqlock::primitive::{Ordering, fence};
use icc_seqlock::{Payload, Tag};

/// A cursor over changes: each [`look`](Self::look) yields the slots that changed since the last, each with its newest value.
///
/// From [`VectorReader::changes`] or [`changes_from_now`](VectorReader::changes_from_now). A slot that changed several times is
/// yielded once. No change is ever missed: one that is made while the cursor looks is yielded by that look or by the next.
/// Nobody notices a cursor; take as many as you like.
///
/// # How it scales
///
/// In a [`Tracked`](crate::Tracked) vector a look reads one counter a block (at most 1024) and the versions of the slots of those
/// blocks in which something changed: with 100,000 slots 782 counters, and 128 versions for each block changed. In others it reads
/// the version of every slot: as good for up to some hundred slots, and writers pay nothing. Either way it copies only values
/// that changed. It keeps 8 bytes a slot.
///
/// Ten writes to 100,000 slots of 56 bytes, far apart, and the look that finds them took 21 µs tracked and 818 µs not, where a copy
/// of as many bytes in a plain slice took 270 µs (AMD EPYC, Zen 4; medians, interleaved). So without counters a look at a large
/// table costs more than a copy of its values would, since each version has a cache line of its own. To repeat it:
/// `cargo bench -p icc-bench --bench vector -- "10 changes"`.
///
/// # Examples
///
/// ```
/// use icc_vector::{SeqlockVector, SingleWriter, Tracked};
///
/// let quotes = SeqlockVector::<[f64; 2], Tracked<SingleWriter>>::new(100_000)?;
/// let mut feed = quotes.writer()?;
/// let mut changes = quotes.changes();
/// feed.write(7, &[99.0, 101.0])?;
/// feed.write(90_000, &[49.0, 51.0])?;
/// feed.write(7, &[99.5, 100.5])?;
///
/// let changed: Vec<_> = changes.look().map(|change| (change.index, change.value)).collect();
/// assert_eq!(changed, [(7, [99.5, 100.5]), (90_000, [49.0, 51.0])]);
/// assert_eq!(changes.look().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Changes<T, M: Mode = MultiWriter, P: Placement = Padded> {
    vector: VectorReader<T, M, P>,
    /// The version of each slot when it was last yielded.
    seen: Box<[u64]>,
    /// Each block's count when all its slots were last looked at. Empty if nobody counts.
    counts: Box<[u64]>,
}

/// A slot that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// The slot.
    pub index: usize,
    /// The version of the value: even, and more than 0.
    pub version: u64,
    /// The newest value when it was looked at.
    pub value: T,
}

impl<T: Payload, M: Mode, P: Placement> Changes<T, M, P> {
    pub(crate) fn from_start(vector: VectorReader<T, M, P>) -> Self {
        let blocks = if M::TRACKED { vector.blocks.count(vector.len()) } else { 0 };
        Self { seen: vec![0; vector.len()].into(), counts: vec![0; blocks].into(), vector }
    }

    pub(crate) fn from_now(vector: VectorReader<T, M, P>) -> Self {
        let mut changes = Self::from_start(vector);
        // The counts first: a change between the two is then yielded or not, but one after both is.
        for (block, count) in changes.counts.iter_mut().enumerate() {
            *count = changes.vector.line(Blocks::line(block)).load_acquire();
        }
        for (index, seen) in changes.seen.iter_mut().enumerate() {
            *seen = Tag::completed(changes.vector.slot(index).version());
        }
        changes
    }

    /// The slots that changed since they were last yielded, each with its newest value. Never waits.
    ///
    /// A slot that is being written whenever it is tried comes with a later look. One whose writer died half-way has no new value, and
    /// comes when somebody has written it again. What is left of an iterator that is dropped comes with the next look.
    #[must_use = "an iterator yields nothing until it is used"]
    pub fn look(&mut self) -> Look<'_, T, M, P> {
        let slots = if M::TRACKED { 0..0 } else { 0..self.vector.len() };
        let seats = if M::TRACKED && self.vector.mortal { 0..self.vector.seats() } else { 0..0 };
        Look { changes: self, slots, block: None, next_block: 0, seats }
    }

    /// Slot `index`, if it has a complete value newer than the one last yielded.
    #[inline]
    fn take(&mut self, index: usize) -> Option<Change<T>> {
        /// A slot that is written this often in a row is left for the next look: every write is counted after it is complete.
        const ATTEMPTS: usize = 4;
        let slot = self.vector.slot(index);
        let seen = &mut self.seen[index];
        let mut value = T::zeroed();
        for _ in 0..ATTEMPTS {
            let version = slot.version();
            if Tag::completed(version) <= *seen {
                return None;
            }
            if version & 1 == 0 && slot.try_read_at(version, &mut value).is_ok() {
                *seen = version;
                return Some(Change { index, version, value });
            }
        }
        None
    }

    /// The slot that writer `id` wrote and did not count, because it died in between.
    ///
    /// By cases, for a complete write that no count of this look showed: if its writer lives, or its id has gone to another, the count
    /// comes, or came before the ledger went on: the next look finds it. Else the ledger names the slot for as long as the
    /// id is free.
    fn take_uncounted(&mut self, id: u32) -> Option<Change<T>> {
        // Acquire: pairs with the Release stores in `Writer::name` and `seat`.
        let ledger = self.vector.line(lines::ledger(id)).load_acquire();
        let index = lines::slot_of(ledger, self.seen.len())?;
        let changed = Tag::completed(self.vector.slot(index).version()) > self.seen[index];
        // Asks the system only if there is something to find.
        if changed && !self.vector.may_live(id) { self.take(index) } else { None }
    }
}

impl<T, M: Mode, P: Placement> fmt::Debug for Changes<T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("len", &self.seen.len()).finish_non_exhaustive()
    }
}

/// The slots that changed, from [`Changes::look`].
pub struct Look<'a, T, M: Mode, P: Placement> {
    changes: &'a mut Changes<T, M, P>,
    /// The slots still to look at, in this block or, if nobody counts, in all.
    slots: Range<usize>,
    /// The block that they are of, and its count before.
    block: Option<(usize, u64)>,
    next_block: usize,
    /// The writers whose ledgers are still to look at, after all blocks.
    seats: Range<u32>,
}

impl<T: Payload, M: Mode, P: Placement> Look<'_, T, M, P> {
    /// Goes to the next block in which something changed.
    ///
    /// The count is loaded before the slots: a write that the slots do not show yet is counted later, and found by the next look.
    #[inline]
    fn enter_block(&mut self) -> bool {
        let changes = &mut *self.changes;
        if let Some((block, count)) = self.block.take() {
            // All its slots were looked at.
            changes.counts[block] = count;
        }
        for block in self.next_block..changes.counts.len() {
            let count = changes.vector.line(Blocks::line(block)).load_relaxed();
            if count != changes.counts[block] {
                // Acquire: with the load above, pairs with the Release in `count_change`. The slots show what was counted.
                fence(Ordering::Acquire);
                let (blocks, len) = (changes.vector.blocks, changes.vector.len());
                let end = if block + 1 < changes.counts.len() { blocks.first(block + 1) } else { len };
                self.slots = blocks.first(block)..end;
                self.block = Some((block, count));
                self.next_block = block + 1;
                return true;
            }
        }
        self.next_block = changes.counts.len();
        false
    }
}

impl<T: Payload, M: Mode, P: Placement> Iterator for Look<'_, T, M, P> {
    type Item = Change<T>;

    fn next(&mut self) -> Option<Change<T>> {
        loop {
            for index in self.slots.by_ref() {
                if let Some(change) = self.changes.take(index) {
                    return Some(change);
                }
            }
            if !self.enter_block() {
                let changes = &mut *self.changes;
                return self.seats.find_map(|id| changes.take_uncounted(id));
            }
        }
    }
}

impl<T, M: Mode, P: Placement> fmt::Debug for Look<'_, T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("changes", &self.changes).finish_non_exhaustive()
    }
}
