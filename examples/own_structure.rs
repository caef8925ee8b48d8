//! A structure of your own on the same memory: counters that many processes add to, with the checks, the locks and the
//! proof of death that queues and vectors have.
//!
//! ```sh
//! cargo run --example own_structure
//! ```

use icc_buffer::{Buffer, BufferError, Expected, Kind, Options, Padded, ReadOnlyBuffer, Spec};
use std::error::Error;

/// Any program that opens a buffer of this kind as something else is refused, and the other way round.
const KIND: Kind = Kind::new("my-sums");

/// One slot for each worker: its own sum, so that nobody waits for anybody.
struct Sums(Buffer<u64, Padded>);

impl Sums {
    const WORKERS: u32 = 8;

    fn open_or_create(name: &str) -> Result<Self, BufferError> {
        let workers = Self::WORKERS as usize;
        let (spec, expected) = (Spec::new(KIND, workers), Expected::new(KIND).len(workers));
        Buffer::open_or_create(name, spec, expected, &Options::new()).map(|(buffer, _)| Self(buffer))
    }

    /// Adds until the process ends, or is killed: the kernel then frees the id, and what was added stays.
    fn worker(&self) -> Result<impl FnMut(u64) + use<>, Box<dyn Error>> {
        let id = self.0.take_id(0..Self::WORKERS)?.ok_or("all ids are taken")?;
        let buffer = self.0.clone();
        Ok(move |more| {
            if let Some(slot) = buffer.slot(id.id() as usize) {
                slot.update(|sum| *sum += more);
            }
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = format!("icc-sums-{}", std::process::id());
    let sums = Sums::open_or_create(&name)?;
    let (mut first, mut second) = (sums.worker()?, sums.worker()?);
    (1..=100).for_each(&mut first);
    (1..=10).for_each(&mut second);
    drop(second);

    // Another program, which may only read.
    let reader = ReadOnlyBuffer::<u64>::open(&name, Expected::new(KIND), &Options::new())?;
    for worker in 0..2 {
        let sum = reader.slot(worker as usize).map_or(0, |slot| slot.read());
        println!("worker {worker}: {sum}, alive: {}", reader.holder_lives(worker)?);
    }
    if let Err(error) = icc_queue::QueueReader::<u64>::open(&name, &Options::new()) {
        println!("as a queue: {error}");
    }
    icc_buffer::remove(&name)?;
    Ok(())
}
