//! Messages and values that show a mixture, in sizes that take every way of copying.

use icc_seqlock::Payload;

/// A value that follows from a number, so that whoever reads it can tell whether it is whole.
pub(crate) trait Sample: Payload + PartialEq + Send + Sync {
    /// The value of this number.
    fn of(number: u64) -> Self;

    /// Its number, if it is whole. A value of one word always is.
    fn number(&self) -> Option<u64>;
}

/// Who sent a message, and its count there, which begins at 1.
pub(crate) fn number(sender: u16, count: u64) -> u64 {
    u64::from(sender) << 48 | count
}

/// The way back.
pub(crate) fn sender_and_count(number: u64) -> (u16, u64) {
    ((number >> 48) as u16, number & ((1 << 48) - 1))
}

/// Word `index` of the value of `number`: no mixture of two values passes, since both factors are odd, and so each word
/// belongs to one number and one place. Additions alone from word to word, so that a check costs less than a copy.
fn word(number: u64, index: usize) -> u64 {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    if index == 0 { number } else { spread.wrapping_add((index as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9)) }
}

impl<const WORDS: usize> Sample for [u64; WORDS]
where
    [u64; WORDS]: Payload,
{
    fn of(number: u64) -> Self {
        std::array::from_fn(|index| word(number, index))
    }

    fn number(&self) -> Option<u64> {
        (*self == Self::of(self[0])).then_some(self[0])
    }
}

/// Not a whole number of words, and not aligned to any.
pub(crate) type Odd = [u8; 29];

impl Sample for Odd {
    fn of(number: u64) -> Self {
        std::array::from_fn(|index| word(number, index / 8).to_le_bytes()[index % 8])
    }

    fn number(&self) -> Option<u64> {
        let number = u64::from_le_bytes(std::array::from_fn(|index| self[index]));
        (*self == Self::of(number)).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<S: Sample>(mut words: impl FnMut(S, S) -> Vec<S>) {
        for number in [0, 1, number(7, 1), number(u16::MAX, (1 << 48) - 1)] {
            assert_eq!(S::of(number).number(), Some(number));
            for mixture in words(S::of(number), S::of(number ^ 1)) {
                assert_eq!(mixture.number(), None);
            }
        }
    }

    #[test]
    fn mixtures_show() {
        check::<[u64; 7]>(|one, two| {
            (1..7).map(|at| std::array::from_fn(|i| if i < at { one } else { two }[i])).collect()
        });
        // Also with only one word of the other.
        check::<[u64; 32]>(|one, two| {
            (0..32).map(|at| std::array::from_fn(|i| if i == at { two } else { one }[i])).collect()
        });
        check::<Odd>(|one, two| (1..29).map(|at| std::array::from_fn(|i| if i < at { one } else { two }[i])).collect());
    }

    #[test]
    fn numbers_keep_sender_and_count() {
        assert_eq!(sender_and_count(number(65_535, 12_345)), (65_535, 12_345));
    }
}
