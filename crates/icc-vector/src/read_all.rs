//! Reading several slots: all, some, those of one moment, those that changed.

use crate::{Changes, Iter, Mode, OutOfRange, ReadAllError, ReadError, Snapshot, VectorReader};
use icc_buffer::Placement;
use icc_seqlock::Payload;

impl<T: Payload, M: Mode, P: Placement> VectorReader<T, M, P> {
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
}

impl<'a, T: Payload, M: Mode, P: Placement> IntoIterator for &'a VectorReader<T, M, P> {
    type Item = Result<T, ReadError>;
    type IntoIter = Iter<'a, T, M, P>;

    fn into_iter(self) -> Iter<'a, T, M, P> {
        self.iter()
    }
}
