//! Where a payload lives: bytes that many threads may read and write at once, by atomic accesses.

use crate::primitive::{AtomicU64, UnsafeCell};
use crate::{Payload, Seqlock, copy};
use core::panic::{RefUnwindSafe, UnwindSafe};

impl<T: Payload> Seqlock<T> {
    /// A cell that holds `value`, at version 0.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { version: AtomicU64::new(0), storage: Storage(UnsafeCell::new(value)) }
    }

    /// The value, to change in place. No reader or writer can exist meanwhile. The version stays.
    pub fn get_mut(&mut self) -> &mut T {
        self.storage.0.get_mut()
    }
}

/// Shared room for one `T`, aligned to at least 8 so that it can be copied in words.
///
/// Invariant: while the storage is shared, its bytes are accessed through [`copy`] alone, in the
/// one way that `copy` has for this `T`. All those accesses are atomic, so there is no data race,
/// however they interleave; they can only mix the bytes of two values.
#[repr(C, align(8))]
pub(crate) struct Storage<T>(UnsafeCell<T>);

// SAFETY: a shared storage gives out copies of a `T`, which is what `T: Send` allows, and never a
// reference to it: `get_mut` and `into_inner` need exclusive access. Every access through `&self`
// is atomic.
unsafe impl<T: Send> Sync for Storage<T> {}

// A panic leaves every cell whole: no caller's code runs between the two halves of a write.
impl<T> UnwindSafe for Storage<T> {}
impl<T> RefUnwindSafe for Storage<T> {}

impl<T: Payload> Storage<T> {
    /// Copies the bytes out, possibly mixed from several values: the caller finds out and drops
    /// such a copy.
    #[inline(always)]
    pub(crate) fn load(&self, out: &mut T) {
        // SAFETY: the cell is aligned to 8, holds a `T` and is only accessed through `copy`, by the
        // invariant. `out` is borrowed mutably. Whatever mixture arrives is a valid `T`, since
        // every bit pattern is (`AnyBitPattern`).
        unsafe { copy::load::<T>(self.0.get().cast(), (&raw mut *out).cast()) }
    }

    /// As [`load`](Self::load), for a value that will be moved.
    #[inline(always)]
    pub(crate) fn load_value(&self, out: &mut T) {
        // SAFETY: as in `load`.
        unsafe { copy::load_value::<T>(self.0.get().cast(), (&raw mut *out).cast()) }
    }

    /// Copies the bytes in, visible to concurrent readers in any order.
    #[inline(always)]
    pub(crate) fn store(&self, value: &T) {
        // SAFETY: as in `load`; `value` is borrowed, so it does not change, and has no padding
        // (`NoUninit`).
        unsafe { copy::store::<T>(self.0.get().cast(), (&raw const *value).cast()) }
    }

    /// Requests the cache lines of the bytes but the first, which contains the version or is next
    /// to it, where that helps.
    #[inline(always)]
    pub(crate) fn prefetch(&self, being_written: bool) {
        // The version is at least eight bytes before: counted with it, the first line is its own.
        copy::prefetch(self.0.get().cast::<u8>().wrapping_sub(8), size_of::<T>() + 8, being_written);
    }

    /// Requests all lines of the version and the bytes for writing, if they are many and that helps.
    #[inline(always)]
    pub(crate) fn prefetch_many_for_write(&self) {
        copy::prefetch_many_for_write(self.0.get().cast::<u8>().wrapping_sub(8), size_of::<T>() + 8);
    }

    /// Requests the line of the version, before the bytes, for writing.
    #[inline(always)]
    pub(crate) fn prefetch_for_write(&self) {
        copy::prefetch_for_write(self.0.get().cast::<u8>().wrapping_sub(8));
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}
