//! What can go wrong.

use crate::{Evict, Position};
use core::{fmt, time::Duration};
use icc_buffer::{BufferError, ReadOnlyBuffer};
use std::path::PathBuf;

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
    /// The number of producers is out of range.
    #[error("a queue for {asked} producers was asked for: it takes 1 to {max}")]
    Producers {
        /// The number asked for.
        asked: u32,
        /// The most there can be.
        max: u32,
    },
    /// Messages of a group would never be delivered.
    #[error("at most 0 deliveries of each message were asked for: it takes 1 to 255")]
    Deliveries,
    /// A queue of many producers has no gaps.
    #[error("a queue for many producers with gaps was asked for: only a queue for one producer can have them")]
    GapsOfMany,
    /// Slots of a queue of bytes cannot have this size.
    #[error("slots of {asked} bytes were asked for: it must be a multiple of 8, from {least} to {most}")]
    SlotSize {
        /// The bytes asked for.
        asked: usize,
        /// The least there can be.
        least: usize,
        /// The most there can be.
        most: usize,
    },
    /// A queue of bytes was asked for with something that only queues of one message type can have.
    #[error("a queue of bytes with {what} was asked for: only a queue of one message type can have them")]
    NotOfBytes {
        /// What was asked for.
        what: &'static str,
    },
    /// The slots of a queue of bytes that exists have another size.
    #[error("{} has slots of {found} bytes, not {expected}: ask for the same, or remove the queue first", .path.display())]
    OtherSlotSize {
        /// Of the file.
        path: PathBuf,
        /// The bytes of its slots.
        found: usize,
        /// The bytes asked for.
        expected: usize,
    },
    /// The queue is written in another way than this handle's type says.
    #[error("{} is a queue for {found}, and this handle is for {expected}: give its type the same mode", .path.display())]
    OtherMode {
        /// Of the file.
        path: PathBuf,
        /// How it is written.
        found: &'static str,
        /// How this handle would.
        expected: &'static str,
    },
    /// Producers wait in another way, or not at all, for consumers that hold.
    #[error(
        "{} {}, and one that {} was asked for: ask for the same, or remove the queue first",
        .path.display(), Holding(*.found), Holding(*.expected)
    )]
    OtherEviction {
        /// Of the file.
        path: PathBuf,
        /// What becomes of one that is behind; none if nobody can hold.
        found: Option<Evict>,
        /// What was asked for.
        expected: Option<Evict>,
    },
    /// The memory is not available, or is something else.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Says whether consumers can hold.
struct Holding(Option<Evict>);

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("has no consumers that hold"),
            Some(evict) => write!(f, "has consumers that hold, evicted {evict}"),
        }
    }
}

impl QueueError {
    /// A buffer of the right kind is not what a queue looks like.
    pub(crate) fn damaged<T>(buffer: &ReadOnlyBuffer<T>, field: &'static str, found: u64, expected: u64) -> Self {
        BufferError::OtherLayout { path: crate::place::place(buffer).unwrap_or_default(), field, found, expected }
            .into()
    }
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

/// Why no producer is available.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProducerError {
    /// Another producer of this queue is alive, and it takes one at a time.
    #[error("{} already has a living producer, and takes one: drop it or end its process first", At(path))]
    Taken {
        /// Where the queue is; none if it has no name.
        path: Option<PathBuf>,
    },
    /// As many producers of this queue are alive as it takes at a time.
    #[error("{} already has its maximum of {max} producers: drop one first", At(path))]
    TooMany {
        /// The most at a time.
        max: u32,
        /// Where the queue is; none if it has no name.
        path: Option<PathBuf>,
    },
    /// The system refuses the lock that tells the living from the dead.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Names a queue.
struct At<'a>(&'a Option<PathBuf>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(path) => write!(f, "the queue {}", path.display()),
            None => f.write_str("the queue"),
        }
    }
}

/// Why a message was not produced at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryProduceError {
    /// Another producer is still writing the message that is a whole ring older, or others took
    /// every sequence number that was tried. If that producer died, the call succeeds after a few
    /// tries, once the system tells.
    #[error(
        "message {n} has no room yet: another producer is still writing the one a ring earlier, or took its place; try again, or use `produce`"
    )]
    Busy {
        /// The sequence number that the message would have had.
        n: u64,
    },
    /// A consumer that [holds](crate::QueueReader::holding_consumer) has not read the message that is a
    /// whole ring older.
    #[error(
        "the ring is full: the consumer with entry {by} holds and is {behind} messages behind; try again, or use `produce`"
    )]
    Full {
        /// Which entry it has: the [`id`](crate::ReaderStatus::id) of one of the readers. Of several, one
        /// that is furthest behind.
        by: u32,
        /// How many messages it has not read, of those that were produced.
        behind: u64,
    },
    /// This is the copy that a child process got by `fork`; the producer is its parent's.
    #[error("this producer is that of the parent process: after `fork`, the child needs one of its own")]
    Forked,
}

/// Why a message was not produced under the number asked for. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProduceAtError {
    /// Its number, or a later one, was given out already.
    #[error("message {asked} would come after message {next} is next: numbers only go forward, so leave it out")]
    Behind {
        /// The number asked for.
        asked: u64,
        /// The next number.
        next: u64,
    },
    /// The queue was not created for gaps, so its consumers would wait for what is left out.
    #[error("this queue has no gaps: create it with `QueueSpec::gaps`")]
    NoGaps,
    /// This is the copy that a child process got by `fork`; the producer is its parent's.
    #[error("this producer is that of the parent process: after `fork`, the child needs one of its own")]
    Forked,
}

/// More messages were to be produced at once than the queue keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} messages are more than the {capacity} that the queue keeps: produce them in smaller batches")]
#[non_exhaustive]
pub struct BatchTooLong {
    /// The messages in the batch.
    pub len: usize,
    /// The messages that the queue keeps.
    pub capacity: usize,
}

/// Why there is no message to give. A third reason would be one that every consumer must handle, so
/// there will be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryConsumeError {
    /// The next message is not there yet.
    #[error("the queue is empty")]
    Empty,
    /// The producer overwrote messages before this consumer got to them. It goes on after them, or
    /// stops there, as its [`Recovery`](crate::Recovery) says.
    #[error("sped past: {0}")]
    SpedPast(Lost),
}

/// Why waiting for a message, for as long as a producer lives, ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// No producer lives, and all that was produced has been read or reported as lost.
    #[error("no producer lives, and all that they produced was read: start one and ask again, or end")]
    ProducersGone,
    /// As [`TryConsumeError::SpedPast`].
    #[error("sped past: {0}")]
    SpedPast(Lost),
}

impl ConsumeError {
    /// The loss, as an iterator gives it; none at the end.
    pub(crate) fn lost_or_end<T>(self) -> Option<Result<T, Lost>> {
        match self {
            Self::ProducersGone => None,
            Self::SpedPast(lost) => Some(Err(lost)),
        }
    }
}

/// Why waiting for a message ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeTimeoutError {
    /// Nothing was produced in that time. The consumer is where it was.
    #[error("no message within {after:?}: ask again, or check that a producer lives")]
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// As [`TryConsumeError::SpedPast`].
    #[error("sped past: {0}")]
    SpedPast(Lost),
}

/// Why a consumer cannot start at the message asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The position is one of another queue, such as an earlier one of the same name.
    #[error(
        "message {} is one of the queue with instance {:#x}, and this is {instance:#x}: the queue was made anew; start with \
         `consumer` or `consumer_from_oldest`", .asked.sequence, .asked.instance
    )]
    OtherInstance {
        /// The position asked for.
        asked: Position,
        /// This queue's instance.
        instance: u64,
    },
    /// It has been overwritten, or is from before the queue's first.
    #[error("message {asked} is gone, {}: start at one of those, or with `consumer_from_oldest`", Kept(*.oldest, *.next))]
    Gone {
        /// The message asked for.
        asked: u64,
        /// The oldest that is kept; `next` if there is none.
        oldest: u64,
        /// The next one to be produced.
        next: u64,
    },
    /// It is later than the next one to be produced.
    #[error("message {asked} is not there yet, {}: start at one of those, or with `consumer`", Kept(*.oldest, *.next))]
    NotYet {
        /// The message asked for.
        asked: u64,
        /// The oldest that is kept; `next` if there is none.
        oldest: u64,
        /// The next one to be produced.
        next: u64,
    },
}

/// Says which messages are kept.
struct Kept(u64, u64);

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(oldest, next) if oldest == next => write!(f, "none is kept and {next} is next"),
            Self(oldest, next) => write!(f, "{oldest} to {} are kept and {next} is next", next.wrapping_sub(1)),
        }
    }
}

/// The messages that a consumer will never see: a range, and nothing else, so its fields will not
/// grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("lost {} messages ({first}..{next})", .next.wrapping_sub(*.first))]
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

    #[test]
    fn start_errors_say_what_is_kept() {
        let gone = StartError::Gone { asked: 1, oldest: 2, next: 6 }.to_string();
        assert!(gone.starts_with("message 1 is gone, 2 to 5 are kept and 6 is next:"), "{gone}");
        let none = StartError::NotYet { asked: 1, oldest: 0, next: 0 }.to_string();
        assert!(none.starts_with("message 1 is not there yet, none is kept and 0 is next:"), "{none}");
    }
}
