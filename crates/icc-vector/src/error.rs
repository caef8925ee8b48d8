//! What can go wrong.

/// There is no such slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("slot {index} does not exist: the vector has {len}, from 0 to {}", .len - 1)]
pub struct OutOfRange {
    /// The slot asked for.
    pub index: usize,
    /// The number of slots.
    pub len: usize,
}
