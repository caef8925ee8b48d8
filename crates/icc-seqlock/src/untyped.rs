//! A cell whose payload's type is not known: its bytes.

use crate::primitive::{AtomicU64, Ordering::Relaxed};
use crate::seqlock::copy_checked;
use crate::source::sealed::Store;
use crate::{BeingWritten, Seqlock, Source, copy};
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

    /// As [`try_read_into`](Self::try_read_into), of a size that is known when this is compiled: for loops
    /// over many cells.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// If the payload has another size.
    #[inline(always)]
    pub fn try_read_array<const SIZE: usize>(&self, out: &mut [u8; SIZE]) -> Result<u64, BeingWritten> {
        // Not `assert_eq`, which takes the size's address, so that each handle would have to be in memory.
        assert!(SIZE == self.size, "the output is as long as the payload: {SIZE} bytes");
        let version = self.version.load(Relaxed);
        if version & 1 == 1 {
            return Err(BeingWritten { version });
        }
        // SAFETY: as in `copy_out`.
        let copy = || unsafe { copy::load_bytes(self.payload.as_ptr(), out.as_mut_ptr(), SIZE) };
        copy_checked(self.version, version, copy).map(|()| version)
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
            unsafe { copy::load_any(self.payload.as_ptr(), out.as_mut_ptr(), self.size) }
        })
    }
}

/// A handle that writes a [`Seqlock`](crate::Seqlock) of some type as bytes: for programs that learn
/// what a payload is only when they run, such as one that replays what was recorded.
///
/// The version is that of a cell of `()`, which is written with [`PayloadBytes`] in place of a value: as
/// a cell of a known type is.
#[derive(Clone, Copy)]
pub struct UntypedWriter<'a> {
    reader: UntypedReader<'a>,
    cell: &'a Seqlock<()>,
}

impl<'a> UntypedWriter<'a> {
    /// The cell at `cell`, with a payload of this size and alignment.
    ///
    /// # Safety
    ///
    /// As [`UntypedReader::new`], and valid for writes as well. Any bytes are those of a value of the
    /// payload's type, for whoever reads it as one.
    #[inline(always)]
    #[must_use]
    pub unsafe fn new(cell: NonNull<u8>, size: usize, align: usize) -> Self {
        // SAFETY: passed on from the caller. A cell of nothing is a version alone, which is where and
        // how that of any cell is.
        unsafe { Self { reader: UntypedReader::new(cell, size, align), cell: cell.cast().as_ref() } }
    }

    /// The same cell, as a handle that cannot write.
    #[inline]
    #[must_use]
    pub fn reader(&self) -> UntypedReader<'a> {
        self.reader
    }

    /// Writes `bytes` as the only writer, and leaves the cell at `version`, which is even: see
    /// [`Seqlock::write_at`](crate::Seqlock::write_at).
    ///
    /// # Panics
    ///
    /// If `bytes` are not as many as the payload's.
    ///
    /// # Safety
    ///
    /// As [`Seqlock::write_at`](crate::Seqlock::write_at).
    #[inline]
    pub unsafe fn write_at(&self, version: u64, bytes: &[u8]) {
        let UntypedReader { payload, size, .. } = self.reader;
        assert_eq!(bytes.len(), size, "the bytes are as many as the payload's");
        let bytes = PayloadBytes { cells: NonNull::from_ref(self.cell).cast(), payload, last: 0, bytes };
        // SAFETY: passed on from the caller.
        unsafe { self.cell.write_at(version, bytes) };
    }
}

/// Bytes to be written as the payload of one of a row of cells: of whichever a write is of.
///
/// A write of a [`Seqlock<()>`](crate::Seqlock) takes it in place of a value. The cell must be one of the
/// row, each of which stands for a cell of the same type, which this program does not know.
// Invariant: a cell that is no more than `last` bytes behind `cells`, at a multiple of 8, has its payload
// as far behind `payload`: as many bytes as `bytes`, aligned to 8 and valid for writes as long as `'a`,
// which others access as cells of that size alone.
#[derive(Clone, Copy)]
pub struct PayloadBytes<'a> {
    cells: NonNull<u8>,
    payload: NonNull<u8>,
    last: usize,
    bytes: &'a [u8],
}

impl<'a> PayloadBytes<'a> {
    /// Bytes for one of the cells from `cells` on, the last of which begins `last` bytes behind it; of a
    /// type of this alignment.
    ///
    /// # Safety
    ///
    /// `cells` is valid for `last` bytes and, behind them, for a cell with a payload of as many bytes as
    /// `bytes`, all as [`UntypedWriter::new`] says of one cell.
    #[inline(always)]
    #[must_use]
    pub unsafe fn new(cells: NonNull<u8>, last: usize, align: usize, bytes: &'a [u8]) -> Self {
        // SAFETY: within what the caller promises.
        let payload = unsafe { cells.add(UntypedReader::payload_offset(align)) };
        Self { cells, payload, last, bytes }
    }
}

impl Source<()> for PayloadBytes<'_> {}

impl Store<()> for PayloadBytes<'_> {
    #[inline(always)]
    fn store_in(self, cell: &Seqlock<()>) {
        let distance = core::ptr::from_ref(cell).addr().wrapping_sub(self.cells.addr().get());
        assert!(distance <= self.last && distance & 7 == 0, "the cell is one of the row");
        // SAFETY: the payload of the cell, by the invariant: within the row, which holds by the promise of
        // `new`. (Of a reference that is between two of its cells, of which there is none but by a
        // layer's mistake, bytes of the row get mixed, and nothing else.) `bytes` are borrowed, so they do
        // not change, and initialised.
        unsafe { copy::store_any(self.payload.add(distance).as_ptr(), self.bytes.as_ptr(), self.bytes.len()) };
    }
}

impl fmt::Debug for PayloadBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadBytes").field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for UntypedWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UntypedWriter").field(&self.reader).finish()
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
    use crate::Payload;
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
        if let Some(out) = out.first_chunk_mut::<56>().filter(|_| size_of::<T>() == 56) {
            *out = [0; 56];
            assert_eq!((reader.try_read_array(out), &out[..]), (Ok(0), bytemuck::bytes_of(&value)));
        }
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

    fn written_as_bytes<T: Payload + PartialEq + core::fmt::Debug>(value: T) {
        let cell = Seqlock::new(T::zeroed());
        // SAFETY: it is a cell of that size and alignment, borrowed as long; all its accesses are
        // atomic, also of a shared reference.
        let writer = unsafe { UntypedWriter::new(NonNull::from_ref(&cell).cast(), size_of::<T>(), align_of::<T>()) };
        // SAFETY: nobody else writes.
        unsafe { writer.write_at(6, bytemuck::bytes_of(&value)) };
        let mut out = T::zeroed();
        assert_eq!((cell.try_read_into(&mut out), out), (Ok(6), value));
        assert_eq!((writer.reader().version(), writer.reader().size()), (6, size_of::<T>()));
    }

    #[test]
    fn what_is_written_as_bytes_is_read_as_a_value() {
        written_as_bytes(());
        written_as_bytes(0xa5_u8);
        written_as_bytes([7_u64; 2]);
        written_as_bytes([9_u8; 17]);
        written_as_bytes([0x0123_4567_u32; 14]);
        written_as_bytes(u128::MAX / 3);
        written_as_bytes([3_u8; 300]);
    }

    #[test]
    fn no_value_written_as_bytes_is_torn() {
        let cell = Seqlock::new([0_u64; 7]);
        // SAFETY: as in `written_as_bytes`.
        let writer = unsafe { UntypedWriter::new(NonNull::from_ref(&cell).cast(), 56, 8) };
        std::thread::scope(|scope| {
            let writing = scope.spawn(move || {
                for n in 1..=if cfg!(miri) { 200_u64 } else { 200_000 } {
                    // SAFETY: this thread alone writes.
                    unsafe { writer.write_at(2 * n, bytemuck::bytes_of(&[n; 7])) };
                }
            });
            while !writing.is_finished() {
                let mut out = [0; 7];
                if let Ok(version) = cell.try_read_into(&mut out) {
                    assert_eq!(out, [version / 2; 7]);
                }
            }
        });
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
