//! A table of latest values: one slot a key, many write and many read, only the newest value of each matters.
//!
//! Best bid and offer per symbol, ideal positions from models, the health of each worker. See [`SeqlockVector`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod error;
mod vector;

pub use error::OutOfRange;
pub use icc_buffer::BufferError;
pub use vector::{Iter, SeqlockVector};
