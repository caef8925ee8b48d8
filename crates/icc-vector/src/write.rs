//! Every way in which a slot is written: by a writer that others know of, or, in private memory, by
//! any thread.

use crate::register::{self, Blocks};
use crate::wait::{BoundedBackoff, Round};
use crate::{Busy, Mode, MultiWriter, OutOfRange, Payload, SeqlockVector, Shared, WriteError, WriterDied};
use core::ops::Range;
use icc_buffer::{Bell, IdLock, Padded, Placement};
use icc_seqlock::primitive::{Ordering, is_dying, step};
use icc_seqlock::{BeingWritten, Source, Tag};

/// A writing end of a vector, from [`SeqlockVector::writer`] or `writer_of`.
///
/// Knows nothing of readers: it never waits for one and never reads what one writes. (In a
/// [wakeable](crate::VectorSpec::wakeable) vector, one word: whether anybody sleeps.) In
/// [`SingleWriter`](crate::SingleWriter) mode it never waits at all.
///
/// It cannot be cloned; ask the vector for another:
///
/// ```compile_fail,E0599
/// # let vector = icc_vector::SeqlockVector::<u64>::new(2).unwrap();
/// let writer = vector.writer().unwrap();
/// let another = writer.clone();
/// ```
#[doc(alias = "publisher")]
pub struct Writer<T: Payload, M: Mode = MultiWriter, P: Placement = Padded> {
    pub(crate) vector: SeqlockVector<T, M, P>,
    /// Which ledger is its own; and the proof that it lives.
    pub(crate) lock: IdLock,
    pub(crate) range: Range<usize>,
    /// The blocks of which all slots are this writer's, if each slot has one writer.
    whole_blocks: Range<usize>,
    /// What it last counted in one of them. Each count is new there, since this only grows and
    /// began above all of them.
    ticks: u64,
    /// Its name in the versions that it makes odd.
    tag: Tag,
    /// The slot that its ledger names, in a tracked vector.
    announced: usize,
    /// The slot that it wrote last, and the version that it left it at.
    last: (usize, u64),
    /// Where readers sleep, if the vector is wakeable.
    bell: Option<Bell>,
}

impl<T: Payload, M: Mode, P: Placement> Writer<T, M, P> {
    /// Under the registration lock, after all that the dead left in these slots was settled.
    pub(crate) fn new(
        vector: SeqlockVector<T, M, P>,
        lock: IdLock,
        range: Range<usize>,
        whole_blocks: Range<usize>,
    ) -> Self {
        // Relaxed: all that counted in these blocks did so before, by their locks and the
        // registration lock.
        let count = |block| vector.counter(Blocks::counter(block)).load(Ordering::Relaxed);
        let ticks = if M::SINGLE && M::TRACKED { whole_blocks.clone().map(count).max().unwrap_or(0) } else { 0 };
        let tag = register::tag(lock.id());
        let bell = vector.bell().inspect(|bell| bell.register_producer()).cloned();
        Self { vector, tag, lock, range, whole_blocks, ticks, announced: usize::MAX, last: (usize::MAX, 0), bell }
    }

    /// Writes `value` to slot `index` and returns its version.
    ///
    /// In [`MultiWriter`] mode it waits, as [readers](crate::VectorReader#waiting) do, while
    /// another writer is writing the same slot, and takes the slot over if that one is proven to be
    /// dead.
    ///
    /// # Errors
    ///
    /// [`WriteError::OutOfRange`], [`WriteError::NotOwned`], [`WriteError::Busy`]; nothing was
    /// written. In a child process made by `fork`, where this is a copy of the parent's writer, it
    /// is checked in debug builds only; [`update`](Self::update) fails there with
    /// [`WriteError::Forked`].
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let mut worker = health.writer()?;
    /// assert_eq!(worker.write(1, &200)?, 2);
    /// assert!(worker.write(3, &200).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "publish")]
    #[doc(alias = "store")]
    #[doc(alias = "set")]
    #[inline]
    pub fn write(&mut self, index: usize, value: &T) -> Result<u64, WriteError> {
        self.put(index, value)
    }

    /// As [`write`](Self::write), without the check of the index.
    ///
    /// # Errors
    ///
    /// [`WriteError::Busy`]; nothing was written.
    ///
    /// # Safety
    ///
    /// `index` is in this writer's [`range`](Self::range).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let mut worker = health.writer()?;
    /// // SAFETY: a writer of all slots, and there are three.
    /// assert_eq!(unsafe { worker.write_unchecked(2, &200) }?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub unsafe fn write_unchecked(&mut self, index: usize, value: &T) -> Result<u64, WriteError> {
        // SAFETY: passed on from the caller.
        unsafe { self.put_unchecked(index, value) }
    }

    /// [`write`](Self::write), of a value or of bytes.
    #[inline(always)]
    pub(crate) fn put(&mut self, index: usize, value: impl Source<T>) -> Result<u64, WriteError> {
        self.check(index)?;
        // SAFETY: the index was checked.
        unsafe { self.put_unchecked(index, value) }
    }

    /// [`write_unchecked`](Self::write_unchecked), of a value or of bytes.
    ///
    /// # Safety
    ///
    /// As there.
    #[inline(always)]
    unsafe fn put_unchecked(&mut self, index: usize, value: impl Source<T>) -> Result<u64, WriteError> {
        self.announce(index);
        let version = if M::SINGLE {
            // SAFETY: by the caller.
            unsafe { self.write_alone(index, value) }
        } else {
            // SAFETY: by the caller; a range is within the vector.
            let version = unsafe {
                let seen = self.expected(index);
                self.vector.write_shared(self.tag, index, seen, value)
            }?;
            self.last.1 = version;
            version
        };
        self.ring();
        Ok(version)
    }

    /// Changes slot `index` as one step against all other writers, and returns its version.
    ///
    /// `change` gets a copy of the value and runs outside the write, so it may read the vector,
    /// panic or take its time without holding anyone up. In [`MultiWriter`] mode, if another write
    /// comes between, it runs again on the newer value: only the last run counts.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), and [`WriteError::WriterDied`] if there is no value to change;
    /// [`write`](Self::write) one.
    ///
    /// # Examples
    ///
    /// ```
    /// let count = icc_vector::SeqlockVector::<u64>::new(3)?;
    /// let mut worker = count.writer()?;
    /// worker.update(1, |value| *value += 1)?;
    /// assert_eq!(count.read(1)?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn update(&mut self, index: usize, mut change: impl FnMut(&mut T)) -> Result<u64, WriteError> {
        if self.lock.is_forked() {
            return Err(WriteError::Forked);
        }
        self.check(index)?;
        self.announce(index);
        if !M::SINGLE {
            // SAFETY: the index was checked; a range is within the vector.
            let version = unsafe { self.vector.update_shared(self.tag, index, change) }?;
            self.last = (index, version);
            self.ring();
            return Ok(version);
        }
        let mut value = T::zeroed();
        // Alone, so nothing can cross the copy: only an earlier writer, that died, can have left
        // the slot half-written. SAFETY: the index was checked.
        if unsafe { self.vector.cell(index) }.try_read_into(&mut value).is_err() {
            return Err(WriterDied { index }.into());
        }
        change(&mut value);
        // SAFETY: the index was checked.
        let version = unsafe { self.write_alone(index, &value) };
        self.ring();
        Ok(version)
    }

    /// Writes a slot as the only writer.
    ///
    /// # Safety
    ///
    /// Each slot has one writer, and `index` is in this one's range.
    #[inline(always)]
    unsafe fn write_alone(&mut self, index: usize, value: impl Source<T>) -> u64 {
        // SAFETY: by the caller.
        let seen = unsafe { self.expected(index) };
        // SAFETY: by the caller.
        let cell = unsafe { self.vector.cell(index) };
        // SAFETY: the mode allows no other way of writing, and this writer, borrowed mutably, alone
        // has the slot: all living writers' ranges are disjoint, by the locks. What an earlier
        // writer did happens before this, by the same. So the slot that it wrote last still stands
        // where it left it.
        let version = unsafe { cell.write_alone_over(seen, self.tag, value) };
        self.last.1 = version;
        step("written");
        if M::TRACKED {
            let block = self.vector.blocks.of(index);
            if self.whole_blocks.contains(&block) {
                // Release: as in `count_change`. No addition, and no load: nobody else counts in
                // this block.
                self.ticks = self.ticks.wrapping_add(1);
                self.vector.counter(Blocks::counter(block)).store(self.ticks, Ordering::Release);
            } else {
                self.vector.count_change(index);
            }
        }
        version
    }

    /// The version that slot `index` stands at, unless others write it: where this writer left it,
    /// if it wrote it last.
    ///
    /// A look at the slot fetches its line once more, where a reader has taken that away. One-way
    /// latency to a reader that polls, in ratio to bare atomics, with the look / without: 1.7 / 1.2
    /// at 56 bytes, 1.9 / 1.4 at 256, 3.5 / 2.9 at 1 KiB (Zen 4, in shared memory).
    ///
    /// # Safety
    ///
    /// `index` is less than the vector's length.
    #[inline(always)]
    unsafe fn expected(&mut self, index: usize) -> u64 {
        if self.last.0 != index {
            // SAFETY: by the caller.
            self.last = (index, unsafe { self.vector.look(index) });
        }
        self.last.1
    }

    #[inline(always)]
    fn check(&self, index: usize) -> Result<(), WriteError> {
        let (start, end) = if M::SINGLE { (self.range.start, self.range.end) } else { (0, self.vector.len()) };
        debug_assert!(!self.lock.is_forked(), "the writer of the parent process");
        if (start..end).contains(&index) { Ok(()) } else { Err(self.refuse(index)) }
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, index: usize) -> WriteError {
        let len = self.vector.len();
        if index >= len {
            return OutOfRange { index, len }.into();
        }
        WriteError::NotOwned { index, range: self.range.clone() }
    }

    /// Wakes the readers that sleep, after a change.
    #[inline(always)]
    fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }

    /// Says in the ledger which slot it is about to write, so that a cursor finds the change also
    /// if this writer dies before it is counted. It stays there after the write: a cursor that has
    /// seen that change finds nothing new.
    #[inline(always)]
    fn announce(&mut self, index: usize) {
        if M::TRACKED && self.announced != index {
            self.announced = index;
            // Release: pairs with the Acquire in `uncounted`. Whoever sees another slot named sees
            // the change before counted. Whoever sees the version that follows sees this, since
            // that is stored with Release.
            self.vector.counter(register::ledger(self.lock.id())).store(register::writing(index), Ordering::Release);
            step("announced");
        }
    }
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// The version of the last complete write of slot `index`, which is about to be written.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](crate::VectorReader::len).
    #[inline(always)]
    unsafe fn look(&self, index: usize) -> u64 {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        // A plain load fetches a line that a reader holds only to read, and the write then asks for
        // it once more.
        slot.prefetch_for_write();
        Tag::completed(slot.version())
    }

    /// Writes slot `index`, which others may write too, as the writer `tag`. Most likely it stands
    /// at the even version `seen`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](crate::VectorReader::len).
    #[inline(always)]
    unsafe fn write_shared(&self, tag: Tag, index: usize, seen: u64, value: impl Source<T>) -> Result<u64, WriteError> {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        match slot.try_write_over(seen, tag, value) {
            Ok(version) => {
                step("written");
                self.count_change(index);
                Ok(version)
            }
            // SAFETY: by the caller.
            Err(_) => unsafe { self.write_contended(tag, index, value) },
        }
    }

    /// As [`write_shared`](Self::write_shared), for a slot that another writer was writing.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](crate::VectorReader::len).
    #[cold]
    unsafe fn write_contended(&self, tag: Tag, index: usize, value: impl Source<T>) -> Result<u64, WriteError> {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        let mut backoff = BoundedBackoff::default();
        loop {
            let found = slot.version();
            if let Ok(version) = slot.try_write_over(found, tag, value) {
                step("written");
                self.count_change(index);
                return Ok(version);
            }
            match backoff.round() {
                Round::CheckWriter if self.left_by_the_dead(index, found) => {
                    // SAFETY: its writer is dead, by proof: the kernel dropped its lock at its
                    // process's end, which is after all that it did; whoever reclaimed it, if the
                    // tag says so, knew it by that lock.
                    if let Ok(version) = unsafe { slot.recover(found, tag, value) } {
                        step("written");
                        self.count_change(index);
                        return Ok(version);
                    }
                }
                Round::Again | Round::CheckWriter => {}
                Round::GiveUp(attempts) => return Err(Busy { index, attempts }.into()),
            }
        }
    }

    /// Changes slot `index` as one step against all other writers.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](crate::VectorReader::len).
    #[inline(always)]
    unsafe fn update_shared(&self, tag: Tag, index: usize, mut change: impl FnMut(&mut T)) -> Result<u64, WriteError> {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        let mut value = T::zeroed();
        let mut backoff = BoundedBackoff::default();
        loop {
            let written = slot.try_read_into(&mut value).and_then(|seen| {
                change(&mut value);
                slot.try_write_over(seen, tag, &value)
            });
            let found = match written {
                Ok(version) => {
                    step("written");
                    self.count_change(index);
                    return Ok(version);
                }
                Err(BeingWritten { version, .. }) => version,
            };
            match backoff.round() {
                Round::CheckWriter if self.left_by_the_dead(index, found) => return Err(WriterDied { index }.into()),
                Round::Again | Round::CheckWriter => {}
                Round::GiveUp(attempts) => return Err(Busy { index, attempts }.into()),
            }
        }
    }

    /// Wakes the readers that sleep, after a change that no writer made.
    #[inline(always)]
    fn ring(&self) {
        if let Some(bell) = self.bell() {
            bell.ring();
        }
    }

    /// Counts a change of slot `index`, after it was made.
    #[inline(always)]
    pub(crate) fn count_change(&self, index: usize) {
        if M::TRACKED {
            // Release: pairs with the Acquire in `Changed::enter_block`. Whoever sees this count
            // sees the slot's new version. An addition, so that whoever sees a later writer's count
            // sees ours too: additions carry on what was released before.
            self.counter(Blocks::counter(self.blocks.of(index))).fetch_add(1, Ordering::Release);
        }
    }
}

impl<T: Payload, M: Shared, P: Placement> SeqlockVector<T, M, P> {
    /// Writes `value` to slot `index` and returns its version, without a writer. Any number of
    /// threads may do so.
    ///
    /// For vectors in memory of this process. In shared memory each writer must be known, in case
    /// it dies in the middle of a write; get a [`writer`](Self::writer) there.
    ///
    /// Waits, as [readers](crate::VectorReader#waiting) do, only while another writer is writing
    /// the same slot.
    ///
    /// # Errors
    ///
    /// [`WriteError::OutOfRange`], [`WriteError::NeedsWriter`] or [`WriteError::Busy`]; nothing was
    /// written.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert_eq!(health.write(1, &200)?, 2);
    /// assert!(health.write(3, &200).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "publish")]
    #[doc(alias = "store")]
    #[doc(alias = "set")]
    #[inline]
    pub fn write(&self, index: usize, value: &T) -> Result<u64, WriteError> {
        self.check(index)?;
        if self.shared {
            return Err(WriteError::NeedsWriter);
        }
        // SAFETY: the index was checked.
        let version = unsafe { self.write_shared(Tag::NONE, index, self.look(index), value) }?;
        self.ring();
        Ok(version)
    }

    /// Changes slot `index` as one step against all other writers, and returns its version, without
    /// a writer.
    ///
    /// `change` gets a copy of the value and runs outside the write, so it may read the vector,
    /// panic or take its time without holding anyone up. If another write comes between, it runs
    /// again on the newer value: only the last run counts.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// let count = icc_vector::SeqlockVector::<u64>::new(3)?;
    /// count.update(1, |value| *value += 1)?;
    /// assert_eq!(count.read(1)?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn update(&self, index: usize, change: impl FnMut(&mut T)) -> Result<u64, WriteError> {
        self.check(index)?;
        if self.shared {
            return Err(WriteError::NeedsWriter);
        }
        // SAFETY: the index was checked.
        let version = unsafe { self.update_shared(Tag::NONE, index, change) }?;
        self.ring();
        Ok(version)
    }
}

impl<T: Payload, M: Mode, P: Placement> Drop for Writer<T, M, P> {
    fn drop(&mut self) {
        // A death is not a drop, and neither is that of a copy in a forked child.
        if is_dying() || self.lock.is_forked() {
            return;
        }
        // Before the lock, which is dropped after this. All writes are complete. Release: pairs
        // with the Acquire in `uncounted`: after the last count.
        self.vector.counter(register::ledger(self.lock.id())).store(register::FREE, Ordering::Release);
    }
}
