//! Mapping a file, with its pages as asked.

use super::file::{self, Access};
use super::{Demand, HugePages, Options};
use crate::{BufferError, layout::Layout};
use core::ptr::NonNull;
use memmap2::{Advice, MmapOptions, MmapRaw};
use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Mappings begin at a multiple of this, the smallest page size of any supported system.
pub(super) const ALIGN: usize = 4096;

/// What was not available, for errors.
pub(super) const EXPLICIT: &str = "no explicit huge pages";
const TRANSPARENT: &str = "no transparent huge pages";

/// Memory that maps a file, until it is dropped.
pub(crate) struct Mapping {
    map: MmapRaw,
    file: File,
    path: PathBuf,
    access: Access,
}

impl Mapping {
    /// The first `size` bytes of `file`, which has them.
    pub(super) fn new(file: File, size: u64, access: Access, path: &Path) -> Result<Self, BufferError> {
        let too_large = || BufferError::OutOfMemory { bytes: usize::try_from(size).unwrap_or(usize::MAX) };
        let len = usize::try_from(size).ok().filter(|&len| isize::try_from(len).is_ok()).ok_or_else(too_large)?;
        let mut options = MmapOptions::new();
        options.len(len);
        let map = match access {
            Access::Read => options.map_raw_read_only(&file),
            Access::ReadWrite => options.map_raw(&file),
        };
        let map = map.map_err(|error| match error.raw_os_error() {
            Some(libc::ENOMEM | libc::EOVERFLOW) => too_large(),
            _ => file::failed_io(&error, path, "map"),
        })?;
        Ok(Self { map, file, path: path.to_owned(), access })
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        match NonNull::new(self.map.as_mut_ptr()) {
            Some(start) => start,
            None => unreachable!("the system never maps at address 0 unless asked to"),
        }
    }

    /// The bytes mapped.
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the system reserve real memory for the file, so that no later access finds that there
    /// is none.
    pub(super) fn reserve(&self, options: &Options) -> Result<(), BufferError> {
        if matches!(options.huge_pages, HugePages::Transparent(_)) {
            // First by touching it, since only that makes huge pages. If that fails, the next step
            // reports it.
            let _ = self.map.advise(Advice::HugePage);
            let _ = self.map.advise(Advice::PopulateWrite);
        }
        reserve(&self.file, self.len() as u64, &self.path)
    }

    /// Asks for huge pages, prefaults and locks, as the options say.
    pub(super) fn prepare(&self, options: &Options) -> Result<(), BufferError> {
        self.prepare_huge_pages(options.huge_pages)?;
        if let Some(demand) = options.prefault {
            self.demand(demand, "no prefaulted pages", self.prefault())?;
        }
        if let Some(demand) = options.lock {
            self.demand(demand, "no locked pages", self.map.lock())?;
        }
        if let HugePages::Transparent(Demand::Require) = options.huge_pages
            && self.huge_bytes() == 0
        {
            return Err(self.unavailable(
                TRANSPARENT,
                "the kernel made none (see /sys/kernel/mm/transparent_hugepage, and the mount option `huge` for files)"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn prepare_huge_pages(&self, asked: HugePages) -> Result<(), BufferError> {
        match asked {
            HugePages::Transparent(demand) => self.demand(demand, TRANSPARENT, self.map.advise(Advice::HugePage)),
            HugePages::Explicit(Demand::Require) if file::granule(&self.file, &self.path)? == 1 => {
                Err(self.unavailable(EXPLICIT, "the file is not on a hugetlbfs".to_owned()))
            }
            HugePages::Explicit(_) | HugePages::None => Ok(()),
        }
    }

    fn prefault(&self) -> io::Result<()> {
        let advice = match self.access {
            Access::Read => Advice::PopulateRead,
            Access::ReadWrite => Advice::PopulateWrite,
        };
        match self.map.advise(advice) {
            // Before Linux 5.14. Locking and unlocking also brings the pages in, although not
            // always ready to be written.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                self.map.lock().and_then(|()| self.map.unlock())
            }
            // An access would end in a signal here: the page has no memory, and there is no room
            // for any.
            Err(error) if error.raw_os_error() == Some(libc::EFAULT) => {
                Err(io::Error::other("the file has holes, and its file system is full"))
            }
            done => done,
        }
    }

    fn demand(&self, demand: Demand, what: &'static str, done: io::Result<()>) -> Result<(), BufferError> {
        match (demand, done) {
            (Demand::Require, Err(error)) => Err(self.unavailable(what, error.to_string())),
            _ => Ok(()),
        }
    }

    fn unavailable(&self, what: &'static str, reason: String) -> BufferError {
        BufferError::Unavailable { path: self.path.clone(), what, reason }
    }

    /// How many bytes of this mapping are in transparent huge pages, by the kernel's account.
    fn huge_bytes(&self) -> u64 {
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        let range = format!("{:x}-", self.start().as_ptr().addr());
        let mapping = smaps.lines().skip_while(|line| !line.starts_with(&range)).skip(1);
        let fields = mapping.take_while(|line| line.split_whitespace().next().is_some_and(|word| word.ends_with(':')));
        let huge = ["AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"];
        fields
            .filter(|line| huge.iter().any(|name| line.starts_with(name)))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum()
    }
}

/// The layout, if its alignment is one that mappings have.
pub(super) fn layout<T>(len: usize, stride: usize, counters: usize, schema: usize) -> Result<Layout, BufferError> {
    let layout = Layout::new::<T>(len, stride, counters, schema)?;
    if layout.align > ALIGN {
        return Err(BufferError::Overaligned { align: layout.align, max: ALIGN });
    }
    Ok(layout)
}

/// Makes `file` `size` bytes long, all zero, but does not reserve memory yet.
pub(super) fn resize(file: &File, size: u64, path: &Path) -> Result<(), BufferError> {
    // Above the limit the system would end the process by a signal.
    if getrlimit(Resource::RLIMIT_FSIZE).is_ok_and(|(limit, _)| size > limit) {
        return Err(no_space(path, size, "the process's limit of file sizes (`ulimit -f`) is in the way"));
    }
    file.set_len(size).map_err(|error| match error.raw_os_error() {
        Some(libc::EFBIG | libc::EINVAL) => no_space(path, size, "the file system takes no file of this size"),
        _ => out_of_space(&error, path, size),
    })
}

fn reserve(file: &File, size: u64, path: &Path) -> Result<(), BufferError> {
    let Ok(len) = i64::try_from(size) else {
        return Err(no_space(path, size, "the file system takes no file of this size"));
    };
    loop {
        match posix_fallocate(file, 0, len) {
            Ok(()) => return Ok(()),
            // A signal came, and the system undid what it had done.
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(out_of_space(&errno.into(), path, size)),
        }
    }
}

fn out_of_space(error: &io::Error, path: &Path, bytes: u64) -> BufferError {
    match error.raw_os_error() {
        Some(libc::ENOSPC) => no_space(path, bytes, "its file system is full: free some, or mount it larger"),
        Some(libc::EDQUOT) => no_space(path, bytes, "the user's quota is used up"),
        Some(libc::ENOMEM) => BufferError::OutOfMemory { bytes: usize::try_from(bytes).unwrap_or(usize::MAX) },
        _ => file::failed_io(error, path, "set space aside for"),
    }
}

fn no_space(path: &Path, bytes: u64, limit: &'static str) -> BufferError {
    BufferError::NoSpace { path: path.to_owned(), bytes, limit }
}
