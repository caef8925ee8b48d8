//! Bringing pages in.

use super::file::Access;
use icc_seqlock::primitive::{AtomicU64, Ordering};
use memmap2::{Advice, MmapRaw};
use nix::errno::Errno;
use nix::libc;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;

/// The smallest page of any supported system.
const PAGE: usize = 4096;

/// Maps every page of a mapping that only this thread knows of, so that no later access takes a
/// page fault.
pub(super) fn prefault(map: &MmapRaw, access: Access) -> io::Result<()> {
    let advice = match access {
        Access::Read => Advice::PopulateRead,
        Access::ReadWrite => Advice::PopulateWrite,
    };
    match map.advise(advice) {
        // Before Linux 5.14.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            read_touch(map).map_err(explained)?;
            if access == Access::ReadWrite {
                write_touch(map);
            }
            Ok(())
        }
        done => done.map_err(explained),
    }
}

/// An access would end in a signal: the page has no memory, and there is no room for any.
fn explained(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::EFAULT) => io::Error::other("the file has holes, and its file system is full"),
        _ => error,
    }
}

/// Has the kernel read one byte of each page, by writing it to a pipe: that needs no privilege, and
/// a page that has no memory is an error here and no signal. To this program the kernel's reads are
/// those of another process.
fn read_touch(map: &MmapRaw) -> io::Result<()> {
    /// What a pipe takes at least before it blocks, and what `writev` takes at once.
    const AT_ONCE: usize = 1024;
    let (mut reader, writer) = io::pipe()?;
    let mut bytes = [0; AT_ONCE];
    let start = map.as_mut_ptr();
    let page = |index: usize| {
        // SAFETY: `index` is less than the number of pages, so this is within the mapping.
        let byte = unsafe { start.add(index * PAGE) };
        libc::iovec { iov_base: byte.cast(), iov_len: 1 }
    };
    let (mut next, pages) = (0, map.len().div_ceil(PAGE));
    while next < pages {
        let batch: Vec<_> = (next..pages.min(next + AT_ONCE)).map(page).collect();
        // SAFETY: as many `iovec`s as given, each of one byte within the mapping, which stays until
        // after the call.
        let written = unsafe { libc::writev(writer.as_raw_fd(), batch.as_ptr(), batch.len() as libc::c_int) };
        match Errno::result(written) {
            Ok(written) => {
                let written = written as usize;
                reader.read_exact(&mut bytes[..written])?;
                next += written;
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Writes to each page what is in it, so that it is ready to be written to as well.
///
/// Other processes may be at the same bytes. An exchange of a word for itself changes nothing for
/// them: it is atomic for the whole cache line, also with their accesses of other sizes, and fails
/// if they were quicker. To this program they are outside: it has no other reference to the memory
/// yet, so no access of another size.
fn write_touch(map: &MmapRaw) {
    for offset in (0..map.len() - size_of::<AtomicU64>()).step_by(PAGE) {
        // SAFETY: within the mapping, which is mapped for writing, and aligned, since the mapping
        // starts at a page. `read_touch` found that there is memory. Nobody else in this process
        // knows of the mapping.
        let word = unsafe { AtomicU64::from_ptr(map.as_mut_ptr().add(offset).cast()) };
        let found = word.load(Ordering::Relaxed);
        // Relaxed: it publishes nothing. Not a `fetch_or` of nothing, which compilers turn into a
        // load. If it fails, another process writes there just now, and a later access may take a
        // fault after all.
        let _ = word.compare_exchange(found, found, Ordering::Relaxed, Ordering::Relaxed);
    }
}
