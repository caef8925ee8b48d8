//! A program that reads any queue: it learns the fields from what the creator wrote beside the messages.
//!
//! ```sh
//! cargo run --example untyped
//! ```
//!
//! The command `icc tail` is such a program; this is its core.

use bytemuck::{Pod, Zeroable};
use icc_queue::{Options, Queue, TryConsumeError, untyped};
use icc_schema::{Describe, DescribeOptions as _, Schema};
use std::error::Error;

#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
struct Trade {
    #[describe(unit = "USD", decimals = 2)]
    price: i64,
    #[describe(unit = "lots")]
    quantity: u32,
    #[describe(values = Side)]
    side: u32,
}

#[derive(Clone, Copy, icc_schema::Values)]
#[repr(u32)]
enum Side {
    Buy = 1,
    Sell = 2,
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = format!("icc-untyped-{}", std::process::id());
    let queue = Queue::<Trade>::create(&name, 64, &Options::new().describe::<Trade>())?;
    let mut producer = queue.producer()?;
    producer.produce(&Trade { price: 10_025, quantity: 3, side: Side::Buy as u32 });
    producer.produce(&Trade { price: 9_990, quantity: 1, side: Side::Sell as u32 });

    show(&name)?;
    icc_queue::remove(&name)?;
    Ok(())
}

/// Knows nothing of trades.
fn show(name: &str) -> Result<(), Box<dyn Error>> {
    let queue = untyped::QueueReader::open(name, &Options::new())?;
    let text = queue.buffer().inspected().schema.as_deref().ok_or("its creator did not say what the fields are")?;
    let schema = Schema::parse(text, queue.message_size())?;
    let columns = schema.columns(100);
    let (mut consumer, mut message) = (queue.consumer_from_oldest(), vec![0; queue.message_size()]);
    loop {
        match consumer.try_consume_into(&mut message) {
            Ok(sequence) => {
                let mut line = format!("{sequence}:");
                for column in &columns {
                    let Some(value) = column.value(&message) else { continue };
                    line.push_str(&format!(" {}=", column.name()));
                    value.push_to(&mut line);
                    line.extend(column.unit().map(|unit| format!(" {unit}")));
                }
                println!("{line}");
            }
            Err(TryConsumeError::SpedPast(lost)) => println!("{lost}"),
            Err(TryConsumeError::Empty) => return Ok(()),
        }
    }
}
