//! The one that sends: ticks into a queue, and the newest of each symbol into a table beside it.
//!
//! ```sh
//! cargo run --example feed        # in one terminal
//! cargo run --example strategy    # in another, before or after
//! ```
//!
//! Kill it with `kill -9` and start it again: it goes on with the same memory, and a strategy that runs meanwhile
//! notices nothing but the pause. `README.md` beside this says more.

use icc_examples::ticks::{Latest, SYMBOLS, Tick, described, names, queue};
use icc_queue::Queue;
use icc_vector::{SeqlockVector, SingleWriter};
use std::time::Duration;

fn main() -> anyhow::Result<()> {
    let [ticks, latest] = names(&std::env::args().nth(1).unwrap_or_else(|| "two-processes".into()));
    // Whoever comes first creates them, and they stay when it goes.
    let (ticks, _) = Queue::<Tick>::open_or_create(ticks, queue(), &described::<Tick>())?;
    let options = described::<Latest>().keys(SYMBOLS);
    let (latest, _) = SeqlockVector::<Latest, SingleWriter>::open_or_create(latest, SYMBOLS.len(), &options)?;

    // There is one feed at a time. The one before may have been killed just now: wait until the kernel says so.
    let mut producer = ticks.producer_within(Duration::from_secs(1))?;
    let mut table = latest.writer()?;
    println!("the feed goes on with message {}", ticks.produced());

    for serial in 1.. {
        for (symbol, name) in SYMBOLS.iter().enumerate() {
            let price = 100.0 * (symbol + 1) as f64 + f64::from(serial % 100) / 100.0;
            let tick = Tick { price, symbol: symbol as u32, serial };
            let sequence = producer.produce(&tick);
            // After the message: so the table has, for each symbol, all messages but maybe the very newest.
            table.write(symbol, &Latest { tick, sequence })?;
            if serial == 1 {
                println!("{name} begins at {price}");
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
