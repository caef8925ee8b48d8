//! A process that writes garbage over everything, and processes that create and remove one name at
//! once.

use crate::account::spec;
use crate::child::{Child, word};
use crate::run::Run;
use crate::tally::Tally;
use icc_queue::{BufferError, Mode, Mpmc, Options, Queue, QueueError, QueueReader, Spmc};
use icc_vector::{MultiWriter, SeqlockVector, VectorReader};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

type Message = [u64; 7];

/// Where slots begin, and a little before: the header is left whole half of the time, so that
/// attaching gets past it.
const HEADER: u64 = 512;

/// Plays a part, in a process of its own.
pub(crate) fn play(part: &str, file: &Path) -> anyhow::Result<Option<Tally>> {
    match part {
        "scribble" => scribble(file).map(Some),
        "create" => create(file).map(Some),
        _ => Ok(None),
    }
}

/// Writes garbage into the file until it is told to end.
fn scribble(path: &Path) -> anyhow::Result<Tally> {
    thread::spawn(|| {
        word();
        println!();
        std::process::exit(0);
    });
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut whole = vec![0; file.metadata()?.len() as usize];
    file.read_exact_at(&mut whole, 0)?;
    loop {
        for _ in 0..64 {
            let garbage: [u8; 64] = std::array::from_fn(|_| fastrand::u8(..));
            let offset = fastrand::u64(..whole.len() as u64 - 64);
            file.write_all_at(&garbage[..fastrand::usize(1..64)], offset)?;
            if fastrand::bool() {
                file.write_all_at(&whole[..HEADER as usize], 0)?;
            }
        }
    }
}

/// Creates, uses and removes one name until it is told to end.
fn create(path: &Path) -> anyhow::Result<Tally> {
    let (told, end) = std::sync::mpsc::channel();
    thread::spawn(move || told.send(word()));
    let mut tally = Tally::default();
    while end.try_recv().is_err() {
        tally.operations += 1;
        // Somebody else's, or one's own.
        match Queue::<Message, Mpmc>::open_or_create(path, spec(64), &Options::new()) {
            Ok((queue, _)) => {
                tally.attaches += 1;
                queue.producer()?.produce(&[7; 7]);
                tally.unaccounted += u64::from(queue.produced() == 0);
            }
            // One that wakes nobody.
            Err(QueueError::Buffer(BufferError::LacksFeature { .. })) => {}
            Err(error) => {
                eprintln!("a queue without its readers' file? {error}");
                tally.unaccounted += 1;
            }
        }
        if fastrand::u8(0..4) == 0 {
            let _ = icc_queue::remove(path);
        }
    }
    Ok(tally)
}

/// Attaches to what is being scribbled over, and uses all that attaching gives: no value is any
/// good, but every call returns.
pub(crate) fn scribbled(run: &Run) -> anyhow::Result<Tally> {
    let mut tally = scribbled_queue::<Spmc>(&run.part(3))?;
    tally += scribbled_queue::<Mpmc>(&run.part(2))?;
    tally += scribbled_vector(run)?;
    Ok(tally)
}

fn scribbled_queue<M: Mode>(run: &Run) -> anyhow::Result<Tally> {
    let file = run.file("scribbled");
    Queue::<Message, M>::create(&file, 64, &Options::new())?;
    let steady = QueueReader::<Message>::open(&file, &Options::new())?;
    let mut steady = steady.consumer();
    let scribbler = Child::start("scribble", &file)?;
    let mut tally = Tally::default();
    while !run.is_over() {
        tally.attaches += 1;
        if let Ok(reader) = QueueReader::<Message>::open(&file, &Options::new()) {
            let mut consumer = reader.consumer_from_oldest();
            let mut messages = [[0; 7]; 9];
            for _ in 0..70 {
                tally.operations += 4;
                let _ = consumer.try_consume();
                let _ = consumer.try_consume_batch(&mut messages);
                let _ = consumer.drain().count();
                let _ = (consumer.lag(), consumer.headroom(), consumer.skip_to_newest(), consumer.resume());
                let _ = steady.try_consume();
            }
            let _ = reader.consumer_at(reader.position(fastrand::u64(..)));
        }
    }
    tally += scribbler.ask("end");
    icc_queue::remove(&file)?;
    Ok(tally)
}

fn scribbled_vector(run: &Run) -> anyhow::Result<Tally> {
    let file = run.file("scribbled");
    SeqlockVector::<Message, MultiWriter>::create(&file, 64, &Options::new())?;
    let scribbler = Child::start("scribble", &file)?;
    let mut tally = Tally::default();
    while !run.is_over() {
        tally.attaches += 1;
        if let Ok(reader) = VectorReader::<Message>::open(&file, &Options::new()) {
            let (mut value, mut changes) = ([0; 7], reader.changes());
            for index in 0..70 {
                tally.operations += 2;
                let _ = reader.read_into(index, &mut value);
                let _ = reader.version(index);
            }
            let _ =
                (reader.iter().count(), changes.poll().count(), reader.snapshot([3, 5]).map(|mut s| s.take().is_ok()));
        }
    }
    tally += scribbler.ask("end");
    icc_vector::remove(&file)?;
    Ok(tally)
}

/// Attaches to a name that others create, remove and die at.
pub(crate) fn created(run: &Run) -> anyhow::Result<Tally> {
    let file = run.file("created");
    let mut creators = (0..3).map(|_| Child::start("create", &file)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut tally = Tally::default();
    while !run.is_over() {
        let victim = fastrand::usize(..creators.len());
        tally += creators[victim].kill();
        creators[victim] = Child::start("create", &file)?;
        for _ in 0..fastrand::u32(0..500) {
            tally.attaches += 1;
            match QueueReader::<Message>::open(&file, &Options::new()) {
                Ok(reader) => {
                    tally.operations += 1;
                    // Never half-made: what is there is as long as it was asked to be.
                    tally.unaccounted += u64::from(reader.capacity() != 64);
                    let _ = reader.consumer_from_oldest().try_consume();
                }
                Err(QueueError::Buffer(BufferError::NotFound { .. })) => {}
                Err(error) => {
                    eprintln!("a half-made queue? {error}");
                    tally.unaccounted += 1;
                }
            }
        }
        run.linger(Duration::from_millis(5));
    }
    for creator in creators {
        tally += creator.ask("end");
    }
    // Whatever the dead left beside it goes with it, or with the attempt.
    let _ = icc_queue::remove(&file);
    let beside = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for entry in file.parent().unwrap_or(&file).read_dir()? {
        let name = entry?.file_name();
        if name.to_string_lossy().starts_with(&beside) {
            eprintln!("left behind: {}", name.display());
            tally.unaccounted += 1;
        }
    }
    Ok(tally)
}
