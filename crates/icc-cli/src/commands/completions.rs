//! `icc completions`: what a shell needs to complete this command.

use clap_complete::Shell;
use std::io::Write as _;

/// Prints a shell's completions for this command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  icc completions bash > ~/.local/share/bash-completion/completions/icc")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// `command` is the whole one.
pub(crate) fn run(args: &Args, command: &mut clap::Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "icc", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
