//! The view under loom: the same interface over loom's cells, which cannot live in raw memory.

use crate::ids::{IdLock, Ids};
use crate::{BufferError, Placement, Spec, layout::Layout};
use core::{marker::PhantomData, ops::Range};
use icc_seqlock::{Payload, Seqlock, primitive::Arc, primitive::AtomicU64};

pub(crate) struct View<T, P> {
    parts: Arc<Parts<T>>,
    _placed: PhantomData<P>,
}

struct Parts<T> {
    lines: Box<[AtomicU64]>,
    slots: Box<[Seqlock<T>]>,
    words: [u64; 4],
    ids: Ids,
}

impl<T: Payload, P: Placement> View<T, P> {
    pub(crate) fn private(spec: Spec) -> Result<Self, BufferError> {
        Layout::new::<T, P>(&spec)?;
        let lines = (0..spec.lines).map(|_| AtomicU64::new(0)).collect();
        let slots = (0..spec.len).map(|_| Seqlock::new(T::zeroed())).collect();
        let parts = Parts { lines, slots, words: spec.words, ids: Ids::default() };
        Ok(Self { parts: Arc::new(parts), _placed: PhantomData })
    }

    pub(crate) fn slot(&self, index: usize) -> Option<&Seqlock<T>> {
        self.parts.slots.get(index)
    }

    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    pub(crate) unsafe fn slot_unchecked(&self, index: usize) -> &Seqlock<T> {
        &self.parts.slots[index]
    }
}

impl<T, P> View<T, P> {
    pub(crate) fn len(&self) -> usize {
        self.parts.slots.len()
    }

    pub(crate) fn line_count(&self) -> usize {
        self.parts.lines.len()
    }

    pub(crate) fn words(&self) -> [u64; 4] {
        self.parts.words
    }

    pub(crate) fn line(&self, index: usize) -> Option<&AtomicU64> {
        self.parts.lines.get(index)
    }

    /// # Safety
    ///
    /// As on real memory, though here a wrong index panics.
    pub(crate) unsafe fn line_unchecked(&self, index: usize) -> &AtomicU64 {
        &self.parts.lines[index]
    }

    pub(crate) fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        Ok(self.parts.ids.take(ids))
    }

    pub(crate) fn holder_lives(&self, id: u32) -> Result<bool, BufferError> {
        Ok(self.parts.ids.taken(id))
    }
}

impl<T, P> Clone for View<T, P> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), _placed: PhantomData }
    }
}
