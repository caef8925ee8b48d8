//! Writer tags: the writer's id, encoded in an odd version.

/// A writer's id, as it stands in the odd versions that this writer makes.
///
/// For cells in shared memory, where a writer can die half-way and others must find out who it was. While a cell is being
/// written its version is odd, and nobody compares it with anything: its upper seven bits are free to name the writer. Even
/// versions have all 64 bits. A tagged cell has 57 bits left for the odd ones, so a version that a dead writer left behind is
/// known as long as the cell was written fewer than 2^56 times.
///
/// # Examples
///
/// ```
/// use icc_seqlock::Tag;
///
/// let tag = Tag::new(5).expect("less than 128");
/// let odd = tag.mark(8);
/// assert_eq!(odd & 1, 1);
/// assert_eq!((Tag::of(odd), Tag::completed(odd)), (tag, 8));
/// assert_eq!((Tag::of(8), Tag::completed(8)), (Tag::NONE, 8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(
    /// The number in its place, and the lowest bit set: all that a mark has besides the version.
    u64,
);

/// The bits of a tag in an odd version.
const BITS: u64 = 0x7f << SHIFT;
const SHIFT: u32 = 57;

impl Tag {
    /// No writer in particular: what a cell's own methods leave in the versions that they make odd.
    pub const NONE: Self = Self(1);

    /// The tag with this number, or none if it is more than 127. Number 0 is [`NONE`](Self::NONE).
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 128 { Some(Self((number as u64) << SHIFT | 1)) } else { None }
    }

    /// The number, up to 127.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u8 {
        (self.0 >> SHIFT) as u8
    }

    /// Whose mark a version is: [`NONE`](Self::NONE) if it is even.
    #[inline]
    #[must_use]
    pub const fn of(version: u64) -> Self {
        if version & 1 == 1 { Self(version & BITS | 1) } else { Self::NONE }
    }

    /// The odd version that this writer puts over `seen`.
    #[inline(always)]
    #[must_use]
    pub const fn mark(self, seen: u64) -> u64 {
        seen & !BITS | self.0
    }

    /// The version of the last complete write, from any version: an even one itself, else the even one before, without the tag.
    #[inline(always)]
    #[must_use]
    pub const fn completed(version: u64) -> u64 {
        if version & 1 == 1 { version & !(BITS | 1) } else { version }
    }
}
