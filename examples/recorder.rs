//! Records every message of a queue to disk, and reads the file again.
//!
//! ```sh
//! cargo run --example recorder
//! ```
//!
//! A recorder is a consumer like any other: the producer neither waits for it nor knows of it. If it
//! is too slow, it loses messages, and the file says which. If it is killed, what it has written stays
//! readable.
//!
//! For queues in shared memory there is a command that does all of this, and replays: `icc record`
//! and `icc replay`, see `docs/command.md`. This program uses the same library for a queue of its own
//! process. The format of the file is described in `docs/recording.md`.

use anyhow::{Result, ensure};
use icc_cli::recording::{Event, Header, Reader, RecordingError, Writer};
use icc_examples::clock;
use icc_examples::market::Market;
use icc_examples::messages::MarketUpdate;
use icc_queue::{ConsumeTimeoutError, Consumer, Producer, Queue, SpinThenSleep};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::thread;
use std::time::Duration;

const MESSAGES: u64 = 20_000;

fn main() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("market.rec");

    let queue = Queue::<MarketUpdate>::new(4_096)?;
    let (mut producer, consumer) = (queue.producer()?, queue.consumer());
    let recorder = thread::spawn({
        let path = path.clone();
        move || record(consumer, &path)
    });
    feed(&mut producer);
    println!("{}", recorder.join().expect("the recorder does not panic")?);
    let (messages, lost) = read(&path)?;
    println!("the file has {messages} messages, and says of {lost} that the recorder lost them");
    ensure!(messages + lost == MESSAGES, "some are missing");

    // A recorder that was killed leaves a file without an end, and maybe half a record.
    let bytes = fs::read(&path)?;
    fs::write(&path, &bytes[..bytes.len() / 2])?;
    let (messages, _) = read(&path)?;
    println!("half of the file has {messages} messages");
    Ok(())
}

/// Records until there are enough.
fn record(mut consumer: Consumer<MarketUpdate>, path: &Path) -> Result<String> {
    let header = Header::of(consumer.queue(), consumer.position());
    let mut writer = Writer::new(File::create(path)?, &header)?;
    let mut message = MarketUpdate::default();
    while consumer.received() + consumer.lost() < MESSAGES {
        // It may be late, as long as it does not fall behind by the whole ring: so it sleeps while
        // nothing comes.
        let wait = Duration::from_millis(100);
        match consumer.consume_into_timeout(&mut message, &mut SpinThenSleep::default(), wait) {
            Ok(sequence) => writer.message(sequence, bytemuck::bytes_of(&message))?,
            Err(ConsumeTimeoutError::SpedPast(lost)) => writer.gap(lost)?,
            // What was written until now stays if this process is killed.
            Err(ConsumeTimeoutError::TimedOut { .. }) => writer.flush()?,
            Err(error) => return Err(error.into()),
        }
    }
    writer.finish()?.sync_all()?;
    Ok(format!("recorded {} messages, lost {}", consumer.received(), consumer.lost()))
}

/// Reads a recording to its end, or to where it was cut off: how many messages it has, and how many
/// were lost.
fn read(path: &Path) -> Result<(u64, u64)> {
    let mut reader = Reader::new(BufReader::new(File::open(path)?))?;
    reader.header().check::<MarketUpdate>()?;
    let mut expected = Market::new(1).enumerate();
    let mut lost_in_all = 0;
    loop {
        match reader.next() {
            Ok(Some(event @ Event::Message { sequence, .. })) => {
                let update: MarketUpdate = event.message().expect("a message, as the header says");
                let sent = expected.find(|(n, _)| *n as u64 == sequence).map(|(_, update)| update);
                ensure!(sent == Some(MarketUpdate { sent_at: 0, ..update }), "message {sequence} is another");
            }
            Ok(Some(Event::Gap { lost, .. })) => lost_in_all += lost.count(),
            Ok(None) => break,
            Err(error @ RecordingError::CutOff { .. }) => {
                println!("{error}");
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((reader.messages(), lost_in_all))
}

/// Produces a piece of the market, about as fast as it would be.
fn feed(producer: &mut Producer<MarketUpdate>) {
    for (n, mut update) in Market::new(1).take(MESSAGES as usize).enumerate() {
        update.sent_at = clock::now();
        producer.produce(&update);
        if n % 100 == 99 {
            thread::sleep(Duration::from_millis(2));
        }
    }
}
