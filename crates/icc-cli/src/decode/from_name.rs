//! Types that their name describes: numbers, and arrays of such.

use icc_schema::{Number, Schema, Type};

/// `f64`, `[u32; 4]`, `[[i16; 2]; 3]`; none for other names.
pub(super) fn told(name: &str) -> Option<Type> {
    at(name.trim(), Schema::MAX_DEPTH)
}

fn at(name: &str, depth: usize) -> Option<Type> {
    if let Some(inner) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        let (element, len) = inner.rsplit_once(';')?;
        let element = at(element.trim(), depth.checked_sub(1)?)?;
        return Some(Type::Array(Box::new(element), len.trim().parse().ok()?));
    }
    Some(Type::Number(match name {
        "bool" => Number::Bool,
        "u8" => Number::U8,
        "u16" => Number::U16,
        "u32" => Number::U32,
        "u64" | "usize" => Number::U64,
        "i8" => Number::I8,
        "i16" => Number::I16,
        "i32" => Number::I32,
        "i64" | "isize" => Number::I64,
        "f32" => Number::F32,
        "f64" => Number::F64,
        _ => return None,
    }))
}
