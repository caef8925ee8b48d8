//! Attaching to an existing buffer: mapping it, checking its header once, and trusting nothing
//! else.

use super::check::{self, Attaching, Found};
use super::file::{self, Access};
use super::mapping::{self, Mapping};
use super::{ANONYMOUS, Descriptors, Options, keys, memfd, readers, schema};
use crate::header::Header;
use crate::keys::Keys;
use crate::layout::{HEADER_BYTES, Layout};
use crate::memory::{Block, Facts, Memory};
use crate::readers::Readers;
use crate::{BufferError, Expected, ReadOnlyBuffer, instance};
use core::marker::PhantomData;
use icc_seqlock::primitive::step;
use icc_seqlock::{Payload, Seqlock};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Attaches to the buffer at `path`. With `strides`, only one that has one of them.
pub(super) fn attach_to_name<T: Payload>(
    path: &Path,
    access: Access,
    expected: Expected,
    strides: Option<[usize; 2]>,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    /// Each further one means that the buffer was removed and another created in between.
    const ROUNDS: u32 = 100;
    let mut round = 0;
    loop {
        round += 1;
        let attached =
            Attached::<T>::new(map_file(path, access, options)?, Attaching { expected, strides, access }, options)?;
        let instance = attached.facts.instance;
        step("attached");
        let readers = attached.facts.has_readers().then(|| readers::open(&attached.mapping, instance, options));
        match readers.transpose() {
            // The buffer and its readers' file are removed one after the other: a file that is
            // missing may be that of a buffer that is gone. Who finds another of its name tries that.
            Err(BufferError::NoReadersFile { .. }) if round < ROUNDS && !attached.mapping.is_current()? => {}
            Err(error) if access == Access::ReadWrite && attached.facts.needs_readers() => return Err(error),
            // Without it, a reader sleeps for a bounded time, and is not seen.
            readers => return Ok(attached.with(readers)),
        }
    }
}

/// Attaches to a buffer without a name. With `strides`, only to one that has one of them.
pub(super) fn attach_to_memfd<T: Payload>(
    descriptors: Descriptors,
    access: Access,
    expected: Expected,
    strides: Option<[usize; 2]>,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    let mapping = map_memfd(descriptors.buffer, access)?;
    let attached = Attached::<T>::new(mapping, Attaching { expected, strides, access }, options)?;
    let (instance, needed) = (attached.facts.instance, attached.facts.needs_readers());
    let readers = match descriptors.readers {
        _ if !attached.facts.has_readers() => None,
        Some(descriptor) => Some(readers::from_fd(descriptor, instance, options)),
        None => Some(Err(BufferError::NoReadersDescriptor { path: ANONYMOUS.into() })),
    };
    match readers.transpose() {
        Err(error) if access == Access::ReadWrite && needed => Err(error),
        readers => Ok(attached.with(readers)),
    }
}

/// Maps the file at `path`, all of it, if it is an allowed one and as long as a header.
pub(super) fn map_file(path: &Path, access: Access, options: &Options) -> Result<Mapping, BufferError> {
    map(file::open(path, access, options)?, path, access)
}

/// Maps a sealed file without a name, as [`map_file`] does.
pub(super) fn map_memfd(descriptor: OwnedFd, access: Access) -> Result<Mapping, BufferError> {
    map(memfd::sealed(descriptor)?, Path::new(ANONYMOUS), access)
}

fn map(file: File, path: &Path, access: Access) -> Result<Mapping, BufferError> {
    let size = file::metadata(&file, path)?.len();
    if size < HEADER_BYTES as u64 {
        return Err(BufferError::TooSmall { path: path.to_owned(), found: size, expected: HEADER_BYTES as u64 });
    }
    Mapping::new(file, size, access, path)
}

/// A mapped buffer whose header was checked.
struct Attached<T> {
    mapping: Mapping,
    layout: Layout,
    len: usize,
    facts: Facts,
    keys: Option<Keys>,
    _slots: PhantomData<T>,
}

impl<T: Payload> Attached<T> {
    fn new(mapping: Mapping, attaching: Attaching, options: &Options) -> Result<Self, BufferError> {
        let (size, path) = (mapping.len() as u64, mapping.path());
        let granule = file::granule(mapping.file()?, path)?;
        let header = check::copy_header(&mapping);
        let described = header.schema_len != 0 && options.schema.is_some();
        let Found { layout, len, facts } = check::check::<T>(&header, attaching, described, size, granule, path)
            .map_err(|error| match error {
                // What differs says more than two sizes.
                BufferError::OtherElement { .. } => schema::compare(&header, &mapping, options).err().unwrap_or(error),
                error => error,
            })?;
        schema::compare(&header, &mapping, options)?;
        check_boot(&mapping, &header, attaching.access, options)?;
        mapping::layout(len, layout.stride, align_of::<Seqlock<T>>(), facts.counters, 0)?;
        let keys = keys::read(&header, &mapping, options)?;
        mapping.prepare_opened(options)?;
        Ok(Self { mapping, layout, len, facts, keys, _slots: PhantomData })
    }

    fn with(self, readers: Result<Option<Readers>, BufferError>) -> ReadOnlyBuffer<T> {
        let (readers, readers_refused) = match readers {
            Ok(readers) => (readers, None),
            Err(error) => (None, Some(error)),
        };
        let Self { mapping, layout, len, facts, keys, .. } = self;
        let groups = Vec::new();
        let memory = Memory { block: Block::Mapped(mapping), facts, readers, readers_refused, groups, keys };
        // SAFETY: `check` found the layout to be one for `len` slots, `facts` and a valid stride,
        // and to fit the mapping. Whoever makes the file smaller ends this process by a signal; it
        // cannot make an access go wrong. The mapping starts at a page, and the alignment is no
        // more, as `new` checked. The header is the only part accessed so far, atomically.
        unsafe { ReadOnlyBuffer::over(memory, &layout, len) }
    }
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
