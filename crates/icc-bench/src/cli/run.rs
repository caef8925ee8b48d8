//! A run from its options to its exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::arguments::{Arguments, options};
use super::error::RunError;
use super::measure::measure;
use super::model::model;
use super::output::Outputs;
use crate::catalogue::Catalogue;
use crate::harness::interrupt;
use crate::model::json;
use crate::report::agree::Agreement;
use crate::report::baseline::{self, NothingInCommon};

/// The exit code of a comparison that found a ratio got worse.
const GOT_WORSE: u8 = 3;

/// Parses the command line, measures and reports.
///
/// The exit code is 2 for a wrong option, 1 if measuring failed or, with `--strict`, a row has no
/// steady round, 3 if `--baseline` found a ratio that got worse, 130 if the run was interrupted,
/// else 0.
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
const FILES: [&str; 8] =
    ["--json", "--html", "--svg", "--baseline", "--threshold", "--agree", "--within", "--markdown"];

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
    // Writing fails only if the output is closed.
    let _ = error.print();
    if error.kind() == ErrorKind::UnknownArgument {
        eprintln!("\nThere are:\n{}", options());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Measures, or takes the results of an earlier run, and puts them out; gives the exit code.
fn report(arguments: &Arguments, command: &str, catalogue: &Catalogue) -> Result<u8, RunError> {
    if arguments.model {
        return model(arguments, catalogue);
    }
    let threshold = arguments.threshold()?;
    let earlier = |option, path: &Path| json::read(path).map_err(|source| RunError::Earlier { option, source });
    // Everything that can be wrong is checked before anything is measured.
    let outputs = Outputs::check(arguments)?;
    let before = match &arguments.baseline {
        Some(path) => Some((path, earlier("--baseline", path)?)),
        None => None,
    };
    let within = arguments.within()?;
    let other = match &arguments.agree {
        Some(path) => Some((path, earlier("--agree", path)?)),
        None => None,
    };
    let (report, failures) = match &arguments.from {
        Some(path) => (earlier("--from", path)?, Vec::new()),
        None => measure(arguments, command, catalogue)?,
    };
    let comparison = before.as_ref().map(|(_, before)| baseline::compare(&report, before, threshold));
    let shown = comparison.as_ref().filter(|comparison| !comparison.pairs.is_empty());
    outputs.write(&report, shown)?;
    let agreement = match &other {
        Some((_, other)) => Agreement::between(&report, other, within),
        None => Agreement::alone(&report),
    };
    if let (Some((path, other)), true) = (&other, agreement.rows.is_empty() && !report.interrupted) {
        return Err(RunError::NoneInCommon(NothingInCommon { path: (*path).clone(), command: other.command.clone() }));
    }
    outputs.write_agreement(&agreement)?;
    let mut code = 0;
    if let (Some((path, before)), Some(comparison)) = (&before, &comparison) {
        if comparison.pairs.is_empty() && !report.interrupted {
            return Err(NothingInCommon { path: (*path).clone(), command: before.command.clone() }.into());
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
            row.scenario.name,
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
