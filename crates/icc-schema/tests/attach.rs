//! Types match by their fields, where both sides describe them.

#![cfg(target_os = "linux")]

use bytemuck::{Pod, Zeroable};
use icc_queue::{BufferError, Options, Queue, QueueError, QueueReader};
use icc_schema::{Describe, DescribeOptions as _, Schema, Values};
use icc_testing::Name;

/// Structs of 16 bytes, as several programs define them.
macro_rules! programs {
    ($($program:ident { $($body:tt)* })*) => {$(
        #[allow(dead_code, unused_imports)]
        mod $program {
            use super::{Describe, Pod, Zeroable, Values};
            $($body)*
        }
    )*};
}

programs! {
    feed {
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote { pub(super) bid: f64, pub(super) ask: f64 }
    }
    dashboard {
        /// Under another name, with more to say for people.
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Prices { #[describe(unit = "USD")] pub(super) bid: f64, pub(super) ask: f64 }
    }
    swapped {
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote { ask: f64, bid: f64 }
    }
    renamed {
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote { bid: f64, offer: f64 }
    }
    integers {
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote { bid: f64, ask: i64 }
    }
    scaled {
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote { bid: f64, #[describe(decimals = 2)] ask: i64 }
    }
    longer {
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Quote { bid: f64, ask: f64, size: u64 }
    }
    plain {
        #[derive(Clone, Copy, Pod, Zeroable)]
        #[repr(C)]
        pub(super) struct Quote { bid: f64, ask: f64 }
    }
    buys {
        #[derive(Values)]
        pub(super) enum Side { Buy = 1, Sell = 2 }
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Order { #[describe(values = Side)] side: u8 }
    }
    sells {
        #[derive(Values)]
        pub(super) enum Side { Sell = 1, Buy = 2 }
        #[derive(Clone, Copy, Pod, Zeroable, Describe)]
        #[repr(C)]
        pub(super) struct Order { #[describe(values = Side)] side: u8 }
    }
}

fn difference<T: Describe>(name: &Name) -> Option<String> {
    let options = Options::new().describe::<T>();
    let read = QueueReader::<T>::open(name, &options).err();
    assert_eq!(read, Queue::<T>::open(name, &options).err());
    match read {
        None => None,
        Some(QueueError::Buffer(BufferError::OtherSchema { difference, .. })) => Some(difference),
        Some(other) => panic!("{other}"),
    }
}

#[test]
fn the_same_fields_match_whatever_the_types_are_called() {
    let name = Name::new("schema-same");
    let queue = Queue::<feed::Quote>::create(&name, 8, &Options::new().describe::<feed::Quote>()).unwrap();
    queue.producer().unwrap().produce(&feed::Quote { bid: 1.0, ask: 2.0 });
    let options = Options::new().describe::<dashboard::Prices>();
    let reader = QueueReader::<dashboard::Prices>::open(&name, &options).unwrap();
    let prices = reader.consumer_from_oldest().try_consume().unwrap();
    assert_eq!((prices.bid, prices.ask), (1.0, 2.0));
    let text = icc_buffer::inspect(&name).unwrap();
    assert_eq!(text.schema, Some(Schema::of::<feed::Quote>().text()));
    assert_eq!(text.schema_hash, Schema::of::<dashboard::Prices>().hash());
    let (_, origin) = Queue::<dashboard::Prices>::open_or_create(&name, 8, &options).unwrap();
    assert_eq!(origin, icc_queue::Origin::Opened);
}

#[test]
fn other_fields_are_an_error_that_says_which() {
    let name = Name::new("schema-other");
    let _queue = Queue::<feed::Quote>::create(&name, 8, &Options::new().describe::<feed::Quote>()).unwrap();
    let differs = |found: Option<String>| found.expect("it was opened");
    assert_eq!(difference::<feed::Quote>(&name), None);
    assert_eq!(differs(difference::<swapped::Quote>(&name)), "`ask` is at 8, not at 0; `bid` is at 0, not at 8");
    assert_eq!(differs(difference::<renamed::Quote>(&name)), "`ask` is where `offer` is expected");
    assert_eq!(differs(difference::<integers::Quote>(&name)), "`ask` is <f8, not <i8");
    assert_eq!(differs(difference::<longer::Quote>(&name)), "`size` is missing; the payload has 16 bytes, not 24");

    let name = Name::new("schema-scale");
    let _queue = Queue::<integers::Quote>::create(&name, 8, &Options::new().describe::<integers::Quote>()).unwrap();
    assert_eq!(differs(difference::<scaled::Quote>(&name)), "`ask` is scaled by 10^0, not by 10^-2");

    let name = Name::new("schema-values");
    let _queue = Queue::<buys::Order>::create(&name, 8, &Options::new().describe::<buys::Order>()).unwrap();
    assert_eq!(differs(difference::<sells::Order>(&name)), "1 of `side` means `Buy`, not `Sell`");
}

/// Names are compared as ever where one side does not describe its type.
#[test]
fn without_a_schema_on_one_side() {
    let described = Name::new("schema-one-side");
    let _queue = Queue::<feed::Quote>::create(&described, 8, &Options::new().describe::<feed::Quote>()).unwrap();
    assert!(QueueReader::<feed::Quote>::open(&described, &Options::new()).is_ok());
    let refused = QueueReader::<plain::Quote>::open(&described, &Options::new()).unwrap_err();
    assert!(matches!(refused, QueueError::Buffer(BufferError::OtherElement { .. })), "{refused}");

    let bare = Name::new("schema-other-side");
    let _queue = Queue::<plain::Quote>::create(&bare, 8, &Options::new()).unwrap();
    let refused = QueueReader::<feed::Quote>::open(&bare, &Options::new().describe::<feed::Quote>()).unwrap_err();
    assert!(matches!(refused, QueueError::Buffer(BufferError::OtherElement { .. })), "{refused}");
}

#[test]
fn a_schema_of_another_type_is_refused_at_creation() {
    let name = Name::new("schema-wrong");
    let refused = Queue::<u64>::create(&name, 8, &Options::new().describe::<feed::Quote>()).unwrap_err();
    let expected = BufferError::SchemaSize { path: name.path().to_owned(), schema: 16, element: 8 };
    assert_eq!(refused, QueueError::Buffer(expected));
    assert!(!name.path().exists());
}

/// What somebody wrote there is not believed.
#[test]
fn a_garbled_schema_is_refused() {
    use std::os::unix::fs::FileExt as _;
    let name = Name::new("schema-garbled");
    let options = Options::new().describe::<feed::Quote>();
    let _queue = Queue::<feed::Quote>::create(&name, 8, &options).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&name).unwrap();
    for (garbage, expected) in [("\x1b[2J", "no JSON"), ("[[[[[[", "no JSON"), ("\"<f8\"", "no JSON")] {
        file.write_all_at(garbage.as_bytes(), 512).unwrap();
        let refused = QueueReader::<feed::Quote>::open(&name, &options).unwrap_err().to_string();
        assert!(refused.contains(expected) && !refused.contains(char::is_control), "{refused}");
    }
    file.write_all_at(&[0xff; 4], 512).unwrap();
    let refused = QueueReader::<feed::Quote>::open(&name, &options).unwrap_err();
    assert!(matches!(refused, QueueError::Buffer(BufferError::BadSchema { .. })), "{refused}");
    assert!(matches!(icc_buffer::inspect(&name), Err(BufferError::BadSchema { .. })));
    // Whoever does not ask for it is not concerned.
    assert!(QueueReader::<feed::Quote>::open(&name, &Options::new()).is_ok());
}

#[test]
fn a_long_schema_has_room_and_a_longer_one_is_refused() {
    let name = Name::new("schema-long");
    let text = |len: usize| {
        let same = |_: &str, _: &str| Ok(());
        icc_buffer::SchemaText::new("x".repeat(len), 1, 8, same)
    };
    for len in [1, 127, 128, 129, 16 << 10] {
        let queue = Queue::<u64>::create(&name, 8, &Options::new().schema(text(len))).unwrap();
        queue.producer().unwrap().produce(&7);
        assert_eq!(
            QueueReader::<u64>::open(&name, &Options::new()).unwrap().consumer_from_oldest().try_consume(),
            Ok(7)
        );
        assert_eq!(icc_buffer::inspect(&name).unwrap().schema.map(|schema| schema.len()), Some(len));
        icc_queue::remove(&name).unwrap();
    }
    for len in [0, (16 << 10) + 1] {
        let refused = Queue::<u64>::create(&name, 8, &Options::new().schema(text(len))).unwrap_err();
        assert!(matches!(refused, QueueError::Buffer(BufferError::SchemaLength { .. })), "{refused}");
    }
}
