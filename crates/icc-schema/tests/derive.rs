//! What types say of themselves is what the compiler made of them.

#![allow(clippy::multiple_bound_locations, reason = "derives write a bound of their own beside the type's")]

use bytemuck::{Pod, Zeroable};
use core::mem::offset_of;
use icc_schema::{Describe, Schema, SchemaError, TimeUnit, Type, Values};

/// One level.
///
/// Not told.
#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
struct Level {
    #[describe(decimals = 4, unit = "EUR")]
    price: i64,
    size: u32,
    /// How many
    /// orders.
    orders: u16,
    #[describe(values = Side)]
    side: u8,
    #[describe(bytes)]
    flags: [u8; 1],
}

#[derive(Values)]
#[repr(u8)]
#[allow(dead_code)]
enum Side {
    Sell = 2,
    Buy = 1,
}

#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[describe(doc = "A book")]
#[repr(C, align(16))]
struct Book {
    #[describe(time = "us")]
    at: u64,
    #[describe(duration = "ns")]
    took: i64,
    levels: [[Level; 2]; 3],
    #[describe(text)]
    symbol: [u8; 12],
    #[describe(decimals = 2)]
    r#type: [i32; 2],
    _padding: [u8; 8],
    #[describe(skip)]
    internal: u32,
}

#[test]
fn every_field_is_where_the_compiler_put_it() {
    let schema = Schema::of::<Book>();
    let Type::Struct(book) = schema.root() else { panic!("{schema:?}") };
    let names: Vec<_> = book.fields.iter().map(|field| (&*field.name, field.offset)).collect();
    assert_eq!(
        names,
        [
            ("at", 0),
            ("took", 8),
            ("levels", 16),
            ("symbol", offset_of!(Book, symbol)),
            ("type", offset_of!(Book, r#type))
        ]
    );
    assert_eq!((book.size, schema.size(), book.doc.as_deref()), (size_of::<Book>(), 144, Some("A book")));
    assert_eq!(
        (&book.fields[0].ty, &book.fields[1].ty),
        (&Type::Time(TimeUnit::Microseconds), &Type::Duration(TimeUnit::Nanoseconds))
    );
    let Type::Struct(level) = book.fields[2].ty.element() else { panic!("{book:?}") };
    assert_eq!(level.doc.as_deref(), Some("One level."));
    assert_eq!(level.fields[2].doc.as_deref(), Some("How many orders."));
    assert_eq!(level.fields[3].values, [(1, "Buy".to_owned()), (2, "Sell".to_owned())]);
    assert_eq!((level.fields[0].exponent, level.fields[0].unit.as_deref()), (-4, Some("EUR")));
    assert_eq!((book.fields[3].ty.clone(), book.fields[4].exponent), (Type::Text(12), -2));
}

#[test]
fn the_text_is_read_back_as_it_was() {
    let schema = Schema::of::<Book>();
    let text = schema.text();
    assert!(text.contains(r#"[{"names":["price""#) && text.contains("},[3,2]]"), "{text}");
    assert_eq!(Schema::parse(&text, size_of::<Book>()), Ok(schema));
    assert_eq!(Schema::parse(&text, 143), Err(SchemaError::OtherSize { found: 144, expected: 143 }));
}

#[derive(Clone, Copy, Zeroable, Describe)]
#[repr(C)]
struct Pair<T: Describe> {
    one: T,
    other: T,
}

// SAFETY: of one type alone, so without padding.
unsafe impl<T: Describe + Pod> Pod for Pair<T> {}

#[test]
fn generic_types_and_bare_numbers() {
    let text = Schema::of::<Pair<u16>>().text();
    assert_eq!(text, r#"{"names":["one","other"],"formats":["<u2","<u2"],"offsets":[0,2],"itemsize":4}"#);
    assert_eq!(Schema::of::<f64>().text(), r#""<f8""#);
    assert_eq!(Schema::of::<[[u8; 3]; 2]>().text(), r#"["u1",[2,3]]"#);
    assert_eq!(Schema::parse(r#"["u1",[2,3]]"#, 6), Ok(Schema::of::<[[u8; 3]; 2]>()));
}

#[test]
fn what_a_type_says_wrong_is_an_error() {
    enum Wrong {}
    impl Values for Wrong {
        const VALUES: &'static [(i128, &'static str)] = &[(256, "too large")];
    }
    #[derive(Clone, Copy, Pod, Zeroable, Describe)]
    #[repr(C)]
    struct Small {
        #[describe(values = Wrong)]
        value: u8,
    }
    assert!(matches!(Schema::try_of::<Small>(), Err(SchemaError::NoSuchValue { value: 256, .. })));
}

#[test]
fn the_hash_is_of_what_must_match() {
    mod one {
        use super::{Describe, Pod, Zeroable};
        /// A quote.
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote {
            #[describe(unit = "USD")]
            bid: f64,
            ask: f64,
        }
    }
    mod other {
        use super::{Describe, Pod, Zeroable};
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Tick {
            bid: f64,
            /// What is asked.
            ask: f64,
        }
    }
    let (one, other) = (Schema::of::<one::Quote>(), Schema::of::<other::Tick>());
    assert_ne!(one.text(), other.text());
    assert_eq!((one.hash(), one.difference(&other)), (other.hash(), None));
    // As documented: FNV-1a of the text without what does not matter.
    let identity = r#"{"names":["bid","ask"],"formats":["<f8","<f8"],"offsets":[0,8],"itemsize":16}"#;
    let hash = identity
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    assert_eq!(one.hash(), hash);
}
