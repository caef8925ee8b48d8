//! Where a message lies in the ring, and what its slot's version means.

/// The ring's size, and the arithmetic on sequence numbers and versions.
///
/// Message `n`, counted from 0, lives in slot `n & mask` and is of lap `n >> shift`. Its slot
/// stands at `2 * lap` before it is written, `2 * lap + 1` while, `2 * lap + 2` after. Sequence
/// numbers wrap at 2^64, so laps wrap at `2^(64 - shift)` and only the low `65 - shift` bits of a
/// version tell: all comparisons are made in those, as signed distances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    mask: u64,
    shift: u32,
}

impl Geometry {
    /// None if the capacity is not a power of two of at least 2.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        let possible = capacity >= 2 && capacity.is_power_of_two();
        possible.then(|| Self { mask: capacity as u64 - 1, shift: capacity.trailing_zeros() })
    }

    pub(crate) fn capacity(self) -> u64 {
        self.mask + 1
    }

    /// The slot of message `n`: always less than the capacity.
    #[inline(always)]
    pub(crate) fn index(self, n: u64) -> usize {
        (n & self.mask) as usize
    }

    /// The version of message `n`'s slot once `n` is complete.
    #[inline(always)]
    pub(crate) fn complete(self, n: u64) -> u64 {
        ((n >> self.shift) << 1).wrapping_add(2)
    }

    /// How far a slot that stands at version `found` is ahead of message `n` being complete:
    /// negative before, 0 then, positive once a later lap has begun to overwrite it.
    #[inline(always)]
    pub(crate) fn ahead(self, found: u64, n: u64) -> i64 {
        let unused = self.shift - 1;
        (found.wrapping_sub(self.complete(n)) << unused).cast_signed() >> unused
    }

    /// The lap of message `n`, as far as it fits.
    #[inline(always)]
    pub(crate) fn lap(self, n: u64) -> u32 {
        (n >> self.shift) as u32
    }

    /// How many laps `lap` is before that of message `n`; negative if it is after.
    #[inline(always)]
    pub(crate) fn laps_behind(self, lap: u32, n: u64) -> i32 {
        // Of a ring so large that laps have fewer bits, only those count.
        let unused = self.shift.saturating_sub(32);
        (self.lap(n).wrapping_sub(lap) << unused).cast_signed() >> unused
    }

    /// How many whole laps so many messages are.
    #[inline(always)]
    pub(crate) fn laps(self, messages: u64) -> u64 {
        messages >> self.shift
    }

    /// The message that was in the slot of `n` that many laps before.
    pub(crate) fn laps_before(self, n: u64, laps: u64) -> u64 {
        n.wrapping_sub(laps << self.shift)
    }

    /// The last message that is known to have been begun in the slot of `n`, when the slot is
    /// `ahead` of `n`.
    pub(crate) fn begun(self, ahead: i64, n: u64) -> u64 {
        let laps = (ahead.cast_unsigned() + 1) >> 1;
        n.wrapping_add(laps << self.shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities() {
        for bad in [0, 1, 3, 6, 1000, usize::MAX] {
            assert!(Geometry::new(bad).is_none(), "{bad}");
        }
        assert_eq!(Geometry::new(1 << 20).unwrap().capacity(), 1 << 20);
    }

    #[test]
    fn versions_follow_the_laps() {
        let ring = Geometry::new(4).unwrap();
        assert_eq!((0..10).map(|n| ring.index(n)).collect::<Vec<_>>(), [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
        assert_eq!((0..10).map(|n| ring.complete(n)).collect::<Vec<_>>(), [2, 2, 2, 2, 4, 4, 4, 4, 6, 6]);
    }

    #[test]
    fn distances_hold_across_every_wrap() {
        for capacity in [2, 4, 1024, 1 << 40] {
            let ring = Geometry::new(capacity).unwrap();
            let len = ring.capacity();
            for base in [0, 5 * len, (1 << 63) - len, 1 << 63, 0_u64.wrapping_sub(2 * len), 0_u64.wrapping_sub(len)] {
                for n in [base, base + 1, base + (len - 1)] {
                    let before = ring.complete(n.wrapping_sub(len));
                    let writing = ring.complete(n).wrapping_sub(1);
                    let next = ring.complete(n.wrapping_add(len));
                    assert_eq!(ring.ahead(before, n), -2, "capacity {capacity}, message {n}");
                    assert_eq!(ring.ahead(writing, n), -1);
                    assert_eq!(ring.ahead(ring.complete(n), n), 0);
                    assert_eq!(ring.ahead(next.wrapping_sub(1), n), 1);
                    assert_eq!(ring.ahead(next, n), 2);
                    for far in [i64::MIN, i64::MAX].map(|far| far >> (ring.shift - 1)) {
                        let found = ring.complete(n).wrapping_add_signed(far);
                        assert_eq!(ring.ahead(found, n), far, "capacity {capacity}, message {n}");
                    }
                    assert_eq!(ring.begun(1, n), n.wrapping_add(len));
                    assert_eq!(ring.begun(2, n), n.wrapping_add(len));
                    assert_eq!(ring.begun(3, n), n.wrapping_add(2 * len));
                }
            }
        }
    }

    #[test]
    fn laps_are_counted_across_every_wrap() {
        for shift in [1, 2, 10, 31, 32, 33, 40] {
            let ring = Geometry::new(1 << shift).unwrap();
            let len = ring.capacity();
            assert_eq!([0, len - 1, len, 3 * len + 1].map(|n| ring.lap(n)), [0, 0, 1, 3], "shift {shift}");
            assert_eq!([0, len - 1, len, 3 * len + 1].map(|n| ring.laps(n)), [0, 0, 1, 3], "shift {shift}");
            for n in [len + 1, (1 << 63) - 1, 1 << 63, u64::MAX, 0, len - 1] {
                for laps in [0, 1, 5] {
                    let before = ring.laps_before(n, laps);
                    assert_eq!((ring.index(before), n.wrapping_sub(before)), (ring.index(n), laps * len));
                    let distance = laps as i32;
                    assert_eq!(ring.laps_behind(ring.lap(before), n), distance, "shift {shift}, message {n}");
                    assert_eq!(ring.laps_behind(ring.lap(n), before), -distance, "shift {shift}, message {n}");
                }
            }
        }
    }
}
