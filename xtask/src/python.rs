//! `cargo xtask python`: the Python package, built into a virtual environment, and its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};

use crate::counts::Counts;
use crate::workspace::{Build, Workspace};
use crate::{lint, process};

/// What the environment needs beside the package.
const NEEDED: [&str; 3] = ["maturin>=1.9,<2", "numpy", "pytest"];
/// What the examples need: without it their tests are skipped.
const OF_EXAMPLES: [&str; 2] = ["matplotlib", "pandas"];
/// The program that the tests talk to.
const PEER: &str = "icc-peer";
/// Whether all of it is there already: asking is quicker than installing nothing.
const IS_THERE: &str = "import maturin, numpy, pytest";
const HAS_OF_EXAMPLES: &str = "import matplotlib, pandas";
const IS_ENOUGH: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// Builds and tests, and fails if that does.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let python = match environment(workspace)? {
        Ok(python) => python,
        Err(reason) => bail!(reason),
    };
    Ok(if test(workspace, &python, Build::Release, &mut Counts::default())? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The Python of a virtual environment that has all that is needed; or why there is none.
pub(crate) fn environment(workspace: &Workspace) -> anyhow::Result<Result<PathBuf, String>> {
    let enough = process::capture(Command::new("python3").args(["-c", IS_ENOUGH]));
    if let Err(error) = enough {
        return Ok(Err(format!("this needs Python 3.10 or later with venv and pip: {error}")));
    }
    let directory = workspace.own_directory("python").join("environment");
    let python = directory.join("bin/python");
    if !python.exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&directory))?;
    }
    if let Err(reason) = installed(&python, IS_THERE, &NEEDED) {
        return Ok(Err(reason));
    }
    if let Err(reason) = installed(&python, HAS_OF_EXAMPLES, &OF_EXAMPLES) {
        process::say(&format!("the examples that need them are not run: {reason}"))?;
    }
    Ok(Ok(python))
}

/// Installs what a program that imports it says is not there; or why it cannot be.
fn installed(python: &Path, imports: &str, packages: &[&str]) -> Result<(), String> {
    if process::capture(Command::new(python).args(["-c", imports])).is_ok() {
        return Ok(());
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--retries", "1"]).args(packages);
    match process::capture(&mut pip) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("pip cannot install {}: {error}", packages.join(", "))),
    }
}

/// Lints the package's Rust, which no command of the workspace sees. Builds the wheel, installs it, and runs the tests
/// beside the Rust program that they talk to. Whether all is well.
pub(crate) fn test(workspace: &Workspace, python: &Path, how: Build, counts: &mut Counts) -> anyhow::Result<bool> {
    let package = workspace.root().join("bindings/python");
    // No command of the workspace sees it, and maturin calls cargo.
    let lints = workspace.linting()?;
    let linter = lints.linter().unwrap_or_else(|| unreachable!("it lints"));
    let (cargo, wheels) = (workspace.own_directory("python"), workspace.own_directory("python/wheels"));
    // Of another version, one may lie there.
    let _ = fs::remove_dir_all(&wheels);
    let mut build = Command::new(python);
    build.args(["-m", "maturin", "build", "--quiet", "--interpreter"]).arg(python).arg("--out").arg(&wheels);
    let mut peer = workspace.cargo();
    peer.args(["build", "--quiet", "--package", PEER]);
    if how == Build::Release {
        build.arg("--release");
        peer.arg("--release");
    }
    // What is compiled is linted, and each warning is an error.
    lint::set(&mut build, linter);
    succeed(build.current_dir(&package).env("CARGO_TARGET_DIR", cargo))?;
    let wheel = wheels.read_dir()?.next().context("maturin built no wheel")??.path();
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"]).arg(wheel);
    succeed(&mut install)?;
    if how == Build::Release || !workspace.is_built() {
        succeed(&mut peer)?;
    }
    let peer = match how {
        Build::Release => workspace.target().join("release").join(PEER),
        Build::Dev => workspace.built_program(PEER),
    };
    let mut tests = Command::new(python);
    tests.args(["-X", "dev", "-m", "pytest", "-p", "no:cacheprovider"]).current_dir(&package);
    tests.env("ICC_PEER", peer).env("PYTHONDONTWRITEBYTECODE", "1");
    let status = process::stream(&mut tests, |line| {
        if let Some(found) = summary(line) {
            *counts += found;
        }
    })?;
    Ok(status.success())
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    if process::run(command)?.success() {
        return Ok(());
    }
    bail!("{} failed", process::shown(command))
}

/// What pytest says in the end, such as `1 failed, 40 passed, 2 skipped in 3.21s`.
fn summary(line: &str) -> Option<Counts> {
    let (counted, time) = line.trim_matches(['=', ' ']).split_once(" in ")?;
    time.split_once('s').filter(|(seconds, _)| seconds.parse::<f64>().is_ok())?;
    let mut counts = Counts::default();
    for part in counted.split(", ") {
        let (number, what) = part.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match what {
            "passed" => counts.passed += number,
            "failed" | "error" | "errors" => counts.failed += number,
            "skipped" => counts.skipped += number,
            _ => {}
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_counted_and_no_other() {
        let counts = |passed, failed, skipped| Some(Counts { passed, failed, skipped });
        assert_eq!(summary("40 passed in 3.21s"), counts(40, 0, 0));
        assert_eq!(summary("=== 1 failed, 40 passed, 2 skipped in 63.21s (0:01:03) ==="), counts(40, 1, 2));
        assert_eq!(summary("3 passed, 1 warning, 2 errors in 0.10s"), counts(3, 2, 0));
        for other in ["test_queue.py ....", "waits in 3 s", "", "40 passed", "no tests ran in 0.01s"] {
            assert_eq!(summary(other), None, "{other}");
        }
    }
}
