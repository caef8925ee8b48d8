//! Attaching to an existing buffer: mapping it, checking its header once, and trusting nothing
//! else.

use super::check::{self, Attaching, Found};
use super::file::{self, Access};
use super::mapping::{self, Mapping};
use super::{ANONYMOUS, Options, RESIZING, schema};
use crate::header::Header;
use crate::layout::HEADER_BYTES;
use crate::memory::{Block, Memory};
use crate::{BufferError, Expected, ReadOnlyBuffer, instance};
use icc_seqlock::Payload;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Attaches to the buffer at `path`. With `stride`, only one that has it.
pub(super) fn attach_to_name<T: Payload>(
    path: &Path,
    access: Access,
    expected: Expected,
    stride: Option<usize>,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    attach(map_file(path, access, options)?, Attaching { expected, stride, access }, options)
}

/// Attaches to a buffer without a name. With `stride`, only to one that has it.
pub(super) fn attach_to_memfd<T: Payload>(
    descriptor: OwnedFd,
    access: Access,
    expected: Expected,
    stride: Option<usize>,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    attach(map_memfd(descriptor, access)?, Attaching { expected, stride, access }, options)
}

/// Maps the file at `path`, all of it, if it is an allowed one and as long as a header.
pub(super) fn map_file(path: &Path, access: Access, options: &Options) -> Result<Mapping, BufferError> {
    map(file::open(path, access, options)?, path, access)
}

/// Maps a sealed file without a name, as [`map_file`] does.
pub(super) fn map_memfd(descriptor: OwnedFd, access: Access) -> Result<Mapping, BufferError> {
    let (file, path) = (File::from(descriptor), Path::new(ANONYMOUS));
    file::regular(file::metadata(&file, path)?.file_type(), path)?;
    match fcntl(&file, FcntlArg::F_GET_SEALS).map(SealFlag::from_bits_retain) {
        Ok(seals) if seals.contains(RESIZING) => map(file, path, access),
        Ok(_) | Err(Errno::EINVAL) => Err(BufferError::NotSealed { path: path.to_owned() }),
        Err(errno) => Err(file::failed(errno, path, "ask for the seals of")),
    }
}

fn map(file: File, path: &Path, access: Access) -> Result<Mapping, BufferError> {
    let size = file::metadata(&file, path)?.len();
    if size < HEADER_BYTES as u64 {
        return Err(BufferError::TooSmall { path: path.to_owned(), found: size, expected: HEADER_BYTES as u64 });
    }
    Mapping::new(file, size, access, path)
}

fn attach<T: Payload>(
    mapping: Mapping,
    attaching: Attaching,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    let (size, path) = (mapping.len() as u64, mapping.path());
    let granule = file::granule(mapping.file()?, path)?;
    let header = check::copy_header(&mapping);
    let described = header.schema_len != 0 && options.schema.is_some();
    let Found { layout, len, facts } =
        check::check::<T>(&header, attaching, described, size, granule, path).map_err(|error| match error {
            // What differs says more than two sizes.
            BufferError::OtherElement { .. } => schema::compare(&header, &mapping, options).err().unwrap_or(error),
            error => error,
        })?;
    schema::compare(&header, &mapping, options)?;
    check_boot(&mapping, &header, attaching.access, options)?;
    mapping::layout::<T>(len, layout.stride, facts.counters, 0)?;
    mapping.prepare_opened(options)?;
    // SAFETY: `check` found the layout to be one for `len` slots, `facts` and a valid stride, and
    // to fit the mapping's `size`. Whoever makes the file smaller ends this process by a signal; it
    // cannot make an access go wrong. The mapping starts at a page, and the alignment is no more,
    // as just checked. The header is the only part accessed so far, atomically.
    Ok(unsafe { ReadOnlyBuffer::over(Memory { block: Block::Mapped(mapping), facts }, &layout, len) })
}

/// Refuses a buffer that is older than the machine's last start: its pages reached the disk in any
/// order, if at all.
///
/// If one of the two boot ids is unknown, a file in memory is accepted, since it cannot be that
/// old, and any other file only for reading.
pub(super) fn check_boot(
    mapping: &Mapping,
    header: &Header,
    access: Access,
    options: &Options,
) -> Result<(), BufferError> {
    let (created, now) = (header.boot(), instance::boot());
    let fits = if created == 0 || now == 0 {
        access == Access::Read || file::is_memory(mapping.file()?, mapping.path())?
    } else {
        created == now
    };
    if fits || (options.previous_boot && access == Access::Read) {
        return Ok(());
    }
    Err(BufferError::PreviousBoot { path: mapping.path().to_owned(), doing: access.verb() })
}
