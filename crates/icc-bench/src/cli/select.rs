//! What the options select from the catalogue.

use std::time::Duration;

use super::arguments::Arguments;
use super::error::{ALL, MAX_ROUNDS, RunError, UsageError};
use crate::catalogue::{Case, Catalogue};
use crate::harness::pin::{self, Cores};
use crate::harness::plan::Plan;
use crate::harness::priority::Priority;
use crate::harness::setup::{INTERVAL, INTERVALS};
use crate::harness::system::smt_siblings;
use crate::report::baseline::Threshold;
use crate::scenario::{Rows, SCENARIOS, Scenario, core_matrix};
use crate::targets::raw;

/// What the options choose.
#[derive(Debug)]
pub(crate) struct Selection {
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
pub(crate) struct Part {
    /// What is measured.
    pub scenario: &'static Scenario,
    /// The rows.
    pub cases: Vec<Case>,
    /// Rounds and their length.
    pub plan: Plan,
}

impl Selection {
    /// How long the run takes if no round is dropped.
    #[must_use]
    pub(crate) fn expected_time(&self) -> Duration {
        self.parts.iter().map(|part| part.plan.expected_time(part.cases.len())).sum()
    }

    /// How many rows there are.
    #[must_use]
    pub(crate) fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.cases.len()).sum()
    }
}

impl Arguments {
    /// Selects what the options ask for.
    ///
    /// # Errors
    ///
    /// [`RunError::Usage`] that lists the choices, or [`RunError::Pin`] if there are fewer than two
    /// cores.
    pub(crate) fn select(&self, catalogue: &Catalogue, available: &[usize]) -> Result<Selection, RunError> {
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
                None => scenario.default_payloads.to_vec(),
                Some(sizes) => {
                    sizes.iter().copied().filter(|bytes| scenario.payloads.contains(bytes)).collect::<Vec<_>>()
                }
            };
            let cases = match scenario.rows {
                Rows::Targets => catalogue.cases(scenario, &sizes, is_wanted),
                Rows::CorePairs if sizes.is_empty() || !is_wanted(raw::NAME) => Vec::new(),
                Rows::CorePairs => catalogue.core_pairs(&cores),
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
    fn scenarios(&self) -> Result<Vec<&'static Scenario>, UsageError> {
        let given: Vec<&str> = self.scenario.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
        let is_any = |name: &str| name == ALL || SCENARIOS.iter().any(|scenario| scenario.name() == name);
        if let Some(wrong) = given.iter().find(|name| !is_any(name)) {
            return Err(UsageError::NoSuchScenario((*wrong).to_owned()));
        }
        let is_chosen =
            |scenario: &&Scenario| given.is_empty() || given.contains(&ALL) || given.contains(&scenario.name());
        Ok(SCENARIOS.iter().copied().filter(is_chosen).collect())
    }

    /// The sizes asked for, each of which one of the scenarios has.
    fn payloads(&self, scenarios: &[&Scenario]) -> Result<Option<Vec<usize>>, UsageError> {
        let Some(list) = &self.payload else {
            return Ok(None);
        };
        let mut sizes: Vec<usize> = scenarios.iter().flat_map(|scenario| scenario.payloads).copied().collect();
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

    fn check_targets(&self, catalogue: &Catalogue, scenarios: &[&Scenario]) -> Result<(), UsageError> {
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

    fn plan(&self, scenario: &Scenario, interval: Duration) -> Result<Plan, UsageError> {
        let mut plan = scenario.plan(self.quick);
        if let Some(messages) = scenario.spaced_messages {
            plan = plan.with_room_for(messages, interval);
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
        percentage("--threshold", self.threshold.as_deref())
    }

    pub(super) fn within(&self) -> Result<Threshold, UsageError> {
        percentage("--within", self.within.as_deref())
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

fn percentage(option: &'static str, given: Option<&str>) -> Result<Threshold, UsageError> {
    let Some(given) = given else { return Ok(Threshold::default()) };
    Threshold::parse(given).ok_or_else(|| UsageError::NotAThreshold { option, given: given.to_owned() })
}

fn fits(only: &str, name: &str) -> bool {
    let only = only.trim().to_lowercase();
    !only.is_empty() && name.to_lowercase().contains(&only)
}
