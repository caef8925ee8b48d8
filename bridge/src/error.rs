//! What can go wrong between machines.

use icc_buffer::{BufferError, ElementType};
use std::path::PathBuf;

/// Why bytes are no frame, or none that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// It ends too early.
    #[error("a frame of {found} bytes, where {expected} are expected at least")]
    TooShort {
        /// Its bytes.
        found: usize,
        /// At least.
        expected: usize,
    },
    /// Something else is sent under this key.
    #[error("no frame of a bridge: another program uses this key; give the bridge one of its own")]
    NoFrame,
    /// The other side is of another version.
    #[error(
        "a frame of version {found}, and this bridge knows {expected}: use one version of the bridge on all machines"
    )]
    Version {
        /// What it says.
        found: u8,
        /// What this bridge knows.
        expected: u8,
    },
    /// It says what this version does not know.
    #[error("a frame of the unknown kind {found}")]
    Kind {
        /// What it says.
        found: u8,
    },
    /// Bytes that must be zero are not.
    #[error("a frame with reserved bytes that are not zero")]
    Reserved,
    /// It names no source.
    #[error("a frame of instance 0, which nothing has")]
    NoInstance,
    /// It is not as long as what it says that it holds.
    #[error("{found} bytes of messages, where {expected} are expected")]
    Length {
        /// Its bytes.
        found: usize,
        /// What they should be, or more than that.
        expected: u64,
    },
    /// It does not hold as many messages as it says.
    #[error("{found} messages, where {expected} are expected")]
    Count {
        /// How many there are.
        found: u64,
        /// How many it says.
        expected: u64,
    },
    /// It is one of a queue, and a vector was expected, or the other way round.
    #[error("a frame of {found}, where one of {expected} is expected")]
    Other {
        /// What it is of.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// It names a slot that there is not.
    #[error("a value of slot {found}, where there are {len}")]
    Slot {
        /// The slot.
        found: u64,
        /// How many there are.
        len: usize,
    },
    /// A message that cannot be in the queue.
    #[error("a message of {found} bytes, where {longest} is the longest")]
    TooLong {
        /// Its bytes.
        found: usize,
        /// Of the longest.
        longest: usize,
    },
}

/// What the network, or what stands for it, says.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {reason}")]
pub struct WireError {
    /// What was tried.
    pub doing: String,
    /// Why it failed, as the engine says.
    pub reason: String,
}

/// Why a bridge cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The network.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The shared memory.
    #[error(transparent)]
    Buffer(#[from] BufferError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] icc_queue::QueueError),
    /// The vector.
    #[error(transparent)]
    Vector(#[from] icc_vector::VectorError),
    /// Another program produces into the queue.
    #[error(transparent)]
    Producer(#[from] icc_queue::ProducerError),
    /// Another program writes the vector.
    #[error(transparent)]
    Writer(#[from] icc_vector::WriterError),
    /// The queue was created without holding, or too many consumers hold.
    #[error("{}: {source}", .path.display())]
    Hold {
        /// The queue.
        path: PathBuf,
        /// Why.
        source: icc_queue::HoldError,
    },
    /// It is neither a queue nor a vector.
    #[error("{} is {found}, and a bridge carries queues and vectors", .path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// There is something of this name that no bridge made.
    #[error(
        "{} exists, and no bridge made it (it holds {found}): remove it, or give the bridge another name", .path.display()
    )]
    NotAMirror {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: Box<ElementType>,
    },
    /// Another bridge, which runs, writes what has this name.
    #[error("{} is written by another bridge, from another source: end that one, or give this one another name", .path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// What an earlier bridge made here is not as the source is.
    #[error("{} repeats the same source, but its {what} is {found}, not {expected}: remove it", .path.display())]
    OtherShape {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it would be if it were made now.
        expected: String,
    },
    /// The queue here is too small.
    #[error("a capacity of {asked} was asked for, and frames of up to {most} messages come: ask for {least} or more")]
    Capacity {
        /// What was asked for.
        asked: usize,
        /// The most messages, or slots, of one frame.
        most: usize,
        /// What is enough.
        least: usize,
    },
    /// The description of the source cannot be used.
    #[error("what {key} says of its source cannot be used: {reason}")]
    About {
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// Two sources are sent under one key.
    #[error(
        "two bridges send different sources under {key} (instances {one:016x} and {other:016x}): give each its own key"
    )]
    TwoSources {
        /// The key.
        key: String,
        /// The instance of one.
        one: u64,
        /// And of the other.
        other: u64,
    },
    /// A key that can be none.
    #[error("{key:?} is no key: {reason}")]
    Key {
        /// What was given.
        key: String,
        /// Why not.
        reason: String,
    },
}
