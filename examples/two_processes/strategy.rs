//! The one that receives: it follows all ticks, and after a loss goes on from the latest values.
//!
//! ```sh
//! cargo run --example strategy
//! ```
//!
//! It maps everything read-only, so it cannot harm the feed, which does not know of it. Stop it with `kill -STOP`,
//! let it go on with `kill -CONT` some seconds later: it says what it lost.

use anyhow::{Context as _, ensure};
use icc_examples::ticks::{Latest, SYMBOLS, Tick, names};
use icc_queue::{ConsumeTimeoutError, Options, Park, QueueReader};
use icc_vector::VectorReader;
use std::time::{Duration, Instant};

type Book = [Option<Latest>; SYMBOLS.len()];

/// What is newest now. A symbol that was never sent, or whose feed was killed while it wrote it, is not known.
fn latest(table: &VectorReader<Latest>) -> Book {
    std::array::from_fn(|symbol| table.read_if_written(symbol).ok().flatten())
}

fn main() -> anyhow::Result<()> {
    let [ticks, table] = names(&std::env::args().nth(1).unwrap_or_else(|| "two-processes".into()));
    let hour = Duration::from_secs(3_600);
    let ticks = QueueReader::<Tick>::open_within(ticks, hour, &Options::new()).context("no feed has started")?;
    let table = VectorReader::<Latest>::open_within(table, hour, &Options::new())?;

    // First a place in the queue, an early one, then the table: what is in both is told by its number.
    let (mut consumer, mut book) = (ticks.consumer_from_oldest(), latest(&table));
    let (mut tick, mut alive, mut told) = (Tick::default(), true, Instant::now());
    println!("from message {}, with {book:?}", consumer.next_sequence());
    loop {
        match consumer.consume_into_timeout(&mut tick, &mut Park::default(), Duration::from_millis(200)) {
            Ok(sequence) => {
                if !std::mem::replace(&mut alive, true) {
                    println!("the feed is back");
                }
                let entry = book.get_mut(tick.symbol as usize).context("an unknown symbol")?;
                let before = *entry;
                if before.is_none_or(|before| before.sequence < sequence) {
                    // Nothing is missing between two ticks of a symbol, unless the feed began anew.
                    let follows = before.is_none_or(|before| tick.serial == before.tick.serial + 1);
                    ensure!(follows || tick.serial == 1, "{tick:?} came after {before:?}");
                    *entry = Some(Latest { tick, sequence });
                    // Here the strategy would trade.
                }
            }
            // Too slow, and the queue has gone on: which messages are gone, exactly. The table knows what they led to.
            Err(ConsumeTimeoutError::SpedPast(lost)) => {
                book = latest(&table);
                println!("{lost}: goes on from the latest values");
            }
            Err(ConsumeTimeoutError::TimedOut { .. }) => {
                ensure!(ticks.is_current()?, "somebody removed the queue: start again");
                if alive && ticks.living_producers()? == 0 {
                    println!("the feed is gone");
                    alive = false;
                }
            }
            Err(other) => return Err(other.into()),
        }
        if told.elapsed() >= Duration::from_secs(1) {
            let prices = book.map(|entry| entry.map_or(f64::NAN, |entry| entry.tick.price));
            println!("{} received, {} lost, {prices:.2?}", consumer.received(), consumer.lost());
            told = Instant::now();
        }
    }
}
