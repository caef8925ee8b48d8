//! What can go wrong.

/// A single attempt met a write, so there is no value to give, or no turn to write.
///
/// Try again, or do something else first: writes last as long as a copy of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cell was being written (version {version}): try again, or use a call that waits")]
pub struct BeingWritten {
    /// The version found: odd if a write was under way, even if one came and went during the attempt.
    pub version: u64,
}
