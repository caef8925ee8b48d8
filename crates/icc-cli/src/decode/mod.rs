//! From a payload's bytes to what people and programs read.
//!
//! [`Fields`] says what the bytes are: a tree, made once, whose leaves are scalars at known places.
//! Writing a message walks it and allocates nothing.

mod described;
mod from_name;
mod scalar;
mod select;
mod write;

pub(crate) use scalar::{Format, Scalar};

/// What a payload consists of.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    root: Node,
    /// The leaves in their order, each with its path: `bid`, `sizes[3]`, `trace.at[0]`. None reaches
    /// beyond the payload.
    leaves: Vec<(String, Scalar)>,
}

/// A part of a payload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// One value.
    Scalar(Scalar),
    /// Fields by name.
    Struct(Vec<(String, Node)>),
    /// Elements by number.
    Array(Vec<Node>),
}

/// The most values in one payload. What has more, as an array of bytes does, is shown as bytes.
const MOST_LEAVES: usize = 4096;

impl Fields {
    /// A payload of `size` bytes that consists of this. If a part reaches beyond, or there are too
    /// many, the payload is shown as bytes.
    pub(crate) fn new(root: Node, size: usize) -> Self {
        let mut leaves = Vec::new();
        collect(&root, String::new(), &mut leaves);
        if leaves.len() > MOST_LEAVES || leaves.iter().any(|(_, scalar)| !scalar.fits(size)) {
            return Self::bytes(size);
        }
        Self { root, leaves }
    }

    /// A payload of which nothing is known.
    pub(crate) fn bytes(size: usize) -> Self {
        let scalar = Scalar { offset: 0, format: Format::Bytes(size) };
        Self {
            root: Node::Struct(vec![("bytes".to_owned(), Node::Scalar(scalar.clone()))]),
            leaves: vec![("bytes".to_owned(), scalar)],
        }
    }

    /// What the name of a type tells: numbers, and arrays of them. All else is shown as bytes.
    pub(crate) fn of_type(name: &str, size: usize) -> Self {
        from_name::node(name).map_or_else(|| Self::bytes(size), |root| Self::new(root, size))
    }

    /// The paths of all values.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.leaves.iter().map(|(path, _)| path.as_str())
    }

    /// The values with their paths.
    pub(crate) fn leaves(&self) -> &[(String, Scalar)] {
        &self.leaves
    }
}

/// The path of a payload that is a single value or an array has no name before its brackets.
fn collect(node: &Node, path: String, leaves: &mut Vec<(String, Scalar)>) {
    // One more than allowed is enough to know.
    if leaves.len() > MOST_LEAVES {
        return;
    }
    match node {
        Node::Scalar(scalar) => leaves.push((if path.is_empty() { "value".to_owned() } else { path }, scalar.clone())),
        Node::Struct(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(field, path, leaves);
            }
        }
        Node::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect(element, format!("{path}[{index}]"), leaves);
            }
        }
    }
}

#[cfg(test)]
mod tests;
