//! A payload as JSON.

use crate::columns::Leaf;
use crate::schema::Schema;
use crate::text::push_string;
use crate::types::{Field, Type};

/// A schema prepared to write payloads as JSON.
#[derive(Clone, Debug)]
pub struct JsonWriter {
    size: usize,
    root: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Leaf),
    Array {
        of: Box<Node>,
        size: usize,
        len: usize,
    },
    /// What comes before each value, its key included.
    Struct(Vec<(String, usize, Node)>),
}

impl Schema {
    /// Prepares to write payloads as JSON: structs as objects, arrays as lists, and values as
    /// [`Value::push_json_to`](crate::Value::push_json_to) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_schema::Schema;
    ///
    /// let text = r#"{"names":["bid","sizes"],"formats":["<f8",["<u4",[2]]],"offsets":[0,8],"itemsize":16}"#;
    /// let writer = Schema::parse(text, 16)?.json();
    /// let mut out = String::new();
    /// assert!(writer.push(&[0; 16], &mut out));
    /// assert_eq!(out, r#"{"bid":0.0,"sizes":[0,0]}"#);
    /// # Ok::<(), icc_schema::SchemaError>(())
    /// ```
    #[must_use]
    pub fn json(&self) -> JsonWriter {
        JsonWriter { size: self.size(), root: Node::of(self.root(), None) }
    }
}

impl Node {
    fn of(ty: &Type, field: Option<&Field>) -> Self {
        match ty {
            Type::Array(of, len) => {
                Self::Array { size: of.size().unwrap_or(0), of: Self::of(of, field).into(), len: *len }
            }
            Type::Struct(of) => Self::Struct(
                of.fields
                    .iter()
                    .enumerate()
                    .map(|(index, field)| {
                        let mut key = String::from(if index == 0 { "" } else { "," });
                        push_string(&mut key, &field.name);
                        key.push(':');
                        (key, field.offset, Self::of(&field.ty, Some(field)))
                    })
                    .collect(),
            ),
            leaf => Leaf::of(leaf, field).map_or_else(|| Self::Struct(Vec::new()), Self::Leaf),
        }
    }

    fn push(&self, payload: &[u8], offset: usize, out: &mut String) {
        match self {
            Self::Leaf(leaf) => match leaf.decode(payload, offset) {
                Some(value) => value.push_json_to(out),
                None => out.push_str("null"),
            },
            Self::Array { of, size, len } => {
                out.push('[');
                for index in 0..*len {
                    if index > 0 {
                        out.push(',');
                    }
                    of.push(payload, offset + index * size, out);
                }
                out.push(']');
            }
            Self::Struct(fields) => {
                out.push('{');
                for (key, at, node) in fields {
                    out.push_str(key);
                    node.push(payload, offset + at, out);
                }
                out.push('}');
            }
        }
    }
}

impl JsonWriter {
    /// Appends `payload` to `out`. `false`, and nothing appended, if it has not the schema's size.
    #[must_use]
    pub fn push(&self, payload: &[u8], out: &mut String) -> bool {
        let fits = payload.len() == self.size;
        if fits {
            self.root.push(payload, 0, out);
        }
        fits
    }
}
