//! What can go wrong.

use crate::Escaped;

/// Why a text or a type is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The text is longer than a header takes.
    #[error(
        "a schema of {len} bytes is too long: at most {max} are allowed; describe fewer fields, with shorter documentation"
    )]
    TooLong {
        /// Its bytes.
        len: usize,
        /// The most there can be.
        max: usize,
    },
    /// The text is no JSON.
    #[error("the schema is no JSON: {reason}")]
    NotJson {
        /// What is wrong with it.
        reason: String,
    },
    /// A part is not what NumPy's `dtype` takes.
    #[error("the schema has {}, but {expected} was expected", Escaped(found))]
    Malformed {
        /// What was found, cut if it is long.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A format is not one that this crate knows.
    #[error("the schema has the format `{}`, which this program does not know", Escaped(format))]
    UnknownFormat {
        /// The format.
        format: String,
    },
    /// A format is in the other byte order than this machine's.
    #[error("the schema has the format `{}`, which is in the other byte order than this machine's", Escaped(format))]
    OtherByteOrder {
        /// The format.
        format: String,
    },
    /// The whole does not fit the address space.
    #[error("the schema describes more bytes than can be addressed")]
    TooLarge,
    /// Something has no size.
    #[error("the schema has a part without size: leave it out")]
    Empty,
    /// Structs, or arrays, are too deep inside of each other.
    #[error("the schema is deeper than {max} structs or dimensions: describe less of it")]
    TooDeep {
        /// The most there can be.
        max: usize,
    },
    /// A field has no name.
    #[error("the schema has a field without a name")]
    NoName,
    /// Two fields of a struct have the same name.
    #[error("the schema has two fields `{}`: names must differ", Escaped(name))]
    DuplicateName {
        /// Their name.
        name: String,
    },
    /// A field lies outside of its struct.
    #[error(
        "the schema's field `{}` takes {size} bytes at {offset}, outside of its struct of {of} bytes",
        Escaped(name)
    )]
    Outside {
        /// The field.
        name: String,
        /// Where it begins.
        offset: usize,
        /// Its bytes.
        size: usize,
        /// The struct's bytes.
        of: usize,
    },
    /// Two fields of a struct overlap.
    #[error("the schema's fields `{}` and `{}` overlap", Escaped(one), Escaped(other))]
    Overlap {
        /// The first.
        one: String,
        /// The one after it.
        other: String,
    },
    /// Names of values, or a power of ten, belong to an integer.
    #[error("the schema's field `{}` has value names or a scale, but is no integer", Escaped(name))]
    NotAnInteger {
        /// The field.
        name: String,
    },
    /// A value that has a name is not one of its type.
    #[error("the schema's field `{}` names the value {value}, which its type does not have", Escaped(name))]
    NoSuchValue {
        /// The field.
        name: String,
        /// The value.
        value: i128,
    },
    /// A scale is too large.
    #[error("the schema's field `{}` has the scale 10^{found}: it may be 10^-{max} to 10^{max}", Escaped(name))]
    Exponent {
        /// The field.
        name: String,
        /// The exponent.
        found: i32,
        /// The largest, up or down.
        max: i32,
    },
    /// The schema is that of payloads of another size.
    #[error("the schema describes {found} bytes, but the payload has {expected}")]
    OtherSize {
        /// The size that the schema speaks of.
        found: usize,
        /// The payload's.
        expected: usize,
    },
}
