//! Where a queue is, for errors.

use icc_buffer::ReadOnlyBuffer;
use std::path::{Path, PathBuf};

/// Where a buffer is, if it has a name.
pub(crate) fn place<T>(buffer: &ReadOnlyBuffer<T>) -> Option<PathBuf> {
    buffer.path().map(Path::to_owned)
}
