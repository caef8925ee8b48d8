//! `cargo xtask litmus`: each protocol's litmus tests, and their variants with one ordering weakened, judged by
//! herd7; and what the compiler makes of the operations, compared with the tests of processors.
//!
//! The tests are in `litmus/`; what runs them is in `mutants/`, beside the table of orderings.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

use crate::cli::LitmusArgs;
use crate::counts::Counts;
use crate::process::{self, say};
use crate::workspace::{OwnBuild as _, Workspace};
use crate::{aarch64, mutants};

/// The package of operations, each alone in a function.
const PROBES: &str = "icc-litmus-probes";

/// The libraries that have operations which are functions of their own.
const WITH_FUNCTIONS: [&str; 2] = ["icc-buffer", "icc-queue"];

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
    herd: &Path,
    args: &LitmusArgs,
    counts: &mut Counts,
) -> anyhow::Result<bool> {
    let mut command = mutants::command(workspace, &["--litmus"]);
    command.arg(herd);
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
    let mut cargo = workspace.cargo();
    cargo.args(["rustc", "--quiet", "--release", "--lib", "--message-format=json", "--package", PROBES]);
    // Of the libraries, too: what is not inlined is there.
    let flags = [Some("--emit=asm -Ccodegen-units=1"), flag].into_iter().flatten().collect::<Vec<_>>().join(" ");
    // With a target, also where it is this machine's: so the flags are not for the macros that run while it is
    // compiled, and these are the same for all.
    cargo.args(["--target", &format!("{architecture}-unknown-linux-gnu")]).own_build(workspace, "litmus", &flags);
    if architecture != ARCH {
        if architecture != "aarch64" {
            return Ok(Err(format!("a processor of that kind, and this is {ARCH}")));
        }
        match aarch64::compiler() {
            Ok(compiler) => _ = cargo.compiled_by(&compiler),
            Err(reason) => return Ok(Err(reason)),
        }
    }
    // Quietly: the compiler warns of the flag.
    let said = process::capture(&mut cargo).map_err(|error| anyhow!("{error}"))?;
    let mut files = Vec::new();
    for name in [&[PROBES], &WITH_FUNCTIONS[..]].concat().iter().map(|package| package.replace('-', "_")) {
        let file =
            assembly(&said, &name).with_context(|| format!("cargo does not say where the assembly of {name} is"))?;
        // The next build, with another flag, may overwrite it.
        let copy = directory.join(format!("{name}-{tests}.s"));
        fs::copy(&file, &copy).with_context(|| format!("cannot copy {}", file.display()))?;
        files.push(copy);
    }
    Ok(Ok(files))
}

/// The assembly file of a crate, beside what cargo says that it built or found built.
fn assembly(said: &str, name: &str) -> Option<PathBuf> {
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_it = messages
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"].as_str() == Some(name));
    let files = of_it.filter_map(|message| Some(message["filenames"].as_array()?.clone())).flatten();
    let files = files.filter_map(|file| Some(PathBuf::from(file.as_str()?)));
    files.into_iter().find_map(|file| {
        let stem = file.file_stem()?.to_str()?.strip_prefix("lib")?;
        stem.strip_prefix(name)?.starts_with('-').then(|| file.with_file_name(format!("{stem}.s")))
    })
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
    fn an_assembly_file_is_beside_what_was_built() {
        let said = r#"
            {"reason":"compiler-artifact","target":{"name":"icc_buffer"},"filenames":["/t/deps/libicc_buffer-12.rlib"]}
            {"reason":"compiler-artifact","target":{"name":"a"},"filenames":["/t/liba.rlib","/t/deps/liba-34.rmeta"]}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(assembly(said, "icc_buffer"), Some(PathBuf::from("/t/deps/icc_buffer-12.s")));
        assert_eq!(assembly(said, "a"), Some(PathBuf::from("/t/deps/a-34.s")));
        assert_eq!(assembly(said, "b"), None);
    }

    #[test]
    fn the_last_line_is_counted_and_no_other() {
        let counted = summary("65 verdicts in 3.1 s, 2 of them wrong");
        assert_eq!(counted, Some(Counts { passed: 63, failed: 2, skipped: 0 }));
        for other in ["", "seqlock RC11 Never Never", "2 verdicts in 3.1 s, 3 of them wrong", "65 verdicts"] {
            assert_eq!(summary(other), None, "{other}");
        }
    }
}
