//! `icc-bridge`: queues and vectors between machines.

mod cli;

use anyhow::Context as _;
use clap::Parser as _;
use cli::{Cli, Command, Direction, Link};
use icc_bridge::network::{Network, Zenoh};
use icc_bridge::{Event, Stop, export, import};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::mpsc;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    // What the network says of itself, if `RUST_LOG` asks for it.
    zenoh::try_init_log_from_env();
    let (links, network) = match &cli.command {
        Command::Out(out) => (vec![out.link()], out.network.network()),
        Command::In(into) => (vec![into.link().map_err(anyhow::Error::msg)?], into.network.network()),
        Command::Sync { config } => {
            let text = std::fs::read_to_string(config).with_context(|| format!("cannot read {}", config.display()))?;
            cli::sync(&text).with_context(|| config.display().to_string())?
        }
    };
    let stop = Stop::new();
    for signal in [SIGINT, SIGTERM] {
        // The second one ends the process at once.
        flag::register_conditional_shutdown(signal, 130, stop.flag())?;
        flag::register(signal, stop.flag())?;
    }
    serve(&links, &network, &stop, cli.quiet)
}

/// Says it to whoever listens: that nobody does is no reason to end.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "icc-bridge: {what}");
}

/// Runs all links, each in a thread of its own, until one fails or `stop` is set.
fn serve(links: &[Link], network: &Network, stop: &Stop, quiet: bool) -> anyhow::Result<()> {
    let wire = Zenoh::open(network)?;
    if !quiet {
        wire.addresses().iter().for_each(|address| say(&format!("listening on {address}")));
    }
    let (ended, ends) = mpsc::channel();
    std::thread::scope(|scope| {
        for link in links {
            let (wire, ended) = (&wire, ended.clone());
            scope.spawn(move || {
                let mut tell = |event: Event| {
                    if !quiet {
                        say(&format!("{}: {event}", link.key));
                    }
                };
                let done =
                    match &link.direction {
                        Direction::Out(options) => export(wire, &link.name, &link.key, options, stop, &mut tell)
                            .map(|totals| totals.to_string()),
                        Direction::In(options) => import(wire, &link.key, &link.name, options, stop, &mut tell)
                            .map(|totals| totals.to_string()),
                    };
                // One that fails ends the others: whoever watches this process starts all of them again.
                if done.is_err() {
                    stop.set();
                }
                let _ = ended.send((link, done));
            });
        }
        drop(ended);
        let mut failure = Ok(());
        for (link, done) in ends {
            match done {
                Ok(totals) => _ = writeln!(std::io::stdout(), "{}: {totals}", link.key),
                Err(error) => {
                    let told = anyhow::Error::new(error).context(link.key.clone());
                    failure = failure.and(Err(told));
                }
            }
        }
        failure
    })
}
