//! The litmus tests of processors, in `litmus/aarch64`, `litmus/aarch64-exclusive` and `litmus/x86_64`: what the compiler makes of the shipped
//! operations, and whether the processor's own model still excludes the outcome.
//!
//! `litmus/probes` has a function for most operations; the others are functions of a library themselves. Its machine code is read, and its accesses and barriers
//! must be those of the thread that names it, in order: see [`compare`].

mod aarch64;
mod asm;
mod compare;
mod path;
mod read;
mod test;
mod x86_64;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::catalogue::Catalogue;
use asm::Architecture;
pub(super) use test::MachineTest;

/// The tests of all processors.
pub(super) fn tests(litmus: &Path) -> anyhow::Result<Vec<MachineTest>> {
    let mut tests = Vec::new();
    for architecture in Architecture::ALL {
        for path in super::files(&litmus.join(architecture.name()))? {
            let read = || {
                let test = MachineTest::read(architecture, &fs::read_to_string(&path)?)?;
                if path.file_stem().is_none_or(|stem| *stem != *test.name) {
                    bail!("it calls itself {}", test.name);
                }
                Ok(test)
            };
            tests.push(read().with_context(|| format!("in {}", path.display()))?);
        }
    }
    Ok(tests)
}

/// The tests that name functions which neither `litmus/probes` nor the libraries have.
pub(super) fn lost_probes(litmus: &Path, tests: &[MachineTest], catalogue: &Catalogue) -> anyhow::Result<Vec<String>> {
    let path = litmus.join("probes/src/lib.rs");
    let source = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lost = Vec::new();
    for test in tests {
        let is_operation = |probe: &String| catalogue.operations.iter().any(|operation| operation.function == *probe);
        let is_lost = |probe: &&String| !source.contains(&format!("fn {probe}(")) && !is_operation(probe);
        lost.extend(
            test.probes.values().filter(is_lost).map(|probe| format!("{}: there is no function {probe}", test.path())),
        );
    }
    Ok(lost)
}

/// The threads that are to be a function, and what it calls that is passed over.
type Wanted<'a> = (Vec<(String, compare::Pattern)>, Vec<&'a str>);

/// Compares the tests of an architecture, by its folder's name, with the machine code of their functions, in assembly
/// files. Returns how many functions agree, and what does not.
pub(super) fn compare(
    architecture: &str,
    files: &[&str],
    tests: &[MachineTest],
) -> anyhow::Result<(usize, Vec<String>)> {
    let Some(architecture) = Architecture::ALL.into_iter().find(|known| known.name() == architecture) else {
        bail!("there is no architecture {architecture}");
    };
    let mut text = String::new();
    for file in files {
        text.push_str(&fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?);
    }
    let mut threads: BTreeMap<&str, Wanted<'_>> = BTreeMap::new();
    for test in tests.iter().filter(|test| test.architecture == architecture) {
        for (&thread, probe) in &test.probes {
            let (patterns, passed) = threads.entry(probe).or_default();
            let name = format!("{} P{thread}", test.path());
            patterns.extend(test.patterns(thread)?.into_iter().map(|pattern| (name.clone(), pattern)));
            passed.extend(test.passed.iter().filter(|(of, _)| *of == thread).map(|(_, name)| &**name));
        }
    }
    let (mut agree, mut wrong) = (0, Vec::new());
    for (probe, (patterns, passed)) in threads {
        let compared = asm::function(&text, probe)
            .and_then(|lines| path::paths(architecture, &lines, &passed))
            .and_then(|paths| compare::compare(&paths, &patterns));
        match compared {
            Ok(()) => agree += 1,
            Err(error) => wrong.push(format!("{} {probe}: {error:#}", architecture.name())),
        }
    }
    Ok((agree, wrong))
}
