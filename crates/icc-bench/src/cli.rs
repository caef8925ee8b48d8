//! The command line: options, what they choose, and the run they start.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::catalogue::{Case, CaseError, Catalogue};
use crate::clock::Stopwatch;
use crate::machine::{Machine, smt_siblings};
use crate::pin::{self, Cores, PinError};
use crate::progress::Progress;
use crate::report::json::{self, Destination, FileError};
use crate::report::{Report, Row, table};
use crate::rounds::{self, Plan, Turn};
use crate::scenario::{Rig, Scenario};

/// How long a message may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most rounds that can be asked for.
const MAX_ROUNDS: usize = 1_000;

/// Measures what a message costs from one pinned core to another, in ratio to two bare atomics.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "icc-bench", version)]
pub struct Arguments {
    /// What to measure: one_way_latency (the default), copy_cost, fan_out, produce_cost, stream or multi_producer
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,

    /// Write the results to this file as JSON
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,

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

/// A run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An option is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// There are no two cores.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The JSON file cannot be written.
    #[error("--json: {0}")]
    File(#[from] FileError),
    /// A subject failed.
    #[error(transparent)]
    Case(#[from] CaseError),
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
            cases: catalogue.cases(scenario, &payloads, |name| {
                self.only.is_empty() || self.only.iter().any(|only| is_wanted(only, name))
            }),
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

/// Parses the command line, measures and reports.
///
/// The exit code is 2 for a wrong option, 1 if measuring failed or a row has no steady round, else 0.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, catalogue: &Catalogue) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    match measure(&arguments, catalogue) {
        Ok(report) => {
            let mut code = ExitCode::SUCCESS;
            for row in report.unmeasured() {
                eprintln!(
                    "error: {} at {} bytes: the baseline moved during each of {} rounds; try again on a quieter machine",
                    row.subject, row.payload_bytes, row.dropped
                );
                code = ExitCode::FAILURE;
            }
            code
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if matches!(error, RunError::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// Prints a parser's error, with all options if one was not known.
fn explain(error: &clap::Error) -> ExitCode {
    // Writing fails only where nobody reads.
    let _ = error.print();
    if error.kind() == ErrorKind::UnknownArgument {
        eprintln!("\nThere are:\n{}", options());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn options() -> String {
    let command = Arguments::command();
    let lines: Vec<String> = command
        .get_arguments()
        .filter_map(|argument| {
            let name = argument.get_long()?;
            let value = match argument.get_value_names() {
                Some([value, ..]) if argument.get_action().takes_values() => format!(" {value}"),
                _ => String::new(),
            };
            Some(format!("  --{:<15} {}", format!("{name}{value}"), argument.get_help()?))
        })
        .collect();
    lines.join("\n")
}

fn measure(arguments: &Arguments, catalogue: &Catalogue) -> Result<Report, RunError> {
    let available = pin::available_cores();
    let Selection { cores, scenario, cases, plan } = arguments.select(catalogue, &available)?;
    let destination = match &arguments.json {
        Some(path) => Some(Destination::check(path)?),
        None => None,
    };
    let rig = Rig { cores, stopwatch: Stopwatch::calibrate(), patience: PATIENCE };
    // Described beforehand: the run itself is load.
    let machine = Machine::describe(&available, cores, &rig.stopwatch);
    let rows = measure_cases(&rig, scenario, &cases, &plan)?;
    let report = Report { machine, rows };
    print!("{}", table::render(&report));
    if let Some(destination) = destination {
        destination.write(&json::render(&report))?;
    }
    Ok(report)
}

/// Measures all cases, those that share a reference interleaved with each other.
fn measure_cases(rig: &Rig, scenario: Scenario, cases: &[Case], plan: &Plan) -> Result<Vec<Row>, RunError> {
    let parts: Vec<&[Case]> = cases.chunk_by(Case::shares_reference).collect();
    let mut progress = Progress::begin(cases.len(), parts.len(), plan);
    let began = std::time::Instant::now();
    let mut rows = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        progress.begin_part(index);
        let [first, ..] = part else { continue };
        let Some(reference) = first.reference.case(first.payload_bytes) else { continue };
        let outcomes = rounds::interleave(
            part.len(),
            plan,
            scenario.min_samples(),
            || began.elapsed(),
            |turn| match turn {
                Turn::Baseline => reference.measure(rig, plan.baseline),
                Turn::Case(index) => part[index].measure(rig, plan.round),
            },
            |event| progress.tell(event, part),
        )?;
        rows.extend(part.iter().zip(&outcomes).map(|(case, outcome)| Row::new(case, outcome)));
    }
    progress.end();
    Ok(rows)
}

#[cfg(test)]
mod tests;
