//! `cargo xtask fuzz`: coverage-guided fuzzing of attaching to arbitrary bytes, of calls against a
//! model, and of schemas.
//!
//! The targets are a package of their own in `fuzz/`, laid out for cargo-fuzz, with
//! AddressSanitizer. What is found worth keeping stays in `fuzz/corpus`, and what fails in
//! `fuzz/artifacts`.

use std::process::{Command, ExitCode};

use anyhow::bail;

use crate::cli::FuzzArgs;
use crate::process::{self, say};
use crate::workspace::Workspace;

pub(crate) const TARGETS: [&str; 4] = ["attach", "calls", "frames", "schema"];

/// Runs the targets one after another, or says what is missing.
pub(crate) fn run(workspace: &Workspace, args: &FuzzArgs) -> anyhow::Result<ExitCode> {
    let chosen: Vec<_> =
        TARGETS.into_iter().filter(|target| args.target.as_ref().is_none_or(|chosen| chosen == target)).collect();
    if chosen.is_empty() {
        bail!("no such target; there are: {}", TARGETS.join(", "));
    }
    let missing = missing(workspace);
    if !missing.is_empty() {
        bail!("cannot fuzz here; missing:\n  {}", missing.join("\n  "));
    }
    let share = (args.seconds / chosen.len() as u32).max(1);
    for target in chosen {
        say(&format!("\n==> {target}: {share} s"))?;
        let status = process::run(&mut command(workspace, target, share)?)?;
        if !status.success() {
            say(&format!("what failed is in fuzz/artifacts/{target}; to repeat it: cargo fuzz run {target} FILE"))?;
            return Ok(process::exit_code(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What fuzzing needs and is not here, with how to get it.
pub(crate) fn missing(workspace: &Workspace) -> Vec<String> {
    let mut missing = Vec::new();
    match workspace.nightly_cargo() {
        Ok(mut cargo) => {
            if process::capture(cargo.args(["fuzz", "--version"])).is_err() {
                missing.push("cargo-fuzz: cargo install cargo-fuzz --locked".to_owned());
            }
        }
        Err(error) => missing.push(error.to_string()),
    }
    if process::capture(Command::new("c++").arg("--version")).is_err() {
        missing.push("a C++ compiler, which libFuzzer is built with: apt-get install g++".to_owned());
    }
    missing
}

/// One target for about so many seconds, built if need be.
pub(crate) fn command(workspace: &Workspace, target: &str, seconds: u32) -> anyhow::Result<Command> {
    let mut fuzz = workspace.nightly_cargo()?;
    fuzz.current_dir(workspace.root().join("fuzz")).args(["fuzz", "run", "--target-dir"]);
    fuzz.arg(workspace.own_directory("fuzz")).arg(target);
    fuzz.args(["--", &format!("-max_total_time={seconds}"), "-max_len=800", "-print_final_stats=1"]);
    Ok(fuzz)
}
