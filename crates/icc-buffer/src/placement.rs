//! How far apart slots stand.

use icc_seqlock::Seqlock;

/// The bytes that cores hand to each other as one, on the processors this is tuned for.
const CACHE_LINE: usize = 64;
/// Two lines: x86-64 processors fetch a line's neighbour along with it.
const CACHE_LINE_PAIR: usize = 128;

/// How slots are placed: [`Packed`] or [`Padded`].
pub trait Placement: Send + Sync + 'static {
    /// The distance from one slot to the next, for a cell of `size` bytes aligned to `align`.
    #[doc(hidden)]
    fn stride(size: usize, align: usize) -> usize;
}

/// Small slots share cache lines; none straddles more lines than it must.
///
/// Up to a line, slots stand at powers of two (an 8-byte message and its version take 16 bytes, four to a line); above, each
/// starts on a line of its own. For slots that one writer fills in order: several arrive with one line.
#[derive(Clone, Copy, Debug)]
pub struct Packed;

impl Placement for Packed {
    fn stride(size: usize, align: usize) -> usize {
        if size <= CACHE_LINE {
            size.next_power_of_two().max(align)
        } else {
            size.next_multiple_of(CACHE_LINE.max(align))
        }
    }
}

/// Every slot has cache lines of its own, away even from the prefetcher of neighbouring lines.
///
/// For slots that different cores write at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Padded;

impl Placement for Padded {
    fn stride(size: usize, align: usize) -> usize {
        size.next_multiple_of(CACHE_LINE_PAIR.max(align))
    }
}

/// The distance between slots of `Seqlock<T>` in bytes.
pub(crate) fn stride<T, P: Placement>() -> usize {
    P::stride(size_of::<Seqlock<T>>(), align_of::<Seqlock<T>>())
}
