//! What a group's words say: one for each slot of the ring, and one for what each worker has in its
//! hand.

use crate::geometry::Geometry;

/// The claim word of a slot: `lap 32 | generation 13 | worker 8 | deliveries 8 | state 3`.
///
/// It speaks of the message of that lap in its slot. Laps only go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

/// No message of this slot was claimed yet. The lap means nothing.
pub(super) const UNTOUCHED: u64 = 0;
/// Given back: whoever comes may claim it.
pub(super) const FREE: u64 = 1;
/// The worker's, who is at it.
pub(super) const HELD: u64 = 2;
/// Handled, or lost and counted.
pub(super) const DONE: u64 = 3;
/// Set aside, after too many deliveries.
pub(super) const SET_ASIDE: u64 = 4;

const STATE: u64 = 0b111;
const GENERATIONS: u64 = 1 << 13;

impl Word {
    /// That of a message that a worker holds.
    #[inline(always)]
    pub(super) fn held(lap: u32, generation: u64, worker: u32, deliveries: u8) -> Self {
        let (generation, worker) = (generation % GENERATIONS, u64::from(worker as u8));
        Self(u64::from(lap) << 32 | generation << 19 | worker << 11 | u64::from(deliveries) << 3 | HELD)
    }

    /// The same message in another state.
    #[inline(always)]
    pub(super) fn with(self, state: u64) -> Self {
        Self(self.0 & !STATE | state)
    }

    #[inline(always)]
    pub(super) fn state(self) -> u64 {
        self.0 & STATE
    }

    #[inline(always)]
    pub(super) fn lap(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(super) fn worker(self) -> u32 {
        u32::from((self.0 >> 11) as u8)
    }

    /// How often the message was given to a worker.
    #[inline(always)]
    pub(super) fn deliveries(self) -> u8 {
        (self.0 >> 3) as u8
    }

    /// Whether this worker holds the message of this lap.
    pub(super) fn is_held_by(self, worker: u32, lap: u32) -> bool {
        (self.state(), self.worker(), self.lap()) == (HELD, worker, lap)
    }
}

/// Whether somebody has taken a message, as its slot's word alone shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nobody has, or the word speaks of another lap.
    No,
    /// A worker has it or had it.
    Yes,
}

/// What a slot's word says of a message that is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is handled, lost or set aside, or of before the group's beginning.
    Settled,
    /// A worker has it.
    Held,
    /// Whoever comes may claim it, and thereby proves that so many of the laps before were lost.
    Free { skipped: u64, deliveries: u8 },
    /// As that, once the worker that has message `at`, of an earlier lap, is told that nobody else can
    /// have that one any more.
    Late { at: u64, worker: u32, skipped: u64 },
}

impl Word {
    /// Whether message `n` is taken. A word of its lap proves that the ring had it.
    #[inline(always)]
    pub(super) fn taken(self, ring: Geometry, n: u64) -> Taken {
        match self.state() {
            _ if self.lap() != ring.lap(n) => Taken::No,
            UNTOUCHED | FREE => Taken::No,
            _ => Taken::Yes,
        }
    }

    /// What this says of message `n`, which is complete in the slot, in a group that began at `start`.
    #[inline(always)]
    pub(super) fn judge(self, ring: Geometry, n: u64, start: u64) -> Judged {
        let behind = i64::from(ring.laps_behind(self.lap(), n));
        match (self.state(), behind) {
            (UNTOUCHED, _) => {
                let since = n.wrapping_sub(start);
                if since.cast_signed() < 0 {
                    return Judged::Settled;
                }
                Judged::Free { skipped: ring.laps(since), deliveries: 0 }
            }
            (_, ..0) => Judged::Settled,
            (HELD, 0) => Judged::Held,
            (FREE, 0) => Judged::Free { skipped: 0, deliveries: self.deliveries() },
            (_, 0) => Judged::Settled,
            (FREE, laps) => Judged::Free { skipped: laps.cast_unsigned(), deliveries: 0 },
            (HELD, laps) => {
                let laps = laps.cast_unsigned();
                Judged::Late { at: ring.laps_before(n, laps), worker: self.worker(), skipped: laps - 1 }
            }
            (_, laps) => Judged::Free { skipped: laps.cast_unsigned() - 1, deliveries: 0 },
        }
    }
}

/// What a worker has in its hand, or is about to: `number 61 | state 3`. On a line of its own.
///
/// Only the worker itself moves it on, or whoever holds its lock after its death; but for one step,
/// from [`HOLDS`] to [`OVERTAKEN`], which anybody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hand(pub(super) u64);

/// Nothing.
pub(super) const EMPTY: u64 = 0;
/// About to claim the message, or just has: the slot's word tells.
pub(super) const INTENDS: u64 = 1;
/// Has the message.
pub(super) const HOLDS: u64 = 2;
/// Has it, and nobody else can: the ring has gone on to a later lap, whose message somebody claims.
pub(super) const OVERTAKEN: u64 = 3;
/// Has handled it, and is about to say so in the slot's word.
pub(super) const FINISHES: u64 = 4;
/// Is about to give it back.
pub(super) const GIVES_BACK: u64 = 5;
/// It is lost, and about to be counted.
pub(super) const LOSES: u64 = 6;
/// Is about to set it aside.
pub(super) const SETS_ASIDE: u64 = 7;

impl Hand {
    #[inline(always)]
    pub(super) fn new(n: u64, state: u64) -> Self {
        Self(n << 3 | state)
    }

    pub(super) fn state(self) -> u64 {
        self.0 & STATE
    }

    /// The message's number: that which is nearest to `reference`.
    pub(super) fn number(self, reference: u64) -> u64 {
        nearest(self.0 >> 3, 61, reference)
    }
}

/// The number nearest to `reference` whose lower bits are these.
pub(super) fn nearest(low: u64, bits: u32, reference: u64) -> u64 {
    let unused = 64 - bits;
    let distance = (low.wrapping_sub(reference) << unused).cast_signed() >> unused;
    reference.wrapping_add_signed(distance)
}

/// Where messages were given back that others have passed: `lowest number 44 | epoch 20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Returned(pub(super) u64);

impl Returned {
    const EPOCH: u64 = (1 << 20) - 1;

    /// The lowest number, nearest to `reference`.
    pub(super) fn lowest(self, reference: u64) -> u64 {
        nearest(self.0 >> 20, 44, reference)
    }

    /// Once `n` has been given back, too.
    pub(super) fn and(self, n: u64) -> Self {
        let before = self.lowest(n);
        let lowest = if before.wrapping_sub(n).cast_signed() < 0 { before } else { n };
        Self(lowest << 20 | (self.0.wrapping_add(1) & Self::EPOCH))
    }

    /// With nothing given back before `n`.
    pub(super) fn raised(self, n: u64) -> Self {
        Self(n << 20 | (self.0 & Self::EPOCH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_word() {
        let word = Word::held(u32::MAX, 0x1fff, 255, 254);
        assert_eq!((word.lap(), word.worker(), word.deliveries(), word.state()), (u32::MAX, 255, 254, HELD));
        let free = Word::held(7, 3, 2, 1).with(FREE);
        assert_eq!((free.lap(), free.worker(), free.deliveries(), free.state()), (7, 2, 1, FREE));
        assert!(Word::held(7, 3, 2, 1).is_held_by(2, 7) && !free.is_held_by(2, 7));
        assert_ne!(Word::held(7, 3, 2, 1), Word::held(7, 4, 2, 1));
    }

    /// At every lap, also where laps and numbers wrap.
    #[test]
    fn a_word_is_judged_by_its_distance() {
        for capacity in [2, 1024] {
            let ring = Geometry::new(capacity).unwrap();
            let len = ring.capacity();
            for n in [5, len * 7, (len << 32) + 1, 0_u64.wrapping_sub(1), len << 31] {
                let lap = ring.lap(n);
                let at = |back: u32, state| Word::held(lap.wrapping_sub(back), 1, 9, 3).with(state);
                let judge = |word: Word| word.judge(ring, n, 0);
                assert_eq!(judge(at(0, HELD)), Judged::Held);
                assert_eq!(judge(at(0, FREE)), Judged::Free { skipped: 0, deliveries: 3 });
                for state in [DONE, SET_ASIDE, 6] {
                    assert_eq!(judge(at(0, state)), Judged::Settled);
                    assert_eq!(judge(at(1, state)), Judged::Free { skipped: 0, deliveries: 0 });
                    assert_eq!(judge(at(5, state)), Judged::Free { skipped: 4, deliveries: 0 });
                }
                assert_eq!(judge(at(2, FREE)), Judged::Free { skipped: 2, deliveries: 0 });
                let late = Judged::Late { at: n.wrapping_sub(3 * len), worker: 9, skipped: 2 };
                assert_eq!(judge(at(3, HELD)), late);
                for state in [FREE, HELD, DONE] {
                    assert_eq!(judge(at(u32::MAX, state)), Judged::Settled);
                }
            }
        }
    }

    #[test]
    fn a_message_is_taken_if_the_word_of_its_lap_says_so() {
        let ring = Geometry::new(4).unwrap();
        for (state, taken) in
            [(UNTOUCHED, Taken::No), (FREE, Taken::No), (HELD, Taken::Yes), (DONE, Taken::Yes), (SET_ASIDE, Taken::Yes)]
        {
            let word = Word::held(2, 1, 9, 3).with(state);
            assert_eq!([3, 8, 11, 12].map(|n| word.taken(ring, n)), [Taken::No, taken, taken, Taken::No], "{state}");
        }
    }

    #[test]
    fn an_untouched_word_counts_from_the_beginning() {
        let ring = Geometry::new(4).unwrap();
        let judge = |n, start| Word(0).judge(ring, n, start);
        assert_eq!(judge(9, 9), Judged::Free { skipped: 0, deliveries: 0 });
        assert_eq!(judge(12, 9), Judged::Free { skipped: 0, deliveries: 0 });
        assert_eq!(judge(13, 9), Judged::Free { skipped: 1, deliveries: 0 });
        assert_eq!(judge(8, 9), Judged::Settled);
        assert_eq!(judge(3, u64::MAX - 1), Judged::Free { skipped: 1, deliveries: 0 });
    }

    #[test]
    fn numbers_are_found_near_a_reference() {
        for n in [0, 7, 1 << 60, u64::MAX - 3] {
            for by in [0, 5, 1 << 30] {
                assert_eq!(Hand::new(n, HOLDS).number(n.wrapping_add(by)), n);
                assert_eq!(Hand::new(n, HOLDS).number(n.wrapping_sub(by)), n);
                assert_eq!(Returned(0).raised(n).lowest(n.wrapping_add(by)), n);
            }
        }
        let first = Returned(0).raised(100);
        assert_eq!((first.and(90).lowest(100), first.and(110).lowest(100)), (90, 100));
        assert_ne!(first.and(110), first);
        assert_eq!(Returned(0).raised(3).and(u64::MAX).lowest(0), u64::MAX);
        for state in [EMPTY, INTENDS, HOLDS, OVERTAKEN, FINISHES, GIVES_BACK, LOSES, SETS_ASIDE] {
            assert_eq!(Hand::new(u64::MAX >> 3, state).state(), state);
        }
        // Below the number stands a count that wraps by itself.
        assert_eq!(Returned(100 << 20 | 5).and(90), Returned(90 << 20 | 6));
        assert_eq!(Returned(100 << 20 | 0xf_ffff).and(110), Returned(100 << 20));
        assert_eq!(Returned(100 << 20 | 5).raised(110), Returned(110 << 20 | 5));
    }
}
