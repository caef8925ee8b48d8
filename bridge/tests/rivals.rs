//! Bridges that come back, that stand in each other's way, and that miss something while they catch up.

mod common;

use common::{Name, exporting, importing, wait_until};
use icc_bridge::error::WireError;
use icc_bridge::frame::{Body, Frame};
use icc_bridge::memory::{Faults, Memory};
use icc_bridge::wire::{Answer, Congestion, Guard, OnFrame, Sender, Wire};
use icc_bridge::{ExportOptions, ImportOptions};
use icc_queue::bytes::BytesQueue;
use icc_queue::{Evict, Options, Queue, QueueReader, QueueSpec, SpinThenYield, Spmc, untyped};
use icc_vector::{SeqlockVector, VectorReader};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn options() -> ExportOptions {
    let mut options = ExportOptions::default();
    options.heartbeat = Duration::from_millis(10);
    options
}

fn queue_of(name: &Name, source: u64) -> QueueReader<u64> {
    let open = || QueueReader::<u64>::open(name, &Options::new()).ok().filter(|one| one.source() == Some(source));
    wait_until("there is a mirror of it", || open().is_some());
    open().unwrap()
}

fn vector(name: &Name) -> VectorReader<u64> {
    VectorReader::open_within(name, Duration::from_secs(60), &Options::new()).unwrap()
}

/// A network on which something is done with what answers each question.
struct Hooked<F>(Memory, F);

impl<F: Fn(&str, Vec<Vec<u8>>) -> Vec<Vec<u8>> + Send + Sync> Wire for Hooked<F> {
    fn sender(&self, key: &str, congestion: Congestion) -> Result<Box<dyn Sender>, WireError> {
        self.0.sender(key, congestion)
    }
    fn listen(&self, key: &str, on_frame: OnFrame) -> Result<Guard, WireError> {
        self.0.listen(key, on_frame)
    }
    fn answer(&self, key: &str, answer: Answer) -> Result<Guard, WireError> {
        self.0.answer(key, answer)
    }
    fn ask(&self, key: &str, question: &[u8], timeout: Duration) -> Result<Vec<Vec<u8>>, WireError> {
        Ok((self.1)(key, self.0.ask(key, question, timeout)?))
    }
}

/// Another source takes over under the key, and the first comes back.
#[test]
fn a_source_that_comes_back() {
    let (names, here, network) = (["one", "other"].map(Name::new), Name::new("here"), Memory::new(1));
    let queues = names.each_ref().map(|name| Queue::<u64>::create(name, 64, &Options::new()).unwrap());
    let mut producers = queues.each_ref().map(|queue| queue.producer().unwrap());
    let _into = importing(network.clone(), "k", &here, ImportOptions::default());
    for which in [0, 1, 0, 1] {
        let _out = exporting(network.clone(), &names[which], "k", options());
        let mut consumer = queue_of(&here, queues[which].instance()).consumer();
        let n = producers[which].produce(&7);
        assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(7));
        assert_eq!(consumer.next_sequence(), n + 1);
    }
}

/// A mirror in the middle is made anew: its versions begin anew, too.
#[test]
fn a_vector_that_is_sent_on() {
    for restarted in [false, true] {
        let (names, network) = (["one", "two", "three"].map(Name::new), Memory::new(2));
        let source = SeqlockVector::<u64>::create(&names[0], 4, &Options::new()).unwrap();
        let mut writer = source.writer().unwrap();
        let _first = exporting(network.clone(), &names[0], "a", options());
        let second = importing(network.clone(), "a", &names[1], ImportOptions::default());
        let mut third = Some(exporting(network.clone(), &names[1], "b", options()));
        let _fourth = importing(network.clone(), "b", &names[2], ImportOptions::default());
        for n in 1..50 {
            writer.write(0, &n).unwrap();
            wait_until("it arrives", || vector(&names[2]).read(0) == Ok(n));
        }
        if restarted {
            third = None;
        }
        drop(second);
        icc_vector::remove(&names[1]).unwrap();
        let _second = importing(network.clone(), "a", &names[1], ImportOptions::default());
        let _third = third.or_else(|| Some(exporting(network.clone(), &names[1], "b", options())));
        writer.write(0, &100).unwrap();
        wait_until("what was written since arrives", || vector(&names[2]).read(0) == Ok(100));
    }
}

/// A frame is lost after all values were read, and before they have come.
#[test]
fn a_loss_while_all_values_are_on_their_way() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(3));
    let source = SeqlockVector::<u64>::create(&there, 4, &Options::new()).unwrap();
    let mut writer = source.writer().unwrap();
    writer.write(0, &1).unwrap();
    let _out = exporting(network.clone(), &there, "k", options());
    let (writer, within) = (Mutex::new(Some(writer)), network.clone());
    let hooked = Hooked(network.clone(), move |key: &str, answers| {
        if key == "k/state"
            && let Some(mut writer) = writer.lock().unwrap().take()
        {
            within.set(Faults { cut: true, ..Faults::default() });
            writer.write(3, &9).unwrap();
            let lost = within.counts().1;
            wait_until("it is lost", || within.counts().1 > lost + 3);
            within.set(Faults::default());
            let sent = within.counts().0;
            wait_until("the next sign of life has come", || within.counts().0 > sent + 3);
        }
        answers
    });
    let _into = importing(hooked, "k", &here, ImportOptions::default());
    wait_until("the value is there", || vector(&here).read_if_written(3) == Ok(Some(9)));
}

/// Of all values that were asked for, only the first come in time.
#[test]
fn some_values_of_all() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(4));
    let source = SeqlockVector::<u64>::create(&there, 100, &Options::new()).unwrap();
    let mut writer = source.writer().unwrap();
    (0..100).for_each(|slot| _ = writer.write(slot, &7).unwrap());
    let mut small = options();
    small.frame_bytes = 200;
    let out = exporting(network.clone(), &there, "k", small);
    wait_until("all was sent, to nobody", || out.told("sending") && network.counts().0 > 50);
    let asked = AtomicU32::new(0);
    let hooked = Hooked(network.clone(), move |key: &str, mut answers: Vec<_>| {
        match (key == "k/state").then(|| asked.fetch_add(1, Ordering::Relaxed)) {
            Some(0) => answers.truncate(2),
            Some(1) => drop(answers.remove(1)),
            Some(2) => drop(answers.pop()),
            _ => {}
        }
        answers
    });
    let _into = importing(hooked, "k", &here, ImportOptions::default());
    let mirror = vector(&here);
    wait_until("all values are there", || (0..100).all(|slot| mirror.read_if_written(slot) == Ok(Some(7))));
}

/// A new bridge has sent as many frames as the last one before anybody hears of it.
#[test]
fn a_new_bridge_that_sent_as_many_frames() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(5));
    let source = SeqlockVector::<u64>::create(&there, 4, &Options::new()).unwrap();
    let mut writer = source.writer().unwrap();
    writer.write(0, &1).unwrap();
    let out = exporting(network.clone(), &there, "k", options());
    let _into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mirror = vector(&here);
    wait_until("the first value is there", || mirror.read_if_written(0) == Ok(Some(1)));
    network.set(Faults { cut: true, ..Faults::default() });
    drop(out);
    writer.write(0, &2).unwrap();
    let out = exporting(network.clone(), &there, "k", options());
    let before = network.counts().1;
    wait_until("it sends, and nobody hears", || out.told("sending") && network.counts().1 > before + 3);
    network.set(Faults::default());
    wait_until("the second value is there", || mirror.read(0) == Ok(2));
}

/// A name that a living bridge writes is not taken from it.
#[test]
fn two_bridges_that_write_one_name() {
    let (names, here, network) = (["one", "other"].map(Name::new), Name::new("here"), Memory::new(6));
    let queue = Queue::<u64>::create(&names[0], 64, &Options::new()).unwrap();
    let _first = exporting(network.clone(), &names[0], "a", options());
    let _into = importing(network.clone(), "a", &here, ImportOptions::default());
    let mirror = queue_of(&here, queue.instance());
    let _other = Queue::<u64>::create(&names[1], 64, &Options::new()).unwrap();
    let _second = exporting(network.clone(), &names[1], "b", options());
    let error = importing(network.clone(), "b", &here, ImportOptions::default()).error().to_string();
    assert!(error.contains("another bridge") && error.contains("here"), "{error}");
    assert!(mirror.is_current().unwrap());

    // And of vectors.
    let (names, here) = (["one", "other"].map(Name::new), Name::new("here"));
    let _vectors = names.each_ref().map(|name| SeqlockVector::<u64>::create(name, 4, &Options::new()).unwrap());
    let _first = exporting(network.clone(), &names[0], "c", options());
    let _into = importing(network.clone(), "c", &here, ImportOptions::default());
    let mirror = vector(&here);
    let _second = exporting(network.clone(), &names[1], "d", options());
    let error = importing(network.clone(), "d", &here, ImportOptions::default()).error().to_string();
    assert!(error.contains("another bridge"), "{error}");
    let _again = exporting(network.clone(), &names[0], "e", options());
    let error = importing(network, "e", &here, ImportOptions::default()).error().to_string();
    assert!(error.contains("living writer"), "{error}");
    assert!(mirror.is_current().unwrap());
}

/// The network is never kept waiting, also while the mirror's name is held by somebody.
#[test]
fn a_held_name_keeps_only_its_own_bridge_waiting() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(7));
    let queue = Queue::<u64>::create(&there, 64, &Options::new()).unwrap();
    let _out = exporting(network.clone(), &there, "k", options());
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    queue_of(&here, queue.instance());
    into.end();
    let held = untyped::Queue::<icc_queue::Spmc>::open(here.as_ref(), None, &Options::new()).unwrap();
    let _producer = held.producer().unwrap();
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let (mut sender, mut longest) = (network.sender("k/frames", Congestion::Drop).unwrap(), Duration::ZERO);
    let end = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < end {
        let began = Instant::now();
        sender.send(vec![7]).unwrap();
        longest = longest.max(began.elapsed());
        std::thread::sleep(Duration::from_millis(1));
    }
    let error = into.error().to_string();
    assert!(error.contains("living producer"), "{error}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
}

/// Whoever sends nonsense fills neither the log nor hides what else is told.
#[test]
fn nonsense_does_not_flood() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(8));
    let queue = Queue::<u64>::create(&there, 64, &Options::new()).unwrap();
    let _out = exporting(network.clone(), &there, "k", options());
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    queue_of(&here, queue.instance());
    let mut sender = network.sender("k/frames", Congestion::Drop).unwrap();
    let began = Instant::now();
    for _ in 0..300 {
        sender.send(vec![7]).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    let told = into.events.lock().unwrap().iter().filter(|event| event.contains("not used")).count() as u64;
    assert!((1..=1 + began.elapsed().as_secs()).contains(&told), "{told}");
    assert_eq!(into.end().refused, 300);
}

/// The source was removed, and its producer goes on and on: the bridge takes the next of its name.
#[test]
fn a_removed_source_does_not_keep_a_bridge() {
    let (there, network) = (Name::new("there"), Memory::new(9));
    let queue = Queue::<u64>::create(&there, 64, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    // One more for each frame.
    let _listening = network.listen("k/frames", Box::new(move |_| _ = producer.produce(&1))).unwrap();
    let out = exporting(network.clone(), &there, "k", options());
    wait_until("it sends", || out.told("sending") && network.counts().0 > 100);
    icc_queue::remove(&there).unwrap();
    let _next = Queue::<u64>::create(&there, 64, &Options::new()).unwrap();
    let sources = || out.events.lock().unwrap().iter().filter(|event| event.contains("sending")).count();
    wait_until("it sends the next", || sources() == 2);
    assert!(out.told("ended"));
}

/// The network keeps a bridge that holds waiting until producers go on without it: then it holds again.
#[test]
fn a_bridge_that_producers_went_on_without_holds_again() {
    let spec = || QueueSpec::new(64).holding(Evict::After(Duration::from_secs(1)));
    let (there, network) = (Name::new("there"), Memory::new(10));
    let queue = Queue::<u64>::create(&there, spec(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    holds_again(&network, &there, move || producer.produce(&7) + 1);
    let there = Name::new("there");
    let queue = BytesQueue::<Spmc>::create(&there, spec().slot_size(64), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    holds_again(&network, &there, move || producer.produce(b"seven").unwrap() + 1);
}

fn holds_again(network: &Memory, there: &Name, mut produce: impl FnMut() -> u64) {
    let mut holding = options();
    (holding.hold, holding.frame_bytes) = (true, 1);
    let (blocked, lost, reached) = (Arc::new(Mutex::new(())), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (gate, losses, reaches) = (Arc::clone(&blocked), Arc::clone(&lost), Arc::clone(&reached));
    let on_frame = Box::new(move |bytes: &[u8]| {
        drop(gate.lock().unwrap());
        match Frame::decode(bytes).unwrap().body {
            Body::Lost { .. } => _ = losses.fetch_add(1, Ordering::Relaxed),
            Body::Beat { next } => reaches.store(next, Ordering::Relaxed),
            _ => {}
        }
    });
    let _listening = network.listen("k/frames", on_frame).unwrap();
    let out = exporting(network.clone(), there, "k", holding);
    wait_until("it sends", || out.told("sending"));
    let keeps = blocked.lock().unwrap();
    let end = (0..200).map(|_| produce()).last().unwrap();
    drop(keeps);
    wait_until("it is told what it lost", || reached.load(Ordering::Relaxed) == end);
    let before = lost.swap(0, Ordering::Relaxed);
    assert!(before > 0);
    let end = (0..20_000).map(|_| produce()).last().unwrap();
    wait_until("all has come", || reached.load(Ordering::Relaxed) == end);
    assert_eq!(lost.load(Ordering::Relaxed), 0);
}

/// A second source under the key of one that is repeated is told and ignored; of two from the beginning on, none is
/// taken.
#[test]
fn a_second_source_ends_nobody() {
    let (there, other, here, network) = (Name::new("there"), Name::new("other"), Name::new("here"), Memory::new(21));
    let queue = Queue::<u64>::create(&there, 64, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let _out = exporting(network.clone(), &there, "k", ExportOptions::default());
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mirror = QueueReader::<u64>::open_within(&here, Duration::from_secs(60), &Options::new()).unwrap();
    let _second = Queue::<u64>::create(&other, 64, &Options::new()).unwrap();
    let _rival = exporting(network.clone(), &other, "k", ExportOptions::default());
    wait_until("it says so", || into.told("others send is ignored: two bridges send different sources"));
    let mut consumer = mirror.consumer();
    producer.produce(&7);
    assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(7));
    assert!(mirror.is_current().unwrap() && into.end().instances == 1);
    let late = Name::new("late");
    let told = importing(network, "k", &late, ImportOptions::default()).error().to_string();
    assert!(told.contains("give each its own key"), "{told}");
}
