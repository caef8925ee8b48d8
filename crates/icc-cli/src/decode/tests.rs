use super::*;
use bytemuck::{Pod, Zeroable};
use icc_schema::{Describe, Values};
use serde_json::json;

#[derive(Values)]
#[repr(u8)]
enum Side {
    Buy = 1,
    Sell = 2,
}

#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
struct Book {
    bid: f64,
    ask: f64,
}

/// A bit of everything.
#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
struct Order {
    #[describe(decimals = 2)]
    price: i64,
    sizes: [u32; 2],
    #[describe(time = "us")]
    at: i64,
    #[describe(values = Side)]
    side: u8,
    #[describe(text)]
    symbol: [u8; 7],
    book: Book,
}

fn order() -> (Fields, Vec<u8>) {
    let order = Order {
        price: -12_305,
        sizes: [7, 9],
        at: 1_700_000_000_500_000,
        side: 2,
        symbol: *b"A\x1b,\0\0\0\0",
        book: Book { bid: 99.5, ask: f64::NAN },
    };
    (Fields::new(Schema::of::<Order>()), bytemuck::bytes_of(&order).to_vec())
}

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

#[test]
fn for_people() {
    let (fields, payload) = order();
    let text = written(|out| fields.push_text(&payload, out));
    assert!(text.starts_with("price=-123.05 sizes[0]=7 sizes[1]=9 at=2023-11-14T22:13:20.5"), "{text}");
    assert!(text.ends_with(" book.bid=99.5 book.ask=NaN") && !text.contains('\x1b'), "{text}");
    assert_eq!(written(|out| Fields::of_type("f32", 4).push_text(&1.5_f32.to_ne_bytes(), out)), "1.5");
    assert_eq!(written(|out| Fields::of_type("()", 0).push_text(&[], out)), "");
}

#[test]
fn as_values() {
    let (fields, payload) = order();
    assert_eq!(written(|out| fields.push_csv_names(out)), ",price,sizes[0],sizes[1],at,side,symbol,book.bid,book.ask");
    let row = written(|out| fields.push_csv(&payload, out));
    assert!(row.starts_with(",-123.05,7,9,2023-11-14T22:13:20.5"), "{row}");
    assert!(row.contains(",Sell,\"A") && row.ends_with(",\",99.5,NaN"), "{row}");
}

#[test]
fn as_json() {
    let (fields, payload) = order();
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let all = read(&written(|out| fields.push_json(&payload, out)));
    assert_eq!(all["sizes"], json!([7, 9]));
    assert_eq!((&all["side"], &all["price"]), (&json!("Sell"), &json!(-123.05)));
    assert_eq!((&all["symbol"], &all["book"]), (&json!("A\u{1b},"), &json!({ "bid": 99.5, "ask": null })));
    let some = fields.select(&["book".to_owned(), "sizes[1]".to_owned()]).unwrap();
    let some = read(&written(|out| some.push_json(&payload, out)));
    assert_eq!(some, json!({ "book.bid": 99.5, "book.ask": null, "sizes[1]": 9 }));
}

#[test]
fn some_fields() {
    let (_, payload) = order();
    let of = |names: &[&str]| order().0.select(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let chosen = of(&["book", "sizes[1]", "price"]).unwrap();
    assert_eq!(written(|out| chosen.push_csv_names(out)), ",book.bid,book.ask,sizes[1],price");
    assert_eq!(written(|out| chosen.push_csv(&payload, out)), ",99.5,NaN,9,-123.05");
    let error = of(&["bid"]).unwrap_err().to_string();
    assert!(error.starts_with("there is no field `bid`: there are price, sizes[0],"), "{error}");
    assert!(of(&["size"]).is_err() && of(&["sizes"]).is_ok());
}

#[test]
fn names_that_say_all() {
    let names = |name, size| written(|out| Fields::of_type(name, size).push_csv_names(out));
    assert_eq!(names("u64", 8), ",value");
    assert_eq!(names("[[i16; 2]; 2]", 8), ",[0][0],[0][1],[1][0],[1][1]");
    // Too large to be shown one by one, or no such type, or a name that lies about the size.
    for other in
        ["feed::Tick", "[u8; 99999999999]", "[[[[[[[[[u8; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1]", "[u64; 1", "[u64]"]
    {
        assert_eq!(names(other, 16), ",value", "{other}");
    }
    assert_eq!(names("[u8; 5000]", 5_000), ",value");
    assert_eq!(names("[u64; 2]", 15), ",value");
    assert_eq!(written(|out| Fields::of_type("feed::Tick", 3).push_text(&[0, 0xab, 7], out)), "00ab07");
}
