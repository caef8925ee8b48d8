//! Results as rows, and the shapes they are put out in.

pub mod json;
pub mod table;

use crate::catalogue::Case;
use crate::machine::Machine;
use crate::rounds::Outcome;
use crate::scenario::{Flow, Scenario};

/// All that a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What it was measured on.
    pub machine: Machine,
    /// A row a case.
    pub rows: Vec<Row>,
}

impl Report {
    /// The rows of which no round was steady, so that they have no figures.
    pub fn unmeasured(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.figures.is_none())
    }
}

/// The result of one subject at one payload size.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The scenario.
    pub scenario: Scenario,
    /// The subject's name.
    pub subject: &'static str,
    /// The size of the messages, in bytes.
    pub payload_bytes: usize,
    /// How many rounds count.
    pub rounds: usize,
    /// How many rounds were dropped.
    pub dropped: usize,
    /// The figures; none if no round counts.
    pub figures: Option<Figures>,
}

/// Figures over all rounds that count: each is the median of the rounds' own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The median, in nanoseconds.
    pub p50_ns: f64,
    /// The 90th percentile, in nanoseconds.
    pub p90_ns: f64,
    /// The 99th percentile, in nanoseconds.
    pub p99_ns: f64,
    /// The 99.9th percentile, in nanoseconds.
    pub p999_ns: f64,
    /// The rounds' medians in ratio to the scenario's reference, measured around each.
    pub ratio: f64,
    /// The smallest of those ratios.
    pub ratio_min: f64,
    /// The largest of those ratios.
    pub ratio_max: f64,
    /// What became of the messages, where that is measured.
    pub flow: Option<FlowFigures>,
}

/// What became of the messages, over all rounds that count: each is the median of the rounds' own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowFigures {
    /// Messages received in a second.
    pub per_second: f64,
    /// The share of the messages sent that were received, from 0 to 1.
    pub share_received: f64,
    /// The share of the missing messages that the receiver was told of.
    pub share_told: f64,
}

impl FlowFigures {
    fn of(outcome: &Outcome) -> Option<Self> {
        let median_of = |pick: fn(&Flow) -> f64| {
            median(outcome.kept.iter().filter_map(|kept| kept.round.flow).map(|flow| pick(&flow)))
        };
        Some(Self {
            per_second: median_of(|flow| flow.per_second)?,
            share_received: median_of(Flow::share_received)?,
            share_told: median_of(Flow::share_told)?,
        })
    }
}

impl Row {
    /// Sums up what became of a case.
    #[must_use]
    pub fn new(case: &Case, outcome: &Outcome) -> Self {
        Self {
            scenario: case.scenario,
            subject: case.subject,
            payload_bytes: case.payload_bytes,
            rounds: outcome.kept.len(),
            dropped: outcome.dropped(),
            figures: Figures::of(outcome),
        }
    }
}

impl Figures {
    fn of(outcome: &Outcome) -> Option<Self> {
        let kept = &outcome.kept;
        let mut ratios: Vec<f64> = kept.iter().map(|kept| kept.ratio).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        Some(Self {
            p50_ns: median(kept.iter().map(|kept| kept.round.p50_ns))?,
            p90_ns: median(kept.iter().map(|kept| kept.round.p90_ns))?,
            p99_ns: median(kept.iter().map(|kept| kept.round.p99_ns))?,
            p999_ns: median(kept.iter().map(|kept| kept.round.p999_ns))?,
            ratio: median(ratios.iter().copied())?,
            ratio_min: *ratios.first()?,
            ratio_max: *ratios.last()?,
            flow: FlowFigures::of(outcome),
        })
    }
}

/// The middle value, or the mean of the two in the middle; none of an empty set.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some((values[values.len() / 2 - 1] + upper) / 2.0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::Stopwatch;
    use crate::pin::Cores;
    use crate::rounds::Kept;
    use crate::scenario::Round;

    fn kept(p50_ns: f64, ratio: f64) -> Kept {
        let round =
            Round { samples: 1, p50_ns, p90_ns: p50_ns * 2.0, p99_ns: p50_ns * 3.0, p999_ns: p50_ns * 4.0, flow: None };
        Kept { round, ratio }
    }

    /// A report with one full row and one without figures.
    pub(crate) fn sample() -> Report {
        let cores = Cores { first: 0, second: 1 };
        let case = crate::catalogue::baseline(56);
        let outcome =
            Outcome { kept: vec![kept(60.0, 1.1), kept(50.0, 0.9), kept(55.0, 1.0)], drifted: 1, too_short: 1 };
        Report {
            machine: Machine::describe(&[0, 1], cores, &Stopwatch::calibrate()),
            rows: vec![Row::new(&case, &outcome), Row::new(&crate::catalogue::baseline(1024), &Outcome::default())],
        }
    }

    #[test]
    fn medians_are_of_the_middle() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0].into_iter()), Some(3.0));
        assert_eq!(median([3.0, 1.0].into_iter()), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0].into_iter()), Some(2.0));
    }

    #[test]
    fn a_row_has_medians_and_the_range_of_ratios() {
        let report = sample();
        let row = &report.rows[0];
        assert_eq!((row.rounds, row.dropped), (3, 2));
        let figures = row.figures.unwrap();
        assert_eq!((figures.p50_ns, figures.p999_ns), (55.0, 220.0));
        assert_eq!((figures.ratio_min, figures.ratio, figures.ratio_max), (0.9, 1.0, 1.1));
        assert_eq!(report.unmeasured().count(), 1);
    }
}
