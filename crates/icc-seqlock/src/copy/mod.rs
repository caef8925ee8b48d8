//! Copying a payload between shared and private memory, free of data races.
//!
//! There are two ways, and a payload's size and the target choose between them at compile time, the
//! same for both directions:
//!
//! - *Words* ([`words`]): relaxed atomic loads and stores of up to eight bytes.
//! - *Vectors* (64-bit `x86_64` with SSE2, `aarch64` with NEON, so not x32, nor targets without
//!   floating point such as those of kernels): inline assembly. To the compiler and the memory
//!   model it stands for relaxed atomic accesses of one byte each, in no particular order, some of
//!   them perhaps made twice. See `docs/memory-model.md`.
//!
//! The two must never meet on the same bytes, since atomic accesses of different sizes that overlap
//! are a race in Rust.
//!
//! Measured on one Zen 4 core, ns for a read into a buffer / an exclusive write, versions and
//! fences included:
//!
//! | payload | plain copy | words | 16-byte vectors | 32-byte | 64-byte | `rep movsb` |
//! |---|---|---|---|---|---|---|
//! | 8 B | 0.8 / 0.8 | 0.8 / 1.4 | | | | 3.8 / 3.8 |
//! | 16 B | 0.8 / 0.8 | 1.1 / 1.6 | 1.1 / 1.6 | | | 3.8 / 3.8 |
//! | 32 B | 1.1 / 1.1 | 1.6 / 2.2 | 1.1 / 1.6 | 1.4 / 1.7 | | 3.8 / 3.8 |
//! | 56 B | 1.6 / 1.6 | 2.5 / 3.0 | 1.6 / 2.2 | 1.4 / 1.6 | | 3.8 / 3.8 |
//! | 256 B | 4.1 / 4.1 | 7.1 / 7.3 | | 3.8 / 4.4 | 3.8 / 4.4 | 12.0 / 12.0 |
//! | 1 KiB | 11.7 / 11.3 | 26.8 / 26.8 | 17.6 / 18.1 (unaligned) | 10.0 / 10.0 | 11.0 / 10.6 | 18.3 / 18.2 |
//! | 4 KiB | 44.5 / 43.1 | 106 / 106 | 69.8 / 79.2 (unaligned) | 36.1 / 36.4 | 38.8 / 40.0 | 44.2 / 44.5 |
//! | 64 KiB | 1257 / 1250 | 2136 / 1875 | 1463 / 1335 (unaligned) | 1140 / 1138 | 1154 / 1148 | 1255 / 1251 |
//!
//! So: words up to 16 bytes, vectors above. A loop whose stores are aligned is what makes long
//! copies fast: without that, 32-byte vectors took 27.3 ns to write 2 KiB instead of 18.9.
//! `rep movsb` was nowhere the fastest, so it is not used.

mod prefetch;
#[cfg(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
mod registers;
#[cfg(all(
    all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
#[path = "aarch64.rs"]
mod vectors;
#[cfg(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
#[path = "x86_64.rs"]
mod vectors;
mod words;

pub use prefetch::{
    asks_ahead, pairs_lines, prefetch_cell, prefetch_cell_for_write, prefetch_for_write, prefetch_line,
};
pub(crate) use prefetch::{prefetch, prefetch_many_for_write};

/// The largest payload copied in words where there are vectors.
#[cfg(all(
    any(
        all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
        all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
    ),
    not(any(miri, icc_portable_copy))
))]
const WORDS_UP_TO: usize = 16;

/// Copies a `T` out of shared memory.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for reads of a `T`, whose bytes nobody accesses concurrently
/// other than through the functions of this module, for the same size. `private` is valid for writes
/// of a `T` and nobody else's.
#[inline(always)]
pub(crate) unsafe fn load<T>(shared: *const u8, private: *mut u8) {
    // SAFETY: passed on from the caller.
    unsafe { load_bytes(shared, private, size_of::<T>()) }
}

/// Whether a `T` of up to `most` bytes is copied by registers that the compiler knows of.
#[cfg(all(
    all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
    not(any(miri, icc_portable_copy))
))]
const fn stays_in_registers<T>(most: usize) -> bool {
    size_of::<T>() > WORDS_UP_TO && size_of::<T>() <= most && size_of::<T>().is_multiple_of(8)
}

/// Copies a `T` out of shared memory to where it will be moved from, and so best stays in registers.
///
/// # Safety
///
/// As [`load`].
#[inline(always)]
pub(crate) unsafe fn load_value<T>(shared: *const u8, private: *mut u8) {
    #[cfg(all(
        all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
        not(any(miri, icc_portable_copy))
    ))]
    if stays_in_registers::<T>(registers::MOST_LOADED) {
        // SAFETY: passed on from the caller; the size is one that it copies.
        return unsafe { registers::load(shared, private, size_of::<T>()) };
    }
    // SAFETY: passed on from the caller.
    unsafe { load::<T>(shared, private) }
}

/// Copies a payload of `size` bytes out of shared memory, in the way that is that size's.
///
/// # Safety
///
/// As [`load`], for any type of this size.
#[inline(always)]
pub(crate) unsafe fn load_bytes(shared: *const u8, private: *mut u8, size: usize) {
    #[cfg(all(
        any(
            all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
            all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
        ),
        not(any(miri, icc_portable_copy))
    ))]
    if size > WORDS_UP_TO {
        // SAFETY: passed on from the caller; more than 16 bytes. All concurrent accesses take this
        // same way.
        return unsafe { vectors::load(shared, private, size) };
    }
    // SAFETY: passed on from the caller.
    unsafe { words::load(shared, private, size) }
}

/// Copies a `T` into shared memory.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for writes of a `T`, whose bytes nobody accesses concurrently
/// other than through the functions of this module, for the same size. `private` is valid for reads of
/// a `T` that has no padding and does not change.
#[inline(always)]
pub(crate) unsafe fn store<T>(shared: *mut u8, private: *const u8) {
    #[cfg(all(
        all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
        not(any(miri, icc_portable_copy))
    ))]
    if stays_in_registers::<T>(registers::MOST_STORED) {
        // SAFETY: passed on from the caller; the size is one that it copies.
        return unsafe { registers::store(private, shared, size_of::<T>()) };
    }
    // SAFETY: passed on from the caller.
    unsafe { store_bytes(shared, private, size_of::<T>()) }
}

/// Copies a payload of `size` bytes into shared memory, in the way that is that size's.
///
/// # Safety
///
/// As [`store`], for any type of this size.
#[inline(always)]
pub(crate) unsafe fn store_bytes(shared: *mut u8, private: *const u8, size: usize) {
    #[cfg(all(
        any(
            all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
            all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
        ),
        not(any(miri, icc_portable_copy))
    ))]
    if size > WORDS_UP_TO {
        // SAFETY: as in `load_bytes`.
        return unsafe { vectors::store(private, shared, size) };
    }
    // SAFETY: passed on from the caller.
    unsafe { words::store(shared, private, size) }
}

/// [`load_bytes`] of a size that is known only when it runs: the usual ones have code of their own, without
/// loops.
///
/// # Safety
///
/// As [`load_bytes`].
#[inline]
pub(crate) unsafe fn load_any(shared: *const u8, private: *mut u8, size: usize) {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match size {
                $($size => load_bytes(shared, private, $size),)*
                _ => load_bytes(shared, private, size),
            }
        };
    }
    // SAFETY: passed on from the caller, who names the size.
    unsafe { sizes!(8 16 24 32 40 48 56 64) }
}

/// [`store_bytes`], as [`load_any`].
///
/// # Safety
///
/// As [`store_bytes`].
#[inline]
pub(crate) unsafe fn store_any(shared: *mut u8, private: *const u8, size: usize) {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match size {
                $($size => store_bytes(shared, private, $size),)*
                _ => store_bytes(shared, private, size),
            }
        };
    }
    // SAFETY: passed on from the caller, who names the size.
    unsafe { sizes!(8 16 24 32 40 48 56 64) }
}

/// Copies some bytes out of shared memory, of room for bytes of any number: in vectors, however few they
/// are, or in whole words.
///
/// # Safety
///
/// `shared` is aligned to 8 and valid for reads of `len` bytes, rounded up to a multiple of 8, which nobody
/// accesses concurrently other than through this function and [`store_piece`]. `private` is valid for
/// writes of `len` bytes and nobody else's.
// Not inlined, nor is the other: so that what calls it is, and keeps what it knows in registers.
#[inline(never)]
pub(crate) unsafe fn load_piece(shared: *const u8, private: *mut u8, len: usize) {
    #[cfg(all(
        any(
            all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
            all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
        ),
        not(any(miri, icc_portable_copy))
    ))]
    // SAFETY: passed on from the caller; each is called for the lengths that it asks for.
    unsafe {
        if len > WORDS_UP_TO {
            vectors::load(shared, private, len);
        } else {
            vectors::short(shared, private, len);
        }
    }
    #[cfg(not(all(
        any(
            all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
            all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
        ),
        not(any(miri, icc_portable_copy))
    )))]
    // SAFETY: passed on from the caller.
    unsafe {
        words::load_whole(shared, private, len);
    }
}

/// Copies some bytes into shared memory, as [`load_piece`] copies them out.
///
/// # Safety
///
/// As there, with `shared` valid for writes, and `private` for reads of `len` initialised bytes that do
/// not change.
#[inline(never)]
pub(crate) unsafe fn store_piece(shared: *mut u8, private: *const u8, len: usize) {
    #[cfg(all(
        any(
            all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
            all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
        ),
        not(any(miri, icc_portable_copy))
    ))]
    // SAFETY: as in `load_piece`.
    unsafe {
        if len > 64 {
            // Not `store`, which is for what was just written field by field: most of this was not.
            vectors::load(private, shared, len);
        } else if len > WORDS_UP_TO {
            vectors::store(private, shared, len);
        } else {
            vectors::short(private, shared, len);
        }
    }
    #[cfg(not(all(
        any(
            all(target_arch = "x86_64", target_feature = "sse2", target_pointer_width = "64"),
            all(target_arch = "aarch64", target_feature = "neon", target_pointer_width = "64")
        ),
        not(any(miri, icc_portable_copy))
    )))]
    // SAFETY: passed on from the caller.
    unsafe {
        words::store_whole(shared, private, len);
    }
}
