//! `icc ls`: every buffer on the machine.

use crate::machine::directory::{self, Found, SHARED_MEMORY};
use crate::machine::view::{self, Sample, Seen, View};
use crate::output::{Paint, table};
use crate::text;
use icc_buffer::{Boot, BufferError, Inspected};
use icc_queue::ReaderStatus;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Lists every buffer on the machine: what it is, how much goes through it, who is alive.
///
/// RATE is messages or values a second, over the interval. ALIVE is how many producers or writers
/// hold their locks; READERS, how many consumers let themselves be seen. Buffers that cannot be read are listed too, and NOTE says why.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  icc ls\n  icc ls /dev/shm/desk --interval 5s\n  icc ls --json | jq -r '.[] | select(.alive == 0) | .name'"
)]
pub(crate) struct Args {
    /// Where to look, directories below it included.
    #[arg(default_value = SHARED_MEMORY)]
    directory: PathBuf,
    /// How long rates are taken; 0 for none.
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = super::duration)]
    interval: Duration,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// A buffer with what was seen of it.
struct Row {
    found: Found,
    view: Option<View>,
    first: Option<Sample>,
    last: Option<Sample>,
    /// None if the queue has none that could be seen.
    readers: Option<Vec<ReaderStatus>>,
    note: Vec<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let listing = directory::list(&args.directory)?;
    let mut rows: Vec<_> = listing.buffers.into_iter().map(Row::new).collect();
    if !args.interval.is_zero() && rows.iter().any(|row| row.first.is_some()) {
        std::thread::sleep(args.interval);
        rows.iter_mut().for_each(Row::look_again);
    }
    let mut text = if args.json {
        text::json(&rows.iter().map(Row::json).collect()) + "\n"
    } else {
        as_table(&rows, Paint::for_stdout())
    };
    if !args.json && rows.is_empty() {
        text = format!("no buffers in {}\n", text::shown_name(&args.directory));
    }
    std::io::stdout().write_all(text.as_bytes())?;
    if listing.unreadable > 0 {
        eprintln!("icc: {} files there may not be read by this user, and may be buffers", listing.unreadable);
    }
    Ok(())
}

impl Row {
    fn new(found: Found) -> Self {
        let mut row = Self { found, view: None, first: None, last: None, readers: None, note: Vec::new() };
        match &row.found.header {
            Ok(inspected) => {
                row.note = view::marks(inspected);
                match View::open(inspected) {
                    Ok(view) => row.view = Some(view),
                    Err(error) if row.note.is_empty() => row.note.push(format!("{error:#}")),
                    Err(_) => {}
                }
            }
            Err(error) => row.note.push(trouble(error)),
        }
        row.first = row.look();
        row.last = row.first;
        row.readers = row.view.as_ref().and_then(View::readers);
        row
    }

    fn look(&mut self) -> Option<Sample> {
        match self.view.as_ref()?.look() {
            Ok(Seen::There(sample)) => Some(sample),
            Ok(Seen::Gone) => {
                self.note.push("removed meanwhile".to_owned());
                None
            }
            Err(error) => {
                self.note.push(error.to_string());
                None
            }
        }
    }

    fn look_again(&mut self) {
        if self.first.is_some() {
            self.last = self.look();
        }
    }

    fn inspected(&self) -> Option<&Inspected> {
        self.found.header.as_deref().ok()
    }

    fn rate(&self) -> Option<f64> {
        self.last?.rate_since(&self.first?)
    }

    fn note(&self) -> String {
        let mut note = self.note.clone();
        if let Some(unfinished) = self.last.map(|sample| sample.unfinished).filter(|&count| count > 0) {
            note.push(format!("{unfinished} unfinished by the dead"));
        }
        for reader in self.readers.iter().flatten().filter(|reader| !reader.is_alive) {
            note.push(format!("reader {} died", reader.label));
        }
        text::shown(&note.join("; "))
    }

    fn json(&self) -> Value {
        let mut value = json!({
            "name": self.found.name,
            "path": self.found.path.to_string_lossy(),
            "bytes": self.found.size,
            "note": self.note(),
        });
        if let Some(inspected) = self.inspected() {
            let more = json!({
                "kind": inspected.kind.to_string(),
                "type": inspected.element.name,
                "slots": inspected.len,
                "slot_size": view::slot_size(inspected),
                "instance": format!("{:016x}", inspected.instance),
                "boot": boot(inspected.boot),
                "described": inspected.schema.is_some(),
                "count": self.last.and_then(|sample| sample.count),
                "rate": self.rate(),
                "alive": self.last.map(|sample| sample.living),
                "unfinished": self.last.map(|sample| sample.unfinished),
                "readers": self.readers.as_ref().map(|readers| readers.iter().map(view::reader_json).collect::<Value>()),
            });
            merge(&mut value, more);
        }
        value
    }
}

pub(crate) fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}

pub(crate) fn boot(boot: Boot) -> &'static str {
    match boot {
        Boot::This => "this",
        Boot::Previous => "previous",
        Boot::Unknown => "unknown",
    }
}

/// Why a buffer cannot be read, in a few words.
pub(crate) fn trouble(error: &BufferError) -> String {
    match error {
        BufferError::LayoutVersion { found, .. } => format!("layout {found}, not known here"),
        BufferError::NotReady { .. } => "not finished by its creator".to_owned(),
        BufferError::TooSmall { found, .. } => format!("truncated to {}", text::bytes(*found)),
        BufferError::TooLong { .. } | BufferError::OtherLayout { .. } => "damaged header".to_owned(),
        BufferError::BadSchema { .. } => "damaged schema".to_owned(),
        error => error.to_string(),
    }
}

fn as_table(rows: &[Row], paint: Paint) -> String {
    let mut table =
        table(&["NAME", "KIND", "TYPE", "SLOTS", "BYTES", "RATE/s", "ALIVE", "READERS", "NOTE"], &[3, 4, 5, 6, 7]);
    for row in rows {
        let of = |show: fn(&Inspected) -> String| row.inspected().map_or_else(|| "?".to_owned(), show);
        let optional = |shown: Option<String>| shown.unwrap_or_else(|| "-".to_owned());
        table.add_row([
            row.found.name.clone(),
            of(|inspected| inspected.kind.to_string()),
            of(view::held),
            of(|inspected| text::thousands(inspected.len as u64)),
            text::bytes(row.found.size),
            optional(row.rate().map(text::rate)),
            optional(row.last.map(|sample| sample.living.to_string())),
            optional(
                row.readers.as_ref().map(|readers| readers.iter().filter(|reader| reader.is_alive).count().to_string()),
            ),
            row.note(),
        ]);
    }
    let mut lines = Vec::new();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        lines.push(if number == 0 { paint.bold(line) } else { line.to_owned() });
    }
    lines.join("\n") + "\n"
}
