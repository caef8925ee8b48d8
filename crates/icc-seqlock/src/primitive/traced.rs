//! The atomic and the fence of the models: loom's, with loads that count as conflicts, and
//! orderings that can be weakened.

use super::weaken;
use loom::sync::atomic::AtomicU64 as Loom;
pub use loom::sync::atomic::Ordering;
use std::cell::Cell;
use std::thread_local;

thread_local! {
    /// Whether the model that runs on this system thread wants its loads traced.
    static TRACED: Cell<bool> = const { Cell::new(false) };
}

/// Sets whether loads are traced in the models of this system thread from now on.
pub(super) fn trace_loads(traced: bool) {
    TRACED.set(traced);
}

/// Loom's `AtomicU64`, and a witness beside it.
///
/// Loom tries another order of two accesses only if they conflict, and it remembers just the last
/// load of each atomic. A thread that loads and then stores thus hides another thread's earlier
/// load from its own store, and orders of those two are never tried. Where that matters, a model
/// traces its loads: each access first stores to the witness, relaxed, so that every two accesses
/// conflict. Nobody loads the witness, so it orders nothing and lets nothing be seen.
#[derive(Debug)]
pub struct AtomicU64 {
    value: Loom,
    witness: Loom,
}

impl AtomicU64 {
    /// An atomic that holds `value`.
    #[must_use]
    #[track_caller]
    pub fn new(value: u64) -> Self {
        Self { value: Loom::new(value), witness: Loom::new(0) }
    }

    #[track_caller]
    fn trace(&self) {
        if TRACED.get() {
            self.witness.store(0, Ordering::Relaxed);
        }
    }

    /// As in the standard library.
    #[track_caller]
    pub fn load(&self, order: Ordering) -> u64 {
        self.trace();
        self.value.load(weaken::order("load", order))
    }

    /// As in the standard library.
    #[track_caller]
    pub fn store(&self, value: u64, order: Ordering) {
        self.trace();
        self.value.store(value, weaken::order("store", order));
    }

    /// As in the standard library.
    ///
    /// # Errors
    ///
    /// The value found, if it is not `current`.
    #[track_caller]
    pub fn compare_exchange(&self, current: u64, new: u64, success: Ordering, failure: Ordering) -> Result<u64, u64> {
        self.trace();
        let (success, failure) = weaken::orders(success, failure);
        self.value.compare_exchange(current, new, success, failure)
    }

    /// As in the standard library.
    #[track_caller]
    pub fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.trace();
        self.value.fetch_add(value, weaken::order("fetch_add", order))
    }
}

/// As in the standard library.
#[track_caller]
pub fn fence(order: Ordering) {
    if let Some(order) = weaken::fence_order(order) {
        loom::sync::atomic::fence(order);
    }
}
