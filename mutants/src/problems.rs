//! Everything in which the lists and the sources disagree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::catalogue::Catalogue;
use crate::check::{Build, Check};
use crate::lists::{Lists, without_reason_or_twice};
use crate::mutant::{Kind, Mutant};
use crate::source::Operation;

/// What to do about what is not covered.
pub(crate) const NOT_COVERED: &str = "\
not covered: `cargo xtask mutants --find` finds and writes down what catches a mutant. Where nothing does, write a test that does, or \
prove in mutants/allowed.toml why nothing can. An ordering also wants a litmus test that shows what it is for. What is relaxed needs its reason in mutants/relaxed.toml. An entry of what is there \
under another name only needs that name.";

/// All of it. Empty is good.
pub(crate) fn problems(catalogue: &Catalogue, lists: &Lists) -> Vec<String> {
    let mut problems = catalogue.lost_steps.clone();
    let mut ids = BTreeSet::new();
    for mutant in &catalogue.mutants {
        let id = mutant.id.as_str();
        if !ids.insert(id) {
            problems.push(format!("two mutants are called the same: {id}"));
        }
        match (lists.caught.get(id), lists.proof(id).is_some()) {
            (None, false) => problems.push(format!("not covered: {id}")),
            (Some(_), true) => problems.push(format!("both caught and allowed: {id}")),
            (Some(check), false) => problems.extend(wrong_check(mutant, check)),
            (None, true) => {}
        }
    }
    let relaxed: BTreeSet<String> =
        catalogue.operations.iter().filter(|operation| operation.is_relaxed()).map(Operation::place).collect();
    for place in &relaxed {
        if !lists.relaxed.iter().any(|reason| &reason.of == place) {
            problems.push(format!("not covered: {place} (relaxed)"));
        }
    }
    let stale = |list: &str, id: &str| format!("not there any more: {id} (in mutants/{list})");
    problems.extend(lists.caught.keys().filter(|id| !ids.contains(id.as_str())).map(|id| stale("caught.toml", id)));
    let gone = lists.allowed.iter().filter(|reason| !ids.contains(reason.of.as_str()));
    problems.extend(gone.map(|reason| stale("allowed.toml", &reason.of)));
    let gone = lists.relaxed.iter().filter(|reason| !relaxed.contains(&reason.of));
    problems.extend(gone.map(|reason| stale("relaxed.toml", &reason.of)));
    problems.extend(without_reason_or_twice("allowed.toml", &lists.allowed));
    problems.extend(without_reason_or_twice("relaxed.toml", &lists.relaxed));
    problems
}

/// What is wrong with a check as the one that catches a mutant.
fn wrong_check(mutant: &Mutant, check: &str) -> Option<String> {
    let id = mutant.id.as_str();
    match (check.parse::<Check>(), &mutant.kind) {
        (Err(error), _) => Some(format!("{id}: {error:#}")),
        (Ok(check), Kind::Ordering(_)) if check.build != Build::Loom => {
            Some(format!("{id}: an ordering is weakened in models alone, and `{check}` is none"))
        }
        (Ok(_), _) => None,
    }
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
#[path = "problems_tests.rs"]
mod tests;
