//! A payload as a row: each of its values with a name of its own.

use crate::schema::Schema;
use crate::types::{Field, Number, TimeUnit, Type};
use crate::value::{Meaning, Value};
use core::fmt::Write as _;

/// A value of a payload, wherever it is in structs and arrays: from [`Schema::columns`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    name: String,
    offset: usize,
    unit: Option<String>,
    leaf: Leaf,
}

/// How to decode a value that has no parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    Number(Number, Meaning),
    Text(usize),
    Bytes(usize),
    Time(TimeUnit),
    Duration(TimeUnit),
}

impl Leaf {
    /// None of what has parts.
    pub(crate) fn of(ty: &Type, field: Option<&Field>) -> Option<Self> {
        Some(match *ty {
            Type::Number(number) => {
                let meaning = field.map_or_else(Meaning::default, |field| Meaning {
                    values: field.values.clone(),
                    exponent: field.exponent,
                });
                Self::Number(number, meaning)
            }
            Type::Text(size) => Self::Text(size),
            Type::Bytes(size) => Self::Bytes(size),
            Type::Time(unit) => Self::Time(unit),
            Type::Duration(unit) => Self::Duration(unit),
            Type::Array(..) | Type::Struct(_) => return None,
        })
    }

    fn size(&self) -> usize {
        match *self {
            Self::Number(number, _) => number.size(),
            Self::Text(size) | Self::Bytes(size) => size,
            Self::Time(_) | Self::Duration(_) => 8,
        }
    }

    /// None if it is not within `payload`.
    pub(crate) fn decode<'a>(&'a self, payload: &'a [u8], offset: usize) -> Option<Value<'a>> {
        let bytes = payload.get(offset..)?.get(..self.size())?;
        Some(match self {
            Self::Number(number, meaning) => Value::of_number(*number, meaning, bytes),
            Self::Text(_) => Value::of_text(bytes),
            Self::Bytes(_) => Value::Bytes(bytes),
            Self::Time(unit) => Value::of_time(*unit, false, bytes),
            Self::Duration(unit) => Value::of_time(*unit, true, bytes),
        })
    }
}

impl Column {
    /// Its name, safe to show: as the fields on the way are called, `order.sizes[2]`. `value` if the
    /// payload is one value.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From the payload's start, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What it is measured in, if the schema says so. It may hold anything:
    /// [escape](crate::Escaped) it.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Its value in `payload`. None if that is shorter than the schema says.
    #[inline]
    #[must_use]
    pub fn value<'a>(&'a self, payload: &'a [u8]) -> Option<Value<'a>> {
        self.leaf.decode(payload, self.offset)
    }
}

impl Schema {
    /// Every value of a payload, in the order of the fields: what a table has as columns.
    ///
    /// At most `most`, since a payload can be an array of millions; whether that were all of them is
    /// to be seen from the number.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_schema::Schema;
    ///
    /// let text = r#"{"names":["bid","sizes"],"formats":["<f8",["<u4",[2]]],"offsets":[0,8],"itemsize":16}"#;
    /// let columns = Schema::parse(text, 16)?.columns(1000);
    /// let names: Vec<_> = columns.iter().map(|column| column.name()).collect();
    /// assert_eq!(names, ["bid", "sizes[0]", "sizes[1]"]);
    ///
    /// let mut payload = [0; 16];
    /// payload[..8].copy_from_slice(&99.5_f64.to_ne_bytes());
    /// payload[12..].copy_from_slice(&7_u32.to_ne_bytes());
    /// let values: Vec<_> = columns.iter().map(|column| column.value(&payload).unwrap().to_string()).collect();
    /// assert_eq!(values, ["99.5", "0", "7"]);
    /// # Ok::<(), icc_schema::SchemaError>(())
    /// ```
    #[must_use]
    pub fn columns(&self, most: usize) -> Vec<Column> {
        let mut columns = Vec::new();
        let mut name = String::new();
        add(&mut columns, most, &mut name, 0, self.root(), None);
        columns
    }
}

fn add(columns: &mut Vec<Column>, most: usize, name: &mut String, offset: usize, ty: &Type, field: Option<&Field>) {
    let before = name.len();
    match ty {
        // Writing to a `String` cannot fail.
        Type::Array(of, len) => {
            let size = of.size().unwrap_or(0);
            for index in 0..*len {
                if columns.len() >= most {
                    break;
                }
                let _ = write!(name, "[{index}]");
                add(columns, most, name, offset + index * size, of, field);
                name.truncate(before);
            }
        }
        Type::Struct(of) => {
            for field in &of.fields {
                let _ = write!(name, "{}{}", if before == 0 { "" } else { "." }, crate::Escaped(&field.name));
                add(columns, most, name, offset + field.offset, &field.ty, Some(field));
                name.truncate(before);
            }
        }
        _ => {
            if let Some(leaf) = Leaf::of(ty, field).filter(|_| columns.len() < most) {
                let name = if name.is_empty() { "value".to_owned() } else { name.clone() };
                columns.push(Column { name, offset, unit: field.and_then(|field| field.unit.clone()), leaf });
            }
        }
    }
}
