use super::*;
use serde_json::json;

fn scalar(offset: usize, format: Format) -> Node {
    Node::Scalar(Scalar { offset, format })
}

/// Of 48 bytes: a bit of everything.
fn order() -> Fields {
    let side = vec![(1, "Buy".to_owned()), (2, "Sell, \"short\"".to_owned())];
    let root = Node::Struct(vec![
        ("price".to_owned(), scalar(0, Format::Decimal(Box::new(Format::I64), 2))),
        ("sizes".to_owned(), Node::Array(vec![scalar(8, Format::U32), scalar(12, Format::U32)])),
        ("at".to_owned(), scalar(16, Format::Time(1_000))),
        ("side".to_owned(), scalar(24, Format::Enum(Box::new(Format::U8), side))),
        ("live".to_owned(), scalar(25, Format::Bool)),
        ("symbol".to_owned(), scalar(26, Format::Text(6))),
        (
            "book".to_owned(),
            Node::Struct(vec![
                ("bid".to_owned(), scalar(32, Format::F64)),
                ("ask".to_owned(), scalar(40, Format::F64)),
            ]),
        ),
    ]);
    Fields::new(root, 48)
}

fn payload() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend((-12_305_i64).to_ne_bytes());
    bytes.extend([7_u32, 9].map(u32::to_ne_bytes).concat());
    bytes.extend(1_700_000_000_500_000_i64.to_ne_bytes());
    bytes.extend([2, 1]);
    bytes.extend(b"A\x1b,\0\0\0");
    bytes.extend([99.5_f64, f64::NAN].map(f64::to_ne_bytes).concat());
    bytes
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn for_people() {
    assert_eq!(
        written(|out| order().write_text(&payload(), out)),
        "price=-123.05 sizes[0]=7 sizes[1]=9 at=2023-11-14T22:13:20.5Z side=Sell, \"short\" live=true symbol=A\\u{1b}, \
         book.bid=99.5 book.ask=NaN"
    );
    assert_eq!(written(|out| Fields::of_type("f32", 4).write_text(&1.5_f32.to_ne_bytes(), out)), "1.5");
}

#[test]
fn as_values() {
    assert_eq!(
        written(|out| order().write_csv_names(out)),
        ",price,sizes[0],sizes[1],at,side,live,symbol,book.bid,book.ask"
    );
    assert_eq!(
        written(|out| order().write_csv(&payload(), out)),
        ",-123.05,7,9,1700000000500000,\"Sell, \"\"short\"\"\",true,\"A\\u{1b},\",99.5,NaN"
    );
}

#[test]
fn as_json() {
    let text = written(|out| order().write_json(&payload(), out));
    let expected = json!({
        "price": -123.05, "sizes": [7, 9], "at": 1_700_000_000_500_000_i64, "side": "Sell, \"short\"", "live": true,
        "symbol": "A\u{1b},", "book": { "bid": 99.5, "ask": null },
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
    assert!(!text.contains('\x1b'));
}

#[test]
fn some_fields() {
    let of = |names: &[&str]| order().select(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let chosen = of(&["book", "sizes[1]", "price"]).unwrap();
    assert_eq!(chosen.paths().collect::<Vec<_>>(), ["book.bid", "book.ask", "sizes[1]", "price"]);
    assert_eq!(written(|out| chosen.write_csv(&payload(), out)), ",99.5,NaN,9,-123.05");
    let error = of(&["bid"]).unwrap_err().to_string();
    assert!(error.starts_with("there is no field `bid`: there are price, sizes[0],"), "{error}");
    assert!(of(&["size"]).is_err() && of(&["sizes"]).is_ok());
}

#[test]
fn names_that_say_all() {
    let paths = |name, size| Fields::of_type(name, size).paths().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(paths("u64", 8), ["value"]);
    assert_eq!(paths("[[i16; 2]; 2]", 8), ["[0][0]", "[0][1]", "[1][0]", "[1][1]"]);
    for other in [
        "feed::Tick",
        "[u8; 99999999999]",
        "[u8; 5000]",
        "[[[[[[[[[[u8; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1]",
        "[u64; 2",
        "[u64]",
    ] {
        assert_eq!(paths(other, 16), ["bytes"], "{other}");
    }
    // A name that lies about the size reads nothing outside.
    assert_eq!(paths("[u64; 2]", 15), ["bytes"]);
    assert_eq!(written(|out| Fields::of_type("feed::Tick", 3).write_text(&[0, 0xab, 7], out)), "bytes=00ab07");
}

#[test]
fn decimals() {
    let text = |number: i64, digits| {
        let fields = Fields::new(scalar(0, Format::Decimal(Box::new(Format::I64), digits)), 8);
        written(|out| fields.write_text(&number.to_ne_bytes(), out))
    };
    assert_eq!(
        [text(5, 2), text(-5, 3), text(100, 0), text(i64::MIN, 18)],
        ["0.05", "-0.005", "100", "-9.223372036854775808"]
    );
    assert_eq!(text(7, 40), "7");
}
