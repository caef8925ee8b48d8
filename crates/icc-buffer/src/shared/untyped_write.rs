//! Writing a buffer of a type that this program learns only when it runs.

use super::attach::map_file;
use super::check;
use super::create::{Slots, create_named};
use super::file::Access;
use super::mapping::ALIGN;
use super::{Options, UntypedBuffer, name, schema};
use crate::placement::chosen;
use crate::{Buffer, BufferError, ElementType, Expected, Placement, ReadOnlyBuffer, Spec};
use core::{fmt, ops::Deref, ptr::NonNull};
use icc_seqlock::primitive::AtomicU64;
use icc_seqlock::{PayloadBytes, UntypedReader, UntypedWriter};
use std::path::Path;

/// The most bytes of a payload: what is more fits no memory.
const MOST_BYTES: u64 = 1 << 40;

/// A buffer that this program writes, whose payload's type is known by what a header, a recording or a
/// program in another language says of it. Programs that have the type open it as theirs.
///
/// It derefs to an [`UntypedBuffer`], to be read. Its [`cells`](Self::cells) are those of a buffer whose
/// slots hold nothing: counters, ids, and the version of each slot. What a slot holds is written along
/// with its version, by a write of that cell that is given a [`payload`](Self::payload).
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Expected, Kind, Options, Packed, Spec, UntypedBufferMut};
/// # if cfg!(miri) { return Ok(()) }
///
/// let [one, other] = ["one", "other"].map(|one| format!("icc-example-untyped-{one}-{}", std::process::id()));
/// let spec = Spec::new(Kind::new("example"), 3);
/// Buffer::<u32, Packed>::create(&one, spec, &Options::new())?;
///
/// // The same, by what the header of the first says.
/// let element = icc_buffer::inspect(&one)?.element;
/// let copy = UntypedBufferMut::create::<Packed>(&other, &element, spec, &Options::new(), |_| {})?;
/// // SAFETY: nobody else writes.
/// unsafe { copy.bytes_mut(1).expect("there are three").write_at(2, &7_u32.to_ne_bytes()) };
///
/// let typed = Buffer::<u32, Packed>::open(&other, Expected::new(spec.kind), &Options::new())?;
/// assert_eq!(typed.slot(1).expect("there are three").read(), 7);
/// icc_buffer::remove(&one)?;
/// icc_buffer::remove(&other)?;
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
// Invariant: the memory is mapped for writing.
#[derive(Clone)]
pub struct UntypedBufferMut(UntypedBuffer);

impl UntypedBufferMut {
    /// As [`Buffer::create_with`](crate::Buffer::create_with), for payloads that `element` describes, in
    /// slots placed as `P` says. What it says goes into the header; only its size and alignment are
    /// checked.
    ///
    /// # Errors
    ///
    /// As there. [`BufferError::NoSuchElement`] if no type has this size and alignment.
    pub fn create<P: Placement>(
        name: impl AsRef<Path>,
        element: &ElementType,
        spec: Spec,
        options: &Options,
        init: impl FnOnce(&Self),
    ) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        let (size, align) = (element.size, element.align);
        let is_one =
            align.is_power_of_two() && align <= ALIGN as u64 && size.is_multiple_of(align) && size <= MOST_BYTES;
        if !is_one {
            return Err(BufferError::NoSuchElement { path, size, align });
        }
        let (size, align) = (size as usize, align as usize);
        let slot_align = align.max(align_of::<AtomicU64>());
        let slot = (UntypedReader::payload_offset(align) + size).next_multiple_of(slot_align);
        let slots = Slots { element: element.clone(), stride: chosen::<P>(slot), align: slot_align };
        let mut made = None;
        let begin = |versions: &ReadOnlyBuffer<()>| {
            let buffer = UntypedBuffer::created(versions.clone(), size, align, &path).map(Self);
            if let Ok(buffer) = &buffer {
                init(buffer);
            }
            made = Some(buffer);
        };
        // SAFETY: the handle is one of cells of `()`.
        unsafe { create_named::<()>(&path, &slots, spec, options, begin)? };
        made.unwrap_or_else(|| unreachable!("it was begun"))
    }

    /// Opens a buffer to write it, of payloads of any type, or of one that has the size, the alignment
    /// and the fingerprint of `element`.
    ///
    /// Where both the buffer and the options have a schema, these are compared in place of the
    /// fingerprint, and without an `element`, too.
    ///
    /// # Errors
    ///
    /// As [`Buffer::open`](crate::Buffer::open).
    pub fn open(
        name: impl AsRef<Path>,
        expected: Expected,
        element: Option<&ElementType>,
        options: &Options,
    ) -> Result<Self, BufferError> {
        let path = name::resolve(name.as_ref())?;
        let mapping = map_file(&path, Access::ReadWrite, options)?;
        let opened = UntypedBuffer::over(mapping, Access::ReadWrite, None, options, |header, mapping| {
            check::check_kind(header, expected.kind, &path)?;
            // What differs says more than two sizes.
            schema::compare(header, mapping, options)?;
            if let Some(element) = element {
                let described = header.schema_len != 0 && options.schema.is_some();
                check::check_element(header, element, described, &path)?;
            }
            check::check_expected(header, expected, &path)
        });
        opened.map(Self)
    }

    /// The same memory as a buffer whose slots hold nothing, for the layer above: to take ids, to
    /// count, and to write the slots' versions.
    ///
    /// A write of a cell of it is given a [`payload`](Self::payload); else it changes the version and
    /// nothing else.
    #[inline(always)]
    #[must_use]
    pub fn cells<P: Placement>(&self) -> &Buffer<(), P> {
        // SAFETY: the memory is mapped for writing, by the invariant, and slots of `()` may be any
        // distance apart.
        unsafe { self.0.versions().as_writable() }
    }

    /// Bytes to write into a slot, as a write of one of the [`cells`](Self::cells) takes them.
    ///
    /// # Panics
    ///
    /// If they are not as many as a [payload's](UntypedBuffer::element_size).
    #[inline(always)]
    #[must_use]
    pub fn payload<'a>(&'a self, bytes: &'a [u8]) -> PayloadBytes<'a> {
        let Self(buffer) = self;
        assert_eq!(bytes.len(), buffer.element_size(), "the bytes are as many as the payload's");
        // SAFETY: there is at least one slot.
        let first: NonNull<u8> = unsafe { buffer.cell_start(0) };
        let last = (buffer.len() - 1) * buffer.stride();
        // SAFETY: as in `bytes_mut`, for all slots; the last is as far behind the first.
        unsafe { PayloadBytes::new(first, last, buffer.element_align(), bytes) }
    }

    /// Slot `index`, to be written as bytes; `None` past the end.
    #[inline]
    #[must_use]
    pub fn bytes_mut(&self, index: usize) -> Option<UntypedWriter<'_>> {
        if index >= self.len() {
            return None;
        }
        let Self(buffer) = self;
        // SAFETY: the index was checked.
        let cell: NonNull<u8> = unsafe { buffer.cell_start(index) };
        // SAFETY: as in `UntypedBuffer::bytes_unchecked`; the slots were laid out for such a payload,
        // and the memory is mapped for writing, by the invariant.
        Some(unsafe { UntypedWriter::new(cell, buffer.element_size(), buffer.element_align()) })
    }
}

impl Deref for UntypedBufferMut {
    type Target = UntypedBuffer;

    #[inline(always)]
    fn deref(&self) -> &UntypedBuffer {
        &self.0
    }
}

impl fmt::Debug for UntypedBufferMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UntypedBufferMut").field(&self.0).finish()
    }
}
