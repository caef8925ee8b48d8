//! Writing a payload: a line for people, a row of values, a JSON value.

use super::scalar::{Style, string};
use super::{Fields, Node};

impl Fields {
    /// Appends `bid=99.5 ask=100.5`. `payload` is as long as this was made for.
    pub(crate) fn write_text(&self, payload: &[u8], out: &mut Vec<u8>) {
        for (index, (path, scalar)) in self.leaves.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            // The name of a lone value says nothing.
            if self.leaves.len() > 1 || !matches!(self.root, Node::Scalar(_)) {
                string(path, Style::Text, out);
                out.push(b'=');
            }
            scalar.write(payload, Style::Text, out);
        }
    }

    /// Appends `99.5,100.5`, each after a comma. `payload` is as long as this was made for.
    #[inline]
    pub(crate) fn write_csv(&self, payload: &[u8], out: &mut Vec<u8>) {
        for (_, scalar) in &self.leaves {
            out.push(b',');
            scalar.write(payload, Style::Csv, out);
        }
    }

    /// Appends the names of the columns, each after a comma.
    pub(crate) fn write_csv_names(&self, out: &mut Vec<u8>) {
        for path in self.paths() {
            out.push(b',');
            string(path, Style::Csv, out);
        }
    }

    /// Appends `{"bid":99.5,"sizes":[1,2]}`. `payload` is as long as this was made for.
    pub(crate) fn write_json(&self, payload: &[u8], out: &mut Vec<u8>) {
        json(&self.root, payload, out);
    }
}

fn json(node: &Node, payload: &[u8], out: &mut Vec<u8>) {
    match node {
        Node::Scalar(scalar) => scalar.write(payload, Style::Json, out),
        Node::Struct(fields) => {
            out.push(b'{');
            for (index, (name, field)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(name, Style::Json, out);
                out.push(b':');
                json(field, payload, out);
            }
            out.push(b'}');
        }
        Node::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                json(element, payload, out);
            }
            out.push(b']');
        }
    }
}
