//! Several slots as of one moment.

use crate::wait::{BoundedBackoff, Round};
use crate::{Payload, SnapshotError, VectorReader, WriterDied};
use core::fmt;
use icc_seqlock::BeingWritten;

/// Snapshots of several slots, each of one moment, from [`VectorReader::snapshot`].
///
/// Keeps the room for the values, so that taking one allocates nothing.
///
/// # Which guarantee
///
/// - [`read_all_into`](VectorReader::read_all_into), [`iter`](VectorReader::iter) and single reads:
///   each value is whole, and the newest complete one when its turn came. Writes may come between
///   two slots: of a sum kept in one and its parts in others, the parts may be newer than the sum.
/// - [`take`](Self::take): no write to any of the slots crossed the snapshot. There was a moment at
///   which each of them held what it shows. If a snapshot shows a write, it shows every write to
///   these slots that happened before it: of one writer that writes first one slot and then
///   another, never the second without the first.
///
/// A snapshot needs a moment without writes that is as long as the reading. If the slots are
/// written back to back, there may be none. Every attempt costs a read of all slots, so ask for
/// few.
///
/// # Examples
///
/// ```
/// let book = icc_vector::SeqlockVector::<f64>::new(10)?;
/// let mut legs = book.snapshot([2, 7])?;
/// book.write(2, &101.0)?;
/// book.write(7, &-101.0)?;
/// assert_eq!(legs.take()?, [101.0, -101.0]);
/// assert_eq!(legs.versions(), [2, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Snapshot<T> {
    vector: VectorReader<T>,
    /// All in range.
    indices: Box<[usize]>,
    values: Box<[T]>,
    versions: Box<[u64]>,
}

impl<T: Payload> Snapshot<T> {
    /// `indices` are in range.
    pub(crate) fn new(vector: VectorReader<T>, indices: Vec<usize>) -> Self {
        let len = indices.len();
        Self { vector, indices: indices.into(), values: vec![T::zeroed(); len].into(), versions: vec![0; len].into() }
    }

    /// Takes a snapshot. The values are in the order in which the slots were asked for.
    ///
    /// Tries up to 10,016 times: it backs off, then yields.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Busy`] if a write crossed every attempt. [`SnapshotError::WriterDied`] if a
    /// slot has no value. The values are then meaningless.
    pub fn take(&mut self) -> Result<&[T], SnapshotError> {
        let Self { vector, indices, values, versions } = self;
        vector.at_one_moment(indices, versions, |place, index| vector.slot(index).try_read_into(&mut values[place]))?;
        Ok(&self.values)
    }

    /// The values of the last snapshot. Meaningless before the first, and after one that failed.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The versions of the last snapshot, as [`values`](Self::values): 0 for a slot that was never
    /// written.
    #[must_use]
    pub fn versions(&self) -> &[u64] {
        &self.versions
    }
}

impl<T: Payload> VectorReader<T> {
    /// Lets `read` read the slots of `indices`, which are in range, until all of them stood at one
    /// moment at the versions that it returns. It is given the place in `indices` as well.
    pub(crate) fn at_one_moment(
        &self,
        indices: &[usize],
        versions: &mut [u64],
        mut read: impl FnMut(usize, usize) -> Result<u64, BeingWritten>,
    ) -> Result<(), SnapshotError> {
        let mut backoff = BoundedBackoff::default();
        while let Err((index, version)) = self.attempt(indices, versions, &mut read) {
            match backoff.round() {
                Round::CheckWriter if self.left_by_the_dead(index, version) => {
                    return Err(WriterDied { index }.into());
                }
                Round::Again | Round::CheckWriter => {}
                Round::GiveUp(attempts) => return Err(SnapshotError::Busy { index, attempts }),
            }
        }
        Ok(())
    }

    /// Reads all slots, then checks that none has changed. Else it returns a slot that has, and its
    /// version.
    ///
    /// Every load of a version below comes after all the copies, since each of those ends with an
    /// Acquire fence. So between the last copy and the first of those loads every slot stood at the
    /// version that it was read at. And if a copy has some write, then the loads see at least the
    /// versions of all writes that happened before that, by the Acquire fence of that copy.
    fn attempt(
        &self,
        indices: &[usize],
        versions: &mut [u64],
        mut read: impl FnMut(usize, usize) -> Result<u64, BeingWritten>,
    ) -> Result<(), (usize, u64)> {
        for (place, (&index, version)) in indices.iter().zip(&mut *versions).enumerate() {
            *version = read(place, index).map_err(|BeingWritten { version, .. }| (index, version))?;
        }
        for (&index, &version) in indices.iter().zip(&*versions) {
            let found = self.slot(index).version();
            if found != version {
                return Err((index, found));
            }
        }
        Ok(())
    }
}

impl<T> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("indices", &self.indices).finish_non_exhaustive()
    }
}
