//! Rounds: targets take turns in an order drawn anew for each pass, each round stands between two
//! of the baseline, and one the machine disturbed is dropped. The two cores exchange their roles
//! from pass to pass.
//!
//! Cores change their speed and their neighbours' load by the second. A ratio means something only
//! if both its sides were measured under the same conditions, and that is what the two baseline
//! rounds around a round tell.

use std::ops::ControlFlow;
use std::time::Duration;

use super::plan::Plan;
use super::round::Round;

/// The largest difference allowed between the baseline's medians in the two rounds around a
/// target's.
pub(crate) const MAX_DRIFT: f64 = 0.15;

/// Whether a round counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does.
    Keep,
    /// The baseline moved too far from before it to after it.
    BaselineMoved,
    /// It, or a baseline round beside it, has too few samples: the cores were busy with something
    /// else.
    TooFewSamples,
}

/// Judges a round by the baseline rounds before and after it.
#[must_use]
pub(crate) fn judge(before: &Round, round: &Round, after: &Round, min_samples: u64) -> Verdict {
    if [before, round, after].iter().any(|round| round.samples < min_samples) {
        return Verdict::TooFewSamples;
    }
    let (low, high) = (before.p50_ns.min(after.p50_ns), before.p50_ns.max(after.p50_ns));
    if high > low * (1.0 + MAX_DRIFT) { Verdict::BaselineMoved } else { Verdict::Keep }
}

/// A round that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kept {
    /// What was measured.
    pub round: Round,
    /// Its median in ratio to the mean of the two baseline medians around it.
    pub ratio: f64,
}

/// All that became of one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// The rounds that count.
    pub kept: Vec<Kept>,
    /// How many rounds were dropped because the baseline moved.
    pub drifted: usize,
    /// How many rounds were dropped because they had too few samples.
    pub too_short: usize,
}

impl Outcome {
    /// How many rounds were dropped.
    #[must_use]
    pub(crate) fn dropped(&self) -> usize {
        self.drifted + self.too_short
    }
}

/// Which round is to be measured now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// One of the baseline.
    Baseline,
    /// One of the case with this index.
    Case(usize),
}

/// Which core has which role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Roles {
    /// As the run was told.
    AsGiven,
    /// The first core does what the second one does otherwise.
    Exchanged,
}

impl Roles {
    fn of_pass(pass: usize) -> Self {
        if pass.is_multiple_of(2) { Self::AsGiven } else { Self::Exchanged }
    }
}

/// What a run reports as it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A round of this case begins; passes count from 0.
    Begins {
        /// The case's index.
        case: usize,
        /// How often all cases had their turn before.
        pass: usize,
    },
    /// A round of this case was judged.
    Judged {
        /// The case's index.
        case: usize,
        /// Whether it counts.
        verdict: Verdict,
    },
}

/// Measures every case until it has its rounds, in passes over all of them, with a baseline round
/// before and after any.
///
/// A case whose round is dropped has its next turn when all others have had theirs, by when the
/// disturbance may be over; after `plan.rounds + plan.retries` attempts it is left with what it
/// has. Each pass has an order of its own, drawn from `random`, so that no case always follows the
/// same one, and the roles of the cores that the last one had not. `tell` may end the run at any
/// time; what was measured until then stays.
///
/// # Errors
///
/// The first error of `measure`.
pub(crate) fn interleave<E>(
    cases: usize,
    plan: &Plan,
    min_samples: u64,
    random: &mut fastrand::Rng,
    elapsed: impl Fn() -> Duration,
    mut measure: impl FnMut(Turn, Roles) -> Result<Round, E>,
    mut tell: impl FnMut(Event) -> ControlFlow<()>,
) -> Result<Vec<Outcome>, E> {
    let mut outcomes = vec![Outcome::default(); cases];
    if cases == 0 || plan.rounds == 0 {
        return Ok(outcomes);
    }
    let mut order: Vec<usize> = (0..cases).collect();
    for pass in 0..plan.rounds + plan.retries {
        let (is_retry, roles) = (pass >= plan.rounds, Roles::of_pass(pass));
        random.shuffle(&mut order);
        // Of the same roles as the rounds beside it, so measured anew in each pass that has any.
        let mut before = None;
        for &case in &order {
            if outcomes[case].kept.len() >= plan.rounds {
                continue;
            }
            if is_retry && elapsed() >= plan.retry_until {
                return Ok(outcomes);
            }
            if tell(Event::Begins { case, pass }).is_break() {
                return Ok(outcomes);
            }
            let before_it = match before {
                Some(round) => round,
                None => measure(Turn::Baseline, roles)?,
            };
            let round = measure(Turn::Case(case), roles)?;
            let after = measure(Turn::Baseline, roles)?;
            let verdict = judge(&before_it, &round, &after, min_samples);
            let outcome = &mut outcomes[case];
            match verdict {
                Verdict::Keep => {
                    outcome.kept.push(Kept { round, ratio: 2.0 * round.p50_ns / (before_it.p50_ns + after.p50_ns) })
                }
                Verdict::BaselineMoved => outcome.drifted += 1,
                Verdict::TooFewSamples => outcome.too_short += 1,
            }
            if tell(Event::Judged { case, verdict }).is_break() {
                return Ok(outcomes);
            }
            before = Some(after);
        }
    }
    Ok(outcomes)
}

#[cfg(test)]
mod tests;
