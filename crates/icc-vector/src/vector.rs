//! The vector itself, and how its slots are written.

use crate::lines::{self, Blocks};
use crate::patience::{Patience, Round};
use crate::{Busy, Iter, Mode, MultiWriter, ReadError, Shared, VectorReader, WriteError, WriterDied};
use core::{fmt, ops::Deref};
use icc_buffer::{Buffer, BufferError, Kind, Padded, Placement, Spec};
use icc_seqlock::primitive::{AtomicU64, Ordering};
use icc_seqlock::{BeingWritten, Payload, Seqlock, Tag};

/// A table of latest values: one slot a key, only the newest value matters.
///
/// Any number of threads and processes read any slot, without ever blocking a writer. Who may write is the mode `M`:
/// [`MultiWriter`] or [`SingleWriter`](crate::SingleWriter). Slots are on cache lines of their own, so that writers of different slots
/// do not slow each other down; with `P` = [`Packed`](crate::Packed) small ones share lines, for a table that is mostly read as a
/// whole.
///
/// A handle: clone it and send it to other threads. The table is freed with the last one. Everything that a [`VectorReader`]
/// can do, a vector can.
///
/// # Examples
///
/// ```
/// use icc_vector::SeqlockVector;
///
/// let positions = SeqlockVector::<f64>::new(3)?;
/// positions.write(1, &250.0)?; // from any thread
/// assert_eq!(positions.read(1)?, 250.0);
///
/// let error = positions.read(3).unwrap_err();
/// assert_eq!(error.to_string(), "slot 3 does not exist: the vector has 3, from 0 to 2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SeqlockVector<T, M: Mode = MultiWriter, P: Placement = Padded> {
    pub(crate) buffer: Buffer<T, P>,
    reader: VectorReader<T, M, P>,
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// A vector of `len` slots in memory of this process. All hold zeros, at version 0: never written.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if `len` is 0 or too large for the memory.
    pub fn new(len: usize) -> Result<Self, BufferError> {
        Ok(Self::over(Buffer::private(Self::spec(len))?, false))
    }

    /// What a vector of this type asks of a buffer.
    pub(crate) fn spec(len: usize) -> Spec {
        Spec { kind: Kind::Vector, len, lines: lines::count::<M>(), words: [M::CODE, 0, 0, 0] }
    }

    /// `buffer` was made or opened for [`spec`](Self::spec). `mortal`: it is in shared memory.
    pub(crate) fn over(buffer: Buffer<T, P>, mortal: bool) -> Self {
        let reader = VectorReader::new(buffer.read_only(), mortal);
        Self { buffer, reader }
    }

    /// This vector for readers only.
    #[must_use]
    pub fn reader(&self) -> &VectorReader<T, M, P> {
        &self.reader
    }

    /// # Safety
    ///
    /// `index` is less than [`len`](VectorReader::len).
    #[inline(always)]
    pub(crate) unsafe fn cell(&self, index: usize) -> &Seqlock<T> {
        // SAFETY: the caller's promise is the same; both handles are to one buffer.
        unsafe { self.buffer.slot_unchecked(index) }
    }

    #[inline(always)]
    pub(crate) fn counter(&self, index: usize) -> &AtomicU64 {
        match self.buffer.line(index) {
            Some(line) => line,
            None => unreachable!("every vector's buffer has as many lines as its mode says"),
        }
    }

    /// Counts a change of slot `index`, after it was made.
    #[inline(always)]
    pub(crate) fn count_change(&self, index: usize) {
        if M::TRACKED {
            // Release: pairs with the Acquire in `Look`. Whoever sees this count sees the slot's new version. An addition, so that
            // whoever sees a later writer's count sees ours too: additions carry on what was released before.
            self.counter(Blocks::line(self.blocks.of(index))).fetch_add(1, Ordering::Release);
        }
    }

    /// Writes slot `index`, which others may write too, as the writer `tag`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](VectorReader::len).
    #[inline(always)]
    pub(crate) unsafe fn write_shared(&self, tag: Tag, index: usize, value: &T) -> Result<u64, WriteError> {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        // The look alone fetches a line that a reader holds to read, and the exchange then asks for it once more.
        slot.prefetch_for_write();
        let found = slot.version();
        match slot.try_write_over(found, tag, value) {
            Ok(version) => {
                self.count_change(index);
                Ok(version)
            }
            // SAFETY: by the caller.
            Err(_) => unsafe { self.write_patiently(tag, index, value) },
        }
    }

    /// As [`write_shared`](Self::write_shared), for a slot that others are at.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](VectorReader::len).
    #[cold]
    unsafe fn write_patiently(&self, tag: Tag, index: usize, value: &T) -> Result<u64, WriteError> {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        let mut patience = Patience::default();
        loop {
            let found = slot.version();
            if let Ok(version) = slot.try_write_over(found, tag, value) {
                self.count_change(index);
                return Ok(version);
            }
            match patience.round() {
                Round::Look if self.writer_died(index, found) => {
                    // SAFETY: its writer is dead, by proof: the kernel dropped its lock at its process's end, which is
                    // after all that it did; its heir, if it says so, knew it by that lock.
                    if let Ok(version) = unsafe { slot.recover(found, tag, value) } {
                        self.count_change(index);
                        return Ok(version);
                    }
                }
                Round::Again | Round::Look => {}
                Round::GiveUp(attempts) => return Err(Busy { index, attempts }.into()),
            }
        }
    }

    /// Changes slot `index` as one step against all other writers.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](VectorReader::len).
    #[inline(always)]
    pub(crate) unsafe fn update_shared(
        &self,
        tag: Tag,
        index: usize,
        mut change: impl FnMut(&mut T),
    ) -> Result<u64, WriteError> {
        // SAFETY: by the caller.
        let slot = unsafe { self.cell(index) };
        let mut value = T::zeroed();
        let mut patience = Patience::default();
        loop {
            let written = slot.try_read_into(&mut value).and_then(|seen| {
                change(&mut value);
                slot.try_write_over(seen, tag, &value)
            });
            let found = match written {
                Ok(version) => {
                    self.count_change(index);
                    return Ok(version);
                }
                Err(BeingWritten { version }) => version,
            };
            match patience.round() {
                Round::Look if self.writer_died(index, found) => return Err(WriterDied { index }.into()),
                Round::Again | Round::Look => {}
                Round::GiveUp(attempts) => return Err(Busy { index, attempts }.into()),
            }
        }
    }
}

impl<T: Payload, M: Shared, P: Placement> SeqlockVector<T, M, P> {
    /// Writes `value` to slot `index` and returns its version, without a writer. Any number of threads may.
    ///
    /// For vectors in memory of this process: in shared memory each one that writes must be known, in case it dies half-way; get a
    /// [`writer`](Self::writer) there.
    ///
    /// Waits, as [readers](VectorReader#waiting) do, only for another writer of the same slot.
    ///
    /// # Errors
    ///
    /// [`WriteError::OutOfRange`], [`WriteError::NeedsWriter`] or [`WriteError::Busy`]; nothing was written.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert_eq!(health.write(1, &200)?, 2);
    /// assert!(health.write(3, &200).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn write(&self, index: usize, value: &T) -> Result<u64, WriteError> {
        self.check(index)?;
        if self.mortal {
            return Err(WriteError::NeedsWriter);
        }
        // SAFETY: the index was checked.
        unsafe { self.write_shared(Tag::NONE, index, value) }
    }

    /// Changes slot `index` as one step against all other writers, and returns its version, without a writer.
    ///
    /// `change` gets a copy of the value and runs outside the write, so it may read the vector, panic or take its time without
    /// holding anyone up. If another write comes between, it runs again on the newer value: only the last run counts.
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
        if self.mortal {
            return Err(WriteError::NeedsWriter);
        }
        // SAFETY: the index was checked.
        unsafe { self.update_shared(Tag::NONE, index, change) }
    }
}

impl<T, M: Mode, P: Placement> Deref for SeqlockVector<T, M, P> {
    type Target = VectorReader<T, M, P>;

    #[inline(always)]
    fn deref(&self) -> &VectorReader<T, M, P> {
        &self.reader
    }
}

impl<T, M: Mode, P: Placement> Clone for SeqlockVector<T, M, P> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), reader: self.reader.clone() }
    }
}

impl<T, M: Mode, P: Placement> fmt::Debug for SeqlockVector<T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeqlockVector").field("len", &self.buffer.len()).field("mode", &M::NAME).finish_non_exhaustive()
    }
}

impl<'a, T: Payload, M: Mode, P: Placement> IntoIterator for &'a SeqlockVector<T, M, P> {
    type Item = Result<T, ReadError>;
    type IntoIter = Iter<'a, T, M, P>;

    fn into_iter(self) -> Iter<'a, T, M, P> {
        self.iter()
    }
}
