//! The file of a wakeable buffer's readers: `NAME.INSTANCE.readers`, made as every file
//! [beside](super::beside) a buffer.

use super::beside::{self, Beside, Fresh};
use super::file::Access;
use super::mapping::Mapping;
use super::{ANONYMOUS, Options, memfd, name};
use crate::BufferError;
use crate::layout::HEADER_BYTES;
use crate::readers::{Lines, Readers};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

const fn shape(instance: u64) -> Beside {
    Beside { kind: beside::READERS, instance, bytes: size_of::<Lines>() }
}

/// Where the readers' file of a buffer is.
pub(super) fn path_of(buffer: &Path, instance: u64) -> PathBuf {
    beside::path_of(buffer, instance, name::READERS)
}

/// Makes the readers' file of a buffer that is about to be created, still without a name.
pub(super) fn create(buffer: &Path, instance: u64, options: &Options) -> Result<(Readers, Fresh), BufferError> {
    let (mapping, fresh) = shape(instance).create(&path_of(buffer, instance), buffer, options)?;
    Ok((over(mapping, Access::ReadWrite), fresh))
}

/// Makes the readers' memory of a buffer without a name.
pub(super) fn anonymous(instance: u64, options: &Options) -> Result<Readers, BufferError> {
    let mapping = shape(instance).build(memfd::create(memfd::ORDINARY)?, Path::new(ANONYMOUS), options)?;
    memfd::seal(mapping.descriptor().unchecked())?;
    Ok(over(mapping, Access::ReadWrite))
}

/// `mapping` is one of this [`shape`], mapped for `access`.
fn over(mapping: Mapping, access: Access) -> Readers {
    assert!(mapping.len() >= HEADER_BYTES + size_of::<Lines>(), "it was made or checked for that");
    // SAFETY: there is room for the lines behind the header, whose size is a multiple of theirs,
    // and the mapping starts at a page; it was mapped for this access. Nothing in this process
    // accesses them otherwise.
    unsafe { Readers::mapped(mapping, HEADER_BYTES, access == Access::ReadWrite) }
}

/// Opens the readers' file of the buffer in `mapping`, which has one: to write to it, or, if
/// `buffer` is mapped read-only and the file can only be read, to read it.
pub(super) fn open(buffer: &Mapping, instance: u64, options: &Options) -> Result<Readers, BufferError> {
    let path = path_of(buffer.path(), instance);
    let may_only_read = buffer.access() == Access::Read;
    let opened = shape(instance).open(&path, buffer, may_only_read, options);
    let (mapping, access) = opened.map_err(|error| match error {
        BufferError::NotFound { path } => BufferError::NoReadersFile { path, buffer: buffer.path().to_owned() },
        error => error,
    })?;
    Ok(over(mapping, access))
}

/// Opens the readers' memory of a buffer without a name.
pub(super) fn from_fd(descriptor: OwnedFd, instance: u64, options: &Options) -> Result<Readers, BufferError> {
    let file = memfd::sealed(descriptor)?;
    let mapping = shape(instance).attach(file, Path::new(ANONYMOUS), Access::ReadWrite, options)?;
    Ok(over(mapping, Access::ReadWrite))
}
