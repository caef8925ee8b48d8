//! The vector as readers see it: nothing here can write.

use crate::lines::{self, Blocks};
use crate::patience::{Patience, Round};
use crate::{
    Busy, Changes, Iter, Mode, MultiWriter, OutOfRange, ReadAllError, ReadError, Snapshot, TryReadError, WriterDied,
};
use core::{fmt, marker::PhantomData};
use icc_buffer::{Padded, Placement, ReadLine, ReadOnlyBuffer, ReadSlot};
use icc_seqlock::primitive::{Ordering, fence};
use icc_seqlock::{BeingWritten, Payload, Tag};

/// A vector that can only be read.
///
/// `open` attaches to a vector in shared memory without being able to write to it: the processor itself stops any write, and
/// no writer notices. [`SeqlockVector`](crate::SeqlockVector) is this and writers besides; all methods here are its own too.
///
/// A handle: clone it, send it to other threads.
///
/// # Waiting
///
/// Methods that begin with `try` make one attempt. The others wait for a writer that is just at the slot: they back off for some
/// tens of microseconds, then give their core away up to 10,000 times, and see now and then whether that writer still lives.
/// They end with the value, [`WriterDied`] or [`Busy`]; never with a value that is mixed from two, and never not at all.
pub struct VectorReader<T, M: Mode = MultiWriter, P: Placement = Padded> {
    buffer: ReadOnlyBuffer<T, P>,
    pub(crate) blocks: Blocks,
    /// Whether its writers can die half-way, as those of shared memory can. Under loom they play that they do.
    pub(crate) mortal: bool,
    _mode: PhantomData<M>,
}

impl<T: Payload, M: Mode, P: Placement> VectorReader<T, M, P> {
    /// `buffer` has `lines::count::<M>()` lines.
    pub(crate) fn new(buffer: ReadOnlyBuffer<T, P>, mortal: bool) -> Self {
        let blocks = Blocks::new(buffer.len());
        Self { buffer, blocks, mortal: mortal || cfg!(icc_loom), _mode: PhantomData }
    }

    /// The number of slots, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a vector is never empty")]
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The value of slot `index`: zeros if it was never written.
    ///
    /// Returning by value can cost a second copy; for large values use [`read_into`](Self::read_into).
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is no such slot, or it cannot be read; see [waiting](Self#waiting).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// assert_eq!(health.read(1)?, 200);
    /// assert_eq!(health.read(0)?, 0);
    /// let error = health.read(3).unwrap_err();
    /// assert_eq!(error.to_string(), "slot 3 does not exist: the vector has 3, from 0 to 2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read(&self, index: usize) -> Result<T, ReadError> {
        let mut value = T::zeroed();
        self.read_into(index, &mut value).map(|_| value)
    }

    /// The value of slot `index`, or none if it was never written.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &0)?;
    /// assert_eq!(health.read_if_written(1)?, Some(0));
    /// assert_eq!(health.read_if_written(2)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_if_written(&self, index: usize) -> Result<Option<T>, ReadError> {
        let mut value = T::zeroed();
        Ok((self.read_into(index, &mut value)? != 0).then_some(value))
    }

    /// Copies the value of slot `index` into `out` and returns its version: 0 if it was never written, 2 more for each write.
    ///
    /// The primary operation: one copy, straight into the caller's memory.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read). If there is no such slot, `out` is left as it was; else it holds a valid but meaningless value.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let mut out = 9;
    /// assert_eq!(health.read_into(1, &mut out)?, 0);
    /// health.write(1, &200)?;
    /// assert_eq!((health.read_into(1, &mut out)?, out), (2, 200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        self.check(index)?;
        // SAFETY: the index was checked.
        unsafe { self.read_into_unchecked(index, out) }
    }

    /// As [`read_into`](Self::read_into), without the check of the index.
    ///
    /// # Errors
    ///
    /// [`ReadError::WriterDied`] or [`ReadError::Busy`].
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let mut out = 9;
    /// // SAFETY: there are three slots.
    /// assert_eq!(unsafe { health.read_into_unchecked(2, &mut out) }, Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub unsafe fn read_into_unchecked(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        // SAFETY: the caller's promise is the same.
        match unsafe { self.buffer.slot_unchecked(index) }.try_read_into(out) {
            Ok(version) => Ok(version),
            Err(_) => self.read_patiently(index, out),
        }
    }

    /// Copies the value of slot `index` into `out` and returns its version, if one attempt gets it. Never waits.
    ///
    /// # Errors
    ///
    /// [`TryReadError::BeingWritten`] if a write was under way or crossed the copy; `out` then holds a valid but meaningless
    /// value. [`TryReadError::OutOfRange`] if there is no such slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert_eq!(health.try_read_into(1, &mut 0), Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_read_into(&self, index: usize, out: &mut T) -> Result<u64, TryReadError> {
        self.check(index)?;
        Ok(self.slot(index).try_read_into(out)?)
    }

    /// Copies the value of slot `index` into `out` and returns its version, if that is newer than `version`.
    ///
    /// `None` means that no newer value was complete when this looked, also when the slot's writer died since. Waits only if a newer
    /// one is there and is being overwritten.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// let (mut seen, mut out) = (health.version(1)?, 0);
    /// assert_eq!(health.read_into_if_newer(1, seen, &mut out)?, None);
    /// health.write(1, &200)?;
    /// if let Some(version) = health.read_into_if_newer(1, seen, &mut out)? {
    ///     seen = version;
    /// }
    /// assert_eq!((seen, out), (2, 200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn read_into_if_newer(&self, index: usize, version: u64, out: &mut T) -> Result<Option<u64>, ReadError> {
        self.check(index)?;
        let slot = self.slot(index);
        let found = slot.version();
        if Tag::completed(found) <= version {
            return Ok(None);
        }
        if found & 1 == 0 && slot.try_read_at(found, out).is_ok() {
            return Ok(Some(found));
        }
        self.read_patiently(index, out).map(Some)
    }

    /// The version of slot `index`: 0 if it was never written, odd while it is. It may have changed by the time this returns.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// assert_eq!(health.version(2)?, 0);
    /// assert_eq!(health.write(2, &1)?, 2);
    /// assert_eq!(health.version(2)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn version(&self, index: usize) -> Result<u64, OutOfRange> {
        self.check(index)?;
        let found = self.slot(index).version();
        Ok(Tag::completed(found) | found & 1)
    }

    /// Copies the values of all slots into `out`, in order, each read when its turn comes.
    ///
    /// Each value is whole, but they are not of one moment: writes may come between two of them. For a picture of one moment
    /// take a [`snapshot`](Self::snapshot).
    ///
    /// # Errors
    ///
    /// [`ReadAllError::WrongLen`] if `out` is not as long as the vector. [`ReadAllError::Read`] if a slot cannot be read; those
    /// before it were. [`iter`](Self::iter) goes on after such a slot.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// let mut all = [9; 3];
    /// health.read_all_into(&mut all)?;
    /// assert_eq!(all, [0, 200, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_all_into(&self, out: &mut [T]) -> Result<(), ReadAllError> {
        if out.len() != self.len() {
            return Err(ReadAllError::WrongLen { given: out.len(), len: self.len() });
        }
        self.read_range_into(0, out)
    }

    /// Copies the values of the slots from `first` on into `out`, as [`read_all_into`](Self::read_all_into) does.
    ///
    /// # Errors
    ///
    /// [`ReadAllError::Read`] if a slot does not exist (nothing was read then), or cannot be read; those before it were.
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// let mut two = [9; 2];
    /// health.read_range_into(1, &mut two)?;
    /// assert_eq!(two, [200, 0]);
    /// assert!(health.read_range_into(2, &mut two).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_range_into(&self, first: usize, out: &mut [T]) -> Result<(), ReadAllError> {
        if let Some(more) = out.len().checked_sub(1) {
            self.check(first.saturating_add(more))?;
        }
        for (offset, value) in out.iter_mut().enumerate() {
            // SAFETY: the last of them was checked.
            unsafe { self.read_into_unchecked(first + offset, value) }?;
        }
        Ok(())
    }

    /// The values of all slots in order, each read when its turn comes.
    ///
    /// Each value is whole, but they are not of one moment: writes may come between two of them.
    ///
    /// # Examples
    ///
    /// ```
    /// let positions = icc_vector::SeqlockVector::<f64>::new(3)?;
    /// positions.write(0, &1.5)?;
    /// positions.write(2, &2.0)?;
    /// assert_eq!(positions.iter().sum::<Result<f64, _>>()?, 3.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T, M, P> {
        Iter::new(self)
    }

    /// Gets ready to take pictures of these slots, in this order, each of one moment: see [`Snapshot`], with an example.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if one of them does not exist.
    pub fn snapshot(&self, indices: impl Into<Vec<usize>>) -> Result<Snapshot<T, M, P>, OutOfRange> {
        let indices = indices.into();
        indices.iter().try_for_each(|&index| self.check(index))?;
        Ok(Snapshot::new(self.clone(), indices))
    }

    /// A cursor over changes. Its first look finds every slot that was ever written. See [`Changes`].
    #[must_use]
    pub fn changes(&self) -> Changes<T, M, P> {
        Changes::from_start(self.clone())
    }

    /// A cursor over changes from now on. See [`Changes`].
    ///
    /// # Examples
    ///
    /// ```
    /// let health = icc_vector::SeqlockVector::<u32>::new(3)?;
    /// health.write(1, &200)?;
    /// assert_eq!(health.changes().look().count(), 1);
    /// assert_eq!(health.changes_from_now().look().count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn changes_from_now(&self) -> Changes<T, M, P> {
        Changes::from_now(self.clone())
    }

    /// Reads a slot that was being written a moment ago. The index is in range.
    #[cold]
    pub(crate) fn read_patiently(&self, index: usize, out: &mut T) -> Result<u64, ReadError> {
        let slot = self.slot(index);
        let mut patience = Patience::default();
        loop {
            let version = match slot.try_read_into(out) {
                Ok(version) => return Ok(version),
                Err(BeingWritten { version }) => version,
            };
            match patience.round() {
                Round::Again => {}
                Round::Look if self.writer_died(index, version) => return Err(WriterDied { index }.into()),
                Round::Look => {}
                Round::GiveUp(attempts) => return Err(Busy { index, attempts }.into()),
            }
        }
    }

    /// Whether the writer that left slot `index` at `version`, which was seen there, is proven to be dead.
    ///
    /// An odd version names its writer, who took its lock before and stored that version with Release, and an Acquire fence follows
    /// here: so the lock, asked for below, was taken, and is found free only if it was dropped since. By cases, for that writer:
    ///
    /// - It is alive and still writing: its lock is held: not dead.
    /// - It has completed the write and was dropped since: the last look at the slot, after the lock was found free, finds the
    ///   version of that write or a later one: not dead.
    /// - It is dead and nobody has its id: its lock is free and the version stands.
    /// - It is dead and another has got its id: before that one's first write, [`DEAD`](lines::DEAD) was put in place of the
    ///   tag. Until then the lock is held: not proven, for that moment.
    ///
    /// A tag that no writer has, left by somebody who writes garbage, is nobody's.
    #[cold]
    pub(crate) fn writer_died(&self, index: usize, version: u64) -> bool {
        if !self.mortal || version & 1 == 0 {
            return false;
        }
        // Acquire: with the load of `version`, pairs with the Release in `Seqlock::try_write_over`, `write_alone` and `recover`.
        fence(Ordering::Acquire);
        let lives = lines::id_of(Tag::of(version)).is_some_and(|id| self.may_live(id));
        !lives && self.slot(index).version() == version
    }

    /// Whether the writer that is at slot `index`, if one is, is proven to be dead.
    #[cfg(icc_loom)]
    #[doc(hidden)]
    pub fn proves_death(&self, index: usize) -> bool {
        self.writer_died(index, self.slot(index).version())
    }

    /// Whether the writer with this id lives. One whose death the system does not prove does.
    pub(crate) fn may_live(&self, id: u32) -> bool {
        self.buffer.holder_lives(id).unwrap_or(true)
    }

    /// All ids below this may have been taken, none beyond.
    pub(crate) fn seats(&self) -> u32 {
        self.line(lines::SEATS).load_acquire().min(u64::from(lines::WRITERS)) as u32
    }

    #[inline(always)]
    pub(crate) fn check(&self, index: usize) -> Result<(), OutOfRange> {
        if index < self.len() { Ok(()) } else { Err(OutOfRange { index, len: self.len() }) }
    }

    /// A slot whose index was checked.
    #[inline(always)]
    pub(crate) fn slot(&self, index: usize) -> ReadSlot<'_, T> {
        match self.buffer.slot(index) {
            Some(slot) => slot,
            None => unreachable!("the caller checked the index"),
        }
    }

    #[inline(always)]
    pub(crate) fn line(&self, index: usize) -> ReadLine<'_> {
        match self.buffer.line(index) {
            Some(line) => line,
            None => unreachable!("every vector's buffer has as many lines as its mode says"),
        }
    }

    #[cfg(all(target_os = "linux", not(icc_loom)))]
    pub(crate) fn buffer(&self) -> &ReadOnlyBuffer<T, P> {
        &self.buffer
    }
}

impl<T, M: Mode, P: Placement> Clone for VectorReader<T, M, P> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone(), ..*self }
    }
}

impl<T, M: Mode, P: Placement> fmt::Debug for VectorReader<T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorReader").field("len", &self.buffer.len()).field("mode", &M::NAME).finish_non_exhaustive()
    }
}

impl<'a, T: Payload, M: Mode, P: Placement> IntoIterator for &'a VectorReader<T, M, P> {
    type Item = Result<T, ReadError>;
    type IntoIter = Iter<'a, T, M, P>;

    fn into_iter(self) -> Iter<'a, T, M, P> {
        self.iter()
    }
}
