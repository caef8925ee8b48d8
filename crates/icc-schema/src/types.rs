//! Types: what a value is, and the fields of one that has some.

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// A number, in the byte order of this machine.
    Number(Number),
    /// UTF-8 text of up to so many bytes, the rest zero.
    Text(usize),
    /// So many bytes.
    Bytes(usize),
    /// A time: a signed 64-bit count of these since 1970, UTC.
    Time(TimeUnit),
    /// A span of time: a signed 64-bit count of these.
    Duration(TimeUnit),
    /// So many of another type.
    Array(Box<Type>, usize),
    /// Fields.
    Struct(Struct),
}

/// The kind of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in Rust")]
pub enum Number {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as what they are")]
pub enum TimeUnit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

/// A type with fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// In any order; those that [`Describe`](crate::Describe) gives are in that of the source.
    pub fields: Vec<Field>,
    /// Bytes.
    pub size: usize,
    /// What it is, for people.
    pub doc: Option<String>,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name. From another process it may hold anything: escape it before you show it, as
    /// [`Escaped`](crate::Escaped) does.
    pub name: String,
    /// From the start of its struct, in bytes.
    pub offset: usize,
    /// What it is. What follows speaks of its elements if it is an array.
    pub ty: Type,
    /// The names of an integer's values, sorted by value. Others may occur.
    pub values: Vec<(i128, String)>,
    /// The value is the integer times ten to the power of this: -4 for a price in ten-thousandths. 0
    /// if it is the integer.
    pub exponent: i32,
    /// What it is measured in, for people.
    pub unit: Option<String>,
    /// What it is, for people.
    pub doc: Option<String>,
}

impl Field {
    /// A field of which no more is known.
    #[must_use]
    pub fn new(name: impl Into<String>, offset: usize, ty: Type) -> Self {
        Self { name: name.into(), offset, ty, values: Vec::new(), exponent: 0, unit: None, doc: None }
    }
}

impl Number {
    /// Bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The least and the greatest of an integer; none of others.
    pub(crate) fn range(self) -> Option<(i128, i128)> {
        let bits = self.size() as u32 * 8;
        match self {
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => Some((0, (1 << bits) - 1)),
            Self::I8 | Self::I16 | Self::I32 | Self::I64 => Some((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
            Self::Bool | Self::F32 | Self::F64 => None,
        }
    }
}

impl Type {
    /// Bytes; none if that fits no `usize`.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Number(number) => Some(number.size()),
            Self::Text(size) | Self::Bytes(size) => Some(*size),
            Self::Time(_) | Self::Duration(_) => Some(8),
            Self::Array(of, len) => of.size()?.checked_mul(*len),
            Self::Struct(of) => Some(of.size),
        }
    }

    /// The type of an array's elements, through all its dimensions; of others, itself.
    #[must_use]
    pub fn element(&self) -> &Self {
        match self {
            Self::Array(of, _) => of.element(),
            other => other,
        }
    }
}
