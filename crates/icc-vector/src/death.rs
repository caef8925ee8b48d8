//! What a writer's death means: how it is proven, what the dead left, and how that is reclaimed.
//!
//! A writer that dies leaves at most three things:
//!
//! - a slot at an odd version, which names the writer, if it died in the middle of a write;
//! - in a tracked vector, a complete write that is not counted, of the slot that its ledger names;
//! - its registration: its ledger and its range, while the kernel has dropped its lock.
//!
//! Readers prove the first by the lock, and find the second by the ledger. Whoever registers next
//! for the same id, or for slots of the same range, reclaims all three first.

use crate::register::{self, FREE, RECLAIMED};
use crate::{Mode, OutOfRange, Payload, Placement, SeqlockVector, VectorReader};
use icc_seqlock::Tag;
use icc_seqlock::primitive::{Ordering, fence, step};

impl<T: Payload> VectorReader<T> {
    /// Whether the writer of slot `index` is proven to have died in the middle of a write, so that
    /// the slot has no value. Never waits.
    ///
    /// One load if the slot is not being written, else a system call. Always `false` in private
    /// memory. The answer may be outdated at once: another writer may write the slot.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert!(!health.writer_died(1)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn writer_died(&self, index: usize) -> Result<bool, OutOfRange> {
        self.check(index)?;
        Ok(self.left_by_the_dead(index, self.slot(index).version()))
    }

    /// Whether the writer that left slot `index` at `version`, which was seen there, is proven to
    /// be dead.
    ///
    /// An odd version names its writer, which took its lock before and stored that version with
    /// Release, and an Acquire fence follows here. So the lock, asked for below, was taken, and is
    /// found free only if it was dropped since. By cases, for that writer:
    ///
    /// - It is alive and still writing: its lock is held: not dead.
    /// - It has completed the write and was dropped since: the last load of the slot's version,
    ///   after the lock was found free, finds the version of that write or a later one: not dead.
    /// - It is dead and nobody has its id: its lock is free and the version stands.
    /// - It is dead and another has got its id: before that one's first write, [`RECLAIMED`] was
    ///   put in place of the tag. Until then the lock is held: not proven, for that moment.
    ///
    /// A tag that no writer has, left by somebody who writes garbage, is nobody's.
    #[cold]
    pub(crate) fn left_by_the_dead(&self, index: usize, version: u64) -> bool {
        if !self.shared || version & 1 == 0 {
            return false;
        }
        // Acquire: with the load of `version`, pairs with the Release in `Seqlock::try_write_over`,
        // `write_alone` and `recover`.
        fence(Ordering::Acquire);
        let lives = register::id_of(Tag::of(version)).is_some_and(|id| self.may_live(id));
        !lives && self.slot(index).version() == version
    }

    /// Whether the writer with this id is alive. If the system does not tell, it is.
    pub(crate) fn may_live(&self, id: u32) -> bool {
        self.buffer.holder_lives(id).unwrap_or(true)
    }

    /// The slot that writer `id` wrote after the version in `seen`, but did not count, because it
    /// died in between.
    ///
    /// By cases, for a complete write that no count of this poll showed: if its writer lives, or
    /// was reclaimed, the count comes, or came before the ledger went on, and the next poll finds
    /// it. Else the ledger names the slot until it is reclaimed.
    pub(crate) fn uncounted(&self, id: u32, seen: &[u64]) -> Option<usize> {
        // Acquire: pairs with the Release stores to the ledger in `Writer::announce`, `register`
        // and `reclaim`.
        let ledger = self.counter(register::ledger(id)).load_acquire();
        let index = register::slot_of(ledger, seen.len())?;
        let changed = Tag::completed(self.slot(index).version()) > seen[index];
        // Asks the system only if there is something to find.
        (changed && !self.may_live(id)).then_some(index)
    }
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// Settles what the dead holder of `id` left, if it left anything. Needs the registration lock,
    /// and proof of the death: the id's lock was found free, or was taken by the caller. May be
    /// done again from the start if the caller dies in here.
    ///
    /// - The slots that it left half-written name its id, which may live again: from now on they
    ///   say that their writer is dead.
    /// - It may have completed a write and not counted it. Cursors found that by its ledger, and
    ///   now must by the count. This has to come before another single writer of those slots begins
    ///   to count: that one counts with plain stores.
    pub(crate) fn reclaim(&self, id: u32) {
        let ledger = self.counter(register::ledger(id));
        // Relaxed: what the dead one did happens before this, by its lock; what others that
        // registered did, by the registration lock.
        let left = ledger.load(Ordering::Relaxed);
        if left == FREE {
            return;
        }
        let range = self.range_of(id);
        for index in range.start..range.end.min(self.len()) {
            // SAFETY: less than the length.
            let slot = unsafe { self.cell(index) };
            let found = slot.version();
            if Tag::of(found) == register::tag(id) {
                // Fails only if another, which found the death too, has taken the slot over.
                _ = slot.retag(found, RECLAIMED);
            }
        }
        if let Some(index) = register::slot_of(left, self.len()) {
            self.count_change(index);
        }
        step("reclaimed");
        // Release: pairs with the Acquire in `uncounted`. Whoever sees this sees the count that the
        // dead one owed.
        ledger.store(FREE, Ordering::Release);
    }
}
