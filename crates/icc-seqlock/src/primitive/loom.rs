//! The primitives under the model checker: loom's.

use core::time::Duration;

#[path = "model.rs"]
mod model;
#[path = "traced.rs"]
mod traced;
#[path = "weaken.rs"]
mod weaken;

pub use loom::hint::spin_loop;
pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
pub use loom::thread;
pub use model::{model, model_with_traced_loads};
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
