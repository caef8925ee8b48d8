//! `cargo xtask litmus`: each protocol's litmus tests, and their variants with one ordering weakened, judged by
//! herd7; and what the compiler makes of the operations, compared with the tests of processors.
//!
//! The tests are in `litmus/`; what runs them is in `mutants/`, beside the table of orderings.

use std::env::consts::ARCH;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, anyhow, bail};

use crate::aarch64;
use crate::cli::LitmusArgs;
use crate::counts::Counts;
use crate::process::{self, say};
use crate::workspace::{OwnBuild as _, Workspace};

/// The package of operations, each alone in a function.
const PROBES: &str = "icc-litmus-probes";

/// The library that has operations which are functions of their own, as its assembly file begins.
const LIBRARY: &str = "icc_buffer-";

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
                Ok(files) => {
                    command.args(files.iter().flat_map(|file| ["--asm".into(), format!("{tests}={}", file.display())]));
                }
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

/// Compiles the operations, as they are shipped; the assembly files, or what is missing.
fn machine_code(
    workspace: &Workspace,
    tests: &str,
    architecture: &str,
    flag: Option<&str>,
) -> anyhow::Result<Result<Vec<PathBuf>, String>> {
    let directory = workspace.own_directory("litmus");
    let mut dependencies = directory.clone();
    let mut cargo = workspace.cargo();
    cargo.args(["rustc", "--quiet", "--release", "--lib", "--package", PROBES]);
    // Of the libraries, too: what is not inlined is there.
    cargo.own_build(workspace, "litmus", "--emit=asm -Ccodegen-units=1");
    if architecture != ARCH {
        if architecture != "aarch64" {
            return Ok(Err(format!("a processor of that kind, and this is {ARCH}")));
        }
        match aarch64::compiler() {
            Ok(compiler) => _ = cargo.args(["--target", aarch64::TARGET]).env("RUSTC", compiler),
            Err(reason) => return Ok(Err(reason)),
        }
        dependencies.push(aarch64::TARGET);
    }
    // In the build's own directory: as long as cargo takes the build for fresh, the file is there.
    let probes = directory.join(format!("{tests}.s"));
    let emit = format!("--emit=asm={}", probes.display());
    cargo.args(["--", &emit]).args(flag);
    // Quietly: the compiler warns of the flag.
    process::capture(&mut cargo).map_err(|error| anyhow!("{error}"))?;
    Ok(Ok(vec![probes, newest(&dependencies.join("release/deps"), LIBRARY)?]))
}

/// The newest assembly file of a crate.
fn newest(directory: &Path, of: &str) -> anyhow::Result<PathBuf> {
    let mut found = Vec::new();
    for entry in directory.read_dir().with_context(|| format!("cannot list {}", directory.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", directory.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(of) && name.ends_with(".s") {
            found.push((path.metadata().and_then(|metadata| metadata.modified())?, path));
        }
    }
    found.sort();
    found.pop().map(|(_, path)| path).with_context(|| format!("no assembly of {of}* in {}", directory.display()))
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
