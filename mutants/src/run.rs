//! Running each mutant's check on it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::bail;

use crate::attempt::{End, baseline, share};
use crate::catalogue::Catalogue;
use crate::check::Check;
use crate::cli::Cli;
use crate::lists::Lists;
use crate::mutant::Weakened;
use crate::mutant::{Kind, Mutant};
use crate::process::say;
use crate::source;
use crate::sources::Sources;
use crate::step::Step;
use crate::workspace::Workspace;

/// A mutant and the check that must fail on it.
struct Pair<'a, K> {
    mutant: &'a Mutant,
    kind: &'a K,
    check: Check,
}

/// Runs the mutants; fails if a check passes on one.
pub(crate) fn run(
    workspace: &Workspace,
    catalogue: &Catalogue,
    mutants: &[&Mutant],
    lists: &Lists,
    args: &Cli,
) -> anyhow::Result<ExitCode> {
    let tally = Tally::new();
    let (mut orderings, mut steps, mut allowed) = (Vec::new(), Vec::new(), Vec::new());
    for &mutant in mutants {
        match (lists.caught.get(&mutant.id), lists.proof(&mutant.id), &mutant.kind) {
            (Some(check), _, Kind::Ordering(kind)) => orderings.push(Pair { mutant, kind, check: check.parse()? }),
            (Some(check), _, Kind::Step(kind)) => steps.push(Pair { mutant, kind, check: check.parse()? }),
            (None, Some(proof), _) => allowed.push((&mutant.id, proof)),
            (None, None, _) => bail!("not covered: {}", mutant.id),
        }
    }
    run_orderings(workspace, catalogue, &orderings, args, &tally)?;
    run_steps(workspace, &steps, args, &tally)?;
    for (id, proof) in &allowed {
        say(&format!("allowed {id}\n        {}", proof.replace('\n', "\n        ")))?;
    }
    tally.close(mutants.len(), allowed.len())
}

/// Builds the models once and runs them, each with one ordering weakened.
fn run_orderings(
    workspace: &Workspace,
    catalogue: &Catalogue,
    orderings: &[Pair<'_, Weakened>],
    args: &Cli,
    tally: &Tally,
) -> anyhow::Result<()> {
    let sources = Sources::here(workspace, args.under.as_deref());
    let ready = baseline(&sources, &orderings.iter().map(|pair| &pair.check).collect())?;
    if source::operations(&workspace.crates())? != catalogue.operations {
        bail!("the sources have changed meanwhile: what was built may have its operations in other places");
    }
    share(&vec![(); args.jobs], orderings, |(), Pair { mutant, kind, check }| {
        let start = Instant::now();
        let end = match &ready[check] {
            Ok(ready) => ready.weakened(&sources, &kind.variable, None)?,
            Err(why) => End::Missed(why.clone()),
        };
        tally.add(mutant, check, &end, start)
    })
}

/// Makes each change in a copy of the sources, builds its check there and runs it.
fn run_steps(workspace: &Workspace, steps: &[Pair<'_, Step>], args: &Cli, tally: &Tally) -> anyhow::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let copies = Sources::copies(workspace, args)?;
    // By test binary: what most of the time goes into is building them.
    let mut groups = BTreeMap::<_, Vec<&Pair<'_, Step>>>::new();
    for step in steps {
        groups.entry(step.check.binary()).or_default().push(step);
    }
    for group in groups.values() {
        let checks: BTreeSet<&Check> = group.iter().map(|pair| &pair.check).collect();
        let ready = baseline(&copies[0], &checks)?;
        share(&copies, group, |copy, Pair { mutant, kind, check }| {
            let start = Instant::now();
            let end = match &ready[check] {
                Ok(ready) => ready.changed(copy, kind)?,
                Err(why) => End::Missed(why.clone()),
            };
            tally.add(mutant, check, &end, start)
        })?;
    }
    Ok(())
}

/// What has become of the mutants so far.
struct Tally {
    start: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    caught: BTreeMap<String, usize>,
    missed: Vec<String>,
}

impl Tally {
    fn new() -> Self {
        Self { start: Instant::now(), state: Mutex::default() }
    }

    fn add(&self, mutant: &Mutant, check: &Check, end: &End, start: Instant) -> anyhow::Result<()> {
        let (id, wrong) = (&mutant.id, mutant.wrong());
        let seconds = start.elapsed().as_secs_f64();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match end {
            End::Caught(why) => {
                *state.caught.entry(format!("{} {}", check.build.name(), check.package)).or_default() += 1;
                say(&format!("caught  {id}\n        by {check} in {seconds:.1} s: {why}"))?;
            }
            End::Missed(why) | End::Unbuilt(why) => {
                say(&format!("MISSED  {id}\n        by {check} in {seconds:.1} s: {why}. {wrong}"))?;
                state.missed.push(id.clone());
            }
        }
        Ok(())
    }

    /// Prints the sums.
    fn close(self, mutants: usize, allowed: usize) -> anyhow::Result<ExitCode> {
        let State { caught, missed } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        say("")?;
        for (check, count) in &caught {
            say(&format!("{count:4} caught by {check}"))?;
        }
        let sum: usize = caught.values().sum();
        say(&format!(
            "{mutants:4} mutants: {sum} caught, {} missed, {allowed} allowed; {:.0} s",
            missed.len(),
            self.start.elapsed().as_secs_f64()
        ))?;
        for id in &missed {
            say(&format!("missed: {id}"))?;
        }
        Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
