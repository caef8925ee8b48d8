//! Waiting a little longer each time.

use super::os::{spin_loop, spins};

/// Waits in rounds; each pause is twice as long as the last, up to 64 spin hints.
///
/// Under loom every round lets another thread run once instead; otherwise a waiting loop would
/// never end.
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
        for _ in 0..spins(self.rounds) {
            spin_loop();
        }
        self.rounds = (self.rounds + 1).min(Self::LIMIT);
    }
}
