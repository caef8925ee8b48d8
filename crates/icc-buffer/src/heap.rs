//! Memory of this process alone.

use crate::BufferError;
use crate::layout::Layout;
use core::{alloc, ptr::NonNull};
use icc_seqlock::Payload;
use std::alloc::{alloc_zeroed, dealloc};

/// The smallest page of any supported system.
const PAGE: usize = 4096;

/// A zeroed heap allocation, freed when dropped.
pub(crate) struct Allocation {
    start: NonNull<u8>,
    layout: alloc::Layout,
}

// SAFETY: the allocation is plain bytes that belong to no thread; every access answers for itself.
unsafe impl Send for Allocation {}
// SAFETY: as above; the allocation itself is never changed through a shared reference.
unsafe impl Sync for Allocation {}

impl Allocation {
    /// Room for a buffer of `T`, `layout.total_size` bytes. All counters are 0, all slots at
    /// version 0 and hold zeros.
    ///
    /// Every page has been written to. Until then, zeroed memory from the system is one shared page
    /// of zeros, and the first write to each page would wait for the kernel.
    #[expect(clippy::extra_unused_type_parameters, reason = "the one under loom constructs its cells")]
    pub(crate) fn new<T: Payload>(layout: &Layout) -> Result<Self, BufferError> {
        let size = layout.total_size;
        let refused = || refused(size);
        #[cfg(target_os = "linux")]
        crate::room::check(size as u64)?;
        let layout = alloc::Layout::from_size_align(size, layout.align).map_err(|_| refused())?;
        if size == 0 {
            return Err(refused());
        }
        // SAFETY: `layout` has a size of at least 1.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(refused)?;
        for offset in (0..size).step_by(PAGE).chain([size - 1]) {
            // SAFETY: within the allocation, which nobody else knows of. Volatile, so that the
            // compiler keeps it.
            unsafe { start.add(offset).write_volatile(0) };
        }
        Ok(Self { start, layout })
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

fn refused(bytes: usize) -> BufferError {
    let limit = "the system refuses it (see `ulimit -v` and /proc/sys/vm/overcommit_memory)".to_owned();
    BufferError::OutOfMemory { bytes: bytes as u64, available: None, limit }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc_zeroed` with this `layout` and is freed only here.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}
