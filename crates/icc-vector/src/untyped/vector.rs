//! Vectors to write, whose value type is known by a description alone.

use super::VectorReader;
use crate::{Exclusive, Mode, MultiWriter, Options, VectorError, VectorSpec, WriteError, WriterError};
use core::{fmt, ops::Deref, ops::Range};
use icc_buffer::{ElementType, Padded, Placement, UntypedBufferMut};
use std::path::Path;

/// A vector to write, whose values are bytes: for other languages, and for programs that repeat one
/// that they do not know. Programs that have the type open it as theirs.
///
/// It derefs to a [`crate::SeqlockVector`] of `()`, which sees the values as empty; its writers are this
/// type's own.
///
/// # Examples
///
/// ```
/// use icc_buffer::ElementType;
/// use icc_vector::{Options, SeqlockVector, untyped};
///
/// let name = format!("icc-vector-untyped-vector-{}", std::process::id());
/// let element = ElementType::new("u32", 4, 4);
/// let made: untyped::SeqlockVector = untyped::SeqlockVector::create(&name, &element, 10, &Options::new())?;
/// assert_eq!(made.writer()?.write(3, &7_u32.to_ne_bytes())?, 2);
///
/// // Another program has the type; both write.
/// let vector = SeqlockVector::<u32>::open(&name, &Options::new())?;
/// assert_eq!(vector.read(3)?, 7);
/// assert_eq!(vector.writer()?.write(3, &8)?, 4);
/// icc_vector::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: `vector` is over the cells of `buffer`.
pub struct SeqlockVector<M: Mode = MultiWriter, P: Placement = Padded> {
    vector: crate::SeqlockVector<(), M, P>,
    buffer: UntypedBufferMut,
}

impl<M: Mode, P: Placement> SeqlockVector<M, P> {
    /// Creates a vector, as [`crate::SeqlockVector::create`] does, for values that `element` describes.
    /// What it says goes into the header, and so does the schema of the options.
    ///
    /// # Errors
    ///
    /// As there; and if no type has this size and alignment.
    pub fn create(
        name: impl AsRef<Path>,
        element: &ElementType,
        spec: impl Into<VectorSpec>,
        options: &Options,
    ) -> Result<Self, VectorError> {
        let asked = crate::SeqlockVector::<(), M, P>::spec(spec.into());
        Self::over(UntypedBufferMut::create::<P>(name, element, asked, options, |_| {})?)
    }

    /// Opens a vector of this mode to write it: one of any value type, or of one that is as `element`
    /// says. Its slots may be placed in either way.
    ///
    /// Where both the vector and the options have a schema, these are compared in place of the type's
    /// name.
    ///
    /// # Errors
    ///
    /// As [`crate::SeqlockVector::open`].
    pub fn open(name: impl AsRef<Path>, element: Option<&ElementType>, options: &Options) -> Result<Self, VectorError> {
        let expected = crate::SeqlockVector::<(), M, P>::expected();
        let opened = UntypedBufferMut::open(name, expected, element, options);
        Self::over(opened.map_err(crate::shared::explain::<M>)?)
    }

    fn over(buffer: UntypedBufferMut) -> Result<Self, VectorError> {
        Ok(Self { vector: crate::SeqlockVector::attached(Ok(buffer.cells().clone()))?, buffer })
    }

    /// This vector for readers only.
    ///
    /// # Errors
    ///
    /// None that can be here: what it checks was checked.
    pub fn reader(&self) -> Result<VectorReader, VectorError> {
        VectorReader::over((*self.buffer).clone())
    }

    /// The bytes of a value.
    #[must_use]
    pub fn value_size(&self) -> usize {
        self.buffer.element_size()
    }

    /// A writer of all slots: see [`crate::SeqlockVector::writer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn writer(&self) -> Result<Writer<M, P>, WriterError> {
        Ok(Writer { writer: self.vector.writer()?, buffer: self.buffer.clone() })
    }
}

impl<M: Exclusive, P: Placement> SeqlockVector<M, P> {
    /// A writer of the slots in `range`: see [`crate::SeqlockVector::writer_of`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn writer_of(&self, range: Range<usize>) -> Result<Writer<M, P>, WriterError> {
        Ok(Writer { writer: self.vector.writer_of(range)?, buffer: self.buffer.clone() })
    }
}

impl<M: Mode, P: Placement> Deref for SeqlockVector<M, P> {
    type Target = crate::SeqlockVector<(), M, P>;

    fn deref(&self) -> &crate::SeqlockVector<(), M, P> {
        &self.vector
    }
}

impl<M: Mode, P: Placement> fmt::Debug for SeqlockVector<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeqlockVector").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

/// A writer of a vector whose values are bytes, from [`SeqlockVector::writer`]. Its methods are those of
/// [`crate::Writer`].
// Invariant: the writer is one of a vector over the cells of `buffer`.
pub struct Writer<M: Mode = MultiWriter, P: Placement = Padded> {
    writer: crate::Writer<(), M, P>,
    buffer: UntypedBufferMut,
}

impl<M: Mode, P: Placement> Writer<M, P> {
    /// Writes a value into slot `index` and returns its version: see [`write`](crate::Writer::write).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// If it is not as long as the element type says.
    #[inline]
    pub fn write(&mut self, index: usize, value: &[u8]) -> Result<u64, WriteError> {
        self.writer.put(index, self.buffer.payload(value))
    }

    /// The slots that it may write: see [`range`](crate::Writer::range).
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.writer.range()
    }

    /// The bytes of a value.
    #[must_use]
    pub fn value_size(&self) -> usize {
        self.buffer.element_size()
    }

    /// See [`is_forked`](crate::Writer::is_forked).
    #[must_use]
    pub fn is_forked(&self) -> bool {
        self.writer.is_forked()
    }
}

impl<M: Mode, P: Placement> fmt::Debug for Writer<M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("writer", &self.writer).finish_non_exhaustive()
    }
}
