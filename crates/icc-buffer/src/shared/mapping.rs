//! Mapping a file, with its pages as asked.

use super::descriptor::{Descriptor, Identity};
use super::file::{self, Access};
use super::{ANONYMOUS, Demand, HugePages, Options, prefault, reserve};
use crate::{BufferError, layout::Layout};
use core::ptr::NonNull;
use memmap2::{Advice, MmapOptions, MmapRaw};
use nix::libc;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Mappings begin at a multiple of this, the smallest page size of any supported system.
pub(super) const ALIGN: usize = 4096;

/// What was not available, for errors.
pub(super) const EXPLICIT: &str = "no explicit huge pages";
const TRANSPARENT: &str = "no transparent huge pages";

/// Memory that maps a file, until it is dropped.
pub(crate) struct Mapping {
    map: MmapRaw,
    descriptor: Descriptor,
    path: PathBuf,
    /// The same, whatever the current directory is by now; none without a name.
    absolute: Option<PathBuf>,
    access: Access,
}

impl Mapping {
    /// The first `size` bytes of `file`, which has them.
    pub(super) fn new(file: File, size: u64, access: Access, path: &Path) -> Result<Self, BufferError> {
        let refused = |limit: String| BufferError::NotMappable { path: path.to_owned(), bytes: size, limit };
        let len = usize::try_from(size).ok().filter(|&len| isize::try_from(len).is_ok());
        let Some(len) = len else { return Err(refused("more than can be addressed".to_owned())) };
        let mut options = MmapOptions::new();
        options.len(len);
        let map = match access {
            Access::Read => options.map_raw_read_only(&file),
            Access::ReadWrite => options.map_raw(&file),
        };
        let map = map.map_err(|error| match (error.raw_os_error(), limit(Resource::RLIMIT_AS)) {
            (Some(libc::ENOMEM), _) if file::granule(&file, path).is_ok_and(|granule| granule > 1) => {
                refused("too few huge pages are free (see /proc/sys/vm/nr_hugepages)".to_owned())
            }
            (Some(libc::ENOMEM), Some(limit)) => {
                refused(format!("the process may map {limit} bytes altogether; raise its limit (`ulimit -v`)"))
            }
            (Some(libc::ENOMEM | libc::EOVERFLOW), _) => refused(format!("{error}; ask for fewer slots")),
            (Some(libc::EAGAIN), _) => {
                let limit = self::limit(Resource::RLIMIT_MEMLOCK).unwrap_or(u64::MAX);
                refused(format!(
                    "this process locks all that it maps (`mlockall`), and may lock {limit} bytes; \
                     raise its limit (`ulimit -l`)"
                ))
            }
            _ => file::failed_io(&error, path, "map"),
        })?;
        // A process that crashes counts as alive until its core dump is written, which takes long
        // with all of this in it. If it fails, that is all.
        let _ = map.advise(Advice::DontDump);
        let absolute = (path != Path::new(ANONYMOUS)).then(|| std::path::absolute(path).unwrap_or(path.to_owned()));
        Ok(Self { map, descriptor: Descriptor::new(file, path)?, path: path.to_owned(), absolute, access })
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

    /// The file, unless other code of this process has closed it.
    pub(super) fn file(&self) -> Result<&File, BufferError> {
        self.descriptor.get(&self.path)
    }

    pub(super) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Where it is, whatever the current directory is by now; none without a name.
    pub(super) fn absolute(&self) -> Option<&Path> {
        self.absolute.as_deref()
    }

    /// Whether its name, if it has one, still leads to this very file.
    pub(super) fn is_current(&self) -> Result<bool, BufferError> {
        let Some(path) = self.absolute() else { return Ok(true) };
        match fs::symlink_metadata(path) {
            Ok(found) => Ok(Identity::from(&found) == self.descriptor.identity()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(file::failed_io(&error, &self.path, "examine")),
        }
    }

    pub(super) fn access(&self) -> Access {
        self.access
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
        reserve::reserve(self.descriptor.unchecked(), self.len() as u64, &self.path)
    }

    /// An error if there is no memory for what the file has none for yet: bringing its pages in
    /// takes some.
    fn check_holes(&self) -> Result<(), BufferError> {
        let file = self.descriptor.unchecked();
        let held = file::metadata(file, &self.path)?.blocks().saturating_mul(512);
        reserve::check_memory(file, (self.len() as u64).saturating_sub(held), &self.path)
    }

    /// [Prepares](Self::prepare) the mapping of a file that was there. An error if there is no memory
    /// for its holes.
    pub(super) fn prepare_opened(&self, options: &Options) -> Result<(), BufferError> {
        if options.prefault.is_some() || options.lock.is_some() {
            self.check_holes()?;
        }
        self.prepare(options)
    }

    /// Asks for huge pages, prefaults and locks, as the options say.
    pub(super) fn prepare(&self, options: &Options) -> Result<(), BufferError> {
        self.prepare_huge_pages(options.huge_pages)?;
        if let Some(demand) = options.prefault {
            self.demand(demand, "no prefaulted pages", prefault::prefault(&self.map, self.access))?;
        }
        if let Some(demand) = options.lock {
            self.demand(demand, "no locked pages", self.map.lock().map_err(|error| self.beyond_lock_limit(error)))?;
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
            HugePages::Explicit(Demand::Require) if file::granule(self.descriptor.unchecked(), &self.path)? == 1 => {
                Err(self.unavailable(EXPLICIT, "the file is not on a hugetlbfs".to_owned()))
            }
            HugePages::Explicit(_) | HugePages::None => Ok(()),
        }
    }

    fn demand(&self, demand: Demand, what: &'static str, done: io::Result<()>) -> Result<(), BufferError> {
        match (demand, done) {
            (Demand::Require, Err(error)) => Err(self.unavailable(what, error.to_string())),
            _ => Ok(()),
        }
    }

    /// Says what the limit is.
    fn beyond_lock_limit(&self, error: io::Error) -> io::Error {
        match (error.raw_os_error(), limit(Resource::RLIMIT_MEMLOCK)) {
            (Some(libc::ENOMEM | libc::EPERM | libc::EAGAIN), Some(limit)) => io::Error::other(format!(
                "{error}: with these {} bytes the process would have locked more than its limit of {limit} bytes \
                 (`ulimit -l`)",
                self.len()
            )),
            _ => error,
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

/// A limit of this process, if there is one.
fn limit(of: Resource) -> Option<u64> {
    getrlimit(of).ok().map(|(limit, _)| limit).filter(|&limit| limit != RLIM_INFINITY)
}

/// The layout, if its alignment is one that mappings have.
///
/// `align` is that of a slot, of which `stride` is a multiple.
pub(super) fn layout(
    len: usize,
    stride: usize,
    align: usize,
    counters: usize,
    texts: usize,
) -> Result<Layout, BufferError> {
    let layout = Layout::of_slots(len, stride, align, counters, texts)?;
    if layout.align > ALIGN {
        return Err(BufferError::Overaligned { align: layout.align, max: ALIGN });
    }
    Ok(layout)
}
