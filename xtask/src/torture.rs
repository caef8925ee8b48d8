//! `cargo xtask torture`: threads and processes that are killed and stopped, with an account of
//! what was seen.

use std::process::{Command, ExitCode};

use crate::cli::TortureArgs;
use crate::process::{self, say};
use crate::workspace::{Build, LIBRARIES, OwnBuild as _, Workspace};

/// Runs the torture and hands its exit code back: not zero if anything was wrong. With `--tests`,
/// then runs the library crates' own tests, optimised, in which those that can go on for ever share
/// as much time again.
pub(crate) fn run(workspace: &Workspace, args: &TortureArgs) -> anyhow::Result<ExitCode> {
    let mut torture = command(workspace, Build::Release, args.seconds);
    if let Some(only) = &args.only {
        torture.args(["--only", only]);
    }
    let status = process::run(&mut torture)?;
    if !args.tests || !status.success() {
        return Ok(process::exit_code(status));
    }
    let mut failed = false;
    let share = f64::from(args.seconds) / LIBRARIES.len() as f64;
    for library in LIBRARIES {
        say(&format!("\n==> {library}: {share:.0} s for each torture in it, side by side"))?;
        let mut tests = workspace.cargo();
        tests.args(["test", "--release", "--tests", "--no-fail-fast"]).packages([library]);
        failed |= !process::run(tests.env("ICC_TORTURE_SECONDS", share.to_string()))?.success();
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The torture for about so many seconds, built if need be.
pub(crate) fn command(workspace: &Workspace, build: Build, seconds: u32) -> Command {
    let mut command = workspace.program(build, "icc-torture");
    command.args(["--seconds", &seconds.to_string()]).current_dir(workspace.root());
    command
}
