//! What can be wrong with a recording.

use super::{MAGIC, VERSION};
use icc_buffer::ElementType;
use std::io;

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
    #[error("not a recording: it begins with {found:?}, not with {MAGIC:?}; give a file that `icc record` wrote")]
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
    #[error("the recording holds {found}, not {expected}: read it with the program that knows its messages")]
    OtherType {
        /// What it holds.
        found: Box<ElementType>,
        /// What was asked for.
        expected: Box<ElementType>,
    },
    /// A message has another size than the recording's messages.
    #[error("a message of {found} bytes does not belong into a recording of messages of {expected} bytes")]
    MessageSize {
        /// The bytes of the message.
        found: usize,
        /// The bytes of each message of the recording.
        expected: u64,
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
