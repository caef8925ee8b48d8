//! `cargo xtask test`: everything that must hold.
//!
//! The last line is always `N passed, N failed, N skipped`, over all tests and models that ran. A
//! step that fails without a failing test (a lint, a build error) counts as one failure, one that
//! cannot run here as one skipped.

use std::collections::VecDeque;
use std::fmt;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;

use anyhow::bail;
use clap::ValueEnum as _;

use crate::beside::Beside;
use crate::cli::{LitmusArgs, LoomArgs, Step, TestArgs};
use crate::counts::Counts;
use crate::process::{self, say};
use crate::workspace::{Build, OwnBuild as _, Workspace};
use crate::{
    bench, beside, bridge, guides, litmus, loom, mutants, named_tests, package, python, shuttle, targets, torture,
};

/// How long the short torture lasts.
const TORTURE_SECONDS: u32 = 20;

/// The tests that run on the portable payload copy, too: all of the crate that copies, and of the others those in
/// which payloads of many sizes go between threads. The copy is the one thing that differs.
const PORTABLE: [(&[&str], &[&str]); 2] = [
    (&["icc-seqlock"], &[]),
    (
        &["icc-queue", "icc-vector"],
        &["bytes", "bytes_long", "consumer_model", "gaps", "mpmc", "spmc", "torture", "untyped", "vector"],
    ),
];

/// What became of a step.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Outcome {
    Passed,
    Failed,
    /// It cannot run on this machine, for this reason.
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed => f.write_str("FAILED"),
            Self::Skipped(reason) => write!(f, "skipped: {reason}"),
        }
    }
}

/// Runs the steps; fails if one fails.
pub(crate) fn run(workspace: &Workspace, args: &TestArgs) -> anyhow::Result<ExitCode> {
    let mut workspace = workspace.clone();
    let (steps, mut beside) = match args.beside {
        None => beside::divide(selected(args)?),
        Some(parent) => {
            beside::end_with(parent);
            workspace = workspace.built();
            (selected(args)?, Vec::new())
        }
    };
    let mut linting = workspace.linting()?;
    let begin = Instant::now();
    let (mut total, mut rows, mut failed, mut others) = (Counts::default(), Vec::new(), false, None);
    let mut steps = VecDeque::from(steps);
    while let Some(step) = steps.pop_front() {
        let is_stopped = args.beside.is_some() && beside::is_told_to_stop(&workspace);
        if is_stopped || (failed && !args.keep_going) {
            rows.push(format!("{:15} not run", step.name()));
            continue;
        }
        say(&format!("\n==> {}: {}", step.name(), purpose(step)))?;
        let start = Instant::now();
        let mut counts = Counts::default();
        let outcome = told(perform(&workspace, &linting, step, &mut counts))?;
        total += settled(counts, &outcome);
        failed |= outcome == Outcome::Failed;
        let seconds = start.elapsed().as_secs_f64();
        say(&format!("<== {}: {outcome} ({seconds:.1} s)", step.name()))?;
        rows.push(format!("{:15} {seconds:6.1} s  {outcome}", step.name()));
        if step == Step::Build {
            if outcome == Outcome::Passed {
                (workspace, linting) = (workspace.built(), linting.built());
                if !beside.is_empty() {
                    match Beside::begin(&linting, &beside, args.keep_going) {
                        Ok(begun) => (others, beside) = (Some(begun), Vec::new()),
                        Err(error) => process::say_error(&format!("they run in turn: {error:#}"))?,
                    }
                }
            }
            // Those that could not begin beside run here, after the others.
            steps.extend(beside.drain(..));
        }
    }
    if let Some(others) = others {
        let (outcome, ended) = match others.end(&linting, failed && !args.keep_going) {
            Ok(ended) => (if ended.passed { Outcome::Passed } else { Outcome::Failed }, Some(ended)),
            Err(error) => (told(Err(error))?, None),
        };
        total += settled(ended.as_ref().map_or_else(Counts::default, |ended| ended.counts), &outcome);
        failed |= outcome == Outcome::Failed;
        rows.push(format!("{:15} {outcome}", "beside:"));
        rows.extend(ended.into_iter().flat_map(|ended| ended.rows));
    }
    rows.push(format!("{:15} {:6.1} s", "in all", begin.elapsed().as_secs_f64()));
    say(&format!("\n{}\n\n{total}", rows.join("\n")))?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What became of a step, an error told as a failure.
fn told(outcome: anyhow::Result<Outcome>) -> anyhow::Result<Outcome> {
    match outcome {
        Ok(outcome) => Ok(outcome),
        Err(error) => {
            process::say_error(&format!("error: {error:#}"))?;
            Ok(Outcome::Failed)
        }
    }
}

/// The steps that `--only` and `--skip` leave, in the order in which they are declared.
fn selected(args: &TestArgs) -> anyhow::Result<Vec<Step>> {
    let wanted = |step: &&Step| (args.only.is_empty() || args.only.contains(step)) && !args.skip.contains(step);
    let steps: Vec<Step> = Step::value_variants().iter().filter(wanted).copied().collect();
    if steps.is_empty() {
        bail!("--only and --skip leave no step to run");
    }
    Ok(steps)
}

/// A step's counts as they go into the total: a failure must show there even if no test reported
/// it.
fn settled(mut counts: Counts, outcome: &Outcome) -> Counts {
    match outcome {
        Outcome::Failed if counts.failed == 0 => counts.failed = 1,
        Outcome::Skipped(_) => counts.skipped += 1,
        _ => {}
    }
    counts
}

fn purpose(step: Step) -> &'static str {
    match step {
        Step::Fmt => "formatting",
        Step::Shim => "atomics in the shim alone",
        Step::NamedTests => "tests that docs/testing.md names",
        Step::MutantsList => "a check for every atomic operation and protocol step",
        Step::Supply => "dependencies, their licences and sources",
        Step::Build => "all targets of the workspace, linted while they are built",
        Step::Targets => "other systems, type-checked",
        Step::Docs => "documentation",
        Step::Tests => "unit, integration and documentation tests",
        Step::PortableTests => "the library crates' tests on the portable payload copy",
        Step::Cbmc => "what the C reader does with a hostile file, proved",
        Step::Steps => "producers that die at each step of the protocol",
        Step::Python => "the Python package, built and tested beside Rust",
        Step::Torture => "a short torture",
        Step::Litmus => "litmus tests, judged by herd7",
        Step::Loom => "loom models",
        Step::Shuttle => "models too large for loom, in some orders each",
        Step::Bench => "a short benchmark run",
        Step::Bridge => "the bridge between machines",
        Step::Package => "packages for crates.io, each built from its package",
    }
}

/// Runs a step. `workspace` lints what it compiles, and `plainly` is the same without.
fn perform(plainly: &Workspace, workspace: &Workspace, step: Step, counts: &mut Counts) -> anyhow::Result<Outcome> {
    let mut cargo = workspace.cargo();
    match step {
        Step::Fmt => plain(cargo.args(["fmt", "--all", "--check"])),
        Step::Shim => crate::shim::check(workspace).map(|()| Outcome::Passed),
        Step::NamedTests => named_tests::check(workspace).map(|()| Outcome::Passed),
        Step::MutantsList => plain(&mut mutants::command(workspace, &["--check"])),
        Step::Supply => Ok(crate::supply::check(workspace)?.map_or(Outcome::Passed, Outcome::Skipped)),
        // All that the next steps run.
        Step::Build => plain(cargo.args(["build", "--workspace", "--all-targets"])),
        // A standard library is built for each: one stands for all, which the command checks.
        Step::Targets => Ok(match targets::check(workspace, &targets::BUILDS[..1], &[])? {
            Ok(()) => Outcome::Passed,
            Err(missing) => Outcome::Skipped(format!("missing: {missing}")),
        }),
        Step::Docs => {
            guides::check(workspace)?;
            plain(plainly.cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
        }
        Step::Tests => counted(cargo.args(["test", "--workspace", "--no-fail-fast"]), counts),
        Step::PortableTests => {
            let mut passed = true;
            for (packages, tests) in PORTABLE {
                let mut cargo = workspace.cargo();
                cargo.args(["test", "--no-fail-fast"]).packages(packages.iter().copied());
                cargo.args(tests.iter().flat_map(|test| ["--test", test]));
                passed &= counted(cargo.own_build(workspace, "portable", "--cfg icc_portable_copy"), counts)?
                    == Outcome::Passed;
            }
            Ok(if passed { Outcome::Passed } else { Outcome::Failed })
        }
        Step::Cbmc => match crate::cbmc::cbmc(workspace) {
            Ok(cbmc) => {
                *counts = crate::cbmc::check(workspace, &cbmc)?;
                Ok(if counts.failed == 0 { Outcome::Passed } else { Outcome::Failed })
            }
            Err(missing) => Ok(Outcome::Skipped(missing)),
        },
        Step::Steps => {
            cargo.args([
                "test",
                "--no-fail-fast",
                "-p",
                "icc-buffer",
                "-p",
                "icc-queue",
                "-p",
                "icc-trace",
                "-p",
                "icc-vector",
                "--test",
                "steps*",
            ]);
            counted(cargo.own_build(workspace, "steps", "--cfg icc_steps"), counts)
        }
        Step::Python => match python::environment(workspace)? {
            Ok(python) => Ok(if python::test(workspace, &python, Build::Dev, counts)? {
                Outcome::Passed
            } else {
                Outcome::Failed
            }),
            Err(reason) => Ok(Outcome::Skipped(reason)),
        },
        Step::Torture => plain(&mut torture::command(workspace, Build::Dev, TORTURE_SECONDS)),
        Step::Litmus => match litmus::herd(workspace) {
            Ok(herd) => {
                let is_right = litmus::check(workspace, &herd, &LitmusArgs::default(), counts)?;
                Ok(if is_right { Outcome::Passed } else { Outcome::Failed })
            }
            Err(reason) => Ok(Outcome::Skipped(reason)),
        },
        Step::Loom => {
            *counts = loom::check(workspace, &LoomArgs { quick: true, ..LoomArgs::default() })?;
            Ok(if counts.failed == 0 { Outcome::Passed } else { Outcome::Failed })
        }
        Step::Shuttle => {
            let passed = shuttle::check(workspace, counts)?;
            Ok(if passed { Outcome::Passed } else { Outcome::Failed })
        }
        Step::Bench => {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            if cores < 2 {
                return Ok(Outcome::Skipped(
                    "measuring between cores needs two of them, this machine offers one".into(),
                ));
            }
            // Every scenario, and short: what matters is that each still measures. A disturbed row
            // is no failure.
            plain(&mut bench::command(workspace, Build::Dev, &["--quick", "--rounds", "1"]))
        }
        Step::Bridge => {
            let passed = bridge::check(workspace, false, counts)?;
            Ok(if passed { Outcome::Passed } else { Outcome::Failed })
        }
        Step::Package => Ok(match package::check(plainly)? {
            Ok(()) => Outcome::Passed,
            Err(missing) => Outcome::Skipped(missing),
        }),
    }
}

/// Runs a step that succeeds or fails as a whole.
fn plain(command: &mut Command) -> anyhow::Result<Outcome> {
    let status = process::run(command)?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed })
}

/// Runs tests and counts them.
fn counted(command: &mut Command, counts: &mut Counts) -> anyhow::Result<Outcome> {
    let status = process::stream(command, |line| {
        if let Some(binary) = Counts::from_line(line) {
            *counts += binary;
        }
    })?;
    Ok(if status.success() { Outcome::Passed } else { Outcome::Failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(only: &[Step], skip: &[Step]) -> TestArgs {
        TestArgs { only: only.to_vec(), skip: skip.to_vec(), keep_going: false, beside: None }
    }

    #[test]
    fn everything_runs_unless_told_otherwise() {
        assert_eq!(selected(&args(&[], &[])).unwrap(), Step::value_variants());
    }

    #[test]
    fn only_and_skip_select_in_declared_order() {
        let only = [Step::Loom, Step::Fmt, Step::Docs];
        assert_eq!(selected(&args(&only, &[Step::Docs])).unwrap(), [Step::Fmt, Step::Loom]);
        let rest = selected(&args(&[], &[Step::Bench])).unwrap();
        assert_eq!(rest.len(), Step::value_variants().len() - 1);
        assert!(!rest.contains(&Step::Bench));
        assert!(selected(&args(&[Step::Fmt], &[Step::Fmt])).is_err());
    }

    #[test]
    fn a_failed_step_always_shows_in_the_total() {
        let tests = Counts { passed: 5, failed: 2, skipped: 1 };
        assert_eq!(settled(tests, &Outcome::Failed), tests);
        assert_eq!(settled(Counts::default(), &Outcome::Failed), Counts { failed: 1, ..Counts::default() });
        let skipped = Outcome::Skipped("one core".into());
        assert_eq!(settled(Counts::default(), &skipped), Counts { skipped: 1, ..Counts::default() });
        assert_eq!(settled(Counts::default(), &Outcome::Passed), Counts::default());
    }
}
