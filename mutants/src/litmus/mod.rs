//! The litmus tests in `litmus/`: each protocol's forbidden outcome, judged by herd7.
//!
//! A test is checked against the sources whenever the lists are: each access has the ordering of the
//! operation that it names. The variants with one ordering weakened are made from the same operations as
//! the mutants that models run, so an ordering stands in one place, the source.

mod herd;
mod machine;
mod run;
mod test;
mod variant;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::catalogue::Catalogue;
use crate::lists::Lists;
use crate::mutant::Kind;
use crate::workspace::Workspace;
use machine::MachineTest;
pub(crate) use run::run;
use test::Test;
use variant::{Variant, variants};

/// The tests, and what they have to do with the sources.
#[derive(Debug)]
pub(crate) struct Litmus {
    tests: Vec<(Test, Vec<Variant>)>,
    /// Those in the instructions of processors.
    machine: Vec<MachineTest>,
    /// What those name and is not there.
    lost_probes: Vec<String>,
}

/// The litmus tests in a folder, sorted by their names.
fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in dir.read_dir().with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry.with_context(|| format!("cannot list {}", dir.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "litmus") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl Litmus {
    /// Reads them.
    pub(crate) fn read(workspace: &Workspace, catalogue: &Catalogue, lists: &Lists) -> anyhow::Result<Self> {
        let dir = workspace.root().join("litmus");
        let mut tests = Vec::new();
        for path in files(&dir)? {
            let read = || {
                let test = Test::read(&fs::read_to_string(&path)?)?;
                if path.file_stem().is_none_or(|stem| *stem != *test.name) {
                    bail!("it calls itself {}", test.name);
                }
                let variants = variants(&test, catalogue, lists);
                Ok((test, variants))
            };
            tests.push(read().with_context(|| format!("in {}", path.display()))?);
        }
        let machine = machine::tests(&dir)?;
        let lost_probes = machine::lost_probes(&dir, &machine, catalogue)?;
        Ok(Self { tests, machine, lost_probes })
    }

    /// Everything in which they and the sources disagree.
    pub(crate) fn problems(&self, catalogue: &Catalogue, lists: &Lists) -> Vec<String> {
        let shown = self.shown();
        let orderings = catalogue.mutants.iter().filter(|mutant| matches!(mutant.kind, Kind::Ordering(_)));
        let unshown = orderings.filter(|mutant| !shown.contains_key(&*mutant.id) && lists.proof(&mutant.id).is_none());
        let mut problems: Vec<String> =
            unshown.map(|mutant| format!("no litmus test shows what it is for: {}", mutant.id)).collect();
        problems.extend(self.lost_probes.iter().cloned());
        problems.extend(self.machine.iter().flat_map(MachineTest::problems));
        for (test, variants) in &self.tests {
            let at = format!("litmus/{}.litmus", test.name);
            problems.extend(variant::problems(test, variants, catalogue));
            if !variants.iter().any(|variant| variant.shows) {
                problems.push(format!("{at}: no mutant makes its outcome possible: it shows nothing"));
            }
            for never in &test.never {
                if !variants.iter().any(|variant| variant.mutant == never.mutant) {
                    problems.push(format!("{at}: no such mutant in it: {}", never.mutant));
                }
                if never.because.split_whitespace().count() < 3 {
                    problems.push(format!("{at}: no reason is given for {}", never.mutant));
                }
            }
        }
        problems
    }

    /// The tests that show each mutant, by its id.
    pub(crate) fn shown(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut shown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (test, variants) in &self.tests {
            for variant in variants.iter().filter(|variant| variant.shows) {
                shown.entry(&variant.mutant).or_default().push(&test.name);
            }
        }
        shown
    }

    /// The tests that have each mutant and do not show it.
    pub(crate) fn harmless(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut harmless: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (test, variants) in &self.tests {
            for variant in variants.iter().filter(|variant| !variant.shows) {
                harmless.entry(&variant.mutant).or_default().push(&test.name);
            }
        }
        harmless
    }
}
