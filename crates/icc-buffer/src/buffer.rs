//! The handle that reads and writes.

use crate::{BufferError, IdLock, Placement, ReadOnlyBuffer, Spec, view::View};
use core::{fmt, ops::Range};
use icc_seqlock::{Payload, Seqlock, primitive::AtomicU64};

/// A header, some counters, and a number of slots, each a [`Seqlock<T>`], in one block of memory.
///
/// A handle that reads and writes: cloning it is cheap and gives another one to the same memory, which is freed or unmapped
/// with the last. Where the memory is, its handles do not care:
///
/// - [`private`](Self::private): on the heap of this process;
/// - [`create`](Self::create), [`open`](Self::open), [`open_or_create`](Self::open_or_create): a file, in `/dev/shm` unless
///   asked otherwise, that other processes open by name;
/// - [`anonymous`](Self::anonymous), [`from_fd`](Self::from_fd): a `memfd` without a name, handed over by descriptor.
///
/// The last two exist on Linux. [`ReadOnlyBuffer`] is the handle that cannot write.
pub struct Buffer<T, P> {
    pub(crate) view: View<T, P>,
}

impl<T: Payload, P: Placement> Buffer<T, P> {
    /// A buffer in memory of this process, all slots at version 0 and holding zeros, all counters 0.
    ///
    /// All its pages are touched, so that no later access takes a page fault.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if no slots, or more than fit the address space or the memory, were asked for.
    pub fn private(spec: Spec) -> Result<Self, BufferError> {
        Ok(Self { view: View::private(spec)? })
    }

    /// Slot `index`, or `None` past the end.
    #[inline]
    pub fn slot(&self, index: usize) -> Option<&Seqlock<T>> {
        self.view.slot(index)
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, index: usize) -> &Seqlock<T> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.view.slot_unchecked(index) }
    }
}

impl<T, P> Buffer<T, P> {
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
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::Ordering;
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let spec = Spec { kind: Kind::Vector, len: 3, lines: 2, words: [7, 0, 0, 0] };
    /// let buffer = Buffer::<u64, Packed>::private(spec)?;
    /// let written = buffer.line(1).expect("there are two");
    /// buffer.slot(2).expect("there are three").write(&9);
    /// written.fetch_add(1, Ordering::Release); // whoever sees this count sees the write
    /// assert_eq!(buffer.read_only().line(1).expect("there are two").load_acquire(), 1);
    /// assert!(buffer.line(2).is_none());
    /// assert_eq!((buffer.len(), buffer.line_count(), buffer.words()), (3, 2, [7, 0, 0, 0]));
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    #[inline]
    pub fn line(&self, index: usize) -> Option<&AtomicU64> {
        self.view.line(index)
    }

    /// Counter `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`line_count`](Self::line_count).
    #[inline(always)]
    pub unsafe fn line_unchecked(&self, index: usize) -> &AtomicU64 {
        // SAFETY: the caller's promise is the same.
        unsafe { self.view.line_unchecked(index) }
    }

    /// The words given at creation. A copy from when this process created or opened the buffer, which nobody can change.
    #[inline]
    #[must_use]
    pub fn words(&self) -> [u64; 4] {
        self.view.words()
    }

    /// A handle to the same memory that cannot write, by its type.
    #[must_use]
    pub fn read_only(&self) -> ReadOnlyBuffer<T, P> {
        ReadOnlyBuffer { view: self.view.clone() }
    }

    /// Takes the first id of `ids` that nobody holds, or none if all are held. Only ids below [`MAX_IDS`](crate::MAX_IDS)
    /// exist.
    ///
    /// The id is free again once the [`IdLock`] is dropped or, in shared memory, its process has ended in whatever way.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the buffer's file cannot be opened or locked.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Packed, Spec};
    ///
    /// let spec = Spec { kind: Kind::QueueMpmc, len: 8, lines: 3, words: [0; 4] };
    /// let buffer = Buffer::<u64, Packed>::private(spec)?;
    /// let first = buffer.take_id(0..2)?.expect("free");
    /// let second = buffer.take_id(0..2)?.expect("free");
    /// assert_eq!((first.id(), second.id()), (0, 1));
    /// assert!(buffer.take_id(0..2)?.is_none());
    ///
    /// drop(first);
    /// assert!(!buffer.holder_lives(0)?);
    /// assert!(buffer.holder_lives(1)?);
    /// # Ok::<(), icc_buffer::BufferError>(())
    /// ```
    pub fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        self.view.take_id(ids)
    }

    /// Whether somebody holds `id`. A system call in shared memory: not for a hot loop.
    ///
    /// `false` proves that whoever held it dropped it or is dead. The answer may be outdated at once: another may take the id.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system refuses to tell.
    pub fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        self.view.holder_lives(id)
    }
}

impl<T, P> Clone for Buffer<T, P> {
    fn clone(&self) -> Self {
        Self { view: self.view.clone() }
    }
}

impl<T, P> fmt::Debug for Buffer<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len()).finish_non_exhaustive()
    }
}
