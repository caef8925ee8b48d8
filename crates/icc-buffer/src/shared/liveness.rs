//! Ids in shared memory: one byte lock each, each on its own open file description.

use super::{Mapping, file};
use crate::{BufferError, IdLock, MAX_IDS};
use core::ops::Range;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use std::fs::File;

/// Id `n` is the byte at this offset plus `n`. A lock needs no byte to exist there; no file ever
/// gets this long.
const FIRST_BYTE: i64 = 1 << 62;
/// A draft's creator holds this byte: see [`draft`](super::draft).
pub(super) const DRAFT_BYTE: i64 = FIRST_BYTE - 1;

/// A lock on a byte, kept by its own open file description.
pub(crate) struct FileLock {
    _file: File,
}

pub(crate) fn take_id(mapping: &Mapping, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
    // Opened again, for a new description: locks of one description never conflict with each other.
    let file = file::reopen(mapping)?;
    for id in ids.start..ids.end.min(MAX_IDS) {
        match try_lock(&file, FIRST_BYTE + i64::from(id)) {
            Ok(true) => return Ok(Some(IdLock::in_file(id, FileLock { _file: file }))),
            Ok(false) => {}
            Err(errno) => return Err(file::failed(errno, mapping.path(), "lock a byte of")),
        }
    }
    Ok(None)
}

pub(crate) fn holder_lives(mapping: &Mapping, id: u32) -> Result<bool, BufferError> {
    if id >= MAX_IDS {
        return Ok(false);
    }
    let mut lock = byte(FIRST_BYTE + i64::from(id));
    // The mapping's own description never holds a lock, so it conflicts with every lock there is.
    // Testing, unlike locking, needs no permission to write.
    match fcntl(mapping.file(), FcntlArg::F_OFD_GETLK(&mut lock)) {
        Ok(_) => Ok(i32::from(lock.l_type) != libc::F_UNLCK),
        Err(errno) => Err(file::failed(errno, mapping.path(), "ask for the locks of")),
    }
}

/// Locks a byte until `file`'s description is closed. `false` if another description has it.
pub(super) fn try_lock(file: &File, offset: i64) -> Result<bool, Errno> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&byte(offset))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// An exclusive lock on one byte.
fn byte(offset: i64) -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: offset,
        l_len: 1,
        // Zero, as open-file-description locks demand.
        l_pid: 0,
    }
}
