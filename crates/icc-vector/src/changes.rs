//! What changed since the last poll.

use crate::register::Blocks;
use crate::{Bell, Payload, VectorReader, Waitable};
use core::{fmt, ops::Range};
use icc_seqlock::Tag;
use icc_seqlock::primitive::{Ordering, fence};

/// A cursor over changes: each [`poll`](Self::poll) yields the slots that changed since the last,
/// each with its newest value.
///
/// From [`VectorReader::changes`] or [`changes_from_now`](VectorReader::changes_from_now). A slot
/// that changed several times is yielded once. No change is ever missed: one that is made during a
/// poll is yielded by that poll or by the next. No writer notices a cursor; take as many as you
/// like.
///
/// # How it scales
///
/// In a [`Tracked`](crate::Tracked) vector a poll reads one counter a block (at most 1024), and the
/// versions of the slots of those blocks in which something changed: with 100,000 slots 782
/// counters, and 128 versions for each block changed. In other vectors it reads the version of
/// every slot. That is as good for up to some hundred slots, and writers pay nothing. Either way it
/// copies only values that changed. It keeps 8 bytes a slot.
///
/// Ten writes to 100,000 slots of 56 bytes, far apart, and the poll that finds them took 21 µs
/// tracked and 818 µs not, where a copy of as many bytes in a plain slice took 270 µs (AMD EPYC,
/// Zen 4; medians, interleaved). So without counters a poll of a large table costs more than a copy
/// of its values would, since each version has a cache line of its own. To repeat it:
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
/// let changed: Vec<_> = changes.poll().map(|change| (change.index, change.value)).collect();
/// assert_eq!(changed, [(7, [99.5, 100.5]), (90_000, [49.0, 51.0])]);
/// assert_eq!(changes.poll().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "subscriber")]
#[doc(alias = "watcher")]
pub struct Changes<T> {
    vector: VectorReader<T>,
    /// The version of each slot when it was last yielded.
    seen: Box<[u64]>,
    /// Each block's count when all its slots were last polled. Empty if nobody counts.
    counts: Box<[u64]>,
}

/// A slot that changed.
///
/// May get more fields, so it is matched with `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<T> {
    /// The slot.
    pub index: usize,
    /// The version of the value: even, and more than 0.
    pub version: u64,
    /// The newest value when the slot was polled.
    pub value: T,
}

impl<T: Payload> Changes<T> {
    pub(crate) fn from_start(vector: VectorReader<T>) -> Self {
        let blocks = if vector.is_tracked() { vector.blocks.count(vector.len()) } else { 0 };
        Self { seen: vec![0; vector.len()].into(), counts: vec![0; blocks].into(), vector }
    }

    pub(crate) fn from_now(vector: VectorReader<T>) -> Self {
        let mut changes = Self::from_start(vector);
        // The counts first: a change between the two is then yielded or not, but one after both is.
        for (block, count) in changes.counts.iter_mut().enumerate() {
            *count = changes.vector.counter(Blocks::counter(block)).load_acquire();
        }
        for (index, seen) in changes.seen.iter_mut().enumerate() {
            *seen = Tag::completed(changes.vector.slot(index).version());
        }
        changes
    }

    /// The slots that changed since they were last yielded, each with its newest value. Never
    /// waits.
    ///
    /// A slot that is being written at each of a few attempts comes with a later poll. One whose
    /// writer died in the middle of a write has no new value, and comes when it has been written
    /// again. What is left of an iterator that is dropped comes with the next poll.
    #[doc(alias = "drain")]
    #[must_use = "an iterator yields nothing until it is used"]
    pub fn poll(&mut self) -> Changed<'_, T> {
        let tracked = self.vector.is_tracked();
        let slots = if tracked { 0..0 } else { 0..self.vector.len() };
        let ids = if tracked && self.vector.shared { 0..self.vector.ids_used() } else { 0..0 };
        Changed { changes: self, slots, block: None, next_block: 0, ids }
    }

    /// Whether a slot has changed since it was last yielded. Changes nothing.
    ///
    /// Reads what [`poll`](Self::poll) reads where nothing changed.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let vector = &self.vector;
        let newer = |index: usize| Tag::completed(vector.slot(index).version()) > self.seen[index];
        if !vector.is_tracked() {
            return (0..vector.len()).any(newer);
        }
        let counted = |(block, &seen): (usize, &u64)| {
            // Acquire: as in `enter_block`.
            vector.counter(Blocks::counter(block)).load_acquire() != seen
                && vector.blocks.slots(block, vector.len()).any(newer)
        };
        let ids = if vector.shared { vector.ids_used() } else { 0 };
        self.counts.iter().enumerate().any(counted) || (0..ids).any(|id| vector.uncounted(id, &self.seen).is_some())
    }

    /// The bell of the vector, if there is one: see [`VectorReader::bell`].
    #[must_use]
    pub fn bell(&self) -> Option<&Bell> {
        self.vector.bell()
    }

    /// Whether looking for changes takes long.
    pub(crate) fn is_large(&self) -> bool {
        /// Counters and slots: some microseconds.
        const MANY: usize = 256;
        self.counts.len().max(if self.vector.is_tracked() { 0 } else { self.seen.len() }) > MANY
    }

    /// Slot `index`, if it has a complete value newer than the one last yielded.
    #[inline]
    fn take(&mut self, index: usize) -> Option<Change<T>> {
        /// A slot that is written this often in a row is left for the next poll: every write is
        /// counted after it is complete.
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
}

/// One of the sources of a [`WaitSet`](crate::WaitSet).
///
/// # Examples
///
/// A table and a notifier that ends the wait:
///
/// ```
/// use icc_vector::{Notifier, SeqlockVector, VectorSpec, WaitSet};
///
/// let quotes = SeqlockVector::<u64>::new(VectorSpec::new(3).wakeable())?;
/// let (mut changes, mut stop) = (quotes.changes(), Notifier::new());
/// quotes.write(1, &99)?;
/// let ready = WaitSet::new().wait(&mut [&mut changes, &mut stop], None)?;
/// assert_eq!((ready.contains(0), ready.contains(1)), (true, false));
/// assert_eq!(changes.poll().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<T: Payload> Waitable for Changes<T> {
    fn bell(&self) -> Option<&Bell> {
        Self::bell(self)
    }

    fn is_ready(&self) -> bool {
        Self::is_ready(self)
    }
}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("len", &self.seen.len()).finish_non_exhaustive()
    }
}

/// The slots that changed, from [`Changes::poll`].
pub struct Changed<'a, T> {
    changes: &'a mut Changes<T>,
    /// The slots still to poll, in this block or, if nobody counts, in all.
    slots: Range<usize>,
    /// Their block, and its count before.
    block: Option<(usize, u64)>,
    next_block: usize,
    /// The writers whose ledgers are still to read, after all blocks.
    ids: Range<u32>,
}

impl<T: Payload> Changed<'_, T> {
    /// Goes to the next block in which something changed.
    ///
    /// The count is loaded before the slots: a write that the slots do not show yet is counted
    /// later, and found by the next poll.
    #[inline]
    fn enter_block(&mut self) -> bool {
        let changes = &mut *self.changes;
        if let Some((block, count)) = self.block.take() {
            // All its slots were polled.
            changes.counts[block] = count;
        }
        for block in self.next_block..changes.counts.len() {
            let count = changes.vector.counter(Blocks::counter(block)).load_relaxed();
            if count != changes.counts[block] {
                // Acquire: with the load above, pairs with the Release in `count_change`. The slots
                // show what was counted.
                fence(Ordering::Acquire);
                self.slots = changes.vector.blocks.slots(block, changes.vector.len());
                self.block = Some((block, count));
                self.next_block = block + 1;
                return true;
            }
        }
        self.next_block = changes.counts.len();
        false
    }
}

impl<T: Payload> Iterator for Changed<'_, T> {
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
                return self.ids.find_map(|id| {
                    let index = changes.vector.uncounted(id, &changes.seen)?;
                    changes.take(index)
                });
            }
        }
    }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").field("changes", &self.changes).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::{Changes, Mode, MultiWriter, SeqlockVector, SingleWriter, Tracked, VectorSpec, Waitable};

    fn changes<M: Mode>(len: usize) -> Changes<u64> {
        SeqlockVector::<u64, M>::new(len).unwrap().changes()
    }

    /// Ready exactly while a poll would yield something, whether changes are counted or not.
    fn ready_until_yielded<M: Mode>() {
        let vector = SeqlockVector::<u64, M>::new(VectorSpec::new(5).wakeable()).unwrap();
        let mut changes = vector.changes();
        let mut writer = vector.writer().unwrap();
        assert!(changes.bell().is_some() && Waitable::bell(&changes).is_some());
        assert!(!changes.is_ready() && !Waitable::is_ready(&changes));
        for index in [4, 0] {
            writer.write(index, &7).unwrap();
            assert!(changes.is_ready() && Waitable::is_ready(&changes));
            // The iterator is dropped before it comes to the end of the block.
            assert_eq!(changes.poll().next().map(|change| change.index), Some(index));
            assert!(!changes.is_ready());
            assert_eq!(changes.poll().count(), 0);
            assert!(!changes.is_ready());
        }
    }

    #[test]
    fn a_cursor_is_ready_until_the_change_is_yielded() {
        ready_until_yielded::<MultiWriter>();
        ready_until_yielded::<SingleWriter>();
        ready_until_yielded::<Tracked<MultiWriter>>();
        ready_until_yielded::<Tracked<SingleWriter>>();
    }

    /// What a poll reads is counted: slots, or blocks of them.
    #[test]
    fn large_is_what_takes_long_to_look_at() {
        assert_eq!([1, 256, 257].map(|len| changes::<MultiWriter>(len).is_large()), [false, false, true]);
        assert_eq!(
            [257, 100_000, 1 << 20].map(|len| changes::<Tracked<MultiWriter>>(len).is_large()),
            [false, true, true]
        );
    }

    /// A block that changes all the time does not keep a poll from its end.
    #[test]
    fn a_poll_goes_through_each_block_once() {
        let vector = SeqlockVector::<u64, Tracked<SingleWriter>>::new(100).unwrap();
        let (mut changes, mut writer) = (vector.changes(), vector.writer().unwrap());
        writer.write(2, &7).unwrap();
        let mut poll = changes.poll();
        assert_eq!(poll.next().map(|change| (change.index, change.value)), Some((2, 7)));
        writer.write(2, &8).unwrap();
        assert_eq!(poll.next(), None);
        assert_eq!(changes.poll().map(|change| (change.index, change.value)).collect::<Vec<_>>(), [(2, 8)]);
    }
}
