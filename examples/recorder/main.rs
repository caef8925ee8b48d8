//! Records every message of a queue to disk, and replays it later, at the original speed or
//! another.
//!
//! ```sh
//! cargo run --example recorder                                       # shows all of it, in a few seconds
//! cargo run --example recorder -- record QUEUE FILE --seconds 10     # until then, or Ctrl-C
//! cargo run --example recorder -- record QUEUE LATER --continue FILE # from where that one ended
//! cargo run --example recorder -- info FILE
//! cargo run --example recorder -- replay FILE QUEUE --speed 2
//! ```
//!
//! The queue is one of market updates, such as the trading system's:
//! `/dev/shm/icc-trading-demo/market`. For messages of your own, put their type in place of
//! [`MarketUpdate`]; all else stays. The file's format is described in `common/recording/mod.rs`.
//!
//! A recorder is a consumer like any other: the producer neither waits for it nor knows of it. If
//! it is too slow, it loses messages, and the file says which. If it is killed, what it has written
//! stays readable.

mod demo;
mod record;
mod replay;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use icc_examples::messages::MarketUpdate;
use icc_examples::recording::{ElementType, Header, Reader, RecordingError};
use icc_queue::{Options, Queue, QueueReader};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Records the messages of a queue, and replays them.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Records and replays a little market of its own, and shows what is refused. The default.
    Demo,
    /// Records a queue until it is told to stop by Ctrl-C, --seconds or --messages.
    Record {
        /// The queue: a name in /dev/shm or a path.
        queue: PathBuf,
        /// The file to write. What is there is overwritten.
        file: PathBuf,
        /// How long.
        #[arg(long)]
        seconds: Option<f64>,
        /// How many messages.
        #[arg(long)]
        messages: Option<u64>,
        /// Begin with the oldest message that the queue still has, not with the next one.
        #[arg(long)]
        from_oldest: bool,
        /// Begin where this earlier recording of the same queue ended. What the queue no longer has
        /// is recorded as lost; if the queue was made anew since, begin with the oldest message.
        #[arg(long = "continue", value_name = "EARLIER", conflicts_with = "from_oldest")]
        earlier: Option<PathBuf>,
    },
    /// Puts what was recorded into a queue, which is created if there is none.
    Replay {
        /// The recording.
        file: PathBuf,
        /// The queue: a name in /dev/shm or a path.
        queue: PathBuf,
        /// How many times as fast as it was.
        #[arg(long, default_value_t = 1.0, conflicts_with = "full_speed")]
        speed: f64,
        /// As fast as it goes.
        #[arg(long)]
        full_speed: bool,
        /// How many messages the queue keeps, if it is created.
        #[arg(long, default_value_t = 65_536)]
        capacity: usize,
        /// Seconds to wait before the first message, for consumers to attach.
        #[arg(long, default_value_t = 0.0)]
        after: f64,
    },
    /// Says what is in a file.
    Info {
        /// The recording.
        file: PathBuf,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command.unwrap_or(Command::Demo) {
        Command::Demo => demo::run(),
        Command::Record { queue, file, seconds, messages, from_oldest, earlier } => {
            let reader = QueueReader::<MarketUpdate>::open(&queue, &Options::new())?;
            let (consumer, start) = match earlier {
                Some(earlier) => {
                    ensure!(!same(&earlier, &file), "{} would be overwritten: give another file", file.display());
                    record::continuing(&reader, Reader::new(open(&earlier)?)?)?
                }
                None => {
                    let consumer = if from_oldest { reader.consumer_from_oldest() } else { reader.consumer() };
                    let start = consumer.position();
                    (consumer, start)
                }
            };
            let file = File::create(&file).with_context(|| format!("could not create {}", file.display()))?;
            let end = seconds.map(duration).transpose()?.map(|wait| Instant::now() + wait);
            let mut signals = Signals::new([SIGINT, SIGTERM])?;
            let enough = |recorded| {
                messages.is_some_and(|most| recorded >= most)
                    || end.is_some_and(|end| Instant::now() >= end)
                    || signals.pending().next().is_some()
            };
            println!("{}", record::record(consumer, start, file, enough)?);
            Ok(())
        }
        Command::Replay { file, queue, speed, full_speed, capacity, after } => {
            ensure!(speed > 0.0 && speed.is_finite(), "a speed of {speed} was asked for: it must be above 0");
            let reader = Reader::<MarketUpdate, _>::new(open(&file)?)?;
            let (target, origin) = Queue::<MarketUpdate>::open_or_create(&queue, capacity, &Options::new())?;
            let mut producer = target.producer()?;
            println!("{}: {origin:?} with room for {} messages", queue.display(), target.capacity());
            std::thread::sleep(duration(after)?);
            let replayed = replay::replay(reader, &mut producer, if full_speed { None } else { Some(speed) })?;
            println!("{replayed}");
            Ok(())
        }
        Command::Info { file } => info(&file),
    }
}

fn info(path: &PathBuf) -> Result<()> {
    let header = Header::read(&mut open(path)?)?;
    println!("{}, begun {} s after 1970", header.element, header.began_at / 1_000_000_000);
    println!("from message {} of the queue with instance {:#x}", header.start.sequence, header.start.instance);
    if header.element != ElementType::of::<MarketUpdate>() {
        println!("messages of a type that this program does not know: it cannot say more");
        return Ok(());
    }
    let mut totals = replay::Replayed::default();
    for event in Reader::<MarketUpdate, _>::new(open(path)?)? {
        match event {
            Ok(event) => totals.count(&event),
            Err(error @ RecordingError::CutOff { .. }) => println!("{error}"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("{} messages, {} lost in {} gaps, {:.3} s", totals.messages, totals.lost, totals.gaps, totals.recorded());
    Ok(())
}

fn open(path: &PathBuf) -> Result<BufReader<File>> {
    Ok(BufReader::with_capacity(
        1 << 20,
        File::open(path).with_context(|| format!("could not open {}", path.display()))?,
    ))
}

/// Whether both lead to one file that exists.
fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn duration(seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds).with_context(|| format!("{seconds} seconds were asked for"))
}
