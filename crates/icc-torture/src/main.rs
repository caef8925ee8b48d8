//! Tortures the libraries: threads and processes, every mode and way of copying, kills and stops at
//! any moment, garbage written over everything, attaching in storms, counters near their wrap.
//! Counts what was done and what was found; fails if any of it must not be.
//!
//! All files are in one directory in `/dev/shm`, which is gone at the end, however that comes
//! about.

mod account;
mod child;
mod collisions;
mod groups;
mod holding;
mod hostile;
mod processes;
mod run;
mod sample;
mod tally;
mod threads;

use anyhow::Context as _;
use clap::Parser;
use clap::builder::PossibleValuesParser;
use comfy_table::{CellAlignment, Table, presets};
use run::Run;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use tally::Tally;

/// Where shared memory is.
const ROOT: &str = "/dev/shm";
/// What the directory's name begins with; this process's id follows.
const PREFIX: &str = "icc-torture-";
/// How much longer than its time a scenario may take, for all to be read and everybody to end.
const PATIENCE: Duration = Duration::from_secs(90);

/// Tortures queues, vectors and cells, and reports what was found.
#[derive(Debug, Parser)]
struct Cli {
    /// About how long it takes in all.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Only scenarios whose name contains this.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// In place of all that: nothing but reads of a cell of so many bytes, each checked.
    #[arg(long, value_name = "BYTES", conflicts_with = "only", value_parser = PossibleValuesParser::new(READS.map(|(bytes, ..)| bytes)))]
    reads: Option<String>,
    /// What a child process plays.
    #[arg(long, hide = true, requires_all = ["name", "file"])]
    part: Option<String>,
    #[arg(long, hide = true, default_value_t = 0)]
    name: u16,
    #[arg(long, hide = true)]
    file: Option<PathBuf>,
}

type Scenario = fn(&Run) -> anyhow::Result<Tally>;

const SCENARIOS: [(&str, Scenario); 14] = [
    ("threads: cells", threads::cells),
    ("threads: queues, one producer", |run| threads::queues(run, false)),
    ("threads: queues, many producers", |run| threads::queues(run, true)),
    ("threads: holding, one producer", |run| holding::queues(run, false)),
    ("threads: holding, many producers", |run| holding::queues(run, true)),
    ("threads: vectors", threads::vectors),
    ("threads: going to sleep", collisions::collide),
    ("processes: queues, one producer", |run| processes::queues(run, false)),
    ("processes: queues, many producers", |run| processes::queues(run, true)),
    ("processes: vectors", processes::vectors),
    ("processes: groups", groups::groups),
    ("processes: groups, scribbled over", groups::scribbled),
    ("processes: scribbled over", hostile::scribbled),
    ("processes: created and removed", hostile::created),
];

/// What `--reads` takes, and what it does.
const READS: [(&str, &str, Scenario); 6] = [
    ("8", "reads of 8 bytes", threads::reads::<[u64; 1]>),
    ("56", "reads of 56 bytes", threads::reads::<[u64; 7]>),
    ("128", "reads of 128 bytes", threads::reads::<[u64; 16]>),
    ("512", "reads of 512 bytes", threads::reads::<[u64; 64]>),
    ("1024", "reads of 1024 bytes", threads::reads::<[u64; 128]>),
    ("4096", "reads of 4096 bytes", threads::reads::<[u64; 512]>),
];

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if let (Some(part), Some(file)) = (&cli.part, &cli.file) {
        let tally =
            match hostile::play(part, file)?.map_or_else(|| groups::play(part, file), |tally| Ok(Some(tally)))? {
                Some(tally) => tally,
                None => processes::play(part, cli.name, file)?,
            };
        println!("{tally}");
        return Ok(ExitCode::SUCCESS);
    }
    torture(&cli)
}

fn torture(cli: &Cli) -> anyhow::Result<ExitCode> {
    let is_asked_for = |(name, _): &(&str, Scenario)| cli.only.as_ref().is_none_or(|only| name.contains(only));
    let scenarios: Vec<_> = match &cli.reads {
        Some(size) => READS.into_iter().filter(|(bytes, ..)| bytes == size).map(|(_, name, run)| (name, run)).collect(),
        None => SCENARIOS.into_iter().filter(is_asked_for).collect(),
    };
    anyhow::ensure!(!scenarios.is_empty(), "no scenario's name contains what --only asks for");
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("cannot handle signals")?;
    }
    run::remove_stale(Path::new(ROOT), PREFIX);
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let dir =
        tempfile::Builder::new().prefix(&prefix).tempdir_in(ROOT).context("cannot make a directory in /dev/shm")?;

    let (start, mut rows, mut total) = (Instant::now(), Vec::new(), Tally::default());
    let end = start + Duration::from_secs(cli.seconds.into());
    for (index, &(name, scenario)) in scenarios.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let until = Instant::now() + left / (scenarios.len() - index) as u32;
        let run = Run { until, interrupted: Arc::clone(&interrupted), dir: dir.path().to_owned() };
        if run.is_over() {
            break;
        }
        println!("{name} ({:.1} s)", left.as_secs_f64() / (scenarios.len() - index) as f64);
        let (tally, goes_on) = watched(scenario, run);
        total += tally;
        rows.push((name, tally));
        if !goes_on {
            break;
        }
    }
    dir.close().context("cannot remove the directory in /dev/shm")?;

    println!("\n{}", table(&rows, total));
    let seconds = start.elapsed().as_secs_f64();
    let verdict = if total.faults() == 0 { "nothing wrong" } else { "WRONG" };
    let killed = kills(&rows).map(|(name, kills)| format!(" killed-in-{name}={kills}")).collect::<String>();
    println!("torture: seconds={seconds:.0} {total}{killed}\n{verdict}");
    if interrupted.load(Ordering::Relaxed) {
        println!("ended early by a signal");
        return Ok(ExitCode::from(130));
    }
    // Not by returning: a scenario that hangs would hold the process.
    std::process::exit(i32::from(total.faults() > 0));
}

/// How many processes each scenario killed that kills any, by its name in one word.
fn kills<'a>(rows: &'a [(&str, Tally)]) -> impl Iterator<Item = (String, u64)> + 'a {
    let word = |name: &str| name.replace(|letter: char| !letter.is_alphanumeric(), "-").replace("--", "-");
    rows.iter().filter(|(_, tally)| tally.kills > 0).map(move |(name, tally)| (word(name), tally.kills))
}

/// Runs a scenario, but not for ever. Also says whether it ended.
fn watched(scenario: Scenario, run: Run) -> (Tally, bool) {
    let time = run.until.saturating_duration_since(Instant::now()) + PATIENCE;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(scenario(&run)));
    match receiver.recv_timeout(time) {
        Ok(Ok(tally)) => (tally, true),
        Ok(Err(error)) => {
            eprintln!("{error:#}");
            (Tally::crash(), true)
        }
        Err(RecvTimeoutError::Disconnected) => (Tally::crash(), true),
        Err(RecvTimeoutError::Timeout) => (Tally { hung: 1, ..Tally::default() }, false),
    }
}

fn table(rows: &[(&str, Tally)], total: Tally) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let names = total.named().into_iter().map(|(name, _)| name);
    table.set_header(std::iter::once("scenario").chain(names));
    for &(name, tally) in rows.iter().chain([&("all", total)]) {
        let figures = tally.named().into_iter().map(|(_, figure)| figure.to_string());
        table.add_row(std::iter::once(name.to_owned()).chain(figures));
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}
