//! What can go wrong with messages of any length.

use crate::Lost;
use core::fmt;
use core::time::Duration;

/// A message that no slots of the queue are enough for. Nothing was produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a message of {len} bytes is longer than the longest of {longest}, a quarter of the ring: send it in parts, or use a larger ring"
)]
pub struct TooLong {
    /// Its bytes.
    pub len: usize,
    /// The bytes of the longest message.
    pub longest: usize,
}

/// Why a message was not produced under a number that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProduceAtError {
    /// No slots of the queue are enough for it.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The number cannot be that of the next slot.
    #[error(transparent)]
    At(#[from] crate::ProduceAtError),
}

/// Why a message was not produced at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryProduceError {
    /// No slots of the queue are enough for it.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// There is no room for it yet.
    #[error(transparent)]
    NoRoom(#[from] crate::TryProduceError),
}

/// What a consumer will never see: which slots, and how many messages those were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BytesLost {
    /// The numbers of the slots.
    pub slots: Lost,
    /// How many messages were in them, or begun in them; none if that cannot be known, as with many
    /// producers.
    ///
    /// With one producer the sum of these is exact. A message counts with the loss in which its beginning
    /// lies: what is lost of it later is a loss of no message.
    pub messages: Option<u64>,
}

impl fmt::Display for BytesLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lost { first, next } = self.slots;
        match self.messages {
            Some(messages) => write!(f, "lost {messages} messages (slots {first}..{next})"),
            None => write!(f, "lost the messages in slots {first}..{next}"),
        }
    }
}

impl core::error::Error for BytesLost {}

/// Why there is no message to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryConsumeError {
    /// The next message is not there yet, or not all of it.
    #[error("the queue is empty")]
    Empty,
    /// Messages were overwritten before this consumer got to them, or their producer died. It goes on after
    /// them, or stops there, as its [`Recovery`](crate::Recovery) says.
    #[error("sped past: {0}")]
    SpedPast(BytesLost),
    /// The next message is longer than the buffer, and stays the next one.
    #[error("the next message has {needed} bytes, more than the buffer: give a longer one, or a `Vec`")]
    TooSmall {
        /// Its bytes.
        needed: usize,
    },
}

/// Why waiting for a message ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// Nothing was produced in that time. The consumer is where it was.
    #[error("no message within {after:?}: ask again, or check that a producer lives")]
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// No producer lives, and all that was produced has been read or reported as lost.
    #[error("no producer lives, and all that they produced was read: start one and ask again, or end")]
    ProducersGone,
    /// As [`TryConsumeError::SpedPast`].
    #[error("sped past: {0}")]
    SpedPast(BytesLost),
}
