//! Descriptors that other code of the process may close.
//!
//! A process that becomes a daemon often closes all its descriptors, also those it does not know
//! of, and the next file that it opens gets such a number. So the library remembers which file it
//! opened, and asks before each use whether it still is that one.

use super::errno;
use crate::BufferError;
use core::mem::ManuallyDrop;
use nix::errno::Errno;
use nix::sys::stat::{FileStat, fstat};
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What tells a file from every other that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl From<&Metadata> for Identity {
    fn from(found: &Metadata) -> Self {
        Self { device: found.dev(), inode: found.ino() }
    }
}

impl From<&FileStat> for Identity {
    fn from(found: &FileStat) -> Self {
        Self { device: found.st_dev, inode: found.st_ino }
    }
}

/// An open file, and which one it was.
#[derive(Debug)]
pub(crate) struct Descriptor {
    /// Dropped only if it still is that file.
    file: ManuallyDrop<File>,
    identity: Identity,
}

impl Descriptor {
    pub(super) fn new(file: File, path: &Path) -> Result<Self, BufferError> {
        let identity = Identity::from(&errno::metadata(&file, path)?);
        Ok(Self { file: ManuallyDrop::new(file), identity })
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// The file as its number says, unchecked: for a file that was just opened, or to pass on.
    pub(super) fn unchecked(&self) -> &File {
        &self.file
    }

    /// The file, if it still is the one that was opened.
    pub(super) fn get(&self, path: &Path) -> Result<&File, BufferError> {
        match fstat(&*self.file) {
            Ok(found) if Identity::from(&found) == self.identity => Ok(&self.file),
            Ok(_) => Err(BufferError::DescriptorLost { path: path.to_owned(), reused: true }),
            Err(Errno::EBADF) => Err(BufferError::DescriptorLost { path: path.to_owned(), reused: false }),
            Err(errno) => Err(errno::failed(errno, path, "examine")),
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // A number that belongs to another file is not this one's to close.
        if fstat(&*self.file).is_ok_and(|found| Identity::from(&found) == self.identity) {
            // SAFETY: dropped once, here.
            unsafe { ManuallyDrop::drop(&mut self.file) };
        }
    }
}
