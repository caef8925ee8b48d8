//! `cargo xtask long`: the checks that only time makes strong, in parts whose results add up.
//!
//! Each part that ends appends a line to `docs/long-runs.jsonl`: the day, the chip, the commit and the figures. `--sum`
//! adds the lines of each part up. So a long run can be made of short ones, on whatever machine has time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::cli::LongArgs;
use crate::process::{self, say};
use crate::workspace::{Build, Workspace};
use crate::{fuzz, torture};

/// Where the lines are.
const RECORD: &str = "docs/long-runs.jsonl";
/// The parts that are no fuzz targets.
const TORTURE: &str = "torture";
const HEADERS: &str = "headers";
/// What these begin with ends with how many bytes are read.
const READS: &str = "reads-";
const SIZES: [&str; 6] = ["8", "56", "128", "512", "1024", "4096"];
/// Figures that must be 0, as `icc-torture` calls them; and what a fuzz target found.
const FAULTS: [&str; 8] = ["torn", "mixed", "doubled", "unaccounted", "missed", "crashed", "hung", "found"];

/// The figures of a part.
type Figures = BTreeMap<String, u64>;

/// Runs the parts, or adds up what was run.
pub(crate) fn run(workspace: &Workspace, args: &LongArgs) -> anyhow::Result<ExitCode> {
    if args.sum {
        return sum(&read(workspace)?).map(|()| ExitCode::SUCCESS);
    }
    let all = parts();
    let mut parts = all.clone();
    parts.retain(|part| args.only.is_empty() || args.only.contains(part));
    if parts.is_empty() {
        bail!("no such part; there are: {}", all.join(", "));
    }
    let is_fuzz = |part: &String| fuzz::TARGETS.contains(&part.as_str());
    let missing = fuzz::missing(workspace);
    if !missing.is_empty() && parts.iter().any(is_fuzz) {
        say(&format!("the fuzz targets are left out; missing:\n  {}", missing.join("\n  ")))?;
        parts.retain(|part| !is_fuzz(part));
    }
    let share = (args.seconds / parts.len().max(1) as u32).max(1);
    // Before it runs: the sources may change meanwhile.
    let commit = commit(workspace);
    let mut wrong = false;
    for part in parts {
        say(&format!("\n==> {part}: {share} s"))?;
        let figures = match part.strip_prefix(READS) {
            Some(size) => torture(torture::command(workspace, Build::Release, share).args(["--reads", size]))?,
            None if part == TORTURE => torture(&mut torture::command(workspace, Build::Release, share))?,
            None if part == HEADERS => headers(workspace, share)?,
            None => fuzz(workspace, &part, share)?,
        };
        wrong |= FAULTS.iter().any(|fault| figures.get(*fault).is_some_and(|count| *count > 0));
        append(workspace, &part, &commit, &figures)?;
    }
    sum(&read(workspace)?)?;
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// All parts, in the order in which they run.
fn parts() -> Vec<String> {
    let others = [TORTURE, HEADERS].into_iter().chain(fuzz::TARGETS).map(str::to_owned);
    others.chain(SIZES.map(|size| format!("{READS}{size}"))).collect()
}

fn torture(command: &mut Command) -> anyhow::Result<Figures> {
    let mut figures = None;
    process::stream(command, |line| figures = tallied(line).or(figures.take()))?;
    figures.context("the torture did not say what it did")
}

/// Random headers, checked in memory: no file, no process.
fn headers(workspace: &Workspace, seconds: u32) -> anyhow::Result<Figures> {
    let mut tests = workspace.cargo();
    tests.args(["test", "--quiet", "--release", "--package", "icc-buffer", "--lib", "--", "--nocapture"]);
    tests.args(["--exact", "shared::check::tests::no_header_leads_outside_of_the_file"]);
    tests.env("ICC_TORTURE_SECONDS", seconds.to_string());
    let mut figures = None;
    let status = process::stream(&mut tests, |line| figures = headers_checked(line).or(figures.take()))?;
    let mut figures = figures.context("the check of headers did not say what it did")?;
    figures.extend([("seconds".to_owned(), seconds.into()), ("found".to_owned(), u64::from(!status.success()))]);
    Ok(figures)
}

/// What that says at its end: `10000000 headers, 5210345 believed`.
fn headers_checked(line: &str) -> Option<Figures> {
    let (headers, believed) = line.strip_suffix(" believed")?.split_once(" headers, ")?;
    Some([("headers".to_owned(), headers.parse().ok()?), ("believed".to_owned(), believed.parse().ok()?)].into())
}

fn fuzz(workspace: &Workspace, target: &str, seconds: u32) -> anyhow::Result<Figures> {
    let fuzz = fuzz::command(workspace, target, seconds)?;
    // Its figures are on standard error.
    let mut both = Command::new("sh");
    both.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(fuzz.get_program()).args(fuzz.get_args());
    both.envs(fuzz.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = fuzz.get_current_dir() {
        both.current_dir(directory);
    }
    let mut runs = None;
    let status = process::stream(&mut both, |line| runs = executed(line).or(runs))?;
    let Some(runs) = runs else { bail!("{target} did not say what it did") };
    let found = u64::from(!status.success());
    Ok([("seconds", seconds.into()), ("runs", runs), ("found", found)]
        .map(|(name, count)| (name.to_owned(), count))
        .into())
}

/// The last line of `icc-torture`, such as `torture: seconds=20 operations=7 torn=0`.
fn tallied(line: &str) -> Option<Figures> {
    let words = line.strip_prefix("torture: ")?.split(' ');
    words
        .map(|word| word.split_once('=').and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?))))
        .collect()
}

/// What libFuzzer says at its end, such as `stat::number_of_executed_units: 99646`.
fn executed(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

/// The commit that is checked out, and whether there are changes beside it.
fn commit(workspace: &Workspace) -> String {
    let git = |args: &[&str]| process::capture(Command::new("git").args(args).current_dir(workspace.root()));
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).map_or_else(|_| "unknown".into(), |id| id.trim().to_owned());
    // The record itself changes with each part.
    let changes = git(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"]);
    if changes.is_ok_and(|changes| changes.trim().is_empty()) { commit } else { commit + " and changes" }
}

/// Writes a part's line.
fn append(workspace: &Workspace, part: &str, commit: &str, figures: &Figures) -> anyhow::Result<()> {
    let date = process::capture(Command::new("date").args(["-u", "+%F"]))?.trim().to_owned();
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let chip = cpus.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let chip = chip.map_or("unknown", |(_, name)| name);
    let line = json!({ "part": part, "date": date, "chip": chip, "commit": commit, "figures": figures });
    let path = workspace.root().join(RECORD);
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let written = file.and_then(|mut file| writeln!(file, "{line}"));
    written.with_context(|| format!("cannot write to {}", path.display()))
}

/// All lines.
fn read(workspace: &Workspace) -> anyhow::Result<Vec<Value>> {
    let path = workspace.root().join(RECORD);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("in {RECORD}: {line}")));
    lines.collect()
}

/// Shows what each part's lines are together.
fn sum(lines: &[Value]) -> anyhow::Result<()> {
    let mut parts: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for line in lines {
        parts.entry(line["part"].as_str().context("a line without a part")?).or_default().push(line);
    }
    for (part, lines) in parts {
        let different = |key: &str| lines.iter().filter_map(|line| line[key].as_str()).collect::<BTreeSet<_>>();
        let (days, chips, commits) = (different("date"), different("chip"), different("commit"));
        let first_and_last = [days.first(), days.last()].map(|day| day.copied().unwrap_or_default());
        say(&format!("\n{part}: {} runs of {} commits, {}", lines.len(), commits.len(), first_and_last.join(" to ")))?;
        say(&format!("  on {}", chips.into_iter().collect::<Vec<_>>().join("; ")))?;
        for (name, count) in added(&lines) {
            say(&format!("  {name:12} {count:>18}"))?;
        }
    }
    Ok(())
}

fn added(lines: &[&Value]) -> Figures {
    let mut sum = Figures::new();
    for (name, count) in lines.iter().filter_map(|line| line["figures"].as_object()).flatten() {
        *sum.entry(name.clone()).or_default() += count.as_u64().unwrap_or_default();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_what_programs_say() {
        let figures = tallied("torture: seconds=20 operations=7 torn=0").unwrap();
        assert_eq!(
            figures.into_iter().collect::<Vec<_>>(),
            [("operations", 7), ("seconds", 20), ("torn", 0)].map(|(n, c)| (n.to_owned(), c))
        );
        assert_eq!(headers_checked("12 headers, 7 believed").unwrap()["headers"], 12);
        assert_eq!(headers_checked("running 1 test"), None);
        assert_eq!(tallied("threads: cells (3.1 s)"), None);
        assert_eq!(tallied("torture: seconds=many"), None);
        assert_eq!(executed("stat::number_of_executed_units: 99646"), Some(99_646));
        assert_eq!(executed("stat::average_exec_per_sec: 7"), None);
    }

    #[test]
    fn lines_add_up() {
        let lines = [json!({ "figures": { "kills": 3, "torn": 0 } }), json!({ "figures": { "kills": 4, "lost": 1 } })];
        let sum = added(&lines.iter().collect::<Vec<_>>());
        assert_eq!(
            sum.into_iter().collect::<Vec<_>>(),
            [("kills", 7), ("lost", 1), ("torn", 0)].map(|(n, c)| (n.to_owned(), c))
        );
    }
}
