//! The command line: options, what they choose, and the run they start.

mod output;
mod run;

use std::path::PathBuf;

use clap::Parser;

pub use self::run::{RunError, run};
use crate::catalogue::{Case, Catalogue};
use crate::machine::smt_siblings;
use crate::pin::{self, Cores};
use crate::report::baseline::Threshold;
use crate::rounds::Plan;
use crate::scenario::Scenario;

/// The most rounds that can be asked for.
const MAX_ROUNDS: usize = 1_000;

/// Measures what a message costs from one pinned core to another, in ratio to two bare atomics.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "icc-bench", version)]
pub struct Arguments {
    /// What to measure: one_way_latency (the default), spaced_latency, stream, produce_cost, multi_producer, fan_out, copy_cost,
    /// vector_read_all or core_matrix
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,

    /// Write the results to this file as JSON
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,

    /// Write a page with plots of the results to this file
    #[arg(long, value_name = "PATH")]
    pub html: Option<PathBuf>,

    /// Write each plot into this directory as SVG
    #[arg(long, value_name = "DIR")]
    pub svg: Option<PathBuf>,

    /// Measure nothing: take the results from this file, which --json wrote
    #[arg(long, value_name = "PATH", conflicts_with_all = ["scenario", "quick", "cores", "payload", "only", "rounds"])]
    pub from: Option<PathBuf>,

    /// Compare with the results in this file, which --json wrote, by their ratios; exit code 3 if one has got worse
    #[arg(long, value_name = "PATH")]
    pub baseline: Option<PathBuf>,

    /// By how much a ratio may rise before it has got worse (10%); it must leave the earlier run's range as well
    #[arg(long, value_name = "PERCENT", requires = "baseline")]
    pub threshold: Option<String>,

    /// Fewer and shorter rounds: under 30 seconds in all
    #[arg(long)]
    pub quick: bool,

    /// The two cores to use, such as `2,3`; the first takes the time
    #[arg(long, value_name = "A,B")]
    pub cores: Option<String>,

    /// Payload sizes in bytes, such as `8,56`: any of 8, 56, 64, 120, 256, 512, 1024, 4096; copy_cost has more
    #[arg(long, value_name = "LIST")]
    pub payload: Option<String>,

    /// Only subjects whose name contains this; may be given more than once
    #[arg(long, value_name = "SUBJECT")]
    pub only: Vec<String>,

    /// How many rounds of each row to keep (7, or 5 with --quick; other scenarios have more)
    #[arg(long, value_name = "N")]
    pub rounds: Option<String>,
}

/// An option has a value that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--cores` is not two different numbers.
    #[error("--cores {given}: give two different core numbers, such as `{}`; this process may use: {}",
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

    /// `--scenario` names none.
    #[error("--scenario: there is no `{0}`; there are: {names}", names = Scenario::ALL.map(Scenario::name).join(", "))]
    NoSuchScenario(String),

    /// `--payload` names a size there is no message of.
    #[error("--payload: there is no size `{given}`; there are: {}", join(.sizes))]
    NoSuchPayload {
        /// What was given.
        given: String,
        /// The sizes that exist in the scenario.
        sizes: &'static [usize],
    },

    /// `--only` fits no subject.
    #[error("--only: no subject's name contains `{given}`; there are: {}", .names.join(", "))]
    NoSuchSubject {
        /// What was given.
        given: String,
        /// The subjects that exist.
        names: Vec<&'static str>,
    },

    /// `--rounds` is not a number in range.
    #[error("--rounds {0}: give a number from 1 to {MAX_ROUNDS}")]
    NotRounds(String),

    /// `--threshold` is not a percentage.
    #[error("--threshold {0}: give a percentage from 0 to 1000, such as `10%`")]
    NotAThreshold(String),
}

fn join(numbers: &[usize]) -> String {
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
    /// The cores.
    pub cores: Cores,
    /// What is measured.
    pub scenario: Scenario,
    /// The rows.
    pub cases: Vec<Case>,
    /// Rounds and their length.
    pub plan: Plan,
}

impl Arguments {
    /// Looks up what the options ask for among what there is.
    ///
    /// # Errors
    ///
    /// [`RunError::Usage`] that lists what there is, or [`RunError::Pin`] if there are fewer than two cores.
    pub fn select(&self, catalogue: &Catalogue, available: &[usize]) -> Result<Selection, RunError> {
        let scenario = self.scenario()?;
        let payloads = self.payloads(scenario)?;
        let plan = self.plan(scenario)?;
        let names = catalogue.names(scenario);
        let is_wanted = |only: &String, name: &str| name.to_lowercase().contains(&only.trim().to_lowercase());
        for only in &self.only {
            if only.trim().is_empty() || !names.iter().any(|name| is_wanted(only, name)) {
                let given = only.clone();
                return Err(UsageError::NoSuchSubject { given, names }.into());
            }
        }
        Ok(Selection {
            cores: self.choose_cores(available)?,
            cases: if scenario == Scenario::CoreMatrix {
                catalogue.core_pairs(available)
            } else {
                catalogue.cases(scenario, &payloads, |name| {
                    self.only.is_empty() || self.only.iter().any(|only| is_wanted(only, name))
                })
            },
            scenario,
            plan,
        })
    }

    fn scenario(&self) -> Result<Scenario, UsageError> {
        let Some(given) = &self.scenario else {
            return Ok(Scenario::default());
        };
        let named = |scenario: &Scenario| scenario.name() == given.trim();
        Scenario::ALL.into_iter().find(named).ok_or_else(|| UsageError::NoSuchScenario(given.clone()))
    }

    fn payloads(&self, scenario: Scenario) -> Result<Vec<usize>, UsageError> {
        let Some(list) = &self.payload else {
            return Ok(scenario.default_payloads().to_vec());
        };
        let sizes = scenario.payloads();
        let mut payloads = list
            .split(',')
            .map(|given| match given.trim().parse() {
                Ok(bytes) if sizes.contains(&bytes) => Ok(bytes),
                _ => Err(UsageError::NoSuchPayload { given: given.to_owned(), sizes }),
            })
            .collect::<Result<Vec<usize>, _>>()?;
        payloads.sort_unstable();
        payloads.dedup();
        Ok(payloads)
    }

    fn plan(&self, scenario: Scenario) -> Result<Plan, UsageError> {
        let plan = scenario.plan(self.quick);
        let Some(given) = &self.rounds else {
            return Ok(plan);
        };
        match given.trim().parse() {
            Ok(rounds @ 1..=MAX_ROUNDS) => Ok(Plan { rounds, ..plan }),
            _ => Err(UsageError::NotRounds(given.clone())),
        }
    }

    fn threshold(&self) -> Result<Threshold, UsageError> {
        let Some(given) = &self.threshold else {
            return Ok(Threshold::default());
        };
        Threshold::parse(given).ok_or_else(|| UsageError::NotAThreshold(given.clone()))
    }

    fn choose_cores(&self, available: &[usize]) -> Result<Cores, RunError> {
        // Asked first: with one core no choice of two can be right.
        let chosen = pin::choose(available, smt_siblings)?;
        let Some(given) = &self.cores else {
            return Ok(chosen);
        };
        let not_two = || UsageError::NotTwoCores { given: given.clone(), available: available.to_vec() };
        let (first, second) = given.split_once(',').ok_or_else(not_two)?;
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| not_two());
        let (first, second) = (number(first)?, number(second)?);
        if first == second {
            return Err(not_two().into());
        }
        for core in [first, second] {
            if !available.contains(&core) {
                let available = available.to_vec();
                return Err(UsageError::NoSuchCore { core, available }.into());
            }
        }
        Ok(Cores { first, second })
    }
}

#[cfg(test)]
mod tests;
