//! How far apart slots are.

use core::marker::PhantomData;
use icc_seqlock::Seqlock;

/// The unit in which cores exchange memory, on the processors this is tuned for.
const CACHE_LINE: usize = 64;
/// Two lines: x86-64 processors fetch a line's neighbour along with it.
const CACHE_LINE_PAIR: usize = 128;

/// How slots are placed: [`Packed`] or [`Padded`], and nothing else.
///
/// ```compile_fail,E0277
/// struct Mine;
/// impl icc_buffer::Placement for Mine {}
/// ```
pub trait Placement: sealed::Unit {}

/// Small slots share cache lines; none straddles more lines than it must.
///
/// Up to a line, slots are a power of two apart (an 8-byte message and its version take 16 bytes,
/// four to a line); above, each starts on its own line. For slots that one writer fills in order:
/// several arrive with one line.
#[derive(Clone, Copy, Debug)]
pub struct Packed;

/// Every slot has its own cache lines, out of reach even of the prefetcher of neighbouring lines.
///
/// For slots that different cores write at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Padded;

impl Placement for Packed {}
impl Placement for Padded {}

/// The distance between slots of `Seqlock<T>` in bytes: a constant, so that indexing takes a shift
/// or a multiplication.
///
/// At least the size of the slot, and a multiple of its alignment.
pub(crate) const fn stride<T, P: Placement>() -> usize {
    stride_of::<P>(size_of::<Seqlock<T>>(), align_of::<Seqlock<T>>())
}

/// The distance between slots of this size and alignment, a power of two, of which the size is a
/// multiple. `size` is less than half of the address space.
pub(crate) const fn stride_of<P: Placement>(size: usize, align: usize) -> usize {
    if P::SHARED && size <= P::UNIT {
        // A power of two that is at least the size is a multiple of the alignment.
        size.next_power_of_two()
    } else {
        // Both are powers of two, so a multiple of the larger is one of both.
        size.next_multiple_of(if align > P::UNIT { align } else { P::UNIT })
    }
}

/// The distance between slots of `Seqlock<T>`, of one of the two placements, known at run time
/// alone.
///
/// It is kept as a shift where it is a power of two in both placements: an index then takes one
/// cycle, and not the three of a multiplication, on the way to each slot.
pub(crate) struct Step<T>(usize, PhantomData<fn() -> T>);

impl<T> Step<T> {
    const SHIFTS: bool =
        !Self::ANY && stride::<T, Packed>().is_power_of_two() && stride::<T, Padded>().is_power_of_two();
    /// Slots that hold nothing may be any distance apart: they stand for slots of a type that is not
    /// known.
    const ANY: bool = size_of::<T>() == 0;

    /// `stride` is that of a placement. Of another one, which may be no power of two, the shift
    /// would be less than a slot.
    pub(crate) const fn of(stride: usize) -> Self {
        debug_assert!(Self::ANY || Self::is_one(stride as u64));
        Self(if Self::SHIFTS { stride.trailing_zeros() as usize } else { stride }, PhantomData)
    }

    /// Whether a placement has this distance.
    pub(crate) const fn is_one(stride: u64) -> bool {
        stride == self::stride::<T, Packed>() as u64 || stride == self::stride::<T, Padded>() as u64
    }

    /// The distance of so many slots, which is within the address space.
    #[inline(always)]
    pub(crate) const fn times(self, slots: usize) -> usize {
        if Self::SHIFTS { slots << (self.0 & 63) } else { slots * self.0 }
    }
}

impl<T> Clone for Step<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Step<T> {}

/// Sealed: the distance between slots depends on these.
mod sealed {
    use super::{CACHE_LINE, CACHE_LINE_PAIR, Packed, Padded};

    pub trait Unit: Send + Sync + 'static {
        /// Large slots take a multiple of this many bytes, a power of two.
        const UNIT: usize;
        /// Whether slots that are smaller share a unit.
        const SHARED: bool;
    }

    impl Unit for Packed {
        const UNIT: usize = CACHE_LINE;
        const SHARED: bool = true;
    }

    impl Unit for Padded {
        const UNIT: usize = CACHE_LINE_PAIR;
        const SHARED: bool = false;
    }
}
