//! A self-describing buffer of seqlocked slots: a header, some counters, and `[Seqlock<T>]`.
//!
//! The layer beneath `icc-queue` (the slots as a ring) and `icc-vector` (the slots as a table). Use those, unless you build a
//! structure of your own on versioned slots.
//!
//! # Examples
//!
//! ```
//! use icc_buffer::{Buffer, Kind, Padded, Spec};
//!
//! let buffer = Buffer::<[f64; 2], Padded>::private(Spec { kind: Kind::Vector, len: 3, lines: 0, words: [0; 4] })?;
//! let slot = buffer.slot(2).expect("there are three");
//! slot.write(&[99.5, 100.5]);
//! assert_eq!(slot.read(), [99.5, 100.5]);
//! assert!(buffer.slot(3).is_none());
//! # Ok::<(), icc_buffer::BufferError>(())
//! ```

#[cfg_attr(icc_loom, path = "buffer_loom.rs")]
mod buffer;
mod error;
#[cfg_attr(icc_loom, expect(dead_code, reason = "loom's cells do not live in raw memory"))]
mod header;
#[cfg_attr(icc_loom, expect(dead_code, reason = "loom's cells do not live in raw memory"))]
mod layout;
mod placement;
#[cfg(not(icc_loom))]
mod private;
mod spec;

pub use buffer::Buffer;
pub use error::BufferError;
pub use placement::{Packed, Padded, Placement};
pub use spec::{Kind, Spec};
