//! What can go wrong.

/// A single attempt found another version than it needs: a write was under way, or happened
/// meanwhile.
///
/// Try again, or do something else first. A write takes as long as a copy of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cell was being written (version {version}): try again, or use a call that waits")]
#[non_exhaustive]
pub struct BeingWritten {
    /// The version found: odd if a write was under way, even if one was complete by then.
    pub version: u64,
}
