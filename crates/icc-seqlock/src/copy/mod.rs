//! Copying a payload between shared and private memory, free of data races.

mod words;

/// Copies a `T` out of shared memory.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for reads of a `T`, whose bytes nobody accesses concurrently other than through
/// [`load`] and [`store`] of the same `T`. `private` is valid for writes of a `T` and nobody else's.
#[inline(always)]
pub(crate) unsafe fn load<T>(shared: *const u8, private: *mut u8) {
    // SAFETY: passed on from the caller.
    unsafe { words::load(shared, private, size_of::<T>()) }
}

/// Copies a `T` into shared memory.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for writes of a `T`, whose bytes nobody accesses concurrently other than through
/// [`load`] and [`store`] of the same `T`. `private` is valid for reads of a `T` that has no padding and does not
/// change.
#[inline(always)]
pub(crate) unsafe fn store<T>(shared: *mut u8, private: *const u8) {
    // SAFETY: passed on from the caller.
    unsafe { words::store(shared, private, size_of::<T>()) }
}
