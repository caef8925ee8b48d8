//! How long each hop took: percentiles.

use crate::Timing;
use core::time::Duration;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;

/// The longest time that is told from longer ones, in nanoseconds: an hour.
const LONGEST: u64 = 3_600 * 1_000_000_000;

/// What a number of timings say, hop by hop and for each whole path.
///
/// # Examples
///
/// ```
/// # use icc_trace::{Options, Reader, Summary, Trace, TraceSpec};
/// # let name = format!("icc-trace-summary-{}", std::process::id());
/// # let trace = Trace::<icc_trace::On>::open_or_create(&name, &TraceSpec::new())?;
/// # let mut feed = trace.hop("feed")?;
/// let mut reader = Reader::open(&name, &Options::new())?;
/// # let arrival = feed.enter();
/// # feed.end(arrival);
/// let mut summary = Summary::new();
/// reader.read(|timing| summary.add(&timing));
///
/// let names = reader.names();
/// for (id, hop) in summary.hops() {
///     println!("{}: {:?}, {:?} at most", names[id], hop.worked.percentile(50.0), hop.worked.max());
/// }
/// # assert_eq!(summary.hops().count(), 1);
/// # icc_trace::remove(&name)?;
/// # Ok::<(), icc_trace::TraceError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Summary {
    hops: BTreeMap<usize, HopSummary>,
    /// Hops that others had messages from.
    passed_on: BTreeMap<usize, ()>,
}

/// What the timings of one hop say.
#[derive(Clone, Debug, Default)]
pub struct HopSummary {
    /// How many messages it had, those included that the samples stand for.
    pub messages: u64,
    /// The hops that it had them from, by id; none of them if they entered the system here.
    pub from: Vec<usize>,
    /// From being published to arriving here.
    pub waited: Times,
    /// From arriving to leaving.
    pub worked: Times,
    /// From the cause's entering the system to leaving this hop.
    pub since_origin: Times,
}

/// A number of times.
#[derive(Clone, Debug)]
pub struct Times {
    histogram: Histogram<u64>,
    sum: u128,
}

impl Default for Times {
    fn default() -> Self {
        // Two digits: to 1 %.
        let histogram = Histogram::new_with_bounds(1, LONGEST, 2).expect("these bounds are in order");
        Self { histogram, sum: 0 }
    }
}

impl Times {
    fn add(&mut self, time: Duration) {
        let ns = time.as_nanos().min(LONGEST.into()) as u64;
        self.histogram.saturating_record(ns);
        self.sum += u128::from(ns);
    }

    /// The time that this share of all were within, in percent, to 1 %; zero if there are none.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_percentile(percent))
    }

    /// The longest, to 1 %.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.histogram.max())
    }

    /// The mean in nanoseconds, exactly; zero if there are none.
    #[must_use]
    pub fn mean_ns(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { self.sum as f64 / self.count() as f64 }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }
}

impl Summary {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    pub fn add(&mut self, timing: &Timing) {
        let hop = self.hops.entry(timing.hop()).or_default();
        hop.messages = hop.messages.saturating_add(timing.every());
        hop.worked.add(timing.worked());
        hop.since_origin.add(timing.since_origin());
        hop.waited.add(timing.waited());
        if let Some(from) = timing.from() {
            if let Err(place) = hop.from.binary_search(&from) {
                hop.from.insert(place, from);
            }
            self.passed_on.insert(from, ());
        }
    }

    /// Begins anew, but remembers which hops pass messages on.
    pub fn clear(&mut self) {
        self.hops.clear();
    }

    /// The hops that had messages, by id.
    pub fn hops(&self) -> impl Iterator<Item = (usize, &HopSummary)> {
        self.hops.iter().map(|(id, hop)| (*id, hop))
    }

    /// The hops at which a path ends: none has had a message from them. Their
    /// [`since_origin`](HopSummary::since_origin) is the time of the whole path.
    pub fn ends(&self) -> impl Iterator<Item = (usize, &HopSummary)> {
        self.hops().filter(|(id, _)| !self.passed_on.contains_key(id))
    }
}
