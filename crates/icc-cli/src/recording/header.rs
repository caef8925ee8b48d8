//! What a recording says of itself.

use super::fill::fill;
use super::{MAGIC, RecordingError, VERSION, crc, half_word, word};
use icc_buffer::ElementType;
use icc_queue::{Position, QueueReader};
use icc_seqlock::Payload;
use std::io::Read;
use std::time::UNIX_EPOCH;

/// Bytes of the header, without name and schema.
pub(super) const FIXED: usize = 96;
/// Where the checksum is; it covers what is before, the name and the schema.
const CHECKSUM: usize = 92;
/// No type's name is longer.
const NAME_MAX: u32 = 1 << 16;
/// No schema is longer, nor in a buffer's header.
const SCHEMA_MAX: u32 = 1 << 14;
/// The largest message. A header that says more is damaged: nothing that large is read because of
/// it.
const MESSAGE_MAX: u64 = 1 << 30;

/// The queue that was recorded, as far as it takes to make one like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueShape {
    /// The number of messages that its ring keeps.
    pub capacity: u64,
    /// The most producers at a time: 0 if it is one for a single producer.
    pub many_producers: u32,
}

/// What a recording says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The messages in it.
    pub element: ElementType,
    /// The schema of the messages, if the queue has one: the text of the queue's header.
    pub schema: Option<String>,
    /// The queue.
    pub queue: QueueShape,
    /// When it began, in nanoseconds since 1970, UTC. The times of its records count from here.
    pub began_at: u64,
    /// Where in which queue it began.
    pub start: Position,
    /// The number of this file, from 0, if one recording was split into several.
    pub part: u32,
}

impl Header {
    /// Of a recording of this queue that begins now, at `start`. Without a schema.
    #[must_use]
    pub fn of<T: Payload>(queue: &QueueReader<T>, start: Position) -> Self {
        let many_producers = if queue.max_producers() == 1 { 0 } else { queue.max_producers() };
        Self {
            element: element::<T>(),
            schema: None,
            queue: QueueShape { capacity: queue.capacity() as u64, many_producers },
            began_at: now(),
            start,
            part: 0,
        }
    }

    /// Whether the messages are `T`s, by name, size and alignment.
    ///
    /// # Errors
    ///
    /// [`RecordingError::OtherType`] if they are not.
    pub fn check<T: Payload>(&self) -> Result<(), RecordingError> {
        let (found, expected) = (&self.element, element::<T>());
        if *found == expected {
            return Ok(());
        }
        Err(RecordingError::OtherType { found: Box::new(found.clone()), expected: Box::new(expected) })
    }

    /// Reads the header of a recording of any type.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] if there is none, or one that this program does not know.
    pub fn read(file: &mut impl Read) -> Result<Self, RecordingError> {
        let mut bytes = [0; FIXED];
        let have = fill(file, &mut bytes)?;
        if have == 0 || !MAGIC.starts_with(&bytes[..have.min(MAGIC.len())]) {
            return Err(RecordingError::NotARecording { found: bytes[..have.min(MAGIC.len())].to_vec() });
        }
        let cut_off = |at: usize| RecordingError::CutOff { at: at as u64, messages: 0 };
        if have < FIXED {
            return Err(cut_off(have));
        }
        let version = half_word(&bytes, 8);
        if version != VERSION {
            return Err(RecordingError::Version { found: version });
        }
        let damaged = |reason| RecordingError::Damaged { at: 0, reason };
        let (name_len, schema_len) = (half_word(&bytes, 84), half_word(&bytes, 88));
        // Before the checksum: nothing of this size is read because a damaged file says so.
        if name_len > NAME_MAX || schema_len > SCHEMA_MAX {
            return Err(damaged("the type's name or schema is longer than any"));
        }
        let mut texts = vec![0; (name_len + schema_len) as usize];
        let have = fill(file, &mut texts)?;
        if have < texts.len() {
            return Err(cut_off(FIXED + have));
        }
        if crc(&[&bytes[..CHECKSUM], &texts]) != half_word(&bytes, CHECKSUM) {
            return Err(damaged("the header's checksum is wrong"));
        }
        let schema = texts.split_off(name_len as usize);
        let text = |bytes| String::from_utf8(bytes).map_err(|_| damaged("the type's name or schema is not UTF-8"));
        let element = ElementType {
            name: text(texts)?,
            size: word(&bytes, 16),
            align: word(&bytes, 24),
            fingerprint: word(&bytes, 32),
        };
        if element.size > MESSAGE_MAX {
            return Err(damaged("its messages are larger than any"));
        }
        Ok(Self {
            element,
            schema: if schema.is_empty() { None } else { Some(text(schema)?) },
            queue: QueueShape { capacity: word(&bytes, 40), many_producers: half_word(&bytes, 48) },
            began_at: word(&bytes, 56),
            start: Position::new(word(&bytes, 64), word(&bytes, 72)),
            part: half_word(&bytes, 80),
        })
    }

    /// The header's bytes in the file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let Self { element, schema, queue, began_at, start, part } = self;
        let schema = schema.as_deref().unwrap_or("");
        let mut bytes = Vec::from(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 4]);
        for word in [element.size, element.align, element.fingerprint, queue.capacity] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(queue.many_producers.to_le_bytes());
        bytes.extend([0; 4]);
        for word in [*began_at, start.instance, start.sequence] {
            bytes.extend(word.to_le_bytes());
        }
        for half in [*part, element.name.len() as u32, schema.len() as u32] {
            bytes.extend(half.to_le_bytes());
        }
        let checksum = crc(&[&bytes, element.name.as_bytes(), schema.as_bytes()]);
        bytes.extend(checksum.to_le_bytes());
        debug_assert_eq!(bytes.len(), FIXED);
        bytes.extend(element.name.as_bytes());
        bytes.extend(schema.as_bytes());
        bytes
    }

    /// The header's length in the file.
    pub(super) fn len(&self) -> usize {
        FIXED + self.element.name.len() + self.schema.as_deref().map_or(0, str::len)
    }
}

/// As the header of a buffer describes it.
fn element<T>() -> ElementType {
    let (name, size, align) = (std::any::type_name::<T>(), size_of::<T>() as u64, align_of::<T>() as u64);
    let bytes = name.bytes().chain(size.to_le_bytes()).chain(align.to_le_bytes());
    let fingerprint =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    ElementType { name: name.to_owned(), size, align, fingerprint }
}

/// Nanoseconds since 1970.
pub(super) fn now() -> u64 {
    UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() as u64)
}
