//! The buffer: one block of memory that describes itself.

use crate::layout::{Layout, Line};
use crate::{BufferError, Placement, Spec, header::Header, placement::stride, private::Allocation};
use core::{fmt, marker::PhantomData, ptr::NonNull};
use icc_seqlock::{Payload, Seqlock, primitive::Arc, primitive::AtomicU64};

/// A header, some counters, and a number of slots, each a [`Seqlock<T>`], in one block of memory.
///
/// A handle: cloning it is cheap and gives another one to the same block, which is freed with the last.
///
/// # Invariants
///
/// `memory` holds a [`Header`], `lines` [`Line`]s at `lines` and `len` slots at `slots`, [`stride`] bytes apart, all
/// aligned and initialised, for as long as any handle lives. Lines and slots are only accessed through atomics.
pub struct Buffer<T, P> {
    slots: NonNull<u8>,
    lines: NonNull<Line>,
    len: usize,
    line_count: usize,
    memory: Arc<Allocation>,
    _slots: PhantomData<(Seqlock<T>, P)>,
}

// SAFETY: a handle gives out shared references to seqlocks and atomics only, which threads may share if `T: Send`.
unsafe impl<T: Send, P> Send for Buffer<T, P> {}
// SAFETY: as above.
unsafe impl<T: Send, P> Sync for Buffer<T, P> {}

impl<T: Payload, P: Placement> Buffer<T, P> {
    /// A buffer in memory of this process, all slots at version 0 and holding zeros, all counters 0.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if no slots, or more than fit the address space or the memory, were asked for.
    pub fn private(spec: Spec) -> Result<Self, BufferError> {
        let layout = Layout::new::<T, P>(&spec)?;
        let memory = Allocation::zeroed(layout.total_size, layout.align)?;
        let header = Header::new::<T>(&spec, &layout);
        // SAFETY: the allocation has at least `total_size` bytes, and all offsets lie within by `Layout::new`. It is aligned
        // to more than the header needs and nobody else knows of it yet. The zeros in the rest are valid lines, and valid
        // cells, as `Seqlock` documents.
        unsafe {
            memory.start().cast::<Header>().write(header);
            Ok(Self {
                slots: memory.start().add(layout.slots_offset),
                lines: memory.start().add(layout.lines_offset).cast(),
                len: spec.len,
                line_count: spec.lines,
                memory: Arc::new(memory),
                _slots: PhantomData,
            })
        }
    }

    /// The number of slots.
    #[expect(clippy::len_without_is_empty, reason = "a buffer is never empty")]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Slot `index`, or `None` past the end.
    #[inline]
    pub fn slot(&self, index: usize) -> Option<&Seqlock<T>> {
        // SAFETY: the index was checked.
        (index < self.len).then(|| unsafe { self.slot_unchecked(index) })
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, index: usize) -> &Seqlock<T> {
        debug_assert!(index < self.len);
        // SAFETY: by the invariants there are `len` slots at this distance, and the caller's index is one of them. The
        // reference lives no longer than this handle, which keeps the memory.
        unsafe { self.slots.add(index * stride::<T, P>()).cast().as_ref() }
    }

    /// Counter `index`, or `None` past the end.
    #[inline]
    pub fn line(&self, index: usize) -> Option<&AtomicU64> {
        // SAFETY: the index was checked, and by the invariants there are `line_count` lines.
        (index < self.line_count).then(|| unsafe { &self.lines.add(index).as_ref().0 })
    }
}

impl<T, P> Clone for Buffer<T, P> {
    fn clone(&self) -> Self {
        Self { memory: Arc::clone(&self.memory), ..*self }
    }
}

impl<T, P> fmt::Debug for Buffer<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish_non_exhaustive()
    }
}
