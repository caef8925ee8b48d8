//! Typed messages over a queue of bytes, with serde and postcard: any `derive(Serialize)` type, in few bytes.
//!
//! ```sh
//! cargo run --example typed_postcard
//! ```

use icc_queue::bytes::{BytesProducer, BytesQueue, WaitError};
use icc_queue::{QueueSpec, SpinThenYield, Spmc};
use serde::{Deserialize, Serialize};
use std::thread;

const MESSAGES: u64 = 1000;
const RING: u64 = 256;

/// The consumer's texts lie in the bytes that it received: no copy.
#[derive(Serialize, Deserialize)]
struct News<'a> {
    number: u64,
    headline: &'a str,
    #[serde(borrow)]
    symbols: Vec<&'a str>,
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
            Ok(_) => match decode(&message) {
                Ok(news) => {
                    assert_eq!(news.number, consumer.received() + consumer.lost_messages().unwrap_or_default() - 1);
                    assert!(news.headline.ends_with('%') && news.symbols.len() as u64 == news.number % 4);
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

/// Nothing that comes from another process is trusted: not its lengths, and not its texts, which must be
/// UTF-8. Bytes left over are of another type.
fn decode(message: &[u8]) -> anyhow::Result<News<'_>> {
    let (news, rest) = postcard::take_from_bytes(message)?;
    anyhow::ensure!(rest.is_empty(), "{} bytes too many", rest.len());
    Ok(news)
}

fn feed(mut producer: BytesProducer<Spmc>) -> anyhow::Result<()> {
    let mut scratch = Vec::new(); // Its memory is used again and again.
    for number in 0..MESSAGES {
        let headline = format!("the rate goes up by {number} %");
        let symbols = ["ALPHA", "BRAVO", "CHARLIE"][..(number % 4) as usize].to_vec();
        scratch.clear();
        scratch = postcard::to_extend(&News { number, headline: &headline, symbols }, scratch)?;
        // The last one is cut short, as by a mistake.
        let len = if number == MESSAGES - 1 { scratch.len() / 2 } else { scratch.len() };
        producer.produce(&scratch[..len])?;
    }
    Ok(())
}
