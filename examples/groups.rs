//! Orders shared among workers in processes of their own, of which one is killed in the midst of it: what
//! it had comes to another.
//!
//! ```sh
//! cargo run --release --example groups
//! ```

use icc_queue::{GroupStart, Options, Queue, QueueReader, QueueSpec, TryClaimError};
use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ORDERS: u64 = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(name) => work(&name),
        None => lead(),
    }
}

/// Creates the queue, starts three workers, kills one, and waits for the others to end.
fn lead() -> Result<(), Box<dyn Error>> {
    let name = format!("icc-example-groups-{}", std::process::id());
    let spec = QueueSpec::new(4096).group("orders");
    let queue = Queue::<u64>::create(&name, spec, &Options::new())?;
    let done = share(&queue, &name);
    icc_queue::remove(&name)?;
    done
}

fn share(queue: &Queue<u64>, name: &str) -> Result<(), Box<dyn Error>> {
    let group = queue.group("orders")?;
    // The first worker says where the group begins. This one only does that.
    drop(group.worker_from(GroupStart::Newest)?);
    let mut workers = (0..3).map(|_| start(name)).collect::<Result<Vec<_>, _>>()?;
    let mut producer = queue.producer()?;
    (0..ORDERS).for_each(|n| _ = producer.produce(&n));

    while group.status()?.handled < ORDERS / 4 {
        std::thread::sleep(Duration::from_millis(1));
    }
    workers[0].kill()?;
    workers[0].wait()?;
    println!("killed one of three workers after {} orders", group.status()?.handled);

    let begin = Instant::now();
    while group.status()?.waiting > 0 && begin.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let status = group.status()?;
    for worker in &mut workers[1..] {
        worker.kill()?;
        worker.wait()?;
    }
    println!("{} of {ORDERS} orders wait, {} were lost", status.waiting, status.lost);
    assert_eq!((status.waiting, status.lost), (0, 0));
    Ok(())
}

fn start(name: &str) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?).arg(name).stdin(Stdio::null()).spawn()
}

/// A worker: until it is killed.
fn work(name: &str) -> Result<(), Box<dyn Error>> {
    let mut worker = QueueReader::<u64>::open(name, &Options::new())?.group("orders")?.worker()?;
    loop {
        match worker.try_claim() {
            Ok(claim) => {
                if claim.deliveries() > 1 {
                    println!("order {} again: who had it before may have handled it", *claim);
                }
                std::thread::sleep(Duration::from_micros(50));
                claim.done();
            }
            Err(TryClaimError::Empty) => std::thread::sleep(Duration::from_micros(100)),
            Err(lost) => println!("{lost}"),
        }
    }
}
