//! A private buffer's pages are there from the beginning, also with an allocator that hands out
//! zeroed pages lazily.
//!
//! The system's own touches all of a block that is aligned like a buffer, to zero it; others leave
//! that to the kernel.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use icc_buffer::{Buffer, Packed, Spec};
use nix::sys::resource::{UsageWho, getrusage};
use std::alloc::{GlobalAlloc, Layout, System};

/// Takes large zeroed blocks fresh from the kernel, and never gives them back.
struct Lazy;

const LARGE: usize = 1 << 20;

// SAFETY: large zeroed blocks are parts of a block of the system's that is never freed, `align`
// bytes longer and moved up by less than that. All others are the system's own.
unsafe impl GlobalAlloc for Lazy {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE {
            // SAFETY: the caller's promise is the same.
            return unsafe { System.alloc_zeroed(layout) };
        }
        let Ok(longer) = Layout::from_size_align(layout.size() + layout.align(), 16) else {
            return std::ptr::null_mut();
        };
        // SAFETY: its size is not 0.
        let block = unsafe { System.alloc_zeroed(longer) };
        if block.is_null() {
            return block;
        }
        // SAFETY: less than `align` bytes up, and so many more are there.
        unsafe { block.add(block.align_offset(layout.align())) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() < LARGE {
            // SAFETY: a small block is the system's own; the caller's promise is the same.
            unsafe { System.dealloc(block, layout) }
        }
    }
}

#[global_allocator]
static ALLOCATOR: Lazy = Lazy;

#[test]
fn private_buffers_are_prefaulted() {
    if common::disturbed() {
        return;
    }
    const PAGES: usize = 2048;
    let count = || getrusage(UsageWho::RUSAGE_THREAD).unwrap().minor_page_faults();
    let value = [7; 511];
    let spec = Spec::new(common::KIND, PAGES);
    let buffer = Buffer::<[u64; 511], Packed>::private(spec).unwrap();
    let before = count();
    (0..PAGES).for_each(|index| {
        buffer.slot(index).unwrap().write(&value);
    });
    let found = count() - before;
    assert!(found < 16, "{found} faults");

    // That the allocator is lazy, and the counting counts.
    // SAFETY: the size is not 0; the block is written to within its bounds.
    let found = unsafe {
        let block = std::alloc::alloc_zeroed(Layout::from_size_align(PAGES * 4096, 128).unwrap());
        let before = count();
        (0..PAGES).for_each(|page| block.add(page * 4096).write_volatile(1));
        count() - before
    };
    assert!(found > 1000, "{found} faults");
}
