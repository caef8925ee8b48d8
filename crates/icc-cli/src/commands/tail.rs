//! `icc tail`: a queue's messages as they come.

use super::printer::{Content, Form, Printer};
use super::source::{OfBytes, Source, Typed};
use super::wait::AfterSilence;
use crate::exit::Failure;
use crate::machine::{directory, signals::Interrupted, view};
use anyhow::{bail, ensure};
use icc_queue::bytes::{BytesConsumer, BytesQueueReader};
use icc_queue::untyped::{Consumer, QueueReader};
use icc_queue::{Position, QueueError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Prints a queue's messages as they come, decoded.
///
/// Of a queue of bytes, a message is shown as text if it is some, else in hexadecimal, and numbered by its first slot.
/// Messages that were overwritten before they could be printed are a line of their own. The queue is
/// mapped read-only, and its producers do not wait. Ends at Ctrl-C, when whoever reads the output
/// closes it, or when the queue is removed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  icc tail quotes\n  icc tail quotes --from oldest --count 10 --json | jq .message.bid\n  \
    icc tail quotes --fields bid,ask --csv > quotes.csv\n  icc tail quotes --every 1s"
)]
pub(crate) struct Args {
    /// The queue: a file in /dev/shm, or a path.
    name: PathBuf,
    /// Where to start: `newest`, the next one produced; `oldest`, the oldest that is kept; a
    /// sequence number; or INSTANCE:NUMBER, as `icc stat` shows them.
    #[arg(long, value_name = "WHERE", default_value = "newest", value_parser = start)]
    from: Start,
    /// Only these fields, in this order. `trace` stands for all in it, `sizes[0]` for one of an
    /// array.
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…")]
    fields: Vec<String>,
    #[command(flatten)]
    form: Form,
    /// End after so many.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Print one of so many messages, or at most one in a time such as `100ms`.
    #[arg(long, value_name = "N|TIME", value_parser = every)]
    every: Option<Every>,
    /// End when there are no more messages for now.
    #[arg(long)]
    no_follow: bool,
}

/// Where to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Newest,
    Oldest,
    At(u64),
    AtPosition(Position),
}

/// Which messages are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Messages(u64),
    Time(Duration),
}

pub(crate) fn start(text: &str) -> Result<Start, String> {
    let number = |text: &str| text.replace('_', "").parse().ok();
    let position = |(instance, sequence): (&str, &str)| {
        let instance = u64::from_str_radix(instance.trim_start_matches("0x"), 16).ok()?;
        Some(Start::AtPosition(Position::new(instance, number(sequence)?)))
    };
    match text {
        "newest" => Some(Start::Newest),
        "oldest" => Some(Start::Oldest),
        _ => number(text).map(Start::At).or_else(|| text.split_once(':').and_then(position)),
    }
    .ok_or_else(|| "give `newest`, `oldest`, a sequence number, or INSTANCE:NUMBER".to_owned())
}

fn every(text: &str) -> Result<Every, String> {
    match text.parse() {
        Ok(0) => Err("one of 0 messages is none".to_owned()),
        Ok(count) => Ok(Every::Messages(count)),
        Err(_) => super::duration(text).map(Every::Time),
    }
}

/// How long nothing has to come before the queue is asked whether it still has its name.
const SILENCE: Duration = Duration::from_millis(200);

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match open(&args.name)? {
        Opened::Typed(queue) => {
            let fields = super::fields(queue.buffer().inspected()).select(&args.fields)?;
            let mut source = Typed::new(consumer(&queue, args.from)?, &queue);
            print(&queue, &mut source, Content::Fields(fields), args)
        }
        Opened::OfBytes(queue) => {
            ensure!(
                args.fields.is_empty(),
                "{} is a queue of bytes, which have no fields: leave out --fields",
                args.name.display()
            );
            let mut source = OfBytes::new(bytes_consumer(&queue, args.from)?);
            print(&queue, &mut source, Content::Bytes, args)
        }
    }
}

/// The queue of a name.
pub(crate) enum Opened {
    /// Of whatever type.
    Typed(QueueReader),
    OfBytes(BytesQueueReader),
}

/// The queue of this name, of whatever type.
pub(crate) fn open(name: &Path) -> anyhow::Result<Opened> {
    let (path, options) = (directory::resolve(name), view::reading());
    let opened = match QueueReader::open(&path, &options).map(Opened::Typed) {
        Err(QueueError::Buffer(icc_buffer::BufferError::OtherKind { found, .. })) if view::is_of_bytes(found) => {
            BytesQueueReader::open(&path, &options).map(Opened::OfBytes)
        }
        opened => opened,
    };
    match opened {
        Ok(queue) => Ok(queue),
        Err(QueueError::Buffer(error @ icc_buffer::BufferError::OtherKind { .. })) => {
            bail!("{error} (`icc watch` follows the changes of a vector)")
        }
        Err(QueueError::Buffer(error)) => Err(directory::failure(error)),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn consumer(queue: &QueueReader, start: Start) -> anyhow::Result<Consumer> {
    let position = match start {
        Start::Newest => return Ok(queue.consumer()),
        Start::Oldest => return Ok(queue.consumer_from_oldest()),
        Start::At(sequence) => queue.position(sequence),
        Start::AtPosition(position) => position,
    };
    Ok(queue.consumer_at(position).map_err(|error| Failure::NotFound(error.to_string()))?)
}

fn bytes_consumer(queue: &BytesQueueReader, start: Start) -> anyhow::Result<BytesConsumer> {
    let position = match start {
        Start::Newest => return Ok(queue.consumer()),
        Start::Oldest => return Ok(queue.consumer_from_oldest()),
        Start::At(slot) => queue.position(slot),
        Start::AtPosition(position) => position,
    };
    Ok(queue.consumer_at(position).map_err(|error| Failure::NotFound(error.to_string()))?)
}

fn print(queue: &view::Ring, source: &mut impl Source, content: Content, args: &Args) -> anyhow::Result<()> {
    let mut printer = Printer::new(content, args.form, "sequence", false);
    let interrupted = Interrupted::new()?;
    printer.begin()?;
    follow(queue, source, &mut printer, args, &interrupted)?;
    printer.flush()?;
    Ok(())
}

fn follow(
    queue: &view::Ring,
    source: &mut impl Source,
    printer: &mut Printer,
    args: &Args,
    interrupted: &Interrupted,
) -> anyhow::Result<()> {
    let mut left = args.count.unwrap_or(u64::MAX);
    let mut choice = Choice { every: args.every, count: 0, due: None };
    let (mut wait, mut round, mut silent) = (AfterSilence, 0, None);
    // Where `--no-follow` ends.
    let end = queue.produced();
    while left > 0 && !interrupted.is_set() {
        let first = source.next_sequence();
        if args.no_follow && end.wrapping_sub(first).cast_signed() <= 0 {
            return Ok(());
        }
        let taken = source.take(&mut |sequence, message| {
            if left > 0 && choice.takes() {
                printer.message(sequence, message)?;
                left -= 1;
            }
            Ok(())
        });
        let count = match taken? {
            Ok(count) => count,
            Err(lost) => {
                printer.lost(lost)?;
                continue;
            }
        };
        if count > 0 {
            (round, silent) = (0, None);
            continue;
        }
        // What was printed is seen before this waits.
        printer.flush()?;
        if args.no_follow {
            return Ok(());
        }
        if silent.get_or_insert_with(Instant::now).elapsed() > SILENCE {
            silent = None;
            if !queue.is_current()? && source.is_at_end() {
                eprintln!("icc: the queue was removed; if it was made anew, run this again");
                return Ok(());
            }
        }
        source.wait(&mut wait, round);
        round += 1;
    }
    Ok(())
}

/// Which messages are printed: `--every`.
struct Choice {
    every: Option<Every>,
    count: u64,
    due: Option<Instant>,
}

impl Choice {
    fn takes(&mut self) -> bool {
        match self.every {
            None => true,
            Some(Every::Messages(every)) => {
                self.count += 1;
                (self.count - 1).is_multiple_of(every)
            }
            Some(Every::Time(time)) => {
                let now = Instant::now();
                let takes = self.due.is_none_or(|due| now >= due);
                if takes {
                    self.due = now.checked_add(time);
                }
                takes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts() {
        assert_eq!(
            [start("newest"), start("oldest"), start("1_000")],
            [Ok(Start::Newest), Ok(Start::Oldest), Ok(Start::At(1_000))]
        );
        assert_eq!(start("00ff:7"), Ok(Start::AtPosition(Position::new(255, 7))));
        for bad in ["", "latest", "-1", "xyz:1", "1:", ":1"] {
            assert!(start(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_of_several() {
        let takes = |every| {
            let mut choice = Choice { every, count: 0, due: None };
            (0..7).map(|_| u32::from(choice.takes())).collect::<Vec<_>>()
        };
        assert_eq!(takes(Some(Every::Messages(3))), [1, 0, 0, 1, 0, 0, 1]);
        assert_eq!(takes(Some(Every::Time(Duration::from_secs(3_600)))), [1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            (every("3"), every("1.5s")),
            (Ok(Every::Messages(3)), Ok(Every::Time(Duration::from_millis(1_500))))
        );
        assert!(every("0").is_err() && every("often").is_err());
    }
}
