//! Typed messages over a queue of bytes, with rkyv: the consumer reads fields where they lie, once checked.
//!
//! ```sh
//! cargo run --example typed_rkyv
//! ```

use icc_queue::bytes::{BytesProducer, BytesQueue, WaitError};
use icc_queue::{QueueSpec, SpinThenYield, Spmc};
use rkyv::{Archive, Serialize, access, api::high::to_bytes_in, rancor};
use std::thread;

const MESSAGES: u64 = 1000;
const RING: u64 = 256;

/// A snapshot of one side of an order book. rkyv makes `ArchivedBook` of it, which is what is sent. That
/// has no alignment (rkyv's feature `unaligned`), as the bytes of a `Vec` have none.
#[derive(Archive, Serialize)]
struct Book {
    number: u64,
    symbol: String,
    bids: Vec<Level>,
}

#[derive(Archive, Serialize)]
struct Level {
    price: i64,
    quantity: u32,
}

fn main() -> anyhow::Result<()> {
    let queue = BytesQueue::<Spmc>::new(QueueSpec::new(RING as usize).slot_size(128))?;
    let producer = queue.producer()?;
    let mut consumer = queue.consumer();
    let feed = thread::spawn(|| feed(producer));
    while consumer.lag() <= RING && !feed.is_finished() {
        thread::yield_now(); // Too long: the first messages are lost.
    }

    let (mut message, mut wait, mut refused) = (Vec::new(), SpinThenYield::default(), Vec::new());
    loop {
        match consumer.consume_into_until_gone(&mut message, &mut wait) {
            // Nothing that comes from another process is trusted: `access` checks each offset, length and
            // text before a field is read. `access_unchecked` would believe them.
            Ok(_) => match access::<ArchivedBook, rancor::BoxedError>(&message) {
                Ok(book) => {
                    assert_eq!(book.number, consumer.received() + consumer.lost_messages().unwrap_or_default() - 1);
                    let bids: u32 = book.bids.iter().map(|level| level.quantity.to_native()).sum();
                    assert!(book.symbol == "ALPHA" && book.bids.len() == 5 && bids == 10);
                    assert!(book.bids.is_sorted_by(|better, worse| better.price > worse.price));
                }
                // Its bytes are whole. They say something else: leave it out, and go on.
                Err(error) => refused.push(error.to_string()),
            },
            Err(WaitError::SpedPast(lost)) => println!("{lost}"),
            Err(WaitError::ProducersGone) => break,
            Err(error) => return Err(error.into()),
        }
    }
    feed.join().expect("the feed does not panic")?;
    let (received, lost) = (consumer.received(), consumer.lost_messages().unwrap_or_default());
    println!("{received} received, of which refused: {refused:?}; {lost} lost");
    assert!(received + lost == MESSAGES && lost > 0 && refused.len() == 1);
    Ok(())
}

fn feed(mut producer: BytesProducer<Spmc>) -> anyhow::Result<()> {
    let mut scratch = Vec::new(); // Its memory is used again and again.
    for number in 0..MESSAGES {
        let bids = (0..5).map(|n| Level { price: number.cast_signed() - i64::from(n), quantity: n }).collect();
        scratch.clear();
        scratch = to_bytes_in::<_, rancor::BoxedError>(&Book { number, symbol: "ALPHA".into(), bids }, scratch)?;
        // The last one is cut short, as by a mistake.
        let len = if number == MESSAGES - 1 { scratch.len() / 2 } else { scratch.len() };
        producer.produce(&scratch[..len])?;
    }
    Ok(())
}
