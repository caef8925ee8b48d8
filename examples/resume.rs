//! A worker that goes on where it stopped: it notes its place in a queue, ends, and is started again, in the same queue
//! and in one that took its name.
//!
//! ```sh
//! cargo run --example resume
//! ```

use icc_queue::{Options, Position, Queue, QueueReader, StartError};
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let name = format!("icc-resume-{}", std::process::id());
    let directory = tempfile::tempdir()?;
    let noted = directory.path().join("position");
    let queue = Queue::<u64>::create(&name, 64, &Options::new())?;
    let mut producer = queue.producer()?;

    (0..10).for_each(|n| _ = producer.produce(&n));
    println!("{}", work(&name, &noted)?);
    (10..30).for_each(|n| _ = producer.produce(&n));
    println!("{}", work(&name, &noted)?);
    // So many that some are overwritten before it comes back: it is told which.
    (30..130).for_each(|n| _ = producer.produce(&n));
    println!("{}", work(&name, &noted)?);

    // Another queue under the same name is no place to go on in.
    icc_queue::remove(&name)?;
    let mut producer = Queue::<u64>::create(&name, 64, &Options::new())?.producer()?;
    (0..5).for_each(|n| _ = producer.produce(&n));
    println!("{}", work(&name, &noted)?);
    icc_queue::remove(&name)?;
    Ok(())
}

/// What a worker does from its start to its end.
fn work(name: &str, noted: &Path) -> Result<String, Box<dyn Error>> {
    let queue = QueueReader::<u64>::open(name, &Options::new())?;
    let (mut said, start) = (String::new(), queue.consumer_from_oldest());
    let mut consumer = match fs::read_to_string(noted) {
        Ok(text) => {
            let (instance, sequence) = text.split_once(' ').ok_or("what was noted is damaged")?;
            match queue.consumer_at(Position::new(instance.parse()?, sequence.parse()?)) {
                Ok(consumer) => consumer,
                // Away for too long: these it will never see.
                Err(StartError::Gone { asked, oldest, .. }) => {
                    said.push_str(&format!("messages {asked}..{oldest} are lost; "));
                    start
                }
                Err(StartError::OtherInstance { .. }) => {
                    said.push_str("another queue, from its oldest message; ");
                    start
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(_) => start,
    };
    let from = consumer.next_sequence();
    // Noted after a message was worked on: if this process is killed between the two, that one is worked on twice. Noted
    // before, it might be worked on never.
    while let Some(received) = consumer.drain().next() {
        if let Err(lost) = received {
            said.push_str(&format!("{lost}; "));
        }
        let position = consumer.position();
        fs::write(noted, format!("{} {}", position.instance, position.sequence))?;
    }
    Ok(format!("{said}messages {from}..{}, {} of them received", consumer.next_sequence(), consumer.received()))
}
