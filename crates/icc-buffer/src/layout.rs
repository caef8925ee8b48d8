//! Where the parts of a buffer lie: header, lines, slots.

use crate::{BufferError, Placement, Spec, header::Header, placement::stride};
use icc_seqlock::{Seqlock, primitive::AtomicU64};

/// A counter on cache lines of its own. 128 bytes on every target, so that processes agree on it.
#[repr(C, align(128))]
pub(crate) struct Line(pub(crate) AtomicU64);

/// Offsets and sizes in bytes.
pub(crate) struct Layout {
    pub(crate) lines_offset: usize,
    pub(crate) slots_offset: usize,
    pub(crate) stride: usize,
    pub(crate) total_size: usize,
    pub(crate) align: usize,
}

impl Layout {
    pub(crate) fn new<T, P: Placement>(spec: &Spec) -> Result<Self, BufferError> {
        if spec.len == 0 {
            return Err(BufferError::Empty);
        }
        let stride = stride::<T, P>();
        let align = align_of::<Line>().max(align_of::<Seqlock<T>>());
        let lines_offset = size_of::<Header>().next_multiple_of(align_of::<Line>());
        let room = isize::MAX as usize - align;
        let slots_offset = spec
            .lines
            .checked_mul(size_of::<Line>())
            .and_then(|bytes| bytes.checked_add(lines_offset)?.checked_next_multiple_of(align));
        let total_size = slots_offset
            .and_then(|offset| spec.len.checked_mul(stride)?.checked_add(offset))
            .filter(|&total| total <= room);
        match (slots_offset, total_size) {
            (Some(slots_offset), Some(total_size)) => {
                Ok(Self { lines_offset, slots_offset, stride, total_size, align })
            }
            (slots_offset, _) => {
                let max = room.saturating_sub(slots_offset.unwrap_or(room)) / stride;
                Err(BufferError::TooLarge { len: spec.len, stride, max })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Packed, Padded};

    fn spec(len: usize) -> Spec {
        Spec { kind: Kind::Vector, len, lines: 3, words: [0; 4] }
    }

    #[test]
    fn parts_do_not_overlap_and_are_aligned() {
        let layout = Layout::new::<[u64; 7], Packed>(&spec(5)).unwrap();
        assert_eq!(layout.lines_offset, 512);
        assert_eq!(layout.slots_offset, 512 + 3 * 128);
        assert_eq!(layout.stride, 64);
        assert_eq!(layout.total_size, layout.slots_offset + 5 * 64);
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
        assert_eq!(Layout::new::<u64, Packed>(&spec(0)).err(), Some(BufferError::Empty));
        for len in [usize::MAX, usize::MAX / 16, isize::MAX as usize / 16] {
            let Err(BufferError::TooLarge { len: asked, stride: 16, max }) = Layout::new::<u64, Packed>(&spec(len))
            else {
                panic!("{len} slots were accepted");
            };
            assert_eq!(asked, len);
            assert!(Layout::new::<u64, Packed>(&spec(max)).is_ok());
            assert!(Layout::new::<u64, Packed>(&spec(max + 1)).is_err());
        }
    }
}
