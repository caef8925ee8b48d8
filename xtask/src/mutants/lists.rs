//! The lists in the folder `mutants`, and whether they cover the sources.
//!
//! - `steps.toml`: protocol steps to drop, swap or make wrong, written by hand.
//! - `caught.toml`: which test catches which mutant, written by `--find`.
//! - `allowed.toml`: mutants that no test can catch, each with a proof that it does no harm or cannot be seen.
//! - `relaxed.toml`: why each operation that is relaxed may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::check::Check;
use super::mutant::{self, Mutant, Step};
use super::source::{self, Site};
use crate::workspace::{LIBRARIES, Workspace};

/// What the folder says.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) steps: Vec<Step>,
    pub(crate) caught: BTreeMap<String, String>,
    pub(crate) allowed: Vec<Reason>,
    pub(crate) relaxed: Vec<Reason>,
}

/// Why something needs no check. `of` is the mutant's or the site's id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    pub(crate) of: String,
    pub(crate) because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepsFile {
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonsFile {
    #[serde(default)]
    entry: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaughtFile {
    caught: BTreeMap<String, String>,
}

fn path(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root().join("mutants").join(name)
}

fn read<L: DeserializeOwned>(workspace: &Workspace, name: &str) -> anyhow::Result<L> {
    let path = path(workspace, name);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

impl Lists {
    pub(crate) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        Ok(Self {
            steps: read::<StepsFile>(workspace, "steps.toml")?.step,
            caught: read::<CaughtFile>(workspace, "caught.toml")?.caught,
            allowed: read::<ReasonsFile>(workspace, "allowed.toml")?.entry,
            relaxed: read::<ReasonsFile>(workspace, "relaxed.toml")?.entry,
        })
    }

    /// Writes down what catches what.
    pub(crate) fn save_caught(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let mut text =
            String::from("# Which test catches which mutant. Written by `cargo xtask mutants --find`.\n\n[caught]\n");
        for (id, check) in &self.caught {
            let quoted = |text: &str| toml::Value::String(text.into()).to_string();
            text.push_str(&format!("{} = {}\n", key(id), quoted(check)));
        }
        let path = path(workspace, "caught.toml");
        // Whole or not at all: a run may be interrupted.
        let draft = path.with_extension("draft");
        fs::write(&draft, text).with_context(|| format!("cannot write {}", draft.display()))?;
        fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(crate) fn proof(&self, id: &str) -> Option<&str> {
        self.allowed.iter().find(|reason| reason.of == id).map(|reason| reason.because.trim())
    }
}

/// A key as TOML wants it. Sources hold no control characters once they are in one line.
fn key(id: &str) -> String {
    format!("\"{}\"", id.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The sources' operations, and all their mutants.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) sites: Vec<Site>,
    pub(crate) mutants: Vec<Mutant>,
}

impl Catalogue {
    /// Reads the sources below `crates`.
    ///
    /// # Errors
    ///
    /// When a source cannot be understood, or a step's text is not in it once.
    pub(crate) fn of(crates: &Path, steps: &[Step]) -> anyhow::Result<Self> {
        let (mut sites, mut mutants, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for library in LIBRARIES {
            let found = source::sites(&crates.join(library), library)?;
            for site in &found {
                match mutant::weakened(site) {
                    Ok(weaker) => mutants.extend(weaker),
                    Err(problem) => problems.push(problem.to_string()),
                }
            }
            sites.extend(found);
        }
        for step in steps {
            match fs::read_to_string(source_file(crates, &step.file)) {
                Ok(text) => match step.mutant(&text) {
                    Ok(mutant) => mutants.push(mutant),
                    Err(problem) => problems.push(problem.to_string()),
                },
                Err(error) => problems.push(format!("step `{}`: cannot read {}: {error}", step.name, step.file)),
            }
        }
        if problems.is_empty() { Ok(Self { sites, mutants }) } else { bail!("{}", problems.join("\n")) }
    }
}

/// Where a file of a site or a step lies.
pub(crate) fn source_file(crates: &Path, file: &str) -> PathBuf {
    let (library, below) = file.split_once('/').unwrap_or((file, "lib.rs"));
    crates.join(library).join("src").join(below)
}

/// Everything in which lists and sources disagree. Empty is good.
pub(crate) fn problems(catalogue: &Catalogue, lists: &Lists) -> Vec<String> {
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    for Mutant { id, .. } in &catalogue.mutants {
        if !ids.insert(id.as_str()) {
            problems.push(format!("two mutants are called the same: {id}"));
        }
        match (lists.caught.contains_key(id), lists.proof(id).is_some()) {
            (false, false) => problems.push(format!("not covered: {id}")),
            (true, true) => problems.push(format!("both caught and allowed: {id}")),
            _ => {}
        }
    }
    let relaxed = |site: &&Site| site.orderings.iter().all(|named| named.ordering == "Relaxed");
    let relaxed: BTreeSet<String> = catalogue.sites.iter().filter(relaxed).map(Site::id).collect();
    for id in &relaxed {
        if !lists.relaxed.iter().any(|reason| &reason.of == id) {
            problems.push(format!("not covered: {id} (relaxed)"));
        }
    }
    let stale = |list: &str, id: &str| format!("mutants/{list} speaks of what is not there any more: {id}");
    problems.extend(lists.caught.keys().filter(|id| !ids.contains(id.as_str())).map(|id| stale("caught.toml", id)));
    let gone = lists.allowed.iter().filter(|reason| !ids.contains(reason.of.as_str()));
    problems.extend(gone.map(|reason| stale("allowed.toml", &reason.of)));
    let gone = lists.relaxed.iter().filter(|reason| !relaxed.contains(&reason.of));
    problems.extend(gone.map(|reason| stale("relaxed.toml", &reason.of)));
    for reason in lists.allowed.iter().chain(&lists.relaxed) {
        if reason.because.split_whitespace().count() < 3 {
            problems.push(format!("no reason is given for {}", reason.of));
        }
    }
    for (id, check) in &lists.caught {
        if let Err(error) = check.parse::<Check>() {
            problems.push(format!("{id}: {error:#}"));
        }
    }
    problems
}

/// The checks that are not in the sources under the name by which `caught.toml` knows them.
pub(crate) fn lost_checks(crates: &Path, lists: &Lists) -> Vec<String> {
    let checks: BTreeSet<Check> = lists.caught.values().filter_map(|check| check.parse().ok()).collect();
    let lost = |check: &&Check| {
        let (dir, name) = (crates.join(&check.package), check.test.rsplit("::").next().unwrap_or_default());
        // Unit tests may be in any file: the baseline finds those out.
        check.target != "lib" && {
            let text = fs::read_to_string(dir.join("tests").join(format!("{}.rs", check.target)));
            !text.is_ok_and(|text| text.contains(&format!("fn {name}(")))
        }
    };
    checks.iter().filter(lost).map(|check| format!("there is no such test any more: {check}")).collect()
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
