//! What the options choose among what there is.

use std::time::Duration;

use super::{Arguments, RunError};
use crate::catalogue::{Case, Catalogue};
use crate::machine::smt_siblings;
use crate::pin::{self, Cores};
use crate::priority::Priority;
use crate::report::baseline::Threshold;
use crate::rounds::Plan;
use crate::scenario::spaced_latency::{INTERVAL, INTERVALS};
use crate::scenario::{Scenario, core_matrix};
use crate::targets::raw;

/// The most rounds that can be asked for.
const MAX_ROUNDS: usize = 1_000;

/// The name of all scenarios together.
const ALL: &str = "all";

/// An option has a value that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--cores` is not a list of different numbers.
    #[error("--cores {given}: give two different core numbers or more, such as `{}`; this process may use: {}",
        example(.available), join(.available))]
    NotTwoCores {
        /// What was given.
        given: String,
        /// The cores that exist.
        available: Vec<usize>,
    },

    /// `--cores` names a core this process may not use.
    #[error("--cores: there is no core {core} for this process; there are: {}", join(.available))]
    NoSuchCore {
        /// The core asked for.
        core: usize,
        /// The cores that exist.
        available: Vec<usize>,
    },

    /// `--cores` names more cores than a matrix takes.
    #[error("--cores: {given} cores are more than the {} of which every pair can be measured", core_matrix::MAX_CORES)]
    TooManyCores {
        /// How many were given.
        given: usize,
    },

    /// `--scenario` names none.
    #[error("--scenario: there is no `{0}`; there are: {names}, {ALL}", names = Scenario::ALL.map(Scenario::name).join(", "))]
    NoSuchScenario(String),

    /// `--payload` names a size there is no message of.
    #[error("--payload: there is no size `{given}`; there are: {}", join(.sizes))]
    NoSuchPayload {
        /// What was given.
        given: String,
        /// The sizes that exist in the scenarios.
        sizes: Vec<usize>,
    },

    /// `--only` fits no target.
    #[error("--only: no target's name contains `{given}`; there are: {}", .names.join(", "))]
    NoSuchTarget {
        /// What was given.
        given: String,
        /// The targets that exist.
        names: Vec<&'static str>,
    },

    /// `--only` and `--payload` fit no row together.
    #[error("--only and --payload: no target that was asked for is measured at such a size")]
    NoRow,

    /// There are no rivals in this program.
    #[error(
        "--rivals: this program was built without other libraries; `cargo xtask bench --rivals` builds one with them"
    )]
    NoRivals,

    /// `--rounds` is not a number in range.
    #[error("--rounds {0}: give a number from 1 to {MAX_ROUNDS}")]
    NotRounds(String),

    /// `--interval` is not a time in range.
    #[error("--interval {0}: give a time from {shortest:?} to {longest:?}, such as `2us` or `1500ns`",
        shortest = INTERVALS.start(), longest = INTERVALS.end())]
    NotAnInterval(String),

    /// `--priority` is not a number in range.
    #[error("--priority {0}: give a number from 1 to 99")]
    NotAPriority(String),

    /// `--threshold` is not a percentage.
    #[error("--threshold {0}: give a percentage from 0 to 1000, such as `10%`")]
    NotAThreshold(String),
}

pub(super) fn join(numbers: &[usize]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn example(available: &[usize]) -> String {
    match available {
        [first, second, ..] => format!("{first},{second}"),
        _ => "0,1".to_owned(),
    }
}

/// What the options choose.
#[derive(Debug)]
pub struct Selection {
    /// The cores of the two threads.
    pub cores: Cores,
    /// The pause between two messages of spaced latency.
    pub interval: Duration,
    /// The threads' real-time priority, if one was asked for.
    pub priority: Option<Priority>,
    /// What is measured, a part a scenario.
    pub parts: Vec<Part>,
}

/// The rows of one scenario.
#[derive(Debug)]
pub struct Part {
    /// What is measured.
    pub scenario: Scenario,
    /// The rows.
    pub cases: Vec<Case>,
    /// Rounds and their length.
    pub plan: Plan,
}

impl Selection {
    /// How long the run takes if no round is dropped.
    #[must_use]
    pub fn expected_time(&self) -> Duration {
        self.parts.iter().map(|part| part.plan.expected_time(part.cases.len())).sum()
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.cases.len()).sum()
    }
}

impl Arguments {
    /// Looks up what the options ask for among what there is.
    ///
    /// # Errors
    ///
    /// [`RunError::Usage`] that lists what there is, or [`RunError::Pin`] if there are fewer than two cores.
    pub fn select(&self, catalogue: &Catalogue, available: &[usize]) -> Result<Selection, RunError> {
        if self.rivals && !catalogue.has_rivals() {
            return Err(UsageError::NoRivals.into());
        }
        let scenarios = self.scenarios()?;
        let payloads = self.payloads(&scenarios)?;
        self.check_targets(catalogue, &scenarios)?;
        let (cores, interval) = (self.choose_cores(available)?, self.interval()?);
        let is_wanted = |name: &str| self.only.is_empty() || self.only.iter().any(|only| fits(only, name));
        let mut parts = Vec::new();
        for scenario in scenarios {
            let sizes = match &payloads {
                None => scenario.default_payloads().to_vec(),
                Some(sizes) => {
                    sizes.iter().copied().filter(|bytes| scenario.payloads().contains(bytes)).collect::<Vec<_>>()
                }
            };
            let cases = match scenario {
                Scenario::CoreMatrix if sizes.is_empty() || !is_wanted(raw::NAME) => Vec::new(),
                Scenario::CoreMatrix => catalogue.core_pairs(&cores),
                _ => catalogue.cases(scenario, &sizes, is_wanted),
            };
            if !cases.is_empty() {
                parts.push(Part { scenario, cases, plan: self.plan(scenario, interval)? });
            }
        }
        if parts.is_empty() {
            return Err(UsageError::NoRow.into());
        }
        let cores = Cores { first: cores[0], second: cores[1] };
        Ok(Selection { cores, interval, priority: self.priority()?, parts })
    }

    /// Those asked for, in the order of a run; all if none is.
    fn scenarios(&self) -> Result<Vec<Scenario>, UsageError> {
        let given: Vec<&str> = self.scenario.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        let is_any = |name: &str| name == ALL || Scenario::ALL.iter().any(|scenario| scenario.name() == name);
        if let Some(wrong) = given.iter().find(|name| !is_any(name)) {
            return Err(UsageError::NoSuchScenario((*wrong).to_owned()));
        }
        let is_chosen =
            |scenario: &Scenario| given.is_empty() || given.contains(&ALL) || given.contains(&scenario.name());
        Ok(Scenario::ALL.into_iter().filter(is_chosen).collect())
    }

    /// The sizes asked for, each of which one of the scenarios has.
    fn payloads(&self, scenarios: &[Scenario]) -> Result<Option<Vec<usize>>, UsageError> {
        let Some(list) = &self.payload else {
            return Ok(None);
        };
        let mut sizes: Vec<usize> = scenarios.iter().flat_map(|scenario| scenario.payloads()).copied().collect();
        sizes.sort_unstable();
        sizes.dedup();
        let mut payloads = Vec::new();
        for given in list.split(',') {
            match given.trim().parse() {
                Ok(bytes) if sizes.contains(&bytes) => payloads.push(bytes),
                _ => return Err(UsageError::NoSuchPayload { given: given.to_owned(), sizes }),
            }
        }
        payloads.sort_unstable();
        payloads.dedup();
        Ok(Some(payloads))
    }

    fn check_targets(&self, catalogue: &Catalogue, scenarios: &[Scenario]) -> Result<(), UsageError> {
        let mut names: Vec<&'static str> = Vec::new();
        for name in scenarios.iter().flat_map(|&scenario| catalogue.names(scenario)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match self.only.iter().find(|only| !names.iter().any(|name| fits(only, name))) {
            Some(given) => Err(UsageError::NoSuchTarget { given: given.clone(), names }),
            None => Ok(()),
        }
    }

    fn plan(&self, scenario: Scenario, interval: Duration) -> Result<Plan, UsageError> {
        let mut plan = scenario.plan(self.quick);
        if scenario == Scenario::SpacedLatency {
            plan = plan.for_interval(interval);
        }
        let Some(given) = &self.rounds else {
            return Ok(plan);
        };
        match given.trim().parse() {
            Ok(rounds @ 1..=MAX_ROUNDS) => Ok(Plan { rounds, ..plan }),
            _ => Err(UsageError::NotRounds(given.clone())),
        }
    }

    fn interval(&self) -> Result<Duration, UsageError> {
        let Some(given) = &self.interval else {
            return Ok(INTERVAL);
        };
        let not_one = || UsageError::NotAnInterval(given.clone());
        let text = given.trim();
        let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6)];
        let (number, ns) =
            units.iter().find_map(|&(unit, ns)| Some((text.strip_suffix(unit)?, ns))).ok_or_else(not_one)?;
        let number: f64 = number.trim().parse().map_err(|_| not_one())?;
        // Out of range, and not a number, come to what is not in range either.
        let interval = Duration::from_nanos((number * ns) as u64);
        if INTERVALS.contains(&interval) { Ok(interval) } else { Err(not_one()) }
    }

    fn priority(&self) -> Result<Option<Priority>, UsageError> {
        let Some(given) = &self.priority else {
            return Ok(None);
        };
        let level = given.trim().parse().ok().and_then(Priority::new);
        level.map(Some).ok_or_else(|| UsageError::NotAPriority(given.clone()))
    }

    pub(super) fn threshold(&self) -> Result<Threshold, UsageError> {
        let Some(given) = &self.threshold else {
            return Ok(Threshold::default());
        };
        Threshold::parse(given).ok_or_else(|| UsageError::NotAThreshold(given.clone()))
    }

    /// The cores asked for, or all there are: the two of a run first.
    fn choose_cores(&self, available: &[usize]) -> Result<Vec<usize>, RunError> {
        // Asked first: with one core no choice of two can be right.
        let chosen = pin::choose(available, smt_siblings)?;
        let Some(list) = &self.cores else {
            let others = available.iter().copied().filter(|&core| core != chosen.first && core != chosen.second);
            return Ok([chosen.first, chosen.second].into_iter().chain(others).collect());
        };
        let not_two = || UsageError::NotTwoCores { given: list.clone(), available: available.to_vec() };
        let mut cores = Vec::new();
        for given in list.split(',') {
            let core = given.trim().parse::<usize>().map_err(|_| not_two())?;
            if cores.contains(&core) {
                return Err(not_two().into());
            }
            if !available.contains(&core) {
                return Err(UsageError::NoSuchCore { core, available: available.to_vec() }.into());
            }
            cores.push(core);
        }
        match cores.len() {
            0 | 1 => Err(not_two().into()),
            given if given > core_matrix::MAX_CORES => Err(UsageError::TooManyCores { given }.into()),
            _ => Ok(cores),
        }
    }
}

fn fits(only: &str, name: &str) -> bool {
    let only = only.trim().to_lowercase();
    !only.is_empty() && name.to_lowercase().contains(&only)
}
