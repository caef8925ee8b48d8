//! The options.

use std::path::PathBuf;

use clap::{CommandFactory, Parser};

use crate::scenario::SCENARIOS;

/// Measures what a message costs from one pinned core to another, in ratio to two bare atomics.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "icc-bench", version)]
pub(crate) struct Arguments {
    #[arg(long, value_name = "LIST", help = scenarios())]
    pub scenario: Vec<String>,

    /// Write the results to this file as JSON
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,

    /// Write a page with plots of the results to this file
    #[arg(long, value_name = "PATH")]
    pub html: Option<PathBuf>,

    /// Write each plot into this directory as SVG
    #[arg(long, value_name = "DIR")]
    pub svg: Option<PathBuf>,

    /// Measure nothing: take the results from this file, which --json wrote
    #[arg(long, value_name = "PATH", conflicts_with_all = ["scenario", "quick", "cores", "priority", "interval", "payload", "only", "rounds"])]
    pub from: Option<PathBuf>,

    /// Measure what a line's way between the cores costs, and compare the times that follow from it
    /// with measured ones; in about half a minute
    #[arg(long, conflicts_with_all = ["scenario", "json", "html", "svg", "from", "baseline", "agree", "markdown", "quick", "payload", "only", "rounds", "strict"])]
    pub model: bool,

    /// Compare with the results in this file, which --json wrote, by their ratios; exit code 3 if
    /// one has got worse
    #[arg(long, value_name = "PATH")]
    pub baseline: Option<PathBuf>,

    /// By how much a ratio may rise before it has got worse (10%); it must leave the earlier run's
    /// range as well
    #[arg(long, value_name = "PERCENT", requires = "baseline")]
    pub threshold: Option<String>,

    /// Compare with the results of another run of the same, and print the rows that do not agree
    #[arg(long, value_name = "PATH")]
    pub agree: Option<PathBuf>,

    /// By how much a figure may differ between two runs that agree (10%)
    #[arg(long, value_name = "PERCENT", requires = "agree")]
    pub within: Option<String>,

    /// Write tables for a document to this file; with --agree, of the figures of both runs
    #[arg(long, value_name = "PATH")]
    pub markdown: Option<PathBuf>,

    /// Fewer and shorter rounds: all scenarios in a minute and a half, without rivals
    #[arg(long)]
    pub quick: bool,

    /// The cores to use, such as `2,3`; the first takes the time, core_matrix takes more than two
    #[arg(long, value_name = "LIST")]
    pub cores: Option<String>,

    /// Run the measuring threads under SCHED_FIFO at this priority, from 1 to 99
    #[arg(long, value_name = "N")]
    pub priority: Option<String>,

    /// The pause between two messages of spaced_latency (2us)
    #[arg(long, value_name = "TIME")]
    pub interval: Option<String>,

    /// Measure other libraries too (`cargo xtask bench --rivals` builds them)
    #[arg(long)]
    pub rivals: bool,

    /// Fail, with exit code 1, if a row has no steady round
    #[arg(long)]
    pub strict: bool,

    /// Payload sizes in bytes, such as `8,56`: any of 8, 56, 64, 120, 256, 512, 1024, 4096;
    /// copy_cost has more
    #[arg(long, value_name = "LIST")]
    pub payload: Option<String>,

    /// Only targets whose name contains this; may be given more than once
    #[arg(long, value_name = "TARGET")]
    pub only: Vec<String>,

    /// How many rounds of each row to keep (from 5 to 15, as the scenario has it; fewer with
    /// --quick)
    #[arg(long, value_name = "N")]
    pub rounds: Option<String>,
}

/// The help of `--scenario`, which names all of them.
fn scenarios() -> String {
    let mut names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name()).collect();
    let last = names.pop().unwrap_or_default();
    format!("What to measure, such as `stream,fan_out`: any of {} and {last}, or all (the default)", names.join(", "))
}

/// Every option with its help, a line each.
pub(super) fn options() -> String {
    let command = Arguments::command();
    let lines: Vec<String> = command
        .get_arguments()
        .filter_map(|argument| {
            let name = argument.get_long()?;
            let value = match argument.get_value_names() {
                Some([value, ..]) if argument.get_action().takes_values() => format!(" {value}"),
                _ => String::new(),
            };
            Some(format!("  --{:<19} {}", format!("{name}{value}"), argument.get_help()?))
        })
        .collect();
    lines.join("\n")
}
