//! Small copies on x86-64 by registers that the compiler knows of.
//!
//! The private side is loaded and stored as usual, so what is there may stay in registers. The shared
//! side is accessed by assembly, which is sound by the argument of `vectors`.

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_cvtsi64_si128, _mm_unpacklo_epi64};

/// The most bytes that [`load`] copies.
pub(super) const MOST_LOADED: usize = 256;
/// The most bytes that [`store`] copies. At 256 bytes a message that nobody reads took 21 ns for 18 (Zen 3).
pub(super) const MOST_STORED: usize = 128;

/// Copies `len` bytes, a multiple of eight from 24 to [`MOST_LOADED`], by registers that the compiler knows of.
///
/// So it can keep a value there that is returned, or put it where it belongs at once: what a block
/// of assembly stored, it would have to load again, and would wait where its pieces overlap. A vector's values, one
/// by one into a slice, ns each, stored by assembly / so: 11.7 / 2.1 at 40 bytes, 12.4 / 2.8 at 56 (Zen 4), 19 / 5.2 at
/// 120 (Zen 3). Where the value has its place already, wider vectors are faster from 64 bytes on: 2.7 / 4.4 at 120.
///
/// # Safety
///
/// As `vectors::load`, and nobody else accesses `to`.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len.is_multiple_of(8) && (24..=MOST_LOADED).contains(&len));
    // SAFETY: passed on from the caller. Every piece lies inside `len`, and together they are all of
    // it. `to` is private, so its bytes may be stored as usual.
    unsafe {
        macro_rules! sixteen {
            ($at:literal) => {
                if len >= $at + 16 {
                    to.add($at).cast::<__m128i>().write_unaligned(sixteen::<$at>(from));
                } else if len > $at {
                    to.add($at).cast::<u64>().write_unaligned(eight::<$at>(from));
                }
            };
        }
        sixteen!(0);
        sixteen!(16);
        sixteen!(32);
        sixteen!(48);
        if len <= 64 {
            // Not further where the length is known only when it runs.
            return;
        }
        sixteen!(64);
        sixteen!(80);
        sixteen!(96);
        sixteen!(112);
        sixteen!(128);
        sixteen!(144);
        sixteen!(160);
        sixteen!(176);
        sixteen!(192);
        sixteen!(208);
        sixteen!(224);
        sixteen!(240);
    }
}

/// Copies `len` bytes, a multiple of eight from 24 to [`MOST_STORED`], into shared memory, from where the compiler likes
/// to have them.
///
/// So what a program has just put together need not go through its stack. That counts for more than these stores take
/// themselves: while a store waits for a line that another core has, those behind it wait in the same buffer, and the
/// fewer there are to a message, the more messages' lines are on their way at once. Through a ring, million messages
/// a second, from memory / so, where the program has the message in registers: 56 / 84 of 56 bytes, 38 / 53 of 120;
/// a message that nobody reads 10.6 / 8.6 ns with a ticket, 6.8 / 5.9 without (Zen 3, 56 bytes).
///
/// # Safety
///
/// `from` is valid for reads of `len` initialised bytes that do not change, the rest as `vectors::load`.
#[inline(always)]
pub(super) unsafe fn store(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len.is_multiple_of(8) && (24..=MOST_STORED).contains(&len));
    // SAFETY: passed on from the caller. Every piece lies inside `len`, and together they are all of it. `from` is
    // private, so its bytes may be loaded as usual.
    unsafe {
        let word = |at: usize| from.add(at).cast::<i64>().read_unaligned();
        macro_rules! sixteen {
            ($at:literal) => {
                if len >= $at + 16 {
                    put_sixteen::<$at>(to, joined(word($at), word($at + 8)));
                } else if len > $at {
                    put_eight::<$at>(to, word($at));
                }
            };
        }
        sixteen!(0);
        sixteen!(16);
        sixteen!(32);
        sixteen!(48);
        sixteen!(64);
        sixteen!(80);
        sixteen!(96);
        sixteen!(112);
    }
}

/// # Safety
///
/// As [`load`] for sixteen bytes, `AT` bytes after `from`.
#[inline(always)]
unsafe fn sixteen<const AT: usize>(from: *const u8) -> __m128i {
    let bytes;
    // SAFETY: by the argument of `vectors`; loads the caller's sixteen bytes. Flags are not changed.
    unsafe {
        asm!("movdqu {to}, [{from} + {at}]", from = in(reg) from, at = const AT, to = lateout(xmm_reg) bytes,
            options(nostack, preserves_flags))
    }
    bytes
}

/// # Safety
///
/// As [`sixteen`], eight bytes.
#[inline(always)]
unsafe fn eight<const AT: usize>(from: *const u8) -> u64 {
    let bytes;
    // SAFETY: as in `sixteen`.
    unsafe {
        asm!("mov {to}, [{from} + {at}]", from = in(reg) from, at = const AT, to = lateout(reg) bytes,
            options(nostack, preserves_flags))
    }
    bytes
}

/// Two words as one vector. Never by one load of both, which would wait for the stores that made them.
#[inline(always)]
fn joined(low: i64, high: i64) -> __m128i {
    // SAFETY: all of it is SSE2, which every x86-64 processor has. The assembly is empty.
    unsafe {
        let mut low = _mm_cvtsi64_si128(low);
        asm!("/* {0} */", inout(xmm_reg) low, options(pure, nomem, nostack, preserves_flags));
        _mm_unpacklo_epi64(low, _mm_cvtsi64_si128(high))
    }
}

/// # Safety
///
/// As [`load`] for sixteen bytes, `AT` bytes after `to`.
#[inline(always)]
unsafe fn put_sixteen<const AT: usize>(to: *mut u8, bytes: __m128i) {
    // SAFETY: by the argument of `vectors`; stores to the caller's sixteen bytes. Flags are not changed.
    unsafe {
        asm!("movdqu [{to} + {at}], {bytes}", to = in(reg) to, at = const AT, bytes = in(xmm_reg) bytes,
            options(nostack, preserves_flags))
    }
}

/// # Safety
///
/// As [`put_sixteen`], eight bytes.
#[inline(always)]
unsafe fn put_eight<const AT: usize>(to: *mut u8, bytes: i64) {
    // SAFETY: as in `put_sixteen`.
    unsafe {
        asm!("mov [{to} + {at}], {bytes}", to = in(reg) to, at = const AT, bytes = in(reg) bytes,
            options(nostack, preserves_flags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sizes_are_copied_exactly() {
        for len in (24..=MOST_LOADED).step_by(8) {
            super::super::vectors::tests::exact(load, len..=len);
        }
        for len in (24..=MOST_STORED).step_by(8) {
            super::super::vectors::tests::exact(store, len..=len);
        }
    }
}
