//! Running a check on a mutant, and what that shows.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::check::{Build, Check};
use crate::process::say;
use crate::sources::Sources;
use crate::step::Step;
use crate::verdict::Verdict;

/// What became of a mutant, and why.
#[derive(Debug)]
pub(crate) enum End {
    Caught(String),
    Missed(String),
    /// It does not build, so no check can say anything.
    Unbuilt(String),
}

impl End {
    fn of(verdict: Verdict, check: &Check, limit: Duration) -> Self {
        match verdict {
            Verdict::Failed(why) => Self::Caught(why),
            Verdict::Passed => Self::Missed("it passes".into()),
            Verdict::NeverReached => Self::Missed("it never comes to that operation".into()),
            // A model that explores more than before has found nothing yet. A real program that
            // stands still has failed.
            Verdict::Late if check.build == Build::Loom => {
                Self::Missed(format!("undecided after {} s", limit.as_secs()))
            }
            Verdict::Late => Self::Caught(format!("hang: no end after {} s", limit.as_secs())),
        }
    }
}

/// A check that passes on the sources as they are.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) check: Check,
    pub(crate) executable: PathBuf,
    /// How long it takes.
    pub(crate) seconds: Duration,
}

impl Ready {
    /// How long it may take with a mutant.
    fn limit(&self) -> Duration {
        Duration::from_secs(300) + 20 * self.seconds
    }

    /// Runs it with one operation weakened, up to `limit` if one is given.
    pub(crate) fn weakened(&self, sources: &Sources, variable: &str, limit: Option<Duration>) -> anyhow::Result<End> {
        let limit = limit.unwrap_or_else(|| self.limit());
        Ok(End::of(sources.run(&self.check, &self.executable, limit, Some(variable))?, &self.check, limit))
    }

    /// Builds it anew with a step changed in a copy and runs it.
    pub(crate) fn changed(&self, copy: &Sources, step: &Step) -> anyhow::Result<End> {
        copy.changed(step, || attempt(&mut Binaries::new(copy), &self.check, self.limit()))
    }
}

/// Runs a check as the sources are now.
pub(crate) fn attempt(binaries: &mut Binaries<'_>, check: &Check, limit: Duration) -> anyhow::Result<End> {
    let executable = match binaries.get(check.binary())? {
        Ok(executable) => executable.clone(),
        Err(errors) => {
            let first = errors.lines().find(|line| line.starts_with("error")).unwrap_or("no reason given");
            return Ok(End::Unbuilt(format!("it does not build, which proves nothing: {first}")));
        }
    };
    Ok(End::of(binaries.sources.run(check, &executable, limit, None)?, check, limit))
}

/// Runs each check on the sources as they are, where it must pass: else its failing would prove
/// nothing. The inner error says why it proves nothing.
pub(crate) fn baseline<'c>(
    sources: &Sources,
    checks: &BTreeSet<&'c Check>,
) -> anyhow::Result<HashMap<&'c Check, Result<Ready, String>>> {
    const LONGEST: Duration = Duration::from_secs(600);
    let (mut binaries, mut all) = (Binaries::new(sources), HashMap::new());
    for &check in checks {
        let executable = match binaries.get(check.binary())? {
            Ok(executable) => executable.clone(),
            Err(errors) => bail!("`{check}` does not build:\n{errors}"),
        };
        let start = Instant::now();
        let verdict = sources.run(check, &executable, LONGEST, None)?;
        let seconds = start.elapsed();
        let ready = match verdict {
            Verdict::Passed | Verdict::NeverReached => Ok(Ready { check: check.clone(), executable, seconds }),
            Verdict::Failed(why) => Err(format!("it fails without any mutant: {why}")),
            Verdict::Late => Err("it does not end without any mutant".into()),
        };
        let says = if ready.is_ok() { "passes " } else { "FAILS  " };
        say(&format!("{says} {check} without a mutant, in {:.1} s", seconds.as_secs_f64()))?;
        all.insert(check, ready);
    }
    Ok(all)
}

/// The test binaries of one state of the sources, each built when it is first asked for.
pub(crate) struct Binaries<'a> {
    sources: &'a Sources,
    built: HashMap<(Build, String, String), Result<PathBuf, String>>,
}

impl<'a> Binaries<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Self { sources, built: HashMap::new() }
    }

    /// The path of a binary, or what the compiler said.
    pub(crate) fn get(&mut self, binary: (Build, &str, &str)) -> anyhow::Result<&Result<PathBuf, String>> {
        let (build, package, target) = binary;
        let key = (build, package.to_owned(), target.to_owned());
        if !self.built.contains_key(&key) {
            let built = self.sources.build(binary)?;
            self.built.insert(key.clone(), built);
        }
        Ok(&self.built[&key])
    }
}

/// Does `work` for each item, one item at a time for each of `places`.
pub(crate) fn share<P: Sync, I: Sync>(
    places: &[P],
    items: &[I],
    work: impl Fn(&P, &I) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let next = Mutex::new(items.iter());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = |place| {
        while let Some(item) = take() {
            work(place, item)?;
        }
        anyhow::Ok(())
    };
    let worker = &worker;
    thread::scope(|scope| {
        let workers: Vec<_> = places.iter().map(|place| scope.spawn(move || worker(place))).collect();
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}
