//! A buffer of a type that this program learns only when it runs.

use super::attach::{check_boot, map_file, map_memfd};
use super::check;
use super::file::{self, Access};
use super::inspect::Inspected;
use super::{Descriptors, Mapping, Options, keys, name, readers};
use crate::header::Header;
use crate::memory::{Block, Memory};
use crate::{BufferError, ReadOnlyBuffer};
use core::{fmt, ops::Deref, ptr::NonNull};
use icc_seqlock::UntypedReader;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// A buffer to be read whose payload's type is not known: for a command line, a monitor, a recorder
/// of anything. It gives a slot's bytes, whole and with their version, as a [`ReadOnlyBuffer`] gives
/// its value.
///
/// Mapped read-only, and as unnoticed as any reader. It derefs to a [`ReadOnlyBuffer<()>`], which
/// sees the slots as cells that hold nothing: their versions, the counters, who holds which id, where
/// it is. What the bytes mean, [`inspected`](Self::inspected) tells: the type's name, and its schema
/// if the creator gave one.
///
/// Prefaulting reads every page; to look at many buffers, do without:
/// `Options::new().prefault(None)`.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Kind, Options, Packed, Spec, UntypedBuffer};
/// # if cfg!(miri) { return Ok(()) }
///
/// let name = format!("icc-example-untyped-{}", std::process::id());
/// let spec = Spec::new(Kind::new("example"), 3);
/// let feed = Buffer::<u32, Packed>::create(&name, spec, &Options::new())?;
/// feed.slot(1).expect("there are three").write(&7);
///
/// let seen = UntypedBuffer::open(&name, &Options::new())?;
/// let mut bytes = vec![0; seen.element_size()];
/// let slot = seen.bytes(1).expect("there are three");
/// assert_eq!(slot.try_read_into(&mut bytes), Ok(2));
/// assert_eq!(bytes, 7_u32.to_ne_bytes());
/// assert!(seen.bytes(3).is_none());
/// let versions: Vec<_> = seen.all_bytes().map(|slot| slot.version()).collect();
/// assert_eq!(versions, [0, 2, 0]);
/// icc_buffer::remove(&name)?;
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
#[derive(Clone)]
pub struct UntypedBuffer {
    /// Its cells begin where those of the buffer do.
    versions: ReadOnlyBuffer<()>,
    /// Of the payload: each slot has room for one of these behind its version.
    size: usize,
    align: usize,
    inspected: Arc<Inspected>,
}

impl UntypedBuffer {
    /// Opens a buffer of any kind and type to read it. The memory is mapped read-only, and permission
    /// to read the file is enough.
    ///
    /// # Errors
    ///
    /// As [`ReadOnlyBuffer::open`], except that any kind and type will do.
    pub fn open(name: impl AsRef<Path>, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        Self::over(map_file(&path, Access::Read, options)?, Access::Read, None, options, |_, _| Ok(()))
    }

    /// Opens a buffer of any kind and type to read it, by descriptor or by [two](Descriptors).
    ///
    /// # Errors
    ///
    /// As [`ReadOnlyBuffer::from_fd`], except that any kind and type will do.
    pub fn from_fd(descriptors: impl Into<Descriptors>, options: &Options) -> Result<Self, BufferError> {
        let Descriptors { buffer, readers } = descriptors.into();
        Self::over(map_memfd(buffer, Access::Read)?, Access::Read, readers, options, |_, _| Ok(()))
    }

    /// `wanted` refuses what is sound but not what is asked for.
    pub(super) fn over(
        mapping: Mapping,
        access: Access,
        readers: Option<OwnedFd>,
        options: &Options,
        wanted: impl FnOnce(&Header, &Mapping) -> Result<(), BufferError>,
    ) -> Result<Self, BufferError> {
        let (size, header) = (mapping.len() as u64, check::copy_header(&mapping));
        let (file, path) = (mapping.file()?, mapping.path());
        let found = check::check_untyped(&header, size, file::granule(file, path)?, path)?;
        check::check_features(&header, access, path)?;
        wanted(&header, &mapping)?;
        check_boot(&mapping, &header, access, options)?;
        let inspected = Inspected::new(&header, file, &file::metadata(file, path)?, path)?;
        let keys = keys::read(&header, &mapping, options)?;
        mapping.prepare_opened(options)?;
        let (facts, instance) = (found.facts, found.facts.instance);
        let readers = facts.has_readers().then(|| match readers {
            Some(descriptor) => readers::from_fd(descriptor, instance, options),
            None if mapping.absolute().is_none() => Err(BufferError::NoReadersDescriptor { path: path.to_owned() }),
            None => readers::open(&mapping, instance, options),
        });
        let (readers, readers_refused) = match readers.transpose() {
            Ok(readers) => (readers, None),
            // A writer must ring the bell, or look who holds.
            Err(error) if access == Access::ReadWrite && facts.needs_readers() => return Err(error),
            Err(error) => (None, Some(error)),
        };
        let groups = Vec::new();
        let memory = Memory { block: Block::Mapped(mapping), facts, readers, readers_refused, groups, keys };
        // SAFETY: `check_untyped` found the layout to be one for `len` slots and `facts`, to fit the
        // mapping, and the stride to be a multiple of 8 and to have room for a version: so it is one
        // for cells of `()`, which may be any distance apart. Whoever makes the file smaller ends
        // this process by a signal; it cannot make an access go wrong. The mapping starts at a page,
        // and the alignment is no more, as was checked. The header is the only part accessed so far,
        // atomically; of what is behind the versions only `bytes` takes a part, atomically.
        let versions = unsafe { ReadOnlyBuffer::over(memory, &found.layout, found.len) };
        let (size, align) = (header.element_size as usize, header.element_align as usize);
        Ok(Self { versions, size, align, inspected: Arc::new(inspected) })
    }

    /// A buffer that was just made, for payloads of this size and alignment.
    pub(super) fn created(
        versions: ReadOnlyBuffer<()>,
        size: usize,
        align: usize,
        path: &Path,
    ) -> Result<Self, BufferError> {
        let mapping = versions.memory().mapping().unwrap_or_else(|| unreachable!("it was just mapped"));
        let (header, file) = (check::copy_header(mapping), mapping.file()?);
        let inspected = Arc::new(Inspected::new(&header, file, &file::metadata(file, path)?, path)?);
        Ok(Self { versions, size, align, inspected })
    }

    /// Slot `index` as bytes, or `None` past the end.
    #[inline]
    #[must_use]
    pub fn bytes(&self, index: usize) -> Option<UntypedReader<'_>> {
        // SAFETY: the index was checked.
        (index < self.len()).then(|| unsafe { self.bytes_unchecked(index) })
    }

    /// Slot `index` as bytes.
    ///
    /// # Safety
    ///
    /// `index` is less than [`len`](ReadOnlyBuffer::len).
    #[inline]
    #[must_use]
    pub unsafe fn bytes_unchecked(&self, index: usize) -> UntypedReader<'_> {
        // SAFETY: the caller's promise.
        let cell: NonNull<u8> = unsafe { self.versions.cell_start(index) };
        // SAFETY: the slot has room for a version and, behind it, for a payload of this size and
        // alignment, and is aligned for both, as `check_untyped` found; it is mapped as long as this
        // handle lives, and any bytes are initialised ones. In this process nobody but handles like
        // this one accesses this mapping, and what other processes do is no access of this program.
        unsafe { UntypedReader::new(cell, self.size, self.align) }
    }

    /// All slots as bytes, in their order. A loop over them is quicker than one that asks for each by its
    /// index: where they are is looked up once.
    #[inline]
    pub fn all_bytes(&self) -> impl ExactSizeIterator<Item = UntypedReader<'_>> {
        // SAFETY: a buffer has at least one slot.
        let first: NonNull<u8> = unsafe { self.versions.cell_start(0) };
        // Copies, which nothing that a loop does can change: a copy out of a slot is assembly, behind which
        // the compiler would have to load the fields of `self` again.
        let (stride, size, align) = (self.versions.stride(), self.size, self.align);
        (0..self.len()).map(move |index| {
            // SAFETY: there are `len` slots at this distance, and this is one of them; `bytes_unchecked`
            // says why it is a cell to be read as long as this handle lives.
            unsafe { UntypedReader::new(first.add(index * stride), size, align) }
        })
    }

    /// The payload's size in bytes.
    #[inline]
    #[must_use]
    pub fn element_size(&self) -> usize {
        self.size
    }

    pub(super) fn element_align(&self) -> usize {
        self.align
    }

    /// The slots as cells that hold nothing.
    pub(super) fn versions(&self) -> &ReadOnlyBuffer<()> {
        &self.versions
    }

    /// What the header says: the kind, the type, its schema, and more.
    #[must_use]
    pub fn inspected(&self) -> &Inspected {
        &self.inspected
    }
}

impl Deref for UntypedBuffer {
    type Target = ReadOnlyBuffer<()>;

    #[inline(always)]
    fn deref(&self) -> &ReadOnlyBuffer<()> {
        &self.versions
    }
}

impl fmt::Debug for UntypedBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntypedBuffer")
            .field("kind", &format_args!("{}", self.inspected.kind))
            .field("element", &format_args!("{}", self.inspected.element))
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
