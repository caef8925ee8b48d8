//! Runs every test and every variant of it, and prints the table.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::litmus::herd::{Model, Verdict, judge};
use crate::litmus::{Litmus, machine};
use crate::process::say;
use crate::workspace::Workspace;

/// A row of the table.
struct Row<'a> {
    test: Cow<'a, str>,
    /// The mutant; empty for what is shipped.
    mutant: Cow<'a, str>,
    text: Cow<'a, str>,
    model: Model,
    expected: Verdict,
}

/// Runs those whose name contains one of `only`, or all. Compares the machine code in the assembly files `asm`, each
/// given as `ARCHITECTURE=FILE`.
pub(crate) fn run(
    workspace: &Workspace,
    litmus: &Litmus,
    herd: &Path,
    asm: &[String],
    only: &[String],
) -> anyhow::Result<ExitCode> {
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
            let verdict = judge(herd, &dir, row.model, &row.text);
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
    if found.len() != rows.len() {
        bail!("{} of {} tests were not judged", rows.len() - found.len(), rows.len());
    }
    let mut wrong = 0;
    say(&format!("{:33} {:7} {:9} {:9} what is weakened", "test", "model", "expected", "found"))?;
    for (row, (_, verdict)) in rows.iter().zip(found) {
        let Row { test, mutant, model, expected, .. } = row;
        let is_wrong = verdict.as_ref().map_or(true, |verdict| verdict != expected);
        wrong += usize::from(is_wrong);
        let found = verdict.map_or_else(|error| format!("{error:#}"), |verdict| verdict.to_string());
        let mark = if is_wrong { "  WRONG" } else { "" };
        say(&format!("{test:33} {model:7} {expected:9} {found:9} {mutant}{mark}"))?;
    }
    let mut verdicts = rows.len();
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for asm in asm {
        let (architecture, file) = asm.split_once('=').context("--asm wants ARCHITECTURE=FILE")?;
        files.entry(architecture).or_default().push(file);
    }
    for (architecture, files) in files {
        let (agree, problems) = machine::compare(architecture, &files, &litmus.machine)?;
        say(&format!("{agree} operations are compiled for {architecture} to what the tests say"))?;
        for problem in &problems {
            say(&format!("{problem}  WRONG"))?;
        }
        verdicts += agree + problems.len();
        wrong += problems.len();
    }
    let seconds = begin.elapsed().as_secs_f64();
    say(&format!("{verdicts} verdicts in {seconds:.1} s, {wrong} of them wrong"))?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is shipped never has the forbidden outcome, in any model. What is weakened has it in C++20's, if
/// the test is to show it; else it does not have it in the weakest either. Two that the test names together have it in the
/// weakest.
fn rows<'a>(litmus: &'a Litmus, only: &[String]) -> Vec<Row<'a>> {
    let is_wanted = |name: &str| only.is_empty() || only.iter().any(|only| name.contains(only));
    let (never, sometimes) = (Verdict::Never, Verdict::Sometimes);
    let mut rows = Vec::new();
    for (test, variants) in litmus.tests.iter().filter(|(test, _)| is_wanted(&test.name)) {
        let row = |mutant: &'a str, text: &'a str, model, expected| Row {
            test: test.name.as_str().into(),
            mutant: mutant.into(),
            text: text.into(),
            model,
            expected,
        };
        rows.extend([Model::Rc11, Model::Cpp20, Model::Weakest].map(|model| row("", &test.text, model, never)));
        for variant in variants {
            let expected = if variant.shows { sometimes } else { never };
            let model = if variant.shows && !variant.is_pair { Model::Cpp20 } else { Model::Weakest };
            rows.push(row(&variant.mutant, &variant.text, model, expected));
        }
    }
    for test in litmus.machine.iter().filter(|test| is_wanted(&test.title())) {
        let row = |mutant: Cow<'a, str>, text: Cow<'a, str>, model, expected| Row {
            test: test.title().into(),
            mutant,
            text,
            model,
            expected,
        };
        rows.push(row("".into(), test.text.as_str().into(), Model::Processor, never));
        // If it were not for the processor's order, the outcome would be possible.
        rows.push(row("".into(), test.text.as_str().into(), Model::Coherence, sometimes));
        for variant in test.variants() {
            let expected = if variant.shows { sometimes } else { never };
            rows.push(row(variant.name.into(), variant.text.into(), Model::Processor, expected));
        }
    }
    rows
}
