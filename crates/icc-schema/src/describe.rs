//! What types say of themselves.

use crate::schema::Schema;
use crate::types::{Number, Type};
use icc_buffer::Payload;

/// A payload that knows what its fields are. Derive it, beside what makes the type a payload.
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use icc_schema::{Describe, Schema, Values};
///
/// /// The best prices.
/// #[derive(Clone, Copy, Pod, Zeroable, Describe)]
/// #[repr(C)]
/// struct Quote {
///     #[describe(time = "ns")]
///     at: i64,
///     /// What is offered.
///     #[describe(decimals = 4, unit = "USD")]
///     bid: i64,
///     sizes: [u32; 2],
///     #[describe(text)]
///     venue: [u8; 4],
///     #[describe(values = Side)]
///     side: u8,
///     _padding: [u8; 3],
/// }
///
/// #[derive(Values)]
/// #[repr(u8)]
/// enum Side {
///     Buy = 1,
///     Sell = 2,
/// }
///
/// let text = Schema::of::<Quote>().text();
/// assert_eq!(
///     text,
///     r#"{"names":["at","bid","sizes","venue","side"],"#.to_owned()
///         + r#""formats":["<M8[ns]","<i8",["<u4",[2]],"S4","u1"],"offsets":[0,8,16,24,28],"itemsize":32,"#
///         + r#""enums":{"side":{"1":"Buy","2":"Sell"}},"scales":{"bid":-4},"units":{"bid":"USD"},"#
///         + r#""doc":{"":"The best prices.","bid":"What is offered."}}"#
/// );
/// ```
///
/// # Attributes of a field
///
/// | attribute | the field | means |
/// |---|---|---|
/// | `unit = "USD"` | any | what it is measured in, for people |
/// | `decimals = 4` | an integer, or an array of them | fixed-point: the number is in ten-thousandths |
/// | `values = Side` | an integer, or an array of them | what its values are called: a type with [`Values`](crate::Values) |
/// | `text` | `[u8; N]` | UTF-8, the rest zero |
/// | `bytes` | `[u8; N]` | bytes that are no numbers |
/// | `time = "ns"` | `i64` or `u64` | a time since 1970, UTC, in `s`, `ms`, `us` or `ns` |
/// | `duration = "ns"` | `i64` or `u64` | a span of time |
/// | `doc = "…"` | any | what it is, in place of the first paragraph of its comment; also of the struct |
/// | `skip` | any | nobody's concern; also every field whose name begins with `_` |
///
/// The type is a `#[repr(C)]` struct with named fields, each of which is `Describe` itself: integers,
/// `f32`, `f64`, arrays, and such structs. It has no padding, since it is a [`Payload`].
///
/// ```compile_fail
/// # use bytemuck::{Pod, Zeroable};
/// # use icc_schema::Describe;
/// #[derive(Clone, Copy, Pod, Zeroable, Describe)]
/// #[repr(transparent)] // not `repr(C)`
/// struct Price {
///     value: u64,
/// }
/// ```
///
/// ```compile_fail,E0277
/// # use bytemuck::{Pod, Zeroable};
/// # use icc_schema::Describe;
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Plain(u64);
///
/// #[derive(Clone, Copy, Pod, Zeroable, Describe)]
/// #[repr(C)]
/// struct Outer {
///     inner: Plain, // does not say what its fields are
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its fields are",
    note = "derive `icc_schema::Describe` on a `#[repr(C)]` struct, or leave the field out with `#[describe(skip)]`"
)]
pub trait Describe: Payload {
    /// How many structs are inside of each other.
    #[doc(hidden)]
    const DEPTH: usize;
    /// How many arrays are directly inside of each other.
    #[doc(hidden)]
    const DIMENSIONS: usize = 0;

    /// What it is.
    fn describe() -> Type;
}

macro_rules! numbers {
    ($($number:ident = $kind:ident),*) => {$(
        impl Describe for $number {
            const DEPTH: usize = 0;

            fn describe() -> Type {
                Type::Number(Number::$kind)
            }
        }
    )*};
}

numbers!(u8 = U8, u16 = U16, u32 = U32, u64 = U64, i8 = I8, i16 = I16, i32 = I32, i64 = I64, f32 = F32, f64 = F64);

impl<T: Describe, const LEN: usize> Describe for [T; LEN]
where
    Self: Payload,
{
    const DEPTH: usize = T::DEPTH;
    const DIMENSIONS: usize = 1 + T::DIMENSIONS;

    fn describe() -> Type {
        Type::Array(T::describe().into(), LEN)
    }
}

impl Schema {
    /// The schema of a type.
    ///
    /// # Panics
    ///
    /// If what the type says of itself is wrong, as for [`try_of`](Self::try_of): a bug of the program,
    /// which each run of it shows.
    #[must_use]
    #[track_caller]
    pub fn of<T: Describe>() -> Self {
        match Self::try_of::<T>() {
            Ok(schema) => schema,
            Err(error) => panic!("`{}` cannot be described: {error}", core::any::type_name::<T>()),
        }
    }

    /// The schema of a type.
    ///
    /// # Errors
    ///
    /// [`SchemaError`](crate::SchemaError) if what it says of itself takes more than 16 KiB of text, or
    /// names a value that its type does not have; if it was written by hand, also if it breaks one of
    /// the [invariants](Self#invariants) otherwise.
    pub fn try_of<T: Describe>() -> Result<Self, crate::SchemaError> {
        const {
            assert!(T::DEPTH <= Self::MAX_DEPTH, "structs are at most 8 deep in a schema");
            assert!(T::DIMENSIONS <= Self::MAX_DEPTH, "arrays have at most 8 dimensions in a schema");
            assert!(size_of::<T>() != 0, "a payload without size has no schema");
        }
        Self::new(T::describe())
    }
}

/// The names of the values of an integer: a `u8` that means a `Side`.
///
/// Derive it on an `enum` without fields: the names are those of its variants. Payloads cannot hold
/// such an `enum` itself, since other values may arrive; they hold the number.
///
/// # Examples
///
/// ```
/// use icc_schema::Values;
///
/// #[derive(Values)]
/// #[repr(u8)]
/// enum Side {
///     Buy = 1,
///     Sell = 2,
/// }
///
/// assert_eq!(Side::VALUES, [(1, "Buy"), (2, "Sell")]);
/// ```
pub trait Values {
    /// The values that have a name.
    const VALUES: &'static [(i128, &'static str)];
}
