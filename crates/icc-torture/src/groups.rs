//! Workers of a group, in processes that are killed and stopped at any moment, and a group whose file is
//! scribbled over.

use crate::child::{Child, word};
use crate::run::Run;
use crate::tally::Tally;
use icc_queue::{Group, Options, Queue, QueueReader, QueueSpec, TryClaimError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

type Message = [u64; 7];

/// The name of the group.
const WORK: &str = "work";
const WORKERS: usize = 4;

/// Plays a part, in a process of its own.
pub(crate) fn play(part: &str, file: &Path) -> anyhow::Result<Option<Tally>> {
    if part == "work" { work(file).map(Some) } else { Ok(None) }
}

/// Handles what comes until it is told to end.
fn work(file: &Path) -> anyhow::Result<Tally> {
    let ending = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&ending);
    thread::spawn(move || {
        word();
        set.store(true, Relaxed);
    });
    let group = QueueReader::<Message>::open(file, &Options::new())?.group(WORK)?;
    handle(&group, || ending.load(Relaxed))
}

fn handle(group: &Group<Message>, is_over: impl Fn() -> bool) -> anyhow::Result<Tally> {
    let (mut tally, mut worker) = (Tally::default(), group.worker()?);
    let mut empty = 0;
    while !(is_over() && empty > 300) {
        tally.operations += 1;
        match worker.try_claim() {
            Ok(claim) => {
                empty = 0;
                let n = claim.sequence();
                tally.messages += 1;
                tally.mixed += u64::from(*claim != [n; 7]);
                if fastrand::u8(..) == 0 { claim.give_back() } else { claim.done() }
            }
            Err(TryClaimError::SpedPast(lost)) => tally.lost += lost.count,
            Err(_) => {
                empty += 1;
                thread::sleep(Duration::from_micros(50));
            }
        }
    }
    Ok(tally)
}

/// Every message is handled, lost or set aside, but for one that each of the killed may have handled
/// without counting it.
pub(crate) fn groups(run: &Run) -> anyhow::Result<Tally> {
    let file = run.file("groups");
    let spec = QueueSpec::new(256).group(WORK).max_deliveries(4);
    let queue = Queue::<Message>::create(&file, spec, &Options::new())?;
    let (mut producer, group) = (queue.producer()?, queue.group(WORK)?);
    drop(group.worker()?);
    let mut workers = (0..WORKERS).map(|_| Child::start("work", &file)).collect::<anyhow::Result<Vec<_>>>()?;
    let (mut tally, mut produced) = (Tally::default(), 0_u64);
    while !run.is_over() {
        let victim = fastrand::usize(..WORKERS);
        if fastrand::u8(0..4) == 0 {
            tally += workers[victim].stop(Duration::from_millis(fastrand::u64(0..20)));
        } else {
            tally += workers[victim].kill();
            workers[victim] = Child::start("work", &file)?;
        }
        for _ in 0..fastrand::u32(0..40) {
            for _ in 0..fastrand::u32(0..100) {
                producer.produce(&[produced; 7]);
                produced += 1;
            }
            thread::sleep(Duration::from_micros(fastrand::u64(0..300)));
        }
        run.linger(Duration::from_millis(2));
    }
    for worker in workers {
        tally += worker.ask("end");
    }
    tally += handle(&group, || true)?;
    let status = group.status()?;
    let sum = status.handled + status.lost + status.set_aside;
    let is_exact = sum <= produced && produced - sum <= tally.kills && status.waiting == 0;
    if !is_exact {
        eprintln!("{produced} were produced, and {status:?}");
    }
    tally.unaccounted += u64::from(!is_exact);
    icc_queue::remove(&file)?;
    Ok(tally)
}

/// Garbage in the group's file: no call panics, hangs or gives a message that is none, and the queue's
/// other consumers lose nothing.
pub(crate) fn scribbled(run: &Run) -> anyhow::Result<Tally> {
    let file = run.file("scribbled-group");
    let queue = Queue::<Message>::create(&file, QueueSpec::new(64).group(WORK), &Options::new())?;
    let beside = format!("{}.{:016x}.group-{WORK}", file.display(), queue.instance());
    let (mut producer, mut consumer, steady) = (queue.producer()?, queue.consumer(), queue.group(WORK)?);
    let mut worker = steady.worker()?;
    let scribbler = Child::start("scribble", Path::new(&beside))?;
    let (mut tally, mut n) = (Tally::default(), 0);
    while !run.is_over() {
        for _ in 0..30 {
            producer.produce(&[n; 7]);
            n += 1;
            tally.operations += 2;
            for worker in [&mut worker] {
                if let Ok(claim) = worker.try_claim() {
                    tally.mixed += u64::from(*claim != [claim.sequence(); 7]);
                    if fastrand::bool() { claim.done() } else { claim.give_back() }
                }
            }
            tally.unaccounted += u64::from(consumer.try_consume() != Ok([n - 1; 7]));
        }
        tally.attaches += 1;
        let (_, _) = (steady.status(), steady.set_aside());
        if let Ok(mut other) = queue.group(WORK).and_then(|group| group.worker()) {
            _ = other.try_claim().map(icc_queue::Claim::done);
        }
    }
    tally += scribbler.ask("end");
    drop(worker);
    icc_queue::remove(&file)?;
    Ok(tally)
}
