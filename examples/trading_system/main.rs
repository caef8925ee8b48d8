//! A trading system of separate processes, started by one command, with a dashboard.
//!
//! ```sh
//! cargo run --release --example trading_system -- run
//! ```
//!
//! ```text
//!  feed ──market──► model trend ─────┐ ideal positions      orders
//!        (queue) ├► model imbalance ─┴────(vector)──► overseer ──(queue)──► account
//!                └► account, dashboard                 ▲   ▲                  │  │
//!                                                      │   └──live positions──┘  │
//!                                                      │         (vector)        │
//!                                                      └─────────reports─────────┘
//!                                                                (queue)
//! ```
//!
//! Kill any of the processes with `kill -9` and see the rest go on; `run` starts it again. More
//! dashboards come and go with `trading_system dashboard`. `README.md` beside this says more.

mod account;
mod agent;
mod dashboard;
mod feed;
mod launcher;
mod model;
mod order;
mod overseer;
mod session;

use agent::Wait;
use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// A trading system of separate processes, with a dashboard.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What all processes are told.
#[derive(Args, Clone)]
struct Common {
    /// Which system, if there are several at once: its memory is in /dev/shm/icc-trading-SESSION.
    #[arg(long, global = true, default_value = "demo")]
    session: String,
    /// What a process does while there is nothing to do.
    #[arg(long, global = true, value_enum, default_value_t = Wait::Sleep)]
    wait: Wait,
    /// The core to run on.
    #[arg(long, global = true)]
    core: Option<usize>,
    /// Ends when it is no longer the child of this process.
    #[arg(long, global = true, hide = true)]
    parent: Option<u32>,
}

#[derive(Subcommand)]
enum Command {
    /// Starts all parts, and starts again what dies; at the end, which is Ctrl-C or q, removes all
    /// shared memory.
    Run(launcher::Run),
    /// Sends market data.
    Feed(feed::Feed),
    /// Wants positions.
    Model {
        /// Which one.
        #[arg(value_enum)]
        model: model::Model,
    },
    /// Sends orders to bring the live positions to the ideal ones.
    Overseer,
    /// Fills orders, within limits, and keeps the live positions.
    Account,
    /// Shows how a running system is. Attaches read-only, as often as you like.
    Dashboard(dashboard::Dashboard),
    /// Sends one order by hand, beside the overseer: a second producer of the same queue.
    Order {
        /// Which instrument, from 0 on.
        instrument: u32,
        /// Lots to buy; below 0 to sell.
        #[arg(allow_negative_numbers = true)]
        quantity: i64,
    },
    /// Writes what the feed would send first to the standard output, as text.
    Sample {
        /// How many updates.
        #[arg(default_value_t = 20)]
        updates: usize,
    },
}

fn main() -> Result<()> {
    let Cli { common, command } = Cli::parse();
    match command {
        Command::Run(run) => launcher::run(&common, &run),
        Command::Feed(feed) => feed::run(&common, &feed),
        Command::Model { model } => model::run(&common, model),
        Command::Overseer => overseer::run(&common),
        Command::Account => account::run(&common),
        Command::Dashboard(dashboard) => dashboard::run(&common, &dashboard),
        Command::Order { instrument, quantity } => order::run(&common, instrument, quantity),
        Command::Sample { updates } => {
            icc_examples::market::Market::new(feed::SEED).take(updates).for_each(|update| println!("{update:?}"));
            Ok(())
        }
    }
}
