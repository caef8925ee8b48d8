//! The one shim for atomics, fences, spin hints, shared ownership and threads.
//!
//! Every crate of the workspace takes these from here and never names `core::sync::atomic` or loom, so that one cfg,
//! `icc_loom`, puts all of them under the model checker at once. It is public for those crates only: nothing in it is
//! covered by semantic versioning.

#[cfg(icc_loom)]
mod model;
#[cfg(icc_loom)]
mod traced;
#[cfg(icc_loom)]
mod weaken;
#[cfg(icc_loom)]
mod os {
    pub use super::model::{model, model_with_traced_loads};
    pub use super::traced::{AtomicU64, Ordering, fence};
    pub use loom::hint::spin_loop;
    pub use loom::sync::Arc;
    pub use loom::thread;
}

#[cfg(not(icc_loom))]
mod os {
    #[cfg(feature = "std")]
    extern crate std;

    pub use core::cell::UnsafeCell;
    pub use core::hint::spin_loop;
    pub use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};
    #[cfg(feature = "std")]
    pub use std::{sync::Arc, thread};
}

#[cfg(icc_steps)]
mod steps;
#[cfg(icc_steps)]
pub use steps::step;

pub use os::*;

/// A step of a protocol, at which tests let a process die. Nothing, except in builds for those tests.
#[cfg(not(icc_steps))]
#[inline(always)]
pub fn step(_name: &str) {}

/// Rounds of waiting that double the pause each time, up to 64 spin hints.
///
/// Loom gives every wait one turn of another thread instead, else a waiting loop would never end.
#[derive(Debug, Default)]
pub struct Backoff {
    rounds: u32,
}

impl Backoff {
    /// The longest pause is `1 << LIMIT` spin hints.
    const LIMIT: u32 = 6;

    /// A backoff that has not waited yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { rounds: 0 }
    }

    /// Waits one round.
    #[inline]
    pub fn spin(&mut self) {
        if cfg!(icc_loom) {
            spin_loop();
            return;
        }
        for _ in 0..1_u32 << self.rounds {
            spin_loop();
        }
        self.rounds = (self.rounds + 1).min(Self::LIMIT);
    }
}
