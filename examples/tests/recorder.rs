//! What is recorded is replayed, also after a kill; what is no recording is refused.

mod common;

use common::{Removed, Running, example, number, output, stderr, stdout, unique, until};
use icc_examples::market::Market;
use icc_examples::messages::MarketUpdate;
use icc_examples::recording::{Event, Reader, RecordingError, read_all};
use icc_queue::{Lost, Options, Position, Queue, QueueReader};
use rustix::process::Signal;
use std::fs::{self, File};
use std::path::PathBuf;

const CAPACITY: usize = 8_192;

fn shared(name: &str) -> (Queue<MarketUpdate>, Removed, PathBuf) {
    let path = PathBuf::from("/dev/shm").join(unique(name));
    (Queue::create(&path, CAPACITY, &Options::new()).unwrap(), Removed(path.clone()), path)
}

#[test]
fn the_demo() {
    let said = stdout(&mut example("recorder"));
    let recorded = number(&said, "recorded ");
    let replays = said.lines().filter(|line| line.contains("replayed"));
    let replays: Vec<_> = replays.map(|line| number(line, "replayed ")).collect();
    let [one, four, full, half] = replays[..] else { panic!("{said}") };
    assert!(recorded == one && recorded == four && recorded == full && half > 0 && half < recorded, "{said}");
    assert!(said.contains("was cut off at byte") && said.contains("not `[u64; 6]`"), "{said}");
}

#[test]
fn from_a_queue_to_a_file_to_a_queue() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("market.rec");
    let (queue, _removed, path) = shared("record");
    let updates: Vec<_> = Market::new(3).take(5_000).collect();
    let mut producer = queue.producer().unwrap();
    producer.produce_batch(&updates).unwrap();

    let said =
        stdout(example("recorder").arg("record").args([&path, &file]).args(["--from-oldest", "--messages", "5000"]));
    assert!(said.contains("recorded 5000 messages") && said.contains("s, 0 lost"), "{said}");
    let said = stdout(example("recorder").arg("info").arg(&file));
    assert!(said.contains("5000 messages, 0 lost in 0 gaps"), "{said}");

    let target = PathBuf::from("/dev/shm").join(unique("replay"));
    let _removed = Removed(target.clone());
    let said = stdout(example("recorder").arg("replay").args([&file, &target]).arg("--full-speed"));
    assert!(said.contains("Created with room for 65536") && said.contains("replayed 5000 messages"), "{said}");
    let reader = QueueReader::<MarketUpdate>::open(&target, &Options::new()).unwrap();
    let mut consumer = reader.consumer_at(reader.position(0)).unwrap();
    let replayed = consumer.drain().map(|update| MarketUpdate { sent_at: 0, ..update.unwrap() });
    assert!(replayed.eq(updates));
}

/// A ring that was overwritten before the recorder came to it leaves a gap, which the file tells
/// of.
#[test]
fn losses_are_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("market.rec");
    let (queue, _removed, path) = shared("losses");
    let mut producer = queue.producer().unwrap();
    let mut recorder = Running::start(example("recorder").arg("record").args([&path, &file]));
    let mut market = Market::new(3);
    // Until the recorder has something on disk, it may not have attached.
    until("the first records", || {
        producer.produce(&market.next().unwrap());
        fs::metadata(&file).is_ok_and(|file| file.len() > 0)
    });
    recorder.signal(Signal::STOP);
    market.by_ref().take(3 * CAPACITY).for_each(|update| _ = producer.produce(&update));
    recorder.signal(Signal::CONT);
    recorder.signal(Signal::INT);
    assert_eq!(recorder.end(), Some(0));
    let lost = number(&recorder.tail(), "s, ");
    assert!(lost > 0, "{}", recorder.tail());
    let info = stdout(example("recorder").arg("info").arg(&file));
    assert_eq!(number(&info, "messages, "), lost, "{info}");
}

/// A recording is continued by another: without a gap, with one, and not if the queue is another
/// one of the same name.
#[test]
fn a_recording_is_continued() {
    let directory = tempfile::tempdir().unwrap();
    let file = |number: u32| directory.path().join(format!("{number}.rec"));
    let (queue, _removed, path) = shared("continued");
    let mut producer = queue.producer().unwrap();
    let mut market = Market::new(3);
    let mut produce = |count| market.by_ref().take(count).for_each(|update| _ = producer.produce(&update));
    let record = |to: u32, messages: usize, how: &[&str]| {
        let mut command = example("recorder");
        command.arg("record").args([&path, &file(to)]).args(["--messages", &messages.to_string()]).args(how);
        to.checked_sub(1).map(|from| command.arg("--continue").arg(file(from)));
        stdout(&mut command)
    };
    let first = |number| read_all::<MarketUpdate>(File::open(file(number)).unwrap()).unwrap().swap_remove(0);

    produce(100);
    record(0, 100, &["--from-oldest"]);
    produce(50);
    let said = record(1, 50, &[]);
    assert!(said.starts_with("recorded 50 messages") && said.contains("s, 0 lost"), "{said}");
    assert!(matches!(first(1), Event::Message { sequence: 100, .. }));

    produce(CAPACITY + 10);
    let said = record(2, CAPACITY, &[]);
    assert!(said.contains("s, 10 lost"), "{said}");
    assert!(matches!(first(2), Event::Gap { lost: Lost { first: 150, next: 160 }, .. }));

    // Its sequence numbers begin at 0 again, and say nothing of the other's.
    fs::remove_file(&path).unwrap();
    let queue = Queue::<MarketUpdate>::create(&path, CAPACITY, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    market.by_ref().take(20).for_each(|update| _ = producer.produce(&update));
    let said = record(3, 20, &[]);
    assert!(said.starts_with("the queue is not the one recorded earlier") && said.contains("s, 0 lost"), "{said}");
    assert!(matches!(first(3), Event::Message { sequence: 0, .. }));

    let mut command = example("recorder");
    let said = stderr(command.arg("record").args([&path, &file(3)]).arg("--continue").arg(file(3)));
    assert!(said.contains("would be overwritten"), "{said}");
    assert!(matches!(first(3), Event::Message { sequence: 0, .. }));
}

/// What a recorder that was killed has written is read, up to the last whole record.
#[test]
fn a_recorder_that_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("market.rec");
    let (queue, _removed, path) = shared("killed");
    let mut producer = queue.producer().unwrap();
    let mut recorder = Running::start(example("recorder").arg("record").args([&path, &file]));
    let mut market = Market::new(3);
    until("some records", || {
        producer.produce(&market.next().unwrap());
        fs::metadata(&file).is_ok_and(|file| file.len() > 10_000)
    });
    recorder.signal(Signal::KILL);
    assert_eq!(recorder.end(), None);
    // Whatever it was in the middle of: half a record is cut off too.
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 10]).unwrap();

    let mut reader = Reader::<MarketUpdate, _>::new(File::open(&file).unwrap()).unwrap();
    let whole = reader.by_ref().map_while(Result::ok).count() as u64;
    assert!(whole > 100);
    let info = stdout(example("recorder").arg("info").arg(&file));
    assert!(info.contains("was cut off at byte") && info.contains(&format!("\n{whole} messages")), "{info}");

    let target = PathBuf::from("/dev/shm").join(unique("after-kill"));
    let _removed = Removed(target.clone());
    let said = stdout(example("recorder").arg("replay").args([&file, &target]).arg("--full-speed"));
    assert!(said.contains(&format!("replayed {whole} messages")) && said.contains("was cut off"), "{said}");
}

#[test]
fn what_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let target = PathBuf::from("/dev/shm").join(unique("refused"));
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut other = icc_examples::recording::Writer::<[u64; 6], _>::new(Vec::new(), Position::new(1, 0)).unwrap();
    other.message(0, &[7; 6]).unwrap();
    let other = file("other.rec", &other.finish().unwrap());
    let text = file("notes.txt", b"# These are notes");
    let refused = |path: &PathBuf| stderr(example("recorder").arg("replay").args([path, &target]));
    assert!(refused(&other).contains("the recording holds `[u64; 6]`"));
    assert!(refused(&text).contains("not a recording"));
    assert!(refused(&directory.path().join("none")).contains("could not open"));
    assert!(!target.exists(), "a queue was made for nothing");
    assert!(stderr(example("recorder").arg("record").args([&target, &text])).contains("no buffer at"));
    assert_eq!(fs::read(&text).unwrap(), b"# These are notes", "overwritten for nothing");
    let code = output(example("recorder").arg("replay").args([&text, &target]).args(["--speed", "0"])).status.code();
    assert_eq!(code, Some(1));

    let events = Reader::<[u64; 6], _>::new(File::open(other).unwrap()).unwrap();
    let events: Result<Vec<_>, RecordingError> = events.collect();
    assert!(matches!(events.unwrap()[..], [Event::Message { sequence: 0, message: [7, ..], .. }]));
}
