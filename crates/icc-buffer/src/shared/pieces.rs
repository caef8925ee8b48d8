//! Buffers of pieces in shared memory.

use super::attach::{map_file, map_memfd};
use super::create::{Slots, create_named, create_unnamed};
use super::file::Access;
use super::{Descriptors, Options, UntypedBuffer, check, name};
use crate::pieces::{PieceBuffer, PieceBufferMut};
use crate::placement::chosen;
use crate::{BufferError, ElementType, Expected, Placement, ReadOnlyBuffer, Spec};
use std::path::Path;

/// What the header calls the payload: the words and the bytes of a slot.
const NAME: &str = "icc_buffer::Piece";
/// Of a slot, its version and what is behind it.
const ALIGN: usize = 8;
/// The version.
const VERSION: usize = 8;

impl Slots {
    /// Those of pieces, of so many bytes.
    fn of_pieces<P: Placement>(slot_size: usize) -> Self {
        assert!(PieceBuffer::can_have(slot_size), "slots cannot have {slot_size} bytes");
        let element = ElementType::new(NAME, (slot_size - VERSION) as u64, ALIGN as u64);
        Self { element, stride: chosen::<P>(slot_size), align: ALIGN }
    }
}

impl PieceBuffer {
    /// Opens a buffer to read it: see [`ReadOnlyBuffer::open`]. Slots may have any size.
    ///
    /// # Errors
    ///
    /// As there; and if the slots hold something else than pieces.
    pub fn open(name: impl AsRef<Path>, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        Self::attach(&path, Access::Read, expected, options)
    }

    /// Opens a buffer to read it, by descriptor: see [`ReadOnlyBuffer::from_fd`].
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(
        descriptors: impl Into<Descriptors>,
        expected: Expected,
        options: &Options,
    ) -> Result<Self, BufferError> {
        Self::attach_to_memfd(descriptors.into(), Access::Read, expected, options)
    }

    fn attach(path: &Path, access: Access, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let opened = UntypedBuffer::over(map_file(path, access, options)?, access, None, options, |header, _| {
            check::check_kind(header, expected.kind, path)?;
            check::check_expected(header, expected, path)
        });
        Self::over(&opened?)
    }

    fn attach_to_memfd(
        Descriptors { buffer, readers }: Descriptors,
        access: Access,
        expected: Expected,
        options: &Options,
    ) -> Result<Self, BufferError> {
        let path = Path::new(super::ANONYMOUS);
        let opened = UntypedBuffer::over(map_memfd(buffer, access)?, access, readers, options, |header, _| {
            check::check_kind(header, expected.kind, path)?;
            check::check_expected(header, expected, path)
        });
        Self::over(&opened?)
    }

    /// The pieces in a buffer that is open to be read.
    ///
    /// # Errors
    ///
    /// [`BufferError::OtherElement`] if its slots hold something else.
    pub fn over(buffer: &UntypedBuffer) -> Result<Self, BufferError> {
        let found = &buffer.inspected().element;
        let slot_size = buffer.element_size().saturating_add(VERSION);
        let expected = ElementType::new(NAME, found.size, ALIGN as u64);
        if *found != expected || !PieceBuffer::can_have(slot_size) {
            let path = buffer.inspected().path.clone();
            let types = Box::new(crate::ElementTypes { found: found.clone(), expected });
            return Err(BufferError::OtherElement { path, types });
        }
        // SAFETY: `UntypedBuffer` found each slot to have room for a version and, behind it, for a payload
        // of this size that is aligned to 8. In this process nobody writes through the handle that it was
        // opened by, but pieces; who reads through it reads only.
        Ok(unsafe { Self::new(buffer.versions().clone(), slot_size) })
    }
}

impl PieceBufferMut {
    /// Creates a buffer of slots of so many bytes: see
    /// [`Buffer::create_with`](crate::Buffer::create_with).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// If slots [cannot have](PieceBuffer::can_have) so many bytes.
    pub fn create<P: Placement>(
        name: impl AsRef<Path>,
        slot_size: usize,
        spec: Spec,
        options: &Options,
        init: impl FnOnce(&Self),
    ) -> Result<Self, BufferError> {
        let (path, slots) = (name::resolve(name.as_ref())?, Slots::of_pieces::<P>(slot_size));
        // SAFETY: the slots have so many bytes, aligned to 8, and are mapped for writing.
        let over = |versions: &ReadOnlyBuffer<()>| unsafe { Self::writable(versions.clone(), slot_size) };
        // SAFETY: the handle is one of cells of `()`.
        let versions = unsafe { create_named::<()>(&path, &slots, spec, options, |versions| init(&over(versions)))? };
        Ok(over(&versions))
    }

    /// Creates a buffer without a name: see [`Buffer::anonymous`](crate::Buffer::anonymous).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// If slots [cannot have](PieceBuffer::can_have) so many bytes.
    pub fn anonymous<P: Placement>(slot_size: usize, spec: Spec, options: &Options) -> Result<Self, BufferError> {
        // SAFETY: the handle is one of cells of `()`.
        let versions = unsafe { create_unnamed::<()>(&Slots::of_pieces::<P>(slot_size), spec, options)? };
        // SAFETY: as in `create`.
        Ok(unsafe { Self::writable(versions, slot_size) })
    }

    /// Opens a buffer to read and write it: see [`Buffer::open`](crate::Buffer::open). Slots may have any
    /// size.
    ///
    /// # Errors
    ///
    /// As there; and if the slots hold something else than pieces.
    pub fn open(name: impl AsRef<Path>, expected: Expected, options: &Options) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        PieceBuffer::attach(&path, Access::ReadWrite, expected, options).map(Self::opened)
    }

    /// Opens a buffer to read and write it, by descriptor: see
    /// [`Buffer::from_fd`](crate::Buffer::from_fd).
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_fd(
        descriptors: impl Into<Descriptors>,
        expected: Expected,
        options: &Options,
    ) -> Result<Self, BufferError> {
        PieceBuffer::attach_to_memfd(descriptors.into(), Access::ReadWrite, expected, options).map(Self::opened)
    }

    /// One that was mapped for writing.
    fn opened(buffer: PieceBuffer) -> Self {
        let slot_size = buffer.slot_size();
        // SAFETY: the same slots, mapped for writing.
        unsafe { Self::writable((*buffer).clone(), slot_size) }
    }
}
