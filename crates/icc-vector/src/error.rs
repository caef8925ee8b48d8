//! What can go wrong.
//!
//! The enums may get more variants and the structs more fields: all are `#[non_exhaustive]`. The
//! fields of a variant stay.

use core::ops::Range;
use core::time::Duration;
use icc_buffer::BufferError;
use std::path::PathBuf;

/// There is no such slot.
///
/// May get more fields, so it is matched with `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("slot {index} does not exist: the vector has {len} slots, 0..{len}")]
#[non_exhaustive]
pub struct OutOfRange {
    /// The slot asked for.
    pub index: usize,
    /// The number of slots.
    pub len: usize,
}

/// The process that wrote a slot was killed in the middle, and nobody has written the slot since.
///
/// Given only on proof: the kernel says that the process that began the write is gone. The slot has
/// no value, since the old one was half overwritten. The next write to it, by any writer that may
/// write it, makes it readable again.
///
/// May get more fields, so it is matched with `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the writer of slot {index} died in the middle of a write: the slot has no value until it is written again")]
#[non_exhaustive]
pub struct WriterDied {
    /// The slot.
    pub index: usize,
}

/// A slot was being written at each attempt, for longer than the call waits.
///
/// May get more fields, so it is matched with `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "slot {index} was being written at each of {attempts} attempts: its writer is alive, but stopped or very busy; try again"
)]
#[non_exhaustive]
pub struct Busy {
    /// The slot.
    pub index: usize,
    /// The number of attempts.
    pub attempts: u32,
}

/// Why a slot could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such slot.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// Its writer died in the middle of a write. Only in shared memory.
    #[error(transparent)]
    WriterDied(#[from] WriterDied),
    /// Writes crossed every attempt.
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
    #[error("slot {index} did not change in time: wait again, or check that its writer runs")]
    Timeout {
        /// The slot.
        index: usize,
    },
    /// The slot cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why a snapshot of several slots could not be taken.
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
        /// The number of attempts.
        attempts: u32,
    },
    /// One of the slots has no value. Only in shared memory.
    #[error(transparent)]
    WriterDied(#[from] WriterDied),
    /// There is no such slot. Only where the slots are given with each call.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// No slot changed while [`Changes::wait`](crate::Changes::wait) waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no slot changed within {after:?}")]
pub struct Unchanged {
    /// The timeout.
    pub after: Duration,
}

/// Why a slot could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// There is no such slot.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The slot belongs to another writer.
    #[error("slot {index} is outside this writer's range {range:?}; use the writer that owns it")]
    NotOwned {
        /// The slot.
        index: usize,
        /// The writer's slots.
        range: Range<usize>,
    },
    /// The slot has no value that could be updated: write it instead. Only in shared memory.
    #[error(transparent)]
    WriterDied(#[from] WriterDied),
    /// Other writers of the slot were faster at every attempt. Nothing was written.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// This is the copy that a child process got by `fork`; the writer is its parent's. Nothing was
    /// written.
    #[error("this writer is that of the parent process: after `fork`, the child needs one of its own")]
    Forked,
    /// In shared memory a process may die in the middle of a write, so the writer must be known.
    #[error("a vector in shared memory is written through a `Writer` only: get one from `writer()`")]
    NeedsWriter,
}

/// Why there is no writer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriterError {
    /// A living writer owns one of the slots, and each slot has one writer.
    #[error("a living writer owns slots {range:?}, and each slot has one writer: drop it or end its process first")]
    Taken {
        /// That writer's slots.
        range: Range<usize>,
    },
    /// The vector has its maximum of living writers.
    #[error("the vector already has its maximum of {max} writers; drop one first")]
    TooMany {
        /// The maximum.
        max: u32,
    },
    /// The range is empty, or some of its slots do not exist.
    #[error("no writer for slots {range:?}: the range must have at least one slot and lie within 0..{len}")]
    BadRange {
        /// The slots asked for.
        range: Range<usize>,
        /// The number of slots.
        len: usize,
    },
    /// Another process holds the registration lock for longer than this waits.
    #[error(
        "another process was stopped while it registered a writer; it is alive, so continue it or end it, then try again"
    )]
    Stalled,
    /// The system refuses the locks that tell the living from the dead.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Why a vector could not be created or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The vector has another mode than this handle's type.
    #[error("{} has mode `{found}`, not `{expected}`: give the handle's type the vector's mode, or only read it", .path.display())]
    OtherMode {
        /// Of the vector.
        path: PathBuf,
        /// Its mode.
        found: &'static str,
        /// This handle's mode.
        expected: &'static str,
    },
    /// The vector has a mode that this version of the crate does not know.
    #[error("{} has mode {found}, which this program does not know: build it with a newer version of icc", .path.display())]
    UnknownMode {
        /// Of the vector.
        path: PathBuf,
        /// The mode's number.
        found: u64,
    },
    /// The vector does not have the counters that its mode needs.
    #[error("{} has {found} counters, but its mode needs {expected}: damaged, or made by another version of icc; remove it", .path.display())]
    WrongCounters {
        /// Of the vector.
        path: PathBuf,
        /// Its counters.
        found: usize,
        /// The counters of a vector of its mode.
        expected: usize,
    },
    /// The memory is not available, or holds something else.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Why several slots could not be read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadAllError {
    /// One value could not be read. Those before it were.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output slice is not as long as the vector.
    #[error("the output slice has {given} elements, but the vector has {len} slots")]
    WrongLen {
        /// The slice's elements.
        given: usize,
        /// The vector's slots.
        len: usize,
    },
}

impl From<OutOfRange> for ReadAllError {
    fn from(error: OutOfRange) -> Self {
        Self::Read(error.into())
    }
}
