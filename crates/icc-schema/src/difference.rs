//! Whether two schemas are those of the same fields, and how they differ.

use crate::Escaped;
use crate::schema::Schema;
use crate::text::{Part, canonical, format};
use crate::types::{Field, Struct, Type};
use core::fmt;

/// How the schema found differs from the one expected: the first things that do.
///
/// Safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    parts: Vec<String>,
    more: usize,
}

/// The most differences that are told one by one.
const SHOWN: usize = 4;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("; "))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Difference {}

impl Schema {
    /// How `self`, the schema found, differs from the one expected; none if both are of the same
    /// fields: the same names, formats, offsets, sizes, names of values and scales. Units and
    /// documentation may differ.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_schema::Schema;
    ///
    /// let text = r#"{"names":["bid","ask"],"formats":["<f8","<f8"],"offsets":[0,8],"itemsize":16}"#;
    /// let (found, expected) = (Schema::parse(&text.replace(r#""bid","ask""#, r#""ask","bid""#), 16)?, Schema::parse(text, 16)?);
    /// let difference = found.difference(&expected).expect("they are swapped");
    /// assert_eq!(difference.to_string(), "`bid` is at 8, not at 0; `ask` is at 0, not at 8");
    /// # Ok::<(), icc_schema::SchemaError>(())
    /// ```
    #[must_use]
    pub fn difference(&self, expected: &Self) -> Option<Difference> {
        if canonical(self.root(), Part::Identity) == canonical(expected.root(), Part::Identity) {
            return None;
        }
        let mut parts = Vec::new();
        compare_types("", self.root(), expected.root(), &mut parts);
        if parts.is_empty() {
            parts.push("the fields are in another order".to_owned());
        }
        let more = parts.len().saturating_sub(SHOWN);
        parts.truncate(SHOWN);
        Some(Difference { parts, more })
    }
}

fn compare_types(path: &str, found: &Type, expected: &Type, parts: &mut Vec<String>) {
    match (found, expected) {
        (Type::Struct(found), Type::Struct(expected)) => compare_structs(path, found, expected, parts),
        (Type::Array(found, len), Type::Array(expected, wanted)) if len == wanted => {
            compare_types(path, found, expected, parts);
        }
        (found, expected) if format(found) != format(expected) => {
            parts.push(format!("{} is {}, not {}", named(path), shown(found), shown(expected)));
        }
        _ => {}
    }
}

fn compare_structs(path: &str, found: &Struct, expected: &Struct, parts: &mut Vec<String>) {
    let at = |name: &str| match path {
        "" => Escaped(name).to_string(),
        path => format!("{path}.{}", Escaped(name)),
    };
    let of = |side: &'_ Struct, name: &str| side.fields.iter().position(|field| field.name == name);
    // One that is in the place of another is taken for renamed.
    let in_place = |field: &Field, side: &Struct, other: &Struct| {
        let there = side.fields.iter().find(|there| there.offset == field.offset && there.ty == field.ty)?;
        of(other, &there.name).is_none().then(|| there.name.clone())
    };
    for field in &expected.fields {
        let name = at(&field.name);
        let Some(there) = of(found, &field.name).map(|index| &found.fields[index]) else {
            parts.push(match in_place(field, found, expected) {
                Some(other) => format!("`{}` is where `{name}` is expected", at(&other)),
                None => format!("`{name}` is missing"),
            });
            continue;
        };
        compare_types(&name, &there.ty, &field.ty, parts);
        if there.offset != field.offset {
            parts.push(format!("`{name}` is at {}, not at {}", there.offset, field.offset));
        }
        if there.exponent != field.exponent {
            parts.push(format!("`{name}` is scaled by 10^{}, not by 10^{}", there.exponent, field.exponent));
        }
        compare_values(&name, there, field, parts);
    }
    for field in &found.fields {
        if of(expected, &field.name).is_none() && in_place(field, expected, found).is_none() {
            parts.push(format!("`{}` is not expected", at(&field.name)));
        }
    }
    if found.size != expected.size {
        parts.push(format!("{} has {} bytes, not {}", named(path), found.size, expected.size));
    }
}

fn compare_values(name: &str, found: &Field, expected: &Field, parts: &mut Vec<String>) {
    if found.values == expected.values {
        return;
    }
    let name_of = |field: &Field, value: i128| {
        field.values.iter().find(|(known, _)| *known == value).map(|(_, name)| format!("`{}`", Escaped(name)))
    };
    let values = found.values.iter().chain(&expected.values).map(|(value, _)| *value);
    if let Some((value, is, wanted)) = values
        .map(|value| (value, name_of(found, value), name_of(expected, value)))
        .find(|(_, is, wanted)| is != wanted)
    {
        let says = |name: Option<String>| name.unwrap_or_else(|| "nothing".to_owned());
        parts.push(format!("{value} of `{name}` means {}, not {}", says(is), says(wanted)));
    }
}

fn named(path: &str) -> String {
    if path.is_empty() { "the payload".to_owned() } else { format!("`{path}`") }
}

/// A format, cut if it is long.
fn shown(ty: &Type) -> String {
    let format = format(ty).replace('"', "");
    match format.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", Escaped(&format[..end])),
        None => Escaped(&format).to_string(),
    }
}

/// For a buffer's [options](icc_buffer::Options::schema): compares texts.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only shared memory has a schema"))]
pub(crate) fn compare_texts(found: &str, expected: &str) -> Result<(), String> {
    let expected = Schema::read(expected).map_err(|error| format!("the schema expected cannot be read: {error}"))?;
    let found = Schema::read(found).map_err(|error| format!("the schema found cannot be read: {error}"))?;
    match found.difference(&expected) {
        Some(difference) => Err(difference.to_string()),
        None => Ok(()),
    }
}
