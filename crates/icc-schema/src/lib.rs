//! What a payload's fields are: for whoever reads a buffer without having its type.
//!
//! A type that derives [`Describe`] knows its fields. Its schema goes into the buffer's header as
//! text ([`DescribeOptions::describe`]), where the command `icc` reads it, Python's NumPy, and
//! people. Two programs that describe their types are held to the same fields.
//!
//! # Examples
//!
//! A value, decoded without its type:
//!
//! ```
//! use bytemuck::{Pod, Zeroable};
//! use icc_schema::{Describe, Schema, Value};
//!
//! #[derive(Clone, Copy, Pod, Zeroable, Describe)]
//! #[repr(C)]
//! struct Trade {
//!     price: f64,
//!     size: u64,
//! }
//!
//! // What the header of a buffer says, and the bytes of a slot:
//! let text = Schema::of::<Trade>().text();
//! let bytes = bytemuck::bytes_of(&Trade { price: 99.5, size: 7 }).to_vec();
//!
//! let columns = Schema::parse(&text, bytes.len())?.columns(100);
//! assert_eq!(columns[0].name(), "price");
//! assert_eq!(columns[0].value(&bytes), Some(Value::F64(99.5)));
//! assert_eq!(columns[1].value(&bytes), Some(Value::Unsigned(7)));
//! # Ok::<(), icc_schema::SchemaError>(())
//! ```
//!
//! # The text
//!
//! NumPy's dtype dictionary as JSON: `names`, `formats`, `offsets` and `itemsize`, and beside them
//! `enums`, `scales`, `units` and `doc`. The guide `docs/schema.md` in the repository describes it, and
//! how to read it from Python. It comes from another process, so [`Schema::parse`] trusts none of it.
//!
//! # Beside this crate
//!
//! Where payloads come from: [`icc-queue`](https://docs.rs/icc-queue), [`icc-vector`](https://docs.rs/icc-vector). Who
//! shows them: the command [`icc`](https://docs.rs/icc-cli). The guide to schemas is in the module `guides`.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod columns;
mod describe;
mod difference;
mod error;
mod escape;
#[cfg(all(doc, not(doctest)))]
pub mod guides;
mod json;
#[cfg(target_os = "linux")]
mod options;
mod parse;
mod schema;
mod text;
mod types;
mod value;

pub use columns::Column;
pub use describe::{Describe, Values};
pub use difference::Difference;
pub use error::SchemaError;
pub use escape::Escaped;
pub use icc_schema_derive::{Describe, Values};
pub use json::JsonWriter;
#[cfg(target_os = "linux")]
pub use options::DescribeOptions;
pub use schema::Schema;
pub use types::{Field, Number, Struct, TimeUnit, Type};
pub use value::Value;

/// The longest text, in bytes: what a header takes.
pub(crate) const MAX_TEXT: usize = 16 * 1024;

#[doc(hidden)]
pub mod derive {
    //! What the derive's code names.
    pub use crate::types::{Field, Struct, TimeUnit, Type};
    pub use icc_buffer::Payload;

    /// Integers and arrays of them.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is no integer, so it has neither `values` nor `decimals`",
        label = "not an integer"
    )]
    pub trait Integers {}

    macro_rules! integers {
        ($($integer:ident)*) => {$(impl Integers for $integer {})*};
    }

    integers!(u8 u16 u32 u64 i8 i16 i32 i64);

    impl<T: Integers, const LEN: usize> Integers for [T; LEN] {}

    /// Compiles for integers and arrays of them.
    pub const fn integers<T: Integers>() {}

    /// What `values` says, sorted.
    #[must_use]
    pub fn values<V: crate::Values>() -> Vec<(i128, String)> {
        let mut values: Vec<_> = V::VALUES.iter().map(|(value, name)| (*value, (*name).to_owned())).collect();
        values.sort();
        values.dedup_by_key(|(value, _)| *value);
        values
    }
}
