//! Headers that are refused, and that none that is believed leads outside of the file.

use super::*;
use crate::placement::{possible, stride};
use crate::{OwnLines, Padded, Spec};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

const KIND: Kind = Kind::new("test");
const READER: Attaching = Attaching { expected: Expected::new(KIND), strides: None, access: Access::Read };

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
        let Ok(Found { layout, len, facts }) = check::<u64>(&found, READER, false, size, 1, Path::new("fuzz")) else {
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
    let writer = Attaching { strides: Some([stride::<u64, Padded>(); 2]), access: Access::ReadWrite, ..READER };
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
    let writer = |stride| Attaching { strides: Some([stride; 2]), access: Access::ReadWrite, ..READER };
    assert_eq!(refused(&padded().0, READER, padded().1), None);
    assert_eq!((refused(&packed, writer(16), size), refused(&padded().0, writer(128), padded().1)), (None, None));
    assert_eq!(refused(&padded().0, writer(16), padded().1).map(field), Some("stride"));
    assert_eq!(refused(&Header { stride: 24, ..packed }, READER, size).map(field), Some("stride"));
    let [pair, line] = possible::<OwnLines>(16);
    let chooser = Attaching { strides: Some([pair, line]), access: Access::ReadWrite, ..READER };
    assert_eq!(refused(&padded().0, chooser, padded().1), None);
    assert_eq!(refused(&packed, chooser, size).map(field), Some("stride"));
    for asks in [READER, chooser] {
        // Half as far apart: the file is too long for so many, and no more than that.
        let error = refused(&Header { stride: line as u64, ..padded().0 }, asks, padded().1).map(field);
        assert_eq!(error, Some("total_size"));
    }
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
    assert_eq!((apart(16), apart(8), apart(20), apart(24)), (None, Some("stride"), Some("stride"), Some("total_size")));
}

/// In whatever field the two differ, apart from when and by whom they were made.
#[test]
fn what_is_not_the_same_buffer_is_refused() {
    let (header, _) = header(3);
    let equal = |found: &Header, expected: &Header| check_equal(found, expected, Path::new("test"));
    assert_eq!(equal(&header, &Header { ready: 0, ..header }), Ok(()), "it is not the found one that is not ready");
    assert!(matches!(equal(&Header { ready: 0, ..header }, &header), Err(BufferError::NotReady { found: 0, .. })));
    let others = [
        ("magic", Header { magic: 7, ..header }),
        ("layout_version", Header { layout_version: 7, ..header }),
        ("kind", Header { kind: *b"other\0\0\0", ..header }),
        ("instance", Header { instance: 7, ..header }),
        ("features_to_read", Header { features: [7, 0, 0], ..header }),
        ("features_to_write", Header { features: [0, 7, 0], ..header }),
        ("element_size", Header { element_size: 7, ..header }),
        ("len", Header { len: 7, ..header }),
        ("stride", Header { stride: 7, ..header }),
        ("slots_offset", Header { slots_offset: 7, ..header }),
        ("counters", Header { counters: 7, ..header }),
        ("total_size", Header { total_size: 7, ..header }),
        ("schema_len", Header { schema_len: 7, ..header }),
    ];
    for (name, other) in others {
        assert_eq!((equal(&other, &other), equal(&other, &header).map_err(field)), (Ok(()), Err(name)));
    }
}
