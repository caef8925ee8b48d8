//! `cargo xtask loom`: every model of every library crate, on the shipped types.
//!
//! A model is a test in a crate's `tests/loom.rs`, or in another whose name begins so. Each runs in
//! a process of its own, as many at once as there are cores: what a failing one prints is then its
//! own, and a model that aborts takes no other down.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::cli::LoomArgs;
use crate::counts::Counts;
use crate::loom_line::LoomLine;
use crate::process::{self, say};
use crate::workspace::{OwnBuild as _, Workspace};

/// The models that take longest as they stand, and half of the time of all.
const LARGEST: [&str; 8] = [
    "attach_behind_while_producing",
    "attach_while_producing",
    "cursor_against_writers_of_half_a_block",
    "one_begins_to_hold_at_any_moment",
    "one_consumer_three_laps",
    "two_consumers",
    "two_producers_a_lap_apart",
    "two_producers_two_laps",
];
/// The preemptions of these in a quick run.
const QUICK: usize = 2;

/// How models are built: the workspace's profile of this name, also for those of shuttle.
pub(crate) const MODELS: &str = "models";

/// A test that runs a model.
#[derive(Clone, Debug)]
struct Model {
    package: &'static str,
    test: String,
    binary: PathBuf,
}

/// How a model ended.
#[derive(Debug)]
enum Verdict {
    Passed(Vec<LoomLine>),
    Ignored,
    /// With the reason and everything the model printed.
    Failed(String),
}

/// Runs the models; fails if one fails.
pub(crate) fn run(workspace: &Workspace, args: &LoomArgs) -> anyhow::Result<ExitCode> {
    let counts = check(workspace, args)?;
    Ok(if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the models, prints the table and returns how many passed.
///
/// # Errors
///
/// When the models do not build, when there are none, or when `--only` matches none.
pub(crate) fn check(workspace: &Workspace, args: &LoomArgs) -> anyhow::Result<Counts> {
    let models = list(workspace)?;
    if let Some(gone) = LARGEST.iter().find(|name| !models.iter().any(|model| model.test == **name)) {
        bail!("xtask/src/loom.rs names the model `{gone}`, which is not there");
    }
    let models = select(models, args.only.as_deref())?;
    let start = Instant::now();
    let packages = width("crate", models.iter().map(|model| model.package));
    let names = width("model", models.iter().map(|model| model.test.as_str()));
    say(&format!(
        "{:packages$}  {:names$}  {:>12}  {:<14}  {:>8}",
        "crate", "model", "executions", "bound", "seconds"
    ))?;

    let (mut counts, mut executions, mut failures) = (Counts::default(), 0_u64, Vec::new());
    run_all(workspace, &models, args, |model, verdict| {
        let package = model.package;
        match verdict {
            Verdict::Passed(lines) => {
                counts.passed += 1;
                for line in lines {
                    executions += line.executions;
                    let LoomLine { model, executions, seconds, bound, .. } = line;
                    say(&format!(
                        "{package:packages$}  {model:names$}  {executions:>12}  {bound:<14}  {seconds:>8.2}"
                    ))?;
                }
            }
            Verdict::Ignored => {
                counts.skipped += 1;
                say(&format!("{package:packages$}  {:names$}  {:>12}", model.test, "ignored"))?;
            }
            Verdict::Failed(output) => {
                counts.failed += 1;
                say(&format!("{package:packages$}  {:names$}  {:>12}", model.test, "FAILED"))?;
                failures.push((model, output));
            }
        }
        Ok(())
    })?;

    for (model, output) in failures {
        let Model { package, test, .. } = &model;
        say(&format!("\n---- {package} {test} ----\n{}", output.trim_end()))?;
        let bound = preemptions(&model, args).map_or_else(String::new, |number| format!(" --preemptions {number}"));
        say(&format!("\nto see each step: cargo xtask loom --only {test}{bound} --log"))?;
    }
    let seconds = start.elapsed().as_secs_f64();
    say(&format!("\nmodels: {counts}; {executions} executions in {seconds:.1} s"))?;
    if counts.passed + counts.failed == 0 {
        bail!("no model ran: all that were selected are ignored");
    }
    Ok(counts)
}

/// Builds the models, and asks each test binary for its tests.
fn list(workspace: &Workspace) -> anyhow::Result<Vec<Model>> {
    let packages = workspace.crates_with_models();
    if packages.is_empty() {
        bail!("no model exists: no library crate has a tests/loom.rs");
    }
    let mut build = workspace.cargo();
    build
        .args(["test", "--profile", MODELS, "--no-run", "--message-format=json-render-diagnostics", "--test", "loom*"])
        .packages(packages.iter().copied())
        .own_build(workspace, "loom", "--cfg icc_loom")
        .stderr(Stdio::inherit());
    let output = build.output().with_context(|| format!("cannot run {}", process::shown(&build)))?;
    if !output.status.success() {
        bail!("the loom models do not build");
    }
    let binaries = binaries(&String::from_utf8_lossy(&output.stdout));
    let mut models = Vec::new();
    for package in packages {
        let manifest = workspace.crate_dir(package).join("Cargo.toml");
        let binaries = binaries.get(&manifest).with_context(|| format!("cargo built no loom test for {package}"))?;
        for binary in binaries {
            let tests = process::capture(Command::new(binary).args(["--list", "--format", "terse"]))?;
            let names = tests.lines().filter_map(|line| line.strip_suffix(": test"));
            models.extend(names.map(|test| Model { package, test: test.to_owned(), binary: binary.clone() }));
        }
    }
    Ok(models)
}

/// The loom test binaries among cargo's messages, by their package's manifest.
fn binaries(messages: &str) -> HashMap<PathBuf, Vec<PathBuf>> {
    let read = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let manifest = message.get("manifest_path")?.as_str()?;
        let binary = message.get("executable")?.as_str()?;
        let is_loom = message.get("target")?.get("name")?.as_str()?.starts_with("loom");
        is_loom.then(|| (PathBuf::from(manifest), PathBuf::from(binary)))
    };
    let mut found = HashMap::<_, Vec<_>>::new();
    for (manifest, binary) in messages.lines().filter_map(read) {
        found.entry(manifest).or_default().push(binary);
    }
    found
}

/// The models whose test name contains `only`.
fn select(models: Vec<Model>, only: Option<&str>) -> anyhow::Result<Vec<Model>> {
    if models.is_empty() {
        bail!("no model exists: the loom tests are empty");
    }
    let Some(only) = only else { return Ok(models) };
    let (chosen, others): (Vec<_>, Vec<_>) = models.into_iter().partition(|model| model.test.contains(only));
    if chosen.is_empty() {
        let names = others.iter().map(|model| format!("\n  {} ({})", model.test, model.package));
        bail!("no model's name contains `{only}`; there are:{}", names.collect::<String>());
    }
    Ok(chosen)
}

/// Runs each model in a process of its own and hands over the verdicts in the order in which the
/// models end.
fn run_all(
    workspace: &Workspace,
    models: &[Model],
    args: &LoomArgs,
    mut on_verdict: impl FnMut(Model, Verdict) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    // Logs of two models at once would be unreadable.
    let jobs = if args.log { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
    let queue = Mutex::new(models.iter());
    let (sender, verdicts) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(models.len()) {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(model) = next else { return };
                    let verdict = run_one(workspace, model, args);
                    // The receiver is gone only when the command has already failed.
                    if sender.send((model.clone(), verdict)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        verdicts.into_iter().try_for_each(|(model, verdict)| on_verdict(model, verdict?))
    })
}

/// With how many preemptions a model is explored, if not as it asks for.
fn preemptions(model: &Model, args: &LoomArgs) -> Option<usize> {
    args.preemptions.or_else(|| (args.quick && LARGEST.contains(&model.test.as_str())).then_some(QUICK))
}

fn run_one(workspace: &Workspace, model: &Model, args: &LoomArgs) -> anyhow::Result<Verdict> {
    let mut command = Command::new(&model.binary);
    command
        .args(["--exact", &model.test, "--nocapture", "--test-threads=1"])
        .current_dir(workspace.crate_dir(model.package))
        .stdin(Stdio::null());
    if let Some(number) = preemptions(model, args) {
        command.env("ICC_LOOM_PREEMPTIONS", number.to_string());
    }
    if args.trace {
        command.env("ICC_LOOM_TRACE", "1");
    }
    if args.log {
        // The log goes straight to the screen: kept in memory, that of a large model would not fit.
        command.env("ICC_LOOM_LOG", "1");
        let mut notable = String::new();
        let status = process::stream(&mut command, |line| {
            if Counts::from_line(line).is_some() || LoomLine::find(line).is_some() {
                notable.push_str(line);
                notable.push('\n');
            }
        })?;
        return Ok(judge(status.success(), &notable, "its output stands above"));
    }
    let output = command.output().with_context(|| format!("cannot run {}", process::shown(&command)))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    Ok(judge(output.status.success(), &printed, &format!("{printed}{errors}{}", output.status)))
}

/// What a test's standard output says about its model. `report` is what to show if it failed.
fn judge(success: bool, printed: &str, report: &str) -> Verdict {
    if !success {
        return Verdict::Failed(report.to_owned());
    }
    match printed.lines().filter_map(LoomLine::find).collect::<Result<Vec<_>, _>>() {
        Err(line) => Verdict::Failed(format!("cannot read what the model printed: {line}")),
        Ok(lines) if !lines.is_empty() => Verdict::Passed(lines),
        Ok(_) if printed.lines().filter_map(Counts::from_line).any(|counts| counts.skipped > 0) => Verdict::Ignored,
        Ok(_) => Verdict::Failed(format!("the test passed but ran no model\n{report}")),
    }
}

fn width<'a>(title: &str, cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(|cell| cell.chars().count()).fold(title.len(), usize::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAN: &str = "running 1 test\ntest a ... loom-model: icc-queue a executions=7 seconds=0.01 bound=3\nok\n";
    const NO_MODEL: &str =
        "test a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
    const IGNORED: &str = "test a ... ignored\n\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured";

    fn models(names: &[&str]) -> Vec<Model> {
        let model = |test: &&str| Model { package: "icc-queue", test: (*test).to_owned(), binary: PathBuf::new() };
        names.iter().map(model).collect()
    }

    #[test]
    fn judges_by_status_and_lines() {
        assert!(matches!(judge(true, RAN, ""), Verdict::Passed(lines) if lines.len() == 1 && lines[0].executions == 7));
        assert!(matches!(judge(true, IGNORED, ""), Verdict::Ignored));
        assert!(matches!(judge(false, RAN, "panicked"), Verdict::Failed(report) if report == "panicked"));
        assert!(matches!(judge(true, NO_MODEL, ""), Verdict::Failed(report) if report.contains("ran no model")));
        let garbled = "loom-model: icc-queue a executions=many";
        assert!(matches!(judge(true, garbled, ""), Verdict::Failed(report) if report.contains(garbled)));
    }

    #[test]
    fn selects_by_substring_and_lists_models_when_none_matches() {
        let all = ["one_writer", "two_writers", "fan_out"];
        assert_eq!(select(models(&all), None).unwrap().len(), 3);
        let chosen = select(models(&all), Some("writer")).unwrap();
        assert_eq!(chosen.iter().map(|model| model.test.as_str()).collect::<Vec<_>>(), ["one_writer", "two_writers"]);
        let message = select(models(&all), Some("reader")).unwrap_err().to_string();
        assert!(message.contains("`reader`") && all.iter().all(|name| message.contains(name)), "{message}");
        assert!(select(Vec::new(), None).is_err());
    }

    #[test]
    fn a_quick_run_bounds_the_largest_alone() {
        let args = |quick, preemptions| LoomArgs { quick, preemptions, ..LoomArgs::default() };
        let [large, small] = [LARGEST[0], "one_writer"].map(|name| models(&[name]).remove(0));
        assert_eq!([&large, &small].map(|model| preemptions(model, &args(true, None))), [Some(QUICK), None]);
        assert_eq!([&large, &small].map(|model| preemptions(model, &args(false, None))), [None, None]);
        assert_eq!([&large, &small].map(|model| preemptions(model, &args(false, Some(1)))), [Some(1), Some(1)]);
    }

    #[test]
    fn finds_loom_binaries_among_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","target":{"name":"icc_p"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","target":{"name":"torture"},"executable":"/t/torture"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","target":{"name":"loom"},"executable":"/t/loom-1"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","target":{"name":"loom_ids"},"executable":"/t/loom_ids-1"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
            "\n",
            "running 0 tests\n",
        );
        let found = binaries(messages);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&PathBuf::from("/p/Cargo.toml")], ["/t/loom-1", "/t/loom_ids-1"].map(PathBuf::from));
    }
}
