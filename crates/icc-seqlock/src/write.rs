//! Writing a cell: many writers, one that knows it is alone, and recovery after one that died.

use crate::primitive::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::primitive::{Backoff, fence, step};
use crate::{BeingWritten, Payload, Seqlock, Source, Tag};

impl<T: Payload> Seqlock<T> {
    /// Requests this cell's first cache line for writing. Does not wait for it.
    ///
    /// For structures that load the version before they write a cell that another core wrote or
    /// read last. The load alone fetches the line for reading, and the write then has to request it
    /// again.
    #[inline(always)]
    pub fn prefetch_for_write(&self) {
        self.storage.prefetch_for_write();
    }

    /// Writes `value` and returns its version. Any number of threads may write.
    ///
    /// Writers exclude each other and never wait for readers. Spins, backing off, while another
    /// writer is writing. That takes only as long as a copy of `T`, unless that writer is
    /// descheduled or, in shared memory, dead.
    #[inline]
    pub fn write(&self, value: &T) -> u64 {
        let mut backoff = Backoff::new();
        loop {
            match self.try_write(value) {
                Ok(version) => return version,
                Err(BeingWritten { .. }) => backoff.wait(),
            }
        }
    }

    /// Writes `value` and returns its version, unless another writer is writing. Never waits.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if another writer was writing; nothing was written.
    #[inline]
    pub fn try_write(&self, value: &T) -> Result<u64, BeingWritten> {
        let found = self.version.load(Relaxed);
        if found & 1 == 1 {
            return Err(BeingWritten { version: found });
        }
        // Acquire: pairs with the Release store in `publish`, so that the bytes of the last write
        // come before ours. A thread that makes the version odd is the only writer until it makes
        // it even again.
        match self.version.compare_exchange(found, found | 1, Acquire, Relaxed) {
            Ok(_) => Ok(self.publish(found.wrapping_add(2), value)),
            Err(version) => Err(BeingWritten { version }),
        }
    }

    /// Changes the value as one step against all other writers, and returns the new version.
    ///
    /// `change` gets a copy of the value and runs outside the write, so it may read this cell,
    /// panic or take long without delaying anyone. If another write happens meanwhile, it runs
    /// again on the newer value: it may run any number of times, and only the last run counts.
    ///
    /// A cell that has an exclusive [`Writer`](crate::Writer) cannot be updated so; the types rule
    /// it out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use icc_seqlock::Seqlock;
    /// let cell = Seqlock::new([1_u64, 10]);
    /// cell.update(|[count, sum]| {
    ///     *count += 1;
    ///     *sum += 32;
    /// });
    /// assert_eq!(cell.read(), [2, 42]);
    /// ```
    #[inline]
    pub fn update(&self, mut change: impl FnMut(&mut T)) -> u64 {
        let mut backoff = Backoff::new();
        let mut value = T::zeroed();
        loop {
            let seen = self.read_into(&mut value);
            change(&mut value);
            // Acquire: as in `try_write`.
            match self.version.compare_exchange(seen, seen | 1, Acquire, Relaxed) {
                Ok(_) => return self.publish(seen.wrapping_add(2), &value),
                Err(_) => backoff.wait(),
            }
        }
    }

    /// Writes `value` over the value of version `seen`, if that is still the cell's version, and
    /// returns the new version. Never waits.
    ///
    /// The second half of an [`update`](Self::update) that you do yourself: read the value and its
    /// version, then write the new value over that version. While the cell is being written, its
    /// version carries `tag`, for structures whose writers can die in mid-write; others pass
    /// [`Tag::NONE`]. Any number of threads may write.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found, if that is not `seen`, or with `seen`, if that is
    /// odd; nothing was written.
    ///
    /// # Examples
    ///
    /// ```
    /// # use icc_seqlock::{BeingWritten, Seqlock, Tag};
    /// let cell = Seqlock::new(20_u64);
    /// let mut value = 0;
    /// let seen = cell.try_read_into(&mut value)?;
    /// assert_eq!(cell.try_write_over(seen, Tag::NONE, &(value + 1)), Ok(seen + 2));
    /// let refused = cell.try_write_over(seen, Tag::NONE, &(value + 1)).unwrap_err();
    /// assert_eq!(refused.version, seen + 2);
    /// assert_eq!(cell.read(), 21);
    /// # Ok::<(), BeingWritten>(())
    /// ```
    #[inline(always)]
    pub fn try_write_over(&self, seen: u64, tag: Tag, value: impl Source<T>) -> Result<u64, BeingWritten> {
        if seen & 1 == 1 {
            return Err(BeingWritten { version: seen });
        }
        // Acquire: as in `try_write`. Release: pairs with an Acquire fence of a thread that sees
        // the tag. What this writer did before, such as taking the lock that proves it alive,
        // happens before what follows that fence.
        match self.version.compare_exchange(seen, tag.mark(seen), AcqRel, Relaxed) {
            Ok(_) => Ok(self.publish(seen.wrapping_add(2), value)),
            Err(version) => Err(BeingWritten { version }),
        }
    }

    /// Writes `value` as the only writer, and leaves the cell at `version`. No read-modify-write.
    ///
    /// For structures that give every write its exact version and know that nobody else is writing,
    /// such as rings. Where the borrow checker can know it too, use [`split`](Self::split).
    ///
    /// `version` is even and differs from the cell's current version. If the cell is odd because a
    /// writer died that would have left it at `version`, this completes that write with another
    /// value.
    ///
    /// # Safety
    ///
    /// No other write to this cell may run at the same time, and the last one must happen before
    /// this call. Two at once would still be no data race, since all accesses are atomic. But
    /// readers would accept a mixture of the two values, and unsafe code may rely on that never
    /// happening.
    #[inline]
    pub unsafe fn write_at(&self, version: u64, value: impl Source<T>) {
        debug_assert!(version & 1 == 0, "a finished write leaves an even version");
        self.storage.prefetch_many_for_write();
        self.version.store(version.wrapping_sub(1), Relaxed);
        self.publish(version, value);
    }

    /// Writes `value` as the only writer, whatever the cell's version is, and returns the new
    /// version. No read-modify-write.
    ///
    /// As [`write_at`](Self::write_at), for structures whose writers can die in mid-write. While
    /// the cell is being written, its version carries `tag`. If a dead writer left a write
    /// unfinished, this completes it with this value, under its version.
    ///
    /// # Safety
    ///
    /// As [`write_at`](Self::write_at).
    #[inline(always)]
    pub unsafe fn write_alone(&self, tag: Tag, value: &T) -> u64 {
        // The load alone fetches the line for reading, and the store then has to request it again.
        self.prefetch_for_write();
        let seen = Tag::completed(self.version.load(Relaxed));
        // SAFETY: by the caller; the last complete write left it at `seen`.
        unsafe { self.write_alone_over(seen, tag, value) }
    }

    /// As [`write_alone`](Self::write_alone), over the version `seen`, which the only writer knows
    /// from its last write. It does not look at the cell, and so does not wait for a line that a
    /// reader has taken away.
    ///
    /// # Safety
    ///
    /// As [`write_at`](Self::write_at), and the last complete write left the cell at `seen`.
    #[inline(always)]
    pub unsafe fn write_alone_over(&self, seen: u64, tag: Tag, value: impl Source<T>) -> u64 {
        // Release: as in `try_write_over`.
        self.version.store(tag.mark(seen), Release);
        self.publish(seen.wrapping_add(2), value)
    }

    /// Takes over a cell whose writer died in mid-write: writes `value`, and returns the version
    /// that the cell is left at.
    ///
    /// Only needed in shared memory; within one process a write is always finished. `stuck` is the
    /// odd version that the cell was seen at. While the value is written, the cell is at the next
    /// odd version, with `tag`; then it goes to the even version after that. So it never looks
    /// stable in between, and if several threads try, only one succeeds.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found, if that is not `stuck` or `stuck` is even: another
    /// thread was faster.
    ///
    /// # Safety
    ///
    /// The writer that left the cell at `stuck` is proven to be dead, not guessed, and what it did
    /// happens before this call (a lock that the kernel drops at a process's end gives both) or
    /// before the [`retag`](Self::retag) that left `stuck`. Otherwise it could continue to write
    /// during this call, and readers would accept the mixture.
    pub unsafe fn recover(&self, stuck: u64, tag: Tag, value: impl Source<T>) -> Result<u64, BeingWritten> {
        if stuck & 1 == 0 {
            return Err(BeingWritten { version: stuck });
        }
        // Two versions on, not one: the same mark again would let a second recovery begin beside
        // this one.
        let seen = Tag::completed(stuck).wrapping_add(2);
        // Acquire: pairs with the Release in `retag`, so that the dead writer's bytes come before
        // ours. Release: as in `try_write_over`.
        match self.version.compare_exchange(stuck, tag.mark(seen), AcqRel, Relaxed) {
            Ok(_) => Ok(self.publish(seen.wrapping_add(2), value)),
            Err(version) => Err(BeingWritten { version }),
        }
    }

    /// Puts another tag on the odd version `stuck`, whose writer is dead, so that it is not taken
    /// for a living writer that gets the same number. What happens before this call happens before
    /// a [`recover`](Self::recover) of the new version.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found, if that is not `stuck` or `stuck` is even.
    pub fn retag(&self, stuck: u64, tag: Tag) -> Result<(), BeingWritten> {
        if stuck & 1 == 0 {
            return Err(BeingWritten { version: stuck });
        }
        // Release: pairs with the Acquire in `recover`.
        match self.version.compare_exchange(stuck, tag.mark(stuck), Release, Relaxed) {
            Ok(_) => Ok(()),
            Err(version) => Err(BeingWritten { version }),
        }
    }

    /// The second half of every write: the version is odd and this thread made it so.
    #[inline(always)]
    pub(crate) fn publish(&self, version: u64, value: impl Source<T>) -> u64 {
        // Release: pairs with the second Acquire fence in `copy_checked`. A thread that reads a byte
        // stored below sees the odd version. Needed also after a compare-exchange: no ordering on
        // one keeps later stores from moving before it.
        fence(Release);
        step("marked");
        value.store_in(self);
        step("copied");
        // Release: pairs with the first Acquire fence in `copy_checked` and the compare-exchanges of
        // other writers.
        self.version.store(version, Release);
        version
    }
}
