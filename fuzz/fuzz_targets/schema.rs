//! Any text as a schema, and decoding by it: a typed error that is safe to show, or a sound schema.

#![no_main]

use icc_schema::Schema;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The first two bytes are the payload's size.
    let Some((size, text)) = data.split_first_chunk() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    let size = usize::from(u16::from_le_bytes(*size)) % 300;
    let schema = match Schema::parse(text, size) {
        Ok(schema) => schema,
        Err(error) => return assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    };
    let payload: Vec<u8> = (0..size).map(|index| data[index % data.len()]).collect();
    assert_eq!(Schema::parse(&schema.text(), size).as_ref(), Ok(&schema));
    assert!(schema.difference(&schema).is_none());
    for column in schema.columns(1000) {
        let value = column.value(&payload).expect("within the payload");
        assert!(!value.to_string().contains(char::is_control) && !column.name().contains(char::is_control));
    }
    let mut json = String::new();
    assert!(schema.json().push(&payload, &mut json));
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
});
