//! Where a payload lives: bytes that many threads may read and write at once, each access atomic.

use crate::{Payload, copy, primitive::UnsafeCell};

/// Shared room for one `T`, aligned to at least 8 so that it can be copied in words.
///
/// Invariant: while the storage is shared, its bytes are accessed through [`copy`] alone, in the one way that `copy`
/// has for this `T`. All those accesses are atomic, so none of them races with another, however they interleave; what
/// they can do is mix the bytes of two values.
#[repr(C, align(8))]
pub(crate) struct Storage<T>(UnsafeCell<T>);

// SAFETY: a shared storage gives out copies of a `T`, which is what `T: Send` allows, and never a reference to it:
// `get_mut` and `into_inner` need the storage alone. Every access through `&self` is atomic.
unsafe impl<T: Send> Sync for Storage<T> {}

impl<T: Payload> Storage<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Copies the bytes out, possibly mixed from several values: the caller finds out and drops such a copy.
    #[inline(always)]
    pub(crate) fn load(&self, out: &mut T) {
        // SAFETY: the cell is aligned to 8, holds a `T` and is only accessed through `copy`, by the invariant. `out` is
        // borrowed mutably. Whatever mixture arrives is a valid `T`, since every bit pattern is (`AnyBitPattern`).
        unsafe { copy::load::<T>(self.0.get().cast(), (&raw mut *out).cast()) }
    }

    /// Copies the bytes in, visible to concurrent readers in any order.
    #[inline(always)]
    pub(crate) fn store(&self, value: &T) {
        // SAFETY: as in `load`; `value` is borrowed, so it does not change, and has no padding (`NoUninit`).
        unsafe { copy::store::<T>(self.0.get().cast(), (&raw const *value).cast()) }
    }

    /// Asks for all cache lines of the bytes but the first, which the version is in or next to.
    #[inline(always)]
    pub(crate) fn prefetch(&self) {
        // The version is at least eight bytes before: counted with it, the first line is its own.
        copy::prefetch(self.0.get().cast::<u8>().wrapping_sub(8), size_of::<T>() + 8);
    }

    /// Asks for the line of the version before the bytes, to write it.
    #[inline(always)]
    pub(crate) fn prefetch_for_write(&self) {
        copy::prefetch_for_write(self.0.get().cast::<u8>().wrapping_sub(8));
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}
