//! Checking a header, all of it, once.

use super::Mapping;
use super::file::Access;
use super::mapping::ALIGN;
use crate::header::{GAPS, HOLDING, Header, LAYOUT_VERSION, MAGIC, MAX_SCHEMA, READERS, SEEN};
use crate::keys::MAX_KEYS;
use crate::layout::{HEADER_BYTES, Layout};
use crate::memory::Facts;
use crate::placement::{Step, stride as stride_of};
use crate::{BufferError, ElementType, ElementTypes, Expected, Kind, Packed};
use core::mem::offset_of;
use icc_seqlock::primitive::{AtomicU64, Ordering, fence};
use icc_seqlock::{Payload, Seqlock};
use std::path::Path;

/// The features that this crate knows.
pub(super) const KNOWN_TO_READ: u64 = GAPS;
pub(super) const KNOWN_TO_WRITE: u64 = READERS | GAPS | HOLDING;

const WORDS: usize = size_of::<Header>() / 8;

/// A private copy of the header, which no other process can change any more. `mapping` is at least
/// as long.
pub(super) fn copy_header(mapping: &Mapping) -> Header {
    let words = words_of(mapping);
    let copy: [u64; WORDS] = core::array::from_fn(|index| words[index].load(Ordering::Relaxed));
    // Acquire: with the load of the ready flag, pairs with the Release store in `publish_header`.
    // Relaxed loads and a fence, because the memory may be read-only.
    fence(Ordering::Acquire);
    bytemuck::cast(copy)
}

/// Writes the header of a mapping that nobody else knows of, and that is mapped for writing.
pub(super) fn write_header(mapping: &Mapping, header: &Header) {
    let words: [u64; WORDS] = bytemuck::cast(*header);
    for (place, word) in words_of(mapping).iter().zip(words) {
        // Atomic only so that all accesses are alike: nobody else knows of it.
        place.store(word, Ordering::Relaxed);
    }
}

/// Marks the header as ready, after all else. It is mapped for writing.
pub(super) fn publish_header(mapping: &Mapping, header: &Header) {
    const INDEX: usize = offset_of!(Header, ready) / 8;
    let words: [u64; WORDS] = bytemuck::cast(Header { ready: 1, ..*header });
    // Release: pairs with the Acquire fence in `copy_header`.
    words_of(mapping)[INDEX].store(words[INDEX], Ordering::Release);
}

/// The words of the header of a mapping that is at least as long.
fn words_of(mapping: &Mapping) -> &[AtomicU64; WORDS] {
    assert!(mapping.len() >= size_of::<Header>(), "the caller checked the file's size");
    // SAFETY: the mapping is long enough, starts at a page and lives as long as the reference. Other
    // processes may change the words, but this one accesses them through atomics only.
    unsafe { mapping.start().cast().as_ref() }
}

/// What a handle needs to know of a mapping, from a checked header.
pub(super) struct Found {
    pub(super) layout: Layout,
    pub(super) len: usize,
    pub(super) facts: Facts,
}

/// What the caller asks for. Readers take the placement from the header, writers bring their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attaching {
    pub(super) expected: Expected,
    /// The distances between slots that will do, the usual one first, if not those of every placement.
    pub(super) strides: Option<[usize; 2]>,
    /// Whether it is to be written.
    pub(super) access: Access,
}

/// Checks every field of a header against the handle's types, what is expected, and the file's
/// size. If the types are `described`, the caller compares their schemas in place of their names.
///
/// The result is safe for a handle over a mapping of `size` bytes.
pub(super) fn check<T: Payload>(
    header: &Header,
    attaching: Attaching,
    described: bool,
    size: u64,
    granule: u64,
    path: &Path,
) -> Result<Found, BufferError> {
    let Attaching { expected, strides, access } = attaching;
    check_begin(header, path)?;
    check_features(header, access, path)?;
    check_kind(header, expected.kind, path)?;
    check_element(header, &Header::element_of::<T>(), described, path)?;
    check_expected(header, expected, path)?;
    let will_do = match strides {
        Some(strides) => strides.map(|stride| stride as u64).contains(&header.stride),
        None => Step::<T>::is_one(header.stride),
    };
    if !will_do {
        let wanted = strides.map_or(stride_of::<T, Packed>(), |[usual, _]| usual);
        return Err(other("stride", header.stride, wanted as u64, path));
    }
    check_parts(header, align_of::<Seqlock<T>>(), size, granule, path)
}

/// Checks what the slots are used as.
pub(super) fn check_kind(header: &Header, expected: Kind, path: &Path) -> Result<(), BufferError> {
    let kind = Kind(header.kind);
    if kind != expected {
        return Err(BufferError::OtherKind { path: path.to_owned(), found: kind, expected });
    }
    Ok(())
}

/// Checks the payload's type. If both sides are `described`, the caller compares their schemas in place
/// of its name.
pub(super) fn check_element(
    header: &Header,
    expected: &ElementType,
    described: bool,
    path: &Path,
) -> Result<(), BufferError> {
    let found = header.element();
    let same_name = described || found.fingerprint == expected.fingerprint;
    if (found.size, found.align, same_name) == (expected.size, expected.align, true) {
        return Ok(());
    }
    let types = Box::new(ElementTypes { found, expected: expected.clone() });
    Err(BufferError::OtherElement { path: path.to_owned(), types })
}

/// Checks all else that is expected of a buffer, but not its kind.
pub(super) fn check_expected(header: &Header, expected: Expected, path: &Path) -> Result<(), BufferError> {
    let to_path = || path.to_owned();
    for (index, (&found, expected)) in header.words.iter().zip(expected.words).enumerate() {
        if let Some(expected) = expected.filter(|&expected| expected != found) {
            return Err(BufferError::OtherWord { path: to_path(), index, found, expected });
        }
    }
    if let Some(len) = expected.len.filter(|&len| len as u64 != header.len) {
        return Err(BufferError::OtherLen { path: to_path(), found: header.len, expected: len });
    }
    if expected.wakeable && header.features[1] & READERS == 0 {
        return Err(BufferError::LacksFeature { path: to_path(), feature: "wakeable" });
    }
    if expected.seen && header.features[2] & SEEN == 0 {
        return Err(BufferError::LacksFeature { path: to_path(), feature: "one whose readers can be seen" });
    }
    if expected.holding && header.features[1] & HOLDING == 0 {
        return Err(BufferError::LacksFeature { path: to_path(), feature: "one whose readers can hold" });
    }
    if expected.gaps && header.features[0] & GAPS == 0 {
        return Err(BufferError::LacksFeature { path: to_path(), feature: "one with gaps" });
    }
    Ok(())
}

/// Checks every field of a header of slots of any type against the file's size, but not the
/// features. The payload's size and alignment are those of a type then, and its slots have room for
/// it.
///
/// The result is safe for a handle over a mapping of `size` bytes.
pub(super) fn check_untyped(header: &Header, size: u64, granule: u64, path: &Path) -> Result<Found, BufferError> {
    check_begin(header, path)?;
    let Header { element_size, element_align, stride, .. } = *header;
    // No slot is larger than the file, and no alignment is more than mappings have.
    if element_size > size {
        return Err(other("element_size", element_size, size, path));
    }
    if !element_align.is_power_of_two() || element_align > ALIGN as u64 {
        return Err(other("element_align", element_align, ALIGN as u64, path));
    }
    if !element_size.is_multiple_of(element_align) {
        return Err(other("element_size", element_size, element_size.next_multiple_of(element_align), path));
    }
    let slot_align = (element_align as usize).max(align_of::<AtomicU64>());
    // The version, in front of the payload, takes as much as the alignment.
    let slot = (element_size + slot_align as u64).next_multiple_of(slot_align as u64);
    if stride < slot || !stride.is_multiple_of(slot_align as u64) {
        return Err(other("stride", stride, slot, path));
    }
    check_parts(header, slot_align, size, granule, path)
}

fn other(field: &'static str, found: u64, expected: u64, path: &Path) -> BufferError {
    BufferError::OtherLayout { path: path.to_owned(), field, found, expected }
}

/// Checks that it is a finished buffer of this layout.
fn check_begin(header: &Header, path: &Path) -> Result<(), BufferError> {
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
    Ok(())
}

/// Refuses features that are needed and not known.
pub(super) fn check_features(header: &Header, access: Access, path: &Path) -> Result<(), BufferError> {
    let [to_read, to_write, _] = header.features;
    let (unknown, doing) = match access {
        Access::ReadWrite if to_write & !KNOWN_TO_WRITE != 0 => (to_write & !KNOWN_TO_WRITE, "write"),
        _ => (to_read & !KNOWN_TO_READ, "read"),
    };
    if unknown != 0 {
        return Err(BufferError::UnknownFeatures { path: path.to_owned(), unknown, doing });
    }
    Ok(())
}

/// Checks where the parts lie. `stride` was found to be one that slots of this alignment have.
fn check_parts(header: &Header, slot_align: usize, size: u64, granule: u64, path: &Path) -> Result<Found, BufferError> {
    let other = |field, found, expected| Err(other(field, found, expected, path));
    if header.instance == 0 {
        return other("instance", 0, 1);
    }
    let described = header.schema_len != 0;
    if header.schema_len > MAX_SCHEMA {
        return other("schema_len", header.schema_len, MAX_SCHEMA);
    }
    if header.schema_offset != if described { HEADER_BYTES as u64 } else { 0 } {
        return other("schema_offset", header.schema_offset, HEADER_BYTES as u64);
    }
    if header.keys_len > MAX_KEYS as u64 {
        return other("keys_len", header.keys_len, MAX_KEYS as u64);
    }
    let behind = HEADER_BYTES as u64 + header.schema_len;
    if header.keys_offset != if header.keys_len == 0 { 0 } else { behind } {
        return other("keys_offset", header.keys_offset, behind);
    }
    // Both are bounded. What does not fit a `usize` fits no file either.
    let texts = header.schema_len + header.keys_len;
    let [len, stride, counters, texts] =
        [header.len, header.stride, header.counters, texts].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let Ok(layout) = Layout::of_slots(len, stride, slot_align, counters, texts) else {
        return other("len", header.len, size / header.stride.max(1));
    };
    for (field, found, expected) in [
        ("counters_offset", header.counters_offset, layout.counters_offset),
        ("slots_offset", header.slots_offset, layout.slots_offset),
        ("total_size", header.total_size, layout.total_size),
    ] {
        if found != expected as u64 {
            return other(field, found, expected as u64);
        }
    }
    let expected = layout.total_size as u64;
    if size < expected {
        return Err(BufferError::TooSmall { path: path.to_owned(), found: size, expected });
    }
    if expected.checked_next_multiple_of(granule) != Some(size) {
        return Err(BufferError::TooLong { path: path.to_owned(), found: size, expected });
    }
    let (kind, Header { words, instance, source, features, .. }) = (Kind(header.kind), *header);
    let (wakeable, seen, gaps) = (features[1] & READERS != 0, features[2] & SEEN != 0, features[0] & GAPS != 0);
    let holding = features[1] & HOLDING != 0;
    let facts = Facts { kind, counters, words, instance, source, wakeable, seen, holding, gaps };
    Ok(Found { layout, len, facts })
}

/// An error unless `found` says what `expected` does, apart from when and by whom it was made.
pub(super) fn check_equal(found: &Header, expected: &Header, path: &Path) -> Result<(), BufferError> {
    type Field = fn(&Header) -> u64;
    let fields: [(_, Field); 13] = [
        ("magic", |header| header.magic),
        ("layout_version", |header| header.layout_version.into()),
        ("kind", |header| u64::from_ne_bytes(header.kind)),
        ("instance", |header| header.instance),
        ("features_to_read", |header| header.features[0]),
        ("features_to_write", |header| header.features[1]),
        ("element_size", |header| header.element_size),
        ("len", |header| header.len),
        ("stride", |header| header.stride),
        ("slots_offset", |header| header.slots_offset),
        ("counters", |header| header.counters),
        ("total_size", |header| header.total_size),
        ("schema_len", |header| header.schema_len),
    ];
    if found.ready != 1 {
        return Err(BufferError::NotReady { path: path.to_owned(), found: found.ready });
    }
    match fields.into_iter().find(|(_, of)| of(found) != of(expected)) {
        None => Ok(()),
        Some((field, of)) => {
            Err(BufferError::OtherLayout { path: path.to_owned(), field, found: of(found), expected: of(expected) })
        }
    }
}

#[cfg(test)]
mod tests;
