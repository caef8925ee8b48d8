//! How far apart slots are.

use core::marker::PhantomData;
use icc_seqlock::{Seqlock, primitive::pairs_lines};

/// The unit in which cores exchange memory, on the processors this is tuned for.
const CACHE_LINE: usize = 64;
/// Two lines: x86-64 processors fetch a line's neighbour along with it.
const CACHE_LINE_PAIR: usize = 128;

/// How slots are placed: [`Packed`], [`Padded`] or [`OwnLines`], and nothing else.
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

/// Every slot has its own cache lines. A slot that fits a line has just that one, on processors that are faster so; all
/// others are placed as by [`Padded`]. Who creates the memory chooses, and the others find it in the header.
///
/// For slots that different cores write one after the other.
#[derive(Clone, Copy, Debug)]
pub struct OwnLines;

impl Placement for Packed {}
impl Placement for OwnLines {}
impl Placement for Padded {}

/// The distance between slots of `Seqlock<T>` in bytes, unless it is [chosen](chosen): a constant, so that indexing takes
/// a shift or a multiplication.
///
/// At least the size of the slot, and a multiple of its alignment.
pub(crate) const fn stride<T, P: Placement>() -> usize {
    stride_of::<P>(size_of::<Seqlock<T>>())
}

/// The distance between slots of this size. The size is a multiple of their alignment, a power of two, and so is the distance.
/// `size` is less than half of the address space.
pub(crate) const fn stride_of<P: Placement>(size: usize) -> usize {
    if P::SHARED && size <= P::UNIT {
        // A power of two that is at least the size is a multiple of the alignment.
        size.next_power_of_two()
    } else {
        // So is a multiple of the unit, a power of two; and where the alignment is more than that, the size is one of both.
        size.next_multiple_of(P::UNIT)
    }
}

/// The distance between slots of this size that are created here. `size` is as for [`stride_of`].
pub(crate) fn chosen<P: Placement>(size: usize) -> usize {
    let [usual, other] = possible::<P>(size);
    if pairs_lines() { usual } else { other }
}

/// The distances between slots of this size: the usual one, and the other that may have been [chosen](chosen), if there
/// is one. `size` is as for [`stride_of`].
pub(crate) const fn possible<P: Placement>(size: usize) -> [usize; 2] {
    let usual = stride_of::<P>(size);
    // A line is a multiple of the alignment of what fits it, a power of two.
    [usual, if P::CHOSEN && size <= CACHE_LINE { CACHE_LINE } else { usual }]
}

/// The distance between slots of `Seqlock<T>`, of one of the placements, known at run time alone.
///
/// It is kept as a shift where it is a power of two in both placements: an index then takes one
/// cycle, and not the three of a multiplication, on the way to each slot.
pub(crate) struct Step<T>(usize, PhantomData<fn() -> T>);

impl<T> Step<T> {
    /// What is chosen in place of a pair of lines is a line, and so a power of two as well.
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
        let [pair, line] = possible::<OwnLines>(size_of::<Seqlock<T>>());
        stride == self::stride::<T, Packed>() as u64 || stride == pair as u64 || stride == line as u64
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
    use super::{CACHE_LINE, CACHE_LINE_PAIR, OwnLines, Packed, Padded};

    pub trait Unit: Send + Sync + 'static {
        /// Large slots take a multiple of this many bytes, a power of two.
        const UNIT: usize;
        /// Whether slots that are smaller share a unit.
        const SHARED: bool;
        /// Whether who creates the memory chooses: a line in place of a pair.
        const CHOSEN: bool;
    }

    impl Unit for Packed {
        const UNIT: usize = CACHE_LINE;
        const SHARED: bool = true;
        const CHOSEN: bool = false;
    }

    impl Unit for Padded {
        const UNIT: usize = CACHE_LINE_PAIR;
        const SHARED: bool = false;
        const CHOSEN: bool = false;
    }

    impl Unit for OwnLines {
        const UNIT: usize = CACHE_LINE_PAIR;
        const SHARED: bool = false;
        const CHOSEN: bool = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least distance that will do, by search.
    fn least<P: Placement>(size: usize, align: usize) -> usize {
        let fits = |stride: &usize| {
            let in_lines = stride.is_multiple_of(P::UNIT);
            let in_a_line = P::SHARED && *stride <= P::UNIT && stride.is_power_of_two();
            *stride >= size && stride.is_multiple_of(align) && (in_lines || in_a_line)
        };
        (1..).find(fits).unwrap()
    }

    #[test]
    fn slots_are_as_close_as_lines_and_alignment_let_them() {
        for align in [8, 16, 32, 64, 128, 256, 1024] {
            for size in (align..1_200).step_by(align) {
                let expected = (least::<Packed>(size, align), least::<Padded>(size, align));
                assert_eq!((stride_of::<Packed>(size), stride_of::<Padded>(size)), expected, "{size}");
            }
        }
    }

    #[test]
    fn a_line_can_be_chosen_where_a_slot_fits_it() {
        for (size, strides) in [(8, [128, 64]), (16, [128, 64]), (64, [128, 64]), (72, [128; 2]), (136, [256; 2])] {
            assert_eq!(possible::<OwnLines>(size), strides, "{size}");
            assert!(strides.contains(&chosen::<OwnLines>(size)));
            assert_eq!(chosen::<OwnLines>(size) == strides[0], pairs_lines() || strides[0] == strides[1], "{size}");
            assert_eq!(possible::<Padded>(size), [stride_of::<Padded>(size); 2]);
            assert_eq!(chosen::<Packed>(size), stride_of::<Packed>(size));
        }
    }

    fn steps<T>() {
        let [pair, line] = possible::<OwnLines>(size_of::<Seqlock<T>>());
        for stride in [stride::<T, Packed>(), stride::<T, Padded>(), pair, line] {
            assert!(Step::<T>::is_one(stride as u64));
            for slots in [0, 1, 2, 3, 7, 1_000] {
                assert_eq!(Step::<T>::of(stride).times(slots), stride * slots, "{}", size_of::<T>());
            }
        }
        for other in [0, 1, 8, 24, 1 << 20] {
            assert!(!Step::<T>::is_one(other));
        }
    }

    /// Of powers of two in both placements, in one, and in none.
    #[test]
    fn a_step_is_a_distance() {
        steps::<u64>();
        steps::<[u64; 7]>();
        steps::<[u64; 15]>();
        steps::<[u64; 18]>();
        steps::<[u64; 32]>();
        steps::<[u64; 31]>();
        steps::<[u64; 1_000]>();
    }

    /// Slots of no type may be any distance apart.
    #[test]
    fn a_step_of_unknown_slots_is_any_distance() {
        for stride in [8, 16, 24, 1_000, 4_096] {
            assert_eq!(Step::<()>::of(stride).times(5), 5 * stride);
        }
    }
}
