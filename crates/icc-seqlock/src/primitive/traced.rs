//! The atomics and the fences of the models: loom's, with loads that count as conflicts, and
//! orderings that can be weakened.

use super::weaken;
pub use loom::sync::atomic::Ordering;
use loom::sync::atomic::{AtomicU32 as Loom32, AtomicU64 as Loom64};
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

/// An atomic of a width, as its shipped counterpart.
macro_rules! traced {
    ($(#[$doc:meta])* $name:ident, $value:ty, $loom:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            value: $loom,
            witness: Loom64,
        }

        impl $name {
            /// An atomic that holds `value`.
            #[must_use]
            #[track_caller]
            pub fn new(value: $value) -> Self {
                Self { value: <$loom>::new(value), witness: Loom64::new(0) }
            }

            #[track_caller]
            fn trace(&self) {
                if TRACED.get() {
                    self.witness.store(0, Ordering::Relaxed);
                }
            }

            /// As in the standard library.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                self.trace();
                self.value.load(weaken::order("load", order))
            }

            /// As in the standard library.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.trace();
                self.value.store(value, weaken::order("store", order));
            }

            /// As in the standard library.
            ///
            /// # Errors
            ///
            /// The value found, if it is not `current`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.trace();
                let (success, failure) = weaken::orders(success, failure);
                self.value.compare_exchange(current, new, success, failure)
            }

            /// As in the standard library.
            #[track_caller]
            pub fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                self.trace();
                self.value.fetch_max(value, weaken::order("fetch_max", order))
            }

            /// As in the standard library.
            #[track_caller]
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.trace();
                self.value.fetch_add(value, weaken::order("fetch_add", order))
            }
        }
    };
}

traced! {
    /// Loom's `AtomicU64`, and a witness beside it.
    ///
    /// Loom tries another order of two accesses only if they conflict, and it remembers just the last
    /// load of each atomic. A thread that loads and then stores thus hides another thread's earlier
    /// load from its own store, and orders of those two are never tried. Where that matters, a model
    /// traces its loads: each access first stores to the witness, relaxed, so that every two accesses
    /// conflict. Nobody loads the witness, so it orders nothing and lets nothing be seen.
    AtomicU64, u64, Loom64
}

traced! {
    /// Loom's `AtomicU32`, likewise.
    AtomicU32, u32, Loom32
}

/// As in the standard library.
#[track_caller]
pub fn fence(order: Ordering) {
    if let Some(order) = weaken::fence_order(order) {
        loom::sync::atomic::fence(order);
    }
}

/// What the producer of a pair pays a load for in shipped builds: a fence too here, where nobody can
/// order one on another thread.
#[track_caller]
pub fn load_behind_stores(word: &AtomicU32) -> u32 {
    fence(Ordering::SeqCst);
    word.load(Ordering::Relaxed)
}
