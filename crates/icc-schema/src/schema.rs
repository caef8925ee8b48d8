//! What a payload's fields are.

use crate::SchemaError;
use crate::text;
use crate::types::{Struct, Type};
use std::collections::HashSet;

/// What a payload consists of: a type that was checked.
///
/// # Invariants
///
/// No field lies outside of its struct, none overlaps another, no two of a struct have the same name,
/// nothing is without size, structs are at most [`MAX_DEPTH`](Self::MAX_DEPTH) deep, as are arrays of
/// arrays, and the whole has a size that fits `usize`. So decoding takes no longer than the bytes are
/// many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    root: Type,
    size: usize,
}

impl Schema {
    /// How deep structs, and arrays of arrays, may be.
    pub const MAX_DEPTH: usize = 8;

    /// A schema of this type.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if the type breaks one of the [invariants](Self#invariants).
    pub fn new(root: Type) -> Result<Self, SchemaError> {
        let size = check(&root, 0)?;
        let schema = Self { root, size };
        let len = schema.text().len();
        if len > crate::MAX_TEXT {
            return Err(SchemaError::TooLong { len, max: crate::MAX_TEXT });
        }
        Ok(schema)
    }

    /// A schema of what a type says of itself, taken for right.
    #[cfg(target_os = "linux")]
    pub(crate) fn unchecked(root: Type) -> Self {
        Self { size: root.size().unwrap_or(0), root }
    }

    /// What it describes.
    #[must_use]
    pub fn root(&self) -> &Type {
        &self.root
    }

    /// The bytes of a payload.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The canonical text: the one that a buffer's header has.
    #[must_use]
    pub fn text(&self) -> String {
        text::canonical(&self.root, text::Part::All)
    }

    /// A hash of all that must match: the 64-bit FNV-1a of the canonical text without units and
    /// documentation.
    #[must_use]
    pub fn hash(&self) -> u64 {
        hash(&text::canonical(&self.root, text::Part::Identity))
    }
}

pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Checks a type that is inside of `depth` structs, and returns its size.
fn check(ty: &Type, depth: usize) -> Result<usize, SchemaError> {
    let size = match ty {
        Type::Array(..) => {
            let mut dimensions = 0;
            let mut of = ty;
            while let Type::Array(element, _) = of {
                dimensions += 1;
                if dimensions > Schema::MAX_DEPTH {
                    return Err(SchemaError::TooDeep { max: Schema::MAX_DEPTH });
                }
                of = element;
            }
            check(of, depth)?;
            ty.size().ok_or(SchemaError::TooLarge)?
        }
        Type::Struct(of) => {
            if depth == Schema::MAX_DEPTH {
                return Err(SchemaError::TooDeep { max: Schema::MAX_DEPTH });
            }
            check_fields(of, depth + 1)?;
            of.size
        }
        _ => ty.size().ok_or(SchemaError::TooLarge)?,
    };
    if size == 0 { Err(SchemaError::Empty) } else { Ok(size) }
}

fn check_fields(of: &Struct, depth: usize) -> Result<(), SchemaError> {
    let (mut names, mut places) = (HashSet::new(), Vec::new());
    for field in &of.fields {
        let name = || field.name.clone();
        if field.name.is_empty() {
            return Err(SchemaError::NoName);
        }
        if !names.insert(&*field.name) {
            return Err(SchemaError::DuplicateName { name: name() });
        }
        let size = check(&field.ty, depth)?;
        let end = field.offset.checked_add(size).filter(|&end| end <= of.size);
        let Some(end) = end else {
            return Err(SchemaError::Outside { name: name(), offset: field.offset, size, of: of.size });
        };
        places.push((field.offset, end, &field.name));
        let range = match field.ty.element() {
            Type::Number(number) => number.range(),
            _ => None,
        };
        if (!field.values.is_empty() || field.exponent != 0) && range.is_none() {
            return Err(SchemaError::NotAnInteger { name: name() });
        }
        if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&field.exponent) {
            return Err(SchemaError::Exponent { name: name(), found: field.exponent, max: MAX_EXPONENT });
        }
        if let Some(&(value, _)) = field
            .values
            .iter()
            .find(|(value, _)| range.is_some_and(|(least, greatest)| *value < least || *value > greatest))
        {
            return Err(SchemaError::NoSuchValue { name: name(), value });
        }
    }
    places.sort_unstable();
    match places.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        Some(pair) => Err(SchemaError::Overlap { one: pair[0].2.clone(), other: pair[1].2.clone() }),
        None => Ok(()),
    }
}

/// The largest power of ten, up or down.
const MAX_EXPONENT: i32 = 38;
