//! Reading what a file still has.

use super::RecordingError;
use std::io::{self, Read};

/// Reads as much of `bytes` as there is.
pub(super) fn fill(file: &mut impl Read, bytes: &mut [u8]) -> Result<usize, RecordingError> {
    let mut have = 0;
    while have < bytes.len() {
        match file.read(&mut bytes[have..]) {
            Ok(0) => break,
            Ok(more) => have += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(RecordingError::Io { doing: "read", source }),
        }
    }
    Ok(have)
}
