//! What is measured: one module a scenario.

pub mod one_way_latency;

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::Stopwatch;
use crate::pin::Cores;

/// What every round of a run shares.
#[derive(Clone, Debug)]
pub struct Rig {
    /// The cores of the two threads.
    pub cores: Cores,
    /// Where time stamps come from.
    pub stopwatch: Stopwatch,
    /// How long a message may take before it counts as lost.
    pub patience: Duration,
}

/// What one round of one subject measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// Samples behind the percentiles.
    pub samples: u64,
    /// The median, in nanoseconds.
    pub p50_ns: f64,
    /// 90 % of the samples were at most this, in nanoseconds.
    pub p90_ns: f64,
    /// 99 % of the samples were at most this, in nanoseconds.
    pub p99_ns: f64,
    /// 99.9 % of the samples were at most this, in nanoseconds.
    pub p999_ns: f64,
}

impl Round {
    /// The percentiles of a histogram whose values are `ns_per_unit` nanoseconds each.
    #[must_use]
    pub fn from_histogram(histogram: &Histogram<u64>, ns_per_unit: f64) -> Self {
        let ns = |quantile| histogram.value_at_quantile(quantile) as f64 * ns_per_unit;
        Self { samples: histogram.len(), p50_ns: ns(0.5), p90_ns: ns(0.9), p99_ns: ns(0.99), p999_ns: ns(0.999) }
    }
}
