//! How far apart slots stand.

use icc_seqlock::Seqlock;

/// The bytes that cores hand to each other as one, on the processors this is tuned for.
const CACHE_LINE: usize = 64;
/// Two lines: x86-64 processors fetch a line's neighbour along with it.
const CACHE_LINE_PAIR: usize = 128;

/// How slots are placed: [`Packed`] or [`Padded`].
pub trait Placement: Send + Sync + 'static {
    /// Large slots take a multiple of this many bytes.
    #[doc(hidden)]
    const UNIT: usize;
    /// Whether slots that are smaller share a unit.
    #[doc(hidden)]
    const SHARED: bool;
}

/// Small slots share cache lines; none straddles more lines than it must.
///
/// Up to a line, slots stand at powers of two (an 8-byte message and its version take 16 bytes, four to a line); above, each
/// starts on a line of its own. For slots that one writer fills in order: several arrive with one line.
#[derive(Clone, Copy, Debug)]
pub struct Packed;

impl Placement for Packed {
    const UNIT: usize = CACHE_LINE;
    const SHARED: bool = true;
}

/// Every slot has cache lines of its own, away even from the prefetcher of neighbouring lines.
///
/// For slots that different cores write at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Padded;

impl Placement for Padded {
    const UNIT: usize = CACHE_LINE_PAIR;
    const SHARED: bool = false;
}

/// The distance between slots of `Seqlock<T>` in bytes: a constant, so that indexing takes a shift or a multiplication.
pub(crate) const fn stride<T, P: Placement>() -> usize {
    let (size, align) = (size_of::<Seqlock<T>>(), align_of::<Seqlock<T>>());
    if P::SHARED && size <= P::UNIT {
        // A power of two that is at least the size is a multiple of the alignment.
        size.next_power_of_two()
    } else {
        // Both are powers of two, so a multiple of the larger is one of both.
        size.next_multiple_of(if align > P::UNIT { align } else { P::UNIT })
    }
}
