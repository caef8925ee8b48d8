//! Creating a buffer of a type that this program learns only when it runs.

use super::create::{Slots, create_named};
use super::mapping::ALIGN;
use super::{Options, UntypedBuffer, name};
use crate::placement::stride_of;
use crate::{BufferError, ElementType, IdLock, Packed, ReadOnlyBuffer, Spec};
use core::{fmt, ops::Deref, ops::Range, ptr::NonNull};
use icc_seqlock::primitive::AtomicU64;
use icc_seqlock::{UntypedReader, UntypedWriter};
use std::path::Path;

/// The most bytes of a payload: what is more fits no memory.
const MOST_BYTES: u64 = 1 << 40;

/// A buffer that this program created and writes, whose payload's type is known by what a header or a
/// recording says of it. Programs that have the type open it as theirs.
///
/// Its slots are [`Packed`]. It derefs to an [`UntypedBuffer`], to be read.
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
/// let copy = UntypedBufferMut::create(&other, &element, spec, &Options::new(), |_| {})?;
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
    /// As [`Buffer::create_with`](crate::Buffer::create_with), for payloads that `element` describes.
    /// What it says goes into the header; only its size and alignment are checked.
    ///
    /// # Errors
    ///
    /// As there. [`BufferError::NoSuchElement`] if no type has this size and alignment.
    pub fn create(
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
        let slots =
            Slots { element: element.clone(), stride: stride_of::<Packed>(slot, slot_align), align: slot_align };
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

    /// Counter `index`, or `None` past the end.
    #[inline]
    #[must_use]
    pub fn counter_mut(&self, index: usize) -> Option<&AtomicU64> {
        // SAFETY: the index was checked.
        (index < self.counter_count()).then(|| unsafe { self.atomic(index) })
    }

    /// See [`Buffer::take_id`](crate::Buffer::take_id).
    ///
    /// # Errors
    ///
    /// [`BufferError`] if the buffer's file cannot be opened or locked.
    pub fn take_id(&self, ids: Range<u32>) -> Result<Option<IdLock>, BufferError> {
        self.memory().take_id(ids)
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
