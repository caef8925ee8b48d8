//! A buffer whose slots hold words and a piece of bytes, for messages of any length.

use crate::placement::chosen;
use crate::{Buffer, BufferError, Placement, ReadOnlyBuffer, Spec};
use core::{fmt, ops::Deref, ptr::NonNull};
use icc_seqlock::{Piece, PieceReader};

/// A buffer to be read, each slot of which is a version, three words, and room for so many bytes: see
/// [`PieceReader`].
///
/// It derefs to a [`ReadOnlyBuffer<()>`], which sees the slots as cells that hold nothing: their
/// versions, the counters, who holds which id, where it is.
// Invariant: each slot has `PieceReader::OVERHEAD + room` bytes and is aligned to 8; `room` is a multiple of 8.
// In this process they are accessed as `PieceReader` says.
#[derive(Clone)]
pub struct PieceBuffer {
    versions: ReadOnlyBuffer<()>,
    room: usize,
}

impl PieceBuffer {
    /// The least bytes of a slot: with room for eight.
    pub const LEAST_SLOT: usize = PieceReader::OVERHEAD + 8;
    /// The most bytes of a slot.
    pub const MOST_SLOT: usize = 64 * 1024;

    /// Whether slots can have so many bytes: a multiple of 8, and neither too few nor too many.
    #[must_use]
    pub const fn can_have(slot_size: usize) -> bool {
        slot_size.is_multiple_of(8) && slot_size >= Self::LEAST_SLOT && slot_size <= Self::MOST_SLOT
    }

    /// # Safety
    ///
    /// The invariant, for slots of so many bytes, which they [can have](Self::can_have).
    pub(crate) unsafe fn new(versions: ReadOnlyBuffer<()>, slot_size: usize) -> Self {
        Self { versions, room: slot_size - PieceReader::OVERHEAD }
    }

    /// The most bytes of a piece.
    #[inline(always)]
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// The bytes of a slot, its version and words among them.
    #[must_use]
    pub fn slot_size(&self) -> usize {
        PieceReader::OVERHEAD + self.room
    }

    /// Slot `index`, or `None` past the end.
    #[inline(always)]
    #[must_use]
    pub fn piece(&self, index: usize) -> Option<PieceReader<'_>> {
        // SAFETY: the index was checked.
        (index < self.len()).then(|| unsafe { self.piece_unchecked(index) })
    }

    /// Slot `index`.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](ReadOnlyBuffer::len).
    #[inline(always)]
    #[must_use]
    pub unsafe fn piece_unchecked(&self, index: usize) -> PieceReader<'_> {
        // SAFETY: the caller's promise, and the invariant; the memory lives as long as this handle.
        unsafe { PieceReader::new(self.versions.cell_start(index), self.room) }
    }
}

impl Deref for PieceBuffer {
    type Target = ReadOnlyBuffer<()>;

    #[inline(always)]
    fn deref(&self) -> &ReadOnlyBuffer<()> {
        &self.versions
    }
}

impl fmt::Debug for PieceBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PieceBuffer")
            .field("slot_size", &self.slot_size())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A [`PieceBuffer`] that this program writes.
///
/// Its [`cells`](Self::cells) are those of a buffer whose slots hold nothing: counters, ids, and the
/// version of each slot. What a slot holds is written along with its version, by a write of that cell that
/// is given what [`to_write`](Self::to_write) returns.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Kind, Packed, PieceBufferMut, Spec};
///
/// let buffer = PieceBufferMut::private::<Packed>(64, Spec::new(Kind::new("example"), 4))?;
/// assert_eq!((buffer.room(), buffer.slot_size()), (32, 64));
/// let cell = buffer.cells::<Packed>().slot(3).expect("there are four");
/// // SAFETY: nobody else writes.
/// unsafe { cell.write_at(2, buffer.to_write([7, 0, 0], b"hello")) };
///
/// let (mut out, mut words) = (Vec::with_capacity(5), [0; 3]);
/// let read = buffer.piece(3).expect("there are four").try_read_at(2, |found| {
///     words = found;
///     &mut out.spare_capacity_mut()[..5]
/// });
/// assert_eq!((read, words), (Ok(()), [7, 0, 0]));
/// // SAFETY: so many were filled.
/// unsafe { out.set_len(5) };
/// assert_eq!(out, b"hello");
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
// Invariant: the memory is mapped for writing.
#[derive(Clone)]
pub struct PieceBufferMut(PieceBuffer);

impl PieceBufferMut {
    /// A buffer in memory of this process: see [`Buffer::private`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// If slots [cannot have](PieceBuffer::can_have) so many bytes.
    pub fn private<P: Placement>(slot_size: usize, spec: Spec) -> Result<Self, BufferError> {
        assert!(PieceBuffer::can_have(slot_size), "slots cannot have {slot_size} bytes");
        let versions = ReadOnlyBuffer::private(&spec, chosen::<P>(slot_size))?;
        // SAFETY: the stride is that of slots of so many bytes, aligned to 8.
        Ok(unsafe { Self::writable(versions, slot_size) })
    }

    /// # Safety
    ///
    /// As [`PieceBuffer::new`], and the memory is mapped for writing.
    pub(crate) unsafe fn writable(versions: ReadOnlyBuffer<()>, slot_size: usize) -> Self {
        // SAFETY: passed on from the caller.
        Self(unsafe { PieceBuffer::new(versions, slot_size) })
    }

    /// The same memory as a buffer whose slots hold nothing, for the layer above: to take ids, to count,
    /// and to write the slots' versions.
    ///
    /// A write of a cell of it is given a [piece](Self::to_write); else it changes the version and nothing
    /// else.
    #[inline(always)]
    #[must_use]
    pub fn cells<P: Placement>(&self) -> &Buffer<(), P> {
        // SAFETY: the memory is mapped for writing, by the invariant, and slots of `()` may be any
        // distance apart.
        unsafe { self.0.versions.as_writable() }
    }

    /// Words and bytes to write into a slot, as a write of one of the [`cells`](Self::cells) takes them.
    ///
    /// # Panics
    ///
    /// If the bytes are more than there is [room](PieceBuffer::room) for.
    #[inline(always)]
    #[must_use]
    pub fn to_write<'a>(&'a self, words: [u64; 3], bytes: &'a [u8]) -> Piece<'a> {
        let Self(buffer) = self;
        assert!(bytes.len() <= buffer.room, "a piece is no longer than its room");
        // SAFETY: there is at least one slot.
        let first: NonNull<u8> = unsafe { buffer.cell_start(0) };
        let last = (buffer.len() - 1) * buffer.stride();
        // SAFETY: the last is as far behind the first; all have the room, by the invariant, and are mapped
        // for writing.
        unsafe { Piece::new(first, last, words, bytes) }
    }
}

impl Deref for PieceBufferMut {
    type Target = PieceBuffer;

    #[inline(always)]
    fn deref(&self) -> &PieceBuffer {
        &self.0
    }
}

impl fmt::Debug for PieceBufferMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PieceBufferMut").field(&self.0).finish()
    }
}
