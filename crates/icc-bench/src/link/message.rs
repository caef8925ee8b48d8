//! The messages that are sent: every word of one follows from its sequence number.

use bytemuck::Pod;

/// Words are multiples of this apart, so that no two words of a message are alike.
const WORD_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Neighbouring sequence numbers give contents this far apart, so that every word of two successive
/// messages differs.
const SEQUENCE_STEP: u64 = 0xd6e8_feb8_6659_fd93;

/// Payload sizes a run measures when none are asked for, in bytes.
pub(crate) const DEFAULT_PAYLOADS: [usize; 5] = [8, 56, 120, 256, 1024];

/// Payload sizes that can be asked for, in bytes. Those [`for_payload!`] knows.
pub(crate) const PAYLOADS: [usize; 8] = [8, 56, 64, 120, 256, 512, 1024, 4096];

/// A message whose whole content follows from a sequence number, so that a receiver can check all
/// of it.
///
/// Word 0 is the sequence number itself, every other word mixes number and position. A message that
/// was torn, cut short, or sent under another number is found out: each word of two messages with
/// different numbers (less than 2^64 apart) differs.
///
/// # Examples
///
/// ```
/// use icc_bench::link::Message;
///
/// let mut message = [0_u64; 7];
/// message.fill(42);
/// assert_eq!(message.check(42), Ok(()));
/// message[6] ^= 1;
/// assert!(message.check(42).is_err());
/// ```
pub trait Message: Pod + Send + Sync {
    /// Writes the content that belongs to `sequence`.
    fn fill(&mut self, sequence: u64);

    /// The number the message claims to have: its first word.
    fn sequence(&self) -> u64;

    /// Checks every word against `sequence`.
    ///
    /// # Errors
    ///
    /// [`Garbled`] if any byte differs, with the number the message claims to have.
    fn check(&self, sequence: u64) -> Result<(), Garbled>;

    /// Puts a time stamp where the number is. The rest of the message still gives the number.
    fn stamp(&mut self, stamp: u64);

    /// Checks a stamped message: every word but the stamp against each other. Returns the number
    /// they tell, none if there is no word but the stamp.
    ///
    /// # Errors
    ///
    /// [`Garbled`] if the words are not of one message.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_bench::link::Message;
    ///
    /// let mut message = [0_u64; 7];
    /// message.fill(42);
    /// message.stamp(1_000_000);
    /// assert_eq!((message.sequence(), message.check_stamped()), (1_000_000, Ok(Some(42))));
    /// message[6] ^= 1;
    /// assert!(message.check_stamped().is_err());
    /// ```
    fn check_stamped(&self) -> Result<Option<u64>, Garbled>;
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the bits that
/// are right.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd; // right to three bits
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

impl<const WORDS: usize> Message for [u64; WORDS]
where
    [u64; WORDS]: Pod,
{
    #[inline(always)]
    fn fill(&mut self, sequence: u64) {
        let mut content = sequence.wrapping_mul(SEQUENCE_STEP);
        for word in self.iter_mut() {
            *word = content;
            content = content.wrapping_add(WORD_STEP);
        }
        if let Some(first) = self.first_mut() {
            *first = sequence;
        }
    }

    #[inline(always)]
    fn sequence(&self) -> u64 {
        self[0]
    }

    #[inline(always)]
    fn check(&self, sequence: u64) -> Result<(), Garbled> {
        // Differences are gathered and tested once: the loop has no branch, so it becomes vector
        // code.
        let mut content = sequence.wrapping_mul(SEQUENCE_STEP);
        let mut difference = 0;
        for word in &self[1..] {
            content = content.wrapping_add(WORD_STEP);
            difference |= word ^ content;
        }
        if (difference | (self[0] ^ sequence)) == 0 {
            Ok(())
        } else {
            Err(Garbled { expected: sequence, claimed: self[0] })
        }
    }

    #[inline(always)]
    fn stamp(&mut self, stamp: u64) {
        self[0] = stamp;
    }

    #[inline(always)]
    fn check_stamped(&self) -> Result<Option<u64>, Garbled> {
        let Some(second) = self.get(1) else { return Ok(None) };
        // The second word is the number times one constant plus another.
        let number = second.wrapping_sub(WORD_STEP).wrapping_mul(const { inverse(SEQUENCE_STEP) });
        let mut unstamped = *self;
        unstamped[0] = number;
        unstamped.check(number).map(|()| Some(number))
    }
}

/// A message arrived whose content is not what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "message {expected} arrived with wrong content (its first word says {claimed}): the link tore or mixed messages"
)]
pub struct Garbled {
    /// The sequence number of the message that should have arrived.
    pub expected: u64,
    /// What the first word of the message says its number is.
    pub claimed: u64,
}

/// Payload sizes at which copies can be measured, in bytes: up to what no longer fits a core's
/// first cache. Those that [`for_payload!`] knows after `copied:`.
pub(crate) const COPIED_PAYLOADS: [usize; 13] = [8, 16, 32, 56, 64, 120, 128, 256, 512, 1024, 4096, 16384, 65536];

/// Evaluates an expression with a type alias bound to the message type of a payload size in bytes.
///
/// The sizes are those of [`PAYLOADS`], or with `copied:` before the size those of
/// [`COPIED_PAYLOADS`]; the value is `None` for any other. This is where a size chosen at run time
/// becomes a type, so that each target's hot loop is compiled for each size.
macro_rules! for_payload {
    ($bytes:expr, $message:ident => $body:expr) => {
        $crate::link::message::for_payload!(@arms $bytes, $message, $body, 1 7 8 15 32 64 128 512)
    };
    (copied: $bytes:expr, $message:ident => $body:expr) => {
        $crate::link::message::for_payload!(@arms $bytes, $message, $body, 1 2 4 7 8 15 16 32 64 128 512 2048 8192)
    };
    (@arms $bytes:expr, $message:ident, $body:expr, $($words:literal)*) => {
        match $bytes {
            $(bytes if bytes == $words * 8 => {
                type $message = [u64; $words];
                Some($body)
            })*
            _ => None,
        }
    };
}
pub(crate) use for_payload;

#[cfg(test)]
mod tests {
    use super::*;

    fn any_changed_byte_is_found<const WORDS: usize>()
    where
        [u64; WORDS]: Pod,
    {
        for sequence in [0, 1, 2, 1_000_003, u64::MAX] {
            let mut message = [0_u64; WORDS];
            message.fill(sequence);
            assert_eq!(message.check(sequence), Ok(()));
            for byte in 0..WORDS * 8 {
                for flip in [1_u8, 0x80, 0xff] {
                    let mut changed = message;
                    bytemuck::bytes_of_mut(&mut changed)[byte] ^= flip;
                    assert!(changed.check(sequence).is_err(), "byte {byte} ^ {flip}");
                }
            }
        }
    }

    #[test]
    fn check_finds_any_single_changed_byte() {
        any_changed_byte_is_found::<1>();
        any_changed_byte_is_found::<7>();
        any_changed_byte_is_found::<15>();
        any_changed_byte_is_found::<128>();
        any_changed_byte_is_found::<512>();
    }

    #[test]
    fn a_mixture_of_two_messages_is_found_at_any_seam() {
        let (mut older, mut newer) = ([0_u64; 15], [0_u64; 15]);
        older.fill(8);
        newer.fill(9);
        for seam in 1..15 {
            let mut mixed = newer;
            mixed[seam..].copy_from_slice(&older[seam..]);
            assert!(mixed.check(9).is_err(), "seam {seam}");
            assert!(mixed.check(8).is_err(), "seam {seam}");
        }
    }

    #[test]
    fn a_stamped_message_tells_its_number_and_any_changed_word_is_found() {
        for sequence in [0, 1, 2, 1_000_003, u64::MAX] {
            let mut message = [0_u64; 15];
            message.fill(sequence);
            message.stamp(77);
            assert_eq!((message.sequence(), message.check_stamped()), (77, Ok(Some(sequence))));
            for word in 2..15 {
                let mut changed = message;
                changed[word] ^= 1 << 40;
                assert!(changed.check_stamped().is_err(), "word {word}");
            }
            // The second word is what the number is taken from; the others then disagree.
            message[1] ^= 1;
            assert!(message.check_stamped().is_err());
        }
        assert_eq!([5_u64].check_stamped(), Ok(None));
    }

    #[test]
    fn every_listed_payload_has_a_type_of_its_size() {
        for bytes in PAYLOADS {
            assert_eq!(for_payload!(bytes, T => size_of::<T>()), Some(bytes));
        }
        for bytes in COPIED_PAYLOADS {
            assert_eq!(for_payload!(copied: bytes, T => size_of::<T>()), Some(bytes));
        }
        assert_eq!(for_payload!(57, T => size_of::<T>()), None);
        assert!(DEFAULT_PAYLOADS.iter().all(|bytes| PAYLOADS.contains(bytes)));
    }
}
