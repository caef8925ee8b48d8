//! From a name to a path.

use crate::BufferError;
use std::path::{Path, PathBuf};

/// Where bare names live: memory that looks like files.
const DIRECTORY: &str = "/dev/shm";
/// The longest file name that Linux allows.
const NAME_MAX: usize = 255;
/// How the file of a buffer's readers ends. Before it the instance, in 16 hexadecimal digits.
pub(super) const READERS: &str = ".readers";
/// In the names of the files of groups of readers, before the group's name. Before it the instance, too.
pub(super) const GROUP: &str = ".group-";

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
    let file = file.as_encoded_bytes();
    if file.ends_with(READERS.as_bytes()) {
        return bad("names that end in `.readers` are those of the files in which readers of a buffer sleep");
    }
    if file.windows(GROUP.len()).any(|part| part == GROUP.as_bytes()) {
        return bad("names with `.group-` in them are kept for files beside a buffer");
    }
    Ok(if bytes.contains(&b'/') { name.to_owned() } else { Path::new(DIRECTORY).join(name) })
}

/// An error if the file beside the buffer at `buffer` would have too long a name.
pub(super) fn check_length(beside: &Path, buffer: &Path) -> Result<(), BufferError> {
    match beside.file_name() {
        Some(file) if file.len() <= NAME_MAX => Ok(()),
        _ => {
            let reason =
                "a file beside it, of its readers or a group, has a longer name, and that is longer than 255 bytes";
            Err(BufferError::BadName { name: buffer.to_owned(), reason })
        }
    }
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
        for good in ["readers", "a.readers.b", "a.readers/b", "group-a"] {
            assert!(resolved(good).is_ok(), "{good:?} was refused");
        }
        let long = "x".repeat(256);
        for bad in [
            "a.readers",
            "/tmp/.readers",
            "quotes.group-a",
            "",
            ".",
            "..",
            "a/..",
            "a/.",
            "/",
            "a/",
            "a\0b",
            &long,
            &format!("/tmp/{long}"),
        ] {
            assert!(matches!(resolved(bad), Err(BufferError::BadName { .. })), "{bad:?} was accepted");
        }
    }
}
