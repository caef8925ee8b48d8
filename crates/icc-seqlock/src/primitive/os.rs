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

/// Loads `word` after all that this thread stored before, as far as the compiler goes. The processor
/// may still load it earlier: whoever relies on the order makes a barrier on this thread's core from
/// another one, which Linux does with `membarrier`. Under loom, a fence and a load.
///
/// Not a fence for the compiler and a load, where this can do without: the compiler takes the fence to
/// change all that others can reach, and would read a producer's handle again for each message.
#[inline(always)]
#[cfg_attr(icc_loom, track_caller)]
#[must_use]
pub fn load_behind_stores(word: &AtomicU32) -> u32 {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    {
        let found: u32;
        // SAFETY: a relaxed load of the word, in one instruction, and nothing else. It may read any
        // memory, for all that the compiler knows, so what was stored before is there.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            core::arch::asm!("mov {found:e}, dword ptr [{word}]", word = in(reg) word.as_ptr(),
                found = lateout(reg) found, options(readonly, nostack, preserves_flags));
            #[cfg(target_arch = "aarch64")]
            core::arch::asm!("ldr {found:w}, [{word}]", word = in(reg) word.as_ptr(),
                found = lateout(reg) found, options(readonly, nostack, preserves_flags));
        }
        found
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    {
        #[expect(
            clippy::disallowed_methods,
            reason = "the half of a pair whose other half is a barrier on every core"
        )]
        core::sync::atomic::compiler_fence(Ordering::SeqCst);
        word.load(Ordering::Relaxed)
    }
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
