//! The vector.

use crate::OutOfRange;
use core::fmt;
use icc_buffer::{Buffer, BufferError, Kind, Padded, Spec};
use icc_seqlock::{Payload, Seqlock};

/// A table of latest values: one slot a key, only the newest value matters.
///
/// Any number of threads read and write any slot. Reading never blocks a writer. Slots are on cache lines of their own, so
/// that writers of different slots do not slow each other down.
///
/// A handle: clone it and send it to other threads. The table is freed with the last one.
///
/// # Examples
///
/// ```
/// use icc_vector::SeqlockVector;
///
/// let positions = SeqlockVector::<f64>::new(3)?;
/// positions.write(1, &250.0)?;
/// assert_eq!(positions.read(1)?, 250.0);
/// assert_eq!(positions.iter().sum::<f64>(), 250.0);
///
/// let error = positions.read(3).unwrap_err();
/// assert_eq!(error.to_string(), "slot 3 does not exist: the vector has 3, from 0 to 2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SeqlockVector<T> {
    buffer: Buffer<T, Padded>,
}

impl<T: Payload> SeqlockVector<T> {
    /// A vector of `len` slots in memory of this process. All hold zeros, at version 0: never written.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if `len` is 0 or too large for the memory.
    pub fn new(len: usize) -> Result<Self, BufferError> {
        Ok(Self { buffer: Buffer::private(Spec { kind: Kind::Vector, len, lines: 0, words: [0; 4] })? })
    }

    /// The number of slots, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a vector is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The cell of slot `index`, for everything that a [`Seqlock`] can do.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot. This holds for all methods that take an index.
    #[inline]
    pub fn slot(&self, index: usize) -> Result<&Seqlock<T>, OutOfRange> {
        self.buffer.slot(index).ok_or(OutOfRange { index, len: self.buffer.len() })
    }

    /// The value of slot `index`. Waits for a live writer to finish, as [`Seqlock::read`] does.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot.
    #[inline]
    pub fn read(&self, index: usize) -> Result<T, OutOfRange> {
        Ok(self.slot(index)?.read())
    }

    /// Copies the value of slot `index` into `out` and returns its version: 0 if it was never written.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot; `out` is then left as it was.
    #[inline]
    pub fn read_into(&self, index: usize, out: &mut T) -> Result<u64, OutOfRange> {
        Ok(self.slot(index)?.read_into(out))
    }

    /// Copies the value of slot `index` into `out` and returns its version, if that is newer than `version`.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot; `out` is then left as it was.
    #[inline]
    pub fn read_into_if_newer(&self, index: usize, version: u64, out: &mut T) -> Result<Option<u64>, OutOfRange> {
        Ok(self.slot(index)?.read_into_if_newer(version, out))
    }

    /// The version of slot `index`: 0 if it was never written, odd while it is.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot.
    #[inline]
    pub fn version(&self, index: usize) -> Result<u64, OutOfRange> {
        Ok(self.slot(index)?.version())
    }

    /// Writes `value` to slot `index` and returns its version. Any number of threads may write.
    ///
    /// Waits for another writer of the same slot, as [`Seqlock::write`] does.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot; nothing was written.
    #[inline]
    pub fn write(&self, index: usize, value: &T) -> Result<u64, OutOfRange> {
        Ok(self.slot(index)?.write(value))
    }

    /// Changes slot `index` as one step against all other writers, and returns its version. See [`Seqlock::update`].
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if there is no such slot; `change` was not called.
    #[inline]
    pub fn update(&self, index: usize, change: impl FnMut(&mut T)) -> Result<u64, OutOfRange> {
        Ok(self.slot(index)?.update(change))
    }

    /// The values of all slots in order, each read when its turn comes.
    ///
    /// Each value is whole, but they are not of one moment: writes may come between two of them.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { vector: self, next: 0 }
    }
}

impl<T> Clone for SeqlockVector<T> {
    fn clone(&self) -> Self {
        Self { buffer: self.buffer.clone() }
    }
}

impl<T> fmt::Debug for SeqlockVector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SeqlockVector").field(&self.buffer).finish()
    }
}

impl<'a, T: Payload> IntoIterator for &'a SeqlockVector<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// The values of all slots, from [`SeqlockVector::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    vector: &'a SeqlockVector<T>,
    next: usize,
}

impl<T: Payload> Iterator for Iter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let value = self.vector.read(self.next).ok()?;
        self.next += 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.vector.len() - self.next;
        (left, Some(left))
    }
}

impl<T: Payload> ExactSizeIterator for Iter<'_, T> {}
