//! What a round measured, and how percentiles are taken from a histogram.

use hdrhistogram::Histogram;

/// What one round of one target measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    /// The largest sample, in nanoseconds.
    pub max_ns: f64,
    /// How many messages went which way, where a producer may be faster than its consumer.
    pub flow: Option<Flow>,
    /// The time a message costs the thread that polls all consumers, in nanoseconds, where that is
    /// measured.
    pub thread_ns: Option<f64>,
}

/// What became of the messages of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Messages sent.
    pub produced: u64,
    /// Messages received, each of them checked.
    pub received: u64,
    /// Messages that the receiver reported as lost.
    pub told_lost: u64,
    /// Messages received in a second.
    pub per_second: f64,
}

impl Flow {
    /// The share of the messages sent that were received, from 0 to 1.
    #[must_use]
    pub fn share_received(&self) -> f64 {
        self.received as f64 / self.produced as f64
    }

    /// The share of the missing messages that the receiver reported: 1 if exactly those, or if none
    /// is missing.
    #[must_use]
    pub fn share_told(&self) -> f64 {
        let missing = self.produced.saturating_sub(self.received);
        if missing == self.told_lost { 1.0 } else { self.told_lost as f64 / missing as f64 }
    }
}

impl Round {
    /// The percentiles of a histogram, each turned into nanoseconds by `to_ns`.
    ///
    /// A value of the histogram stands for all times of its bucket, and a percentile falls within a
    /// bucket where its share of the bucket's samples says. With a counter that steps by 10 ns the
    /// median would otherwise jump by a whole step; so it is good to about a tenth of one.
    #[must_use]
    pub(crate) fn from_histogram(histogram: &Histogram<u64>, to_ns: impl Fn(f64) -> f64) -> Self {
        let ns = |quantile| to_ns(value_at(histogram, quantile)).max(0.0);
        Self {
            samples: histogram.len(),
            p50_ns: ns(0.5),
            p90_ns: ns(0.9),
            p99_ns: ns(0.99),
            p999_ns: ns(0.999),
            max_ns: ns(1.0),
            flow: None,
            thread_ns: None,
        }
    }
}

/// The value at a quantile, between those of the bucket it falls into. Zero for an empty histogram.
fn value_at(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    let wanted = quantile * histogram.len() as f64;
    let mut below = 0.0;
    for bucket in histogram.iter_recorded() {
        let count = bucket.count_since_last_iteration() as f64;
        if below + count >= wanted {
            let value = bucket.value_iterated_to();
            // A time counted as n steps lies anywhere from half a step below to half a step above.
            let low = histogram.lowest_equivalent(value) as f64 - 0.5;
            let high = histogram.highest_equivalent(value) as f64 + 0.5;
            return low + (high - low) * (wanted - below) / count;
        }
        below += count;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a counter with steps of 10 says of a time, begun anywhere in a step.
    fn stepped(times: impl Iterator<Item = f64>) -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 3).unwrap();
        for time in times {
            for phase in 0..100 {
                let start = f64::from(phase) / 10.0;
                histogram.record(((start + time) / 10.0) as u64).unwrap();
            }
        }
        histogram
    }

    #[test]
    fn percentiles_are_finer_than_the_counters_step() {
        for time in [120.0, 122.0, 125.0, 127.5, 129.0] {
            let round = Round::from_histogram(&stepped([time].into_iter()), |steps| steps * 10.0);
            assert!((round.p50_ns - time).abs() < 1.5, "{} for {time}", round.p50_ns);
        }
        let spread = stepped((0..1000).map(|i| 100.0 + f64::from(i)));
        let round = Round::from_histogram(&spread, |steps| steps * 10.0);
        assert_eq!(round.samples, 100_000);
        for (got, expected) in
            [(round.p50_ns, 600.0), (round.p90_ns, 1000.0), (round.p99_ns, 1090.0), (round.p999_ns, 1099.0)]
        {
            assert!((got - expected).abs() < 6.0, "{got} for {expected}");
        }
    }

    #[test]
    fn an_empty_histogram_gives_zeros() {
        let empty = Histogram::new_with_bounds(1, 10_000, 3).unwrap();
        let round = Round::from_histogram(&empty, |steps| steps - 5.0);
        assert_eq!((round.samples, round.p50_ns, round.p999_ns), (0, 0.0, 0.0));
    }
}
