//! Results as rows, and the shapes they are put out in.
//!
//! Every shape is made from a [`Report`], and [`json`] reads one back as it was: a page, a picture or a comparison of an
//! earlier run is made just as of the run that has just ended.

pub(crate) mod about;
pub mod baseline;
pub mod best;
pub mod file;
pub mod json;
mod matrix;
pub mod page;
pub mod plot;
pub mod table;

use crate::catalogue::{Case, Kind};
use crate::machine::{Machine, rounded};
use crate::rounds::Outcome;
use crate::scenario::{Flow, Scenario};

/// All that a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The version of `icc-bench` that measured.
    pub version: String,
    /// The command that repeats the run.
    pub command: String,
    /// When the run began, in UTC, such as `2026-11-23T13:05:00Z`.
    pub began: String,
    /// Whether the run was ended before all rounds were measured.
    pub interrupted: bool,
    /// What it was measured on.
    pub machine: Machine,
    /// A row a case, those of one scenario together.
    pub rows: Vec<Row>,
}

impl Report {
    /// The rows of which no round was steady, so that they have no figures.
    pub fn unmeasured(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.figures.is_none())
    }

    /// The rows of each scenario, in the order of the run.
    pub fn scenarios(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|a, b| a.scenario == b.scenario)
    }
}

/// The result of one target at one payload size.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The scenario.
    pub scenario: Scenario,
    /// The target's name.
    pub target: String,
    /// What the target is for.
    pub kind: Kind,
    /// The size of the messages, in bytes.
    pub payload_bytes: usize,
    /// How many consumers there are, where that is what varies.
    pub consumers: Option<usize>,
    /// The two cores, where those are what varies.
    pub cores: Option<[usize; 2]>,
    /// How many rounds count.
    pub rounds: usize,
    /// How many rounds were dropped.
    pub dropped: usize,
    /// The figures; none if no round counts.
    pub figures: Option<Figures>,
}

/// Figures over all rounds that count: each is the median of the rounds' own, rounded to what it is good for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// The median, in nanoseconds.
    pub p50_ns: f64,
    /// The smallest of the rounds' medians, in nanoseconds.
    pub p50_min_ns: f64,
    /// The largest of the rounds' medians, in nanoseconds.
    pub p50_max_ns: f64,
    /// The 90th percentile, in nanoseconds.
    pub p90_ns: f64,
    /// The 99th percentile, in nanoseconds.
    pub p99_ns: f64,
    /// The 99.9th percentile, in nanoseconds.
    pub p999_ns: f64,
    /// The largest sample, in nanoseconds.
    pub max_ns: f64,
    /// The rounds' medians in ratio to the scenario's reference, measured around each.
    pub ratio: f64,
    /// The smallest of those ratios.
    pub ratio_min: f64,
    /// The largest of those ratios.
    pub ratio_max: f64,
    /// What became of the messages, where that is measured.
    pub flow: Option<FlowFigures>,
    /// What a message costs the thread that polls all consumers, in nanoseconds, where that is measured.
    pub thread_ns: Option<f64>,
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
            per_second: rounded(median_of(|flow| flow.per_second)?, 0),
            share_received: rounded(median_of(Flow::share_received)?, 5),
            share_told: rounded(median_of(Flow::share_told)?, 5),
        })
    }
}

impl Row {
    /// Sums up what became of a case.
    #[must_use]
    pub fn new(case: &Case, outcome: &Outcome) -> Self {
        Self {
            scenario: case.scenario,
            target: case.target.to_owned(),
            kind: case.kind,
            payload_bytes: case.payload_bytes,
            consumers: case.consumers,
            cores: case.cores,
            rounds: outcome.kept.len(),
            dropped: outcome.dropped(),
            figures: Figures::of(outcome, case.scenario.digits()),
        }
    }

    /// The target's name, with what varies beside the payload.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.target.clone();
        match self.consumers {
            Some(1) => label.push_str(", 1 consumer"),
            Some(count) => label.push_str(&format!(", {count} consumers")),
            None => {}
        }
        if let Some([first, second]) = self.cores {
            label.push_str(&format!(", cores {first} and {second}"));
        }
        label
    }

    /// Whether both are of the same thing, in two runs.
    #[must_use]
    pub fn is_same_case(&self, other: &Self) -> bool {
        self.is_beside(other) && self.target == other.target
    }

    /// Whether both are of the same size, consumers and cores, so that they can be compared.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        let point = |row: &Self| (row.payload_bytes, row.consumers, row.cores);
        self.scenario == other.scenario && point(self) == point(other)
    }
}

impl Figures {
    /// The ratio with its range, such as `1.27 (1.20–1.34)`.
    #[must_use]
    pub fn ratio_and_range(&self) -> String {
        format!("{:.2} ({:.2}–{:.2})", self.ratio, self.ratio_min, self.ratio_max)
    }

    fn of(outcome: &Outcome, digits: i32) -> Option<Self> {
        let kept = &outcome.kept;
        let sorted = |values: Vec<f64>| {
            let mut values = values;
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let ratios = sorted(kept.iter().map(|kept| kept.ratio).collect());
        let medians = sorted(kept.iter().map(|kept| kept.round.p50_ns).collect());
        let ns = |value| rounded(value, digits);
        Some(Self {
            p50_ns: ns(median(medians.iter().copied())?),
            p50_min_ns: ns(*medians.first()?),
            p50_max_ns: ns(*medians.last()?),
            p90_ns: ns(median(kept.iter().map(|kept| kept.round.p90_ns))?),
            p99_ns: ns(median(kept.iter().map(|kept| kept.round.p99_ns))?),
            p999_ns: ns(median(kept.iter().map(|kept| kept.round.p999_ns))?),
            max_ns: ns(median(kept.iter().map(|kept| kept.round.max_ns))?),
            ratio: rounded(median(ratios.iter().copied())?, 3),
            ratio_min: rounded(*ratios.first()?, 3),
            ratio_max: rounded(*ratios.last()?, 3),
            flow: FlowFigures::of(outcome),
            thread_ns: median(kept.iter().filter_map(|kept| kept.round.thread_ns)).map(|value| rounded(value, 3)),
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
pub(crate) mod tests;
