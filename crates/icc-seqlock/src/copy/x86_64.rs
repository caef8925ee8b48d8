//! The copy in vectors on x86-64: SSE2, which every such processor has, and AVX or AVX-512, found
//! once at run time.
//!
//! # Why the assembly is sound
//!
//! A block of assembly is sound if some Rust code could have done what it does. Each block here
//! stands for a relaxed atomic access of one byte for each byte moved, in an unspecified order:
//! loads on the source, stores on the destination. That one side is private changes nothing: its
//! owner may access it atomically, too. Where the pieces of a block overlap, the bytes in the
//! overlap are copied twice, which such code may also do. The processor keeps each byte whole,
//! whatever the width of the instruction. No block is `pure`, `nomem` or `readonly`, so the
//! compiler takes each for an access to any memory and moves none across a fence; no store is
//! non-temporal, so all obey the processor's usual order.
//!
//! Every payload copied here is copied here by every thread, in both directions, whatever vectors
//! its processor has: all blocks stand for the same one-byte accesses, so they may meet.

use crate::primitive::{AtomicU8, Ordering::Relaxed};
use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// The widest vectors of this processor: 0 until looked up, then one of the constants below.
static WIDEST: AtomicU8 = AtomicU8::new(0);
const SSE2: u8 = 1;
const AVX: u8 = 2;
const AVX512: u8 = 3;

#[inline(always)]
fn widest() -> u8 {
    if cfg!(target_feature = "avx512vl") {
        return AVX512;
    }
    match WIDEST.load(Relaxed) {
        0 => find_widest(),
        known => known,
    }
}

/// Asks the processor which vectors it has, and whether the system saves them. Every thread finds
/// the same.
#[cold]
fn find_widest() -> u8 {
    const OSXSAVE_AND_AVX: u32 = 0b11 << 27;
    const AVX512_F_AND_VL: u32 = 1 << 31 | 1 << 16;
    const AVX_STATE: u32 = 0x06;
    const AVX512_STATE: u32 = 0xe6;
    let has_avx = __cpuid(1).ecx & OSXSAVE_AND_AVX == OSXSAVE_AND_AVX;
    let (mut saved, mut extended) = (0_u32, 0);
    if has_avx {
        // SAFETY: `xgetbv` exists where the OSXSAVE bit is set. It reads a register and changes
        // nothing else.
        unsafe {
            asm!("xgetbv", in("ecx") 0, out("eax") saved, out("edx") _, options(nomem, nostack, preserves_flags))
        };
        if __cpuid(0).eax >= 7 {
            extended = __cpuid_count(7, 0).ebx;
        }
    }
    let found = if saved & AVX512_STATE == AVX512_STATE && extended & AVX512_F_AND_VL == AVX512_F_AND_VL {
        AVX512
    } else if saved & AVX_STATE == AVX_STATE {
        AVX
    } else {
        SSE2
    };
    WIDEST.store(found, Relaxed);
    found
}

/// Copies `len` bytes, more than 16, that a program has most likely just written field by field.
///
/// A load forwards from the stores before it only if one of them covers it. Vectors loaded from a
/// message whose fields were just stored wait until all of those have left the store buffer, behind
/// whatever else is in there. So up to 256 bytes are loaded in eights, which do forward, and stored
/// in sixteens. Measured with a message filled just before, ns for a whole write by words / vectors
/// / this: 4.7 / 7.3 / 3.9 at 56 bytes, 9.0 / 9.2 / 7.4 at 120, 12.3 / 13.7 / 10.0 at 256.
///
/// # Safety
///
/// As [`load`].
#[inline(always)]
pub(super) unsafe fn store(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len > 16);
    if len > 256 {
        // SAFETY: passed on from the caller.
        return unsafe { load(from, to, len) };
    }
    let mut at = 0;
    // SAFETY: passed on from the caller. Every piece lies inside: before each, as many bytes are
    // left as it moves, and the last one ends at `len`, which is more than 16.
    unsafe {
        while at + 64 <= len {
            eights::move_64(from.add(at), to.add(at));
            at += 64;
        }
        if at + 32 <= len {
            eights::move_32(from.add(at), to.add(at));
            at += 32;
        }
        if at + 16 <= len {
            eights::move_16(from.add(at), to.add(at));
            at += 16;
        }
        if at < len {
            eights::move_16(from.add(len - 16), to.add(len - 16));
        }
    }
}

/// Copies `len` bytes, more than 16.
///
/// # Safety
///
/// `from` is valid for reads and `to` for writes of `len` bytes, which do not overlap. Concurrent
/// accesses to either are relaxed atomic ones of one byte, or copies by the functions of this
/// module; up to 64 bytes, nobody else accesses `to`.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len > 16);
    // SAFETY: passed on from the caller; each function is called for the lengths and on the
    // processors that it asks for.
    unsafe {
        // Small ones the same everywhere: straight code, with nothing to look up.
        if len <= 64 && len.is_multiple_of(8) {
            return super::registers::load(from, to, len);
        }
        if len <= 32 {
            return sse2::to_32(from, to, len);
        }
        if len <= 64 {
            return sse2::to_64(from, to, len);
        }
        match (widest(), len) {
            (AVX512, ..=128) => avx512::to_128(from, to, len),
            (AVX512, ..=256) => avx512::to_256(from, to, len),
            (AVX512, _) => avx512::long(from, to, len),
            (AVX, ..=128) => avx::to_128(from, to, len),
            (AVX, _) => avx::long(from, to, len),
            (_, _) => sse2::long(from, to, len),
        }
    }
}

/// Copies `len` bytes, up to 16, by assembly as well: for room that longer copies take in vectors.
///
/// # Safety
///
/// As [`load`].
#[inline(always)]
pub(super) unsafe fn short(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len <= 16);
    // SAFETY: passed on from the caller; each function is called for the lengths that it asks for.
    unsafe {
        match len {
            0 => {}
            1 => few::one(from, to),
            2..4 => few::to_3(from, to, len),
            4..8 => few::to_7(from, to, len),
            _ => few::to_16(from, to, len),
        }
    }
}

/// How far `to` is from the next 64-byte boundary: 1 to 64.
#[inline(always)]
fn to_alignment(to: *mut u8) -> usize {
    64 - (to.addr() & 63)
}

/// Defines `unsafe fn`s that move the first and the last vectors of a copy, which meet or overlap
/// in the middle.
macro_rules! straight {
    ($(#[$doc:meta])* $name:ident, $min:literal, $max:literal, [$($line:literal),*], [$($register:tt),*]) => {
        $(#[$doc])*
        #[inline(always)]
        pub(super) unsafe fn $name(from: *const u8, to: *mut u8, len: usize) {
            debug_assert!(($min..=$max).contains(&len));
            // SAFETY: by the module's argument. The first vectors start at 0, the last end at
            // `len`, and `len` is long enough for either, so all lie inside. Flags are not changed,
            // and all registers written are named.
            unsafe {
                asm!($($line),*, from = in(reg) from, to = in(reg) to, len = in(reg) len,
                    $(out($register) _,)* options(nostack, preserves_flags))
            }
        }
    };
}

/// Defines `unsafe fn long`: one vector or two at the start, then aligned stores in steps, then the
/// last step again so that it ends at the end.
macro_rules! long {
    ($(#[$doc:meta])* $step:literal, [$($first:literal),*], [$($load:literal),*], [$($last:literal),*], $end:literal,
     [$($register:tt),*]) => {
        $(#[$doc])*
        #[inline(never)]
        pub(super) unsafe fn long(from: *const u8, to: *mut u8, len: usize) {
            debug_assert!(len >= $step);
            // SAFETY: by the module's argument. The first 64 bytes and the last step lie inside
            // since `len` is that long. The loop's steps start at `at < last = len - step`, so they
            // end before `len`; the first starts within the first 64 bytes, each goes on where the
            // one before ended, and the last step begins at or before the end of the loop's.
            unsafe {
                asm!($($first),*,
                    "cmp {at}, {last}", "jae 3f",
                    "2:", $($load),*, concat!("add {at}, ", $step), "cmp {at}, {last}", "jb 2b",
                    "3:", $($last),*, $end,
                    from = in(reg) from, to = in(reg) to, last = in(reg) len - $step,
                    at = inout(reg) super::to_alignment(to) => _, $(out($register) _,)* options(nostack))
            }
        }
    };
}

/// Defines `unsafe fn`s that move as many bytes as their name says.
macro_rules! moving {
    ($name:ident, [$($line:literal),*], [$($register:tt),*]) => {
        #[inline(always)]
        pub(super) unsafe fn $name(from: *const u8, to: *mut u8) {
            // SAFETY: by the module's argument; moves exactly the bytes in its name, which the
            // caller has on both sides. Flags are not changed, and all registers written are
            // named.
            unsafe {
                asm!($($line),*, from = in(reg) from, to = in(reg) to, $(out($register) _,)*
                    options(nostack, preserves_flags))
            }
        }
    };
}

/// Up to 16 bytes, by general registers.
#[rustfmt::skip]
mod few {
    use core::arch::asm;

    moving!(one, ["mov al, [{from}]", "mov [{to}], al"], ["rax"]);

    straight!(
        to_3, 2, 3,
        ["mov ax, [{from}]", "mov dx, [{from} + {len} - 2]", "mov [{to}], ax", "mov [{to} + {len} - 2], dx"],
        ["rax", "rdx"]
    );

    straight!(
        to_7, 4, 7,
        ["mov eax, [{from}]", "mov edx, [{from} + {len} - 4]", "mov [{to}], eax", "mov [{to} + {len} - 4], edx"],
        ["rax", "rdx"]
    );

    straight!(
        to_16, 8, 16,
        ["mov rax, [{from}]", "mov rdx, [{from} + {len} - 8]", "mov [{to}], rax", "mov [{to} + {len} - 8], rdx"],
        ["rax", "rdx"]
    );
}

/// Loads of eight bytes, joined for stores of sixteen. SSE2.
#[rustfmt::skip]
mod eights {
    use core::arch::asm;

    moving!(move_16, ["movq xmm0, [{from}]", "movhps xmm0, [{from} + 8]", "movdqu [{to}], xmm0"], ["xmm0"]);

    moving!(
        move_32,
        ["movq xmm0, [{from}]", "movhps xmm0, [{from} + 8]", "movq xmm1, [{from} + 16]", "movhps xmm1, [{from} + 24]",
         "movdqu [{to}], xmm0", "movdqu [{to} + 16], xmm1"],
        ["xmm0", "xmm1"]
    );

    moving!(
        move_64,
        ["movq xmm0, [{from}]", "movhps xmm0, [{from} + 8]", "movq xmm1, [{from} + 16]", "movhps xmm1, [{from} + 24]",
         "movq xmm2, [{from} + 32]", "movhps xmm2, [{from} + 40]", "movq xmm3, [{from} + 48]",
         "movhps xmm3, [{from} + 56]",
         "movdqu [{to}], xmm0", "movdqu [{to} + 16], xmm1", "movdqu [{to} + 32], xmm2", "movdqu [{to} + 48], xmm3"],
        ["xmm0", "xmm1", "xmm2", "xmm3"]
    );
}

#[rustfmt::skip]
mod sse2 {
    use core::arch::asm;

    straight!(
        to_32, 16, 32,
        ["movdqu xmm0, [{from}]", "movdqu xmm1, [{from} + {len} - 16]", "movdqu [{to}], xmm0",
         "movdqu [{to} + {len} - 16], xmm1"],
        ["xmm0", "xmm1"]
    );

    straight!(
        to_64, 32, 64,
        ["movdqu xmm0, [{from}]", "movdqu xmm1, [{from} + 16]", "movdqu xmm2, [{from} + {len} - 32]",
         "movdqu xmm3, [{from} + {len} - 16]", "movdqu [{to}], xmm0", "movdqu [{to} + 16], xmm1",
         "movdqu [{to} + {len} - 32], xmm2", "movdqu [{to} + {len} - 16], xmm3"],
        ["xmm0", "xmm1", "xmm2", "xmm3"]
    );

    long!(
        64,
        ["movdqu xmm0, [{from}]", "movdqu xmm1, [{from} + 16]", "movdqu xmm2, [{from} + 32]",
         "movdqu xmm3, [{from} + 48]", "movdqu [{to}], xmm0", "movdqu [{to} + 16], xmm1",
         "movdqu [{to} + 32], xmm2", "movdqu [{to} + 48], xmm3"],
        ["movdqu xmm0, [{from} + {at}]", "movdqu xmm1, [{from} + {at} + 16]", "movdqu xmm2, [{from} + {at} + 32]",
         "movdqu xmm3, [{from} + {at} + 48]", "movdqa [{to} + {at}], xmm0", "movdqa [{to} + {at} + 16], xmm1",
         "movdqa [{to} + {at} + 32], xmm2", "movdqa [{to} + {at} + 48], xmm3"],
        ["movdqu xmm0, [{from} + {last}]", "movdqu xmm1, [{from} + {last} + 16]",
         "movdqu xmm2, [{from} + {last} + 32]", "movdqu xmm3, [{from} + {last} + 48]",
         "movdqu [{to} + {last}], xmm0", "movdqu [{to} + {last} + 16], xmm1", "movdqu [{to} + {last} + 32], xmm2",
         "movdqu [{to} + {last} + 48], xmm3"],
        "",
        ["xmm0", "xmm1", "xmm2", "xmm3"]
    );
}

/// Only for processors with AVX. `vzeroupper` clears the upper halves of all sixteen registers, so
/// all are named as written.
#[rustfmt::skip]
mod avx {
    use core::arch::asm;

    straight!(
        to_128, 64, 128,
        ["vmovdqu ymm0, [{from}]", "vmovdqu ymm1, [{from} + 32]", "vmovdqu ymm2, [{from} + {len} - 64]",
         "vmovdqu ymm3, [{from} + {len} - 32]", "vmovdqu [{to}], ymm0", "vmovdqu [{to} + 32], ymm1",
         "vmovdqu [{to} + {len} - 64], ymm2", "vmovdqu [{to} + {len} - 32], ymm3", "vzeroupper"],
        ["xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
         "xmm13", "xmm14", "xmm15"]
    );

    long!(
        128,
        ["vmovdqu ymm0, [{from}]", "vmovdqu ymm1, [{from} + 32]", "vmovdqu [{to}], ymm0",
         "vmovdqu [{to} + 32], ymm1"],
        ["vmovdqu ymm0, [{from} + {at}]", "vmovdqu ymm1, [{from} + {at} + 32]",
         "vmovdqu ymm2, [{from} + {at} + 64]", "vmovdqu ymm3, [{from} + {at} + 96]", "vmovdqa [{to} + {at}], ymm0",
         "vmovdqa [{to} + {at} + 32], ymm1", "vmovdqa [{to} + {at} + 64], ymm2",
         "vmovdqa [{to} + {at} + 96], ymm3"],
        ["vmovdqu ymm0, [{from} + {last}]", "vmovdqu ymm1, [{from} + {last} + 32]",
         "vmovdqu ymm2, [{from} + {last} + 64]", "vmovdqu ymm3, [{from} + {last} + 96]",
         "vmovdqu [{to} + {last}], ymm0", "vmovdqu [{to} + {last} + 32], ymm1",
         "vmovdqu [{to} + {last} + 64], ymm2", "vmovdqu [{to} + {last} + 96], ymm3"],
        "vzeroupper",
        ["xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
         "xmm13", "xmm14", "xmm15"]
    );
}

/// Only for processors with AVX-512 F and VL. Registers from 16 up, which need no `vzeroupper`
/// after use.
#[rustfmt::skip]
mod avx512 {
    use core::arch::asm;

    straight!(
        to_128, 64, 128,
        ["vmovdqu64 zmm16, [{from}]", "vmovdqu64 zmm17, [{from} + {len} - 64]", "vmovdqu64 [{to}], zmm16",
         "vmovdqu64 [{to} + {len} - 64], zmm17"],
        ["xmm16", "xmm17"]
    );

    straight!(
        to_256, 128, 256,
        ["vmovdqu64 zmm16, [{from}]", "vmovdqu64 zmm17, [{from} + 64]", "vmovdqu64 zmm18, [{from} + {len} - 128]",
         "vmovdqu64 zmm19, [{from} + {len} - 64]", "vmovdqu64 [{to}], zmm16", "vmovdqu64 [{to} + 64], zmm17",
         "vmovdqu64 [{to} + {len} - 128], zmm18", "vmovdqu64 [{to} + {len} - 64], zmm19"],
        ["xmm16", "xmm17", "xmm18", "xmm19"]
    );

    long!(
        256,
        ["vmovdqu64 zmm16, [{from}]", "vmovdqu64 [{to}], zmm16"],
        ["vmovdqu64 zmm16, [{from} + {at}]", "vmovdqu64 zmm17, [{from} + {at} + 64]",
         "vmovdqu64 zmm18, [{from} + {at} + 128]", "vmovdqu64 zmm19, [{from} + {at} + 192]",
         "vmovdqa64 [{to} + {at}], zmm16", "vmovdqa64 [{to} + {at} + 64], zmm17",
         "vmovdqa64 [{to} + {at} + 128], zmm18", "vmovdqa64 [{to} + {at} + 192], zmm19"],
        ["vmovdqu64 zmm16, [{from} + {last}]", "vmovdqu64 zmm17, [{from} + {last} + 64]",
         "vmovdqu64 zmm18, [{from} + {last} + 128]", "vmovdqu64 zmm19, [{from} + {last} + 192]",
         "vmovdqu64 [{to} + {last}], zmm16", "vmovdqu64 [{to} + {last} + 64], zmm17",
         "vmovdqu64 [{to} + {last} + 128], zmm18", "vmovdqu64 [{to} + {last} + 192], zmm19"],
        "",
        ["xmm16", "xmm17", "xmm18", "xmm19"]
    );
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::vec::Vec;

    pub(in super::super) type Copy = unsafe fn(*const u8, *mut u8, usize);

    /// Runs `copy` for all lengths in `lengths` and all alignments of both sides, and checks every
    /// byte around.
    pub(in super::super) fn exact(copy: Copy, lengths: core::ops::RangeInclusive<usize>) {
        let from: Vec<u8> = (0..lengths.end() + 64).map(|i| (i * 7 + i / 256) as u8 | 1).collect();
        let mut to = std::vec![0_u8; lengths.end() + 3 * 64];
        for len in lengths {
            for at in [0, 1, 8, 17, 32, 56, 63] {
                let source = at * 5 % 64;
                to.fill(0);
                // SAFETY: both sides have room for `len` bytes from there.
                unsafe { copy(from.as_ptr().add(source), to.as_mut_ptr().add(64 + at), len) };
                assert_eq!(to[64 + at..][..len], from[source..][..len], "{len} bytes at {at}");
                assert!(to[..64 + at].iter().chain(&to[64 + at + len..]).all(|&byte| byte == 0), "{len} bytes at {at}");
            }
        }
    }

    #[test]
    fn every_vector_width_copies_exactly() {
        exact(short, 0..=16);
        exact(sse2::to_32, 17..=32);
        exact(sse2::to_64, 33..=64);
        exact(sse2::long, 65..=700);
        let widest = find_widest();
        if widest >= AVX {
            exact(avx::to_128, 65..=128);
            exact(avx::long, 129..=900);
        }
        if widest >= AVX512 {
            exact(avx512::to_128, 65..=128);
            exact(avx512::to_256, 129..=256);
            exact(avx512::long, 257..=1200);
        }
        exact(load, 17..=1200);
        exact(store, 17..=1200);
    }

    #[test]
    fn the_processor_is_asked_right() {
        let expected = if std::arch::is_x86_feature_detected!("avx512vl") {
            AVX512
        } else if std::arch::is_x86_feature_detected!("avx") {
            AVX
        } else {
            SSE2
        };
        assert_eq!(find_widest(), expected);
        assert_eq!(widest(), expected);
    }
}
