//! `icc top --hops`: how long messages take at each hop of a system.

use crate::exit::Failure;
use crate::machine::directory::resolve;
use crate::machine::signals::Interrupted;
use crate::machine::view;
use crate::output::table;
use crate::text::{rate, shown, shown_name, span, thousands};
use icc_trace::{HopSummary, Reader, Summary, Times};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::text::{Line, Text};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the ring is read: hops overwrite what is in it.
const READ: Duration = Duration::from_millis(5);
/// The shortest interval.
const LEAST: Duration = Duration::from_millis(50);
/// The columns of the hops, and which of them are numbers. The last is cut off first where a terminal is narrow.
const HOPS: [&str; 9] = ["HOP", "RATE/s", "WAIT p50", "p99", "max", "WORK p50", "p99", "max", "FROM"];
const OF_HOPS: [usize; 7] = [1, 2, 3, 4, 5, 6, 7];
/// Those of the whole paths.
const PATHS: [&str; 5] = ["WHOLE PATH TO", "RATE/s", "p50", "p99", "max"];
const OF_PATHS: [usize; 4] = [1, 2, 3, 4];

/// What is known of a system.
struct Hops {
    name: PathBuf,
    reader: Reader,
    summary: Summary,
    since: Instant,
    /// Timings lost, and unreadable ones, before this interval.
    before: (u64, u64),
}

pub(crate) fn run(system: &Path, interval: Duration, count: Option<u64>) -> anyhow::Result<()> {
    let mut hops = Hops::open(system)?;
    let (interrupted, interval) = (Interrupted::new()?, interval.max(LEAST));
    if std::io::stdout().is_terminal() {
        let mut terminal = ratatui::try_init()?;
        let outcome = show(&mut hops, interval, count, |text, _| {
            terminal.draw(|frame| frame.render_widget(screen(text), frame.area()))?;
            Ok(!interrupted.is_set() && !leaves()?)
        });
        ratatui::restore();
        outcome
    } else {
        show(&mut hops, interval, count, |text, is_new| {
            if is_new {
                writeln!(std::io::stdout(), "{text}")?;
                std::io::stdout().flush()?;
            }
            Ok(!interrupted.is_set())
        })
    }
}

/// Reads, and gives each interval's text to `draw`, several times, and whether it is new, until that says to end; an empty one
/// during the first interval.
fn show(
    hops: &mut Hops,
    interval: Duration,
    count: Option<u64>,
    mut draw: impl FnMut(&str, bool) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let (mut due, mut left, mut text) = (Instant::now() + interval, count.unwrap_or(u64::MAX), String::new());
    while left > 0 {
        std::thread::sleep(READ);
        hops.read();
        let is_over = Instant::now() >= due;
        if is_over {
            due = Instant::now() + interval;
            left -= 1;
            text = hops.text();
            hops.begin_interval();
        }
        if !draw(&text, is_over)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a key was pressed that leaves.
fn leaves() -> std::io::Result<bool> {
    while event::poll(Duration::ZERO)? {
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
            && (matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
                || key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn screen(text: &str) -> Text<'static> {
    let text = if text.is_empty() { "…" } else { text };
    text.lines().map(|line| Line::from(line.to_owned())).chain([Line::default(), Line::from("q leaves")]).collect()
}

impl Hops {
    fn open(system: &Path) -> anyhow::Result<Self> {
        let name = system_of(system);
        let reader = Reader::open(&name, &view::reading()).map_err(|error| match error.is_missing() {
            true => Failure::NotFound(format!(
                "no system {} is traced: {error} (`icc ls` shows those that are: they end in `.hops`)",
                shown_name(system)
            ))
            .into(),
            false => anyhow::Error::from(error),
        })?;
        Ok(Self { name, reader, summary: Summary::new(), since: Instant::now(), before: (0, 0) })
    }

    fn read(&mut self) {
        let summary = &mut self.summary;
        self.reader.read(|timing| summary.add(&timing));
    }

    fn begin_interval(&mut self) {
        self.summary.clear();
        self.since = Instant::now();
        self.before = (self.reader.lost(), self.reader.unreadable());
    }

    /// The interval, as text.
    fn text(&mut self) -> String {
        let seconds = self.since.elapsed().as_secs_f64();
        let names = self.reader.names().to_vec();
        // A hop that has no name yet, or never had one, is shown by its number.
        let name = |id: usize| match names.get(id) {
            Some(name) if !name.is_empty() => shown(name),
            _ => format!("hop {id}"),
        };
        let (mut hops, mut paths) = (table(&HOPS, &OF_HOPS), table(&PATHS, &OF_PATHS));
        let times = |times: &Times| [50.0, 99.0, 100.0].map(|percent| time(times.percentile(percent)));
        let per_second = |hop: &HopSummary| rate(hop.messages as f64 / seconds);
        for (id, hop) in self.summary.hops() {
            let from: Vec<_> = hop.from.iter().map(|&id| name(id)).collect();
            let waited = if from.is_empty() && hop.waited.max().is_zero() {
                ["", "", ""].map(str::to_owned)
            } else {
                times(&hop.waited)
            };
            let row = [name(id), per_second(hop)].into_iter().chain(waited).chain(times(&hop.worked));
            hops.add_row(row.chain([from.join(", ")]));
        }
        for (id, hop) in self.summary.ends() {
            paths.add_row([name(id), per_second(hop)].into_iter().chain(times(&hop.since_origin)));
        }
        let mut text = format!("hops of {}, {}\n", shown_name(&self.name), span(self.since.elapsed()));
        if self.summary.hops().next().is_none() {
            text.push_str("nothing was recorded\n");
        } else {
            for line in hops.lines().chain([String::new()]).chain(paths.lines()) {
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        for (count, what) in [
            (self.reader.lost() - self.before.0, "lost: the ring is too small for this rate, or trace one in so many"),
            (self.reader.unreadable() - self.before.1, "unreadable: somebody writes garbage into the ring"),
        ] {
            if count > 0 {
                text.push_str(&format!("{} timings {what}\n", thousands(count)));
            }
        }
        if !self.reader.is_current().unwrap_or(false) {
            text.push_str("the system was removed; if it was made anew, run this again\n");
        }
        text
    }
}

/// The system that is meant: by its name, as its programs give it, or by that of its ring, as `icc ls` shows it.
fn system_of(name: &Path) -> PathBuf {
    let text = name.to_string_lossy();
    let ring = text.strip_suffix(".hops").map_or_else(|| name.to_owned(), PathBuf::from);
    let mut file = ring.as_os_str().to_owned();
    file.push(".hops");
    let found = resolve(Path::new(&file));
    // What `resolve` leads to, without the ending.
    found.with_file_name(found.file_stem().unwrap_or_default())
}

/// A time as people read it, to three digits.
fn time(time: Duration) -> String {
    let ns = time.as_nanos() as f64;
    let (number, unit) = match ns {
        ..1e3 => return format!("{ns:.0} ns"),
        ..1e6 => (ns / 1e3, "µs"),
        ..1e9 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let digits = if number < 10.0 {
        2
    } else if number < 100.0 {
        1
    } else {
        0
    };
    format!("{number:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let of = |ns| time(Duration::from_nanos(ns));
        assert_eq!(
            [0, 999, 2_040, 20_400, 999_000, 2_500_000, 7_000_000_000].map(of),
            ["0 ns", "999 ns", "2.04 µs", "20.4 µs", "999 µs", "2.50 ms", "7.00 s"]
        );
    }

    #[test]
    fn systems() {
        for name in ["desk", "desk.hops", "/dev/shm/desk"] {
            assert_eq!(system_of(Path::new(name)), Path::new("/dev/shm/desk"));
        }
    }
}
