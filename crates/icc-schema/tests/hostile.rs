//! Texts that come from somebody else: a typed error that is safe to show, or a schema that is sound.

use icc_schema::{Schema, SchemaError, Type};

const QUOTE: &str = r#"{"names":["bid","ask"],"formats":["<f8","<f8"],"offsets":[0,8],"itemsize":16}"#;

fn refused(text: &str) -> SchemaError {
    let error = Schema::parse(text, 16).expect_err(text);
    let shown = error.to_string();
    assert!(!shown.contains(char::is_control) && shown.len() < 400, "{shown:?}");
    error
}

fn with(from: &str, to: &str) -> String {
    assert!(QUOTE.contains(from));
    QUOTE.replacen(from, to, 1)
}

#[test]
fn what_is_no_schema_is_refused() {
    assert!(matches!(refused(""), SchemaError::NotJson { .. }));
    assert!(matches!(refused("{\"names\":"), SchemaError::NotJson { .. }));
    assert!(matches!(refused(&format!("{QUOTE}x")), SchemaError::NotJson { .. }));
    for text in
        ["null", "7", "[]", "{}", r#"["<u4"]"#, r#"["<u4",[]]"#, r#"["<u4",4]"#, r#"["<u4",[-1]]"#, r#"["<u4",[1.5]]"#]
    {
        assert!(matches!(refused(text), SchemaError::Malformed { .. }), "{text}");
    }
    for format in [
        "<c8",
        "<f2",
        "<f16",
        "O",
        "S",
        "S-1",
        "S 1",
        "S99999999999",
        "<M8",
        "<M8[h]",
        "<M8[ns",
        "u4",
        "|u4",
        "<",
        "",
        "é",
    ] {
        let text = with("<f8", format);
        assert!(matches!(refused(&text), SchemaError::UnknownFormat { .. }), "{format}");
    }
    assert!(matches!(refused(&with("<f8", ">f8")), SchemaError::OtherByteOrder { .. }));
    assert!(matches!(refused(&with("\"ask\"", "\"bid\"")), SchemaError::DuplicateName { .. }));
    assert!(matches!(refused(&with("\"ask\"", "\"\"")), SchemaError::NoName));
    assert!(matches!(refused(&with("[0,8]", "[0]")), SchemaError::Malformed { .. }));
    assert!(matches!(refused(&with("[0,8]", "[0,7]")), SchemaError::Overlap { .. }));
    for outside in ["9", "16", "18446744073709551615", "18446744073709551608"] {
        let text = with("[0,8]", &format!("[0,{outside}]"));
        assert!(matches!(refused(&text), SchemaError::Outside { .. }), "{outside}");
    }
    assert!(matches!(refused(&with("\"itemsize\":16", "\"itemsize\":15")), SchemaError::Outside { .. }));
    assert!(matches!(refused(&with("\"itemsize\":16", "\"itemsize\":17")), SchemaError::OtherSize { found: 17, .. }));
    assert!(matches!(refused(r#"["<u8",[4611686018427387904,4]]"#), SchemaError::TooLarge));
    assert!(matches!(refused(r#"["<u8",[2,0]]"#), SchemaError::Empty));
    assert!(matches!(refused("\"S0\""), SchemaError::Empty));
    for (member, expected) in [
        (r#""enums":{"bid":{"1":"x"}}"#, "integer"),
        (r#""scales":{"bid":-2}"#, "integer"),
        (r#""scales":{"bid":99999999999}"#, "whole number"),
        (r#""units":{"bid":7}"#, "text"),
        (r#""doc":{"":7}"#, "text"),
    ] {
        let error = refused(&with("}", &format!(",{member}}}"))).to_string();
        assert!(error.contains(expected), "{member}: {error}");
    }
    let numbers = with("<f8", "<i8");
    for (member, expected) in [
        (r#""enums":{"bid":{"x":"x"}}"#, "keys"),
        (r#""enums":{"bid":{"1":"x","01":"y"}}"#, "one name"),
        (r#""enums":{"bid":{"9223372036854775808":"x"}}"#, "does not have"),
        (r#""scales":{"bid":-39}"#, "10^-39"),
    ] {
        let error = refused(&numbers.replacen('}', &format!(",{member}}}"), 1)).to_string();
        assert!(error.contains(expected), "{member}: {error}");
    }
}

#[test]
fn too_long_and_too_deep() {
    let long = format!("{QUOTE}{}", " ".repeat(16 << 10));
    assert!(matches!(refused(&long), SchemaError::TooLong { .. }));
    let nested = |depth: usize| {
        (0..depth).fold("\"<u8\"".to_owned(), |of, _| {
            format!(r#"{{"names":["x"],"formats":[{of}],"offsets":[0],"itemsize":8}}"#)
        })
    };
    assert!(Schema::parse(&nested(8), 8).is_ok());
    assert!(matches!(refused(&nested(9)), SchemaError::TooDeep { max: 8 }));
    assert!(matches!(refused(&nested(200)), SchemaError::TooDeep { .. } | SchemaError::NotJson { .. }));
    let lists = |depth: usize| format!("{}\"<u8\"{}", "[".repeat(depth), ",[1]]".repeat(depth));
    assert_eq!(Schema::parse(&lists(8), 8).unwrap().text(), r#"["<u8",[1,1,1,1,1,1,1,1]]"#);
    assert!(matches!(refused(&lists(9)), SchemaError::TooDeep { max: 8 }));
    assert!(matches!(refused(&"[".repeat(10_000)), SchemaError::NotJson { .. }));
}

/// Names may hold anything; what is shown does not.
#[test]
fn names_are_shown_escaped() {
    let text = with("\"bid\"", r#""\u001b[2J\u202e\n""#);
    let schema = Schema::parse(&text, 16).unwrap();
    let columns = schema.columns(10);
    assert_eq!(columns[0].name(), "\\u{1b}[2J\\u{202e}\\n");
    let mut json = String::new();
    assert!(schema.json().push(&[0; 16], &mut json));
    assert!(!json.contains(char::is_control), "{json:?}");
    let difference = schema.difference(&Schema::parse(QUOTE, 16).unwrap()).unwrap().to_string();
    assert!(!difference.contains(char::is_control) && difference.contains("`bid`"), "{difference}");
    // As it came, to be read again.
    assert_eq!(Schema::parse(&schema.text(), 16), Ok(schema));
}

/// A payload can be an array of millions: nothing is made for each unasked.
#[test]
fn columns_are_bounded() {
    let schema = Schema::parse(r#"["u1",[1000000000]]"#, 1_000_000_000).unwrap();
    assert_eq!(schema.columns(3).len(), 3);
    assert_eq!(schema.columns(3)[2].value(&[1, 2]), None);
    assert!(!schema.json().push(&[0; 7], &mut String::new()));
}

/// White space, another order of keys, and what this crate does not know: read all the same.
#[test]
fn other_writers_are_understood() {
    let theirs = r#" { "itemsize" : 16, "offsets": [0, 8], "titles": ["a", "b"], "formats": ["=f8", "<f8"],
        "names": ["bid", "ask"], "aligned": true } "#;
    assert_eq!(Schema::parse(theirs, 16).unwrap().text(), QUOTE);
    let Type::Struct(of) =
        Schema::parse(r#"{"names":["a"],"formats":["|b1"],"offsets":[0],"itemsize":1}"#, 1).unwrap().root().clone()
    else {
        panic!("no struct")
    };
    assert_eq!(of.fields[0].ty.size(), Some(1));
}

/// Any change of a valid text is refused or sound: what is read back is the same, and decoding stays
/// inside.
#[test]
fn garbled_texts() {
    let rich = r#"{"names":["at","px","side","tag","in"],"formats":["<M8[ns]","<i8","u1","S3",[{"names":["x"],"formats":["<u2"],"offsets":[0],"itemsize":4},[2,2]]],"offsets":[0,8,16,17,20],"itemsize":40,"enums":{"side":{"1":"Buy"}},"scales":{"px":-4},"units":{"px":"USD"},"doc":{"":"d"}}"#;
    let size = Schema::parse(rich, 40).unwrap().size();
    let pieces = [
        "0",
        "9",
        "-1",
        "1e9",
        "[",
        "]",
        "{",
        "}",
        "\"",
        ",",
        "<",
        "S0",
        "\\u0000",
        "null",
        "18446744073709551615",
        "x",
    ];
    let mut random = icc_testing::Random(7);
    let (mut accepted, payload) = (0, vec![0xa5; size]);
    for _ in 0..200_000 {
        let mut text = rich.as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            let at = random.below(text.len() as u64) as usize;
            let end = (at + random.below(4) as usize).min(text.len());
            let piece = pieces[random.below(pieces.len() as u64) as usize];
            text.splice(at..end, piece.bytes());
        }
        let Ok(text) = String::from_utf8(text) else { continue };
        match Schema::parse(&text, size) {
            Ok(schema) => {
                accepted += 1;
                assert_eq!(Schema::parse(&schema.text(), size).as_ref(), Ok(&schema), "{text}");
                for column in schema.columns(100) {
                    assert!(column.value(&payload).is_some(), "{text}");
                    assert!(!column.name().contains(char::is_control));
                }
                let mut json = String::new();
                assert!(schema.json().push(&payload, &mut json));
                assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
            }
            Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
        }
    }
    assert!(accepted > 100, "{accepted}");
}
