//! Vectors whose value type this program learns only when it runs: for a command line, a recorder of
//! anything.

mod any;
mod vector;

pub use any::{AnyVector, AnyWriter};
pub use vector::{SeqlockVector, Writer};

use crate::vector::KIND;
use crate::{BufferError, Options, OutOfRange, ReadError, SnapshotError, TryReadError, VectorError};
use core::{fmt, ops::Deref};
use icc_buffer::UntypedBuffer;
use icc_seqlock::UntypedReader;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A vector to read, whose values are bytes.
///
/// As [`crate::VectorReader`], and as unnoticed. It derefs to one of `()`, which sees the values as
/// empty: the versions of the slots, which of them [changed](crate::VectorReader::changes), where the
/// vector is, and so on.
///
/// # Examples
///
/// ```
/// use icc_vector::{Options, SeqlockVector, untyped};
///
/// let name = format!("icc-vector-untyped-{}", std::process::id());
/// let health = SeqlockVector::<u32>::create(&name, 100, &Options::new())?;
/// health.writer()?.write(42, &200)?;
///
/// let reader = untyped::VectorReader::open(&name, &Options::new())?;
/// assert_eq!(reader.buffer().inspected().element.name, "u32");
/// let mut value = vec![0; reader.value_size()];
/// let changed: Vec<_> = reader.changes().poll().map(|change| change.index).collect();
/// assert_eq!(changed, [42]);
/// assert_eq!(reader.read_into(42, &mut value)?, 2);
/// assert_eq!(value, 200_u32.to_ne_bytes());
/// icc_vector::remove(&name)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VectorReader {
    /// Sees the same slots as `buffer`.
    versions: crate::VectorReader<()>,
    buffer: UntypedBuffer,
}

impl VectorReader {
    /// Opens a vector of any value type to read it. The memory is mapped read-only, and permission to
    /// read the file is enough.
    ///
    /// # Errors
    ///
    /// As [`crate::VectorReader::open`], except that any type will do.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, VectorError> {
        Self::over(UntypedBuffer::open(name, options)?)
    }

    /// Opens a vector of any value type by a descriptor that was handed over.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(descriptor: OwnedFd, options: &Options) -> Result<Self, VectorError> {
        Self::over(UntypedBuffer::from_fd(descriptor, options)?)
    }

    /// The vector in a buffer that is open already.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn over(buffer: UntypedBuffer) -> Result<Self, VectorError> {
        let found = buffer.inspected();
        if found.kind != KIND {
            return Err(BufferError::OtherKind { path: found.path.clone(), found: found.kind, expected: KIND }.into());
        }
        Ok(Self { versions: crate::VectorReader::attached(Ok((*buffer).clone()))?, buffer })
    }

    /// The buffer that the vector is in, and what its header says.
    #[must_use]
    pub fn buffer(&self) -> &UntypedBuffer {
        &self.buffer
    }

    /// The bytes of a value.
    #[must_use]
    pub fn value_size(&self) -> usize {
        self.buffer.element_size()
    }

    /// Copies the value of slot `index` into `out` and returns its version: 0 if it was never
    /// written, 2 more for each write.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is no such slot, or it cannot be read; see
    /// [waiting](crate::VectorReader#waiting). `out` is then meaningless.
    ///
    /// # Panics
    ///
    /// If `out` is not as long as a [value](Self::value_size).
    pub fn read_into(&self, index: usize, out: &mut [u8]) -> Result<u64, ReadError> {
        let slot = self.slot_bytes(index)?;
        self.versions.until_read(index, || slot.try_read_into(out))
    }

    /// As [`read_into`](Self::read_into), in one attempt. Never waits.
    ///
    /// # Errors
    ///
    /// [`TryReadError::BeingWritten`] if a write was under way or crossed the copy;
    /// [`TryReadError::OutOfRange`] if there is no such slot.
    ///
    /// # Panics
    ///
    /// As [`read_into`](Self::read_into).
    pub fn try_read_into(&self, index: usize, out: &mut [u8]) -> Result<u64, TryReadError> {
        Ok(self.slot_bytes(index)?.try_read_into(out)?)
    }

    /// Copies the newest complete value of every slot into `out`, one behind the other: see
    /// [`read_all_into`](crate::VectorReader::read_all_into).
    ///
    /// # Errors
    ///
    /// [`ReadError`] if a slot cannot be read; those before it were.
    ///
    /// # Panics
    ///
    /// If `out` has not room for exactly as many values.
    pub fn read_all_into(&self, out: &mut [u8]) -> Result<(), ReadError> {
        let size = self.value_size();
        assert_eq!(out.len(), size * self.len(), "the output has room for all values");
        match size {
            8 => self.read_arrays::<8>(out),
            16 => self.read_arrays::<16>(out),
            24 => self.read_arrays::<24>(out),
            32 => self.read_arrays::<32>(out),
            40 => self.read_arrays::<40>(out),
            48 => self.read_arrays::<48>(out),
            56 => self.read_arrays::<56>(out),
            64 => self.read_arrays::<64>(out),
            // Values of no bytes take no room, and there is nothing to copy.
            _ => out
                .chunks_exact_mut(size.max(1))
                .enumerate()
                .try_for_each(|(index, value)| self.read_into(index, value).map(drop)),
        }
    }

    /// [`read_all_into`](Self::read_all_into), of values of `SIZE` bytes.
    fn read_arrays<const SIZE: usize>(&self, out: &mut [u8]) -> Result<(), ReadError> {
        let (values, _) = out.as_chunks_mut::<SIZE>();
        for (index, (value, slot)) in values.iter_mut().zip(self.buffer.all_bytes()).enumerate() {
            if slot.try_read_array(value).is_err() {
                self.read_into(index, value)?;
            }
        }
        Ok(())
    }

    /// Copies the values of the slots `indices` into `out`, one behind the other, as they were at one
    /// moment: no write to any of them crossed it. `versions` gets theirs.
    ///
    /// Tries as often as [`Snapshot::take`](crate::Snapshot::take).
    ///
    /// # Errors
    ///
    /// As there, and [`SnapshotError::OutOfRange`]. `out` is then meaningless.
    ///
    /// # Panics
    ///
    /// If `out` has not room for exactly as many values, or `versions` for as many versions.
    pub fn snapshot_into(&self, indices: &[usize], out: &mut [u8], versions: &mut [u64]) -> Result<(), SnapshotError> {
        let (size, count) = (self.value_size(), indices.len());
        assert_eq!((out.len(), versions.len()), (size * count, count), "the output has room for as many values");
        for &index in indices {
            self.slot_bytes(index)?;
        }
        let slot = |index| self.buffer.bytes(index).unwrap_or_else(|| unreachable!("it was checked"));
        self.versions.at_one_moment(indices, versions, |place, index| {
            slot(index).try_read_into(&mut out[place * size..][..size])
        })
    }

    fn slot_bytes(&self, index: usize) -> Result<UntypedReader<'_>, OutOfRange> {
        self.buffer.bytes(index).ok_or(OutOfRange { index, len: self.len() })
    }
}

impl Deref for VectorReader {
    type Target = crate::VectorReader<()>;

    fn deref(&self) -> &crate::VectorReader<()> {
        &self.versions
    }
}

impl fmt::Debug for VectorReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorReader").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}
