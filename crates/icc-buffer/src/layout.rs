//! Where the parts of a buffer lie: header, texts, counters, slots.

use crate::{BufferError, counter::CounterLine};
use icc_seqlock::Seqlock;

/// The header's size.
pub(crate) const HEADER_BYTES: usize = 512;

/// Offsets and sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) counters_offset: usize,
    pub(crate) slots_offset: usize,
    pub(crate) stride: usize,
    pub(crate) total_size: usize,
    pub(crate) align: usize,
}

impl Layout {
    /// For `len` slots of a `T` `stride` bytes apart, with this many counters and texts of this many bytes
    /// behind the header.
    ///
    /// `stride` is at least the size of a slot and a multiple of its alignment: the caller's duty.
    pub(crate) fn new<T>(len: usize, stride: usize, counters: usize, texts: usize) -> Result<Self, BufferError> {
        Self::of_slots(len, stride, align_of::<Seqlock<T>>(), counters, texts)
    }

    /// As [`new`](Self::new), for slots of this alignment, a power of two of which `stride` is a
    /// multiple.
    pub(crate) fn of_slots(
        len: usize,
        stride: usize,
        slot_align: usize,
        counters: usize,
        texts: usize,
    ) -> Result<Self, BufferError> {
        if len == 0 {
            return Err(BufferError::Empty);
        }
        let align = align_of::<CounterLine>().max(slot_align);
        let room = isize::MAX as usize - align;
        let counters_offset = HEADER_BYTES
            .checked_add(texts)
            .and_then(|bytes| bytes.checked_next_multiple_of(align_of::<CounterLine>()))
            .unwrap_or(usize::MAX);
        let slots_offset = counters
            .checked_mul(size_of::<CounterLine>())
            .and_then(|bytes| bytes.checked_add(counters_offset)?.checked_next_multiple_of(align));
        let total_size =
            slots_offset.and_then(|offset| len.checked_mul(stride)?.checked_add(offset)).filter(|&total| total <= room);
        match (slots_offset, total_size) {
            (Some(slots_offset), Some(total_size)) => {
                Ok(Self { counters_offset, slots_offset, stride, total_size, align })
            }
            (slots_offset, _) => {
                let max = room.saturating_sub(slots_offset.unwrap_or(room)) / stride;
                Err(BufferError::TooLarge { len, stride, max })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::stride;
    use crate::{Packed, Padded};

    #[test]
    fn parts_do_not_overlap_and_are_aligned() {
        let layout = Layout::new::<[u64; 7]>(5, 64, 3, 0).unwrap();
        assert_eq!(layout.counters_offset, 512);
        assert_eq!(layout.slots_offset, 512 + 3 * 128);
        assert_eq!(layout.total_size, layout.slots_offset + 5 * 64);
        let described = Layout::new::<[u64; 7]>(5, 64, 3, 129).unwrap();
        assert_eq!((described.counters_offset, described.slots_offset), (512 + 256, 512 + 256 + 3 * 128));
    }

    #[test]
    fn strides() {
        assert_eq!(stride::<u64, Packed>(), 16);
        assert_eq!(stride::<[u64; 3], Packed>(), 32);
        assert_eq!(stride::<[u8; 57], Packed>(), 128);
        assert_eq!(stride::<[u64; 32], Packed>(), 320);
        assert_eq!(stride::<u64, Padded>(), 128);
        assert_eq!(stride::<[u64; 32], Padded>(), 384);
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors_that_say_what_does() {
        assert_eq!(Layout::new::<u64>(0, 16, 3, 0).err(), Some(BufferError::Empty));
        for len in [usize::MAX, usize::MAX / 16, isize::MAX as usize / 16] {
            let Err(BufferError::TooLarge { len: asked, stride: 16, max }) = Layout::new::<u64>(len, 16, 3, 0) else {
                panic!("{len} slots were accepted");
            };
            assert_eq!(asked, len);
            let largest = Layout::new::<u64>(max, 16, 3, 0).unwrap();
            // With room for the allocator to align it, and not for another slot.
            let left = isize::MAX as usize - largest.align - largest.total_size;
            assert!(left < 16, "{left} bytes are left");
            assert!(Layout::new::<u64>(max + 1, 16, 3, 0).is_err());
        }
        assert!(matches!(Layout::new::<u64>(1, 16, usize::MAX / 2, 0), Err(BufferError::TooLarge { max: 0, .. })));
        assert!(matches!(Layout::new::<u64>(1, 16, 0, usize::MAX), Err(BufferError::TooLarge { max: 0, .. })));
    }
}
