//! `cargo xtask litmus`: each protocol's litmus tests, and their variants with one ordering weakened, judged by
//! herd7.
//!
//! The tests are in `litmus/`; what runs them is in `mutants/`, beside the table of orderings.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::cli::LitmusArgs;
use crate::counts::Counts;
use crate::process;
use crate::workspace::Workspace;

/// How to get it.
const MISSING: &str = "this needs herd7: run xtask/herd7.sh, which unpacks Debian's package into the target directory, or install \
     herdtools7 (apt-get install herdtools7, opam install herdtools7)";

/// Runs the tests, or says how to get what is missing.
pub(crate) fn run(workspace: &Workspace, args: &LitmusArgs) -> anyhow::Result<ExitCode> {
    let Some(herd) = find(workspace) else { bail!(MISSING) };
    Ok(if check(workspace, &herd, args, &mut Counts::default())? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// herd7, on the path or where `xtask/herd7.sh` puts it; or why there is none.
pub(crate) fn herd(workspace: &Workspace) -> Result<PathBuf, String> {
    find(workspace).ok_or_else(|| MISSING.to_owned())
}

fn find(workspace: &Workspace) -> Option<PathBuf> {
    let candidates = [PathBuf::from("herd7"), workspace.own_directory("herd7").join("herd7")];
    candidates.into_iter().find(|program| process::capture(Command::new(program).arg("-version")).is_ok())
}

/// Runs the tests; whether each verdict is the expected one.
pub(crate) fn check(
    workspace: &Workspace,
    herd: &PathBuf,
    args: &LitmusArgs,
    counts: &mut Counts,
) -> anyhow::Result<bool> {
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "--package", "icc-mutants", "--", "--litmus"]).arg(herd);
    command.args(args.only.iter().flat_map(|only| ["--only", only]));
    let status = process::stream(&mut command, |line| {
        if let Some(found) = summary(line) {
            *counts += found;
        }
    })?;
    Ok(status.success())
}

/// The last line, such as `65 verdicts in 3.1 s, 0 of them wrong`.
fn summary(line: &str) -> Option<Counts> {
    let (verdicts, rest) = line.split_once(" verdicts in ")?;
    let wrong = rest.split_once(" s, ")?.1.strip_suffix(" of them wrong")?;
    let (verdicts, failed) = (verdicts.parse::<u64>().ok()?, wrong.parse().ok()?);
    Some(Counts { passed: verdicts.checked_sub(failed)?, failed, skipped: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_counted_and_no_other() {
        let counted = summary("65 verdicts in 3.1 s, 2 of them wrong");
        assert_eq!(counted, Some(Counts { passed: 63, failed: 2, skipped: 0 }));
        for other in ["", "seqlock RC11 Never Never", "2 verdicts in 3.1 s, 3 of them wrong", "65 verdicts"] {
            assert_eq!(summary(other), None, "{other}");
        }
    }
}
