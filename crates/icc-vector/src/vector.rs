//! The vector: its type, and its creation in private memory.

use crate::{Iter, Mode, MultiWriter, ReadError, VectorReader, VectorSpec, register};
use core::{fmt, marker::PhantomData, ops::Deref};
use icc_buffer::{Buffer, BufferError, Kind, Padded, Payload, Placement, Spec};
use icc_seqlock::Seqlock;
use icc_seqlock::primitive::AtomicU64;

/// What a vector's buffer says that it is.
pub(crate) const KIND: Kind = Kind::new("vector");

/// A table of latest values: one slot a key, only the newest value matters.
///
/// Any number of threads and processes read any slot, without ever blocking a writer. The mode `M`
/// says who may write: [`MultiWriter`] or [`SingleWriter`](crate::SingleWriter). Slots are on cache
/// lines of their own, so that writers of different slots do not slow each other down. With `P` =
/// [`Packed`](crate::Packed) small slots share lines, for a table that is mostly read as a whole.
///
/// This is a handle: clone it and send it to other threads. The table is freed with the last one.
/// It derefs to [`VectorReader`], so it can do everything that a reader can.
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
/// assert_eq!(error.to_string(), "slot 3 does not exist: the vector has 3 slots, 0..3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Invariant: the reader's buffer is a copy of one that a `Buffer<T, P>` derefs to, and the vector's
// mode is `M`.
#[doc(alias = "blackboard")]
#[doc(alias = "latest value")]
#[doc(alias = "latest")]
#[doc(alias = "table")]
#[doc(alias = "register")]
#[repr(transparent)]
pub struct SeqlockVector<T, M: Mode = MultiWriter, P: Placement = Padded> {
    reader: VectorReader<T>,
    _writing: PhantomData<fn() -> (M, P)>,
}

impl<T: Payload, M: Mode, P: Placement> SeqlockVector<T, M, P> {
    /// A vector of as many slots as `spec` says, or is, in memory of this process. All hold zeros, at
    /// version 0: never written.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the length is 0 or too large for the memory.
    pub fn new(spec: impl Into<VectorSpec>) -> Result<Self, BufferError> {
        // SAFETY: the buffer was made for this spec.
        Ok(unsafe { Self::over(&Buffer::private(Self::spec(spec.into()))?) })
    }

    /// What a vector of this type asks of a buffer.
    pub(crate) const fn spec(spec: VectorSpec) -> Spec {
        let counters = register::counters(M::TRACKED);
        let buffer =
            Spec::new(KIND, spec.len).counters(counters).words([M::KIND.word(), 0, 0, 0]).repeating(spec.source);
        if spec.wakeable { buffer.wakeable() } else { buffer }
    }

    /// # Safety
    ///
    /// `buffer` has the counters and the words of [`spec`](Self::spec).
    pub(crate) unsafe fn over(buffer: &Buffer<T, P>) -> Self {
        // SAFETY: by the caller, the mode is `M`, and there are as many counters as it needs.
        let reader = unsafe { VectorReader::over(buffer.read_only().clone(), M::KIND) };
        Self { reader, _writing: PhantomData }
    }

    /// This vector for readers only.
    #[inline]
    #[must_use]
    pub fn reader(&self) -> &VectorReader<T> {
        &self.reader
    }

    #[inline(always)]
    pub(crate) fn buffer(&self) -> &Buffer<T, P> {
        // SAFETY: the invariant of this type.
        unsafe { self.reader.buffer.as_writable() }
    }

    /// # Safety
    ///
    /// `index` is less than [`len`](VectorReader::len).
    #[inline(always)]
    pub(crate) unsafe fn cell(&self, index: usize) -> &Seqlock<T> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.buffer().slot_unchecked(index) }
    }

    /// Counter `index` of those that a vector of this mode has.
    #[inline(always)]
    pub(crate) fn counter(&self, index: usize) -> &AtomicU64 {
        assert!(index < register::counters(M::TRACKED), "a counter that a vector of this mode does not have");
        // SAFETY: the invariants of this type and of the reader: the buffer has as many counters as
        // the mode `M` needs.
        unsafe { self.buffer().counter_unchecked(index) }
    }
}

impl<T, M: Mode, P: Placement> Deref for SeqlockVector<T, M, P> {
    type Target = VectorReader<T>;

    #[inline(always)]
    fn deref(&self) -> &VectorReader<T> {
        &self.reader
    }
}

impl<T, M: Mode, P: Placement> Clone for SeqlockVector<T, M, P> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone(), _writing: PhantomData }
    }
}

impl<T, M: Mode, P: Placement> fmt::Debug for SeqlockVector<T, M, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SeqlockVector").field(&self.reader).finish()
    }
}

impl<'a, T: Payload, M: Mode, P: Placement> IntoIterator for &'a SeqlockVector<T, M, P> {
    type Item = Result<T, ReadError>;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
