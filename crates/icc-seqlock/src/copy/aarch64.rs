//! The copy in vectors on aarch64, which every such processor has.
//!
//! Sound for the reasons given in `x86_64.rs`: each block stands for relaxed atomic accesses of one
//! byte, in an unspecified order, some perhaps made twice, on both sides of every payload that is
//! copied here. Stores and loads are the ordinary ones, which the fences outside order.

use core::arch::asm;

/// Copies `len` bytes, more than 16.
///
/// # Safety
///
/// `from` is valid for reads and `to` for writes of `len` bytes, which do not overlap. Concurrent
/// accesses to either are relaxed atomic ones of one byte, or copies by this function.
#[inline(always)]
pub(super) unsafe fn load(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len > 16);
    // SAFETY: by the module's argument. In each case the first vectors start at 0 and the last end
    // at `len`, which is long enough for either. The loop's steps start at `at < last = len - 64`,
    // so they end before `len`. All registers written are named.
    unsafe {
        match len {
            ..=32 => asm!(
                "ldr q0, [{from}]", "ldr q1, [{from}, {last}]",
                "str q0, [{to}]", "str q1, [{to}, {last}]",
                from = in(reg) from, to = in(reg) to, last = in(reg) len - 16,
                out("v0") _, out("v1") _, options(nostack, preserves_flags)
            ),
            ..=64 => asm!(
                "ldp q0, q1, [{from}]", "ldp q2, q3, [{from_last}]",
                "stp q0, q1, [{to}]", "stp q2, q3, [{to_last}]",
                from = in(reg) from, to = in(reg) to,
                from_last = in(reg) from.add(len - 32), to_last = in(reg) to.add(len - 32),
                out("v0") _, out("v1") _, out("v2") _, out("v3") _, options(nostack, preserves_flags)
            ),
            _ => asm!(
                "2:",
                "ldp q0, q1, [{from}]", "ldp q2, q3, [{from}, #32]",
                "stp q0, q1, [{to}]", "stp q2, q3, [{to}, #32]",
                "add {from}, {from}, #64", "add {to}, {to}, #64",
                "cmp {from}, {from_last}", "b.lo 2b",
                "ldp q0, q1, [{from_last}]", "ldp q2, q3, [{from_last}, #32]",
                "stp q0, q1, [{to_last}]", "stp q2, q3, [{to_last}, #32]",
                from = inout(reg) from => _, to = inout(reg) to => _,
                from_last = in(reg) from.add(len - 64), to_last = in(reg) to.add(len - 64),
                out("v0") _, out("v1") _, out("v2") _, out("v3") _, options(nostack)
            ),
        }
    }
}

pub(super) use load as store;

/// Copies `len` bytes, up to 16, by assembly as well: for room that longer copies take in vectors.
///
/// # Safety
///
/// As [`load`].
#[inline(always)]
pub(super) unsafe fn short(from: *const u8, to: *mut u8, len: usize) {
    debug_assert!(len <= 16);
    macro_rules! both_ends {
        ($load:literal, $store:literal, $size:literal) => {
            asm!(
                concat!($load, ", [{from}]"), concat!($load, "2, [{from}, {last}]"),
                concat!($store, ", [{to}]"), concat!($store, "2, [{to}, {last}]"),
                from = in(reg) from, to = in(reg) to, last = in(reg) len - $size,
                out("x1") _, out("x12") _, options(nostack, preserves_flags)
            )
        };
    }
    // SAFETY: by the module's argument. The first piece starts at 0 and the last ends at `len`, which is
    // long enough for either. All registers written are named.
    unsafe {
        match len {
            0 => {}
            1 => asm!(
                "ldrb w1, [{from}]", "strb w1, [{to}]", from = in(reg) from, to = in(reg) to, out("x1") _,
                options(nostack, preserves_flags)
            ),
            2..4 => both_ends!("ldrh w1", "strh w1", 2),
            4..8 => both_ends!("ldr w1", "str w1", 4),
            _ => both_ends!("ldr x1", "str x1", 8),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    #[test]
    fn every_length_and_alignment() {
        let from: Vec<u8> = (0..800).map(|i| (i * 7 + i / 256) as u8 | 1).collect();
        for len in 17..=700 {
            for at in [0, 1, 8, 17, 32, 63] {
                let mut to = std::vec![0_u8; 900];
                // SAFETY: both sides have room for `len` bytes from there.
                unsafe { super::load(from.as_ptr().add(at), to.as_mut_ptr().add(64 + at), len) };
                assert_eq!(to[64 + at..][..len], from[at..][..len], "{len} bytes at {at}");
                assert!(to[..64 + at].iter().chain(&to[64 + at + len..]).all(|&byte| byte == 0), "{len} bytes at {at}");
            }
        }
        for len in 0..=16 {
            let mut to = [0_u8; 32];
            // SAFETY: as above.
            unsafe { super::short(from.as_ptr().add(3), to.as_mut_ptr().add(5), len) };
            assert_eq!(to[5..][..len], from[3..][..len], "{len} bytes");
            assert!(to[..5].iter().chain(&to[5 + len..]).all(|&byte| byte == 0), "{len} bytes");
        }
    }
}
