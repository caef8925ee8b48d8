//! What the system's error numbers mean for a file.

use crate::BufferError;
use nix::errno::Errno;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

pub(super) fn metadata(file: &File, path: &Path) -> Result<Metadata, BufferError> {
    file.metadata().map_err(|error| failed_io(&error, path, "examine"))
}

pub(super) fn failed_io(error: &io::Error, path: &Path, doing: &'static str) -> BufferError {
    // A request that the standard library itself refuses has no error number.
    failed(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EINVAL)), path, doing)
}

/// The error for a system call on `path`.
pub(super) fn failed(errno: Errno, path: &Path, doing: &'static str) -> BufferError {
    let path = path.to_owned();
    match errno {
        Errno::ENOENT => BufferError::NotFound { path },
        Errno::EEXIST => BufferError::AlreadyExists { path },
        Errno::EACCES | Errno::EPERM => BufferError::PermissionDenied { path, doing },
        Errno::EROFS => BufferError::ReadOnlyFileSystem { path, doing },
        Errno::EMFILE => {
            let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(limit, _)| limit);
            BufferError::TooManyFiles { path, doing, limit: Some(limit) }
        }
        Errno::ENFILE => BufferError::TooManyFiles { path, doing, limit: None },
        Errno::ELOOP => BufferError::Symlink { path },
        _ => BufferError::Io { path, doing, code: errno as i32 },
    }
}
