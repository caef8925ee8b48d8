//! Memory of this process alone.

use crate::BufferError;
use core::{alloc::Layout, ptr::NonNull};
use std::alloc::{alloc_zeroed, dealloc};

/// The smallest page of any supported system.
const PAGE: usize = 4096;

/// A zeroed heap allocation, freed when dropped.
pub(crate) struct Allocation {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the allocation is plain bytes that belong to no thread; whoever reads or writes them answers for it.
unsafe impl Send for Allocation {}
// SAFETY: as above; the allocation itself is never changed through a shared reference.
unsafe impl Sync for Allocation {}

impl Allocation {
    /// `size` is at least 1 and, rounded up to `align`, fits an `isize`; `align` is a power of two.
    ///
    /// Every page has been written to. Zeroed memory from the system is one shared page of zeros until it is, and the first
    /// write to each page would then be the one that waits for the kernel.
    pub(crate) fn prefaulted(size: usize, align: usize) -> Result<Self, BufferError> {
        let refused = || BufferError::OutOfMemory { bytes: size };
        let layout = Layout::from_size_align(size, align).map_err(|_| refused())?;
        if size == 0 {
            return Err(refused());
        }
        // SAFETY: `layout` has a size of at least 1.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(refused)?;
        for offset in (0..size).step_by(PAGE).chain([size - 1]) {
            // SAFETY: within the allocation, which nobody else knows of. Volatile, so that it is done at all.
            unsafe { start.add(offset).write_volatile(0) };
        }
        Ok(Self { start, layout })
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc_zeroed` with this `layout` and is freed only here.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}
