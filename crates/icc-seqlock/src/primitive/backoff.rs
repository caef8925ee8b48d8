//! Waiting a little, then a little longer.

use super::os::{give_way, spin_loop, spins};

/// Rounds of waiting: spin hints that double each time up to 64; and, in [`wait`](Self::wait),
/// other ways after a while.
///
/// Loom gives every round one turn of another thread instead, else a waiting loop would never end.
#[derive(Debug, Default)]
pub struct Backoff {
    rounds: u32,
}

impl Backoff {
    /// The longest pause is `1 << LIMIT` spin hints.
    const LIMIT: u32 = 6;
    /// Rounds that spin: some tens of microseconds in all, longer than any copy takes.
    const SPINS: u32 = 16;

    /// A backoff that has not waited yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { rounds: 0 }
    }

    /// Waits one round, and keeps the core.
    #[inline]
    pub fn spin(&mut self) {
        for _ in 0..spins(self.rounds.min(Self::LIMIT)) {
            spin_loop();
        }
        self.rounds = self.rounds.saturating_add(1);
    }

    /// Waits one round for another thread, which may have to run on this core: spins at first,
    /// then, with the feature `std`, yields the core, then sleeps, from 50 microseconds to a
    /// millisecond. A thread of high priority lets one of low priority run only if it sleeps.
    #[inline]
    pub fn wait(&mut self) {
        match self.rounds.checked_sub(Self::SPINS) {
            None => self.spin(),
            Some(round) => {
                give_way(round);
                self.rounds = self.rounds.saturating_add(1);
            }
        }
    }
}
