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
    assert!(mapping.len() >= size_of::<Header>(), "the caller checked the file's size");
    let words = mapping.start().cast::<[AtomicU64; WORDS]>();
    // SAFETY: the mapping is long enough, starts at a page, stays until after the copy, and holds
    // words that other processes may change but this one accesses through atomics only.
    let words = unsafe { words.as_ref() };
    let copy: [u64; WORDS] = core::array::from_fn(|index| words[index].load(Ordering::Relaxed));
    // Acquire: with the load of the ready flag, pairs with the Release store in `publish_header`.
    // Relaxed loads and a fence, because the memory may be read-only.
    fence(Ordering::Acquire);
    bytemuck::cast(copy)
}

/// Writes the header of a mapping that nobody else knows of.
pub(super) fn write_header(mapping: &Mapping, header: &Header) {
    let words: [u64; WORDS] = bytemuck::cast(*header);
    for (index, word) in words.into_iter().enumerate() {
        // Atomic only so that all accesses are alike: nobody else knows of it.
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
    // SAFETY: the mapping is long enough, starts at a page and lives as long as the reference. Only
    // `create` calls this, so it is mapped for writing, and this process accesses these words
    // through atomics only.
    unsafe { mapping.start().cast::<AtomicU64>().add(index).as_ref() }
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
    /// The distance between slots, if only one will do.
    pub(super) stride: Option<usize>,
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
    let Attaching { expected, stride, access } = attaching;
    check_begin(header, path)?;
    check_features(header, access, path)?;
    check_kind(header, expected.kind, path)?;
    check_element(header, &Header::element_of::<T>(), described, path)?;
    check_expected(header, expected, path)?;
    let wanted = stride.unwrap_or(stride_of::<T, Packed>()) as u64;
    if header.stride != wanted && (stride.is_some() || !Step::<T>::is_one(header.stride)) {
        return Err(other("stride", header.stride, wanted, path));
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
mod tests {
    use super::*;
    use crate::placement::stride;
    use crate::{Padded, Spec};
    use std::hash::{BuildHasher as _, RandomState};
    use std::time::{Duration, Instant};

    const KIND: Kind = Kind::new("test");
    const READER: Attaching = Attaching { expected: Expected::new(KIND), stride: None, access: Access::Read };

    fn header(len: usize) -> (Header, u64) {
        let spec = Spec::new(KIND, len).counters(2);
        let layout = Layout::new::<u64>(len, stride::<u64, Packed>(), 2, 0).unwrap();
        (Header { ready: 1, ..Header::new::<u64>(&spec, &layout, 1, 0) }, layout.total_size as u64)
    }

    /// Every accepted header describes parts that lie within the file, in their order, aligned, and
    /// not overlapping.
    ///
    /// A million headers; with `ICC_TORTURE_SECONDS=n` in the environment, ten million and then as
    /// many as `n` seconds take.
    #[test]
    fn no_header_leads_outside_of_the_file() {
        let torture = std::env::var("ICC_TORTURE_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
        let end = Instant::now() + Duration::from_secs(torture.unwrap_or(0));
        let (seed, mut count, mut believed) = (RandomState::new().hash_one(0), 0_u64, 0_u64);
        let mut state = seed;
        // xorshift64*
        let mut random = move || {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_f491_4f6c_dd1d)
        };
        let at_least = match torture {
            Some(_) => 10_000_000,
            None if cfg!(miri) => 1_000,
            None => 1_000_000,
        };
        while count < at_least || Instant::now() < end {
            count += 1;
            let len = 1 + random() % 9;
            let (valid, size) = header(len as usize);
            let mut words: [u64; WORDS] = bytemuck::cast(valid);
            for _ in 0..random() % 4 {
                // Up to the schema: what follows is not checked.
                let word = &mut words[(random() % 21) as usize];
                *word = match random() % 5 {
                    0 => random(),
                    1 => *word ^ 1 << (random() % 64),
                    2 => (1_u64 << (random() % 64)).wrapping_sub(random() % 3),
                    3 => word.wrapping_add(random() % 257).wrapping_sub(128),
                    _ => u64::MAX / (1 + random() % 16),
                };
            }
            let found: Header = bytemuck::cast(words);
            let size = if random() % 4 == 0 { random() % (2 * size) } else { size };
            let Ok(Found { layout, len, facts }) = check::<u64>(&found, READER, false, size, 1, Path::new("fuzz"))
            else {
                continue;
            };
            believed += 1;
            let counters_end = layout.counters_offset as u128 + 128 * facts.counters as u128;
            let slots_end = layout.slots_offset as u128 + layout.stride as u128 * len as u128;
            let sound = layout.counters_offset as u64 >= 512 + found.schema_len + found.keys_len
                && layout.counters_offset % 128 == 0
                && counters_end <= layout.slots_offset as u128
                && layout.slots_offset % 8 == 0
                && layout.stride >= 16
                && layout.stride % 8 == 0
                && slots_end <= u128::from(size)
                && facts.instance != 0
                && len > 0;
            assert!(sound, "seed {seed:#x}, header {count}: {words:x?} in {size} bytes");
        }
        println!("{count} headers, {believed} believed");
        assert!(believed > count / 100 && believed < count, "one of the two was never tried: {believed} of {count}");
    }

    #[test]
    fn files_on_hugetlbfs_end_with_a_page() {
        let (header, _) = header(3);
        let fits = |size| check::<u64>(&header, READER, false, size, 1 << 21, Path::new("huge")).is_ok();
        assert!(fits(1 << 21));
        assert!(!fits(1 << 22));
    }

    fn refused(header: &Header, attaching: Attaching, size: u64) -> Option<BufferError> {
        check::<u64>(header, attaching, false, size, 1, Path::new("test")).err()
    }

    #[test]
    fn readers_take_any_placement_and_writers_their_own() {
        let (packed, size) = header(3);
        let writer = Attaching { stride: Some(stride::<u64, Padded>()), access: Access::ReadWrite, ..READER };
        assert_eq!(refused(&packed, READER, size), None);
        assert!(matches!(
            refused(&packed, writer, size),
            Some(BufferError::OtherLayout { field: "stride", found: 16, expected: 128, .. })
        ));
    }

    #[test]
    fn unknown_features_are_refused_to_whom_they_concern() {
        let (header, size) = header(3);
        let writer = Attaching { access: Access::ReadWrite, ..READER };
        let with = |features| Header { features, ..header };
        for (features, reading, writing) in
            [([0, 0, 9], None, None), ([0, 8, 0], None, Some("write")), ([8, 0, 0], Some("read"), Some("read"))]
        {
            for (attaching, refusal) in [(READER, reading), (writer, writing)] {
                match (refused(&with(features), attaching, size), refusal) {
                    (None, None) => {}
                    (Some(BufferError::UnknownFeatures { unknown: 8, doing, .. }), Some(expected)) => {
                        assert_eq!(doing, expected);
                    }
                    (found, _) => panic!("{features:?}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn a_schema_has_room_and_an_end() {
        let (header, _) = header(3);
        let with = |len: u64| {
            let layout = Layout::new::<u64>(3, 16, 2, len as usize).unwrap();
            let described = Header {
                schema_offset: 512,
                schema_len: len,
                counters_offset: layout.counters_offset as u64,
                slots_offset: layout.slots_offset as u64,
                total_size: layout.total_size as u64,
                ..header
            };
            refused(&described, READER, layout.total_size as u64)
        };
        assert_eq!((with(1), with(MAX_SCHEMA)), (None, None));
        assert!(matches!(with(MAX_SCHEMA + 1), Some(BufferError::OtherLayout { field: "schema_len", .. })));
    }

    #[test]
    fn names_have_room_and_an_end() {
        let (header, _) = header(3);
        let with = |schema: u64, len: u64| {
            let layout = Layout::new::<u64>(3, 16, 2, (schema + len) as usize).unwrap();
            let named = Header {
                schema_offset: if schema == 0 { 0 } else { 512 },
                schema_len: schema,
                keys_offset: 512 + schema,
                keys_len: len,
                counters_offset: layout.counters_offset as u64,
                slots_offset: layout.slots_offset as u64,
                total_size: layout.total_size as u64,
                ..header
            };
            refused(&named, READER, layout.total_size as u64)
        };
        let most = MAX_KEYS as u64;
        assert_eq!((with(0, 1), with(100, most), with(MAX_SCHEMA, most)), (None, None, None));
        assert!(matches!(with(0, most + 1), Some(BufferError::OtherLayout { field: "keys_len", .. })));
    }

    #[test]
    fn words_that_are_expected_are_checked() {
        let (header, size) = header(3);
        let attaching = Attaching { expected: Expected::new(KIND).word(2, 7), ..READER };
        assert_eq!(refused(&Header { words: [1, 1, 7, 1], ..header }, attaching, size), None);
        assert!(matches!(
            refused(&header, attaching, size),
            Some(BufferError::OtherWord { index: 2, found: 0, expected: 7, .. })
        ));
    }

    fn padded() -> (Header, u64) {
        let layout = Layout::new::<u64>(3, 128, 2, 0).unwrap();
        (
            Header { ready: 1, ..Header::new::<u64>(&Spec::new(KIND, 3).counters(2), &layout, 1, 0) },
            layout.total_size as u64,
        )
    }

    /// The field that an error names.
    fn field(error: BufferError) -> &'static str {
        match error {
            BufferError::OtherLayout { field, .. } => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_placement_is_one_that_slots_have() {
        let (packed, size) = header(3);
        let writer = |stride| Attaching { stride: Some(stride), access: Access::ReadWrite, ..READER };
        assert_eq!(refused(&padded().0, READER, padded().1), None);
        assert_eq!((refused(&packed, writer(16), size), refused(&padded().0, writer(128), padded().1)), (None, None));
        assert_eq!(refused(&padded().0, writer(16), padded().1).map(field), Some("stride"));
        assert_eq!(refused(&Header { stride: 24, ..packed }, READER, size).map(field), Some("stride"));
        let Some(BufferError::OtherLayout { field: "len", expected, .. }) =
            refused(&Header { len: u64::MAX, ..packed }, READER, size)
        else {
            panic!("so many slots were believed");
        };
        assert_eq!(expected, size / 16);
    }

    /// Each by itself: what is asked for, what is told, and that it is not another's.
    #[test]
    fn features_are_told_apart() {
        let (header, size) = header(3);
        let asked = [
            Expected::new(KIND).wakeable(),
            Expected::new(KIND).seen(),
            Expected::new(KIND).holding(),
            Expected::new(KIND).gaps(),
        ];
        let of = [[0, READERS, 0], [0, 0, SEEN], [0, HOLDING, 0], [GAPS, GAPS, 0]];
        let all = [GAPS, READERS | HOLDING | GAPS, SEEN];
        let writer = Attaching { access: Access::ReadWrite, ..READER };
        for (one, expected) in asked.into_iter().enumerate() {
            let attaching = Attaching { expected, ..writer };
            let others = core::array::from_fn(|word| all[word] & !of[one][word]);
            for (features, has) in [([0; 3], false), (of[one], true), (others, false), (all, true)] {
                let header = Header { features, ..header };
                match refused(&header, attaching, size) {
                    None => assert!(has, "{features:?} lack feature {one}"),
                    Some(BufferError::LacksFeature { .. }) => assert!(!has, "{features:?} have feature {one}"),
                    other => panic!("{other:?}"),
                }
                let Ok(Found { facts, .. }) = check::<u64>(&header, writer, false, size, 1, Path::new("test")) else {
                    panic!("{features:?} are known");
                };
                assert_eq!([facts.wakeable, facts.seen, facts.holding, facts.gaps][one], has, "{features:?}");
            }
        }
    }

    #[test]
    fn what_is_another_buffer_is_refused() {
        let (header, size) = header(3);
        let with = |expected| refused(&header, Attaching { expected, ..READER }, size);
        assert!(matches!(with(Expected::new(Kind::new("other"))), Some(BufferError::OtherKind { .. })));
        assert_eq!(with(Expected::new(KIND).len(3)), None);
        assert!(matches!(with(Expected::new(KIND).len(4)), Some(BufferError::OtherLen { found: 3, expected: 4, .. })));
        let other_type = check::<i64>(&header, READER, false, size, 1, Path::new("test"));
        assert!(matches!(other_type, Err(BufferError::OtherElement { .. })));
        let begin = |header| refused(&header, READER, size);
        assert!(matches!(begin(Header { magic: 7, ..header }), Some(BufferError::WrongMagic { .. })));
        assert!(matches!(begin(Header { layout_version: 1, ..header }), Some(BufferError::LayoutVersion { .. })));
        assert!(matches!(begin(Header { ready: 0, ..header }), Some(BufferError::NotReady { .. })));
    }

    /// At the edge of each bound.
    #[test]
    fn slots_of_any_type_have_room_for_it() {
        let (header, size) = header(3);
        let field = |header| check_untyped(&header, size, 1, Path::new("test")).err().map(field);
        let sized = |element_size, element_align| field(Header { element_size, element_align, ..header });
        assert_eq!((sized(8, 8), sized(8, 1), sized(5, 1), sized(0, 1)), (None, None, None, None));
        assert_eq!((sized(size, 8), sized(size + 8, 8)), (Some("stride"), Some("element_size")));
        let most = ALIGN as u64;
        assert_eq!([0, 3, 2 * most].map(|align| sized(8, align)), [Some("element_align"); 3]);
        assert_eq!(
            (sized(8, most), sized(12, 8), sized(0, most)),
            (Some("element_size"), Some("element_size"), Some("stride"))
        );
        let apart = |stride| field(Header { stride, ..header });
        assert_eq!(
            (apart(16), apart(8), apart(20), apart(24)),
            (None, Some("stride"), Some("stride"), Some("total_size"))
        );
    }
}
