//! Steps of `cargo xtask test` that run beside the others, in a process of their own.
//!
//! Tests and compilers often leave a core idle. These steps build in directories of their own, so that neither side waits
//! for the other's. What they print is kept until they end.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt as _, parent_id};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::Step;
use crate::counts::Counts;
use crate::process::{self, say};
use crate::workspace::Workspace;

/// The steps that may.
const MAY: [Step; 6] = [Step::Targets, Step::Cbmc, Step::Python, Step::Litmus, Step::Bridge, Step::Shuttle];

/// How often one that runs beside another checks that it is still there.
const CHECK_EVERY: Duration = Duration::from_millis(500);

/// Divides steps into those that run here, and those beside them: none, unless both have something to do once all is built.
pub(crate) fn divide(steps: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
    let Some(built) = steps.iter().position(|&step| step == Step::Build) else { return (steps, Vec::new()) };
    let (beside, here): (Vec<_>, Vec<_>) = steps.iter().copied().partition(|step| MAY.contains(step));
    if here.len() == built + 1 { (steps, Vec::new()) } else { (here, beside) }
}

/// Steps that run beside. They end with this.
pub(crate) struct Beside {
    child: Child,
    printed: PathBuf,
    steps: Vec<String>,
}

/// What became of them.
pub(crate) struct Ended {
    pub(crate) counts: Counts,
    pub(crate) passed: bool,
    /// A line for each, as in its own table.
    pub(crate) rows: Vec<String>,
}

impl Beside {
    /// Begins them, after all has been built.
    pub(crate) fn begin(linting: &Workspace, steps: &[Step], keep_going: bool) -> anyhow::Result<Self> {
        let printed = linting.own_directory("beside.txt");
        let file = File::create(&printed).with_context(|| format!("cannot create {}", printed.display()))?;
        let _ = fs::remove_file(no_further(linting));
        // This program has been built anew meanwhile, perhaps; the copy of it that lints has not.
        let program = linting.linter().context("what runs beside is linted")?;
        let mut command = Command::new(program);
        command.args(["test", "--beside", &std::process::id().to_string()]);
        command.args(steps.iter().flat_map(|step| ["--only".to_owned(), step.name()]));
        command.args(keep_going.then_some("--keep-going"));
        // A group of its own, so that all of it can be ended.
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot run {}", process::shown(&command)))?;
        let steps = steps.iter().map(|step| step.name()).collect::<Vec<_>>();
        say(&format!("\n==> beside the next steps: {}", steps.join(", ")))?;
        Ok(Self { child, printed, steps })
    }

    /// Waits for their end, or with `stop` for that of the one that runs, and prints what they printed.
    pub(crate) fn end(mut self, linting: &Workspace, stop: bool) -> anyhow::Result<Ended> {
        say(&format!("\n==> waiting for what runs beside: {}", self.steps.join(", ")))?;
        if stop {
            // A test that is ended in the middle could leave something behind.
            let _ = File::create(no_further(linting));
        }
        let status = self.child.wait().context("lost what runs beside")?;
        let printed = fs::read(&self.printed).with_context(|| format!("cannot read {}", self.printed.display()))?;
        let printed = String::from_utf8_lossy(&printed);
        say(printed.trim_end())?;
        let counts = printed.lines().rev().find_map(Counts::from_total);
        let is_row = |line: &&str| self.steps.iter().any(|step| line.starts_with(&format!("{step:15} ")));
        let rows = printed.lines().filter(is_row).map(str::to_owned).collect();
        // One that ends without its total failed, whatever it says.
        Ok(Ended { counts: counts.unwrap_or_default(), passed: status.success() && counts.is_some(), rows })
    }
}

/// The file that tells those beside to begin no further step.
fn no_further(workspace: &Workspace) -> PathBuf {
    workspace.own_directory("beside.stop")
}

/// Whether what began this one wants no further step.
pub(crate) fn is_told_to_stop(workspace: &Workspace) -> bool {
    no_further(workspace).exists()
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            end_group(self.child.id());
            let _ = self.child.wait();
        }
    }
}

/// Called by steps that run beside: from now on they end when the process that began them is gone, however it ended.
pub(crate) fn end_with(parent: u32) {
    thread::spawn(move || {
        while parent_id() == parent {
            thread::sleep(CHECK_EVERY);
        }
        end_group(std::process::id());
    });
}

fn end_group(leader: u32) {
    let _ = Command::new("sh").args(["-c", &format!("kill -- -{leader}")]).status();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn those_that_may_come_last() {
        assert!(Step::value_variants().ends_with(&MAY));
    }

    #[test]
    fn steps_run_beside_others_only_when_all_is_built() {
        let steps = vec![Step::Fmt, Step::Build, Step::Tests, Step::Bridge];
        assert_eq!(divide(steps), (vec![Step::Fmt, Step::Build, Step::Tests], vec![Step::Bridge]));
        for alone in [vec![Step::Tests, Step::Bridge], vec![Step::Fmt, Step::Build, Step::Bridge], vec![Step::Build]] {
            assert_eq!(divide(alone.clone()), (alone, vec![]));
        }
    }
}
