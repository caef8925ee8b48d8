//! Why a round could not be measured.

use std::time::Duration;

use super::pin::PinError;
use super::threads::Panicked;
use crate::link::{Garbled, OpenError};

/// A round could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// A thread could not be pinned.
    #[error(transparent)]
    Pin(#[from] PinError),

    /// A measuring thread panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),

    /// The other of two processes could not do its part.
    #[error("the other process: {0}")]
    OtherProcess(String),

    /// The structure could not be made.
    #[error("the link could not be opened: {0}")]
    Open(OpenError),

    /// A message never arrived.
    #[error("message {sequence} was lost: it did not arrive within {timeout:?}")]
    Lost {
        /// The message's number.
        sequence: u64,
        /// How long it was waited for.
        timeout: Duration,
    },

    /// The receiver was sped past, which cannot happen with one message under way.
    #[error("while message {sequence} was awaited, the receiver reported {count} lost")]
    SpedPast {
        /// The number of the message waited for.
        sequence: u64,
        /// How many the receiver reported as lost.
        count: u64,
    },

    /// A message arrived with wrong content.
    #[error(transparent)]
    Garbled(#[from] Garbled),

    /// A message came twice, too early, or was never sent.
    #[error("message {sequence} arrived after {after}: numbers must rise, and only to the last one sent")]
    OutOfOrder {
        /// The message's number.
        sequence: u64,
        /// The number of the one before it, or of the last that was sent.
        after: u64,
    },

    /// A message arrived with a time stamp that is not of any message still expected.
    #[error("a message arrived with time stamp {stamp}: it came twice, too early or was never sent")]
    UnknownStamp {
        /// The stamp, in ticks.
        stamp: u64,
    },

    /// A message arrived with the time stamp of one and the content of another.
    #[error("a message arrived with the time stamp of message {stamped} and the content of message {content}")]
    MixedStamp {
        /// Which message the stamp is of.
        stamped: u64,
        /// Which message the rest is of.
        content: u64,
    },

    /// A message arrived before it was sent.
    #[error(
        "a message arrived {by_ns:.0} ns before it was sent: the clocks of the two cores disagree, although they agreed \
         before the run; run it again"
    )]
    ClocksDisagree {
        /// By how much at least, in nanoseconds.
        by_ns: f64,
    },

    /// Not every consumer of a thread found the messages that were sent.
    #[error("consumer {consumer} of {consumers} found something else where message {sequence} should be")]
    Missed {
        /// The consumer, counted from 1.
        consumer: usize,
        /// How many there were.
        consumers: usize,
        /// The number of the first message that was missed.
        sequence: u64,
    },

    /// No message arrived at all.
    #[error("of {produced} messages none arrived that should have")]
    NothingArrived {
        /// How many were sent.
        produced: u64,
    },

    /// The receiver never finds its link empty although the sender has ended.
    #[error("after {received} messages the link still is not empty, although nothing is sent any more")]
    NoEnd {
        /// How many messages had arrived.
        received: u64,
    },

    /// Messages are missing, or there are too many.
    #[error("{produced} messages were produced, and {accounted} received or reported as lost")]
    Unaccounted {
        /// How many were sent.
        produced: u64,
        /// How many arrived or were reported as lost.
        accounted: u64,
    },
}
