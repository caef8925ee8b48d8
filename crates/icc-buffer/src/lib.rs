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

mod buffer;
mod error;
#[cfg_attr(icc_loom, expect(dead_code, reason = "loom's cells do not live in raw memory"))]
mod header;
#[cfg(not(icc_loom))]
mod heap;
mod ids;
#[cfg_attr(icc_loom, expect(dead_code, reason = "loom's cells do not live in raw memory"))]
mod layout;
#[cfg(not(icc_loom))]
mod memory;
mod placement;
mod read_only;
#[cfg(all(target_os = "linux", not(icc_loom)))]
mod shared;
mod spec;
#[cfg_attr(icc_loom, path = "view_loom.rs")]
mod view;

pub use buffer::Buffer;
pub use error::{BufferError, ElementType, ElementTypes};
pub use ids::{IdLock, MAX_IDS};
pub use placement::{Packed, Padded, Placement};
pub use read_only::{ReadLine, ReadOnlyBuffer, ReadSlot};
#[cfg(all(target_os = "linux", not(icc_loom)))]
pub use shared::{Demand, HugePages, Options, Origin, Owner, remove};
pub use spec::{Expected, Kind, Spec};
