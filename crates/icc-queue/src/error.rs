//! What can go wrong.

use core::fmt;
use icc_buffer::BufferError;

/// Why a queue could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The capacity is not a power of two of at least 2.
    #[error("a capacity of {asked} was asked for: it must be a power of two, at least 2{}", Nearest(*.asked))]
    Capacity {
        /// The capacity asked for.
        asked: usize,
    },
    /// The memory for it could not be had.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Proposes capacities around one that was refused.
struct Nearest(usize);

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(asked) = *self;
        match (asked > 2, asked.checked_next_power_of_two()) {
            (true, Some(above)) => write!(f, " (the nearest are {} and {above})", above / 2),
            (true, None) => write!(f, " (the nearest is {})", 1_usize << (usize::BITS - 1)),
            _ => Ok(()),
        }
    }
}

/// Why there is no producer to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerError {
    /// Another producer of this queue is alive, and it takes one at a time.
    #[error("the queue has a living producer, and takes one at a time: drop that one or end its process first")]
    Taken,
    /// As many producers of this queue are alive as it takes at a time.
    #[error("the queue has {max} living producers, and takes no more at a time: drop one first")]
    TooMany {
        /// The most at a time.
        max: u32,
    },
    /// The system refuses the lock that tells the living from the dead.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// More messages were to be produced at once than the queue keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} messages are more than the {capacity} that the queue keeps: produce them in smaller batches")]
pub struct BatchTooLong {
    /// The messages in the batch.
    pub len: usize,
    /// The messages that the queue keeps.
    pub capacity: usize,
}

/// Why there is no message to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryConsumeError {
    /// The next message is not there yet.
    #[error("the queue is empty")]
    Empty,
    /// The producer overwrote messages before this consumer got to them. It goes on after them.
    #[error("sped past: {0}")]
    SpedPast(Lost),
}

/// The messages that a consumer will never see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lost {
    /// The sequence number of the first message lost.
    pub first: u64,
    /// The sequence number after the last one lost: where the consumer goes on.
    pub next: u64,
}

impl Lost {
    /// How many were lost.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.next.wrapping_sub(self.first)
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages lost, from {} until before {}", self.count(), self.first, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_errors_propose_what_is_allowed() {
        let says = |asked| QueueError::Capacity { asked }.to_string();
        assert_eq!(says(0), "a capacity of 0 was asked for: it must be a power of two, at least 2");
        assert!(says(1000).ends_with("(the nearest are 512 and 1024)"));
        assert!(says(usize::MAX).ends_with("(the nearest is 9223372036854775808)"));
    }
}
