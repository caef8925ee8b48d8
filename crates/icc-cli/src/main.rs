//! The command `icc`: see the repository's `docs/command.md`.

mod cli;
mod commands;
mod decode;
mod exit;
mod machine;
mod output;
mod text;
mod top;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A usage error ends the program here, with code 2.
    exit::code(cli::run(&cli::Cli::parse()))
}
