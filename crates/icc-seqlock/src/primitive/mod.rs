//! The one shim for atomics, fences, spin hints, shared ownership, threads, and the steps at which
//! tests let a writer die.
//!
//! Every crate of the workspace takes these from here and never names `core::sync::atomic` or loom,
//! so that one cfg, `icc_loom`, puts all crates under the model checker at once. With `icc_shuttle`
//! beside it the checker is shuttle. It is public for those crates only: nothing in it is covered by
//! semantic versioning.

mod backoff;
#[cfg_attr(icc_loom, path = "loom.rs")]
mod os;
#[cfg(feature = "std")]
#[cfg_attr(icc_loom, path = "silence_loom.rs")]
mod silence;
#[cfg_attr(icc_loom, path = "step_model.rs")]
#[cfg_attr(icc_steps, path = "step_process.rs")]
mod step;

#[cfg(not(icc_loom))]
pub use crate::copy::{
    asks_ahead, pairs_lines, prefetch_cell, prefetch_cell_for_write, prefetch_for_write, prefetch_line,
};
pub use backoff::Backoff;
pub use os::*;
#[cfg(feature = "std")]
pub use silence::Silence;
pub use step::*;
