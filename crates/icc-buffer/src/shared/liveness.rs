//! Ids in shared memory: one byte lock each, each on its own open file description.

use super::descriptor::Descriptor;
use super::{Mapping, file};
use crate::fork::ForkGuard;
use crate::{BufferError, IdLock, MAX_IDS};
use core::ops::Range;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use std::fs::File;
use std::path::Path;

/// Id `n` is the byte at this offset plus `n`. A lock needs no byte to exist there; no file ever
/// gets this long.
const FIRST_BYTE: i64 = 1 << 62;
/// A draft's creator holds this byte: see [`draft`](super::draft).
pub(super) const DRAFT_BYTE: i64 = FIRST_BYTE - 1;

/// A lock on a byte, kept by its own open file description.
pub(crate) struct FileLock {
    descriptor: Descriptor,
    offset: i64,
    taker: ForkGuard,
}

pub(crate) fn take_id(mapping: &Mapping, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
    // Opened again, for a new description: locks of one description never conflict with each other.
    let descriptor = file::reopen(mapping)?;
    let mut obstructed = None;
    for id in ids.start..ids.end.min(MAX_IDS) {
        let offset = FIRST_BYTE + i64::from(id);
        let failed = |errno| lock_failed(errno, mapping.path(), "lock a byte of");
        if try_lock(descriptor.unchecked(), offset).map_err(failed)? {
            let taker = ForkGuard::current();
            return Ok(Some(IdLock::in_file(id, FileLock { descriptor, offset, taker }, taker)));
        }
        // Refused, although nobody holds it. (Or the holder dropped it just now: the caller tries
        // again.)
        if !is_locked(descriptor.unchecked(), offset).map_err(failed)? {
            obstructed = Some(id);
        }
    }
    match obstructed {
        Some(id) => Err(BufferError::Obstructed { path: mapping.path().to_owned(), id }),
        None => Ok(None),
    }
}

/// Whether one of `ids` is held, at one moment: the kernel looks at all their bytes in one call.
pub(crate) fn holder_lives(mapping: &Mapping, ids: Range<u32>) -> Result<bool, BufferError> {
    let count = ids.end.min(MAX_IDS).saturating_sub(ids.start);
    // A lock of no length would be one without end.
    if count == 0 {
        return Ok(false);
    }
    // The mapping's own description never holds a lock, so it conflicts with every lock there is.
    // Asking, unlike locking, needs no permission to write.
    is_one_locked(mapping.file()?, FIRST_BYTE + i64::from(ids.start), count)
        .map_err(|errno| lock_failed(errno, mapping.path(), "ask for the locks of"))
}

/// Locks a byte until `file`'s description is closed. `false` if another description has it.
pub(super) fn try_lock(file: &File, offset: i64) -> Result<bool, Errno> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&byte(offset, libc::F_WRLCK))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether another description has the byte locked for writing, as [`try_lock`] does.
///
/// Asked for a read lock, which only such a lock stands in the way of: whoever may read the file
/// may lock it for reading, and does not count as a holder.
pub(super) fn is_locked(file: &File, offset: i64) -> Result<bool, Errno> {
    is_one_locked(file, offset, 1)
}

/// Whether one of so many bytes is.
fn is_one_locked(file: &File, offset: i64, count: u32) -> Result<bool, Errno> {
    let mut lock = libc::flock { l_len: count.into(), ..byte(offset, libc::F_RDLCK) };
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

pub(super) fn unlock(file: &File, offset: i64) {
    // It cannot fail for want of anything that taking the lock did not need. If it does, closing
    // the description unlocks it.
    let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&byte(offset, libc::F_UNLCK)));
}

pub(super) fn lock_failed(errno: Errno, path: &Path, doing: &'static str) -> BufferError {
    match errno {
        Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP | Errno::ENOLCK => {
            BufferError::NoLocks { path: path.to_owned(), code: errno as i32 }
        }
        _ => file::failed(errno, path, doing),
    }
}

impl Drop for FileLock {
    /// Unlocks the byte at once, although children that are between `fork` and `exec` still have
    /// the description. A child that drops its copy of this closes that alone: the lock is its
    /// parent's.
    fn drop(&mut self) {
        if self.taker.is_taker()
            && let Ok(file) = self.descriptor.get(Path::new(""))
        {
            unlock(file, self.offset);
        }
    }
}

/// A lock on one byte.
fn byte(offset: i64, kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: offset,
        l_len: 1,
        // Zero, as open-file-description locks demand.
        l_pid: 0,
    }
}
