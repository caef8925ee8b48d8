//! Typed messages over a queue of bytes, with FlatBuffers: other languages read them, and fields may be added.
//!
//! ```sh
//! cargo run --example typed_flatbuffers
//! ```

mod book;

use book::Book;
use flatbuffers::FlatBufferBuilder;
use icc_queue::bytes::{BytesProducer, BytesQueue, WaitError};
use icc_queue::{QueueSpec, SpinThenYield, Spmc};
use std::thread;

const MESSAGES: i64 = 1000;
const RING: u64 = 256;

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
            // Nothing that comes from another process is trusted: `root` verifies. `root_unchecked` would not.
            Ok(_) => match flatbuffers::root::<Book<'_>>(&message) {
                Ok(book) => {
                    let number = (consumer.received() + consumer.lost_messages().unwrap_or_default() - 1) as i64;
                    assert!(book.symbol() == "ALPHA" && book.bids().iter().eq([number, number - 1]));
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
    assert!(received + lost == MESSAGES as u64 && lost > 0 && refused.len() == 1);
    Ok(())
}

fn feed(mut producer: BytesProducer<Spmc>) -> anyhow::Result<()> {
    let mut builder = FlatBufferBuilder::new(); // Its memory is used again and again.
    for number in 0..MESSAGES {
        builder.reset();
        Book::finish(&mut builder, "ALPHA", &[number, number - 1]);
        let message = builder.finished_data();
        // The last one is cut short, as by a mistake.
        let len = if number == MESSAGES - 1 { message.len() / 2 } else { message.len() };
        producer.produce(&message[..len])?;
    }
    Ok(())
}
