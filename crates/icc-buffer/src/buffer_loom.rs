//! The buffer under loom: the same interface over loom's cells, which cannot live in raw memory.

use crate::{BufferError, Placement, Spec, layout::Layout};
use core::{fmt, marker::PhantomData};
use icc_seqlock::{Payload, Seqlock, primitive::Arc, primitive::AtomicU64};

/// Counters and slots. A handle: cloning it gives another one to the same slots.
pub struct Buffer<T, P> {
    parts: Arc<Parts<T>>,
    _placed: PhantomData<P>,
}

struct Parts<T> {
    lines: Box<[AtomicU64]>,
    slots: Box<[Seqlock<T>]>,
}

impl<T: Payload, P: Placement> Buffer<T, P> {
    /// A buffer in memory of this process, all slots at version 0 and holding zeros, all counters 0.
    pub fn private(spec: Spec) -> Result<Self, BufferError> {
        Layout::new::<T, P>(&spec)?;
        let lines = (0..spec.lines).map(|_| AtomicU64::new(0)).collect();
        let slots = (0..spec.len).map(|_| Seqlock::new(T::zeroed())).collect();
        Ok(Self { parts: Arc::new(Parts { lines, slots }), _placed: PhantomData })
    }

    /// The number of slots.
    #[expect(clippy::len_without_is_empty, reason = "a buffer is never empty")]
    pub fn len(&self) -> usize {
        self.parts.slots.len()
    }

    /// Slot `index`, or `None` past the end.
    pub fn slot(&self, index: usize) -> Option<&Seqlock<T>> {
        self.parts.slots.get(index)
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](Self::len).
    pub unsafe fn slot_unchecked(&self, index: usize) -> &Seqlock<T> {
        &self.parts.slots[index]
    }

    /// Counter `index`, or `None` past the end.
    pub fn line(&self, index: usize) -> Option<&AtomicU64> {
        self.parts.lines.get(index)
    }
}

impl<T, P> Clone for Buffer<T, P> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts), _placed: PhantomData }
    }
}

impl<T, P> fmt::Debug for Buffer<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("len", &self.parts.slots.len()).finish_non_exhaustive()
    }
}
