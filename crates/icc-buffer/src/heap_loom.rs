//! Memory of this process alone, under loom: zeros are no valid cell there, so each is constructed
//! and dropped.

use crate::BufferError;
use crate::counter::CounterLine;
use crate::layout::Layout;
use core::{alloc, ptr::NonNull};
use icc_seqlock::{Payload, Seqlock, primitive::AtomicU64};
use std::alloc::{alloc_zeroed, dealloc};

/// A heap allocation with loom's counters and cells in their places.
pub(crate) struct Allocation {
    start: NonNull<u8>,
    layout: alloc::Layout,
    drop_cells: Box<dyn Fn(NonNull<u8>) + Send + Sync>,
}

// SAFETY: the allocation belongs to no thread; what lies in it are atomics and cells, which threads
// may share.
unsafe impl Send for Allocation {}
// SAFETY: as above.
unsafe impl Sync for Allocation {}

impl Allocation {
    pub(crate) fn new<T: Payload>(layout: &Layout) -> Result<Self, BufferError> {
        let parts = *layout;
        let counters = move || (parts.counters_offset..parts.slots_offset).step_by(size_of::<CounterLine>());
        let slots = move || (parts.slots_offset..parts.total_size).step_by(parts.stride);
        let refused =
            || BufferError::OutOfMemory { bytes: parts.total_size as u64, available: None, limit: String::new() };
        let layout = alloc::Layout::from_size_align(parts.total_size, parts.align).map_err(|_| refused())?;
        // SAFETY: the size is that of at least a header.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(refused)?;
        for offset in counters() {
            // SAFETY: a counter's place, within the allocation and aligned, which nobody else knows
            // of. Rounding may leave room before the slots, which is treated as counters too: it is
            // a multiple of a counter's size.
            unsafe { start.add(offset).cast().write(CounterLine(AtomicU64::new(0))) };
        }
        for offset in slots() {
            // SAFETY: a slot's place, likewise.
            unsafe { start.add(offset).cast().write(Seqlock::new(T::zeroed())) };
        }
        let drop_cells = Box::new(move |start: NonNull<u8>| {
            for offset in counters() {
                // SAFETY: written above, and dropped once.
                unsafe { start.add(offset).cast::<CounterLine>().drop_in_place() };
            }
            for offset in slots() {
                // SAFETY: likewise.
                unsafe { start.add(offset).cast::<Seqlock<T>>().drop_in_place() };
            }
        });
        Ok(Self { start, layout, drop_cells })
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        (self.drop_cells)(self.start);
        // SAFETY: `start` came from `alloc_zeroed` with this `layout` and is freed only here.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}
