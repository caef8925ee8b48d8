//! The type of a buffer's slots, as errors show it.

use crate::header;
use core::fmt;

/// The type that a buffer holds, and the one that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementTypes {
    /// What the header says.
    pub found: ElementType,
    /// The one asked for.
    pub expected: ElementType,
}

impl ElementTypes {
    /// What to do about it.
    pub(crate) fn fix(&self) -> &'static str {
        let Self { found, expected } = self;
        let same = (found.size, found.align) == (expected.size, expected.align);
        if same && found.name != expected.name && without_paths(&found.name) == without_paths(&expected.name) {
            "a type's name includes its crate and module, so define it once, in a crate that both programs use"
        } else {
            "build both programs from one source"
        }
    }
}

/// A type's name without the crates and modules in it.
fn without_paths(name: &str) -> String {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut short = String::new();
    let mut parts = name.split("::").peekable();
    while let Some(part) = parts.next() {
        short.push_str(if parts.peek().is_some() { part.trim_end_matches(is_name) } else { part });
    }
    short
}

/// A payload type as the header describes it. Shown with its fingerprint, since two types of one
/// name may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementType {
    /// Its name. It comes from shared memory: any character that is no part of a type's name is
    /// shown as `?`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub align: u64,
    /// A hash of the three.
    pub fingerprint: u64,
}

impl ElementType {
    /// A type of this name, as Rust's [`type_name`](core::any::type_name) gives it, with its fingerprint:
    /// for programs that know a type by its description alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::ElementType;
    ///
    /// let (one, other) = (ElementType::new("u64", 8, 8), ElementType::new("f64", 8, 8));
    /// assert_ne!(one.fingerprint, other.fingerprint);
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>, size: u64, align: u64) -> Self {
        let name = name.into();
        Self { fingerprint: header::fingerprint(&name, size, align), name, size, align }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, size, align, fingerprint } = self;
        write!(f, "`{name}` ({size} bytes, aligned to {align}, fingerprint {fingerprint:016x})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(name: &str) -> ElementType {
        ElementType { name: name.to_owned(), size: 8, align: 8, fingerprint: 0 }
    }

    #[test]
    fn types_of_one_name_in_two_crates_are_told_so() {
        assert_eq!(without_paths("a::b::Tick<c::Side, [d::e::F; 3]>"), "Tick<Side, [F; 3]>");
        let fix = |found, expected| ElementTypes { found: element(found), expected: element(expected) }.fix();
        assert!(fix("feed::Tick", "dashboard::types::Tick").contains("define it once"));
        assert!(fix("feed::Tick", "feed::Tock").contains("from one source"));
        assert!(fix("feed::Tick", "feed::Tick").contains("from one source"));
    }
}
