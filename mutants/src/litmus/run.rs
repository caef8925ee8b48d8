//! Runs every test and every variant of it, and prints the table.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::bail;

use crate::litmus::Litmus;
use crate::litmus::herd::{Model, Verdict, judge};
use crate::process::say;
use crate::workspace::Workspace;

/// A row of the table.
struct Row<'a> {
    test: &'a str,
    /// The mutant; empty for what is shipped.
    mutant: &'a str,
    text: &'a str,
    model: Model,
    expected: Verdict,
}

/// Runs those whose name contains one of `only`, or all.
pub(crate) fn run(workspace: &Workspace, litmus: &Litmus, herd: &Path, only: &[String]) -> anyhow::Result<ExitCode> {
    let rows = rows(litmus, only);
    if rows.is_empty() {
        bail!("--only leaves no litmus test");
    }
    let (dir, begin) = (workspace.root().join("litmus"), Instant::now());
    let work = Mutex::new(rows.iter().enumerate());
    let found = Mutex::new(Vec::new());
    let next = || work.lock().ok()?.next();
    let worker = || {
        while let Some((index, row)) = next() {
            let verdict = judge(herd, &dir, row.model, row.text);
            if let Ok(mut found) = found.lock() {
                found.push((index, verdict));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(index, _)| *index);
    let mut wrong = 0;
    say(&format!("{:22} {:7} {:9} {:9} what is weakened", "test", "model", "expected", "found"))?;
    for (row, (_, verdict)) in rows.iter().zip(found) {
        let Row { test, mutant, model, expected, .. } = row;
        let is_wrong = verdict.as_ref().map_or(true, |verdict| verdict != expected);
        wrong += u32::from(is_wrong);
        let found = verdict.map_or_else(|error| format!("{error:#}"), |verdict| verdict.to_string());
        let mark = if is_wrong { "  WRONG" } else { "" };
        say(&format!("{test:22} {model:7} {expected:9} {found:9} {mutant}{mark}"))?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    say(&format!("{} verdicts in {seconds:.1} s, {wrong} of them wrong", rows.len()))?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is shipped never has the forbidden outcome, in any model. What is weakened has it in C++20's, if
/// the test is to show it; else it does not have it in the weakest either. Two that the test names together have it in the
/// weakest.
fn rows<'a>(litmus: &'a Litmus, only: &[String]) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (test, variants) in &litmus.tests {
        if !only.is_empty() && !only.iter().any(|only| test.name.contains(only)) {
            continue;
        }
        for model in [Model::Rc11, Model::Cpp20, Model::Weakest] {
            rows.push(Row { test: &test.name, mutant: "", text: &test.text, model, expected: Verdict::Never });
        }
        for variant in variants {
            let expected = if variant.shows { Verdict::Sometimes } else { Verdict::Never };
            let model = if variant.shows && !variant.is_pair { Model::Cpp20 } else { Model::Weakest };
            rows.push(Row { test: &test.name, mutant: &variant.mutant, text: &variant.text, model, expected });
        }
    }
    rows
}
