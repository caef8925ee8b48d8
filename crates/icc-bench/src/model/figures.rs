//! The figures of a row.

use serde::{Deserialize, Serialize};

/// Figures over all rounds that count: each is the median of the rounds' own, rounded to what it is
/// good for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
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
    /// The two groups that the rounds' ratios fall into, where they do.
    pub groups: Option<Groups>,
    /// What became of the messages, where that is measured.
    pub flow: Option<FlowFigures>,
    /// What a message costs the thread that polls all consumers, in nanoseconds, where that is
    /// measured.
    pub thread_ns: Option<f64>,
}

/// The two groups that a row's rounds fall into: what is measured has two states, and the median
/// between them says only which was met more often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Groups {
    /// The median ratio of the lower group.
    pub low: f64,
    /// How many rounds are in it.
    pub low_rounds: usize,
    /// The median ratio of the upper group.
    pub high: f64,
    /// How many rounds are in it.
    pub high_rounds: usize,
}

impl Groups {
    /// Both groups in words, such as `1.13 in 4 rounds, 1.62 in 3`.
    #[must_use]
    pub(crate) fn in_words(&self) -> String {
        format!("{:.2} in {} rounds, {:.2} in {}", self.low, self.low_rounds, self.high, self.high_rounds)
    }
}

/// What became of the messages, over all rounds that count: each is the median of the rounds' own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FlowFigures {
    /// Messages received in a second.
    pub per_second: f64,
    /// The share of the messages sent that were received, from 0 to 1.
    pub share_received: f64,
    /// The share of the missing messages that the receiver reported.
    pub share_told: f64,
}

impl Figures {
    /// The ratio with its range, such as `1.27 (1.20–1.34)`.
    #[must_use]
    pub(crate) fn ratio_and_range(&self) -> String {
        format!("{:.2} ({:.2}–{:.2})", self.ratio, self.ratio_min, self.ratio_max)
    }
}

/// Rounded to so many digits after the point, so that files do not show digits that mean nothing.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
