//! What is measured: one module a scenario.

pub mod copy_cost;
pub mod core_matrix;
pub mod fan_out;
pub mod multi_producer;
pub mod one_way_latency;
pub mod produce_cost;
pub mod spaced_latency;
pub mod stream;
pub mod vector_read_all;

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::clock::Stopwatch;
use crate::message::{COPIED_PAYLOADS, DEFAULT_PAYLOADS, PAYLOADS};
use crate::offset::Offset;
use crate::pin::Cores;
use crate::rounds::Plan;

/// What a run measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    /// A message from one core to another, back to back: [`one_way_latency`].
    #[default]
    OneWayLatency,
    /// The same with a pause between messages: [`spaced_latency`].
    SpacedLatency,
    /// A producer and a consumer at full speed: [`stream`].
    Stream,
    /// What a message costs its producer: [`produce_cost`].
    ProduceCost,
    /// Two producers into one queue: [`multi_producer`].
    MultiProducer,
    /// More and more consumers in one thread: [`fan_out`].
    FanOut,
    /// A cell read or written on one core, beside a plain copy: [`copy_cost`].
    CopyCost,
    /// Every value of a table read at once: [`vector_read_all`].
    VectorReadAll,
    /// Every pair of cores: [`core_matrix`].
    CoreMatrix,
}

impl Scenario {
    /// Every scenario, in the order of a run.
    pub const ALL: [Self; 9] = [
        Self::OneWayLatency,
        Self::SpacedLatency,
        Self::Stream,
        Self::ProduceCost,
        Self::MultiProducer,
        Self::FanOut,
        Self::CopyCost,
        Self::VectorReadAll,
        Self::CoreMatrix,
    ];

    /// The name in tables, in JSON and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OneWayLatency => one_way_latency::NAME,
            Self::SpacedLatency => spaced_latency::NAME,
            Self::Stream => stream::NAME,
            Self::ProduceCost => produce_cost::NAME,
            Self::MultiProducer => multi_producer::NAME,
            Self::FanOut => fan_out::NAME,
            Self::CopyCost => copy_cost::NAME,
            Self::VectorReadAll => vector_read_all::NAME,
            Self::CoreMatrix => core_matrix::NAME,
        }
    }

    /// What a ratio is to, in a word or two.
    #[must_use]
    pub fn reference(self) -> &'static str {
        match self {
            Self::OneWayLatency | Self::SpacedLatency | Self::Stream => "raw",
            Self::ProduceCost => "plain ring",
            Self::MultiProducer => "fetch_add",
            Self::FanOut => "one consumer",
            Self::CopyCost => "plain",
            Self::VectorReadAll => "plain slice",
            Self::CoreMatrix => "first pair",
        }
    }

    /// Payload sizes that can be asked for, in bytes.
    #[must_use]
    pub fn payloads(self) -> &'static [usize] {
        match self {
            Self::CopyCost => &COPIED_PAYLOADS,
            Self::CoreMatrix => &core_matrix::PAYLOADS,
            _ => &PAYLOADS,
        }
    }

    /// Payload sizes when none are asked for, in bytes.
    #[must_use]
    pub fn default_payloads(self) -> &'static [usize] {
        match self {
            Self::OneWayLatency => &DEFAULT_PAYLOADS,
            Self::SpacedLatency => &spaced_latency::DEFAULT_PAYLOADS,
            Self::ProduceCost | Self::Stream => &produce_cost::DEFAULT_PAYLOADS,
            Self::MultiProducer => &multi_producer::DEFAULT_PAYLOADS,
            Self::FanOut => &fan_out::DEFAULT_PAYLOADS,
            Self::CopyCost => &COPIED_PAYLOADS,
            Self::VectorReadAll => &vector_read_all::DEFAULT_PAYLOADS,
            Self::CoreMatrix => &core_matrix::PAYLOADS,
        }
    }

    /// Rounds and their length.
    #[must_use]
    pub fn plan(self, is_quick: bool) -> Plan {
        let (full, quick) = match self {
            Self::OneWayLatency => (Plan::FULL, Plan::QUICK),
            Self::SpacedLatency => (spaced_latency::FULL, spaced_latency::QUICK),
            Self::Stream => (stream::FULL, stream::QUICK),
            Self::ProduceCost => (produce_cost::FULL, produce_cost::QUICK),
            Self::MultiProducer => (multi_producer::FULL, multi_producer::QUICK),
            Self::FanOut => (fan_out::FULL, fan_out::QUICK),
            Self::CopyCost => (copy_cost::FULL, copy_cost::QUICK),
            Self::VectorReadAll => (vector_read_all::FULL, vector_read_all::QUICK),
            Self::CoreMatrix => (core_matrix::FULL, core_matrix::QUICK),
        };
        if is_quick { quick } else { full }
    }

    /// A round with fewer samples does not count.
    #[must_use]
    pub fn min_samples(self) -> u64 {
        match self {
            Self::OneWayLatency => one_way_latency::MIN_SAMPLES,
            Self::SpacedLatency => spaced_latency::MIN_SAMPLES,
            Self::VectorReadAll => vector_read_all::MIN_SAMPLES,
            Self::CoreMatrix => core_matrix::MIN_SAMPLES,
            _ => MIN_BATCHES,
        }
    }

    /// Digits after the point that a time in nanoseconds is good for.
    #[must_use]
    pub fn digits(self) -> i32 {
        match self {
            Self::OneWayLatency | Self::SpacedLatency | Self::VectorReadAll | Self::CoreMatrix => 1,
            // Each sample is the mean of a batch, so finer than the counter.
            _ => 3,
        }
    }
}

/// Batches a round needs where a sample is the mean of a batch of operations.
const MIN_BATCHES: u64 = 200;

/// How long a batch is to take: long against the counter's step, short against the time between two interrupts.
const BATCH: Duration = Duration::from_micros(4);

/// Times batches of `operation` for about `length`; each sample is a batch's mean.
///
/// `goes_on` is asked between batches. The batches that find the right size warm caches and predictors up, and are not
/// counted.
#[inline(always)]
fn time_batches(
    stopwatch: &Stopwatch,
    length: Duration,
    goes_on: impl Fn() -> bool,
    mut operation: impl FnMut(),
) -> Round {
    let mut time = |operations: u64| {
        let start = stopwatch.stamp();
        for _ in 0..operations {
            operation();
        }
        (start, stopwatch.stamp())
    };
    let (batch_ticks, length_ticks) = (stopwatch.ticks_in(BATCH), stopwatch.ticks_in(length));
    let mut operations = 1;
    let begin = loop {
        let (start, end) = time(operations);
        if end.saturating_sub(start) >= batch_ticks || !goes_on() {
            break end;
        }
        operations *= 2;
    };
    // A second is far more than any batch takes; what is longer is counted as one.
    let longest = stopwatch.ticks_in(Duration::from_secs(1)) / stopwatch.step_ticks();
    let mut histogram = Histogram::new_with_bounds(1, longest.max(1_000), 3)
        .expect("bounds from 1 to at least 1000 with three digits are always accepted");
    loop {
        let (start, end) = time(operations);
        histogram.saturating_record(end.saturating_sub(start) / stopwatch.step_ticks());
        if end.saturating_sub(begin) >= length_ticks || !goes_on() {
            break;
        }
    }
    Round::from_histogram(&histogram, |steps| (steps * stopwatch.step_ns() - stopwatch.cost_ns()) / operations as f64)
}

/// What every round of a run shares.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The cores of the two threads.
    pub cores: Cores,
    /// Where time stamps come from.
    pub stopwatch: Stopwatch,
    /// How long a message may take before it counts as lost.
    pub patience: Duration,
    /// The pause between two messages of [`spaced_latency`].
    pub interval: Duration,
    /// By how much the clock of the second core is ahead of the first one's.
    pub clocks: Offset,
}

impl Setup {
    /// How long a message may take before it counts as lost, where nothing else is said.
    pub const PATIENCE: Duration = Duration::from_secs(2);

    /// A setup on these cores, its clock calibrated and compared between them. Takes up to about 250 ms.
    ///
    /// # Errors
    ///
    /// [`RoundError`](one_way_latency::RoundError) if a thread cannot be pinned to one of the cores.
    pub fn new(cores: Cores) -> Result<Self, one_way_latency::RoundError> {
        let mut setup = Self::uncompared(cores);
        setup.clocks = Offset::measure(&setup)?;
        Ok(setup)
    }

    /// The same for one core, or where nothing rests on the agreement of two.
    #[must_use]
    pub fn uncompared(cores: Cores) -> Self {
        let (patience, interval) = (Self::PATIENCE, spaced_latency::INTERVAL);
        Self { cores, stopwatch: Stopwatch::calibrate(), patience, interval, clocks: Offset::NONE }
    }
}

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
    /// The time a message costs the thread that polls all consumers, in nanoseconds, where that is measured.
    pub thread_ns: Option<f64>,
}

/// What became of the messages of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Messages sent.
    pub produced: u64,
    /// Messages received, each of them checked.
    pub received: u64,
    /// Messages that the receiver was told were lost.
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

    /// The share of the missing messages that the receiver was told of: 1 if exactly those, or if none is missing.
    #[must_use]
    pub fn share_told(&self) -> f64 {
        let missing = self.produced.saturating_sub(self.received);
        if missing == self.told_lost { 1.0 } else { self.told_lost as f64 / missing as f64 }
    }
}

impl Round {
    /// The percentiles of a histogram, each turned into nanoseconds by `to_ns`.
    ///
    /// A value of the histogram stands for all times of its bucket, and a percentile falls within a bucket where its share
    /// of the bucket's samples says. With a counter that steps by 10 ns the median would otherwise jump by a whole step;
    /// so it is good to about a tenth of one.
    #[must_use]
    pub fn from_histogram(histogram: &Histogram<u64>, to_ns: impl Fn(f64) -> f64) -> Self {
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
pub(crate) mod tests {
    use std::ops::Deref;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;
    use crate::pin;

    /// A setup, and the right to be the only test that uses one: two that spin on the same core would take each other for
    /// targets that lose messages.
    pub(crate) struct TestSetup {
        setup: Setup,
        _turn: MutexGuard<'static, ()>,
    }

    impl Deref for TestSetup {
        type Target = Setup;

        fn deref(&self) -> &Setup {
            &self.setup
        }
    }

    impl TestSetup {
        /// On two cores; none, said aloud, where there is only one.
        pub(crate) fn on_two_cores() -> Option<Self> {
            match pin::choose(&pin::available_cores(), |core| vec![core]) {
                Ok(cores) => Some(Self::on(cores)),
                Err(error) => {
                    eprintln!("skipped: {error}");
                    None
                }
            }
        }

        /// On one core.
        pub(crate) fn on_one_core() -> Self {
            let core = pin::available_cores()[0];
            Self::on(Cores { first: core, second: core })
        }

        fn on(cores: Cores) -> Self {
            static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
            let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
            Self { setup: Setup::uncompared(cores), _turn: turn }
        }

        /// The same with another patience.
        pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
            self.setup.patience = patience;
            self
        }
    }

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
