//! A schema as a table and as JSON.

use crate::text::shown;
use icc_schema::{Field, Number, TimeUnit, Type};
use serde_json::{Value, json};

/// A row for each field, structs within structs taken apart: name, offset, bytes, what it is, what is
/// said of it.
pub(super) fn rows(root: &Type) -> Vec<[String; 5]> {
    let mut rows = Vec::new();
    match root {
        Type::Struct(_) => add(root, "", 0, &mut rows),
        other => rows.push(row("value".to_owned(), 0, other, None)),
    }
    rows
}

fn add(ty: &Type, prefix: &str, offset: usize, rows: &mut Vec<[String; 5]>) {
    let Type::Struct(of) = ty else { return };
    for field in &of.fields {
        let name = format!("{prefix}{}", shown(&field.name));
        let offset = offset + field.offset;
        rows.push(row(name.clone(), offset, &field.ty, Some(field)));
        // Of an array, its first element.
        let (element, first) = (field.ty.element(), if matches!(field.ty, Type::Array(..)) { "[0]." } else { "." });
        add(element, &format!("{name}{first}"), offset, rows);
    }
}

fn row(name: String, offset: usize, ty: &Type, field: Option<&Field>) -> [String; 5] {
    let size = ty.size().map_or_else(|| "?".to_owned(), |size| size.to_string());
    [name, offset.to_string(), size, is(ty, field), field.map_or_else(String::new, about)]
}

/// `u32[2]`, `i64 / 10^4`, `time in ns`.
fn is(ty: &Type, field: Option<&Field>) -> String {
    let mut dimensions = String::new();
    let mut of = ty;
    while let Type::Array(element, len) = of {
        dimensions.push_str(&format!("[{len}]"));
        of = element;
    }
    let element = match of {
        Type::Number(number) => number_name(*number).to_owned(),
        Type::Text(_) => "text".to_owned(),
        Type::Bytes(_) => "bytes".to_owned(),
        Type::Time(unit) => format!("time in {}", unit_name(*unit)),
        Type::Duration(unit) => format!("span in {}", unit_name(*unit)),
        Type::Struct(_) => "struct".to_owned(),
        _ => "?".to_owned(),
    };
    let scale = match field.map_or(0, |field| field.exponent) {
        0 => String::new(),
        up @ 1.. => format!(" × 10^{up}"),
        down => format!(" / 10^{}", -down),
    };
    format!("{element}{dimensions}{scale}")
}

/// Its unit, the names of its values, its documentation.
fn about(field: &Field) -> String {
    let mut parts = Vec::new();
    parts.extend(field.unit.as_deref().map(|unit| format!("in {}", shown(unit))));
    if !field.values.is_empty() {
        let values = field.values.iter().map(|(value, name)| format!("{value} {}", shown(name)));
        parts.push(values.collect::<Vec<_>>().join(", "));
    }
    parts.extend(field.doc.as_deref().map(shown));
    parts.join("; ")
}

/// All of it, for programs.
pub(super) fn tree(ty: &Type) -> Value {
    match ty {
        Type::Struct(of) => {
            let fields = of.fields.iter().map(|field| {
                json!({
                    "name": field.name, "offset": field.offset, "bytes": field.ty.size(), "is": is(&field.ty, Some(field)),
                    "unit": field.unit, "doc": field.doc,
                    "values": field.values.iter().map(|(value, name)| (value.to_string(), name.clone().into()))
                        .collect::<serde_json::Map<String, Value>>(),
                    "fields": match field.ty.element() { Type::Struct(_) => tree(field.ty.element()), _ => Value::Null },
                })
            });
            fields.collect()
        }
        other => json!([{ "name": "value", "offset": 0, "bytes": other.size(), "is": is(other, None) }]),
    }
}

fn number_name(number: Number) -> &'static str {
    match number {
        Number::Bool => "bool",
        Number::U8 => "u8",
        Number::U16 => "u16",
        Number::U32 => "u32",
        Number::U64 => "u64",
        Number::I8 => "i8",
        Number::I16 => "i16",
        Number::I32 => "i32",
        Number::I64 => "i64",
        Number::F32 => "f32",
        Number::F64 => "f64",
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Seconds => "s",
        TimeUnit::Milliseconds => "ms",
        TimeUnit::Microseconds => "µs",
        TimeUnit::Nanoseconds => "ns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::{Pod, Zeroable};
    use icc_schema::{Describe, Schema};

    #[derive(Clone, Copy, Pod, Zeroable, Describe)]
    #[repr(C)]
    struct Level {
        /// In \u{1b}[2J ticks.
        #[describe(decimals = 2, unit = "USD")]
        price: i64,
        lots: u64,
    }

    #[derive(Clone, Copy, Pod, Zeroable, Describe)]
    #[repr(C)]
    struct Book {
        #[describe(time = "ns")]
        at: i64,
        bids: [Level; 2],
    }

    #[test]
    fn a_table() {
        let rows = rows(Schema::of::<Book>().root());
        let expected = [
            ["at", "0", "8", "time in ns", ""],
            ["bids", "8", "32", "struct[2]", ""],
            ["bids[0].price", "8", "8", "i64 / 10^2", "in USD; In \\u{1b}[2J ticks."],
            ["bids[0].lots", "16", "8", "u64", ""],
        ];
        assert_eq!(rows, expected.map(|row| row.map(str::to_owned)));
        let tree = tree(Schema::of::<Book>().root());
        assert_eq!((&tree[1]["fields"][0]["unit"], &tree[1]["bytes"]), (&json!("USD"), &json!(32)));
    }
}
