//! `cargo xtask torture`: the tests that hunt for what is rare, for as long as you like.

use std::process::ExitCode;

use crate::cli::TortureArgs;
use crate::process::{self, say};
use crate::workspace::{LIBRARIES, Workspace};

/// Runs every test of the library crates optimised, and lets those that torture share the time given.
pub(crate) fn run(workspace: &Workspace, args: &TortureArgs) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    let share = f64::from(args.seconds) / LIBRARIES.len() as f64;
    for library in LIBRARIES {
        say(&format!("\n==> {library}: {share:.0} s for each torture in it, side by side"))?;
        let mut tests = workspace.cargo();
        tests.args(["test", "--release", "--tests", "--no-fail-fast", "-p", library]);
        failed |= !process::run(tests.env("ICC_TORTURE_SECONDS", share.to_string()))?.success();
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
