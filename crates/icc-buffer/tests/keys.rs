//! Names of slots: written with the buffer, compared where both sides have them, and not believed.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

mod common;

use common::{KIND, Name, field, spec};
use icc_buffer::{Buffer, BufferError, Expected, Keys, Options, Packed, ReadOnlyBuffer, SchemaText, UntypedBuffer};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

type Shared = Buffer<u64, Packed>;
type Seen = ReadOnlyBuffer<u64>;
const ANY: Expected = Expected::new(KIND);

fn options(names: &[&str]) -> Options {
    Options::new().keys(names.iter().copied())
}

#[test]
fn slots_have_names_beside_the_schema() {
    let same = |_: &str, _: &str| Ok(());
    for schema in [None, Some(SchemaText::new("\"<u8\"", 7, 8, same))] {
        let name = Name::new("keys");
        let mut options = options(&["EURUSD", "", "größe"]);
        options = schema.clone().into_iter().fold(options, Options::schema);
        let made = Shared::create(&name, spec(3), &options).unwrap();
        made.slot(2).unwrap().write(&7);
        let seen = Seen::open(&name, ANY, &Options::new()).unwrap();
        let untyped = UntypedBuffer::open(&name, &Options::new()).unwrap();
        for keys in [made.keys(), seen.keys(), untyped.keys()].map(Option::unwrap) {
            assert_eq!(keys.iter().collect::<Vec<_>>(), ["EURUSD", "", "größe"]);
            assert_eq!(
                (keys.get(2), keys.get(3), keys.find("größe"), keys.find("GBPUSD")),
                (Some("größe"), None, Some(2), None)
            );
        }
        assert_eq!(seen.slot(2).unwrap().try_read(), Ok(7));
        let found = icc_buffer::inspect(&name).unwrap().schema;
        assert_eq!(found.is_some(), schema.is_some());
    }
    let plain = Name::new("no-keys");
    let made = Shared::create(&plain, spec(3), &Options::new()).unwrap();
    assert!(made.keys().is_none() && Seen::open(&plain, ANY, &options(&["a", "b", "c"])).unwrap().keys().is_none());
}

/// Names of types are compared only where one side has no schema, and schemas by whoever gave them.
#[test]
fn schemas_are_compared_where_both_sides_have_one() {
    fn first_letter(found: &str, expected: &str) -> Result<(), String> {
        if found[..1] == expected[..1] { Ok(()) } else { Err(format!("{found} is not {expected}")) }
    }
    let described = |text: &str, size| Options::new().schema(SchemaText::new(text, 7, size, first_letter));
    let name = Name::new("schemas");
    Shared::create(&name, spec(3), &described("an apple", 8)).unwrap();
    assert_eq!(icc_buffer::inspect(&name).unwrap().schema.as_deref(), Some("an apple"));
    // Another type of the same size, which says the same.
    assert!(ReadOnlyBuffer::<i64>::open(&name, ANY, &described("an orange", 8)).is_ok());
    assert!(Buffer::<i64, Packed>::open(&name, ANY, &described("an orange", 8)).is_ok());
    let refused = Seen::open(&name, ANY, &described("pear", 8)).unwrap_err();
    let difference = "an apple is not pear".to_owned();
    assert_eq!(refused, BufferError::OtherSchema { path: name.path().into(), difference });
    // Of another size, the difference says more than the sizes.
    let refused = ReadOnlyBuffer::<u32>::open(&name, ANY, &described("pear", 4)).unwrap_err();
    assert!(matches!(refused, BufferError::OtherSchema { .. }), "{refused}");
    let refused = ReadOnlyBuffer::<u32>::open(&name, ANY, &described("an orange", 4)).unwrap_err();
    assert!(matches!(refused, BufferError::OtherElement { .. }), "{refused}");
    let refused = ReadOnlyBuffer::<i64>::open(&name, ANY, &Options::new()).unwrap_err();
    assert!(matches!(refused, BufferError::OtherElement { .. }), "{refused}");
    assert!(Seen::open(&name, ANY, &Options::new()).is_ok());

    let plain = Name::new("no-schema");
    Shared::create(&plain, spec(3), &Options::new()).unwrap();
    assert!(Seen::open(&plain, ANY, &described("an orange", 8)).is_ok());
    let refused = ReadOnlyBuffer::<i64>::open(&plain, ANY, &described("an orange", 8)).unwrap_err();
    assert!(matches!(refused, BufferError::OtherElement { .. }), "{refused}");
    let refused = Shared::create(&plain, spec(3), &described("an orange", 4)).unwrap_err();
    assert!(matches!(refused, BufferError::SchemaSize { schema: 4, element: 8, .. }), "{refused}");
}

#[test]
fn a_schema_has_a_length() {
    let with = |len| {
        let name = Name::new("schema-length");
        let schema = SchemaText::new("s".repeat(len), 7, 8, |_, _| Ok(()));
        let made = Shared::create(&name, spec(3), &Options::new().schema(schema));
        made.map(|_| icc_buffer::inspect(&name).unwrap().schema.unwrap().len())
    };
    for len in [1, 100, SchemaText::MAX] {
        assert_eq!(with(len).unwrap(), len);
    }
    for len in [0, SchemaText::MAX + 1] {
        let refused = with(len).unwrap_err();
        assert!(
            matches!(refused, BufferError::SchemaLength { len: found, max: SchemaText::MAX, .. } if found == len),
            "{refused}"
        );
    }
}

/// Nobody is asked whether a text is like itself.
#[test]
fn the_same_schema_needs_no_comparison() {
    let (name, refuse) = (Name::new("same-schema"), |_: &str, _: &str| Err("asked".to_owned()));
    let described = |text: &str| Options::new().schema(SchemaText::new(text, 7, 8, refuse));
    Shared::create(&name, spec(3), &described("same")).unwrap();
    assert!(Seen::open(&name, ANY, &described("same")).is_ok());
    assert!(matches!(Seen::open(&name, ANY, &described("other")), Err(BufferError::OtherSchema { .. })));
    assert_eq!(icc_buffer::inspect(&name).unwrap().schema_hash, 7);
}

/// Where types differ in size it is read before the rest of the header was checked.
#[test]
fn a_schema_that_is_said_to_be_long_takes_no_memory() {
    let name = Name::new("long-schema");
    let described = |size| Options::new().schema(SchemaText::new("text", 7, size, |_, _| Ok(())));
    Shared::create(&name, spec(3), &described(8)).unwrap();
    let file = OpenOptions::new().write(true).open(&name).unwrap();
    for (at, value) in [
        (field::SCHEMA_LEN, SchemaText::MAX as u64 + 1),
        (field::SCHEMA_LEN, 1 << 62),
        (field::SCHEMA_LEN, u64::MAX),
        (field::SCHEMA_OFFSET, u64::MAX),
        (field::SCHEMA_OFFSET, 1 << 62),
    ] {
        file.write_all_at(&value.to_ne_bytes(), at).unwrap();
        assert!(Seen::open(&name, ANY, &described(8)).is_err() && Shared::open(&name, ANY, &described(8)).is_err());
        assert!(ReadOnlyBuffer::<u32>::open(&name, ANY, &described(4)).is_err());
    }
}

#[test]
fn schemas_differ_by_text_hash_and_size() {
    let schema = |text: &str, hash, size| SchemaText::new(text, hash, size, |_, _| Ok(()));
    let one = schema("one", 7, 8);
    assert_eq!((one.text(), one.hash()), ("one", 7));
    assert!(one == schema("one", 7, 8));
    for other in [schema("other", 7, 8), schema("one", 8, 8), schema("one", 7, 4)] {
        assert!(one != other, "{other:?}");
    }
}

#[test]
fn names_that_cannot_be_are_refused() {
    let name = Name::new("bad-keys");
    let long = "x".repeat(Keys::MAX);
    for (names, reason) in [
        (vec!["a", "b"], "2 names for 3 slots"),
        (vec!["a", "b", "a"], "names two slots"),
        (vec!["a", "b\nc", "d"], "control characters"),
        (vec!["a", "\u{1b}[2J", "d"], "control characters"),
        (vec!["a", "b", &long], "bytes are more than"),
    ] {
        let refused = Shared::create(&name, spec(3), &options(&names)).unwrap_err();
        assert!(matches!(&refused, BufferError::BadKeys { reason: found, .. } if found.contains(reason)), "{refused}");
        assert!(!name.path().exists());
    }
    // Many slots without a name.
    Shared::create(&name, spec(3), &options(&["", "b", ""])).unwrap();
}

#[test]
fn other_names_are_an_error() {
    let name = Name::new("other-keys");
    let made = Shared::create(&name, spec(3), &options(&["a", "b", "c"])).unwrap();
    assert!(Seen::open(&name, ANY, &options(&["a", "b", "c"])).is_ok());
    let refused = Seen::open(&name, ANY, &options(&["a", "c", "b"])).unwrap_err();
    let expected =
        BufferError::OtherKey { path: name.path().into(), index: 1, found: "b".into(), expected: "c".into() };
    assert_eq!(refused, expected);
    assert_eq!(Shared::open(&name, ANY, &options(&["a", "c", "b"])).unwrap_err(), expected);
    let refused = Seen::open(&name, ANY, &options(&["a"])).unwrap_err();
    assert!(matches!(refused, BufferError::OtherLen { found: 3, expected: 1, .. }), "{refused}");
    drop(made);
}

#[test]
fn what_somebody_wrote_there_is_not_believed() {
    let name = Name::new("garbled-keys");
    Shared::create(&name, spec(3), &options(&["a", "b", "c"])).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(&name).unwrap();
    let mut whole = [0; 520];
    file.read_exact_at(&mut whole, 0).unwrap();
    let refused = || Seen::open(&name, ANY, &Options::new()).unwrap_err();
    for text in [&b"abcde"[..], b"\n\n\n\n\n", b"a\nb\n\xff"] {
        file.write_all_at(text, 512).unwrap();
        assert!(matches!(refused(), BufferError::BadKeys { .. }), "{text:?}: {}", refused());
        assert_eq!(UntypedBuffer::open(&name, &Options::new()).unwrap_err(), refused());
    }
    // Names that garble a terminal arrive as they are; errors show them escaped.
    file.write_all_at(b"\x1b\n\x07\nc", 512).unwrap();
    assert_eq!(Seen::open(&name, ANY, &Options::new()).unwrap().keys().unwrap().get(0), Some("\u{1b}"));
    let refused = Seen::open(&name, ANY, &options(&["a", "b", "c"])).unwrap_err().to_string();
    assert!(!refused.contains(char::is_control), "{refused:?}");
    for (at, value) in [
        (field::KEYS_OFFSET, 0),
        (field::KEYS_OFFSET, 513),
        (field::KEYS_LEN, 0),
        (field::KEYS_LEN, 200),
        (field::KEYS_LEN, Keys::MAX as u64 + 1),
        (field::KEYS_LEN, u64::MAX),
    ] {
        file.write_all_at(&u64::to_ne_bytes(value), at).unwrap();
        let refused = Seen::open(&name, ANY, &Options::new()).unwrap_err();
        assert!(matches!(refused, BufferError::OtherLayout { .. }), "{at}: {value}: {refused}");
        file.write_all_at(&whole, 0).unwrap();
    }
}
