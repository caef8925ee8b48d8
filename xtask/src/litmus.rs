//! `cargo xtask litmus`: each protocol's litmus tests, and their variants with one ordering weakened, judged by
//! herd7; and what the compiler makes of the operations, compared with the tests of processors.
//!
//! The tests are in `litmus/`; what runs them is in `mutants/`, beside the table of orderings.

use std::env::consts::ARCH;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::aarch64;
use crate::cli::LitmusArgs;
use crate::counts::Counts;
use crate::process::{self, say};
use crate::workspace::{OwnBuild as _, Workspace};

/// The package of operations, each alone in a function.
const PROBES: &str = "icc-litmus-probes";

/// What the operations are compiled for: the folder of tests to compare with, the processor, and a flag. Without
/// outline-atomics the compiler makes of a read-modify-write what processors of the first ARMv8 have for it.
const COMPILED: [(&str, &str, Option<&str>); 3] = [
    ("x86_64", "x86_64", None),
    ("aarch64", "aarch64", None),
    ("aarch64-exclusive", "aarch64", Some("-Ctarget-feature=-outline-atomics")),
];

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
    if args.only.is_empty() {
        for (tests, architecture, flag) in COMPILED {
            match machine_code(workspace, tests, architecture, flag)? {
                Ok(file) => _ = command.arg("--asm").arg(format!("{tests}={}", file.display())),
                Err(reason) => say(&format!("what is compiled for {tests} is not compared: this needs {reason}"))?,
            }
        }
    }
    let status = process::stream(&mut command, |line| {
        if let Some(found) = summary(line) {
            *counts += found;
        }
    })?;
    Ok(status.success())
}

/// Compiles the operations, as they are shipped; the assembly file, or what is missing.
fn machine_code(
    workspace: &Workspace,
    tests: &str,
    architecture: &str,
    flag: Option<&str>,
) -> anyhow::Result<Result<PathBuf, String>> {
    let mut cargo = workspace.cargo();
    cargo.args(["rustc", "--quiet", "--release", "--lib", "--package", PROBES]).own_build(workspace, "litmus", "");
    if architecture != ARCH {
        if architecture != "aarch64" {
            return Ok(Err(format!("a processor of that kind, and this is {ARCH}")));
        }
        match aarch64::compiler() {
            Ok(compiler) => _ = cargo.args(["--target", aarch64::TARGET]).env("RUSTC", compiler),
            Err(reason) => return Ok(Err(reason)),
        }
    }
    // In the build's own directory: as long as cargo takes the build for fresh, the file is there.
    let file = workspace.own_directory("litmus").join(format!("{tests}.s"));
    let emit = format!("asm={}", file.display());
    cargo.args(["--", "--emit", &emit, "-C", "codegen-units=1"]).args(flag);
    // Quietly: the compiler warns of the flag.
    process::capture(&mut cargo).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Ok(file))
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
