//! `icc stat`: everything about one buffer.

use super::describe::{rows, tree};
use super::ls::{boot, merge};
use crate::machine::directory;
use crate::machine::processes::{FileId, Process, Processes};
use crate::machine::view::{self, Ring, Sample, Seen, Shape, View};
use crate::output::{Paint, table};
use crate::text;
use icc_buffer::{Inspected, UntypedBuffer};
use icc_queue::bytes::BytesQueueReader;
use icc_queue::{ReaderKind, ReaderStatus};
use icc_schema::Schema;
use icc_vector::untyped::VectorReader;
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

/// Shows all of a buffer: its header, its counters, who is alive, who has it mapped, its fields.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  icc stat quotes\n  icc stat quotes --json | jq .produced")]
pub(crate) struct Args {
    /// The buffer: a file in /dev/shm, or a path.
    name: PathBuf,
    /// How long the rate is taken; 0 for none.
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = super::duration)]
    interval: Duration,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What is shown: each part with its name, as text and as JSON.
#[derive(Default)]
struct Report {
    lines: Vec<(&'static str, String)>,
    json: Map<String, Value>,
}

impl Report {
    fn add(&mut self, name: &'static str, text: impl Into<String>, json: impl Into<Value>) {
        self.lines.push((name, text.into()));
        self.json.insert(name.replace(' ', "_"), json.into());
    }

    /// What the text has elsewhere.
    fn only_json(&mut self, name: &'static str, json: impl Into<Value>) {
        self.json.insert(name.to_owned(), json.into());
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let inspected = directory::find(&args.name)?;
    let mut report = Report::default();
    header(&mut report, &inspected);
    match View::open(&inspected) {
        Ok(view) => live(&mut report, &view, args.interval)?,
        // It may be of another boot, or with features of a newer version: the header is all then.
        Err(error) => report.add("not readable", text::shown(&format!("{error:#}")), format!("{error:#}")),
    }
    mapped(&mut report, &inspected)?;
    // Messages of any length have none.
    let fields = view::slot_size(&inspected).is_none().then(|| super::fields(&inspected));
    let schema = fields.as_ref().and_then(|fields| fields.schema());
    let text = if args.json {
        report.only_json("schema", inspected.schema.clone());
        report.only_json("fields", schema.map(|schema| tree(schema.root())));
        text::json(&Value::Object(report.json)) + "\n"
    } else {
        as_text(&report, schema, Paint::for_stdout())
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn as_text(report: &Report, schema: Option<&Schema>, paint: Paint) -> String {
    let mut text = String::new();
    for (name, value) in &report.lines {
        for (number, line) in value.lines().enumerate() {
            let name = if number == 0 { name } else { "" };
            text.push_str(&format!("{}  {line}\n", paint.bold(format!("{name:12}"))));
        }
    }
    let Some(schema) = schema else { return text };
    text.push('\n');
    let mut table = table(&["FIELD", "OFFSET", "BYTES", "IS", "ABOUT"], &[1, 2]);
    for row in rows(schema.root()) {
        table.add_row(row);
    }
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn header(report: &mut Report, inspected: &Inspected) {
    let path = text::shown_name(&inspected.path);
    let text = format!("{path} (mode {:03o}, user {})", inspected.mode, inspected.owner);
    report.add("path", text, inspected.path.to_string_lossy());
    report.only_json("mode", format!("{:03o}", inspected.mode));
    report.only_json("owner", inspected.owner);
    report.add("kind", inspected.kind.to_string(), inspected.kind.to_string());
    let element = &inspected.element;
    let name = text::shown(&element.name);
    let text = format!(
        "{name}: {} bytes, aligned to {}, fingerprint {:016x}",
        element.size, element.align, element.fingerprint
    );
    report.add("type", text, element.name.clone());
    report.only_json("message_bytes", element.size);
    report.only_json("message_align", element.align);
    report.only_json("fingerprint", format!("{:016x}", element.fingerprint));
    let text = format!("{}, {} bytes from one to the next", text::thousands(inspected.len as u64), inspected.stride);
    report.add("slots", text, inspected.len);
    report.only_json("stride", inspected.stride);
    report.add("bytes", text::bytes(inspected.total_size), inspected.total_size);
    report.add("instance", format!("{:016x}", inspected.instance), format!("{:016x}", inspected.instance));
    if inspected.source != 0 {
        report.add("repeats", format!("{:016x}", inspected.source), format!("{:016x}", inspected.source));
    }
    let created = inspected.created_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    let text = format!(
        "{}, by process {}, in {} run of the machine",
        text::moment(created),
        inspected.creator,
        boot(inspected.boot)
    );
    report.add("created", text, text::moment(created));
    report.only_json("creator", inspected.creator);
    report.only_json("boot", boot(inspected.boot));
    let [read, write, other] = inspected.features;
    report.add(
        "features",
        format!("to read {read:#x}, to write {write:#x}, others {other:#x}"),
        json!([read, write, other]),
    );
    for mark in view::marks(inspected) {
        report.lines.push(("note", mark));
    }
}

fn live(report: &mut Report, view: &View, interval: Duration) -> anyhow::Result<()> {
    let sample = |view: &View| match view.look()? {
        Seen::There(sample) => anyhow::Ok(Some(sample)),
        Seen::Gone => Ok(None),
    };
    let first = sample(view)?;
    std::thread::sleep(interval);
    let (Some(first), Some(last)) = (first, sample(view)?) else {
        report.add("gone", "it was removed meanwhile, or made shorter", true);
        return Ok(());
    };
    match view.shape() {
        Shape::Queue(queue) => of_queue(report, queue, queue.buffer(), &last, ["message", "messages"])?,
        Shape::Bytes(queue, buffer) => {
            of_bytes(report, queue);
            of_queue(report, queue, buffer, &last, ["slot", "slots"])?;
        }
        Shape::Vector(vector) => of_vector(report, vector, &last),
        Shape::Other(buffer) => {
            report.add("words", format!("{:?}", buffer.words()), json!(buffer.words()));
            report.add("alive", text::count(last.living.into(), "id is held", "ids are held"), last.living);
        }
    }
    readers(report, view);
    groups(report, view);
    if let Some(rate) = last.rate_since(&first) {
        report.add("rate", format!("{}/s", text::rate(rate)), rate);
    }
    let unfinished = match last.unfinished {
        0 => "nothing".to_owned(),
        count => format!("{}, begun by the dead", text::count(count, "message or value", "messages or values")),
    };
    report.add("unfinished", unfinished, last.unfinished);
    Ok(())
}

fn of_bytes(report: &mut Report, queue: &BytesQueueReader) {
    let (size, longest) = (queue.slot_size(), queue.longest_message());
    let text = format!(
        "{size} bytes, {} of them for messages; the longest message has {}",
        size - 32,
        text::thousands(longest as u64)
    );
    report.add("slot size", text, size);
    report.only_json("longest_message", longest);
}

/// The words are what is counted, one and several.
fn of_queue(
    report: &mut Report,
    queue: &Ring,
    buffer: &UntypedBuffer,
    sample: &Sample,
    [one, several]: [&str; 2],
) -> anyhow::Result<()> {
    let (produced, oldest) = (queue.produced(), queue.oldest());
    report.add("capacity", text::thousands(queue.capacity() as u64), queue.capacity());
    report.add("produced", text::count(produced, one, several), produced);
    report.add("oldest", format!("{one} {oldest} is the oldest that is kept"), oldest);
    report.only_json("first", buffer.words()[0]);
    let most = queue.max_producers();
    report.add("producers", format!("{} alive, of at most {most}", sample.living), sample.living);
    report.only_json("max_producers", most);
    let mut ledgers = Vec::new();
    if buffer.counter_count() > 1 {
        for id in 0..most {
            let ledger = buffer.counter(1 + 2 * id as usize).map_or(0, |counter| counter.load_acquire());
            let alive = buffer.holder_lives(id)?;
            if ledger != 0 || alive {
                ledgers.push((id, ledger, alive));
            }
        }
    }
    if !ledgers.is_empty() {
        let claim = |ledger: u64| match ledger & 3 {
            0 => "nothing yet".to_owned(),
            1 => "claiming".to_owned(),
            2 => format!("{one} {}", ledger >> 2),
            _ => format!("{several} from {}", ledger >> 2),
        };
        let lines = ledgers.iter().map(|(id, ledger, alive)| {
            format!("producer {id}: {}, took last {}", if *alive { "alive" } else { "gone" }, claim(*ledger))
        });
        let json = ledgers.iter().map(|(id, ledger, alive)| json!({ "id": id, "alive": alive, "ledger": ledger }));
        report.add("ledgers", lines.collect::<Vec<_>>().join("\n"), json.collect::<Value>());
    }
    Ok(())
}

fn readers(report: &mut Report, view: &View) {
    let Some(readers) = view.readers() else {
        let Some(queue) = view.queue() else { return };
        let why = if queue.is_seen() || queue.evicts().is_some() {
            "in a file that this user may not read"
        } else {
            "not seen: the queue was created without"
        };
        return report.add("readers", why, Value::Null);
    };
    let line = |reader: &ReaderStatus| {
        format!(
            "{}{}: {} behind, at {}, received {}, lost {}, process {}{}",
            text::shown(&reader.label),
            if reader.kind == ReaderKind::Seen { String::new() } else { format!(" ({})", reader.kind) },
            text::thousands(reader.lag),
            reader.cursor,
            text::thousands(reader.received),
            text::thousands(reader.lost),
            reader.process,
            if reader.is_alive { "" } else { ", DEAD" }
        )
    };
    let lines: Vec<_> = readers.iter().map(line).collect();
    let text = if lines.is_empty() { "none now".to_owned() } else { lines.join("\n") };
    report.add("readers", text, readers.iter().map(view::reader_json).collect::<Value>());
}

fn groups(report: &mut Report, view: &View) {
    let groups = view.groups();
    if !groups.is_empty() {
        let lines: Vec<_> = groups.iter().map(view::group_line).collect();
        report.add("groups", lines.join("\n"), groups.iter().map(view::group_json).collect::<Value>());
    }
}

fn of_vector(report: &mut Report, vector: &VectorReader, sample: &Sample) {
    let how = match vector.buffer().words()[0] {
        1 => "any writer writes any slot",
        2 => "one writer a slot",
        3 => "any writer writes any slot, changes are counted",
        4 => "one writer a slot, changes are counted",
        _ => "in a way that is not known here",
    };
    report.add("written", how, vector.buffer().words()[0]);
    report.add("writers", format!("{} alive", sample.living), sample.living);
    if let Some(keys) = vector.buffer().keys() {
        const SHOWN: usize = 20;
        let shown = keys.iter().take(SHOWN).map(text::shown).collect::<Vec<_>>().join(", ");
        let text = if keys.len() > SHOWN { format!("{shown}, …") } else { shown };
        report.add("keys", text, keys.iter().collect::<Value>());
    }
    match sample.count {
        Some(count) => report.add("writes", text::thousands(count), count),
        None => report.add("writes", "not counted, and too many slots to add up", Value::Null),
    }
}

fn mapped(report: &mut Report, inspected: &Inspected) -> anyhow::Result<()> {
    let Ok(metadata) = std::fs::symlink_metadata(&inspected.path) else { return Ok(()) };
    let processes = Processes::see();
    let others = processes.that_map(FileId::of(&metadata)).iter().filter(|process| process.pid != std::process::id());
    let describe = |process: &Process| {
        format!("{} {} ({})", process.pid, text::shown(&process.name), if process.writes { "writes" } else { "reads" })
    };
    let others: Vec<_> = others.collect();
    let mut lines: Vec<_> = others.iter().copied().map(describe).collect();
    if lines.is_empty() {
        lines.push("no process that is seen".to_owned());
    }
    if processes.hidden > 0 {
        let hidden = text::count(processes.hidden as u64, "process is", "processes are");
        lines.push(format!("{hidden} hidden from this user"));
    }
    let json =
        others.iter().map(|process| json!({ "pid": process.pid, "name": process.name, "writes": process.writes }));
    report.add("mapped by", lines.join("\n"), json.collect::<Value>());
    let mut more = json!({ "processes_hidden": processes.hidden });
    merge(&mut more, Value::Object(std::mem::take(&mut report.json)));
    if let Value::Object(all) = more {
        report.json = all;
    }
    Ok(())
}
