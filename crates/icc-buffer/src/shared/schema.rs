//! What a payload's fields are, as text behind the header.

use super::inspect::read_schema;
use super::{Mapping, Options};
use crate::BufferError;
use crate::header::{Header, MAX_SCHEMA};
use crate::layout::HEADER_BYTES;
use core::fmt;
use icc_seqlock::primitive::{AtomicU8, Ordering};
use std::path::Path;
use std::sync::Arc;

/// Compares the schema that was found, which comes from another process and may be anything, with
/// the one expected. The error says how they differ, in words that are safe to show.
pub type CompareSchemas = fn(found: &str, expected: &str) -> Result<(), String>;

/// What a payload's fields are, as text: for [`Options::schema`].
///
/// This crate stores it and takes it for no more than text. The crate `icc-schema` makes one from a
/// type, `icc_schema::DescribeOptions::describe`, and knows how to read and compare them.
///
/// # Examples
///
/// ```
/// use icc_buffer::{Buffer, Kind, Options, Packed, SchemaText, Spec};
/// # if cfg!(miri) { return Ok(()) }
///
/// let same = |found: &str, expected: &str| if found == expected { Ok(()) } else { Err("another".to_owned()) };
/// let numbers = SchemaText::new("\"<u8\"", 7, 8, same);
/// let name = format!("icc-example-schema-{}", std::process::id());
/// let spec = Spec::new(Kind::new("example"), 3);
/// Buffer::<u64, Packed>::create(&name, spec, &Options::new().schema(numbers))?;
/// assert_eq!(icc_buffer::inspect(&name)?.schema.as_deref(), Some("\"<u8\""));
/// icc_buffer::remove(&name)?;
/// # Ok::<(), icc_buffer::BufferError>(())
/// ```
#[derive(Clone)]
pub struct SchemaText {
    text: Arc<str>,
    hash: u64,
    size: usize,
    compare: CompareSchemas,
}

impl SchemaText {
    /// The longest text, in bytes.
    pub const MAX: usize = MAX_SCHEMA as usize;

    /// The schema of payloads of `size` bytes. `hash` is that of all that must match; it is written
    /// into the header for programs that compare no texts.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>, hash: u64, size: usize, compare: CompareSchemas) -> Self {
        Self { text: text.into(), hash, size, compare }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The hash of all that must match.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

impl PartialEq for SchemaText {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.hash, self.size) == (&other.text, other.hash, other.size)
    }
}

impl Eq for SchemaText {}

impl fmt::Debug for SchemaText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaText").field("text", &self.text).field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// The schema asked for, if it can be one of payloads of `size` bytes.
pub(super) fn to_write<'a>(
    options: &'a Options,
    size: usize,
    path: &Path,
) -> Result<Option<&'a SchemaText>, BufferError> {
    let Some(schema) = &options.schema else { return Ok(None) };
    if schema.size != size {
        return Err(BufferError::SchemaSize { path: path.to_owned(), schema: schema.size, element: size });
    }
    let len = schema.text.len();
    if len == 0 || len > SchemaText::MAX {
        return Err(BufferError::SchemaLength { path: path.to_owned(), len, max: SchemaText::MAX });
    }
    Ok(Some(schema))
}

/// The header with the schema that is to be behind it.
pub(super) fn mention(header: Header, schema: &SchemaText) -> Header {
    Header {
        schema_offset: HEADER_BYTES as u64,
        schema_len: schema.text.len() as u64,
        schema_hash: schema.hash,
        ..header
    }
}

/// Writes the schema behind the header of a mapping that nobody else knows of, and that was laid out
/// for it.
pub(super) fn write(mapping: &Mapping, schema: &SchemaText) {
    write_text(mapping, HEADER_BYTES, &schema.text);
}

/// Writes a text at `offset` in a mapping that nobody else knows of, and that was laid out for it.
pub(super) fn write_text(mapping: &Mapping, offset: usize, text: &str) {
    for (index, &byte) in text.as_bytes().iter().enumerate() {
        assert!(offset + index < mapping.len(), "within what was laid out");
        // SAFETY: within the mapping, which is mapped for writing and lives as long as the reference;
        // nobody else knows of it.
        let place = unsafe { mapping.start().add(offset + index).cast::<AtomicU8>().as_ref() };
        // Atomic only so that all accesses are alike: nobody else knows of it.
        place.store(byte, Ordering::Relaxed);
    }
}

/// An error if the buffer has a schema, and so have the options, and the two differ. Those of the
/// same types match, wherever these are defined.
///
/// Nothing of `header` needs to have been checked but that it is one.
pub(super) fn compare(header: &Header, mapping: &Mapping, options: &Options) -> Result<(), BufferError> {
    let Some(expected) = &options.schema else { return Ok(()) };
    let path = mapping.path();
    let bounded = Header { schema_len: header.schema_len.min(MAX_SCHEMA), ..*header };
    match read_schema(&bounded, mapping.file()?, path)? {
        Some(found) if *found != *expected.text => (expected.compare)(&found, &expected.text)
            .map_err(|difference| BufferError::OtherSchema { path: path.to_owned(), difference }),
        _ => Ok(()),
    }
}
