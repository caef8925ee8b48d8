//! How long a call that waits for a slot's writer does.

use icc_seqlock::primitive::{Backoff, thread};

/// Rounds of backing off, some tens of microseconds in all: longer than any copy takes.
const SPINS: u32 = if cfg!(icc_loom) { 0 } else { 16 };
/// Rounds of giving the core away after that. With nothing else to run, some milliseconds in all.
const YIELDS: u32 = if cfg!(icc_loom) { 3 } else { 10_000 };
/// Of those, one in this many looks whether the writer lives, which costs a system call if it does.
const LOOK_EVERY: u32 = if cfg!(icc_loom) { 1 } else { 64 };

/// What to do after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Try again.
    Again,
    /// See whether the writer is dead; if not, try again.
    Look,
    /// Give up, after that many attempts.
    GiveUp(u32),
}

/// A wait that ends.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    rounds: u32,
    backoff: Backoff,
}

impl Patience {
    pub(crate) fn round(&mut self) -> Round {
        self.rounds += 1;
        let yields = self.rounds.saturating_sub(SPINS);
        if yields == 0 {
            self.backoff.spin();
            return Round::Again;
        }
        if yields > YIELDS {
            return Round::GiveUp(self.rounds);
        }
        thread::yield_now();
        if yields.is_multiple_of(LOOK_EVERY) || yields == 1 { Round::Look } else { Round::Again }
    }
}
