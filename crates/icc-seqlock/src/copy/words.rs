//! The portable copy: relaxed atomic words, the tail in ever smaller ones.
//!
//! Both directions cut a payload into the same pieces at the same offsets, so no two accesses to
//! shared bytes ever differ in size. Nothing past the payload's last byte is touched.

use crate::primitive::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Cuts `len` bytes into words and calls `$piece!(Atomic, Word, offset)` for each.
macro_rules! in_pieces {
    ($len:expr, $piece:ident) => {{
        let len: usize = $len;
        let mut at = 0;
        while at + 8 <= len {
            $piece!(AtomicU64, u64, at);
            at += 8;
        }
        if len & 4 != 0 {
            $piece!(AtomicU32, u32, at);
            at += 4;
        }
        if len & 2 != 0 {
            $piece!(AtomicU16, u16, at);
            at += 2;
        }
        if len & 1 != 0 {
            $piece!(AtomicU8, u8, at);
        }
    }};
}

/// Copies `len` bytes out of shared memory.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for reads of `len` bytes, which no one accesses concurrently
/// other than through this module. `private` is valid for writes of `len` bytes and nobody else's.
#[inline(always)]
pub(super) unsafe fn load(shared: *const u8, private: *mut u8, len: usize) {
    macro_rules! piece {
        ($Atomic:ident, $Word:ident, $at:expr) => {{
            // SAFETY: the piece lies inside `len` bytes that are valid on both sides. It is
            // aligned: pieces come in falling size, so each starts at a multiple of its own size
            // from a base aligned to 8. Other accesses to these bytes are atomic ones of the same
            // size, as the caller grants.
            unsafe {
                let word = $Atomic::from_ptr(shared.add($at).cast_mut().cast()).load(Relaxed);
                private.add($at).cast::<$Word>().write_unaligned(word);
            }
        }};
    }
    in_pieces!(len, piece);
}

/// Copies `len` bytes into shared memory.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for writes of `len` bytes, which no one accesses concurrently
/// other than through this module. `private` is valid for reads of `len` initialised bytes that do
/// not change.
#[inline(always)]
pub(super) unsafe fn store(shared: *mut u8, private: *const u8, len: usize) {
    macro_rules! piece {
        ($Atomic:ident, $Word:ident, $at:expr) => {{
            // SAFETY: as in `load`, with the roles of the two sides swapped.
            unsafe {
                let word = private.add($at).cast::<$Word>().read_unaligned();
                $Atomic::from_ptr(shared.add($at).cast()).store(word, Relaxed);
            }
        }};
    }
    in_pieces!(len, piece);
}

/// Copies `len` bytes out of shared memory in whole words of eight bytes, of which the last one may hold
/// more.
///
/// # Safety
///
/// As [`load`], for as many bytes of `shared` as the words have.
#[allow(dead_code, reason = "used where there are no vectors")]
#[inline(always)]
pub(super) unsafe fn load_whole(shared: *const u8, private: *mut u8, len: usize) {
    for at in (0..len).step_by(8) {
        // SAFETY: the word is one of those that the caller grants, aligned to 8, and all accesses to it are
        // of this size. No more of it is stored than `len` bytes have room for.
        unsafe {
            let word = AtomicU64::from_ptr(shared.add(at).cast_mut().cast()).load(Relaxed).to_ne_bytes();
            private.add(at).copy_from_nonoverlapping(word.as_ptr(), (len - at).min(8));
        }
    }
}

/// Copies `len` bytes into shared memory in whole words of eight bytes, the last one filled up with zeros.
///
/// # Safety
///
/// As [`store`], for as many bytes of `shared` as the words have.
#[allow(dead_code, reason = "used where there are no vectors")]
#[inline(always)]
pub(super) unsafe fn store_whole(shared: *mut u8, private: *const u8, len: usize) {
    for at in (0..len).step_by(8) {
        let mut word = [0; 8];
        // SAFETY: as in `load_whole`, with the roles of the two sides swapped.
        unsafe {
            private.add(at).copy_to_nonoverlapping(word.as_mut_ptr(), (len - at).min(8));
            AtomicU64::from_ptr(shared.add(at).cast()).store(u64::from_ne_bytes(word), Relaxed);
        }
    }
}
