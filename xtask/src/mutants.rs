//! `cargo xtask mutants`: a program of its own, beside its lists in `mutants/`.

use std::ffi::OsStr;
use std::process::{Command, ExitCode};

use crate::cli::PassedArgs;
use crate::process;
use crate::workspace::Workspace;

/// Runs the program with the user's arguments and hands its exit code back.
pub(crate) fn run(workspace: &Workspace, args: &PassedArgs) -> anyhow::Result<ExitCode> {
    process::run(&mut command(workspace, &args.args)).map(process::exit_code)
}

/// The program with these arguments.
pub(crate) fn command(workspace: &Workspace, args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "--package", "icc-mutants", "--"]).args(args);
    command
}
