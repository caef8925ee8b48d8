//! What a slot's words say of the message that it is a part of.

/// The three words before the bytes of a slot. Each slot of a message has them.
///
/// | word | what |
/// |---|---|
/// | 0 | which of the message's slots this is, from 0, in the lower half; how many it has, in the upper |
/// | 1 | the bytes of the whole message |
/// | 2 | the message's number: with one producer how many came before it; with many a count of its producer's own |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) len: u64,
    pub(super) number: u64,
}

impl Head {
    /// The first word of a message that has one slot.
    pub(super) const ALONE: u64 = 1 << 32;

    /// What words say, which may be anything.
    #[inline(always)]
    pub(super) fn of([parts, len, number]: [u64; 3]) -> Self {
        Self { index: parts as u32, count: (parts >> 32) as u32, len, number }
    }

    #[inline(always)]
    pub(super) fn words(self) -> [u64; 3] {
        [u64::from(self.index) | u64::from(self.count) << 32, self.len, self.number]
    }

    /// That of slot `index` of the same message.
    #[inline(always)]
    pub(super) fn at(self, index: usize) -> Self {
        Self { index: index as u32, ..self }
    }
}

/// What messages a queue can have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The bytes that a slot has room for.
    pub(super) room: usize,
    /// The most slots of a message: a quarter of the ring, so that a consumer that holds in the middle of
    /// one never waits for a producer that waits for it.
    most: u32,
}

impl Shape {
    pub(super) fn new(room: usize, capacity: usize) -> Self {
        Self { room, most: u32::try_from(capacity / 4).unwrap_or(u32::MAX).max(1) }
    }

    /// The bytes of the longest message.
    pub(super) fn longest(self) -> usize {
        self.room.saturating_mul(self.most as usize)
    }

    /// How many slots a message of so many bytes takes; none if it is too long.
    #[inline(always)]
    pub(super) fn slots(self, len: usize) -> Option<u32> {
        if len <= self.room {
            return Some(1);
        }
        u32::try_from(len.div_ceil(self.room)).ok().filter(|&count| count <= self.most)
    }

    /// The bytes of the message that begins in a slot that says this; none if none begins there, or it
    /// cannot be one of this queue.
    #[inline(always)]
    pub(super) fn begins(self, head: Head) -> Option<usize> {
        let (len, count) = (usize::try_from(head.len).ok()?, head.count as usize);
        let is_one = head.index == 0 && (1..=self.most).contains(&head.count);
        // Of a message of one slot, an empty one too.
        let before = count.saturating_sub(1).saturating_mul(self.room);
        let fits = len <= count.saturating_mul(self.room) && (count == 1 || len > before);
        (is_one && fits).then_some(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_was_written() {
        let head = Head { index: 3, count: u32::MAX, len: u64::MAX - 7, number: 1 << 63 };
        assert_eq!(Head::of(head.words()), head);
        assert_eq!(Head { index: 0, count: 1, len: 5, number: 6 }.words(), [Head::ALONE, 5, 6]);
    }

    #[test]
    fn a_message_takes_as_few_slots_as_it_can_and_no_other_number_is_believed() {
        let shape = Shape::new(8, 64);
        for len in 0..=128 {
            let count = shape.slots(len).unwrap();
            assert_eq!(count as usize, len.div_ceil(8).max(1));
            for said in 0..20 {
                let head = Head { index: 0, count: said, len: len as u64, number: 0 };
                assert_eq!(shape.begins(head), (said == count).then_some(len), "{said} slots for {len} bytes");
                assert_eq!(shape.begins(head.at(1)), None);
            }
        }
        assert_eq!((shape.longest(), shape.slots(129), shape.slots(usize::MAX)), (128, None, None));
        for head in [[Head::ALONE, u64::MAX, 0], [u64::MAX << 32, 8, 0], [0, 0, 0], [17 << 32, 17 * 8, 0]] {
            assert_eq!(shape.begins(Head::of(head)), None);
        }
    }
}
