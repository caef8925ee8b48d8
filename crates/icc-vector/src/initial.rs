//! Vectors that have a value in each slot from the first moment on.

use crate::{BufferError, Mode, Payload, Placement, SeqlockVector, VectorSpec};

#[cfg(all(target_os = "linux", not(icc_loom)))]
use crate::{Options, Origin, VectorError, shared::explain};
#[cfg(all(target_os = "linux", not(icc_loom)))]
use icc_buffer::Buffer;
#[cfg(all(target_os = "linux", not(icc_loom)))]
use std::path::Path;

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// As [`new`](Self::new), with `value(slot)` in each slot.
    ///
    /// Each slot has then been written once: it is at version 2, and a [cursor](crate::Changes) that
    /// begins at the start yields it.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// let limits = icc_vector::SeqlockVector::<f64>::new_with(3, |slot| 100.0 * slot as f64)?;
    /// assert_eq!(limits.read(2)?, 200.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new_with(spec: impl Into<VectorSpec>, value: impl FnMut(usize) -> T) -> Result<Self, BufferError> {
        let vector = Self::new(spec)?;
        vector.fill(value);
        Ok(vector)
    }

    /// Writes each slot of a vector that nobody else knows of yet.
    fn fill(&self, mut value: impl FnMut(usize) -> T) {
        for index in 0..self.len() {
            // SAFETY: the index is below the length.
            unsafe { self.cell(index) }.write(&value(index));
            self.count_change(index);
        }
    }
}

#[cfg(all(target_os = "linux", not(icc_loom)))]
impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// As [`create`](Self::create), with `value(slot)` in each slot before anybody can open the vector.
    ///
    /// A creator that is killed before all of them are written leaves no vector, and neither does one
    /// that panics. Each slot has then been written once: it is at version 2.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, SeqlockVector, VectorReader};
    ///
    /// let name = format!("icc-vector-limits-{}", std::process::id());
    /// let limits = SeqlockVector::<f64>::create_with(&name, 3, &Options::new(), |_| 250.0)?;
    ///
    /// // In another process, at whatever moment:
    /// let model = VectorReader::<f64>::open(&name, &Options::new())?;
    /// assert_eq!(model.read(1)?, 250.0);
    /// icc_vector::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_with(
        name: impl AsRef<Path>,
        spec: impl Into<VectorSpec>,
        options: &Options,
        value: impl FnMut(usize) -> T,
    ) -> Result<Self, VectorError> {
        let spec = Self::spec(spec.into());
        // SAFETY: the buffer was made for this spec.
        let init = |buffer: &Buffer<T, P>| unsafe { Self::over(buffer) }.fill(value);
        let buffer = Buffer::create_with(name, spec, options, init)?;
        // SAFETY: the buffer was made for this spec.
        Ok(unsafe { Self::over(&buffer) })
    }

    /// As [`open_or_create`](Self::open_or_create); if this call creates the vector, with `value(slot)` in
    /// each slot before anybody else can open it. The values of one that exists stay as they are.
    ///
    /// `value` may also be called where the vector is opened in the end: if another process created
    /// one meanwhile.
    ///
    /// # Errors
    ///
    /// As [`open_or_create`](Self::open_or_create).
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{Options, Origin, SeqlockVector};
    ///
    /// let name = format!("icc-vector-begin-{}", std::process::id());
    /// for expected in [Origin::Created, Origin::Opened] {
    ///     let (limits, origin) = SeqlockVector::<f64>::open_or_create_with(&name, 3, &Options::new(), |_| 250.0)?;
    ///     assert_eq!((limits.read(1)?, origin), (250.0, expected));
    /// }
    /// icc_vector::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create_with(
        name: impl AsRef<Path>,
        spec: impl Into<VectorSpec>,
        options: &Options,
        mut value: impl FnMut(usize) -> T,
    ) -> Result<(Self, Origin), VectorError> {
        let spec = spec.into();
        // SAFETY: one that is created was made for this spec.
        let init = |buffer: &Buffer<T, P>| unsafe { Self::over(buffer) }.fill(&mut value);
        let made = Buffer::open_or_create_with(name, Self::spec(spec), Self::expected_as(spec), options, init);
        let (buffer, origin) = made.map_err(explain::<M>)?;
        Ok((Self::attached(Ok(buffer))?, origin))
    }

    /// As [`anonymous`](Self::anonymous), with `value(slot)` in each slot.
    ///
    /// # Errors
    ///
    /// As [`anonymous`](Self::anonymous).
    pub fn anonymous_with(
        spec: impl Into<VectorSpec>,
        options: &Options,
        value: impl FnMut(usize) -> T,
    ) -> Result<Self, VectorError> {
        let vector = Self::anonymous(spec, options)?;
        vector.fill(value);
        Ok(vector)
    }
}
