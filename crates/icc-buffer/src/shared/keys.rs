//! Names of slots behind the header.

use super::inspect::read_at;
use super::{Mapping, Options, schema};
use crate::BufferError;
use crate::header::Header;
use crate::keys::{Keys, MAX_KEYS};
use crate::layout::HEADER_BYTES;
use std::collections::HashSet;
use std::path::Path;

fn bad(path: &Path, reason: String) -> BufferError {
    BufferError::BadKeys { path: path.to_owned(), reason }
}

/// The names asked for, if they can be those of `len` slots: one for each, on one line, and no two the
/// same but empty ones.
pub(super) fn to_write(options: &Options, len: usize, path: &Path) -> Result<Option<Keys>, BufferError> {
    let Some(names) = &options.keys else { return Ok(None) };
    if names.len() != len {
        return Err(bad(path, format!("there are {} names for {len} slots", names.len())));
    }
    let mut seen = HashSet::new();
    for name in names.iter() {
        if name.contains(char::is_control) {
            return Err(bad(path, format!("{name:?} has control characters")));
        }
        if !name.is_empty() && !seen.insert(name) {
            return Err(bad(path, format!("{name:?} names two slots")));
        }
    }
    Keys::parse(names.join("\n"), len).map(Some).map_err(|reason| bad(path, reason))
}

/// The header with the names that are to be behind it, and behind the schema.
pub(super) fn mention(header: Header, keys: &Keys) -> Header {
    Header { keys_offset: HEADER_BYTES as u64 + header.schema_len, keys_len: keys.text().len() as u64, ..header }
}

/// Writes the names where the header says.
pub(super) fn write(mapping: &Mapping, header: &Header, keys: &Keys) {
    schema::write_text(mapping, header.keys_offset as usize, keys.text());
}

/// The names behind a checked header, if there are any. If others are expected, that is an error.
pub(super) fn read(header: &Header, mapping: &Mapping, options: &Options) -> Result<Option<Keys>, BufferError> {
    if header.keys_len == 0 {
        return Ok(None);
    }
    let path = mapping.path();
    let mut bytes = vec![0; (header.keys_len as usize).min(MAX_KEYS)];
    read_at(mapping.file()?, path, &mut bytes, header.keys_offset)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| bad(path, format!("no text from byte {} on", error.utf8_error().valid_up_to())))?;
    let found = Keys::parse(text, header.len as usize).map_err(|reason| bad(path, reason))?;
    if let Some(expected) = &options.keys {
        compare(&found, expected, path)?;
    }
    Ok(Some(found))
}

fn compare(found: &Keys, expected: &[String], path: &Path) -> Result<(), BufferError> {
    if found.len() != expected.len() {
        let (found, expected) = (found.len() as u64, expected.len());
        return Err(BufferError::OtherLen { path: path.to_owned(), found, expected });
    }
    match found.iter().zip(expected).position(|(found, expected)| found != expected) {
        None => Ok(()),
        Some(index) => Err(BufferError::OtherKey {
            path: path.to_owned(),
            index,
            found: found.get(index).unwrap_or_default().escape_debug().to_string(),
            expected: expected[index].escape_debug().to_string(),
        }),
    }
}
