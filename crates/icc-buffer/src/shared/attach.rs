//! Believing a header, after looking at all of it once.

use super::Mapping;
use crate::header::{Header, LAYOUT_VERSION, MAGIC};
use crate::layout::Layout;
use crate::{BufferError, ElementTypes, Expected, Placement, Spec};
use core::mem::offset_of;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{AtomicU64, Ordering, fence};
use std::path::Path;

const WORDS: usize = size_of::<Header>() / 8;

/// A private copy of the header, which no other process can change any more. `mapping` has at least its size.
pub(super) fn copy_header(mapping: &Mapping) -> Header {
    assert!(mapping.len() >= size_of::<Header>(), "the caller checked the file's size");
    let words = mapping.start().cast::<[AtomicU64; WORDS]>();
    // SAFETY: the mapping is long enough, starts at a page, stays until after the copy, and holds words that other
    // processes may change but this one accesses through atomics only.
    let words = unsafe { words.as_ref() };
    let copy: [u64; WORDS] = core::array::from_fn(|index| words[index].load(Ordering::Relaxed));
    // Acquire: with the load of the ready flag, pairs with the Release store in `publish_header`. Relaxed loads and a fence,
    // because the memory may be read-only.
    fence(Ordering::Acquire);
    bytemuck::cast(copy)
}

/// Writes the header of a mapping that nobody else knows of.
pub(super) fn write_header(mapping: &Mapping, header: &Header) {
    let words: [u64; WORDS] = bytemuck::cast(*header);
    for (index, word) in words.into_iter().enumerate() {
        // Atomic only for one way of access: nobody else knows of it.
        word_at(mapping, index).store(word, Ordering::Relaxed);
    }
}

/// Marks the header as ready, after all else.
pub(super) fn publish_header(mapping: &Mapping, header: &Header) {
    const INDEX: usize = offset_of!(Header, ready) / 8;
    let mut words: [u64; WORDS] = bytemuck::cast(Header { ready: 1, ..*header });
    // Release: pairs with the Acquire fence in `copy_header`.
    word_at(mapping, INDEX).store(core::mem::take(&mut words[INDEX]), Ordering::Release);
}

fn word_at(mapping: &Mapping, index: usize) -> &AtomicU64 {
    assert!(index < WORDS && mapping.len() >= size_of::<Header>(), "within the header");
    // SAFETY: the mapping is long enough, starts at a page and lives as long as the reference. Only `create` calls this, so
    // it is mapped for writing, and this process accesses these words through atomics only.
    unsafe { mapping.start().cast::<AtomicU64>().add(index).as_ref() }
}

/// Checks every field of a header against the handle's types, what is expected, and the file's size.
///
/// What comes back is safe to lay a view over a mapping of `size` bytes.
pub(super) fn check<T: Payload, P: Placement>(
    header: &Header,
    expected: Expected,
    size: u64,
    granule: u64,
    path: &Path,
) -> Result<(Layout, Spec), BufferError> {
    let path = || path.to_owned();
    if header.magic != MAGIC {
        return Err(BufferError::WrongMagic { path: path(), found: header.magic, expected: MAGIC });
    }
    if header.layout_version != LAYOUT_VERSION {
        let found = header.layout_version;
        return Err(BufferError::LayoutVersion { path: path(), found, expected: LAYOUT_VERSION });
    }
    if header.ready != 1 {
        return Err(BufferError::NotReady { path: path(), found: header.ready });
    }
    if header.kind != expected.kind as u32 {
        return Err(BufferError::OtherKind { path: path(), found: header.kind, expected: expected.kind });
    }
    let (found, wanted) = (header.element(), Header::element_of::<T>());
    if (found.size, found.align, found.fingerprint) != (wanted.size, wanted.align, wanted.fingerprint) {
        let types = Box::new(ElementTypes { found, expected: wanted });
        return Err(BufferError::OtherElement { path: path(), types });
    }
    if let Some(len) = expected.len.filter(|&len| len as u64 != header.len) {
        return Err(BufferError::OtherLen { path: path(), found: header.len, expected: len });
    }
    let other = |field, found, expected| Err(BufferError::OtherLayout { path: path(), field, found, expected });
    if header.lines != expected.lines as u64 {
        return other("lines", header.lines, expected.lines as u64);
    }
    let spec = Spec {
        kind: expected.kind,
        len: usize::try_from(header.len).unwrap_or(usize::MAX),
        lines: expected.lines,
        words: header.words,
    };
    let Ok(layout) = Layout::new::<T, P>(&spec) else {
        return other("len", header.len, size / header.stride.max(1));
    };
    for (field, found, expected) in [
        ("stride", header.stride, layout.stride),
        ("lines_offset", header.lines_offset, layout.lines_offset),
        ("slots_offset", header.slots_offset, layout.slots_offset),
        ("total_size", header.total_size, layout.total_size),
    ] {
        if found != expected as u64 {
            return other(field, found, expected as u64);
        }
    }
    let expected = layout.total_size as u64;
    if size < expected {
        return Err(BufferError::TooSmall { path: path(), found: size, expected });
    }
    match expected.checked_next_multiple_of(granule) {
        Some(expected) if expected == size => Ok((layout, spec)),
        _ => Err(BufferError::TooLong { path: path(), found: size, expected }),
    }
}
