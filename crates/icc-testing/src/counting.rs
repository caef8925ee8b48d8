//! An allocator that counts, to show that something allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts each thread's calls. To be made a test's `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    // Constant and without a destructor: asking for it allocates nothing.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    CALLS.set(CALLS.get() + 1);
}

// SAFETY: every call is the system's allocator's own; counting touches a cell of this thread alone.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the same.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Runs `calls`, in which this thread must neither allocate nor free.
///
/// # Panics
///
/// If it does; or if [`Counting`] is not the allocator, so that nothing is counted.
pub fn without_allocation<R>(what: &str, calls: impl FnOnce() -> R) -> R {
    let before = CALLS.get();
    drop(std::hint::black_box(Box::new(7)));
    let counted = CALLS.get();
    assert_eq!(counted - before, 2, "nothing is counted: make `Counting` the global allocator");
    let result = calls();
    assert_eq!(CALLS.get() - counted, 0, "{what}: calls of the allocator");
    result
}
