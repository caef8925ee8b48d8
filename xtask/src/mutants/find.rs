//! Finding what catches a mutant.

use std::cmp::Reverse;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::check::{Build, Check};
use super::lists::Lists;
use super::mutant::Mutant;
use super::tree::{Binaries, Tree, Verdict};
use super::{End, catch, share};
use crate::cli::MutantsArgs;
use crate::process::say;
use crate::workspace::{LIBRARIES, Workspace};

/// A check that might catch something, and how long it takes when there is nothing to catch.
struct Candidate {
    check: Check,
    seconds: Duration,
}

/// Tries the checks of each mutant's crate and of those above, writes down the first that fails, and fails if none does for
/// some mutant.
pub(crate) fn run(
    workspace: &Workspace,
    trees: &[Tree<'_>],
    mutants: &[&Mutant],
    lists: &mut Lists,
    args: &MutantsArgs,
) -> anyhow::Result<ExitCode> {
    let limit = Duration::from_secs(args.limit);
    let lowest = mutants.iter().filter_map(|mutant| level(mutant.crate_name())).min();
    let Some(lowest) = lowest else {
        say("every mutant is covered")?;
        return Ok(ExitCode::SUCCESS);
    };
    let candidates = candidates(workspace, &trees[0], &LIBRARIES[lowest..], &args.with, limit)?;
    say(&format!("{} mutants, {} candidates", mutants.len(), candidates.len()))?;
    let (lists, missed) = (Mutex::new(lists), Mutex::new(0_usize));
    share(trees, mutants, |tree, mutant| {
        let start = Instant::now();
        let order = {
            let lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
            ordered(&candidates, mutant, &lists)
        };
        let found = tree.changed(mutant, || first_that_fails(tree, &order, 2 * limit))?;
        let seconds = start.elapsed().as_secs_f64();
        let Some((check, why)) = found else {
            *missed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            return Ok(say(&format!("missed  {} ({seconds:.1} s)", mutant.id))?);
        };
        let mut lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.caught.insert(mutant.id.clone(), check.to_string());
        lists.save_caught(workspace)?;
        Ok(say(&format!("caught  {}\n        by {check} in {seconds:.1} s: {why}", mutant.id))?)
    })?;
    let missed = missed.into_inner().unwrap_or_else(PoisonError::into_inner);
    say(&format!("{} found, {missed} missed", mutants.len() - missed))?;
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How high a crate stands; its checks see what is wrong in those below.
fn level(crate_name: &str) -> Option<usize> {
    LIBRARIES.iter().position(|library| *library == crate_name)
}

/// All checks of these crates that are wanted and pass within `limit` without a mutant.
fn candidates(
    workspace: &Workspace,
    tree: &Tree<'_>,
    packages: &[&str],
    with: &[String],
    limit: Duration,
) -> anyhow::Result<Vec<Candidate>> {
    let (mut candidates, mut binaries) = (Vec::new(), Binaries::new(tree));
    for build in Build::ALL {
        for &package in packages {
            for target in targets(workspace, build, package)? {
                let text = format!("{} {package} {target} ", build.name());
                if !with.is_empty() && !with.iter().any(|with| may_want(with, &text)) {
                    continue;
                }
                let binary = (build, package, target.as_str());
                let Ok(executable) = binaries.get(binary)? else { continue };
                let executable = executable.clone();
                for check in tree.tests(binary, &executable)? {
                    if !with.is_empty() && !with.iter().any(|with| check.to_string().contains(with.as_str())) {
                        continue;
                    }
                    let start = Instant::now();
                    // What is ignored, or too slow, is no candidate.
                    if matches!(tree.run(&check, &executable, limit), Ok(Verdict::Passed)) {
                        candidates.push(Candidate { check, seconds: start.elapsed() });
                    }
                }
            }
        }
    }
    Ok(candidates)
}

/// The test binaries of a crate that a build is for.
fn targets(workspace: &Workspace, build: Build, package: &str) -> anyhow::Result<Vec<String>> {
    if build == Build::Loom {
        return workspace.models(package);
    }
    let mut targets = workspace.integration_tests(package)?;
    targets.push("lib".into());
    Ok(targets)
}

/// Whether a check whose text begins with `text` may contain `with`. What cannot need not be built.
fn may_want(with: &str, text: &str) -> bool {
    let names_build = Build::ALL.iter().any(|build| with.starts_with(&format!("{} ", build.name())));
    !names_build || with.starts_with(text) || text.starts_with(with)
}

/// The candidates for a mutant, those first that caught others in the same file, then the quick.
fn ordered<'c>(candidates: &'c [Candidate], mutant: &Mutant, lists: &Lists) -> Vec<&'c Check> {
    let reaches = |candidate: &&Candidate| level(&candidate.check.package) >= level(mutant.crate_name());
    let mut order: Vec<&Candidate> = candidates.iter().filter(reaches).collect();
    order.sort_by_cached_key(|candidate| {
        let text = candidate.check.to_string();
        let here = |(id, by): &(&String, &String)| id.starts_with(&mutant.file) && **by == text;
        (Reverse(lists.caught.iter().filter(here).count()), candidate.check.build, candidate.seconds)
    });
    order.into_iter().map(|candidate| &candidate.check).collect()
}

fn first_that_fails(tree: &Tree<'_>, order: &[&Check], limit: Duration) -> anyhow::Result<Option<(Check, String)>> {
    let mut binaries = Binaries::new(tree);
    for &check in order {
        match catch(&mut binaries, check, limit)? {
            End::Caught(why) => return Ok(Some((check.clone(), why))),
            End::Missed(why) if why.contains("does not build") => {
                say(&format!("{check}: {why}"))?;
                return Ok(None);
            }
            End::Missed(_) => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_wanted_is_built() {
        let text = "loom icc-queue loom ";
        for with in ["two_producers", "loom icc-queue", "loom icc-queue loom two", "testing"] {
            assert!(may_want(with, text), "{with}");
        }
        for with in ["loom icc-vector", "test icc-queue", "loom icc-queue loom_ledger"] {
            assert!(!may_want(with, text), "{with}");
        }
    }
}
