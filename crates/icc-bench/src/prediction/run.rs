//! Measures the constants and the rows that they predict, by turns.

use std::time::Duration;

use super::constants::{self, median};
use super::formula::{Constants, Core, Ring};
use crate::catalogue::{Case, CaseError, Catalogue, RoundError};
use crate::harness::interrupt::Interrupt;
use crate::harness::placement::Memory;
use crate::harness::setup::Setup;
use crate::harness::system::second_cache;
use crate::scenario::{fan_out, one_way_latency, produce_cost, spaced_latency, stream};

/// Passes over everything, the cores' roles exchanged from one to the next.
const PASSES: usize = 10;

/// How long a constant, or a row, is measured in a pass.
const LENGTH: Duration = Duration::from_millis(16);

/// Bytes of a core's second cache, where the system does not say.
const USUAL_CACHE: usize = 1 << 20;

/// Bytes of the widest vectors that a payload is copied in.
fn widest_vector() -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512vl") {
            return 64;
        }
        if is_x86_feature_detected!("avx") {
            return 32;
        }
    }
    16
}

/// A pass counts if the hand-over was as long after it as before it, to this share.
const MAX_DRIFT: f64 = 0.15;

/// A row, and what was predicted and measured of it: medians of the passes, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Predicted {
    /// The name of the scenario.
    pub(super) scenario: &'static str,
    /// The target's name, with how many consumers there are.
    pub(super) target: String,
    /// The size of the messages, in bytes.
    pub(super) payload: usize,
    /// What the formula says.
    pub(super) predicted: f64,
    /// What was measured.
    pub(super) measured: f64,
    /// Measured to predicted, each within one pass: the median.
    pub(super) ratio: f64,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prediction {
    /// Medians of the passes that count.
    pub(super) constants: Constants,
    /// The rows.
    pub(super) rows: Vec<Predicted>,
    /// How many passes count, of how many.
    pub(super) passes: [usize; 2],
}

/// The queues that are predicted.
const QUEUES: [(&str, Ring); 2] = [("icc-queue spmc", Ring::Spmc), ("icc-queue mpmc", Ring::Mpmc)];

/// The sizes of their messages, in bytes.
const SIZES: [usize; 5] = [8, 56, 120, 256, 1024];

/// The rows that there is a formula for.
fn cases(catalogue: &Catalogue) -> Vec<Case> {
    [
        &one_way_latency::SCENARIO,
        &spaced_latency::SCENARIO,
        &stream::SCENARIO,
        &produce_cost::SCENARIO,
        &fan_out::SCENARIO,
    ]
    .into_iter()
    .flat_map(|scenario| {
        let sizes = if *scenario == fan_out::SCENARIO { &SIZES[..2] } else { &SIZES };
        let is_predicted = |target: &str| QUEUES.iter().any(|(name, _)| *name == target);
        // With one consumer a producer's cost is what `stream` shows.
        let is_new = |case: &Case| *scenario != produce_cost::SCENARIO || case.consumers == Some(0);
        catalogue.cases(scenario, sizes, is_predicted).into_iter().filter(is_new).collect::<Vec<_>>()
    })
    .collect()
}

/// What a message of a case should take.
fn predicted(constants: &Constants, case: &Case, core: Core) -> f64 {
    let ring = QUEUES.iter().find(|(name, _)| *name == case.target).map_or(Ring::Spmc, |(_, ring)| *ring);
    let (payload, scenario) = (case.payload_bytes, case.scenario);
    if *scenario == stream::SCENARIO {
        constants.stream(ring, payload, core)
    } else if *scenario == produce_cost::SCENARIO {
        constants.produce_alone(ring, payload)
    } else if *scenario == fan_out::SCENARIO {
        constants.fan_out(ring, payload, case.consumers.unwrap_or(1))
    } else {
        constants.one_way(ring, payload, core)
    }
}

/// A constant or a row could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PredictError {
    /// A microbenchmark failed.
    #[error("measuring the model's constants: {0}")]
    Constants(#[from] RoundError),
    /// A target failed.
    #[error(transparent)]
    Row(#[from] CaseError),
}

/// Measures the constants before and after the rows, pass by pass, until the end or an interrupt.
///
/// # Errors
///
/// [`PredictError`] of the first measurement that fails.
pub(crate) fn predict(setup: &Setup, catalogue: &Catalogue, interrupt: &Interrupt) -> Result<Prediction, PredictError> {
    let (cases, exchanged) = (cases(catalogue), setup.exchanged());
    let (mut kept, mut pairs) = (Vec::new(), vec![Vec::new(); cases.len()]);
    let core = Core { second_cache: second_cache(setup.cores.second).unwrap_or(USUAL_CACHE), vector: widest_vector() };
    let mut passes = 0;
    while passes < PASSES && !interrupt.is_asked() {
        let setup = if passes % 2 == 0 { setup } else { &exchanged };
        passes += 1;
        eprintln!("pass {passes} of {PASSES}");
        let mut memory = Memory::elsewhere();
        let before = constants::measure(setup, LENGTH)?;
        let mut measured = Vec::with_capacity(cases.len());
        for case in &cases {
            memory = Memory::elsewhere();
            let round = case.measure(setup, LENGTH)?;
            measured.push(round.thread_ns.unwrap_or(round.p50_ns));
        }
        let after = constants::measure(setup, LENGTH)?;
        drop(memory);
        let (low, high) = (before.hand_over.min(after.hand_over), before.hand_over.max(after.hand_over));
        if high > low * (1.0 + MAX_DRIFT) {
            continue;
        }
        let constants = before.mean(&after);
        kept.push(constants);
        for ((case, measured), pairs) in cases.iter().zip(measured).zip(&mut pairs) {
            pairs.push((predicted(&constants, case, core), measured));
        }
    }
    let rows = cases.iter().zip(pairs).map(|(case, pairs)| Predicted::of(case, &pairs)).collect();
    Ok(Prediction { constants: Constants::median_of(&kept), rows, passes: [kept.len(), passes] })
}

impl Predicted {
    fn of(case: &Case, pairs: &[(f64, f64)]) -> Self {
        let median_of = |pick: fn(&(f64, f64)) -> f64| median(pairs.iter().map(pick).collect());
        let target = match case.consumers {
            Some(count @ 1..) => format!("{}, {count} consumers", case.target),
            _ => case.target.to_owned(),
        };
        Self {
            scenario: case.scenario.name(),
            target,
            payload: case.payload_bytes,
            predicted: median_of(|(predicted, _)| *predicted),
            measured: median_of(|(_, measured)| *measured),
            ratio: median_of(|(predicted, measured)| measured / predicted),
        }
    }

    /// Whether what it measures is mostly lines that go between the cores, and not the instructions of one of them.
    pub(super) fn crosses(&self) -> bool {
        self.scenario != produce_cost::SCENARIO.name() && self.scenario != fan_out::SCENARIO.name()
    }

    /// Whether the formula is right to a fifth.
    pub(super) fn is_within_a_fifth(&self) -> bool {
        (0.8..=1.2).contains(&self.ratio)
    }
}

impl Constants {
    fn mean(&self, other: &Self) -> Self {
        Self::each(|pick| f64::midpoint(pick(self), pick(other)))
    }

    fn median_of(all: &[Self]) -> Self {
        Self::each(|pick| median(all.iter().map(pick).collect()))
    }

    fn each(value: impl Fn(fn(&Self) -> f64) -> f64) -> Self {
        Self {
            hand_over: value(|constants| constants.hand_over),
            line: value(|constants| constants.line),
            store: value(|constants| constants.store),
            copy: value(|constants| constants.copy),
            ticket: value(|constants| constants.ticket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn every_case_has_its_formula() {
        let constants = Constants { hand_over: 70.0, line: 10.0, store: 0.5, copy: 2.0, ticket: 5.0 };
        let cases = cases(&Catalogue::icc());
        let core = Core { second_cache: 1 << 20, vector: 32 };
        let of = |scenario: &Scenario, target: &str, payload: usize, consumers: Option<usize>| {
            let is_it = |case: &&Case| {
                case.scenario == scenario
                    && (case.target, case.payload_bytes, case.consumers) == (target, payload, consumers)
            };
            predicted(&constants, cases.iter().find(is_it).unwrap(), core)
        };
        assert_eq!(of(&one_way_latency::SCENARIO, "icc-queue spmc", 120, None), 81.0);
        assert_eq!(of(&spaced_latency::SCENARIO, "icc-queue mpmc", 56, None), 75.0 + 5.0 * 0.5);
        assert_eq!(of(&stream::SCENARIO, "icc-queue spmc", 56, None), 11.0);
        assert_eq!(of(&stream::SCENARIO, "icc-queue spmc", 1024, None), 34.0);
        assert_eq!(of(&produce_cost::SCENARIO, "icc-queue mpmc", 56, Some(0)), 7.0);
        assert_eq!(of(&fan_out::SCENARIO, "icc-queue spmc", 56, Some(4)), 10.0 + 3.0 * 2.0);
        assert!(cases.iter().all(|case| case.consumers != Some(1) || *case.scenario == fan_out::SCENARIO));
    }

    #[test]
    fn constants_are_joined_one_by_one() {
        let constants = |value: f64| Constants {
            hand_over: value,
            line: value * 2.0,
            store: value * 3.0,
            copy: value * 4.0,
            ticket: value * 5.0,
        };
        assert_eq!(constants(1.0).mean(&constants(3.0)), constants(2.0));
        assert_eq!(Constants::median_of(&[constants(1.0), constants(9.0), constants(2.0)]), constants(2.0));
    }

    #[test]
    fn a_row_is_judged_by_the_median_of_its_passes() {
        let cases = cases(&Catalogue::icc());
        let row = Predicted::of(&cases[0], &[(10.0, 11.0), (20.0, 44.0), (10.0, 11.9)]);
        assert_eq!((row.predicted, row.measured, row.ratio), (10.0, 11.9, 1.19));
        assert!(row.is_within_a_fifth() && row.crosses());
        assert!(!Predicted { scenario: fan_out::SCENARIO.name(), ..row.clone() }.crosses());
        assert!(!Predicted { ratio: 1.21, ..row.clone() }.is_within_a_fifth());
        assert!(!Predicted { ratio: 0.79, ..row }.is_within_a_fifth());
    }
}
