//! Writer tags: the writer's id, encoded in an odd version.

/// A writer's id, as the odd versions that this writer stores contain it.
///
/// For cells in shared memory, where a writer can die in mid-write and others must find out which
/// one it was. While a cell is being written its version is odd and not compared with anything, so
/// its upper seven bits can name the writer. Even versions have all 64 bits. A tagged cell has 57
/// bits left for the odd ones, so a version that a dead writer left behind is known as long as the
/// cell was written fewer than 2^56 times.
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
    /// The number in its place, and the lowest bit set: what a mark adds to the version.
    u64,
);

/// The bits of a tag in an odd version.
const BITS: u64 = 0x7f << SHIFT;
const SHIFT: u32 = 57;

impl Tag {
    /// No particular writer: the tag of the odd versions that a cell's own methods store.
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

    /// The tag of a version: [`NONE`](Self::NONE) if it is even.
    #[inline]
    #[must_use]
    pub const fn of(version: u64) -> Self {
        if version & 1 == 1 { Self(version & BITS | 1) } else { Self::NONE }
    }

    /// The odd version that this writer stores over `seen`.
    #[inline(always)]
    #[must_use]
    pub const fn mark(self, seen: u64) -> u64 {
        seen & !BITS | self.0
    }

    /// The version of the last complete write, from any version: an even one itself, else the even
    /// one before, without the tag.
    #[inline(always)]
    #[must_use]
    pub const fn completed(version: u64) -> u64 {
        if version & 1 == 1 { version & !(BITS | 1) } else { version }
    }
}
