//! Recordings: messages on disk, each with its sequence number and its time.
//!
//! # The file
//!
//! Numbers are little-endian; messages are as they are in memory, so recordings belong to
//! little-endian machines, as all that `icc` is tested on are. First the header:
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 8 | magic | the bytes `ICCRECRD` |
//! | 8 | 4 | version | 2 |
//! | 12 | 4 | name length | of the type's name, in bytes |
//! | 16 | 8 | element size | bytes of a message |
//! | 24 | 8 | element alignment | of a message in memory, in bytes |
//! | 32 | 8 | fingerprint | of the message type: as in the header of a shared buffer |
//! | 40 | 8 | began at | nanoseconds since 1970, UTC |
//! | 48 | 8 | instance | of the queue: tells it from a later one of the same name |
//! | 56 | 8 | first | the sequence number at which the recording begins |
//! | 64 | 4 | checksum | CRC-32 of the 64 bytes before and of the name |
//! | 68 | 4 | | 0 |
//! | 72 | | type name | UTF-8 |
//!
//! Then records, one after the other, up to the end of the file:
//!
//! | offset | size | field | meaning |
//! |---|---|---|---|
//! | 0 | 4 | checksum | CRC-32 of the rest of the record |
//! | 4 | 4 | kind | 1 a message, 2 a gap, 3 the end |
//! | 8 | 8 | sequence | of the message; of the first one lost; of the next one, had there been one |
//! | 16 | 8 | at | nanoseconds since the recording began |
//! | 24 | | body | the message; or the sequence number after the last one lost, 8 bytes; or how many messages there are, 8 bytes |
//!
//! A file without an end record was cut off: its recorder was killed, or the disk was full. What is
//! whole of it can be read.

mod read;
mod write;

pub use read::Reader;
pub use write::Writer;

use icc_queue::{Lost, Position};
use icc_seqlock::Payload;
use std::io;

const MAGIC: [u8; 8] = *b"ICCRECRD";
const VERSION: u32 = 2;
/// Of the header, without the type's name.
const HEADER: usize = 72;
/// Where the checksum of the header is; it covers what is before.
const HEADER_CHECKSUM: usize = 64;
/// Of a record, without its body.
const RECORD: usize = 24;
/// No type's name is longer.
const NAME_MAX: u32 = 1 << 16;

const MESSAGE: u32 = 1;
const GAP: u32 = 2;
const END: u32 = 3;

#[cfg(target_endian = "big")]
compile_error!("recordings hold messages as they are in memory, and are for little-endian machines");

/// What is recorded of a message type, to refuse a file of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementType {
    /// Its name, as [`type_name`](std::any::type_name) gives it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub align: u64,
    /// FNV-1a of the three, as in the header of a shared buffer.
    pub fingerprint: u64,
}

impl ElementType {
    /// Of `T`.
    #[must_use]
    pub fn of<T>() -> Self {
        let (name, size, align) = (std::any::type_name::<T>(), size_of::<T>() as u64, align_of::<T>() as u64);
        let bytes = name.bytes().chain(size.to_le_bytes()).chain(align.to_le_bytes());
        let fingerprint =
            bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Self { name: name.to_owned(), size, align, fingerprint }
    }
}

impl std::fmt::Display for ElementType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, size, align, fingerprint } = self;
        write!(f, "`{name}` ({size} bytes, aligned to {align}, fingerprint {fingerprint:016x})")
    }
}

/// What a recording says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The messages in it.
    pub element: ElementType,
    /// When it began, in nanoseconds since 1970, UTC.
    pub began_at: u64,
    /// Where in which queue it began.
    pub start: Position,
}

/// Something that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<T> {
    /// A message.
    Message {
        /// Its number in the queue.
        sequence: u64,
        /// When the recorder got it, in nanoseconds since the recording began.
        at: u64,
        /// The message.
        message: T,
    },
    /// Messages that the recorder lost.
    Gap {
        /// Which.
        lost: Lost,
        /// When the recorder was told, in nanoseconds since the recording began.
        at: u64,
    },
}

/// Why a recording cannot be written or read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The system refused.
    #[error("could not {doing} the recording: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The file begins otherwise.
    #[error("not a recording: it begins with {found:?}, not with {MAGIC:?}; give a file that `recorder record` wrote")]
    NotARecording {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// It was written by a program that knows another version of the format.
    #[error(
        "the recording is of version {found}, and this program reads version {VERSION}: read it with the one that wrote it"
    )]
    Version {
        /// Its version.
        found: u32,
    },
    /// It holds other messages.
    #[error("the recording holds {found}, not {expected}: read it with the program that wrote it, or record again")]
    OtherType {
        /// What it holds.
        found: Box<ElementType>,
        /// What was asked for.
        expected: Box<ElementType>,
    },
    /// The file ends without saying so. All that was before has been read.
    #[error(
        "the recording was cut off at byte {at}, after {messages} messages: its recorder was killed, or the disk was full. \
         What was read before is whole"
    )]
    CutOff {
        /// The whole bytes.
        at: u64,
        /// The messages before.
        messages: u64,
    },
    /// Bytes were changed since.
    #[error("the recording is damaged at byte {at}: {reason}. What was read before is whole")]
    Damaged {
        /// Where the damaged part begins.
        at: u64,
        /// What is wrong.
        reason: &'static str,
    },
}

fn crc(parts: [&[u8]; 2]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.into_iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// Copies eight bytes out of a longer piece.
fn word(bytes: &[u8], at: usize) -> u64 {
    bytemuck::pod_read_unaligned(&bytes[at..at + 8])
}

fn half_word(bytes: &[u8], at: usize) -> u32 {
    bytemuck::pod_read_unaligned(&bytes[at..at + 4])
}

/// The messages of a whole recording, for tests and small files.
///
/// # Errors
///
/// The first [`RecordingError`] that is met.
pub fn read_all<T: Payload>(file: impl io::Read) -> Result<Vec<Event<T>>, RecordingError> {
    Reader::new(file)?.collect()
}

#[cfg(test)]
mod tests;
