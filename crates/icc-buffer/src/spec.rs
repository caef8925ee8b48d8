//! What a layer above asks of a buffer.

/// What the slots are used as. Stored in the header, so that nobody attaches to a queue as if it were a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Kind {
    /// A ring of messages with one producer at a time.
    QueueSpmc = 1,
    /// A ring of messages with any number of producers.
    QueueMpmc = 2,
    /// A table of latest values.
    Vector = 3,
}

/// What a buffer is to be.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Kind, Packed, Spec};
///
/// let spec = Spec { kind: Kind::Vector, len: 16, lines: 0, words: [0; 4] };
/// let buffer = Buffer::<u64, Packed>::private(spec)?;
/// assert_eq!(buffer.len(), 16);
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What the slots are used as.
    pub kind: Kind,
    /// The number of slots, at least 1.
    pub len: usize,
    /// The number of counters, each on cache lines of its own, for the layer above.
    pub lines: usize,
    /// Words of the layer above's own, fixed for the buffer's life.
    pub words: [u64; 4],
}
