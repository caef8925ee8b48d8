//! `icc replay`: a recording into a queue.

use super::parts;
use crate::exit::Failure;
use crate::machine::directory::resolve;
use crate::machine::signals::Interrupted;
use crate::text;
use anyhow::{Context as _, anyhow};
use icc_cli::recording::{Event, Header, Reader, RecordingError};
use icc_queue::untyped::{Producer, Queue};
use icc_queue::{Options, QueueError, QueueSpec, Spmc};
use icc_schema::Schema;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Puts what was recorded into a new queue, under the same sequence numbers.
///
/// The queue has the type, the schema and, unless another is given, the capacity of the one that was
/// recorded, and one producer: this command. Messages that the recorder lost are lost there as well.
/// Later files of the same recording follow by themselves. The queue stays: `icc rm` removes it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  icc replay quotes.rec replayed\n  icc replay quotes.rec replayed --speed 10 --after 5s\n  \
    icc replay quotes.rec replayed --full-speed --capacity 1048576"
)]
pub(crate) struct Args {
    /// The recording.
    file: PathBuf,
    /// The queue to create: a file in /dev/shm, or a path.
    name: PathBuf,
    /// How many times as fast as it was.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, conflicts_with = "full_speed")]
    speed: f64,
    /// As fast as it goes.
    #[arg(long)]
    full_speed: bool,
    /// How many messages the queue keeps, a power of two.
    #[arg(long, value_name = "N")]
    capacity: Option<usize>,
    /// Wait before the first message, for consumers to attach.
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = super::duration)]
    after: Duration,
    /// Wait after the last one, and then remove the queue.
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    remove_after: Option<Duration>,
}

/// What was replayed.
#[derive(Debug, Default)]
struct Totals {
    messages: u64,
    lost: u64,
    /// When the first of it was recorded, in nanoseconds since the recording began.
    first_at: Option<u64>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.speed > 0.0 && args.speed.is_finite(),
        "a speed of {} was asked for: it must be above 0",
        args.speed
    );
    let mut reader = open(&args.file)?;
    let interrupted = Interrupted::new()?;
    let path = resolve(&args.name);
    let mut producer = create(&path, reader.header(), args.capacity)?;
    println!("{}: created, from message {} on", text::shown_name(&path), producer.next_sequence());
    wait_until(Instant::now() + args.after, &interrupted);
    let speed = if args.full_speed { None } else { Some(args.speed) };
    let (mut totals, began) = (Totals::default(), Instant::now());
    let mut file = args.file.clone();
    loop {
        let whole = replay(&mut reader, &mut producer, speed, &mut totals, began, &interrupted)
            .with_context(|| format!("{}: after {} messages", text::shown_name(&file), totals.messages))?;
        match next_part(&args.file, &reader)? {
            Some((path, next)) if whole => (file, reader) = (path, next),
            _ => break,
        }
    }
    println!("replayed {} messages in {:.3} s, {} lost", totals.messages, began.elapsed().as_secs_f64(), totals.lost);
    if let Some(after) = args.remove_after {
        wait_until(Instant::now() + after, &interrupted);
        drop(producer);
        icc_buffer::remove(&path)?;
    }
    Ok(())
}

fn open(path: &Path) -> anyhow::Result<Reader<BufReader<File>>> {
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow::Error::new(Failure::NotFound(format!("no file {}", path.display()))),
        _ => anyhow!("could not open {}: {error}", path.display()),
    })?;
    Reader::new(BufReader::with_capacity(1 << 20, file)).with_context(|| text::shown_name(path))
}

/// The next file of the same recording, if it goes on where `reader` ended.
fn next_part(
    base: &Path,
    reader: &Reader<BufReader<File>>,
) -> anyhow::Result<Option<(PathBuf, Reader<BufReader<File>>)>> {
    let Header { part, began_at, .. } = *reader.header();
    // `quotes.rec.3` is followed by `quotes.rec.4`, also if it was given itself.
    let name = base.as_os_str().to_string_lossy();
    let base = name.strip_suffix(&format!(".{part}")).filter(|_| part > 0).map_or(base, Path::new);
    let path = parts::path(base, part.wrapping_add(1));
    if !path.exists() {
        return Ok(None);
    }
    let next = open(&path)?;
    let follows = next.header().began_at == began_at && next.header().start == reader.position();
    Ok(follows.then_some((path, next)))
}

fn create(path: &Path, header: &Header, capacity: Option<usize>) -> anyhow::Result<Producer> {
    let capacity = match capacity {
        Some(capacity) => capacity,
        None => usize::try_from(header.queue.capacity)?,
    };
    let spec = QueueSpec::new(capacity).starting_at(header.start.sequence).gaps();
    let mut options = Options::new();
    if let Some(text) = &header.schema {
        // One that cannot be read is left out: the messages are what counts.
        match Schema::parse(text, header.element.size as usize) {
            Ok(schema) => options = options.schema(schema.into()),
            Err(error) => eprintln!("icc: the recording's schema cannot be read: {}", text::shown(&error.to_string())),
        }
    }
    match Queue::<Spmc>::create(path, &header.element, spec, &options) {
        Ok(queue) => Ok(queue.producer()?),
        Err(QueueError::Buffer(error @ icc_buffer::BufferError::AlreadyExists { .. })) => {
            Err(Failure::Refused(error.to_string()).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Replays one file; whether it was whole. One that was cut off is replayed as far as it goes.
fn replay(
    reader: &mut Reader<BufReader<File>>,
    producer: &mut Producer,
    speed: Option<f64>,
    totals: &mut Totals,
    began: Instant,
    interrupted: &Interrupted,
) -> anyhow::Result<bool> {
    while !interrupted.is_set() {
        let event = match reader.next() {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(true),
            Err(error @ RecordingError::CutOff { .. }) => {
                eprintln!("icc: {error}");
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        let first = *totals.first_at.get_or_insert(event.at());
        if let Some(speed) = speed {
            let nanoseconds = event.at().saturating_sub(first) as f64 / speed;
            wait_until(began + Duration::from_nanos(nanoseconds as u64), interrupted);
        }
        match event {
            Event::Message { sequence, bytes, .. } => {
                producer.produce_at(sequence, bytes)?;
                totals.messages += 1;
            }
            Event::Gap { lost, .. } => totals.lost += lost.count(),
        }
    }
    Ok(false)
}

/// Sleeps for most of the time, which is late by some 50 µs, and gives the core away for the rest.
fn wait_until(due: Instant, interrupted: &Interrupted) {
    const LATE: Duration = Duration::from_micros(100);
    const LONG: Duration = Duration::from_millis(100);
    while !interrupted.is_set() {
        let left = due.saturating_duration_since(Instant::now());
        if left > LATE {
            std::thread::sleep((left - LATE).min(LONG));
        } else if left.is_zero() {
            return;
        } else {
            std::thread::yield_now();
        }
    }
}
