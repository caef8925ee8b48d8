//! The primitives under the model checker: loom's; or, with `icc_shuttle`, shuttle's, which lets the steps
//! of threads follow each other in random orders, and takes every atomic for sequentially consistent.

use core::time::Duration;

#[cfg_attr(icc_shuttle, path = "model_shuttle.rs")]
#[cfg_attr(not(icc_shuttle), path = "model.rs")]
mod model;
#[cfg(not(icc_shuttle))]
#[path = "traced.rs"]
mod traced;
#[cfg(not(icc_shuttle))]
#[path = "weaken.rs"]
mod weaken;

#[cfg(not(icc_shuttle))]
pub(super) use loom as checker;
#[cfg(icc_shuttle)]
pub(super) use shuttle as checker;

pub use checker::hint::spin_loop;
pub use checker::sync::{Arc, Condvar, Mutex, MutexGuard};
pub use checker::thread;
#[cfg(icc_shuttle)]
pub use model::{AtomicU32, AtomicU64, Ordering, chance, fence, load_behind_stores};
pub use model::{model, model_with_traced_loads};
#[cfg(not(icc_shuttle))]
pub use traced::{AtomicU32, AtomicU64, Ordering, fence, load_behind_stores};

/// A bound that is small under loom: the second of the two.
#[must_use]
pub const fn bound<N: Copy>(_shipped: N, modelled: N) -> N {
    modelled
}

/// The model checker has no caches.
pub fn prefetch_line(_address: *const u8) {}

/// As [`prefetch_line`].
pub fn prefetch_for_write(_address: *const u8) {}

/// As [`prefetch_line`].
pub fn prefetch_cell(_start: *const u8, _size: usize) {}

/// As [`prefetch_line`].
pub fn prefetch_cell_for_write(_start: *const u8, _size: usize) {}

/// As [`prefetch_line`].
pub fn asks_ahead() -> bool {
    false
}

/// The model checker has no cache lines.
pub fn pairs_lines() -> bool {
    true
}

/// The model checker has no time: lets another thread run.
pub fn sleep(_time: Duration) {
    thread::yield_now();
}

/// A turn of another thread.
pub(super) fn give_way(_round: u32) {
    thread::yield_now();
}

/// One hint a round: each lets another thread run.
pub(super) const fn spins(_round: u32) -> u32 {
    1
}
