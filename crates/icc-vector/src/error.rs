//! What can go wrong.

use core::ops::Range;
use icc_buffer::BufferError;

/// There is no such slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("slot {index} does not exist: the vector has {len}, from 0 to {}", .len.saturating_sub(1))]
pub struct OutOfRange {
    /// The slot asked for.
    pub index: usize,
    /// The number of slots.
    pub len: usize,
}

/// The process that wrote a slot was killed in the middle, and nobody has written the slot since.
///
/// Given only on proof: the kernel says that whoever had begun the write is no more. The slot has no value: the old one was
/// half overwritten. The next write to it, by whoever may write it, makes it readable again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the writer of slot {index} died in the middle of a write: its value is lost until somebody writes it again")]
pub struct WriterDied {
    /// The slot.
    pub index: usize,
}

/// A slot was being written whenever it was looked at, for longer than the call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "slot {index} was being written at each of {attempts} attempts: its writer lives, but is stopped or very busy; try again"
)]
pub struct Busy {
    /// The slot.
    pub index: usize,
    /// How often it was tried.
    pub attempts: u32,
}

/// Why a slot could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such slot.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// Its writer died half-way. Only in shared memory.
    #[error(transparent)]
    WriterDied(#[from] WriterDied),
    /// Its writers left no moment to read it.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// Why a single attempt to read gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryReadError {
    /// There is no such slot.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// It was being written.
    #[error(transparent)]
    BeingWritten(#[from] icc_seqlock::BeingWritten),
}

/// Why a wait for a change ended without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The time is up.
    #[error("slot {index} did not change in time: ask again, or see whether its writer lives")]
    Timeout {
        /// The slot.
        index: usize,
    },
    /// The slot cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why there is no picture of several slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Writes crossed every attempt.
    #[error(
        "writes crossed all {attempts} attempts at a snapshot, the last at slot {index}: ask for fewer slots, or try again"
    )]
    Busy {
        /// The slot that was written during the last attempt.
        index: usize,
        /// How often it was tried.
        attempts: u32,
    },
    /// One of them has no value. Only in shared memory.
    #[error(transparent)]
    WriterDied(#[from] WriterDied),
}

/// Why a slot could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// There is no such slot.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The slot is not one of this writer's.
    #[error("slot {index} is not this writer's, which has {range:?}: write it by its own writer")]
    NotOwned {
        /// The slot.
        index: usize,
        /// The writer's slots.
        range: Range<usize>,
    },
    /// The slot has no value that could be updated: write it instead. Only in shared memory.
    #[error(transparent)]
    WriterDied(#[from] WriterDied),
    /// Other writers of the slot left no turn. Nothing was written.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// In shared memory a process may die half-way, so who writes must be known.
    #[error("a vector in shared memory is written through a writer only: get one from `writer()`")]
    NeedsWriter,
}

/// Why there is no writer to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriterError {
    /// A living writer has one of the slots, and each slot takes one writer at a time.
    #[error("a living writer has slots {range:?}, and each takes one at a time: drop it, or end its process first")]
    Taken {
        /// That writer's slots.
        range: Range<usize>,
    },
    /// As many writers of this vector are alive as it takes at a time.
    #[error("the vector has {max} living writers, and takes no more at a time: drop one first")]
    TooMany {
        /// The most at a time.
        max: u32,
    },
    /// The slots asked for are none, or do not exist.
    #[error("slots {range:?} cannot be had: ask for at least one of 0..{len}")]
    BadRange {
        /// The slots asked for.
        range: Range<usize>,
        /// The number of slots.
        len: usize,
    },
    /// Another process stopped in the few instructions in which it got a writer.
    #[error("another process has not finished getting a writer: it lives, but is stopped; try again")]
    Stalled,
    /// The system refuses the lock that tells the living from the dead.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Why a vector could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The vector is written in another way than this handle's type says.
    #[error("the vector was made for {found}, and this handle is for {expected}: give its type the same mode")]
    OtherMode {
        /// How it is written.
        found: &'static str,
        /// How this handle would.
        expected: &'static str,
    },
    /// The memory could not be had, or is something else.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// A buffer is too short or too long for what it was to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadAllError {
    /// One value could not be read. Those before it were.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Not as many values as slots.
    #[error("{given} values were given room, and the vector has {len}: give exactly that many")]
    WrongLen {
        /// Values given.
        given: usize,
        /// Slots.
        len: usize,
    },
}

impl From<OutOfRange> for ReadAllError {
    fn from(error: OutOfRange) -> Self {
        Self::Read(error.into())
    }
}
