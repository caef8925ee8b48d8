//! Files: opening only trusted ones, and the meaning of the system's error numbers.

use super::descriptor::Descriptor;
pub(super) use super::errno::{failed, failed_io, metadata};
use super::{Mapping, Options, Owner};
use crate::BufferError;
use nix::libc;
use nix::sys::statfs::{FsType, HUGETLBFS_MAGIC, TMPFS_MAGIC, fstatfs};
use nix::unistd::geteuid;
use std::fs::{self, File, FileType, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// How memory is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    ReadWrite,
}

impl Access {
    /// What such a handle does, for errors.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWrite => "write",
        }
    }
}

/// Opens the file of a buffer, if it is a regular file and its owner allowed.
pub(super) fn open(path: &Path, access: Access, options: &Options) -> Result<File, BufferError> {
    // Checked before it is opened, since opening a device can have effects, and after, since it may
    // be another file by then.
    let before = fs::symlink_metadata(path).map_err(|error| failed_io(&error, path, "examine"))?;
    regular(before.file_type(), path)?;
    // Non-blocking, or a FIFO in the file's place would make this wait until somebody opens its
    // other end. No effect on regular files.
    let file = OpenOptions::new()
        .read(true)
        .write(access == Access::ReadWrite)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|error| failed_io(&error, path, "open"))?;
    let found = metadata(&file, path)?;
    regular(found.file_type(), path)?;
    let allowed = match options.owner {
        Owner::Me => Some(geteuid().as_raw()),
        Owner::User(id) => Some(id),
        Owner::Anyone => None,
    };
    match allowed {
        Some(expected) if found.uid() != expected => {
            Err(BufferError::ForeignOwner { path: path.to_owned(), found: found.uid(), expected })
        }
        _ => Ok(file),
    }
}

/// Opens the mapping's file again, to get its own open file description that can be locked.
pub(super) fn reopen(mapping: &Mapping) -> Result<Descriptor, BufferError> {
    const DOING: &str = "open once more";
    let path = mapping.path();
    let ours = mapping.descriptor().identity();
    let mut anew = OpenOptions::new();
    anew.read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    // By descriptor, which finds the same file even if it was renamed or removed, or never had a
    // name.
    let by_descriptor = match anew.open(of_descriptor(mapping.file()?)) {
        Ok(file) => {
            let found = Descriptor::new(file, path)?;
            return if found.identity() == ours {
                Ok(found)
            } else {
                // Closed, and its number used again, between the two.
                Err(BufferError::DescriptorLost { path: path.to_owned(), reused: true })
            };
        }
        Err(error) => error,
    };
    let without_proc = by_descriptor.kind() == io::ErrorKind::NotFound && !has_proc();
    // By name, if that still is the same file.
    if without_proc
        && let Some(name) = mapping.absolute()
        && let Ok(named) = anew.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY).open(name)
    {
        let named = Descriptor::new(named, path)?;
        if named.identity() == ours {
            return Ok(named);
        }
    }
    let path = path.to_owned();
    match by_descriptor.kind() {
        _ if without_proc => Err(BufferError::NoProc { path, doing: DOING }),
        io::ErrorKind::PermissionDenied => Err(BufferError::NotReopened { path, user: geteuid().as_raw() }),
        _ => Err(failed_io(&by_descriptor, &path, DOING)),
    }
}

/// Whether the system shows the descriptors of this process.
pub(super) fn has_proc() -> bool {
    Path::new("/proc/self/fd").exists()
}

/// The name that `/proc` gives to a descriptor of this process.
pub(super) fn of_descriptor(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// An error unless it is a regular file.
pub(super) fn regular(found: FileType, path: &Path) -> Result<(), BufferError> {
    let found = match found {
        regular if regular.is_file() => return Ok(()),
        link if link.is_symlink() => return Err(BufferError::Symlink { path: path.to_owned() }),
        directory if directory.is_dir() => "a directory",
        fifo if fifo.is_fifo() => "a FIFO",
        socket if socket.is_socket() => "a socket",
        _ => "a device",
    };
    Err(BufferError::NotRegularFile { path: path.to_owned(), found })
}

/// What the file's size must be a multiple of: the page size on `hugetlbfs`, else 1.
pub(super) fn granule(file: &File, path: &Path) -> Result<u64, BufferError> {
    if !is_on(file, HUGETLBFS_MAGIC, path)? {
        return Ok(1);
    }
    Ok(metadata(file, path)?.blksize().max(1))
}

/// Whether the file is on a file system of this kind.
pub(super) fn is_on(file: &File, kind: FsType, path: &Path) -> Result<bool, BufferError> {
    let system = fstatfs(file).map_err(|errno| failed(errno, path, "examine the file system of"))?;
    Ok(system.filesystem_type() == kind)
}

/// Whether the file is in memory only, so that it does not survive a start of the machine.
pub(super) fn is_memory(file: &File, path: &Path) -> Result<bool, BufferError> {
    let system = fstatfs(file).map_err(|errno| failed(errno, path, "examine the file system of"))?;
    Ok(matches!(system.filesystem_type(), TMPFS_MAGIC | HUGETLBFS_MAGIC))
}
