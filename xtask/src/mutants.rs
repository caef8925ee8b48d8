//! `cargo xtask mutants`: a program of its own, beside its lists in `mutants/`.

use std::ffi::OsStr;
use std::process::{Command, ExitCode};

use crate::cli::PassedArgs;
use crate::process;
use crate::workspace::{Build, Workspace};

/// Runs the program with the user's arguments and hands its exit code back.
pub(crate) fn run(workspace: &Workspace, args: &PassedArgs) -> anyhow::Result<ExitCode> {
    process::run(&mut command(workspace, &args.args)).map(process::exit_code)
}

/// The program with these arguments.
pub(crate) fn command(workspace: &Workspace, args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = workspace.program(Build::Dev, "icc-mutants");
    command.args(args).current_dir(workspace.root());
    command
}
