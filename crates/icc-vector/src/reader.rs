//! The vector as readers see it: nothing here can write.

use crate::lines::Blocks;
use crate::{Mode, MultiWriter, OutOfRange, ReadError, TryReadError};
use core::{fmt, marker::PhantomData};
use icc_buffer::{Padded, Placement, ReadLine, ReadOnlyBuffer, ReadSlot};
use icc_seqlock::{Payload, Tag};

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
/// They end with the value, [`WriterDied`](crate::WriterDied) or [`Busy`](crate::Busy); never with a value that is mixed from two, and never not at all.
pub struct VectorReader<T, M: Mode = MultiWriter, P: Placement = Padded> {
    pub(crate) buffer: ReadOnlyBuffer<T, P>,
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
        match self.slot(index).try_read_into_if_newer(version, out) {
            Ok(newer) => Ok(newer),
            Err(_) => self.read_patiently(index, out).map(Some),
        }
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
