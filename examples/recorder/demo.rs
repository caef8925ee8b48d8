//! All of it in a few seconds: a feed, a recorder beside it, replays of what it wrote, and files
//! that are refused.

use crate::{record, replay};
use anyhow::{Result, ensure};
use icc_examples::clock;
use icc_examples::market::Market;
use icc_examples::messages::MarketUpdate;
use icc_examples::recording::{Event, Reader, read_all};
use icc_queue::{Consumer, Producer, Queue};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::thread;
use std::time::Duration;

const MESSAGES: u64 = 20_000;

pub(crate) fn run() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("market.rec");

    // The recorder attaches to a feed and is as good as invisible to it.
    let queue = Queue::<MarketUpdate>::new(32_768)?;
    let (mut producer, consumer) = (queue.producer()?, queue.consumer());
    let recorder = thread::spawn({
        let file = File::create(&path)?;
        let start = consumer.position();
        move || record::record(consumer, start, file, |recorded| recorded >= MESSAGES)
    });
    feed(&mut producer);
    println!("{}", recorder.join().expect("the recorder does not panic")?);

    // The same messages come out, in their time or at once.
    let recorded = read_all::<MarketUpdate>(open(&path)?)?;
    for speed in [Some(1.0), Some(4.0), None] {
        let queue = Queue::<MarketUpdate>::new(32_768)?;
        let (mut producer, mut consumer) = (queue.producer()?, queue.consumer());
        let replayed = replay::replay(Reader::new(open(&path)?)?, &mut producer, speed)?;
        ensure!(same(&recorded, &mut consumer), "the replay differs from the recording");
        println!("{}: {replayed}", speed.map_or("at full speed".into(), |speed| format!("at {speed} times the speed")));
    }

    // A recorder that was killed leaves a file without an end, and maybe half a record.
    let bytes = fs::read(&path)?;
    fs::write(&path, &bytes[..bytes.len() / 2])?;
    let mut producer = Queue::<MarketUpdate>::new(32_768)?.producer()?;
    println!("cut off: {}", replay::replay(Reader::new(open(&path)?)?, &mut producer, None)?);

    // Another program's messages are not taken for this one's.
    match Reader::<[u64; 6], _>::new(open(&path)?) {
        Err(error) => println!("refused: {error}"),
        Ok(_) => anyhow::bail!("another type's recording was accepted"),
    }
    Ok(())
}

/// Produces a piece of the market, about as fast as it would be.
fn feed(producer: &mut Producer<MarketUpdate>) {
    for (n, mut update) in Market::new(1).take(MESSAGES as usize).enumerate() {
        update.sent_at = clock::now();
        producer.produce(&update);
        if n % 100 == 99 {
            thread::sleep(Duration::from_millis(4));
        }
    }
}

/// Whether the queue gives exactly the messages that were recorded, but for the time of sending.
fn same(recorded: &[Event<MarketUpdate>], consumer: &mut Consumer<MarketUpdate>) -> bool {
    let replayed = consumer.drain().map(|message| message.map(|message| MarketUpdate { sent_at: 0, ..message }));
    let recorded = recorded.iter().map(|event| match event {
        Event::Message { message, .. } => Ok(MarketUpdate { sent_at: 0, ..*message }),
        Event::Gap { lost, .. } => Err(*lost),
    });
    replayed.eq(recorded)
}

fn open(path: &Path) -> Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path)?))
}
