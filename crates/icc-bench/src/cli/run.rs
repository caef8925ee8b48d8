//! A run from its options to its exit code.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::output::Outputs;
use super::{Arguments, Part, UsageError};
use crate::catalogue::{Case, CaseError, Catalogue};
use crate::interrupt::{self, Interrupt};
use crate::machine::{Load, Machine};
use crate::pin::{self, PinError};
use crate::priority::PriorityError;
use crate::progress::Progress;
use crate::report::baseline::{self, NothingInCommon};
use crate::report::file::FileError;
use crate::report::json::{self, ReadError};
use crate::report::{Report, Row};
use crate::rounds::{self, Turn};
use crate::scenario::one_way_latency::RoundError;
use crate::scenario::{Round, Setup};

/// The exit code of a comparison that found a ratio got worse.
const GOT_WORSE: u8 = 3;

/// A run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An option is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// There are no two cores.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A file cannot be written.
    #[error("{option}: {source}")]
    File {
        /// The option that names it.
        option: &'static str,
        /// Why not.
        source: FileError,
    },
    /// An earlier run's file cannot be used.
    #[error("{option}: {source}")]
    Earlier {
        /// The option that names it.
        option: &'static str,
        /// Why not.
        source: ReadError,
    },
    /// The earlier run has nothing to compare with.
    #[error("--baseline: {0}")]
    NothingInCommon(#[from] NothingInCommon),
    /// The system does not let the program watch for Ctrl-C.
    #[error("cannot watch for Ctrl-C: {0}")]
    Interrupt(std::io::Error),
    /// The system does not give the threads their priority.
    #[error(transparent)]
    Priority(#[from] PriorityError),
    /// The clocks of the two cores could not be compared.
    #[error("comparing the clocks of the two cores: {0}")]
    Clocks(RoundError),
    /// A target failed.
    #[error(transparent)]
    Case(#[from] CaseError),
}

/// Parses the command line, measures and reports.
///
/// The exit code is 2 for a wrong option, 1 if measuring failed or, with `--strict`, a row has no steady round, 3 if
/// `--baseline` found a ratio that got worse, 130 if the run was interrupted, else 0.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, catalogue: &Catalogue) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    match report(&arguments, &command(&words), catalogue) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if matches!(error, RunError::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// Options that name files of this machine: they measure nothing, and a page is for others to read.
const FILES: [&str; 5] = ["--json", "--html", "--svg", "--baseline", "--threshold"];

/// The command that measures this once more, as one types it.
fn command(words: &[OsString]) -> String {
    let mut words = words.iter().map(|word| word.to_string_lossy());
    let program = words.next().unwrap_or_default();
    let program = Path::new(&*program).file_name().map_or_else(|| "icc-bench".into(), |name| name.to_string_lossy());
    let mut command = vec![program.into_owned()];
    while let Some(word) = words.next() {
        if FILES.contains(&&*word) {
            words.next();
            continue;
        }
        if FILES.iter().any(|option| word.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))) {
            continue;
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=,./%:+".contains(c);
        command.push(if !word.is_empty() && word.chars().all(is_plain) {
            word.into_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        });
    }
    command.join(" ")
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

pub(super) fn options() -> String {
    let command = Arguments::command();
    let lines: Vec<String> = command
        .get_arguments()
        .filter_map(|argument| {
            let name = argument.get_long()?;
            let value = match argument.get_value_names() {
                Some([value, ..]) if argument.get_action().takes_values() => format!(" {value}"),
                _ => String::new(),
            };
            Some(format!("  --{:<19} {}", format!("{name}{value}"), argument.get_help()?))
        })
        .collect();
    lines.join("\n")
}

/// Measures, or takes the results of an earlier run, and puts them out; gives the exit code.
fn report(arguments: &Arguments, command: &str, catalogue: &Catalogue) -> Result<u8, RunError> {
    let threshold = arguments.threshold()?;
    let earlier = |option, path: &Path| json::read(path).map_err(|source| RunError::Earlier { option, source });
    // Everything that can be wrong is looked at before anything is measured.
    let outputs = Outputs::check(arguments)?;
    let before = match &arguments.baseline {
        Some(path) => Some((path, earlier("--baseline", path)?)),
        None => None,
    };
    let (report, failures) = match &arguments.from {
        Some(path) => (earlier("--from", path)?, Vec::new()),
        None => measure(arguments, command, catalogue)?,
    };
    outputs.write(&report)?;
    let mut code = 0;
    if let Some((path, before)) = before {
        let comparison = baseline::compare(&report, &before, threshold);
        if comparison.pairs.is_empty() && !report.interrupted {
            return Err(NothingInCommon { path: path.clone(), command: before.command }.into());
        }
        print!("{}", comparison.render());
        if comparison.worse() > 0 {
            code = GOT_WORSE;
        }
    }
    for row in report.unmeasured() {
        eprintln!(
            "{}: {}, {} at {} bytes: disturbed in each of {} rounds, so it has no figures; try again on a quieter machine",
            if arguments.strict { "error" } else { "note" },
            row.scenario.name(),
            row.label(),
            row.payload_bytes,
            row.dropped
        );
        if arguments.strict {
            code = 1;
        }
    }
    for failure in failures {
        eprintln!("error: {failure}; it has no row");
        code = 1;
    }
    if report.interrupted && arguments.from.is_none() {
        eprintln!("interrupted: these are the results of the rounds until then");
        code = interrupt::EXIT_CODE;
    }
    Ok(code)
}

/// The results, and what failed: a target that garbles or loses messages has no row, and the others theirs.
fn measure(arguments: &Arguments, command: &str, catalogue: &Catalogue) -> Result<(Report, Vec<CaseError>), RunError> {
    let available = pin::available_cores();
    let selection = arguments.select(catalogue, &available)?;
    let interrupt = Interrupt::watch().map_err(RunError::Interrupt)?;
    let began = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    // Described beforehand: the run itself is load.
    let load = Load::now();
    if let Some(priority) = selection.priority {
        // Threads have it from the one that starts them.
        priority.apply()?;
    }
    let setup = Setup { interval: selection.interval, ..Setup::new(selection.cores).map_err(RunError::Clocks)? };
    let machine = Machine::describe(&available, &setup, load, selection.priority);
    for warning in machine.warnings() {
        eprintln!("note: {warning}");
    }
    eprintln!(
        "{} rows of {} scenarios: about {} s if no round is dropped",
        selection.rows(),
        selection.parts.len(),
        selection.expected_time().as_secs().max(1)
    );
    let mut progress = Progress::begin(selection.parts.len(), selection.expected_time());
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for part in &selection.parts {
        if !interrupt.is_asked() {
            rows.extend(measure_part(&setup, part, &mut progress, &interrupt, &mut failures)?);
        }
    }
    progress.end();
    let interrupted = interrupt.is_asked();
    if interrupted {
        // Those that had no turn yet are not a fault of the machine's.
        rows.retain(|row| row.figures.is_some());
    }
    let report = Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.to_owned(),
        began: began.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        interrupted,
        machine,
        rows,
    };
    Ok((report, failures))
}

/// Measures all cases, those that share a reference interleaved with each other, until the end or an interrupt.
fn measure_part(
    setup: &Setup,
    Part { scenario, cases, plan }: &Part,
    progress: &mut Progress,
    interrupt: &Interrupt,
    failures: &mut Vec<CaseError>,
) -> Result<Vec<Row>, RunError> {
    let parts: Vec<&[Case]> = cases.chunk_by(Case::shares_reference).collect();
    progress.begin_scenario(scenario.name(), cases.len(), parts.len(), plan);
    let began = std::time::Instant::now();
    let mut rows = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        if interrupt.is_asked() {
            break;
        }
        progress.begin_part(index);
        let [first, ..] = part else { continue };
        let Some(reference) = first.reference_case() else { continue };
        let mut failed: BTreeMap<usize, CaseError> = BTreeMap::new();
        let outcomes = rounds::interleave(
            part.len(),
            plan,
            scenario.min_samples(),
            || began.elapsed(),
            |turn| match turn {
                Turn::Baseline => reference.measure(setup, plan.baseline),
                // A round without samples is dropped.
                Turn::Case(index) if failed.contains_key(&index) => Ok(Round::default()),
                Turn::Case(index) => part[index].measure(setup, plan.round).or_else(|error| {
                    failed.insert(index, error);
                    Ok(Round::default())
                }),
            },
            |event| {
                progress.tell(event, part);
                if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )?;
        let measured = part.iter().zip(&outcomes).enumerate().filter(|(index, _)| !failed.contains_key(index));
        rows.extend(measured.map(|(_, (case, outcome))| Row::new(case, outcome)));
        failures.extend(failed.into_values());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_repeats_the_run_and_names_no_files() {
        let words = "/home/me/target/icc-bench --quick --json /home/me/out.json --html=p.html --only".split(' ');
        let words: Vec<OsString> = words.chain(["icc-queue spmc", "--only", "it's"]).map(OsString::from).collect();
        assert_eq!(command(&words), r"icc-bench --quick --only 'icc-queue spmc' --only 'it'\''s'");
    }
}
