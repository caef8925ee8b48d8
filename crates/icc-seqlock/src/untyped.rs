//! Reading a cell whose payload's type is not known: its bytes.

use crate::primitive::{AtomicU64, Ordering::Relaxed};
use crate::seqlock::copy_checked;
use crate::{BeingWritten, copy};
use core::{fmt, marker::PhantomData, ptr::NonNull};

/// A handle that reads a [`Seqlock`](crate::Seqlock) of some type as bytes: for programs that learn
/// what a payload is only when they run, such as a command that shows any buffer.
///
/// A copy is never torn and never waited for, as with
/// [`try_read_into`](crate::Seqlock::try_read_into). What the bytes mean is the caller's to know.
#[derive(Clone, Copy)]
pub struct UntypedReader<'a> {
    version: &'a AtomicU64,
    payload: NonNull<u8>,
    size: usize,
    _cell: PhantomData<&'a [AtomicU64]>,
}

// SAFETY: it only reads, and only through atomics, bytes that any thread may read.
unsafe impl Send for UntypedReader<'_> {}
// SAFETY: as above.
unsafe impl Sync for UntypedReader<'_> {}

impl<'a> UntypedReader<'a> {
    /// Where the payload of a cell begins: after the version, at its own alignment.
    #[must_use]
    pub const fn payload_offset(align: usize) -> usize {
        if align > size_of::<AtomicU64>() { align } else { size_of::<AtomicU64>() }
    }

    /// The cell at `cell`, with a payload of this size and alignment.
    ///
    /// # Safety
    ///
    /// For as long as `'a`, `cell` is valid for reads of
    /// [`payload_offset(align)`](Self::payload_offset) + `size` bytes, all initialised, and aligned to
    /// 8 and to `align`, a power of two. Nobody accesses them other than as a
    /// [`Seqlock<T>`](crate::Seqlock), where `T` has exactly this size and alignment and may be sent
    /// between threads, or through this type.
    #[inline(always)]
    #[must_use]
    pub unsafe fn new(cell: NonNull<u8>, size: usize, align: usize) -> Self {
        // SAFETY: within what the caller promises.
        let payload = unsafe { cell.add(Self::payload_offset(align)) };
        // SAFETY: valid, aligned to 8, initialised, and accessed atomically alone: that is how a
        // cell's version is accessed.
        Self { version: unsafe { cell.cast().as_ref() }, payload, size, _cell: PhantomData }
    }

    /// The payload's size in bytes.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// See [`Seqlock::version`](crate::Seqlock::version).
    #[inline]
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    /// Copies the payload into `out` and returns its version, if one attempt succeeds. Never waits.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] if a write was under way or crossed the copy. `out` is then meaningless.
    ///
    /// # Panics
    ///
    /// If `out` is not as long as the payload.
    #[inline]
    pub fn try_read_into(&self, out: &mut [u8]) -> Result<u64, BeingWritten> {
        let version = self.version.load(Relaxed);
        if version & 1 == 1 {
            return Err(BeingWritten { version });
        }
        self.copy_out(version, out).map(|()| version)
    }

    /// Copies the payload into `out` if the cell stands at exactly `version`. Never waits.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found instead, before or after the copy. `out` is then
    /// meaningless.
    ///
    /// # Panics
    ///
    /// If `out` is not as long as the payload.
    #[inline]
    pub fn try_read_at(&self, version: u64, out: &mut [u8]) -> Result<(), BeingWritten> {
        let found = self.version.load(Relaxed);
        if found != version {
            return Err(BeingWritten { version: found });
        }
        self.copy_out(version, out)
    }

    /// Copies the bytes and checks that the version still is `seen`.
    fn copy_out(&self, seen: u64, out: &mut [u8]) -> Result<(), BeingWritten> {
        assert_eq!(out.len(), self.size, "the output is as long as the payload");
        copy_checked(self.version, seen, || {
            // SAFETY: the payload has `size` bytes, aligned to 8, since its offset is a multiple of 8
            // (it is 8, or a larger power of two) and the cell is aligned so. By the promise of
            // `new`, others access them as cells of that size alone, which `copy` copies in the same
            // way as here. `out` has as many bytes and is borrowed mutably; it is not in the cell,
            // which nobody has a `&mut` to.
            unsafe { copy::load_bytes(self.payload.as_ptr(), out.as_mut_ptr(), self.size) }
        })
    }
}

impl fmt::Debug for UntypedReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntypedReader").field("version", &self.version()).field("size", &self.size).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Payload, Seqlock};
    use bytemuck::{AnyBitPattern, NoUninit};
    use std::vec;

    fn untyped<T>(cell: &Seqlock<T>) -> UntypedReader<'_> {
        // SAFETY: it is a cell of that size and alignment, borrowed as long.
        unsafe { UntypedReader::new(NonNull::from_ref(cell).cast(), size_of::<T>(), align_of::<T>()) }
    }

    fn bytes_are_those_of<T: Payload>(value: T) {
        let mut out = vec![0; size_of::<T>()];
        let cell = Seqlock::new(value);
        let reader = untyped(&cell);
        assert_eq!((reader.try_read_into(&mut out), &out[..]), (Ok(0), bytemuck::bytes_of(&value)));
        cell.write(&T::zeroed());
        assert_eq!(reader.try_read_at(0, &mut out), Err(BeingWritten { version: 2 }));
        assert_eq!((reader.try_read_at(2, &mut out), reader.version()), (Ok(()), 2));
        assert!(out.iter().all(|&byte| byte == 0));
    }

    #[derive(Clone, Copy, NoUninit, AnyBitPattern)]
    #[repr(C, align(64))]
    struct Aligned([u8; 64]);

    #[test]
    fn every_size_and_alignment() {
        bytes_are_those_of(());
        bytes_are_those_of(0xa5_u8);
        bytes_are_those_of([0x1234_u16; 3]);
        bytes_are_those_of([7_u64; 2]);
        bytes_are_those_of([9_u8; 17]);
        bytes_are_those_of([0x0123_4567_u32; 14]);
        bytes_are_those_of([3_u8; 300]);
        bytes_are_those_of(u128::MAX / 3);
        bytes_are_those_of(Aligned([5; 64]));
    }

    #[test]
    #[should_panic(expected = "as long as the payload")]
    fn another_length_is_refused() {
        let cell = Seqlock::new(7_u64);
        let _ = untyped(&cell).try_read_into(&mut [0; 7]);
    }

    #[test]
    fn no_copy_is_torn() {
        let cell = Seqlock::new([0_u64; 7]);
        std::thread::scope(|scope| {
            let writer =
                scope.spawn(|| (1..=if cfg!(miri) { 200 } else { 200_000 }).for_each(|n| _ = cell.write(&[n; 7])));
            let (reader, mut out) = (untyped(&cell), [0; 56]);
            while !writer.is_finished() {
                if reader.try_read_into(&mut out).is_ok() {
                    assert!(out.chunks(8).all(|word| *word == out[..8]), "{out:?}");
                }
            }
        });
    }
}
