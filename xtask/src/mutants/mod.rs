//! `cargo xtask mutants`: is every ordering, every fence and every step of the protocols held by a check?
//!
//! Each is weakened, dropped or made wrong, one at a time, in a copy of the library crates, and the check that the lists in
//! `mutants/` name must then fail. What nothing can catch needs a written proof there. An operation that the lists do
//! not cover fails the command, and so does an entry whose code is gone.

mod check;
mod find;
mod lists;
mod mutant;
mod report;
mod source;
mod tree;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::cli::MutantsArgs;
use crate::process::say;
use crate::workspace::Workspace;
use check::{Build, Check};
use lists::{Catalogue, Lists};
use mutant::Mutant;
use tree::{Binaries, Tree, Verdict};

/// What to do about what is not covered.
const NOT_COVERED: &str = "\
not covered: `cargo xtask mutants --find` finds and writes down what catches a mutant. Where nothing does, write a test that does, or \
prove in mutants/allowed.toml why nothing can. What is relaxed needs its reason in mutants/relaxed.toml.";

/// Runs the mutants, or lists them, or finds what catches them.
pub(crate) fn run(workspace: &Workspace, args: &MutantsArgs) -> anyhow::Result<ExitCode> {
    let mut lists = Lists::read(workspace)?;
    if args.list {
        let catalogue = Catalogue::of(&workspace.root().join("crates"), &lists.steps)?;
        if args.markdown {
            report::write_document(workspace, &catalogue, &lists)?;
            return Ok(ExitCode::SUCCESS);
        }
        report::list(&catalogue, &lists)?;
        return verdict(&lists::problems(&catalogue, &lists));
    }
    // All is judged as it stands in the copy, so that edits meanwhile do no harm.
    let trees = (0..args.jobs)
        .map(|number| Tree::new(workspace, number, args.under.as_deref()))
        .collect::<Result<Vec<_>, _>>()?;
    let first = trees.first().context("--jobs wants at least one")?;
    let catalogue = Catalogue::of(&first.crates(), &lists.steps)?;
    let wanted =
        |mutant: &&Mutant| args.only.is_empty() || args.only.iter().any(|only| mutant.id.contains(only.as_str()));
    let mut mutants: Vec<&Mutant> = catalogue.mutants.iter().filter(wanted).collect();
    if args.find {
        mutants.retain(|mutant| lists.proof(&mutant.id).is_none() && !lists.caught.contains_key(&mutant.id));
        return find::run(workspace, &trees, &mutants, &mut lists, args);
    }
    if args.only.is_empty() {
        let mut problems = lists::problems(&catalogue, &lists);
        problems.extend(lists::lost_checks(&first.crates(), &lists));
        if !problems.is_empty() {
            return verdict(&problems);
        }
    }
    if mutants.is_empty() {
        bail!("--only leaves no mutant");
    }
    catch_all(&trees, &mutants, &lists)
}

/// Whether lists and sources agree, without running anything.
///
/// # Errors
///
/// With everything in which they do not.
pub(crate) fn check_lists(workspace: &Workspace) -> anyhow::Result<()> {
    let lists = Lists::read(workspace)?;
    let crates = workspace.root().join("crates");
    let catalogue = Catalogue::of(&crates, &lists.steps)?;
    let mut problems = lists::problems(&catalogue, &lists);
    problems.extend(lists::lost_checks(&crates, &lists));
    problems.extend(report::check_document(workspace, &catalogue, &lists).err().map(|error| error.to_string()));
    if problems.is_empty() {
        say(&format!("{} operations and {} mutants are covered", catalogue.sites.len(), catalogue.mutants.len()))?;
        return Ok(());
    }
    bail!("{}\n{NOT_COVERED}", problems.join("\n"))
}

fn verdict(problems: &[String]) -> anyhow::Result<ExitCode> {
    for problem in problems {
        say(problem)?;
    }
    if problems.iter().any(|problem| problem.starts_with("not covered")) {
        say(NOT_COVERED)?;
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs each mutant's check on it; fails if one passes.
fn catch_all(trees: &[Tree<'_>], mutants: &[&Mutant], lists: &Lists) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    // By test binary: what most of the time goes into is building them.
    let mut groups = BTreeMap::<_, Vec<(&Mutant, Check)>>::new();
    let mut allowed = Vec::new();
    for mutant in mutants {
        match (lists.caught.get(&mutant.id), lists.proof(&mutant.id)) {
            (Some(check), _) => {
                let check: Check = check.parse()?;
                let (build, package, target) = check.binary();
                let binary = (build, package.to_owned(), target.to_owned());
                groups.entry(binary).or_default().push((mutant, check));
            }
            (None, Some(proof)) => allowed.push((mutant, proof)),
            (None, None) => bail!("not covered: {}", mutant.id),
        }
    }
    let results = Mutex::new((BTreeMap::<String, usize>::new(), Vec::new()));
    for jobs in groups.values() {
        let checks: BTreeSet<&Check> = jobs.iter().map(|(_, check)| check).collect();
        let limits = baseline(&trees[0], &checks)?;
        share(trees, jobs, |tree, (mutant, check)| {
            let start = Instant::now();
            let end = match &limits[check] {
                Ok(limit) => tree.changed(mutant, || catch(&mut Binaries::new(tree), check, *limit))?,
                Err(why) => End::Missed(why.clone()),
            };
            let seconds = start.elapsed().as_secs_f64();
            let id = &mutant.id;
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            match end {
                End::Caught(why) => {
                    *results.0.entry(format!("{} {}", check.build.name(), check.package)).or_default() += 1;
                    say(&format!("caught  {id}\n        by {check} in {seconds:.1} s: {why}"))?;
                }
                End::Missed(why) => {
                    say(&format!("MISSED  {id}\n        by {check} in {seconds:.1} s: {why}. {}", mutant.wrong))?;
                    results.1.push(id.clone());
                }
            }
            Ok(())
        })?;
    }
    let (by, missed) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (mutant, proof) in &allowed {
        say(&format!("allowed {}\n        {}", mutant.id, proof.replace('\n', "\n        ")))?;
    }
    say("")?;
    let caught: usize = by.values().sum();
    for (check, count) in by {
        say(&format!("{count:4} caught by {check}"))?;
    }
    say(&format!(
        "{:4} mutants: {caught} caught, {} missed, {} allowed; {:.0} s",
        mutants.len(),
        missed.len(),
        allowed.len(),
        start.elapsed().as_secs_f64()
    ))?;
    verdict(&missed.iter().map(|id| format!("missed: {id}")).collect::<Vec<_>>())
}

/// What became of a mutant, and why.
pub(crate) enum End {
    Caught(String),
    Missed(String),
}

/// Runs a check on a tree with a mutant in it.
pub(crate) fn catch(binaries: &mut Binaries<'_>, check: &Check, limit: Duration) -> anyhow::Result<End> {
    let executable = match binaries.get(check.binary())? {
        Ok(executable) => executable.clone(),
        Err(errors) => {
            let first = errors.lines().find(|line| line.starts_with("error")).unwrap_or("no reason given");
            return Ok(End::Missed(format!("it does not build, which proves nothing: {first}")));
        }
    };
    Ok(match binaries.tree().run(check, &executable, limit)? {
        Verdict::Failed(why) => End::Caught(why),
        Verdict::Passed => End::Missed("it passes".into()),
        // A model that explores more than before has found nothing yet. A real program that stands still has failed.
        Verdict::Late if check.build == Build::Loom => End::Missed(format!("undecided after {} s", limit.as_secs())),
        Verdict::Late => End::Caught(format!("hang: no end after {} s", limit.as_secs())),
    })
}

/// Runs each check on the sources as they are, where it must pass: else its failing would prove nothing. Says how long each may
/// take with a mutant, or why it proves nothing.
fn baseline<'c>(
    tree: &Tree<'_>,
    checks: &BTreeSet<&'c Check>,
) -> anyhow::Result<HashMap<&'c Check, Result<Duration, String>>> {
    const LONGEST: Duration = Duration::from_secs(600);
    let (mut binaries, mut limits) = (Binaries::new(tree), HashMap::new());
    for &check in checks {
        let executable = match binaries.get(check.binary())? {
            Ok(executable) => executable.clone(),
            Err(errors) => bail!("`{check}` does not build:\n{errors}"),
        };
        let start = Instant::now();
        let limit = match tree.run(check, &executable, LONGEST)? {
            Verdict::Passed => Ok(Duration::from_secs(300) + 20 * start.elapsed()),
            Verdict::Failed(why) => Err(format!("it fails without any mutant: {why}")),
            Verdict::Late => Err("it does not end without any mutant".into()),
        };
        let says = if limit.is_ok() { "passes " } else { "FAILS  " };
        say(&format!("{says} {check} without a mutant, in {:.1} s", start.elapsed().as_secs_f64()))?;
        limits.insert(check, limit);
    }
    Ok(limits)
}

/// Does `work` for each item, one item at a time in each tree.
pub(crate) fn share<'t, I: Sync>(
    trees: &'t [Tree<'t>],
    items: &[I],
    work: impl Fn(&'t Tree<'t>, &I) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let next = Mutex::new(items.iter());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = |tree| {
        while let Some(item) = take() {
            work(tree, item)?;
        }
        anyhow::Ok(())
    };
    let worker = &worker;
    thread::scope(|scope| {
        let workers: Vec<_> = trees.iter().map(|tree| scope.spawn(move || worker(tree))).collect();
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}
