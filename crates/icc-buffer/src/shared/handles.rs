//! Creating, opening and removing.

use super::file::{self, Access};
use super::mapping::{self, EXPLICIT, Mapping};
use super::{Demand, HugePages, Options, attach, draft::Draft, name};
use crate::header::Header;
use crate::layout::Layout;
use crate::memory::Memory;
use crate::view::View;
use crate::{Buffer, BufferError, Expected, Placement, ReadOnlyBuffer, Spec};
use icc_seqlock::Payload;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::{self, File};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

/// What stands for the path of a buffer without a name.
const ANONYMOUS: &str = "memfd:icc";
/// Without these, whoever has the descriptor could take the memory away and end its readers by a signal.
const RESIZING: SealFlag = SealFlag::F_SEAL_SHRINK.union(SealFlag::F_SEAL_GROW);

/// Where a buffer came from that was [opened or created](Buffer::open_or_create).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This call created it.
    Created,
    /// It was there.
    Opened,
}

/// Removes a buffer's name. Whoever has it open goes on using it; the memory is freed with the last of them.
///
/// # Errors
///
/// [`BufferError`] if there is none, if it is not a regular file, or without permission.
pub fn remove(name: impl AsRef<Path>) -> Result<(), BufferError> {
    let path = name::resolve(name.as_ref())?;
    let failed = |error: std::io::Error| file::failed_io(&error, &path, "remove");
    file::regular(fs::symlink_metadata(&path).map_err(failed)?.file_type(), &path)?;
    fs::remove_file(&path).map_err(failed)
}

impl<T: Payload, P: Placement> Buffer<T, P> {
    /// Creates a buffer that other processes open by `name`, all slots at version 0 and holding zeros, all counters 0.
    ///
    /// A bare name is a file in `/dev/shm`; anything with a slash is a path. The file appears at once and complete, so nobody
    /// ever opens a half-made one, and a process that dies in here leaves nothing behind. Its memory is really set aside. It
    /// stays until it is [removed](remove), also without any process.
    ///
    /// # Errors
    ///
    /// [`BufferError::AlreadyExists`] if there is something of this name; [`BufferError::NoSpace`] if the file system is full;
    /// others as they say.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, BufferError, Kind, Options, Packed, ReadOnlyBuffer, Spec};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// let name = format!("icc-example-create-{}", std::process::id());
    /// let spec = Spec { kind: Kind::Vector, len: 3, lines: 0, words: [0; 4] };
    /// let feed = Buffer::<u64, Packed>::create(&name, spec, &Options::new())?;
    /// feed.slot(1).unwrap().write(&7);
    ///
    /// // In another process:
    /// let dashboard = ReadOnlyBuffer::<u64, Packed>::open(&name, spec.into(), &Options::new())?;
    /// assert_eq!(dashboard.slot(1).unwrap().try_read(), Ok(7));
    ///
    /// let again = Buffer::<u64, Packed>::create(&name, spec, &Options::new());
    /// assert!(matches!(again, Err(BufferError::AlreadyExists { .. })));
    /// icc_buffer::remove(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(name: impl AsRef<Path>, spec: Spec, options: &Options) -> Result<Self, BufferError> {
        Self::create_with(name, spec, options, |_| {})
    }

    /// As [`create`](Self::create), and runs `init` on the buffer before anybody else can open it.
    ///
    /// If `init` panics, there is no buffer.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_with(
        name: impl AsRef<Path>,
        spec: Spec,
        options: &Options,
        init: impl FnOnce(&Self),
    ) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        create_at(&path, spec, options, init)
    }

    /// Opens a buffer to read and write it.
    ///
    /// Nothing in the file is believed: it must be a regular file of an allowed owner, and every field of its header must be
    /// what `T`, `P`, `expected` and the file's size make it. Nothing that another process writes later can lead this one
    /// outside of the memory.
    ///
    /// # Errors
    ///
    /// [`BufferError::NotFound`] if there is none; others as they say.
    pub fn open(name: impl AsRef<Path>, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        Ok(Self { view: open_at(&path, Access::ReadWrite, expected, options)? })
    }

    /// Opens a buffer, or creates it if there is none. Of several processes that do so at once, one creates it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) and [`create`](Self::create). One that exists must have `spec`'s kind, length and number of
    /// counters; its words may differ, see [`words`](Self::words).
    pub fn open_or_create(
        name: impl AsRef<Path>,
        spec: Spec,
        options: &Options,
    ) -> Result<(Self, Origin), BufferError> {
        Self::open_or_create_with(name, spec, options, |_| {})
    }

    /// As [`open_or_create`](Self::open_or_create), and if it is this call that creates the buffer, runs `init` on it before
    /// anybody else can open it.
    ///
    /// `init` may run in a call that then opens another's buffer: if both began to create one, and the other was faster.
    ///
    /// # Errors
    ///
    /// As [`open_or_create`](Self::open_or_create).
    pub fn open_or_create_with(
        name: impl AsRef<Path>,
        spec: Spec,
        options: &Options,
        mut init: impl FnMut(&Self),
    ) -> Result<(Self, Origin), BufferError> {
        /// Each further round means that others created *and* removed the buffer in between.
        const ROUNDS: u32 = 100;
        let path = name::resolve(name.as_ref())?;
        for _ in 0..ROUNDS {
            match open_at(&path, Access::ReadWrite, spec.into(), options) {
                Ok(view) => return Ok((Self { view }, Origin::Opened)),
                Err(BufferError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
            match create_at(&path, spec, options, &mut init) {
                Ok(buffer) => return Ok((buffer, Origin::Created)),
                Err(BufferError::AlreadyExists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(BufferError::AlreadyExists { path })
    }

    /// Creates a buffer without a name, to hand to other processes by its [descriptor](Self::as_fd).
    ///
    /// A `memfd`, sealed so that nobody can change its size. It is gone with its last user. The one to take also for a
    /// buffer of this process alone that is to be locked or in huge pages.
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the system refuses it.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::{Buffer, Kind, Options, Packed, ReadOnlyBuffer, Spec};
    /// # if cfg!(miri) { return Ok(()) }
    ///
    /// let spec = Spec { kind: Kind::Vector, len: 3, lines: 0, words: [0; 4] };
    /// let feed = Buffer::<u64, Packed>::anonymous(spec, &Options::new())?;
    /// feed.slot(0).unwrap().write(&7);
    ///
    /// // Send it over a socket, or let a child process inherit it as its standard input.
    /// let descriptor = feed.as_fd().expect("shared memory has one").try_clone_to_owned()?;
    /// let dashboard = ReadOnlyBuffer::<u64, Packed>::from_fd(descriptor, spec.into(), &Options::new())?;
    /// assert_eq!(dashboard.slot(0).unwrap().try_read(), Ok(7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn anonymous(spec: Spec, options: &Options) -> Result<Self, BufferError> {
        if let HugePages::Explicit(demand) = options.huge_pages {
            match (anonymous_in(MFdFlags::MFD_HUGETLB, spec, options), demand) {
                (Ok(buffer), _) => return Ok(buffer),
                (Err(_), Demand::Try) => {}
                (Err(error), Demand::Require) => {
                    let reason = format!("{error} (see /proc/sys/vm/nr_hugepages)");
                    return Err(BufferError::Unavailable { path: ANONYMOUS.into(), what: EXPLICIT, reason });
                }
            }
        }
        anonymous_in(MFdFlags::empty(), spec, options)
    }

    /// Opens a buffer to read and write it, by the descriptor of one that was created [without a name](Self::anonymous).
    ///
    /// Checks all that [`open`](Self::open) does, except the owner: whoever got the descriptor was trusted with it. The seals
    /// are checked instead.
    ///
    /// # Errors
    ///
    /// [`BufferError::NotSealed`] if its size can change; [`BufferError::PermissionDenied`] if it is for reading only; others
    /// as they say.
    pub fn from_fd(descriptor: OwnedFd, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        Ok(Self { view: sealed_view(descriptor, Access::ReadWrite, expected, options)? })
    }
}

impl<T, P> Buffer<T, P> {
    /// The descriptor of the shared memory, to hand to another process; none if the buffer is private.
    ///
    /// Do not lock it: the locks that tell which ids are held are asked for through it.
    #[must_use]
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        mapping_of(&self.view).map(|mapping| mapping.file().as_fd())
    }

    /// The path of the shared memory when it was created or opened; none if the buffer is private or has no name.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        path_of(&self.view)
    }
}

impl<T: Payload, P: Placement> ReadOnlyBuffer<T, P> {
    /// Opens a buffer to read it. The memory is mapped read-only, and permission to read the file is enough.
    ///
    /// # Errors
    ///
    /// As [`Buffer::open`].
    pub fn open(name: impl AsRef<Path>, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        Ok(Self { view: open_at(&path, Access::Read, expected, options)? })
    }

    /// Opens a buffer to read it, by descriptor. The memory is mapped read-only.
    ///
    /// # Errors
    ///
    /// As [`Buffer::from_fd`]; a descriptor for reading only will do.
    pub fn from_fd(descriptor: OwnedFd, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        Ok(Self { view: sealed_view(descriptor, Access::Read, expected, options)? })
    }
}

impl<T, P> ReadOnlyBuffer<T, P> {
    /// The path of the shared memory. See [`Buffer::path`].
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        path_of(&self.view)
    }
}

fn create_at<T: Payload, P: Placement>(
    path: &Path,
    spec: Spec,
    options: &Options,
    init: impl FnOnce(&Buffer<T, P>),
) -> Result<Buffer<T, P>, BufferError> {
    let draft = Draft::new(path, options)?;
    let file = draft.file().try_clone().map_err(|error| file::failed_io(&error, path, "create"))?;
    let buffer = build(file, path, spec, options, init)?;
    draft.publish()?;
    Ok(buffer)
}

fn anonymous_in<T: Payload, P: Placement>(
    pages: MFdFlags,
    spec: Spec,
    options: &Options,
) -> Result<Buffer<T, P>, BufferError> {
    /// Never to be executed. Since Linux 6.3, and asked for by its hardened settings.
    const NOEXEC_SEAL: MFdFlags = MFdFlags::from_bits_retain(libc::MFD_NOEXEC_SEAL);
    let path = Path::new(ANONYMOUS);
    let failed = |errno| file::failed(errno, path, "create");
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING | pages;
    let memory = match memfd_create("icc", flags | NOEXEC_SEAL) {
        Err(Errno::EINVAL) => memfd_create("icc", flags),
        done => done,
    };
    let buffer = build(memory.map_err(failed)?.into(), path, spec, options, |_| {})?;
    let sealed = RESIZING | SealFlag::F_SEAL_SEAL;
    let descriptor = buffer.as_fd().unwrap_or_else(|| unreachable!("it was just mapped"));
    fcntl(descriptor, FcntlArg::F_ADD_SEALS(sealed)).map_err(|errno| file::failed(errno, path, "seal"))?;
    Ok(buffer)
}

/// Makes a buffer of an empty file that nobody else knows of.
fn build<T: Payload, P: Placement>(
    file: File,
    path: &Path,
    spec: Spec,
    options: &Options,
    init: impl FnOnce(&Buffer<T, P>),
) -> Result<Buffer<T, P>, BufferError> {
    let layout = mappable::<T, P>(&spec)?;
    let size = (layout.total_size as u64).next_multiple_of(file::granule(&file, path)?);
    mapping::resize(&file, size, path)?;
    let mapping = Mapping::new(file, size, Access::ReadWrite, path)?;
    mapping.reserve(options)?;
    mapping.prepare(options)?;
    let header = Header::new::<T>(&spec, &layout);
    attach::write_header(&mapping, &header);
    // SAFETY: the mapping has `total_size` bytes, readable until it is unmapped: this file was given its size above, and
    // nobody else knows of it yet. (Who cuts it off later ends this process by a signal; it cannot make an access go wrong.) It
    // starts at a page, to which `mappable` keeps the alignment. The header is the only part accessed so far, atomically.
    let buffer = Buffer { view: unsafe { View::over(Memory::Mapped(mapping), &layout, &spec) } };
    init(&buffer);
    if let Some(mapping) = mapping_of(&buffer.view) {
        attach::publish_header(mapping, &header);
    }
    Ok(buffer)
}

fn open_at<T: Payload, P: Placement>(
    path: &Path,
    access: Access,
    expected: Expected,
    options: &Options,
) -> Result<View<T, P>, BufferError> {
    attach(file::open(path, access, options)?, path, access, expected, options)
}

fn sealed_view<T: Payload, P: Placement>(
    descriptor: OwnedFd,
    access: Access,
    expected: Expected,
    options: &Options,
) -> Result<View<T, P>, BufferError> {
    let (file, path) = (File::from(descriptor), Path::new(ANONYMOUS));
    file::regular(file::metadata(&file, path)?.file_type(), path)?;
    match fcntl(&file, FcntlArg::F_GET_SEALS).map(SealFlag::from_bits_retain) {
        Ok(seals) if seals.contains(RESIZING) => attach(file, path, access, expected, options),
        Ok(_) | Err(Errno::EINVAL) => Err(BufferError::NotSealed { path: path.to_owned() }),
        Err(errno) => Err(file::failed(errno, path, "ask for the seals of")),
    }
}

/// Maps a file, looks at its header once, and believes nothing else.
fn attach<T: Payload, P: Placement>(
    file: File,
    path: &Path,
    access: Access,
    expected: Expected,
    options: &Options,
) -> Result<View<T, P>, BufferError> {
    let size = file::metadata(&file, path)?.len();
    let least = size_of::<Header>() as u64;
    if size < least {
        return Err(BufferError::TooSmall { path: path.to_owned(), found: size, expected: least });
    }
    let granule = file::granule(&file, path)?;
    let mapping = Mapping::new(file, size, access, path)?;
    let (layout, spec) = attach::check::<T, P>(&attach::copy_header(&mapping), expected, size, granule, path)?;
    mappable::<T, P>(&spec)?;
    mapping.prepare(options)?;
    // SAFETY: `check` found the layout to be that of `spec` and to fit the mapping's `size`; the rest as in `build`.
    Ok(unsafe { View::over(Memory::Mapped(mapping), &layout, &spec) })
}

/// The layout, if its alignment is one that mappings have.
fn mappable<T: Payload, P: Placement>(spec: &Spec) -> Result<Layout, BufferError> {
    let layout = Layout::new::<T, P>(spec)?;
    if layout.align > mapping::ALIGN {
        return Err(BufferError::Overaligned { align: layout.align, max: mapping::ALIGN });
    }
    Ok(layout)
}

fn mapping_of<T, P>(view: &View<T, P>) -> Option<&Mapping> {
    match view.memory() {
        Memory::Mapped(mapping) => Some(mapping),
        Memory::Heap(..) => None,
    }
}

fn path_of<T, P>(view: &View<T, P>) -> Option<&Path> {
    mapping_of(view).map(Mapping::path).filter(|&path| path != Path::new(ANONYMOUS))
}
