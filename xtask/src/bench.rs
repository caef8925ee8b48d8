//! `cargo xtask bench`: build the benchmark and run it.

use std::ffi::OsStr;
use std::process::{Command, ExitCode};

use crate::cli::BenchArgs;
use crate::process;
use crate::workspace::Workspace;

/// Runs the benchmark with the user's arguments and hands its exit code back.
pub(crate) fn run(workspace: &Workspace, args: &BenchArgs) -> anyhow::Result<ExitCode> {
    process::run(&mut command(workspace, &args.args)).map(process::exit_code)
}

/// The benchmark in the user's directory, so that a path such as `--json out.json` means what it says there.
pub(crate) fn command(workspace: &Workspace, args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = workspace.cargo_here();
    command
        .args(["run", "--release", "--package", "icc-bench", "--bin", "icc-bench", "--manifest-path"])
        .arg(workspace.root().join("Cargo.toml"))
        .arg("--")
        .args(args);
    command
}
