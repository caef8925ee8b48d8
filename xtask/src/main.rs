//! The project's checks and chores, run as `cargo xtask COMMAND`.
//!
//! `main` only dispatches. The flags are declared in [`cli`], each command has a file of its own,
//! and whatever goes wrong comes back here as an error.

mod aarch64;
mod bench;
mod beside;
mod bridge;
mod cbmc;
mod cbmc_cuts;
mod cli;
mod counts;
mod fuzz;
mod guides;
mod lint;
mod litmus;
mod long;
mod loom;
mod loom_line;
mod miri;
mod msrv;
mod mutants;
mod named_tests;
mod package;
mod process;
mod python;
mod sanitize;
mod shim;
mod shuttle;
mod std_source;
mod supply;
mod targets;
mod test;
mod torture;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match lint::called().unwrap_or_else(|| dispatch(&Cli::parse().command)) {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to tell if standard error itself is gone.
            let _ = process::say_error(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Test(args) => test::run(&workspace, args),
        Command::Loom(args) => loom::run(&workspace, args),
        Command::Shuttle(args) => shuttle::run(&workspace, args),
        Command::Litmus(args) => litmus::run(&workspace, args),
        Command::Bridge(args) => bridge::run(&workspace, args),
        Command::Bench(args) => bench::run(&workspace, args),
        Command::Sanitize(args) => sanitize::run(&workspace, args),
        Command::Torture(args) => torture::run(&workspace, args),
        Command::Long(args) => long::run(&workspace, args),
        Command::Fuzz(args) => fuzz::run(&workspace, args),
        Command::Mutants(args) => mutants::run(&workspace, args),
        Command::Guides => guides::run(&workspace),
        Command::Miri => miri::run(&workspace),
        Command::Msrv => msrv::run(&workspace),
        Command::Cbmc => cbmc::run(&workspace),
        Command::Supply => supply::run(&workspace),
        Command::Targets => targets::run(&workspace),
        Command::Aarch64 => aarch64::run(&workspace),
        Command::Python => python::run(&workspace),
    }
}
