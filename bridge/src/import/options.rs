//! How to receive.

use icc_buffer::Options;

/// How to receive.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// How many messages, or slots, the queue here keeps; as many as the source's unless given.
    pub capacity: Option<usize>,
    /// How its files are made.
    pub files: Options,
}
