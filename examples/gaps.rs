//! A queue that repeats another one under the same numbers, over a way that loses some: what did not arrive is told as
//! lost, by the same numbers as at the source.
//!
//! ```sh
//! cargo run --example gaps
//! ```

use icc_queue::{ConsumeError, Queue, QueueSpec, SpinThenYield};
use std::error::Error;
use std::sync::mpsc;
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let source = Queue::<u64>::new(1024)?;
    let mut producer = source.producer()?;
    let mut sender = source.consumer();
    // The creator of the copy says that numbers may be left out there.
    let copy = Queue::<u64>::new(QueueSpec::new(1024).gaps())?;
    let (mut receiver, mut consumer) = (copy.producer()?, copy.consumer());
    let (wire, arrived) = mpsc::channel();

    (0..1_000).for_each(|n| _ = producer.produce(&(n * n)));
    while let Some(Ok(message)) = sender.drain().next() {
        let sequence = sender.next_sequence() - 1;
        // Some datagrams do not arrive.
        if sequence % 100 != 42 && !(500..520).contains(&sequence) {
            wire.send((sequence, message))?;
        }
    }
    drop(wire);
    let copying = thread::spawn(move || {
        arrived.iter().try_for_each(|(sequence, message)| receiver.produce_at(sequence, &message))
    });
    // It ends when the one that produces the copy is gone.
    loop {
        match consumer.consume_until_gone(&mut SpinThenYield::default()) {
            Ok(message) => assert_eq!(message, (consumer.next_sequence() - 1).pow(2)),
            Err(ConsumeError::SpedPast(lost)) => println!("{lost}"),
            Err(ConsumeError::ProducersGone) => break,
            Err(other) => return Err(other.into()),
        }
    }
    copying.join().expect("no panic")?;
    println!("{} received, {} lost", consumer.received(), consumer.lost());
    Ok(())
}
