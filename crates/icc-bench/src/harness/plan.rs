//! How many rounds a scenario has, and how long they are.

use std::time::Duration;

/// How many rounds to measure, how long, and how often to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Rounds to keep of each case.
    pub rounds: usize,
    /// Attempts each case has beyond that, to make up for dropped rounds.
    pub retries: usize,
    /// No retry starts after this much of the run.
    pub retry_until: Duration,
    /// Length of a target's round.
    pub round: Duration,
    /// Length of a baseline round.
    pub baseline: Duration,
}

impl Plan {
    /// The same with rounds long enough for so many messages this far apart.
    #[must_use]
    pub(crate) fn with_room_for(self, messages: u32, interval: Duration) -> Self {
        // A little more than a round must have at least.
        let least = interval * messages * 11 / 10;
        Self { round: self.round.max(least), baseline: self.baseline.max(least), ..self }
    }

    /// How long a run over so many cases takes if no round is dropped.
    #[must_use]
    pub(crate) fn expected_time(&self, cases: usize) -> Duration {
        let rounds = u32::try_from(cases * self.rounds).unwrap_or(u32::MAX);
        (self.round + self.baseline).saturating_mul(rounds)
    }
}
