//! Every bound of a schema: what is at it is taken, and what is one beyond is an error that says which.

use icc_schema::{Field, Number, Schema, SchemaError, Struct, Type};

const INTEGERS: [(Number, i128, i128); 8] = [
    (Number::U8, 0, u8::MAX as i128),
    (Number::U16, 0, u16::MAX as i128),
    (Number::U32, 0, u32::MAX as i128),
    (Number::U64, 0, u64::MAX as i128),
    (Number::I8, i8::MIN as i128, i8::MAX as i128),
    (Number::I16, i16::MIN as i128, i16::MAX as i128),
    (Number::I32, i32::MIN as i128, i32::MAX as i128),
    (Number::I64, i64::MIN as i128, i64::MAX as i128),
];

/// A struct of eight bytes with one field.
fn with(field: Field) -> Result<Schema, SchemaError> {
    Schema::new(Type::Struct(Struct { fields: vec![field], size: 8, doc: None }))
}

fn field(ty: Type) -> Field {
    Field::new("x", 0, ty)
}

#[test]
fn an_integer_names_the_values_that_it_has() {
    for (number, least, greatest) in INTEGERS {
        let named = |value| with(Field { values: vec![(value, "name".into())], ..field(Type::Number(number)) });
        for value in [least, least + 1, greatest - 1, greatest] {
            assert!(named(value).is_ok(), "{number:?}: {value}");
        }
        for value in [least - 1, greatest + 1, i128::MIN, i128::MAX] {
            assert_eq!(named(value), Err(SchemaError::NoSuchValue { name: "x".into(), value }), "{number:?}");
        }
    }
}

#[test]
fn integers_alone_have_values_and_powers() {
    let not_an_integer = Err(SchemaError::NotAnInteger { name: "x".into() });
    for ty in [Type::Number(Number::F64), Type::Number(Number::Bool), Type::Text(8), Type::Bytes(8)] {
        assert!(with(field(ty.clone())).is_ok());
        assert_eq!(with(Field { values: vec![(1, "one".into())], ..field(ty.clone()) }), not_an_integer, "{ty:?}");
        assert_eq!(with(Field { exponent: 1, ..field(ty.clone()) }), not_an_integer, "{ty:?}");
    }
    let array = Type::Array(Box::new(Type::Number(Number::U16)), 4);
    assert!(with(Field { values: vec![(1, "one".into())], exponent: 1, ..field(array) }).is_ok());
}

#[test]
fn powers_go_as_far_up_as_down() {
    let scaled = |exponent| with(Field { exponent, ..field(Type::Number(Number::I64)) });
    for exponent in [-38, -1, 0, 1, 38] {
        assert!(scaled(exponent).is_ok(), "{exponent}");
    }
    for exponent in [i32::MIN, -39, 39, i32::MAX] {
        assert_eq!(scaled(exponent), Err(SchemaError::Exponent { name: "x".into(), found: exponent, max: 38 }));
    }
}

#[test]
fn fields_fill_their_struct_and_no_more() {
    let at = |offset, size| with(Field::new("x", offset, Type::Bytes(size)));
    assert!(at(0, 8).is_ok() && at(7, 1).is_ok());
    for (offset, size) in [(0, 9), (1, 8), (8, 1), (usize::MAX, 1), (1, usize::MAX)] {
        assert_eq!(at(offset, size), Err(SchemaError::Outside { name: "x".into(), offset, size, of: 8 }));
    }
    assert_eq!((at(0, 0), at(8, 0)), (Err(SchemaError::Empty), Err(SchemaError::Empty)));
}

/// In whatever order they are named.
#[test]
fn fields_touch_and_do_not_overlap() {
    let two = |one, other| {
        let fields = vec![Field::new("a", one, Type::Bytes(3)), Field::new("b", other, Type::Bytes(2))];
        Schema::new(Type::Struct(Struct { fields, size: 8, doc: None }))
    };
    let names = |one: &str, other: &str| Err(SchemaError::Overlap { one: one.into(), other: other.into() });
    for one in 0..=5 {
        for other in 0..=6 {
            let expected = match (one, other) {
                _ if one + 3 <= other || other + 2 <= one => None,
                _ if (one, one + 3) < (other, other + 2) => Some(names("a", "b")),
                _ => Some(names("b", "a")),
            };
            let found = two(one, other);
            assert_eq!(found.is_ok(), expected.is_none(), "{one} {other}");
            assert!(expected.is_none_or(|error| error == found), "{one} {other}");
        }
    }
}

#[test]
fn arrays_and_structs_have_a_depth() {
    let number = || Type::Number(Number::U8);
    let deep = |depth, around: fn(Type) -> Type| Schema::new((0..depth).fold(number(), |of, _| around(of)));
    let array = |of| Type::Array(Box::new(of), 1);
    let of_struct = |of| Type::Struct(Struct { fields: vec![Field::new("x", 0, of)], size: 1, doc: None });
    // Each alone: dimensions do not count as structs.
    let both = |of| {
        let of = Type::Array(Box::new(of), 1);
        Type::Struct(Struct { fields: vec![Field::new("x", 0, of)], size: 1, doc: None })
    };
    for around in [array as fn(Type) -> Type, of_struct, both] {
        for depth in 0..=8 {
            let schema = deep(depth, around).unwrap();
            assert_eq!(Schema::parse(&schema.text(), 1), Ok(schema), "{depth}");
        }
        for depth in [9, 10, 20] {
            assert_eq!(deep(depth, around), Err(SchemaError::TooDeep { max: 8 }), "{depth}");
        }
    }
}

#[test]
fn texts_have_a_length() {
    const MAX: usize = 16 << 10;
    let text = "\"<u8\"";
    let padded = |len: usize| format!("{text}{}", " ".repeat(len - text.len()));
    assert!(Schema::parse(&padded(MAX), 8).is_ok());
    assert_eq!(Schema::parse(&padded(MAX + 1), 8), Err(SchemaError::TooLong { len: MAX + 1, max: MAX }));
    let documented = |doc: usize| with(Field { doc: Some("d".repeat(doc)), ..field(Type::Number(Number::U8)) });
    let rest = documented(1).unwrap().text().len() - 1;
    assert_eq!(documented(MAX - rest).unwrap().text().len(), MAX);
    assert_eq!(documented(MAX - rest + 1), Err(SchemaError::TooLong { len: MAX + 1, max: MAX }));
}

/// Of an array in one text, as of one made of others.
#[test]
fn dimensions_are_counted_in_a_text() {
    for dimensions in 1..=8 {
        let text = format!("[\"<u8\",[{}1]]", "1,".repeat(dimensions - 1));
        assert_eq!(Schema::parse(&text, 8).unwrap().text(), text);
    }
    let nine = format!("[\"<u8\",[{}1]]", "1,".repeat(8));
    assert!(matches!(Schema::parse(&nine, 8), Err(SchemaError::Malformed { .. })));
}

#[test]
fn sizes_have_ten_digits() {
    for (kind, ty) in [('S', Type::Text as fn(usize) -> Type), ('V', Type::Bytes)] {
        assert_eq!(Schema::parse(&format!("\"{kind}0000000004\""), 4).unwrap().root(), &ty(4));
        let long = format!("{kind}00000000004");
        assert_eq!(Schema::parse(&format!("\"{long}\""), 4), Err(SchemaError::UnknownFormat { format: long }));
    }
}

/// One byte has no order, others have this machine's.
#[test]
fn orders_of_bytes() {
    for order in ["", "<", ">", "|", "="] {
        assert!(Schema::parse(&format!("\"{order}i1\""), 1).is_ok(), "{order}");
        let longer = Schema::parse(&format!("\"{order}i2\""), 2);
        match order {
            "<" | "=" => assert!(longer.is_ok(), "{order}"),
            ">" => assert!(matches!(longer, Err(SchemaError::OtherByteOrder { .. }))),
            _ => assert!(matches!(longer, Err(SchemaError::UnknownFormat { .. })), "{order}"),
        }
    }
}

#[test]
fn a_struct_has_as_many_formats_and_offsets_as_names() {
    for (names, formats, offsets) in [(2, 1, 2), (2, 2, 1), (1, 2, 2), (1, 2, 1), (1, 1, 2), (2, 1, 1)] {
        let list = |all: &[&str], len: usize| all[..len].join(",");
        let text = format!(
            r#"{{"names":[{}],"formats":[{}],"offsets":[{}],"itemsize":2}}"#,
            list(&["\"a\"", "\"b\""], names),
            list(&["\"u1\"", "\"u1\""], formats),
            list(&["0", "1"], offsets)
        );
        assert!(matches!(Schema::parse(&text, 2), Err(SchemaError::Malformed { .. })), "{text}");
    }
}

/// What is wrong is shown, but not all of it if it is long.
#[test]
fn what_is_malformed_is_shown_up_to_a_length() {
    let shown = |names: &str| {
        let text = format!("{{\"names\":\"{names}\",\"formats\":[],\"offsets\":[],\"itemsize\":1}}");
        match Schema::parse(&text, 1) {
            Err(SchemaError::Malformed { found, .. }) => found,
            other => panic!("{other:?}"),
        }
    };
    for len in [0, 1, 57, 58] {
        let names = "n".repeat(len);
        assert_eq!(shown(&names), format!("\"{names}\""));
    }
    for len in [59, 1_000] {
        assert_eq!(shown(&"n".repeat(len)), format!("\"{}…", "n".repeat(59)));
    }
    // Not in the middle of a character.
    assert_eq!(shown(&"é".repeat(100)), format!("\"{}…", "é".repeat(29)));
}
