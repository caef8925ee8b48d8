//! The command line.

use crate::commands::{completions, doctor, get, ls, record, replay, rm, stat, tail, top, watch};
use crate::exit;
use clap::{CommandFactory as _, Parser, Subcommand};

/// Sees what is on a machine: the queues and vectors of icc in shared memory.
///
/// NAME is a file in /dev/shm, or a path. All commands but `replay` and `rm` only read: no producer
/// waits for them.
#[derive(Debug, Parser)]
#[command(name = "icc", version, after_help = exit::HELP, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ls(ls::Args),
    Stat(stat::Args),
    Top(top::Args),
    Tail(tail::Args),
    Get(get::Args),
    Watch(watch::Args),
    Record(record::Args),
    Replay(replay::Args),
    Doctor(doctor::Args),
    Rm(rm::Args),
    Completions(completions::Args),
}

/// Does what was asked.
pub(crate) fn run(cli: &Cli) -> anyhow::Result<()> {
    match &cli.command {
        Command::Ls(args) => ls::run(args),
        Command::Stat(args) => stat::run(args),
        Command::Top(args) => top::run(args),
        Command::Tail(args) => tail::run(args),
        Command::Get(args) => get::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Record(args) => record::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Rm(args) => rm::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions(args) => completions::run(args, &mut Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_each_command_has_an_example() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        cli.build();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("  icc {}", command.get_name());
            assert!(help.starts_with("Example") && help.contains(&example), "{}: {help:?}", command.get_name());
        }
    }
}
