//! The table of mutants, for the screen and as `docs/orderings.md`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, bail};

use crate::catalogue::Catalogue;
use crate::check::Check;
use crate::lists::Lists;
use crate::litmus::Litmus;
use crate::mutant::{Kind, Mutant};
use crate::process::say;
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/orderings.md";

const HEADER: &str = "\
# What is made wrong, and what catches it

Written by `cargo xtask mutants --document` from the lists in `mutants/`; edit those instead. `cargo xtask mutants` makes each of
these wrong, alone, and requires that the named check fails: a model under loom, a test of the shipped build, one on the portable
payload copy, or one with processes that die at chosen steps (`steps`). What nothing can catch has its proof in
`mutants/allowed.toml`, and operations that are relaxed have their reason in `mutants/relaxed.toml`.

For an ordering, the last column names the [litmus tests](testing.md#litmus-tests) whose forbidden outcome herd7 finds possible without it;
in brackets, those that have the operation and whose outcome stays impossible.
";

/// Prints every mutant and what catches it, and why what is relaxed may be.
pub(crate) fn list(catalogue: &Catalogue, lists: &Lists) -> anyhow::Result<()> {
    for mutant in &catalogue.mutants {
        let id = &mutant.id;
        let covered = match (lists.caught.get(id), lists.proof(id)) {
            (Some(check), _) => format!("caught by: {check}"),
            (None, Some(proof)) => format!("allowed: {proof}"),
            (None, None) => "NOT COVERED".into(),
        };
        let wrong =
            if mutant.wrong().is_empty() { String::new() } else { format!("wrong because: {}\n", mutant.wrong()) };
        say(&format!("{id}\n    {}", (wrong + &covered).replace('\n', "\n    ")))?;
    }
    for reason in &lists.relaxed {
        say(&format!("{}\n    relaxed: {}", reason.of, reason.because.trim().replace('\n', "\n    ")))?;
    }
    let caught = catalogue.mutants.iter().filter(|mutant| lists.caught.contains_key(&mutant.id)).count();
    let orderings = catalogue.mutants.iter().filter(|mutant| matches!(mutant.kind, Kind::Ordering(_))).count();
    Ok(say(&format!(
        "\n{} operations, {} of them relaxed; {} mutants, {orderings} of them of orderings: {caught} caught, {} allowed",
        catalogue.operations.len(),
        lists.relaxed.len(),
        catalogue.mutants.len(),
        lists.allowed.len()
    ))?)
}

/// Writes the document.
pub(crate) fn write(
    workspace: &Workspace,
    catalogue: &Catalogue,
    lists: &Lists,
    litmus: &Litmus,
) -> anyhow::Result<()> {
    fs::write(workspace.root().join(DOCUMENT), markdown(catalogue, lists, litmus))
        .with_context(|| format!("cannot write {DOCUMENT}"))
}

/// Whether the document is that of the lists.
///
/// # Errors
///
/// When it is not.
pub(crate) fn check(
    workspace: &Workspace,
    catalogue: &Catalogue,
    lists: &Lists,
    litmus: &Litmus,
) -> anyhow::Result<()> {
    let text = fs::read_to_string(workspace.root().join(DOCUMENT)).unwrap_or_default();
    if text != markdown(catalogue, lists, litmus) {
        bail!("{DOCUMENT} is out of date: cargo xtask mutants --document writes it anew");
    }
    Ok(())
}

/// A table for each file, in the order of the crates.
fn markdown(catalogue: &Catalogue, lists: &Lists, litmus: &Litmus) -> String {
    let mut text = HEADER.to_owned();
    let mut file = "";
    let (shown, harmless) = (litmus.shown(), litmus.harmless());
    // Steps stand after all orderings in the catalogue, and with those of their file here.
    let mut mutants: Vec<&Mutant> = catalogue.mutants.iter().collect();
    mutants.sort_by_key(|mutant| (mutant.level(), mutant.file.as_str()));
    for mutant in mutants {
        if mutant.file != file {
            file = &mutant.file;
            text.push_str(&format!("\n## `{file}`\n\n| what is made wrong | caught by | litmus |\n|---|---|---|\n"));
        }
        let what = match &mutant.kind {
            Kind::Ordering(weakened) => &weakened.words,
            Kind::Step(step) => &step.name,
        };
        let by = match lists.caught.get(&mutant.id).map(|check| check.parse::<Check>()) {
            Some(Ok(check)) => format!("`{}` of {} ({})", check.test, check.package, check.build.name()),
            _ => "nothing: see `mutants/allowed.toml`".into(),
        };
        let names = |tests: &BTreeMap<&str, Vec<&str>>| {
            let names = tests.get(&*mutant.id).into_iter().flatten();
            names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        let tests = match (names(&shown), names(&harmless)) {
            (shown, harmless) if shown.is_empty() && !harmless.is_empty() => format!("({harmless})"),
            (shown, _) => shown,
        };
        // What would end the cell.
        text.push_str(&format!("| {} | {by} | {tests} |\n", what.replace('|', "\\|")));
    }
    text
}
