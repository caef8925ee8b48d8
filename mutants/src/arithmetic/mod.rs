//! Arithmetic and order: an operator, a comparison, a result made wrong at a time, by cargo-mutants.
//!
//! A part is a file, with the tests that must notice. It is done when each mutant was noticed or stands in
//! `mutants/survivors.toml` with the reason why none can notice it, or need not. Then `mutants/arithmetic-runs.toml`
//! says what was found, and the part is not run again until its file changes. What was interrupted goes on where
//! it was.

mod ends;
mod part;
mod record;
mod tool;

use std::process::ExitCode;

use anyhow::bail;

use crate::arithmetic::ends::Ends;
use crate::arithmetic::part::{Part, Parts};
use crate::arithmetic::record::{Record, Run};
use crate::arithmetic::tool::Tool;
use crate::cli::Cli;
use crate::lists::Reason;
use crate::process::say;
use crate::workspace::Workspace;

/// Checks that the lists are well-formed and name what is there. Runs nothing.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let (parts, record) = (Parts::read(workspace)?, Record::read(workspace)?);
    let mut problems = parts.problems(workspace);
    problems.extend(record.problems(&parts));
    if !problems.is_empty() {
        bail!("the lists of arithmetic in mutants/ are wrong:\n{}", problems.join("\n"));
    }
    let as_they_are = parts.parts.iter().filter(|part| record.is_done(workspace, part)).count();
    Ok(say(&format!("arithmetic was made wrong in {as_they_are} of {} files as they are now", parts.parts.len()))?)
}

/// Runs the parts that the arguments name and that are not done.
pub(crate) fn run(workspace: &Workspace, args: &Cli) -> anyhow::Result<ExitCode> {
    check(workspace)?;
    let parts = Parts::read(workspace)?;
    let wanted = |part: &&Part| args.only.is_empty() || args.only.iter().any(|only| part.file.contains(only));
    let wanted: Vec<&Part> = parts.parts.iter().filter(wanted).collect();
    if wanted.is_empty() {
        bail!("--only leaves no file");
    }
    let tool = Tool::find(workspace, args.under.as_deref())?;
    let mut failed = false;
    for part in wanted {
        if Record::read(workspace)?.is_done(workspace, part) {
            say(&format!("done before: {}", part.file))?;
            continue;
        }
        say(&format!("\n==> {}", part.file))?;
        let run = Run::begin(workspace, part)?;
        let ends = tool.run(workspace, part)?;
        let wrong = differences(part, &parts.survivors, &ends);
        say(&format!("{}: {}", part.file, ends.counts()))?;
        if wrong.is_empty() {
            // Read again: another run may have written meanwhile.
            Record::read(workspace)?.add(workspace, part, run, ends.counts())?;
        } else {
            failed = true;
            say(&wrong.join("\n"))?;
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// In what the survivors of a part are not those that are listed.
fn differences(part: &Part, listed: &[Reason], ends: &Ends) -> Vec<String> {
    let listed: Vec<&str> = listed.iter().map(|reason| reason.of.as_str()).filter(|of| part.has(of)).collect();
    let new = ends.missed().filter(|id| !listed.contains(id));
    let new = new.map(|id| format!("no test notices, and mutants/survivors.toml does not say why: {id}"));
    let gone = listed.iter().filter(|id| !ends.missed().any(|missed| missed == **id));
    new.chain(gone.map(|id| format!("no survivor (any more), but in mutants/survivors.toml: {id}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::ends::End;

    #[test]
    fn survivors_are_those_that_are_listed() {
        let part = Part { file: "icc-queue/f.rs".into(), rounds: vec!["--lib".into()] };
        let reason = |of: &str| Reason { of: of.into(), because: "it is the same".into() };
        let mut ends = Ends::default();
        ends.insert("icc-queue/f.rs replace + with - in f".into(), End::Missed);
        ends.insert("icc-queue/f.rs replace + with * in f".into(), End::Caught);
        let with = |of: &[&str]| differences(&part, &of.iter().copied().map(reason).collect::<Vec<_>>(), &ends);
        assert_eq!(with(&["icc-queue/f.rs replace + with - in f", "icc-queue/g.rs x"]), [""; 0]);
        assert!(with(&[])[0].starts_with("no test notices"));
        let wrong = with(&["icc-queue/f.rs replace + with - in f", "icc-queue/f.rs replace + with * in f"]);
        assert!(wrong.len() == 1 && wrong[0].contains("any more") && wrong[0].contains("+ with *"), "{wrong:?}");
    }
}
