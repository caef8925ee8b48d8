//! What a layer above asks of a buffer.

use core::fmt;

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

impl Kind {
    /// What the number of a kind, found in a header, stands for.
    pub(crate) fn describe(number: u32) -> String {
        match [Self::QueueSpmc, Self::QueueMpmc, Self::Vector].into_iter().find(|&kind| kind as u32 == number) {
            Some(kind) => kind.to_string(),
            None => format!("of an unknown kind ({number})"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueSpmc => "a queue of one producer",
            Self::QueueMpmc => "a queue of many producers",
            Self::Vector => "a vector",
        })
    }
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

/// What a buffer that is opened must be. Its element type and placement are those of the handle.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Expected, Kind, Spec};
///
/// let any_length = Expected { kind: Kind::QueueSpmc, len: None, lines: 1 };
/// let just_this = Expected::from(Spec { kind: Kind::QueueSpmc, len: 64, lines: 1, words: [0; 4] });
/// assert_eq!(just_this, Expected { len: Some(64), ..any_length });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What the slots are used as.
    pub kind: Kind,
    /// The number of slots, if only one will do.
    pub len: Option<usize>,
    /// The number of counters.
    pub lines: usize,
}

impl From<Spec> for Expected {
    /// The same kind, length and counters. The words are left to the layer above, which knows what they mean.
    fn from(spec: Spec) -> Self {
        Self { kind: spec.kind, len: Some(spec.len), lines: spec.lines }
    }
}
