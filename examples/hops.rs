//! Where the nanoseconds went: a feed and a model, each a process, timed from one to the other.
//!
//! ```sh
//! cargo run --release --example hops               # ends after three seconds
//! cargo run --release --example hops -- --delay 2000   # the model takes 2 µs longer
//! ```
//!
//! Meanwhile, in another terminal: `icc top --hops icc-hops-example`. The lines that trace are those with `feed`, `model`
//! or `Stamped` in them.

use anyhow::Result;
use clap::Parser;
use icc_queue::{ConsumeTimeoutError, Options, Queue, QueueReader, SpinThenYield};
use icc_trace::{On, Reader, Stamped, Summary, Trace, TraceSpec};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// On, or off: then all of it is gone from the compiled program.
type Tracing = On;

#[derive(Parser)]
struct Args {
    /// The name of the system.
    #[arg(long, default_value = "icc-hops-example")]
    name: String,
    /// Seconds that it runs.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Nanoseconds that the model takes longer.
    #[arg(long, default_value_t = 0)]
    delay: u64,
    /// Plays the model: the feed starts it.
    #[arg(long, hide = true)]
    model: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let quotes = PathBuf::from(format!("{}-quotes", args.name));
    if args.model {
        return model(&args, &quotes);
    }
    let queue = Queue::<Stamped<f64, Tracing>>::create(&quotes, 1024, &Options::new())?;
    let mut producer = queue.producer()?;
    let mut feed = Trace::<Tracing>::open_or_create(&args.name, &TraceSpec::new())?.hop("feed")?;
    let mut reader = Reader::open(&args.name, &Options::new())?;
    let mut model = Command::new(std::env::current_exe()?).args(std::env::args().skip(1)).arg("--model").spawn()?;

    let mut summary = Summary::new();
    let end = Instant::now() + Duration::from_secs_f64(args.seconds);
    while Instant::now() < end {
        let cause = feed.enter(); // here a packet would have come
        feed.pass(cause, 99.5, |message| producer.produce(message));
        std::thread::sleep(Duration::from_micros(50));
        reader.read(|timing| summary.add(&timing));
    }
    model.kill()?;
    model.wait()?;
    println!("hop     messages  waited p50  worked p50");
    let names = reader.names();
    for (id, hop) in summary.hops() {
        let [waited, worked] = [&hop.waited, &hop.worked].map(|times| times.percentile(50.0).as_nanos());
        println!("{:<6} {:>9} {waited:>8} ns {worked:>8} ns", names[id], hop.messages);
    }
    icc_trace::remove(&args.name)?;
    icc_queue::remove(&quotes)?;
    Ok(())
}

fn model(args: &Args, quotes: &Path) -> Result<()> {
    let mut consumer = QueueReader::<Stamped<f64, Tracing>>::open(quotes, &Options::new())?.consumer();
    let mut model = Trace::<Tracing>::open_or_create(&args.name, &TraceSpec::new())?.hop("model")?;
    let mut best = 0.0_f64;
    loop {
        match consumer.consume_timeout(&mut SpinThenYield::default(), Duration::from_secs(5)) {
            Ok(quote) => {
                let arrival = model.arrive(&quote);
                best = best.max(quote.payload);
                let start = Instant::now();
                while start.elapsed() < Duration::from_nanos(args.delay) {}
                model.end(arrival); // or `pass`, with an order
            }
            Err(ConsumeTimeoutError::SpedPast(_)) => {}
            // The feed is gone.
            Err(_) => return Ok(()),
        }
    }
}
