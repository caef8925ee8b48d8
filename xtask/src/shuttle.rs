//! `cargo xtask shuttle`: models too large for loom, in random orders of their threads' steps.
//!
//! A model is a test in a crate's `tests/shuttle.rs`. The crates are built as for loom, with shuttle in its place: see
//! `icc-seqlock/src/primitive/loom.rs`.

use std::process::{Command, ExitCode};
use std::time::UNIX_EPOCH;

use crate::cli::ShuttleArgs;
use crate::counts::Counts;
use crate::loom::MODELS;
use crate::process::{self, say};
use crate::workspace::{OwnBuild as _, Workspace};

/// The crate that has such models, over all the layers below.
const PACKAGE: &str = "icc-queue";
/// How the crates are built for them.
const FLAGS: &str = "--cfg icc_loom --cfg icc_shuttle";
/// What cargo calls the tests.
const TESTS: [&str; 4] = ["--package", PACKAGE, "--test", "shuttle"];

/// Executions of each model in `cargo xtask test`: a hundredth of what the command runs, and always the same ones.
const FEW: u64 = 10_000;
const ALWAYS: u64 = 1;

/// Runs the models with a seed that is given or new.
pub(crate) fn run(workspace: &Workspace, args: &ShuttleArgs) -> anyhow::Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(|| u64::from(UNIX_EPOCH.elapsed().unwrap_or_default().subsec_nanos()));
    say(&format!("{} executions of each model, with --seed {seed}", args.iterations))?;
    let mut models = command(workspace, args.iterations, seed);
    models.args(args.only.as_deref());
    Ok(process::exit_code(process::run(models.args(["--nocapture"]))?))
}

/// Runs a few executions of each; whether none failed.
pub(crate) fn check(workspace: &Workspace, counts: &mut Counts) -> anyhow::Result<bool> {
    let status = process::stream(command(workspace, FEW, ALWAYS).arg("--nocapture"), |line| {
        if let Some(found) = Counts::from_line(line) {
            *counts += found;
        }
    })?;
    Ok(status.success())
}

fn command(workspace: &Workspace, iterations: u64, seed: u64) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--profile", MODELS]).args(TESTS).arg("--");
    cargo.env("ICC_SHUTTLE_ITERATIONS", iterations.to_string()).env("ICC_SHUTTLE_SEED", seed.to_string());
    cargo.own_build(workspace, "shuttle", FLAGS);
    cargo
}
