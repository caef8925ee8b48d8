//! `icc top`: all buffers, live.

use crate::machine::directory::SHARED_MEMORY;
use crate::machine::signals::Interrupted;
use crate::top::{Action, State, action, draw, hops};
use anyhow::bail;
use ratatui::crossterm::event::{self, Event};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Shows all buffers of the machine in the terminal, refreshing: rates, who is alive, who died.
///
/// Each key is an action: arrows select, `s` sorts by the next column, `r` reverses, `/` filters by
/// name, `p` pauses, `+` and `-` change the interval, `q` leaves.
///
/// With `--hops`, shows how long messages take at each hop of a system that is traced, in a terminal or as lines of text.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  icc top\n  icc top /dev/shm/desk --interval 250ms --filter quotes\n  icc top --hops desk\n  \
    icc top --hops desk --count 1 | cat"
)]
pub(crate) struct Args {
    /// Where to look, directories below it included.
    #[arg(default_value = SHARED_MEMORY)]
    directory: PathBuf,
    /// From one look to the next.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = super::duration)]
    interval: Duration,
    /// Only names that contain this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// The hops of this system, in place of the buffers: the name that its programs trace under.
    #[arg(long, value_name = "SYSTEM", conflicts_with_all = ["directory", "filter"])]
    hops: Option<PathBuf>,
    /// With `--hops`: end after so many tables.
    #[arg(long, value_name = "N", requires = "hops")]
    count: Option<u64>,
}

/// How long the first rates are taken.
const FIRST: Duration = Duration::from_millis(250);
/// How long a key may wait.
const KEYS: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(system) = &args.hops {
        return hops::run(system, args.interval, args.count);
    }
    if !std::io::stdout().is_terminal() {
        bail!("standard output is no terminal: use `icc ls`");
    }
    let mut state = State::new(&args.directory, &args.filter, args.interval)?;
    let interrupted = Interrupted::new()?;
    let mut terminal = ratatui::try_init()?;
    let outcome = show(&mut terminal, &mut state, &interrupted);
    ratatui::restore();
    outcome
}

fn show(terminal: &mut ratatui::DefaultTerminal, state: &mut State, interrupted: &Interrupted) -> anyhow::Result<()> {
    // The first rates soon.
    let mut due = Instant::now() + state.interval().min(FIRST);
    while !interrupted.is_set() {
        if Instant::now() >= due {
            state.look()?;
            due = Instant::now() + state.interval();
        }
        terminal.draw(|frame| draw(frame, state))?;
        let wait = due.saturating_duration_since(Instant::now()).min(KEYS);
        if event::poll(wait)?
            && let Event::Key(key) = event::read()?
        {
            match action(key, state.is_typing()) {
                Some(Action::Leave) => return Ok(()),
                Some(action) => state.act(action),
                None => {}
            }
            // The new interval counts at once.
            due = due.min(Instant::now() + state.interval());
        }
    }
    Ok(())
}
