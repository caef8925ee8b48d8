//! Counters beside the slots, each alone on its cache lines.

use core::fmt;
use icc_seqlock::primitive::{AtomicU64, Ordering, fence};

/// Room for a counter. 128 bytes on every target, so that processes agree on it: x86-64 processors
/// fetch lines in pairs.
#[repr(C, align(128))]
pub(crate) struct CounterLine(pub(crate) AtomicU64);

/// A counter that can only be read, from
/// [`ReadOnlyBuffer::counter`](crate::ReadOnlyBuffer::counter).
#[derive(Clone, Copy)]
pub struct Counter<'a>(pub(crate) &'a AtomicU64);

impl Counter<'_> {
    /// The count. A relaxed load: it orders nothing.
    #[inline]
    #[must_use]
    #[cfg_attr(icc_loom, track_caller)]
    pub fn load_relaxed(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The count. Everything that was done before the `Release` store of it happens before what
    /// follows.
    #[inline]
    #[must_use]
    #[cfg_attr(icc_loom, track_caller)]
    pub fn load_acquire(&self) -> u64 {
        let count = self.0.load(Ordering::Relaxed);
        // Acquire: with the load above, pairs with the writer's Release store. Not an acquire load,
        // which memory mapped read-only does not promise to support.
        fence(Ordering::Acquire);
        count
    }
}

impl fmt::Debug for Counter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.load_relaxed()).finish()
    }
}
