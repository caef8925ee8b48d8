//! `icc record`: every message of a queue to disk.

use super::parts::Parts;
use super::tail::{Opened, Start, consumer, open, start};
use super::wait::{AfterSilence, soon};
use crate::machine::signals::Interrupted;
use crate::text;
use anyhow::{Context as _, bail, ensure};
use icc_cli::recording::{Header, QueueShape, Reader, RecordingError};
use icc_queue::untyped::{Consumer, QueueReader};
use icc_queue::{Lost, Position, StartError};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Records every message of a queue to a file, with its sequence number and time.
///
/// What the recorder lost is in the file, too. What was written stays readable if the recorder is
/// killed. Ends at Ctrl-C, when the queue is removed, or when it has recorded enough.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  icc record quotes quotes.rec\n  icc record quotes quotes.rec --from oldest --for 1h\n  \
    icc record quotes quotes.rec --max-size 1G --keep 24\n  icc record quotes later.rec --continue quotes.rec"
)]
pub(crate) struct Args {
    /// The queue: a file in /dev/shm, or a path.
    name: PathBuf,
    /// The file to write. One that exists is refused, unless --force is given.
    file: PathBuf,
    /// Where to start: `newest`, `oldest`, a sequence number, or INSTANCE:NUMBER.
    #[arg(long, value_name = "WHERE", default_value = "newest", value_parser = start)]
    from: Start,
    /// Start where this earlier recording of the queue ended. What the queue no longer has is
    /// recorded as lost; if the queue was made anew since, start with the oldest message.
    #[arg(long = "continue", value_name = "EARLIER", conflicts_with = "from")]
    earlier: Option<PathBuf>,
    /// End after so many messages.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = super::duration)]
    time: Option<Duration>,
    /// Go on in FILE.1, FILE.2 and so on, each of about this many bytes: `500M`, `2G`.
    #[arg(long, value_name = "BYTES", value_parser = super::size)]
    max_size: Option<u64>,
    /// Of these files, keep only the newest so many.
    #[arg(long, value_name = "N", requires = "max_size", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Overwrite FILE.
    #[arg(long)]
    force: bool,
}

/// How long messages stay in this process before the system has them, if few come: what a kill can
/// cost.
const FLUSH: Duration = Duration::from_millis(100);
/// Bytes of messages that are taken at once.
const BATCH: usize = 64 * 1024;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let queue = match open(&args.name)? {
        Opened::Typed(queue) => queue,
        Opened::OfBytes(_) => bail!(
            "{} is a queue of bytes, and a recording holds messages of one length: `icc tail {0} --json` writes its messages as lines",
            args.name.display()
        ),
    };
    let (mut consumer, position) = match &args.earlier {
        Some(earlier) => continuing(&queue, earlier)?,
        None => {
            let consumer = consumer(&queue, args.from)?;
            let position = consumer.position();
            (consumer, position)
        }
    };
    let header = header(&queue, position);
    let mut parts = Parts::create(&args.file, header, args.force, args.max_size, args.keep)?;
    let missed = Lost { first: position.sequence, next: consumer.next_sequence() };
    if missed.count() > 0 {
        parts.gap(missed)?;
    }
    let began = Instant::now();
    record(&queue, &mut consumer, &mut parts, args)
        .with_context(|| format!("{} can be read up to its last whole message", text::shown_name(parts.path())))?;
    let (messages, lost) = (consumer.received(), missed.count() + consumer.lost());
    let (bytes, files) = parts.finish()?;
    println!(
        "recorded {messages} messages in {:.3} s, {lost} lost: {bytes} bytes in {files} file{}",
        began.elapsed().as_secs_f64(),
        if files == 1 { "" } else { "s" }
    );
    Ok(())
}

fn header(queue: &QueueReader, start: Position) -> Header {
    let inspected = queue.buffer().inspected();
    let many = inspected.words[1] != 1;
    Header {
        element: inspected.element.clone(),
        schema: inspected.schema.clone(),
        queue: QueueShape {
            capacity: queue.capacity() as u64,
            many_producers: if many { queue.max_producers() } else { 0 },
        },
        began_at: UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() as u64),
        start,
        part: 0,
    }
}

/// Records until it is enough.
///
/// The consumer's default policy is the right one: when it is too slow it goes on with the oldest
/// message that is still there, and so loses the least.
fn record(queue: &QueueReader, consumer: &mut Consumer, parts: &mut Parts, args: &Args) -> anyhow::Result<()> {
    let size = queue.message_size();
    let mut messages = vec![0; size * (BATCH / size.max(1)).clamp(1, queue.capacity())];
    let mut left = args.count.unwrap_or(u64::MAX);
    let interrupted = Interrupted::new()?;
    let end = args.time.and_then(|time| Instant::now().checked_add(time));
    let (mut wait, mut round, mut flushed, mut asked) = (AfterSilence, 0, Instant::now(), Instant::now());
    while left > 0 && !interrupted.is_set() && end.is_none_or(|end| Instant::now() < end) {
        let first = consumer.next_sequence();
        // No more than are left: the consumer counts what it took.
        let room = usize::try_from(left).unwrap_or(usize::MAX).saturating_mul(size).min(messages.len());
        match consumer.try_consume_batch(&mut messages[..room]) {
            Err(lost) => parts.gap(lost)?,
            Ok(0) => {
                let until = end.map_or(soon(), |end| soon().map(|soon| soon.min(end)));
                consumer.wait(&mut wait, round, until);
                round += 1;
                if asked.elapsed() > 5 * FLUSH {
                    asked = Instant::now();
                    if !queue.is_current()? && consumer.lag() == 0 {
                        eprintln!("icc: the queue was removed: this recording ends");
                        return Ok(());
                    }
                }
            }
            Ok(count) => {
                for index in 0..count {
                    parts.message(first.wrapping_add(index as u64), &messages[index * size..][..size])?;
                }
                left -= count as u64;
                round = 0;
            }
        }
        if flushed.elapsed() > FLUSH {
            parts.flush()?;
            flushed = Instant::now();
        }
    }
    Ok(())
}

/// A consumer that goes on where an earlier recording ended, and where that is.
fn continuing(queue: &QueueReader, earlier: &Path) -> anyhow::Result<(Consumer, Position)> {
    let file = File::open(earlier).with_context(|| format!("could not open {}", earlier.display()))?;
    let mut recording = Reader::new(BufReader::with_capacity(1 << 20, file))?;
    let (found, expected) = (&recording.header().element, &queue.buffer().inspected().element);
    ensure!(
        found == expected,
        "{} holds {found}, and the queue {expected}: give an earlier recording of it",
        earlier.display()
    );
    loop {
        match recording.next() {
            Ok(Some(_)) => {}
            Ok(None) | Err(RecordingError::CutOff { .. }) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let ended = recording.position();
    match queue.consumer_at(ended) {
        Ok(consumer) => Ok((consumer, ended)),
        Err(StartError::Gone { .. }) => Ok((queue.consumer_from_oldest(), ended)),
        Err(StartError::OtherInstance { .. }) => {
            eprintln!(
                "icc: the queue is not the one recorded earlier, it was made anew: starting with its oldest message"
            );
            let consumer = queue.consumer_from_oldest();
            let start = consumer.position();
            Ok((consumer, start))
        }
        Err(error) => Err(error.into()),
    }
}
