//! Giving a file its size and its memory, or an error that says what is in the way.

use super::file;
use crate::{BufferError, room};
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate, posix_fallocate};
use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statfs::HUGETLBFS_MAGIC;
use nix::sys::statvfs::fstatvfs;
use std::fs::File;
use std::io;
use std::path::Path;

/// Reserved at once, at most. Each signal that comes meanwhile undoes one such step alone.
const MOST_AT_ONCE: u64 = 16 << 20;
/// After so much, what is available is looked up again: others take memory, too.
const BETWEEN_CHECKS: u64 = 256 << 20;

/// Makes `file` `size` bytes long, all zero, but does not reserve memory yet. Refuses a size that
/// there is no room for.
pub(super) fn resize(file: &File, size: u64, path: &Path) -> Result<(), BufferError> {
    // Above the limit the system would end the process by a signal.
    if let Ok((limit, _)) = getrlimit(Resource::RLIMIT_FSIZE)
        && size > limit
    {
        let reason = "the process's limit of file sizes (`ulimit -f`) is in the way";
        return Err(no_space(path, size, Some(limit), reason));
    }
    check_space(file, size, path)?;
    check_memory(file, size, path)?;
    file.set_len(size).map_err(|error| match error.raw_os_error() {
        Some(libc::EFBIG | libc::EINVAL) => no_space(path, size, None, "the file system takes no file of this size"),
        _ => out_of_space(&error, path, size),
    })
}

/// An error if the file system has less room than that.
fn check_space(file: &File, bytes: u64, path: &Path) -> Result<(), BufferError> {
    let Ok(system) = fstatvfs(file) else { return Ok(()) };
    let free = system.blocks_free().saturating_mul(system.fragment_size());
    // Without a limit there are no blocks to count. A pool of huge pages answers for itself.
    if system.blocks() == 0 || free >= bytes || file::is_on(file, HUGETLBFS_MAGIC, path)? {
        return Ok(());
    }
    Err(no_space(path, bytes, Some(free), FULL))
}

/// An error if `file` is in ordinary memory, and less than that is available.
pub(super) fn check_memory(file: &File, bytes: u64, path: &Path) -> Result<(), BufferError> {
    // Huge pages come from a pool of their own, and those of a file on a disk can be written back.
    if file::is_on(file, HUGETLBFS_MAGIC, path)? || !file::is_memory(file, path)? {
        return Ok(());
    }
    room::check(bytes)
}

/// Makes the system reserve real memory for the file. If it cannot, all is given back.
pub(super) fn reserve(file: &File, size: u64, path: &Path) -> Result<(), BufferError> {
    let granule = file::granule(file, path)?.max(4096);
    let check = |left| check_memory(file, left, path);
    let allocate =
        |offset, bytes| allocate(file, offset, bytes).map_err(|errno| (errno, out_of_space(&errno.into(), path, size)));
    let done = in_steps(size, granule, check, allocate);
    if done.is_err() {
        // At once, although a child between `fork` and `exec` may still have the file.
        let _ = file.set_len(0);
    }
    done
}

/// Allocates all of `size`, a step at a time. Before one that begins much later than the last
/// check, checks that what is left is still available.
fn in_steps(
    size: u64,
    granule: u64,
    check: impl Fn(u64) -> Result<(), BufferError>,
    mut allocate: impl FnMut(u64, u64) -> Result<(), (Errno, BufferError)>,
) -> Result<(), BufferError> {
    let most = MOST_AT_ONCE.next_multiple_of(granule);
    let (mut done, mut step, mut check_at) = (0, most, BETWEEN_CHECKS);
    while done < size {
        if done >= check_at {
            check(size - done)?;
            check_at = done + BETWEEN_CHECKS;
        }
        let bytes = step.min(size - done);
        match allocate(done, bytes) {
            Ok(()) => {
                done += bytes;
                step = (2 * step).min(most);
            }
            // A signal came, and the system undid this step. One small enough is done before the
            // next signal.
            Err((Errno::EINTR, _)) => step = (step / 2).next_multiple_of(granule),
            Err((_, error)) => return Err(error),
        }
    }
    Ok(())
}

fn allocate(file: &File, offset: u64, bytes: u64) -> Result<(), Errno> {
    let (Ok(offset), Ok(bytes)) = (i64::try_from(offset), i64::try_from(bytes)) else { return Err(Errno::EFBIG) };
    match fallocate(file, FallocateFlags::empty(), offset, bytes) {
        // The C library writes to each block then.
        Err(Errno::EOPNOTSUPP) => posix_fallocate(file, offset, bytes),
        done => done,
    }
}

const FULL: &str = "its file system is full: free some, or mount it larger";

fn out_of_space(error: &io::Error, path: &Path, bytes: u64) -> BufferError {
    match error.raw_os_error() {
        Some(libc::ENOSPC) => no_space(path, bytes, None, FULL),
        Some(libc::EDQUOT) => no_space(path, bytes, None, "the user's quota is used up"),
        Some(libc::EFBIG) => no_space(path, bytes, None, "the file system takes no file of this size"),
        Some(libc::ENOMEM) => {
            no_space(path, bytes, None, "the system has no memory for it, or its pool of huge pages too few")
        }
        _ => file::failed_io(error, path, "set space aside for"),
    }
}

fn no_space(path: &Path, bytes: u64, available: Option<u64>, limit: &'static str) -> BufferError {
    BufferError::NoSpace { path: path.to_owned(), bytes, available, limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system that undoes what it did if a signal came, as tmpfs does on old kernels, where one
    /// comes whenever it has done more than `patience`.
    fn interrupted(size: u64, patience: u64) -> Result<u64, BufferError> {
        let (mut calls, mut end) = (0, 0);
        in_steps(
            size,
            4096,
            |_| Ok(()),
            |offset, bytes| {
                calls += 1;
                assert!(calls < 1_000_000, "it never ends");
                assert_eq!(offset, end, "in order, and without a gap");
                if bytes > patience {
                    return Err((Errno::EINTR, no_space(Path::new(""), size, None, FULL)));
                }
                end = offset + bytes;
                Ok(())
            },
        )
        .map(|()| end)
    }

    #[test]
    fn signals_do_not_make_it_endless() {
        for (size, patience) in [(1 << 30, 4096), (1 << 30, 1 << 20), ((1 << 32) + 5, 1 << 40), (1, 4096)] {
            assert_eq!(interrupted(size, patience), Ok(size));
        }
    }

    #[test]
    fn what_is_left_is_checked_again() {
        let full = || no_space(Path::new(""), 0, None, FULL);
        let (mut taken, most) = (0, 1 << 29);
        let available = |left| if left > (1 << 30) { Ok(()) } else { Err(full()) };
        let done = in_steps(2 << 30, 4096, available, |_, bytes| {
            taken += bytes;
            Ok(())
        });
        assert_eq!((done, taken >= most && taken <= 1 << 30), (Err(full()), true), "{taken} bytes were taken");
    }
}
