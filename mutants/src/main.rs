//! Is every ordering, every fence and every step of the protocols held by a check? Run as `cargo
//! xtask mutants`.
//!
//! - An ordering is weakened while a model runs: the shim of the library crates makes the change at
//!   the place that the environment names, so nothing is edited or built again.
//! - A step is dropped or made wrong in a copy of the sources, which is built anew.
//!
//! - Operators, comparisons and results are made wrong by cargo-mutants, in the files that `arithmetic.toml` names.
//!
//! The check that the lists beside this package name must then fail. What nothing can catch needs a
//! written proof there. An operation that the lists do not cover fails the command, and so does an
//! entry whose code is gone.

mod arithmetic;
mod attempt;
mod catalogue;
mod check;
mod cli;
mod copy;
mod document;
mod find;
mod lists;
mod litmus;
mod mutant;
mod problems;
mod process;
mod run;
#[cfg(test)]
mod shim;
mod source;
mod sources;
mod step;
mod verdict;
mod weakened;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use clap::Parser as _;

use crate::catalogue::Catalogue;
use crate::cli::Cli;
use crate::lists::Lists;
use crate::litmus::Litmus;
use crate::mutant::Mutant;
use crate::problems::{NOT_COVERED, lost_checks, problems};
use crate::process::say;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match dispatch(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to tell if standard error itself is gone.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &Cli) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    if args.arithmetic {
        return arithmetic::run(&workspace, args);
    }
    let mut lists = Lists::read(&workspace)?;
    let catalogue = Catalogue::of(&workspace.crates(), &lists.steps)?;
    let litmus = Litmus::read(&workspace, &catalogue, &lists)?;
    if args.list {
        document::list(&catalogue, &lists)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.document {
        document::write(&workspace, &catalogue, &lists, &litmus)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.check {
        check(&workspace, &catalogue, &lists, &litmus)?;
        arithmetic::check(&workspace)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(herd) = &args.litmus {
        agree(&workspace, &catalogue, &lists, &litmus)?;
        return litmus::run(&workspace, &litmus, herd, &args.asm, &args.only);
    }
    let wanted = |mutant: &&Mutant| args.only.is_empty() || args.only.iter().any(|only| mutant.id.contains(only));
    let mut mutants: Vec<&Mutant> = catalogue.mutants.iter().filter(wanted).collect();
    if mutants.is_empty() {
        bail!("--only leaves no mutant");
    }
    if args.find {
        mutants.retain(|mutant| lists.proof(&mutant.id).is_none() && !lists.caught.contains_key(&mutant.id));
        let code = find::run(&workspace, &mutants, &mut lists, args)?;
        if args.only.is_empty() {
            lists.forget(&workspace, &catalogue)?;
        }
        document::write(&workspace, &catalogue, &lists, &litmus)?;
        return Ok(code);
    }
    if args.only.is_empty() {
        agree(&workspace, &catalogue, &lists, &litmus)?;
    }
    run::run(&workspace, &catalogue, &mutants, &lists, args)
}

/// Whether lists, sources and document agree.
fn check(workspace: &Workspace, catalogue: &Catalogue, lists: &Lists, litmus: &Litmus) -> anyhow::Result<()> {
    agree(workspace, catalogue, lists, litmus)?;
    document::check(workspace, catalogue, lists, litmus)?;
    let (operations, mutants) = (catalogue.operations.len(), catalogue.mutants.len());
    Ok(say(&format!("{operations} operations and {mutants} mutants are covered"))?)
}

/// Whether lists and sources agree.
fn agree(workspace: &Workspace, catalogue: &Catalogue, lists: &Lists, litmus: &Litmus) -> anyhow::Result<()> {
    let mut problems = problems(catalogue, lists);
    problems.extend(lost_checks(&workspace.crates(), lists));
    problems.extend(litmus.problems(catalogue, lists));
    if problems.is_empty() {
        return Ok(());
    }
    bail!("the lists in mutants/, the tests in litmus/ and the sources differ:\n{}\n{NOT_COVERED}", problems.join("\n"))
}
