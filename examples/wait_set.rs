//! One thread that waits for everything at once: two queues, a table, and a word from another thread to stop.
//!
//! ```sh
//! cargo run --example wait_set
//! ```

use icc_queue::{Notifier, Queue, QueueSpec, WaitSet};
use icc_vector::{SeqlockVector, VectorSpec};
use std::error::Error;
use std::thread;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let quotes = Queue::<u64>::new(QueueSpec::new(1024).wakeable())?;
    let fills = Queue::<u64>::new(QueueSpec::new(64).wakeable())?;
    let limits = SeqlockVector::<u64>::new(VectorSpec::new(3).wakeable())?;
    let (mut feed, mut gateway, stop) = (quotes.producer()?, fills.producer()?, Notifier::new());
    let (mut quotes, mut fills, mut limits_seen) = (quotes.consumer(), fills.consumer(), limits.changes());

    thread::scope(|scope| {
        let mut stopped = stop.clone();
        let strategy = scope.spawn(move || {
            let (mut counts, mut waits) = ([0; 3], 0);
            loop {
                // Asleep until one of them has something; the numbers are those of the list.
                let ready =
                    WaitSet::new().wait(&mut [&mut quotes, &mut fills, &mut limits_seen, &mut stopped], None)?;
                waits += 1;
                counts[0] += quotes.drain().filter(Result::is_ok).count();
                counts[1] += fills.drain().filter(Result::is_ok).count();
                counts[2] += limits_seen.poll().count();
                if ready.contains(3) {
                    return Ok::<_, icc_queue::WaitSetError>((counts, waits));
                }
            }
        });
        for n in 0..300 {
            feed.produce(&n);
            if n % 10 == 0 {
                gateway.produce(&n);
            }
            if n % 100 == 0 {
                limits.write(n as usize / 100, &n)?;
            }
            thread::sleep(Duration::from_micros(200));
        }
        stop.notify();
        let ([quotes, fills, limits], waits) = strategy.join().expect("no panic")?;
        println!("{quotes} quotes, {fills} fills and {limits} limits in {waits} waits");
        Ok(())
    })
}
