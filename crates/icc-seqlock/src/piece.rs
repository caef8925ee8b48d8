//! A cell that holds some words and a piece of bytes, of any number up to its room.

use crate::primitive::{AtomicU64, Ordering::Relaxed};
use crate::seqlock::copy_checked;
use crate::source::sealed::Store;
use crate::{BeingWritten, Seqlock, Source, copy};
use core::{fmt, marker::PhantomData, mem::MaybeUninit, ptr::NonNull};

/// How many words there are before the bytes.
const WORDS: usize = 3;
/// Where the words begin: after the version.
const WORDS_AT: usize = size_of::<AtomicU64>();
/// Where the bytes begin.
const BYTES_AT: usize = WORDS_AT + WORDS * size_of::<AtomicU64>();

/// A handle that reads a cell of three words and a piece of bytes: for messages of any length, which take
/// as many cells as they need.
///
/// The layout is fixed: the version at offset 0, the words at 8, 16 and 24, the bytes from 32 on. A write
/// stores the words and as many bytes as its piece has; what lies behind those stays. The words say how
/// many they are, in a way that is the caller's.
#[derive(Clone, Copy)]
pub struct PieceReader<'a> {
    version: &'a AtomicU64,
    words: &'a [AtomicU64; WORDS],
    bytes: NonNull<u8>,
    room: usize,
    _cell: PhantomData<&'a [AtomicU64]>,
}

// SAFETY: it only reads, and only through atomics, bytes that any thread may read.
unsafe impl Send for PieceReader<'_> {}
// SAFETY: as above.
unsafe impl Sync for PieceReader<'_> {}

impl<'a> PieceReader<'a> {
    /// What a cell takes beside the room for its bytes.
    pub const OVERHEAD: usize = BYTES_AT;

    /// The cell at `cell`, with room for so many bytes.
    ///
    /// # Safety
    ///
    /// For as long as `'a`, `cell` is valid for reads of [`OVERHEAD`](Self::OVERHEAD) + `room` bytes, all
    /// initialised, and aligned to 8; `room` is a multiple of 8. Nobody accesses them other than through
    /// this type and by writes of a [`Piece`].
    #[inline(always)]
    #[must_use]
    pub unsafe fn new(cell: NonNull<u8>, room: usize) -> Self {
        // SAFETY: within what the caller promises: valid, aligned, initialised, and the version and the
        // words are accessed as atomic words alone.
        unsafe {
            Self {
                version: cell.cast().as_ref(),
                words: cell.add(WORDS_AT).cast().as_ref(),
                bytes: cell.add(BYTES_AT),
                room,
                _cell: PhantomData,
            }
        }
    }

    /// The most bytes that a piece can have.
    #[inline(always)]
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// See [`Seqlock::version`](crate::Seqlock::version).
    #[inline(always)]
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    /// Copies the piece if the cell stands at exactly `version`. Never waits.
    ///
    /// `place` gets the words and says where the first bytes of the piece go, and so how many are copied.
    /// The words may be torn, or whatever somebody wrote there: it must take them for no more than a
    /// proposal. After `Ok` they were not torn, and the slice that `place` gave is filled.
    ///
    /// # Errors
    ///
    /// [`BeingWritten`] with the version found instead, before or after the copy. What `place` gave is then
    /// meaningless if it was called.
    ///
    /// # Panics
    ///
    /// If `place` gives more than there is [room](Self::room) for.
    #[inline(always)]
    pub fn try_read_at<'o>(
        &self,
        version: u64,
        place: impl FnOnce([u64; WORDS]) -> &'o mut [MaybeUninit<u8>],
    ) -> Result<(), BeingWritten> {
        let found = self.version.load(Relaxed);
        if found != version {
            // As in `Seqlock::try_read_at`.
            copy::prefetch(self.bytes.as_ptr().wrapping_sub(BYTES_AT), BYTES_AT + self.room, found & 1 == 1);
            return Err(BeingWritten { version: found });
        }
        copy_checked(self.version, version, || {
            let [first, second, third] = self.words;
            let out = place([first.load(Relaxed), second.load(Relaxed), third.load(Relaxed)]);
            assert!(out.len() <= self.room, "a piece is no longer than its room");
            // SAFETY: the cell has room for so many bytes, aligned to 8, since the cell is and 32 is a
            // multiple of 8, and up to the next multiple of 8, since the room is one. By the promise of
            // `new`, others access them as pieces alone. `out` is borrowed mutably; it is not in the cell,
            // which nobody has a `&mut` to.
            unsafe { copy::load_piece(self.bytes.as_ptr(), out.as_mut_ptr().cast(), out.len()) }
        })
    }
}

/// Words and bytes to be written into one of a row of cells: into whichever a write is of.
///
/// A write of a [`Seqlock<()>`](crate::Seqlock), which stands for the cell's version, takes it in place of a
/// value. The cell must be one of the row.
// Invariant: a cell that is no more than `last` bytes behind `cells`, at a multiple of 8, is valid for writes
// as long as `'a` and has room for `bytes`, as `PieceReader::new` says.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    cells: NonNull<u8>,
    last: usize,
    words: [u64; WORDS],
    bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    /// What to write into one of the cells from `cells` on, the last of which begins `last` bytes behind it.
    ///
    /// # Safety
    ///
    /// `cells` is valid for `last` bytes and, behind them, for a cell with room for at least as many bytes
    /// as `bytes` are, all as [`PieceReader::new`] says of one cell, and for writes.
    #[inline(always)]
    #[must_use]
    pub unsafe fn new(cells: NonNull<u8>, last: usize, words: [u64; WORDS], bytes: &'a [u8]) -> Self {
        Self { cells, last, words, bytes }
    }
}

impl Source<()> for Piece<'_> {}

impl Store<()> for Piece<'_> {
    #[inline(always)]
    fn store_in(self, cell: &Seqlock<()>) {
        let distance = core::ptr::from_ref(cell).addr().wrapping_sub(self.cells.addr().get());
        assert!(distance <= self.last && distance & 7 == 0, "the cell is one of the row");
        // SAFETY: within the row, which holds by the promise of `new`.
        let cell = unsafe { self.cells.add(distance) };
        // SAFETY: a cell of the row, by the invariant. (Of a reference that is between two of them, of which
        // there is none but by a layer's mistake, bytes of the row get mixed, and nothing else.) Its words are
        // accessed as atomic words alone. `bytes` are borrowed, so they do not change, and initialised.
        unsafe {
            let words = cell.add(WORDS_AT).cast::<[AtomicU64; WORDS]>().as_ref();
            for (word, value) in words.iter().zip(self.words) {
                word.store(value, Relaxed);
            }
            copy::store_piece(cell.add(BYTES_AT).as_ptr(), self.bytes.as_ptr(), self.bytes.len());
        }
    }
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("words", &self.words).field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for PieceReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PieceReader").field("version", &self.version()).field("room", &self.room).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Two cells of 40 words.
    const STRIDE: usize = 320;
    const ROOM: usize = STRIDE - PieceReader::OVERHEAD;

    struct Row(Vec<AtomicU64>);

    impl Row {
        fn new() -> Self {
            Self((0..2 * STRIDE / 8).map(|_| AtomicU64::new(0)).collect())
        }

        fn start(&self, index: usize) -> NonNull<u8> {
            NonNull::new(self.0.as_ptr().cast_mut().wrapping_add(index * STRIDE / 8).cast()).unwrap()
        }

        fn reader(&self, index: usize) -> PieceReader<'_> {
            // SAFETY: two such cells, which these tests access in no other way.
            unsafe { PieceReader::new(self.start(index), ROOM) }
        }

        fn write(&self, index: usize, version: u64, words: [u64; 3], bytes: &[u8]) {
            assert!(bytes.len() <= ROOM);
            // SAFETY: as in `reader`; each test has one writer.
            unsafe {
                let cell: &Seqlock<()> = self.start(index).cast().as_ref();
                cell.write_at(version, Piece::new(self.start(0), STRIDE, words, bytes));
            }
        }
    }

    fn place(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the same bytes, into which initialised ones are copied.
        unsafe { &mut *(core::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) }
    }

    #[test]
    fn every_length_is_read_as_it_was_written() {
        let row = Row::new();
        let from: Vec<u8> = (0..ROOM).map(|i| (i * 7 + i / 256) as u8 | 1).collect();
        for (round, len) in (0..=ROOM).enumerate() {
            let (index, version) = (round & 1, 2 * round as u64 + 2);
            row.write(index, version, [len as u64, 2, u64::MAX], &from[..len]);
            let (mut out, mut words) = ([0; ROOM + 8], [0; 3]);
            let read = row.reader(index).try_read_at(version, |found| {
                words = found;
                place(&mut out[4..4 + found[0] as usize])
            });
            assert_eq!((read, words), (Ok(()), [len as u64, 2, u64::MAX]));
            assert_eq!(&out[4..4 + len], &from[..len]);
            assert!(out[..4].iter().chain(&out[4 + len..]).all(|&byte| byte == 0), "{len} bytes");
            let other = row.reader(index).try_read_at(version + 2, |_| unreachable!());
            assert_eq!(other, Err(BeingWritten { version }));
        }
    }

    #[test]
    #[should_panic(expected = "no longer than its room")]
    fn no_more_is_read_than_there_is() {
        let mut out = [MaybeUninit::uninit(); ROOM + 1];
        _ = Row::new().reader(0).try_read_at(0, |_| &mut out);
    }

    #[test]
    fn no_piece_is_torn() {
        let row = Row::new();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                for n in 1..=if cfg!(miri) { 200_u64 } else { 200_000 } {
                    let len = n as usize % (ROOM + 1);
                    row.write(0, 2 * n, [n, len as u64, !n], &[n as u8; ROOM][..len]);
                }
            });
            while !writing.is_finished() {
                let (mut out, mut words) = ([0; ROOM], [0; 3]);
                let version = row.reader(0).version();
                let read = row.reader(0).try_read_at(version & !1, |found| {
                    words = found;
                    place(&mut out[..(found[1] as usize).min(ROOM)])
                });
                if read.is_ok() && version & 1 == 0 && version != 0 {
                    let n = version / 2;
                    let len = n as usize % (ROOM + 1);
                    assert_eq!(words, [n, len as u64, !n]);
                    assert!(out[..len].iter().all(|&byte| byte == n as u8));
                }
            }
        });
    }
}
