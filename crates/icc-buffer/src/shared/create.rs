//! Creating: a file that nobody knows of, its memory, its header, and then its name.

use super::beside::{self, Fresh};
use super::file::{self, Access};
use super::mapping::{self, EXPLICIT, Mapping};
use super::{
    ANONYMOUS, Demand, HugePages, Options, check, draft::Draft, groups, keys, memfd, readers, reserve, schema,
};
use crate::header::Header;
use crate::memory::{Block, Facts, Memory};
use crate::placement::chosen;
use crate::readers::Readers;
use crate::{Buffer, BufferError, ElementType, Placement, ReadOnlyBuffer, Spec, instance};
use icc_seqlock::primitive::step;
use icc_seqlock::{Payload, Seqlock};
use nix::sys::memfd::MFdFlags;
use std::fs::File;
use std::path::Path;

/// What the slots are, for whoever opens the buffer.
pub(super) struct Slots {
    pub(super) element: ElementType,
    /// From one to the next. A multiple of `align`, with room for a version and a payload.
    pub(super) stride: usize,
    /// Of a slot: a power of two, at least 8.
    pub(super) align: usize,
}

impl Slots {
    fn of<T: Payload, P: Placement>() -> Self {
        Self {
            element: Header::element_of::<T>(),
            stride: chosen::<P>(size_of::<Seqlock<T>>()),
            align: align_of::<Seqlock<T>>(),
        }
    }
}

/// Creates a buffer with a name.
pub(super) fn create_at<T: Payload, P: Placement>(
    path: &Path,
    spec: Spec,
    options: &Options,
    init: impl FnOnce(&Buffer<T, P>),
) -> Result<Buffer<T, P>, BufferError> {
    let init = |buffer: &ReadOnlyBuffer<T>| init(&Buffer::writable(buffer.clone()));
    // SAFETY: the slots are those of a `T`.
    unsafe { create_named(path, &Slots::of::<T, P>(), spec, options, init) }.map(Buffer::writable)
}

/// Creates a buffer of these slots with a name.
///
/// # Safety
///
/// As [`build`].
pub(super) unsafe fn create_named<T: Payload>(
    path: &Path,
    slots: &Slots,
    spec: Spec,
    options: &Options,
    init: impl FnOnce(&ReadOnlyBuffer<T>),
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    let mode = options.mode;
    if mode & 0o600 != 0o600 {
        return Err(BufferError::BadMode { path: path.to_owned(), mode });
    }
    let instance = instance::new();
    let draft = Draft::new(path, mode)?;
    let file = draft.file().try_clone().map_err(|error| file::failed_io(&error, path, "create"))?;
    let (readers, mut fresh) =
        spec.has_readers().then(|| readers::create(path, instance, options)).transpose()?.unzip();
    let mut groups = groups::create(path, instance, (&spec.groups, spec.group_words), options)?;
    // SAFETY: passed on from the caller.
    let buffer = unsafe { build(file, path, slots, spec, options, (instance, readers), init)? };
    // The files of its readers first: whoever finds the buffer finds them. `beside` says what happens
    // if this process dies in between.
    for group in &mut groups {
        group.link()?;
        step("group linked");
    }
    if let Some(fresh) = &mut fresh {
        fresh.link()?;
        step("readers linked");
    }
    draft.publish()?;
    step("buffer linked");
    groups.into_iter().chain(fresh).for_each(Fresh::keep);
    beside::sweep(path);
    Ok(buffer)
}

/// Creates a buffer without a name, of huge pages if the options ask for it.
pub(super) fn create_anonymous<T: Payload, P: Placement>(
    spec: Spec,
    options: &Options,
) -> Result<Buffer<T, P>, BufferError> {
    // SAFETY: the slots are those of a `T`.
    unsafe { create_unnamed(&Slots::of::<T, P>(), spec, options) }.map(Buffer::writable)
}

/// Creates a buffer of these slots without a name, as [`create_anonymous`] does.
///
/// # Safety
///
/// As [`build`].
pub(super) unsafe fn create_unnamed<T: Payload>(
    slots: &Slots,
    spec: Spec,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    if let HugePages::Explicit(demand) = options.huge_pages {
        // SAFETY: passed on from the caller, here and below.
        match (unsafe { unnamed_in(MFdFlags::MFD_HUGETLB, slots, spec, options) }, demand) {
            (Ok(buffer), _) => return Ok(buffer),
            (Err(_), Demand::Try) => {}
            (Err(error), Demand::Require) => {
                let reason = format!("{error} (see /proc/sys/vm/nr_hugepages)");
                return Err(BufferError::Unavailable { path: ANONYMOUS.into(), what: EXPLICIT, reason });
            }
        }
    }
    // SAFETY: as above.
    unsafe { unnamed_in(memfd::ORDINARY, slots, spec, options) }
}

/// # Safety
///
/// As [`build`].
unsafe fn unnamed_in<T: Payload>(
    pages: MFdFlags,
    slots: &Slots,
    spec: Spec,
    options: &Options,
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    if !spec.groups.is_empty() {
        return Err(BufferError::GroupsWithoutName);
    }
    let instance = instance::new();
    let readers = spec.has_readers().then(|| readers::anonymous(instance, options)).transpose()?;
    let (file, path) = (memfd::create(pages)?, Path::new(ANONYMOUS));
    // SAFETY: passed on from the caller.
    let buffer = unsafe { build(file, path, slots, spec, options, (instance, readers), |_| {})? };
    memfd::seal(buffer.as_fd().unwrap_or_else(|| unreachable!("it was just mapped")))?;
    Ok(buffer)
}

/// Makes a buffer of an empty file that nobody else knows of, with its instance and its readers'
/// memory.
///
/// # Safety
///
/// `slots` is [`Slots::of`] `T` and a placement; or `T` is `()`.
unsafe fn build<T: Payload>(
    file: File,
    path: &Path,
    slots: &Slots,
    spec: Spec,
    options: &Options,
    (instance, readers): (u64, Option<Readers>),
    init: impl FnOnce(&ReadOnlyBuffer<T>),
) -> Result<ReadOnlyBuffer<T>, BufferError> {
    let described = schema::to_write(options, slots.element.size as usize, path)?;
    let keys = keys::to_write(options, spec.len, path)?;
    let texts = [described.map(|schema| schema.text().len()), keys.as_ref().map(|keys| keys.text().len())];
    let behind = texts.into_iter().flatten().sum();
    let layout = mapping::layout(spec.len, slots.stride, slots.align, spec.counters, behind)?;
    let size = (layout.total_size as u64).next_multiple_of(file::granule(&file, path)?);
    reserve::resize(&file, size, path)?;
    let mapping = Mapping::new(file, size, Access::ReadWrite, path)?;
    mapping.reserve(options)?;
    mapping.prepare(options)?;
    let mut header = Header::of(&slots.element, &spec, &layout, instance, instance::boot());
    if let Some(schema) = described {
        header = schema::mention(header, schema);
        schema::write(&mapping, schema);
    }
    if let Some(keys) = &keys {
        header = keys::mention(header, keys);
        keys::write(&mapping, &header, keys);
    }
    check::write_header(&mapping, &header);
    let facts = Facts::of(&spec, instance);
    let memory =
        Memory { block: Block::Mapped(mapping), facts, readers, readers_refused: None, groups: Vec::new(), keys };
    // SAFETY: the mapping has `total_size` bytes, readable until it is unmapped: this file was
    // given its size above, and nobody else knows of it yet. (Whoever truncates it later ends this
    // process by a signal; that cannot make an access go wrong.) It starts at a page, to which
    // `mapping::layout` keeps the alignment. Header and texts are the only parts accessed so far,
    // atomically. The stride is one of a placement for `T`; or `T` is `()`, whose cells may be any
    // distance apart that is a multiple of 8 and has room for a version.
    let buffer = unsafe { ReadOnlyBuffer::over(memory, &layout, spec.len) };
    init(&buffer);
    if let Some(mapping) = buffer.memory().mapping() {
        check::publish_header(mapping, &header);
    }
    Ok(buffer)
}
