//! Writing in whichever mode a vector has.

use super::{SeqlockVector, Writer};
use crate::mode::ModeKind;
use crate::shared::mode_of;
use crate::{MultiWriter, Options, SingleWriter, Tracked, VectorError, VectorSpec, WriteError, WriterError};
use core::ops::Range;
use icc_buffer::ElementType;
use std::path::Path;

/// A vector to write, whose values are bytes, in whichever mode it has: for other languages.
///
/// # Examples
///
/// ```
/// use icc_vector::{Options, SeqlockVector, SingleWriter, untyped::AnyVector};
///
/// let name = format!("icc-vector-any-{}", std::process::id());
/// let vector = SeqlockVector::<u32, SingleWriter>::create(&name, 4, &Options::new())?;
/// let mut writer = AnyVector::open(&name, None, &Options::new())?.writer_of(1..3)?;
/// assert_eq!(writer.write(2, &7_u32.to_ne_bytes())?, 2);
/// assert_eq!(vector.read(2)?, 7);
/// icc_vector::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub enum AnyVector {
    /// See [`MultiWriter`].
    Multi(SeqlockVector<MultiWriter>),
    /// See [`SingleWriter`].
    Single(SeqlockVector<SingleWriter>),
    /// See [`Tracked`].
    TrackedMulti(SeqlockVector<Tracked<MultiWriter>>),
    /// See [`Tracked`].
    TrackedSingle(SeqlockVector<Tracked<SingleWriter>>),
}

impl AnyVector {
    /// Creates a vector with one writer a slot, if `single`, and with counts of changes, if `tracked`:
    /// see [`SeqlockVector::create`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create(
        name: impl AsRef<Path>,
        element: &ElementType,
        spec: impl Into<VectorSpec>,
        (single, tracked): (bool, bool),
        options: &Options,
    ) -> Result<Self, VectorError> {
        match (single, tracked) {
            (false, false) => SeqlockVector::create(name, element, spec, options).map(Self::Multi),
            (true, false) => SeqlockVector::create(name, element, spec, options).map(Self::Single),
            (false, true) => SeqlockVector::create(name, element, spec, options).map(Self::TrackedMulti),
            (true, true) => SeqlockVector::create(name, element, spec, options).map(Self::TrackedSingle),
        }
    }

    /// Opens a vector in the mode that it has: see [`SeqlockVector::open`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(name: impl AsRef<Path>, element: Option<&ElementType>, options: &Options) -> Result<Self, VectorError> {
        // What it says is only a guess: opening checks it.
        let found = icc_buffer::inspect(&name)?;
        match mode_of(found.words[0]).unwrap_or(ModeKind::Multi) {
            ModeKind::Multi => SeqlockVector::open(name, element, options).map(Self::Multi),
            ModeKind::Single => SeqlockVector::open(name, element, options).map(Self::Single),
            ModeKind::TrackedMulti => SeqlockVector::open(name, element, options).map(Self::TrackedMulti),
            ModeKind::TrackedSingle => SeqlockVector::open(name, element, options).map(Self::TrackedSingle),
        }
    }

    /// A writer of all slots: see [`crate::SeqlockVector::writer`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn writer(&self) -> Result<AnyWriter, WriterError> {
        match self {
            Self::Multi(vector) => vector.writer().map(AnyWriter::Multi),
            Self::Single(vector) => vector.writer().map(AnyWriter::Single),
            Self::TrackedMulti(vector) => vector.writer().map(AnyWriter::TrackedMulti),
            Self::TrackedSingle(vector) => vector.writer().map(AnyWriter::TrackedSingle),
        }
    }

    /// A writer of the slots in `range`, if the vector has one writer a slot: see
    /// [`crate::SeqlockVector::writer_of`]. If it has many, each writes all slots.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn writer_of(&self, range: Range<usize>) -> Result<AnyWriter, WriterError> {
        match self {
            Self::Single(vector) => vector.writer_of(range).map(AnyWriter::Single),
            Self::TrackedSingle(vector) => vector.writer_of(range).map(AnyWriter::TrackedSingle),
            Self::Multi(_) | Self::TrackedMulti(_) => self.writer(),
        }
    }
}

/// A writer of bytes in whichever mode its vector has, from [`AnyVector::writer`]. In a child process made
/// by `fork`, every call fails.
#[derive(Debug)]
pub enum AnyWriter {
    /// See [`MultiWriter`].
    Multi(Writer<MultiWriter>),
    /// See [`SingleWriter`].
    Single(Writer<SingleWriter>),
    /// See [`Tracked`].
    TrackedMulti(Writer<Tracked<MultiWriter>>),
    /// See [`Tracked`].
    TrackedSingle(Writer<Tracked<SingleWriter>>),
}

impl AnyWriter {
    /// Writes a value into slot `index` and returns its version: see [`write`](crate::Writer::write).
    ///
    /// # Errors
    ///
    /// As there; [`WriteError::Forked`] in a child process made by `fork`.
    ///
    /// # Panics
    ///
    /// If it is not as long as the element type says.
    pub fn write(&mut self, index: usize, value: &[u8]) -> Result<u64, WriteError> {
        if self.is_forked() {
            return Err(WriteError::Forked);
        }
        match self {
            Self::Multi(writer) => writer.write(index, value),
            Self::Single(writer) => writer.write(index, value),
            Self::TrackedMulti(writer) => writer.write(index, value),
            Self::TrackedSingle(writer) => writer.write(index, value),
        }
    }

    /// The slots that it may write: see [`range`](crate::Writer::range).
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Multi(writer) => writer.range(),
            Self::Single(writer) => writer.range(),
            Self::TrackedMulti(writer) => writer.range(),
            Self::TrackedSingle(writer) => writer.range(),
        }
    }

    /// The bytes of a value.
    #[must_use]
    pub fn value_size(&self) -> usize {
        match self {
            Self::Multi(writer) => writer.value_size(),
            Self::Single(writer) => writer.value_size(),
            Self::TrackedMulti(writer) => writer.value_size(),
            Self::TrackedSingle(writer) => writer.value_size(),
        }
    }

    /// See [`is_forked`](crate::Writer::is_forked).
    #[must_use]
    pub fn is_forked(&self) -> bool {
        match self {
            Self::Multi(writer) => writer.is_forked(),
            Self::Single(writer) => writer.is_forked(),
            Self::TrackedMulti(writer) => writer.is_forked(),
            Self::TrackedSingle(writer) => writer.is_forked(),
        }
    }
}
