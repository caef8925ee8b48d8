//! Files without a name.

use super::file;
use super::{ANONYMOUS, RESIZING};
use crate::BufferError;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// Pages of the usual size.
pub(super) const ORDINARY: MFdFlags = MFdFlags::empty();

/// An empty one, of such pages.
pub(super) fn create(pages: MFdFlags) -> Result<File, BufferError> {
    /// Never executable. Exists since Linux 6.3, and hardened settings demand it.
    const NOEXEC_SEAL: MFdFlags = MFdFlags::from_bits_retain(libc::MFD_NOEXEC_SEAL);
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING | pages;
    let memory = match memfd_create("icc", flags | NOEXEC_SEAL) {
        Err(Errno::EINVAL) => memfd_create("icc", flags),
        done => done,
    };
    memory.map(File::from).map_err(|errno| file::failed(errno, Path::new(ANONYMOUS), "create"))
}

/// Nobody can change its size any more.
pub(super) fn seal(memory: impl AsFd) -> Result<(), BufferError> {
    let sealed = RESIZING | SealFlag::F_SEAL_SEAL;
    let done = fcntl(memory.as_fd(), FcntlArg::F_ADD_SEALS(sealed));
    done.map(|_| ()).map_err(|errno| file::failed(errno, Path::new(ANONYMOUS), "seal"))
}

/// The file behind a descriptor that was handed over, if nobody can change its size.
pub(super) fn sealed(descriptor: OwnedFd) -> Result<File, BufferError> {
    let (file, path) = (File::from(descriptor), Path::new(ANONYMOUS));
    file::regular(file::metadata(&file, path)?.file_type(), path)?;
    match fcntl(&file, FcntlArg::F_GET_SEALS).map(SealFlag::from_bits_retain) {
        Ok(seals) if seals.contains(RESIZING) => Ok(file),
        Ok(_) | Err(Errno::EINVAL) => Err(BufferError::NotSealed { path: path.to_owned() }),
        Err(errno) => Err(file::failed(errno, path, "ask for the seals of")),
    }
}
