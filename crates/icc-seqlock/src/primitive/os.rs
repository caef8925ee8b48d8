//! The primitives as they are shipped: the standard library's.

#[cfg(feature = "std")]
extern crate std;

pub use core::cell::UnsafeCell;
pub use core::hint::spin_loop;
pub use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(feature = "std")]
pub use std::{sync::Arc, thread, thread::sleep};

/// A bound that is small under loom, where a wait or an array of the shipped size could not be
/// explored: the first of the two.
#[inline(always)]
#[must_use]
pub const fn bound<N: Copy>(shipped: N, _modelled: N) -> N {
    shipped
}

/// Spin hints in round `round` of backing off.
#[inline(always)]
pub(super) const fn spins(round: u32) -> u32 {
    1 << round
}
