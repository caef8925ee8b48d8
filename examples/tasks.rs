//! Queues in an async program: one task takes quotes, trades and orders as they come, and a heartbeat
//! of its own beside them. Nothing is polled: a producer's message wakes the task.
//!
//! ```sh
//! cargo run --example tasks
//! ```

use bytemuck::{Pod, Zeroable};
use icc_async::ConsumerStream;
use icc_queue::{Lost, Queue, QueueSpec};
use std::error::Error;
use std::thread;
use std::time::Duration;

const EACH: u64 = 1_000;

#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Event {
    price: f64,
    size: u64,
}

// One thread is enough for all tasks; with more of them it is the same.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Only the creator can make a queue one that wakes: its producers then load a word for each message.
    let queue = || Queue::<Event>::new(QueueSpec::new(4096).wakeable());
    let (quotes, trades, orders) = (queue()?, queue()?, queue()?);
    let mut quote = ConsumerStream::new(quotes.consumer());
    let mut trade = ConsumerStream::new(trades.consumer());
    let mut order = ConsumerStream::new(orders.consumer());

    // Producers are threads as ever: a task must not wait for a core in the middle of a message.
    for (queue, pause) in [(quotes, 20), (trades, 50), (orders, 110)] {
        thread::spawn(move || {
            let Ok(mut producer) = queue.producer() else { return };
            for n in 0..EACH {
                producer.produce(&Event { price: 100.0 + (n % 7) as f64, size: n });
                if n % 10 == 9 {
                    thread::sleep(Duration::from_micros(pause));
                }
            }
        });
    }

    let mut heartbeat = tokio::time::interval(Duration::from_millis(5));
    let (mut beats, mut received, mut lost) = (0_u64, [0_u64; 3], 0_u64);
    while received.iter().sum::<u64>() + lost < 3 * EACH {
        // Whichever is first. What is dropped here has lost nothing: its message comes next time.
        let (queue, event) = tokio::select! {
            event = quote.next() => (0, event),
            event = trade.next() => (1, event),
            event = order.next() => (2, event),
            _ = heartbeat.tick() => {
                beats += 1;
                continue;
            }
        };
        match event {
            Ok(Event { price, .. }) if price >= 100.0 => received[queue] += 1,
            Ok(other) => return Err(format!("{other:?} was never produced").into()),
            // Too slow for the producer: the stream goes on with the oldest that is still there.
            Err(missed) => lost += Lost::count(&missed),
        }
    }
    let [quotes, trades, orders] = received;
    println!("{quotes} quotes, {trades} trades and {orders} orders received, {lost} lost, {beats} heartbeats");
    Ok(())
}
