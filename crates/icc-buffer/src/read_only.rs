//! The handle that only reads, and what it gives out.

use crate::{BufferError, Placement, view::View};
use core::fmt;
use icc_seqlock::primitive::{AtomicU64, Ordering, fence};
use icc_seqlock::{BeingWritten, Payload, Seqlock};

/// A buffer that this handle cannot write to.
///
/// [`open`](Self::open) maps the memory read-only: the processor itself stops any write through it, a stray pointer's
/// included. [`Buffer::read_only`](crate::Buffer::read_only) gives one over memory that the process maps for writing
/// anyway. Both are one type and cost the same to read through, so a layer above needs only one kind of consumer.
///
/// Nothing here writes; all loads are relaxed ones of at most eight bytes, or vector loads, with fences: exactly what memory
/// mapped read-only supports.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Kind, Packed, Spec};
///
/// let spec = Spec { kind: Kind::Vector, len: 3, lines: 0, words: [0; 4] };
/// let buffer = Buffer::<u64, Packed>::private(spec)?;
/// let reader = buffer.read_only();
/// buffer.slot(1).expect("there are three").write(&7);
///
/// let mut value = 0;
/// let slot = reader.slot(1).expect("there are three");
/// assert_eq!((slot.try_read_into(&mut value), value), (Ok(2), 7));
/// assert_eq!(slot.read_if_newer(2), None);
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
pub struct ReadOnlyBuffer<T, P> {
    pub(crate) view: View<T, P>,
}

impl<T: Payload, P: Placement> ReadOnlyBuffer<T, P> {
    /// Slot `index`, or `None` past the end.
    #[inline]
    pub fn slot(&self, index: usize) -> Option<ReadSlot<'_, T>> {
        self.view.slot(index).map(ReadSlot)
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, index: usize) -> ReadSlot<'_, T> {
        // SAFETY: the caller's promise is the same.
        ReadSlot(unsafe { self.view.slot_unchecked(index) })
    }
}

impl<T, P> ReadOnlyBuffer<T, P> {
    /// The number of slots, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a buffer is never empty")]
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.view.len()
    }

    /// The number of counters.
    #[inline]
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.view.line_count()
    }

    /// Counter `index`, or `None` past the end.
    #[inline]
    pub fn line(&self, index: usize) -> Option<ReadLine<'_>> {
        self.view.line(index).map(ReadLine)
    }

    /// The words given at creation. See [`Buffer::words`](crate::Buffer::words).
    #[inline]
    #[must_use]
    pub fn words(&self) -> [u64; 4] {
        self.view.words()
    }

    /// Whether somebody holds `id`. See [`Buffer::holder_lives`](crate::Buffer::holder_lives).
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system refuses to tell.
    pub fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        self.view.holder_lives(id)
    }
}

impl<T, P> Clone for ReadOnlyBuffer<T, P> {
    fn clone(&self) -> Self {
        Self { view: self.view.clone() }
    }
}

impl<T, P> fmt::Debug for ReadOnlyBuffer<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnlyBuffer").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// A slot that can only be read. Its methods are those of the [`Seqlock`]; see there.
///
/// Those that wait, wait for the writer: in shared memory one that is dead or means ill can make them wait for ever. Use
/// those that begin with `try` where you do not trust it.
///
/// It has no way to write:
///
/// ```compile_fail,E0599
/// # use icc_buffer::{Buffer, Kind, Packed, Spec};
/// # let spec = Spec { kind: Kind::Vector, len: 1, lines: 0, words: [0; 4] };
/// let buffer = Buffer::<u64, Packed>::private(spec).unwrap().read_only();
/// buffer.slot(0).unwrap().write(&7);
/// ```
pub struct ReadSlot<'a, T>(&'a Seqlock<T>);

impl<T> Clone for ReadSlot<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ReadSlot<'_, T> {}

impl<T: Payload> ReadSlot<'_, T> {
    /// See [`Seqlock::version`].
    #[inline]
    pub fn version(&self) -> u64 {
        self.0.version()
    }

    /// See [`Seqlock::read`].
    #[inline]
    pub fn read(&self) -> T {
        self.0.read()
    }

    /// See [`Seqlock::read_into`].
    #[inline]
    pub fn read_into(&self, out: &mut T) -> u64 {
        self.0.read_into(out)
    }

    /// See [`Seqlock::try_read`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy.
    #[inline]
    pub fn try_read(&self) -> Result<T, BeingWritten> {
        self.0.try_read()
    }

    /// See [`Seqlock::try_read_into`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy.
    #[inline]
    pub fn try_read_into(&self, out: &mut T) -> Result<u64, BeingWritten> {
        self.0.try_read_into(out)
    }

    /// See [`Seqlock::try_read_at`].
    ///
    /// # Errors
    ///
    /// The version found instead.
    #[inline]
    pub fn try_read_at(&self, version: u64, out: &mut T) -> Result<(), u64> {
        self.0.try_read_at(version, out)
    }

    /// See [`Seqlock::try_read_into_if_newer`].
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a newer value was there and is being overwritten.
    #[inline(always)]
    pub fn try_read_into_if_newer(&self, version: u64, out: &mut T) -> Result<Option<u64>, BeingWritten> {
        self.0.try_read_into_if_newer(version, out)
    }

    /// See [`Seqlock::read_if_newer`].
    #[inline]
    pub fn read_if_newer(&self, version: u64) -> Option<(T, u64)> {
        self.0.read_if_newer(version)
    }

    /// See [`Seqlock::read_into_if_newer`].
    #[inline]
    pub fn read_into_if_newer(&self, version: u64, out: &mut T) -> Option<u64> {
        self.0.read_into_if_newer(version, out)
    }
}

impl<T: Payload + fmt::Debug> fmt::Debug for ReadSlot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadSlot").field(self.0).finish()
    }
}

/// A counter that can only be read.
#[derive(Clone, Copy)]
pub struct ReadLine<'a>(&'a AtomicU64);

impl ReadLine<'_> {
    /// The count. A relaxed load: it orders nothing.
    #[inline]
    #[must_use]
    #[cfg_attr(icc_loom, track_caller)]
    pub fn load_relaxed(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The count. Everything that was done before the `Release` store of it happens before what follows.
    #[inline]
    #[must_use]
    #[cfg_attr(icc_loom, track_caller)]
    pub fn load_acquire(&self) -> u64 {
        let count = self.load_relaxed();
        // Acquire: with the load above, pairs with the writer's Release store. Not an acquire load, which memory mapped
        // read-only does not promise to support.
        fence(Ordering::Acquire);
        count
    }
}

impl fmt::Debug for ReadLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadLine").field(&self.load_relaxed()).finish()
    }
}
