//! Writing by a handle that others know of.

use crate::lines::{self, Blocks};
use crate::{Mode, MultiWriter, OutOfRange, SeqlockVector, WriteError, WriterDied};
use core::{fmt, ops::Range};
use icc_buffer::{IdLock, Padded, Placement};
use icc_seqlock::primitive::Ordering;
use icc_seqlock::{Payload, Tag};

/// A writing end of a vector, from [`SeqlockVector::writer`] or `writer_of`.
///
/// Knows nothing of readers: it never waits for one and never reads what one writes. In
/// [`SingleWriter`](crate::SingleWriter) mode it never waits at all.
///
/// It cannot be cloned; ask the vector for another:
///
/// ```compile_fail,E0599
/// # let vector = icc_vector::SeqlockVector::<u64>::new(2).unwrap();
/// let writer = vector.writer().unwrap();
/// let another = writer.clone();
/// ```
pub struct Writer<T, M: Mode = MultiWriter, P: Placement = Padded> {
    vector: SeqlockVector<T, M, P>,
    /// Which ledger is its own; and the proof that it lives.
    lock: IdLock,
    range: Range<usize>,
    /// The blocks of which all slots are this writer's, if each slot has one writer.
    whole_blocks: Range<usize>,
    /// What it last counted in one of them: each count is new there, since this only grows and began above all of them.
    ticks: u64,
    /// Its name in the versions that it makes odd.
    tag: Tag,
    /// The slot that its ledger names, in a tracked vector.
    named: usize,
    /// Plays that its process was killed.
    #[cfg(icc_loom)]
    killed: bool,
}

impl<T: Payload, M: Mode, P: Placement> Writer<T, M, P> {
    pub(crate) fn new(vector: SeqlockVector<T, M, P>, lock: IdLock, range: Range<usize>) -> Self {
        let (blocks, len) = (vector.blocks, vector.len());
        let begins = |block| block < blocks.count(len) && blocks.first(block) >= range.start;
        let start = (blocks.of(range.start)..=blocks.count(len)).find(|&block| begins(block)).unwrap_or(0);
        let end = if range.end == len { blocks.count(len) } else { blocks.of(range.end) };
        let count = |block| vector.counter(Blocks::line(block)).load(Ordering::Relaxed);
        let ticks = if M::SINGLE && M::TRACKED { (start..end).map(count).max().unwrap_or(0) } else { 0 };
        let tag = lines::tag(lock.id());
        Self {
            vector,
            tag,
            lock,
            range,
            whole_blocks: start..end,
            ticks,
            named: usize::MAX,
            #[cfg(icc_loom)]
            killed: false,
        }
    }

    /// Writes `value` to slot `index` and returns its version.
    ///
    /// In [`MultiWriter`] mode it waits, as [readers](crate::VectorReader#waiting) do, only for another writer of the same slot, and
    /// takes the slot over if that one is proven to be dead.
    ///
    /// # Errors
    ///
    /// [`WriteError::OutOfRange`], [`WriteError::NotOwned`] or [`WriteError::Busy`]; nothing was written.
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
    #[inline]
    pub fn write(&mut self, index: usize, value: &T) -> Result<u64, WriteError> {
        self.check(index)?;
        // SAFETY: the index was checked.
        unsafe { self.write_unchecked(index, value) }
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
        self.name(index);
        if !M::SINGLE {
            // SAFETY: by the caller; a range is within the vector.
            return unsafe { self.vector.write_shared(self.tag, index, value) };
        }
        // SAFETY: by the caller.
        Ok(unsafe { self.write_alone(index, value) })
    }

    /// Changes slot `index` as one step against all other writers, and returns its version.
    ///
    /// `change` gets a copy of the value and runs outside the write, so it may read the vector, panic or take its time without
    /// holding anyone up. In [`MultiWriter`] mode, if another write comes between, it runs again on the newer value: only the
    /// last run counts.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), and [`WriteError::WriterDied`] if there is no value to change; [`write`](Self::write) one.
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
        self.check(index)?;
        self.name(index);
        if !M::SINGLE {
            // SAFETY: the index was checked; a range is within the vector.
            return unsafe { self.vector.update_shared(self.tag, index, change) };
        }
        let mut value = T::zeroed();
        // Alone, so nothing can cross the copy: only a writer before, that died, can have left the slot half-written.
        // SAFETY: the index was checked.
        if unsafe { self.vector.cell(index) }.try_read_into(&mut value).is_err() {
            return Err(WriterDied { index }.into());
        }
        change(&mut value);
        // SAFETY: the index was checked.
        Ok(unsafe { self.write_alone(index, &value) })
    }

    /// The slots that this writer may write.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The vector.
    #[must_use]
    pub fn vector(&self) -> &SeqlockVector<T, M, P> {
        &self.vector
    }

    /// Begins a write and ends after `words` words of the value, as a process that is killed does.
    #[cfg(icc_loom)]
    #[doc(hidden)]
    pub fn die_in_write(mut self, index: usize, value: &T, words: usize) {
        self.killed = true;
        self.check(index).expect("a slot of its own");
        self.name(index);
        // SAFETY: the index was checked.
        unsafe { self.vector.cell(index) }.die_in_tagged_write(self.tag, value, words);
    }

    /// Writes a value and ends before the change is counted, as a process that is killed does.
    #[cfg(icc_loom)]
    #[doc(hidden)]
    pub fn die_before_count(mut self, index: usize, value: &T) {
        self.killed = true;
        self.check(index).expect("a slot of its own");
        self.name(index);
        // SAFETY: the index was checked.
        unsafe { self.vector.cell(index) }.write(value);
    }

    /// Writes a slot as the only writer.
    ///
    /// # Safety
    ///
    /// Each slot has one writer, and `index` is in this one's range.
    #[inline(always)]
    unsafe fn write_alone(&mut self, index: usize, value: &T) -> u64 {
        // SAFETY: by the caller.
        let cell = unsafe { self.vector.cell(index) };
        // SAFETY: the mode allows no other way of writing, and this writer, borrowed mutably, alone has the slot: all living writers'
        // ranges are disjoint, by the locks. What one before did happens before this, by the same.
        let version = unsafe { cell.write_alone(self.tag, value) };
        if M::TRACKED {
            let block = self.vector.blocks.of(index);
            if self.whole_blocks.contains(&block) {
                // Release: as in `count_change`. No addition, and no load: nobody else counts in this block.
                self.ticks = self.ticks.wrapping_add(1);
                self.vector.counter(Blocks::line(block)).store(self.ticks, Ordering::Release);
            } else {
                self.vector.count_change(index);
            }
        }
        version
    }

    #[inline(always)]
    fn check(&self, index: usize) -> Result<(), WriteError> {
        let (start, end) = if M::SINGLE { (self.range.start, self.range.end) } else { (0, self.vector.len()) };
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

    /// Says in the ledger which slot it is about to write, so that a cursor finds the change also if this writer dies before it is
    /// counted. It stays there after the write: whoever finds a change that it has seen already is done.
    #[inline(always)]
    fn name(&mut self, index: usize) {
        if M::TRACKED && self.named != index {
            self.named = index;
            // Release: pairs with the Acquire in `Look`. Whoever sees another slot named sees the change before counted. Whoever sees
            // the version that follows sees this, since that is stored with Release.
            self.vector.counter(lines::ledger(self.lock.id())).store(lines::writing(index), Ordering::Release);
        }
    }
}

impl<T, M: Mode, P: Placement> Drop for Writer<T, M, P> {
    fn drop(&mut self) {
        #[cfg(icc_loom)]
        if self.killed {
            return;
        }
        // Before the lock, which is dropped after this. All writes are complete.
        // Release: pairs with the Acquire in `Look`: after the last count.
        if let Some(ledger) = self.vector.buffer.line(lines::ledger(self.lock.id())) {
            ledger.store(lines::FREE, Ordering::Release);
        }
    }
}

impl<T, M: Mode, P: Placement> fmt::Debug for Writer<T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("range", &self.range).field("vector", &self.vector).finish_non_exhaustive()
    }
}
