//! What travels: one frame a sample. Written by one side, and never trusted by the other.
//!
//! All numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `ICCF` |
//! | 4 | the version of this layout: 1 |
//! | 5 | the kind: 1 messages, 2 messages of any length, 3 lost, 4 heartbeat, 5 ended, 6 values |
//! | 6..8 | zero |
//! | 8..16 | the instance of the source |
//! | 16..24 | *first*: the number of the first message or slot; of values, the number of the frame |
//! | 24..32 | *count*: how many messages or values; of a loss, the number after it; otherwise 0 |
//! | 32.. | the messages, one behind the other; of those of any length, the number of the first message in 8 bytes, and then for each its length in 4 bytes and its bytes; of values, for each the slot and the version in 8 bytes each, and the value |

use crate::error::FrameError;

/// The version of this layout.
pub const VERSION: u8 = 1;
/// The bytes before the messages.
pub const HEADER: usize = 32;
const MAGIC: [u8; 4] = *b"ICCF";

const MESSAGES: u8 = 1;
const BYTES: u8 = 2;
const LOST: u8 = 3;
const BEAT: u8 = 4;
const ENDED: u8 = 5;
const VALUES: u8 = 6;

/// A frame.
///
/// # Examples
///
/// ```
/// use icc_bridge::frame::{Body, Frame};
///
/// let frame = Frame { instance: 7, body: Body::Messages { first: 40, count: 2, bytes: &[1, 2, 3, 4] } };
/// let bytes = frame.encode();
/// assert_eq!(Frame::decode(&bytes), Ok(frame));
/// assert!(Frame::decode(&bytes[..20]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Which queue or vector it comes from.
    pub instance: u64,
    /// What it says.
    pub body: Body<'a>,
}

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Messages of one length.
    Messages {
        /// The sequence number of the first.
        first: u64,
        /// How many.
        count: u64,
        /// All of them, one behind the other.
        bytes: &'a [u8],
    },
    /// Messages of any length, in slots that follow each other.
    Bytes {
        /// The first slot of the first.
        first: u64,
        /// How many.
        count: u64,
        /// How many messages came before the first.
        number: u64,
        /// Each behind its length: see [`lengths`].
        bytes: &'a [u8],
    },
    /// What the bridge itself lost at its source, or what was lost before that.
    Lost {
        /// The number of the first.
        first: u64,
        /// The number after the last.
        next: u64,
    },
    /// A sign of life: everything before `next` has been sent. Of a vector, every frame.
    Beat {
        /// The number of the next message or frame to be sent.
        next: u64,
    },
    /// The source is gone, and nothing more of this instance comes.
    Ended {
        /// The number after the last.
        next: u64,
    },
    /// Values of a vector.
    Values {
        /// The number of this frame.
        serial: u64,
        /// How many values.
        count: u64,
        /// Slot, version and value of each.
        bytes: &'a [u8],
    },
}

impl<'a> Frame<'a> {
    /// The frame in these bytes, which may be anything. What its messages hold is not looked at.
    ///
    /// # Errors
    ///
    /// [`FrameError`] if it is none, or one of another version.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(FrameError::TooShort { found: bytes.len(), expected: HEADER });
        };
        if header[..4] != MAGIC {
            return Err(FrameError::NoFrame);
        }
        if header[4] != VERSION {
            return Err(FrameError::Version { found: header[4], expected: VERSION });
        }
        if header[6..8] != [0; 2] {
            return Err(FrameError::Reserved);
        }
        let [instance, first, count] = [8, 16, 24].map(|at| word(header, at));
        if instance == 0 {
            return Err(FrameError::NoInstance);
        }
        let body = match header[5] {
            MESSAGES => Body::Messages { first, count, bytes: rest },
            BYTES => match rest.split_first_chunk::<8>() {
                Some((number, bytes)) => Body::Bytes { first, count, number: u64::from_le_bytes(*number), bytes },
                None => return Err(FrameError::TooShort { found: bytes.len(), expected: HEADER + 8 }),
            },
            VALUES => Body::Values { serial: first, count, bytes: rest },
            LOST | BEAT | ENDED if !rest.is_empty() => {
                return Err(FrameError::Length { found: bytes.len(), expected: HEADER as u64 });
            }
            BEAT | ENDED if count != 0 => return Err(FrameError::Reserved),
            LOST => Body::Lost { first, next: count },
            BEAT => Body::Beat { next: first },
            ENDED => Body::Ended { next: first },
            found => return Err(FrameError::Kind { found }),
        };
        Ok(Self { instance, body })
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (kind, first, count, number, rest): (_, _, _, Option<u64>, &[u8]) = match self.body {
            Body::Messages { first, count, bytes } => (MESSAGES, first, count, None, bytes),
            Body::Bytes { first, count, number, bytes } => (BYTES, first, count, Some(number), bytes),
            Body::Lost { first, next } => (LOST, first, next, None, &[]),
            Body::Beat { next } => (BEAT, next, 0, None, &[]),
            Body::Ended { next } => (ENDED, next, 0, None, &[]),
            Body::Values { serial, count, bytes } => (VALUES, serial, count, None, bytes),
        };
        let mut frame = Vec::with_capacity(HEADER + 8 + rest.len());
        frame.extend_from_slice(&MAGIC);
        frame.extend_from_slice(&[VERSION, kind, 0, 0]);
        for word in [self.instance, first, count] {
            frame.extend_from_slice(&word.to_le_bytes());
        }
        if let Some(number) = number {
            frame.extend_from_slice(&number.to_le_bytes());
        }
        frame.extend_from_slice(rest);
        frame
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Appends a message of any length to a frame's bytes.
pub(crate) fn push_bytes(frame: &mut Vec<u8>, message: &[u8]) {
    // A message takes no more than a quarter of a ring, and a frame no more than one.
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes());
    frame.extend_from_slice(message);
}

/// The messages of any length in a frame's bytes.
///
/// # Errors
///
/// [`FrameError::Length`] if there are not as many, or something is left. The whole is checked before the
/// first is given.
pub fn lengths(bytes: &[u8], count: u64) -> Result<impl Iterator<Item = &[u8]>, FrameError> {
    let next = |rest: &mut &'_ [u8]| -> Option<usize> {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let len = u32::from_le_bytes(*len) as usize;
        *rest = after.get(len..)?;
        Some(len)
    };
    let (mut rest, mut found) = (bytes, 0_u64);
    while !rest.is_empty() {
        if next(&mut rest).is_none() {
            return Err(FrameError::Length { found: bytes.len(), expected: bytes.len() as u64 + 1 });
        }
        found += 1;
    }
    if found != count {
        return Err(FrameError::Count { found, expected: count });
    }
    let mut rest = bytes;
    Ok(std::iter::from_fn(move || {
        let before = rest;
        let len = next(&mut rest)?;
        before.get(4..4 + len)
    }))
}

/// Appends a value of a vector to a frame's bytes.
pub(crate) fn push_value(frame: &mut Vec<u8>, index: usize, version: u64, value: &[u8]) {
    frame.extend_from_slice(&(index as u64).to_le_bytes());
    frame.extend_from_slice(&version.to_le_bytes());
    frame.extend_from_slice(value);
}

/// The values in a frame's bytes, each with its slot and its version, if a value has `size` bytes.
///
/// # Errors
///
/// [`FrameError::Length`] if there are not as many.
pub fn values(bytes: &[u8], count: u64, size: usize) -> Result<impl Iterator<Item = (u64, u64, &[u8])>, FrameError> {
    let each = 16 + size;
    check_length(bytes, count, each)?;
    Ok(bytes.chunks_exact(each).map(|value| (word(value, 0), word(value, 8), &value[16..])))
}

/// That `bytes` are `count` messages of `size` bytes.
pub(crate) fn check_length(bytes: &[u8], count: u64, size: usize) -> Result<(), FrameError> {
    let expected = count.saturating_mul(size as u64);
    if bytes.len() as u64 == expected && (size > 0 || count <= MOST_EMPTY) {
        return Ok(());
    }
    Err(FrameError::Length { found: bytes.len(), expected })
}

/// The frames of a vector are numbered from a multiple of this on, another for each bridge that is started: so
/// none is taken for one of another bridge.
pub(crate) const SERIALS: u64 = 1 << 22;

/// The most messages of no bytes that one frame has: nothing else bounds them.
pub(crate) const MOST_EMPTY: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bodies() -> impl Strategy<Value = (u8, u64, u64, u64, Vec<u8>)> {
        (0..6_u8, any::<u64>(), any::<u64>(), any::<u64>(), proptest::collection::vec(any::<u8>(), 0..100))
    }

    proptest! {
        #[test]
        fn what_was_written_is_read((kind, first, count, number, bytes) in bodies(), instance in 1..u64::MAX) {
            let bytes = bytes.as_slice();
            let body = match kind {
                0 => Body::Messages { first, count, bytes },
                1 => Body::Bytes { first, count, number, bytes },
                2 => Body::Lost { first, next: count },
                3 => Body::Beat { next: first },
                4 => Body::Ended { next: first },
                _ => Body::Values { serial: first, count, bytes },
            };
            let frame = Frame { instance, body };
            let encoded = frame.encode();
            prop_assert_eq!(Frame::decode(&encoded), Ok(frame));
        }

        /// Whatever comes is refused or read, and what is read is within the bytes.
        #[test]
        fn anything_is_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), like in any::<bool>()) {
            if like && bytes.len() >= HEADER {
                let kind = bytes[5] % 8;
                bytes[..8].copy_from_slice(&[b'I', b'C', b'C', b'F', 1, kind, 0, 0]);
            }
            if let Ok(frame) = Frame::decode(&bytes) {
                match frame.body {
                    Body::Bytes { bytes: inner, count, .. } => if let Ok(messages) = lengths(inner, count) {
                        prop_assert_eq!(messages.map(|one| one.len() + 4).sum::<usize>(), inner.len());
                    },
                    Body::Values { bytes: inner, count, .. } => if let Ok(values) = values(inner, count, 8) {
                        prop_assert_eq!(values.count() as u64, count);
                    },
                    _ => {}
                }
                prop_assert_eq!(frame.encode(), bytes);
            }
        }

        #[test]
        fn messages_of_any_length_are_found(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..9)) {
            let mut bytes = Vec::new();
            messages.iter().for_each(|message| push_bytes(&mut bytes, message));
            let count = messages.len() as u64;
            let found: Vec<_> = lengths(&bytes, count).unwrap().map(<[u8]>::to_vec).collect();
            prop_assert_eq!(&found, &messages);
            prop_assert!(lengths(&bytes, count + 1).is_err());
            if !bytes.is_empty() {
                prop_assert!(lengths(&bytes[..bytes.len() - 1], count).is_err());
            }
        }
    }

    #[test]
    fn another_version_is_told() {
        let mut bytes = Frame { instance: 1, body: Body::Beat { next: 5 } }.encode();
        bytes[4] = 2;
        assert_eq!(Frame::decode(&bytes), Err(FrameError::Version { found: 2, expected: 1 }));
        bytes[4] = 1;
        bytes[5] = 9;
        assert_eq!(Frame::decode(&bytes), Err(FrameError::Kind { found: 9 }));
        assert_eq!(Frame::decode(b"GET / HTTP/1.1\r\nHost: example.org\r\n"), Err(FrameError::NoFrame));
    }

    const BODIES: [Body<'static>; 6] = [
        Body::Messages { first: 1, count: 2, bytes: &[] },
        Body::Bytes { first: 1, count: 2, number: 3, bytes: &[] },
        Body::Lost { first: 1, next: 2 },
        Body::Beat { next: 1 },
        Body::Ended { next: 1 },
        Body::Values { serial: 1, count: 2, bytes: &[] },
    ];

    #[test]
    fn what_is_cut_is_too_short() {
        for body in BODIES {
            let bytes = Frame { instance: 1, body }.encode();
            for len in 0..bytes.len() {
                let expected = if len < HEADER { HEADER } else { bytes.len() };
                assert_eq!(
                    Frame::decode(&bytes[..len]),
                    Err(FrameError::TooShort { found: len, expected }),
                    "{body:?}"
                );
            }
        }
    }

    /// What says nothing must be zero, and what has an end must end there.
    #[test]
    fn what_is_not_used_is_zero() {
        for body in BODIES {
            let bytes = Frame { instance: 1, body }.encode();
            let with = |at: usize, value: u8| {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                Frame::decode(&bytes).err()
            };
            assert_eq!((with(6, 1), with(7, 1)), (Some(FrameError::Reserved), Some(FrameError::Reserved)));
            assert_eq!((with(3, b'X'), with(8, 0)), (Some(FrameError::NoFrame), Some(FrameError::NoInstance)));
            let (is_counted, has_rest) = match body {
                Body::Messages { .. } | Body::Bytes { .. } | Body::Values { .. } => (true, true),
                Body::Lost { .. } => (true, false),
                Body::Beat { .. } | Body::Ended { .. } => (false, false),
            };
            assert_eq!(with(24, 1), (!is_counted).then_some(FrameError::Reserved), "{body:?}");
            let longer = [&*bytes, &[0]].concat();
            let too_long = FrameError::Length { found: HEADER + 1, expected: HEADER as u64 };
            assert_eq!(Frame::decode(&longer).err(), (!has_rest).then_some(too_long), "{body:?}");
        }
    }

    #[test]
    fn a_frame_takes_its_memory_at_once() {
        let bytes = &[7; 1_000];
        for body in [
            Body::Messages { first: 1, count: 2, bytes },
            Body::Bytes { first: 1, count: 2, number: 3, bytes },
            Body::Values { serial: 1, count: 2, bytes },
        ] {
            let frame = Frame { instance: 1, body }.encode();
            assert!(frame.capacity() - frame.len() <= 8, "{} for {}", frame.capacity(), frame.len());
        }
    }

    #[test]
    fn what_is_missing_of_messages_is_told() {
        let mut bytes = Vec::new();
        push_bytes(&mut bytes, b"abc");
        push_bytes(&mut bytes, b"");
        for (len, found) in [(0, 0), (7, 1), (11, 2)] {
            for expected in 0..4 {
                let messages = lengths(&bytes[..len], expected).map(Iterator::count).map_err(Some);
                let error = FrameError::Count { found, expected };
                assert_eq!(messages, if found == expected { Ok(found as usize) } else { Err(Some(error)) });
            }
        }
        for len in [1, 4, 6, 8, 10] {
            let error = FrameError::Length { found: len, expected: len as u64 + 1 };
            assert_eq!(lengths(&bytes[..len], 1).map(Iterator::count), Err(error));
        }
    }

    #[test]
    fn values_are_found_with_their_slots_and_versions() {
        for size in [0, 1, 8, 100] {
            let mut bytes = Vec::new();
            let all: Vec<_> = (0..5).map(|index| (index, 1 << 40 | index, vec![index as u8; size])).collect();
            all.iter().for_each(|(index, version, value)| push_value(&mut bytes, *index as usize, *version, value));
            let found: Vec<_> =
                values(&bytes, 5, size).unwrap().map(|(at, version, value)| (at, version, value.to_vec())).collect();
            assert_eq!(found, all);
            let (found, each) = (bytes.len(), 16 + size as u64);
            for count in [0, 4, 6] {
                let error = FrameError::Length { found, expected: count * each };
                assert_eq!(values(&bytes, count, size).map(Iterator::count), Err(error));
            }
        }
    }

    /// Memory bounds how many there are of some bytes; a number those of none.
    #[test]
    fn messages_of_no_bytes_are_bounded() {
        let bytes = vec![0; 65_537];
        assert_eq!(check_length(&bytes, 65_537, 1), Ok(()));
        assert_eq!((check_length(&[], 0, 0), check_length(&[], 65_536, 0)), (Ok(()), Ok(())));
        for count in [65_537, u64::MAX] {
            assert_eq!(check_length(&[], count, 0), Err(FrameError::Length { found: 0, expected: 0 }));
        }
        let expected = u64::MAX;
        assert_eq!(check_length(&[0; 8], u64::MAX / 4, 8), Err(FrameError::Length { found: 8, expected }));
        assert_eq!(check_length(&[], 1, 1), Err(FrameError::Length { found: 0, expected: 1 }));
    }
}
