//! The smallest useful program of the queue: one thread produces quotes, two consume them, and each
//! consumer sees all.
//!
//! ```sh
//! cargo run --example quotes
//! ```

use bytemuck::{Pod, Zeroable};
use icc_queue::{BusySpin, Consumer, Queue, SpinThenYield, WaitStrategy};
use std::error::Error;
use std::thread;
use std::time::Duration;

const QUOTES: u64 = 100_000;

/// A message: plain data in a fixed layout without padding, so that it can be copied while it is
/// being overwritten.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Quote {
    bid: f64,
    ask: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    // How many messages a consumer may fall behind before it loses some. The producer never waits
    // for it.
    let queue = Queue::<Quote>::new(4096)?;
    let mut producer = queue.producer()?;
    // A consumer's first message is the next one produced, so these see all. More may come at any
    // time.
    let (model, recorder) = (queue.consumer(), queue.consumer());

    thread::scope(|scope| {
        // A thread with a core of its own spins; one that may have to share it gives way.
        scope.spawn(|| consume("model", model, &mut SpinThenYield::default()));
        scope.spawn(|| consume("recorder", recorder, &mut SpinThenYield::new(100)));

        let mut mid = 100.0;
        for n in 0..QUOTES {
            mid += if n % 7 < 3 { 0.01 } else { -0.0075 };
            producer.produce(&Quote { bid: mid - 0.01, ask: mid + 0.01 });
            if n % 1000 == 999 {
                thread::sleep(Duration::from_micros(100)); // A feed is not always busy.
            }
        }
    });

    // The queue keeps its last messages: a consumer that comes late starts with those, if it likes.
    let mut late = queue.consumer_from_oldest();
    let first = late.next_sequence();
    let quote = late.consume(&mut BusySpin)?;
    println!("a latecomer: {} messages are still available, the first is number {first}: {quote:?}", QUOTES - first);
    Ok(())
}

/// Takes messages until all are accounted for: received, or reported as lost.
fn consume(name: &str, mut consumer: Consumer<Quote>, wait: &mut impl WaitStrategy) {
    let mut widest: f64 = 0.0;
    while consumer.next_sequence() < QUOTES {
        match consumer.consume(wait) {
            Ok(quote) => widest = widest.max(quote.ask - quote.bid),
            // Too slow for the producer: these were overwritten. It goes on with the oldest that is
            // still there.
            Err(lost) => println!("{name}: {lost}"),
        }
    }
    println!("{name}: {} received, {} lost, widest spread {widest:.3}", consumer.received(), consumer.lost());
}
