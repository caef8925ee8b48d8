//! A recorder that loses nothing beside a dashboard that may: the producer waits for the one and never for the other,
//! and both show who they are.
//!
//! ```sh
//! cargo run --example lossless
//! ```

use icc_queue::{BusySpin, Evict, Queue, QueueSpec, SpinThenYield, TryProduceError};
use std::error::Error;
use std::thread;
use std::time::Duration;

const MESSAGES: u64 = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Whoever creates the queue decides: consumers may hold, and one that is stuck for a second is left behind.
    let spec = QueueSpec::new(256).holding(Evict::After(Duration::from_secs(1))).seen();
    let queue = Queue::<u64>::new(spec)?;
    let mut producer = queue.producer()?;
    let mut recorder = queue.holding_consumer("recorder")?;
    let mut dashboard = queue.consumer().seen_as("dashboard")?;

    thread::scope(|scope| {
        scope.spawn(|| (0..MESSAGES).for_each(|n| _ = producer.produce(&n)));
        let mut sum = 0;
        while recorder.next_sequence() < MESSAGES {
            sum += recorder.consume(&mut SpinThenYield::default()).expect("it holds");
        }
        assert_eq!(sum, MESSAGES * (MESSAGES - 1) / 2);
        // Where it comes to rest it shows where it is; at work only now and then.
        assert!(recorder.try_consume().is_err());
    });
    dashboard.drain().for_each(drop);
    for reader in queue.readers()? {
        println!("{}: {} received, {} lost", reader.label, reader.received, reader.lost);
    }

    // The recorder stops reading. A call that may not wait is told who holds it up; one that waits leaves the recorder
    // behind after the queue's second, and that is told exactly, too.
    let full = loop {
        match producer.try_produce(&0) {
            Ok(_) => {}
            Err(full @ TryProduceError::Full { .. }) => break full,
            Err(other) => return Err(other.into()),
        }
    };
    println!("{full}");
    (0..256).for_each(|n| _ = producer.produce(&n));
    let lost = loop {
        match recorder.consume(&mut BusySpin) {
            Ok(_) => {}
            Err(lost) => break lost,
        }
    };
    println!("the recorder holds: {}; {lost}", recorder.holds());
    Ok(())
}
