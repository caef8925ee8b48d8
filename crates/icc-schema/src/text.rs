//! The canonical text: NumPy's dtype dictionary as JSON, in a fixed order and without white space.

use crate::types::{Field, Number, Struct, TimeUnit, Type};
use core::fmt::Write as _;

/// How much of a schema to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// What two programs must agree on: neither units nor documentation.
    Identity,
}

/// The byte order of this machine, as NumPy writes it.
pub(crate) const ORDER: char = if cfg!(target_endian = "little") { '<' } else { '>' };

pub(crate) fn canonical(ty: &Type, part: Part) -> String {
    let mut out = String::new();
    write_type(&mut out, ty, part);
    out
}

/// A type as a format: as in the text, for people.
pub(crate) fn format(ty: &Type) -> String {
    canonical(ty, Part::Identity)
}

impl Number {
    /// As NumPy writes it, without the byte order.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Bool => "b1",
            Self::U8 => "u1",
            Self::U16 => "u2",
            Self::U32 => "u4",
            Self::U64 => "u8",
            Self::I8 => "i1",
            Self::I16 => "i2",
            Self::I32 => "i4",
            Self::I64 => "i8",
            Self::F32 => "f4",
            Self::F64 => "f8",
        }
    }

    pub(crate) const ALL: [Self; 11] = [
        Self::Bool,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F32,
        Self::F64,
    ];
}

impl TimeUnit {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Nanoseconds => "ns",
        }
    }

    pub(crate) const ALL: [Self; 4] = [Self::Seconds, Self::Milliseconds, Self::Microseconds, Self::Nanoseconds];
}

// Writing to a `String` cannot fail.
fn write_type(out: &mut String, ty: &Type, part: Part) {
    let _ = match ty {
        Type::Number(number) if number.size() == 1 => write!(out, "\"{}\"", number.code()),
        Type::Number(number) => write!(out, "\"{ORDER}{}\"", number.code()),
        Type::Text(size) => write!(out, "\"S{size}\""),
        Type::Bytes(size) => write!(out, "\"V{size}\""),
        Type::Time(unit) => write!(out, "\"{ORDER}M8[{}]\"", unit.code()),
        Type::Duration(unit) => write!(out, "\"{ORDER}m8[{}]\"", unit.code()),
        Type::Array(..) => {
            out.push('[');
            write_type(out, ty.element(), part);
            let mut separator = ",[";
            let mut of = ty;
            while let Type::Array(element, len) = of {
                let _ = write!(out, "{separator}{len}");
                (separator, of) = (",", element);
            }
            out.push_str("]]");
            Ok(())
        }
        Type::Struct(of) => {
            write_struct(out, of, part);
            Ok(())
        }
    };
}

fn write_struct(out: &mut String, of: &Struct, part: Part) {
    let fields = &of.fields;
    out.push_str("{\"names\":");
    list(out, fields, |out, field| push_string(out, &field.name));
    out.push_str(",\"formats\":");
    list(out, fields, |out, field| write_type(out, &field.ty, part));
    out.push_str(",\"offsets\":");
    list(out, fields, |out, field| _ = write!(out, "{}", field.offset));
    let _ = write!(out, ",\"itemsize\":{}", of.size);
    map(
        out,
        "enums",
        fields,
        |field| !field.values.is_empty(),
        |out, field| {
            out.push('{');
            for (index, (value, name)) in field.values.iter().enumerate() {
                let _ = write!(out, "{}\"{value}\":", if index == 0 { "" } else { "," });
                push_string(out, name);
            }
            out.push('}');
        },
    );
    map(out, "scales", fields, |field| field.exponent != 0, |out, field| _ = write!(out, "{}", field.exponent));
    if part == Part::All {
        map(
            out,
            "units",
            fields,
            |field| field.unit.is_some(),
            |out, field| {
                push_string(out, field.unit.as_deref().unwrap_or_default());
            },
        );
        // The struct's own under no name.
        let own = of.doc.as_deref().map(|doc| Field { doc: Some(doc.to_owned()), ..Field::new("", 0, Type::Bytes(0)) });
        let documented: Vec<_> = own.iter().chain(fields).cloned().collect();
        map(
            out,
            "doc",
            &documented,
            |field| field.doc.is_some(),
            |out, field| {
                push_string(out, field.doc.as_deref().unwrap_or_default());
            },
        );
    }
    out.push('}');
}

fn list(out: &mut String, fields: &[Field], write: impl Fn(&mut String, &Field)) {
    let mut separator = '[';
    for field in fields {
        out.push(separator);
        write(out, field);
        separator = ',';
    }
    out.push_str(if fields.is_empty() { "[]" } else { "]" });
}

/// A member of an object that says something of some fields; none if it says nothing.
fn map(
    out: &mut String,
    key: &str,
    fields: &[Field],
    has: impl Fn(&Field) -> bool,
    write: impl Fn(&mut String, &Field),
) {
    let mut separator = format!(",\"{key}\":{{");
    let before = out.len();
    for field in fields.iter().filter(|field| has(field)) {
        out.push_str(&separator);
        push_string(out, &field.name);
        out.push(':');
        write(out, field);
        ",".clone_into(&mut separator);
    }
    if out.len() > before {
        out.push('}');
    }
}

/// As JSON has it. What is not printable is escaped: control characters, and what changes the direction
/// of text on a terminal.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\'' => out.push(character),
            hidden if hidden.escape_debug().len() > 1 => {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
