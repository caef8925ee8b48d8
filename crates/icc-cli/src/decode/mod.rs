//! From a payload's bytes to what people and programs read.

pub(crate) mod bytes;
mod from_name;
#[cfg(test)]
mod tests;

use crate::text::shown;
use icc_buffer::Inspected;
use icc_schema::{Column, JsonWriter, Schema, Type, Value};
use std::fmt;

/// The most values of one payload that are shown one by one. What has more is shown as bytes.
const MOST_COLUMNS: usize = 4_096;

/// What a payload consists of, made ready to write many.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    /// None of a payload without bytes.
    schema: Option<Schema>,
    columns: Vec<Column>,
    /// None if only some fields are wanted: they are written by their columns.
    json: Option<JsonWriter>,
}

/// A field that was asked for is not there.
#[derive(Debug)]
pub(crate) struct NoSuchField {
    asked: String,
    /// The names that there are.
    known: Vec<String>,
}

impl Fields {
    /// What a buffer holds, by its schema; if it has none that can be read, by the name of the type.
    /// The second is what is wrong with the schema.
    pub(crate) fn of(inspected: &Inspected) -> (Self, Option<String>) {
        let (name, size) = (&inspected.element.name, inspected.element.size as usize);
        match inspected.schema.as_deref().map(|text| Schema::parse(text, size)) {
            Some(Ok(schema)) => (Self::new(schema), None),
            Some(Err(error)) => (Self::of_type(name, size), Some(format!("its schema cannot be read: {error}"))),
            None => (Self::of_type(name, size), None),
        }
    }

    /// What the name of a type tells: numbers, and arrays of them. All else is bytes.
    pub(crate) fn of_type(name: &str, size: usize) -> Self {
        let told = from_name::told(name).filter(|told| told.size() == Some(size));
        match Schema::new(told.unwrap_or(Type::Bytes(size))) {
            Ok(schema) => Self::new(schema),
            Err(_) => Self { schema: None, columns: Vec::new(), json: None },
        }
    }

    fn new(schema: Schema) -> Self {
        let mut columns = schema.columns(MOST_COLUMNS + 1);
        if columns.len() > MOST_COLUMNS {
            let bytes = Schema::new(Type::Bytes(schema.size()));
            columns = bytes.map_or_else(|_| Vec::new(), |bytes| bytes.columns(1));
        }
        Self { columns, json: Some(schema.json()), schema: Some(schema) }
    }

    /// Only these: by name, or by what names begin with.
    pub(crate) fn select(self, asked: &[String]) -> Result<Self, NoSuchField> {
        if asked.is_empty() {
            return Ok(self);
        }
        let mut columns = Vec::new();
        for name in asked {
            let is_part = |column: &&Column| {
                let rest = column.name().strip_prefix(name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let before = columns.len();
            columns.extend(self.columns.iter().filter(is_part).cloned());
            if columns.len() == before {
                let known = self.columns.iter().map(|column| column.name().to_owned()).collect();
                return Err(NoSuchField { asked: name.clone(), known });
            }
        }
        Ok(Self { columns, json: None, ..self })
    }

    /// What the payload is; none if it has no bytes.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// Appends `bid=99.5 ask=100.5`.
    pub(crate) fn push_text(&self, payload: &[u8], out: &mut String) {
        let is_one = matches!(&self.columns[..], [column] if column.name() == "value");
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            // The name of a lone value says nothing.
            if !is_one {
                out.push_str(column.name());
                out.push('=');
            }
            if let Some(value) = column.value(payload) {
                value.push_to(out);
            }
        }
    }

    /// Appends `99.5,100.5`, each after a comma.
    #[inline]
    pub(crate) fn push_csv(&self, payload: &[u8], out: &mut String) {
        for column in &self.columns {
            out.push(',');
            let before = out.len();
            match column.value(payload) {
                Some(value @ (Value::Text(_) | Value::Named { .. })) => {
                    value.push_to(out);
                    quote(out, before);
                }
                Some(value) => value.push_to(out),
                None => {}
            }
        }
    }

    /// Appends the names of the columns, each after a comma.
    pub(crate) fn push_csv_names(&self, out: &mut String) {
        for column in &self.columns {
            out.push(',');
            let before = out.len();
            out.push_str(column.name());
            quote(out, before);
        }
    }

    /// Appends `{"bid":99.5,"sizes":[1,2]}`; of selected fields `{"bid":99.5,"sizes[1]":2}`.
    pub(crate) fn push_json(&self, payload: &[u8], out: &mut String) {
        if self.json.as_ref().is_some_and(|json| json.push(payload, out)) {
            return;
        }
        out.push('{');
        for (index, column) in self.columns.iter().enumerate() {
            out.push_str(if index > 0 { ",\"" } else { "\"" });
            // Escaped already, but for JSON.
            out.push_str(&column.name().replace('\\', "\\\\").replace('"', "\\\""));
            out.push_str("\":");
            match column.value(payload) {
                Some(value) => value.push_json_to(out),
                None => out.push_str("null"),
            }
        }
        out.push('}');
    }
}

/// Appends any text as a comma-separated value.
pub(crate) fn push_csv(text: &str, out: &mut String) {
    let before = out.len();
    out.push_str(&shown(text));
    quote(out, before);
}

/// Quotes what begins at `start`, if a reader of comma-separated values would take it for more than
/// one. There are no line ends in it: those were escaped.
fn quote(out: &mut String, start: usize) {
    if out[start..].contains([',', '"', '#']) {
        let quoted = format!("\"{}\"", out[start..].replace('"', "\"\""));
        out.truncate(start);
        out.push_str(&quoted);
    }
}

impl fmt::Display for NoSuchField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 40;
        let known = self.known.iter().take(MOST).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
        let more = if self.known.len() > MOST { ", …" } else { "" };
        write!(f, "there is no field `{}`: there are {known}{more}", shown(&self.asked))
    }
}

impl std::error::Error for NoSuchField {}
