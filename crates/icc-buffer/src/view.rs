//! What every handle to a buffer is made of: pointers into its memory, and a share in keeping it.

use crate::ids::{IdLock, Ids};
use crate::layout::{Layout, Line};
use crate::memory::Memory;
use crate::{BufferError, Placement, Spec, header::Header, heap::Allocation, placement::stride};
use core::{marker::PhantomData, ops::Range, ptr::NonNull};
use icc_seqlock::{Payload, Seqlock, primitive::Arc, primitive::AtomicU64};

/// The parts of a buffer, found once and never looked up in the memory itself again.
///
/// # Invariants
///
/// `memory` holds `line_count` [`Line`]s at `lines` and `len` slots at `slots`, [`stride`] bytes apart, all aligned and
/// initialised, for as long as any view lives. In this process, lines and slots are only accessed through atomics.
pub(crate) struct View<T, P> {
    slots: NonNull<u8>,
    lines: NonNull<Line>,
    len: usize,
    line_count: usize,
    words: [u64; 4],
    memory: Arc<Memory>,
    _slots: PhantomData<(Seqlock<T>, P)>,
}

// SAFETY: a view gives out shared references to seqlocks and atomics only, which threads may share if `T: Send`.
unsafe impl<T: Send, P> Send for View<T, P> {}
// SAFETY: as above.
unsafe impl<T: Send, P> Sync for View<T, P> {}

impl<T: Payload, P: Placement> View<T, P> {
    /// On the heap, prefaulted.
    pub(crate) fn private(spec: Spec) -> Result<Self, BufferError> {
        let layout = Layout::new::<T, P>(&spec)?;
        let memory = Allocation::prefaulted(layout.total_size, layout.align)?;
        let header = Header::new::<T>(&spec, &layout);
        // SAFETY: the allocation has at least `total_size` bytes, the header's among them; it is aligned to more than the
        // header needs, and nobody else knows of it yet.
        unsafe { memory.start().cast::<Header>().write(header) };
        // SAFETY: the allocation has `total_size` bytes aligned to `align`, and what follows the header is zeroed.
        Ok(unsafe { Self::over(Memory::Heap(memory, Ids::default()), &layout, &spec) })
    }

    /// A view of `memory`, which was laid out for `spec`.
    ///
    /// # Safety
    ///
    /// `layout` is `Layout::new::<T, P>(spec)`. `memory` has at least `total_size` bytes, aligned to `align`, readable until
    /// it is dropped. Where lines and slots lie in it, this process accesses it through atomics only from now on. (Any bytes
    /// there are valid lines and cells: every bit pattern of an `AtomicU64` and of a [`Payload`] is.)
    pub(crate) unsafe fn over(memory: Memory, layout: &Layout, spec: &Spec) -> Self {
        // SAFETY: both offsets are within `total_size`, by `Layout::new`.
        let (slots, lines) =
            unsafe { (memory.start().add(layout.slots_offset), memory.start().add(layout.lines_offset).cast()) };
        Self {
            slots,
            lines,
            len: spec.len,
            line_count: spec.lines,
            words: spec.words,
            memory: Arc::new(memory),
            _slots: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn slot(&self, index: usize) -> Option<&Seqlock<T>> {
        // SAFETY: the index was checked.
        (index < self.len).then(|| unsafe { self.slot_unchecked(index) })
    }

    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    #[inline(always)]
    pub(crate) unsafe fn slot_unchecked(&self, index: usize) -> &Seqlock<T> {
        debug_assert!(index < self.len);
        // SAFETY: by the invariants there are `len` slots at this distance, and the caller's index is one of them. The
        // reference lives no longer than this view, which keeps the memory.
        unsafe { self.slots.add(index * stride::<T, P>()).cast().as_ref() }
    }
}

impl<T, P> View<T, P> {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn line_count(&self) -> usize {
        self.line_count
    }

    #[inline]
    pub(crate) fn words(&self) -> [u64; 4] {
        self.words
    }

    #[inline]
    pub(crate) fn line(&self, index: usize) -> Option<&AtomicU64> {
        // SAFETY: the index was checked.
        (index < self.line_count).then(|| unsafe { self.line_unchecked(index) })
    }

    /// # Safety
    ///
    /// `index` is less than [`line_count`](Self::line_count).
    #[inline(always)]
    pub(crate) unsafe fn line_unchecked(&self, index: usize) -> &AtomicU64 {
        debug_assert!(index < self.line_count);
        // SAFETY: by the invariants there are `line_count` lines, and the caller's index is one of them.
        unsafe { &self.lines.add(index).as_ref().0 }
    }

    pub(crate) fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        self.memory.take_id(ids)
    }

    pub(crate) fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        self.memory.holder_lives(id)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl<T, P> Clone for View<T, P> {
    fn clone(&self) -> Self {
        Self { memory: Arc::clone(&self.memory), ..*self }
    }
}
