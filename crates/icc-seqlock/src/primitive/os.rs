//! The primitives as they are shipped: the standard library's.

#[cfg(feature = "std")]
extern crate std;

pub use core::cell::UnsafeCell;
pub use core::hint::spin_loop;
pub use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(feature = "std")]
pub use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    thread::sleep,
};

/// A bound that is small under loom, where a wait or an array of the shipped size could not be
/// explored: the first of the two.
#[inline(always)]
#[must_use]
pub const fn bound<N: Copy>(shipped: N, _modelled: N) -> N {
    shipped
}

/// Keeps the compiler from moving any access to memory past this place. The processor still may:
/// whoever relies on the order makes a barrier on this thread's core from another one, which Linux
/// does with `membarrier`. Under loom, a fence.
///
/// Not the standard library's fence for that, where this can do without: the compiler takes that one
/// to change what only this thread knows of as well, and would read a producer's handle again for each
/// message.
#[inline(always)]
#[cfg_attr(icc_loom, track_caller)]
pub fn light_barrier() {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    // SAFETY: no instruction at all. What it may do, for all that the compiler knows, is to read and
    // write memory that others can reach, so no access to that is moved past it.
    unsafe {
        core::arch::asm!("", options(nostack, preserves_flags));
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    #[expect(clippy::disallowed_methods, reason = "the half of a pair whose other half is a barrier on every core")]
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// Lets other threads run on this core, in this round of doing so: yields at first, then sleeps
/// ever longer.
#[cfg(feature = "std")]
#[cold]
pub(super) fn give_way(round: u32) {
    const YIELDS: u32 = 64;
    match round.checked_sub(YIELDS) {
        None => thread::yield_now(),
        Some(longer) => sleep(std::time::Duration::from_micros((50 << longer.min(5)).min(1_000))),
    }
}

/// Without an operating system there is nobody to give way to.
#[cfg(not(feature = "std"))]
#[cold]
pub(super) fn give_way(_round: u32) {
    for _ in 0..64 {
        spin_loop();
    }
}

/// Spin hints in round `round` of backing off.
#[inline(always)]
pub(super) const fn spins(round: u32) -> u32 {
    1 << round
}
