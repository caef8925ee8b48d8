//! Finding what catches a mutant.

use std::cmp::Reverse;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::attempt::{Binaries, End, Ready, attempt, share};
use crate::check::Build;
use crate::cli::Cli;
use crate::lists::Lists;
use crate::mutant::{Kind, Mutant, level};
use crate::process::say;
use crate::sources::Sources;
use crate::verdict::Verdict;
use crate::workspace::{LIBRARIES, Workspace};

/// Tries the checks of each mutant's crate and of those above, writes down the first that fails,
/// and fails if none does for some mutant.
pub(crate) fn run(
    workspace: &Workspace,
    mutants: &[&Mutant],
    lists: &mut Lists,
    args: &Cli,
) -> anyhow::Result<ExitCode> {
    let Some(lowest) = mutants.iter().filter_map(|mutant| mutant.level()).min() else {
        say("every mutant is covered")?;
        return Ok(ExitCode::SUCCESS);
    };
    let finder = Finder {
        workspace,
        packages: &LIBRARIES[lowest..],
        with: &args.with,
        limit: Duration::from_secs(args.limit),
        lists: Mutex::new(lists),
        missed: Mutex::new(0),
    };
    let (orderings, steps): (Vec<&Mutant>, Vec<&Mutant>) =
        mutants.iter().partition(|mutant| matches!(mutant.kind, Kind::Ordering(_)));
    if !orderings.is_empty() {
        let sources = Sources::here(workspace, args.under.as_deref());
        let candidates = finder.candidates(&sources, &[Build::Loom])?;
        share(&vec![(); args.jobs], &orderings, |(), mutant| finder.find(&sources, &candidates, mutant))?;
    }
    if !steps.is_empty() {
        let copies = Sources::copies(workspace, args)?;
        let candidates = finder.candidates(&copies[0], &Build::ALL)?;
        share(&copies, &steps, |copy, mutant| finder.find(copy, &candidates, mutant))?;
    }
    let missed = finder.missed.into_inner().unwrap_or_else(PoisonError::into_inner);
    say(&format!("{} found, {missed} missed", mutants.len() - missed))?;
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Finder<'a> {
    workspace: &'a Workspace,
    packages: &'a [&'static str],
    with: &'a [String],
    /// What takes longer without a mutant is no candidate.
    limit: Duration,
    lists: Mutex<&'a mut Lists>,
    missed: Mutex<usize>,
}

impl Finder<'_> {
    /// All checks that are wanted and pass in time without a mutant.
    fn candidates(&self, sources: &Sources, builds: &[Build]) -> anyhow::Result<Vec<Ready>> {
        let (mut candidates, mut binaries) = (Vec::new(), Binaries::new(sources));
        for &build in builds {
            for &package in self.packages {
                for target in self.targets(build, package)? {
                    let text = format!("{} {package} {target} ", build.name());
                    if !self.with.is_empty() && !self.with.iter().any(|with| may_want(with, &text)) {
                        continue;
                    }
                    let binary = (build, package, target.as_str());
                    let Ok(executable) = binaries.get(binary)? else { continue };
                    let executable = executable.clone();
                    for check in sources.tests(binary, &executable)? {
                        let text = check.to_string();
                        if !self.with.is_empty() && !self.with.iter().any(|with| text.contains(with)) {
                            continue;
                        }
                        let start = Instant::now();
                        // What is ignored, or too slow, is no candidate.
                        if matches!(sources.run(&check, &executable, self.limit, None), Ok(Verdict::Passed)) {
                            let seconds = start.elapsed();
                            candidates.push(Ready { check, executable: executable.clone(), seconds });
                        }
                    }
                }
            }
        }
        say(&format!("{} candidates", candidates.len()))?;
        Ok(candidates)
    }

    /// The test binaries of a crate that a build is for.
    fn targets(&self, build: Build, package: &str) -> anyhow::Result<Vec<String>> {
        let mut targets = self.workspace.test_targets(package, build == Build::Loom)?;
        if build != Build::Loom {
            targets.push("lib".into());
        }
        Ok(targets)
    }

    /// Writes down the first check that fails on a mutant.
    fn find(&self, sources: &Sources, candidates: &[Ready], mutant: &Mutant) -> anyhow::Result<()> {
        let (start, id) = (Instant::now(), &mutant.id);
        let order = self.ordered(candidates, mutant);
        let found = match &mutant.kind {
            Kind::Ordering(weakened) => {
                first(&order, |ready| ready.weakened(sources, &weakened.variable, Some(2 * self.limit)))
            }
            Kind::Step(step) => sources.changed(step, || {
                let mut binaries = Binaries::new(sources);
                first(&order, |ready| attempt(&mut binaries, &ready.check, 2 * self.limit))
            }),
        }?;
        let seconds = start.elapsed().as_secs_f64();
        let Some((Ready { check, .. }, why)) = found else {
            *self.missed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            return Ok(say(&format!("missed  {id} ({seconds:.1} s)"))?);
        };
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.caught.insert(id.clone(), check.to_string());
        lists.save_caught(self.workspace)?;
        Ok(say(&format!("caught  {id}\n        by {check} in {seconds:.1} s: {why}"))?)
    }

    /// The candidates for a mutant: those first that caught the same in a file of another name,
    /// then those that caught others in the same file, then the quick.
    fn ordered<'c>(&self, candidates: &'c [Ready], mutant: &Mutant) -> Vec<&'c Ready> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let reaches = |candidate: &&Ready| level(&candidate.check.package) >= mutant.level();
        let mut order: Vec<&Ready> = candidates.iter().filter(reaches).collect();
        order.sort_by_cached_key(|candidate| {
            let text = candidate.check.to_string();
            let caught = lists.caught.iter().filter(|(_, by)| **by == text).map(|(id, _)| id);
            let same = caught.clone().any(|id| change(id) == change(&mutant.id));
            let here = caught.filter(|id| id.starts_with(&mutant.file)).count();
            (Reverse(same), Reverse(here), candidate.check.build, candidate.seconds)
        });
        order
    }
}

/// The first check that fails, and why it does.
fn first<'c>(
    order: &[&'c Ready],
    mut attempt: impl FnMut(&Ready) -> anyhow::Result<End>,
) -> anyhow::Result<Option<(&'c Ready, String)>> {
    for &ready in order {
        match attempt(ready)? {
            End::Caught(why) => return Ok(Some((ready, why))),
            End::Unbuilt(why) => {
                say(&format!("{}: {why}", ready.check))?;
                return Ok(None);
            }
            End::Missed(_) => {}
        }
    }
    Ok(None)
}

/// What is made of which operation, without the file and its folders: `Producer::claim store =>
/// Relaxed`.
fn change(id: &str) -> &str {
    id.split_once(' ').map_or(id, |(_, change)| change)
}

/// Whether a check whose text begins with `text` may contain `with`. What cannot need not be built.
fn may_want(with: &str, text: &str) -> bool {
    let names_build = Build::ALL.iter().any(|build| with.starts_with(&format!("{} ", build.name())));
    !names_build || with.starts_with(text) || text.starts_with(with)
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
