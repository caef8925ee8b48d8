//! From a name to a path.

use crate::BufferError;
use std::path::{Path, PathBuf};

/// Where bare names live: memory that looks like files.
const DIRECTORY: &str = "/dev/shm";
/// The longest file name that Linux allows.
const NAME_MAX: usize = 255;

/// A bare name stands for a file in `/dev/shm`; a name with a slash is a path and used as it is.
pub(super) fn resolve(name: &Path) -> Result<PathBuf, BufferError> {
    let bytes = name.as_os_str().as_encoded_bytes();
    let bad = |reason| Err(BufferError::BadName { name: name.to_owned(), reason });
    if bytes.is_empty() {
        return bad("it is empty");
    }
    if bytes.contains(&0) {
        return bad("it contains a zero byte");
    }
    if bytes.ends_with(b"/") {
        return bad("it ends in a slash, so it names a directory");
    }
    let Some(file) = name.file_name() else {
        return bad("it names a directory");
    };
    if bytes.ends_with(b"/.") {
        return bad("it names a directory");
    }
    if file.len() > NAME_MAX {
        return bad("it is longer than 255 bytes");
    }
    Ok(if bytes.contains(&b'/') { name.to_owned() } else { Path::new(DIRECTORY).join(name) })
}

/// The directory that a resolved path lies in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths() {
        let resolved = |name: &str| resolve(Path::new(name));
        assert_eq!(resolved("quotes").unwrap(), Path::new("/dev/shm/quotes"));
        assert_eq!(resolved("./quotes").unwrap(), Path::new("./quotes"));
        assert_eq!(resolved("/mnt/huge/quotes").unwrap(), Path::new("/mnt/huge/quotes"));
        let long = "x".repeat(256);
        for bad in ["", ".", "..", "a/..", "a/.", "/", "a/", "a\0b", &long, &format!("/tmp/{long}")] {
            assert!(matches!(resolved(bad), Err(BufferError::BadName { .. })), "{bad:?} was accepted");
        }
    }
}
