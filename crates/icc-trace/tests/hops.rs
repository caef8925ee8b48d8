//! Hops of several processes: what is recorded, and that nothing of it disturbs what they are for.

#![cfg(target_os = "linux")]

use icc_queue::{Consumer, Mpmc, Options, Producer, Queue, QueueReader, TryConsumeError};
use icc_testing::{Actor, Name, Random, role, until};
use icc_trace::{Clock, Hop, Off, On, Reader, Stamped, Timing, Trace, TraceError, TraceSpec, remove};
use std::collections::HashMap;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

type Quote = [u64; 7];

/// Messages of a test with several processes.
const COUNT: u64 = 2_000;
/// The delay that a test puts into one hop, in nanoseconds.
const DELAY: u64 = 2_000;
/// How far the clocks of two cores may be apart, in nanoseconds.
const APART: u64 = 50;

/// A directory with a system and two queues in it.
struct System(Name);

impl System {
    fn new(test: &str) -> Self {
        let system = Self(Name::directory(test));
        for queue in ["quotes", "orders"] {
            Queue::<Stamped<Quote>>::create(system.path(queue), 4_096, &Options::new()).unwrap();
        }
        system
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn hop(&self, name: &str) -> Hop {
        hop(self.0.path(), name)
    }

    fn reader(&self) -> Reader {
        Reader::open(self.path("desk"), &Options::new()).unwrap()
    }
}

fn spec() -> TraceSpec {
    TraceSpec::new().capacity(16_384)
}

fn hop(directory: &Path, name: &str) -> Hop {
    Trace::open_or_create(directory.join("desk"), &spec()).unwrap().hop(name).unwrap()
}

fn producer(directory: &Path, name: &str) -> Producer<Stamped<Quote>> {
    Queue::open(directory.join(name), &Options::new()).unwrap().producer().unwrap()
}

fn consumer(directory: &Path, name: &str) -> Consumer<Stamped<Quote>> {
    QueueReader::open(directory.join(name), &Options::new()).unwrap().consumer_from_oldest()
}

fn next(consumer: &mut Consumer<Stamped<Quote>>) -> Stamped<Quote> {
    until("a message", || match consumer.try_consume() {
        Ok(message) => Some(message),
        Err(TryConsumeError::Empty) => None,
        Err(error) => panic!("{error}"),
    })
}

#[test]
fn actor() {
    let Some((role, directory)) = role() else { return };
    let delay = if role == "slow model" { DELAY } else { 0 };
    match role.as_str() {
        "model" | "slow model" => {
            let (mut hop, mut quotes) = (hop(&directory, "model"), consumer(&directory, "quotes"));
            let mut orders = producer(&directory, "orders");
            for _ in 0..COUNT {
                let quote = next(&mut quotes);
                let arrival = hop.arrive(&quote);
                let mut order = quote.payload;
                order[1..3].fill(hop.clock().now());
                while order[2] - order[1] < delay {
                    order[2] = hop.clock().now();
                }
                hop.pass(arrival, order, |message| orders.produce(message));
            }
        }
        "gateway" => {
            let (mut hop, mut orders) = (hop(&directory, "gateway"), consumer(&directory, "orders"));
            for n in 0..COUNT {
                let order = next(&mut orders);
                let arrival = hop.arrive(&order);
                assert_eq!([order.payload[0], order.payload[6]], [n; 2]);
                hop.end(arrival);
            }
        }
        // Registers, records, and begins anew, until it is killed.
        "for ever" => loop {
            let trace = Trace::<On>::open_or_create(directory.join("small"), &TraceSpec::new()).unwrap();
            let mut hop = trace.hop("victim").unwrap();
            let mut quotes = producer(&directory, "orders");
            for n in 0..20 {
                let cause = hop.enter();
                hop.pass(cause, [n; 7], |message| quotes.produce(message));
            }
        },
        "clock" => {
            let (clock, mut asked) =
                (Clock::shared_at(directory.join("clock")).unwrap(), consumer(&directory, "quotes"));
            let mut answers = producer(&directory, "orders");
            loop {
                let question = next(&mut asked);
                answers.produce(&Stamped::unstamped([clock.now(), question.payload[0], 0, 0, 0, 0, 0]));
            }
        }
        unknown => panic!("no role {unknown}"),
    }
}

/// Runs a feed here, and a model and a gateway in processes of their own. Of each cause, the timings of the three.
fn run(system: &System, model: &str) -> HashMap<u64, [Timing; 3]> {
    let mut feed = system.hop("feed");
    let mut reader = system.reader();
    let mut actors = [model, "gateway"].map(|role| Actor::start(role, system.0.path(), &[]));
    let mut quotes = producer(system.0.path(), "quotes");
    let mut timings: HashMap<u64, Vec<Timing>> = HashMap::new();
    let mut count = 0;
    for n in 0..COUNT {
        let cause = feed.enter();
        feed.pass(cause, [n; 7], |message| quotes.produce(message));
        // No two causes at one time, however coarse the clock is.
        std::thread::sleep(Duration::from_micros(20));
    }
    until("all timings", || {
        reader.read(|timing| {
            count += 1;
            timings.entry(timing.origin()).or_default().push(timing);
        });
        (count == 3 * COUNT).then_some(())
    });
    actors.iter_mut().for_each(Actor::succeeds);
    assert_eq!((reader.lost(), reader.unreadable()), (0, 0));
    let ids = ["feed", "model", "gateway"].map(|name| reader.names().iter().position(|found| found == name));
    let ordered = |of_one: Vec<Timing>| {
        let mut of_one: [Timing; 3] = of_one.try_into().expect("one of each hop");
        of_one.sort_by_key(|timing| ids.iter().position(|id| *id == Some(timing.hop())));
        assert_eq!(of_one.map(|timing| Some(timing.hop())), ids);
        assert_eq!(of_one.map(|timing| timing.from()), [None, ids[0], ids[1]]);
        of_one
    };
    timings.into_iter().map(|(origin, of_one)| (origin, ordered(of_one))).collect()
}

/// Each cause has a timing of each hop, and they add up to the whole path exactly.
#[test]
fn hops_of_three_processes_add_up() {
    let system = System::new("add-up");
    let timings = run(&system, "model");
    assert_eq!(timings.len() as u64, COUNT);
    for of_one in timings.into_values() {
        let [feed, model, gateway] = of_one;
        let sum: Duration = of_one.iter().map(|timing| timing.waited() + timing.worked()).sum();
        // Nothing waits for less than nothing, as it seems to where the clocks of two cores are apart.
        let early = [(feed, model), (model, gateway)].map(|(from, to)| from.left().saturating_sub(to.arrived()));
        assert!(early.iter().all(|&ns| ns <= APART), "{of_one:?}");
        assert_eq!(sum, gateway.since_origin() + Duration::from_nanos(early.iter().sum()), "{of_one:?}");
        assert!(of_one.iter().all(|timing| timing.every() == 1));
    }
}

/// Two microseconds more in the model are in the model's work, and in nothing else: by when they were, so that it does
/// not matter how fast the machine is.
#[test]
fn a_delay_is_found_in_its_hop() {
    let system = System::new("delay");
    let mut orders = consumer(system.0.path(), "orders");
    let timings = run(&system, "slow model");
    for _ in 0..COUNT {
        let order = next(&mut orders);
        let (begin, end) = (order.payload[1], order.payload[2]);
        let [feed, model, gateway] = timings[&order.origin().unwrap()];
        assert!(model.arrived() <= begin && end <= model.left(), "{begin} to {end}, {model:?}");
        assert!(model.worked() >= Duration::from_nanos(DELAY), "{model:?}");
        assert!(
            feed.left() <= begin + APART && end <= gateway.arrived() + APART,
            "{feed:?}, {begin} to {end}, {gateway:?}"
        );
        assert!(gateway.waited().as_nanos() <= u128::from(gateway.arrived().saturating_sub(end)), "{gateway:?}");
    }
}

/// One cause in four is traced, on its whole way; the others carry no stamps.
#[test]
fn sampling() {
    let system = System::new("sampling");
    let (mut feed, mut model) = (system.hop("feed").sampling(4), system.hop("model"));
    let mut reader = system.reader();
    let (mut quotes, mut received) = (producer(system.0.path(), "quotes"), consumer(system.0.path(), "quotes"));
    for n in 0..10 {
        let cause = feed.enter();
        feed.pass(cause, [n; 7], |message| quotes.produce(message));
        let quote = next(&mut received);
        assert_eq!((quote.origin().is_some(), quote.published().is_some()), (n % 4 == 0, n % 4 == 0), "{n}");
        let arrival = model.arrive(&quote);
        model.end(arrival);
    }
    let mut timings = Vec::new();
    reader.read(|timing| timings.push((timing.hop(), timing.every())));
    assert_eq!(timings, [(0, 4), (1, 4)].repeat(3));
}

/// A cause that has waited before it entered, as by a network card's stamp.
#[test]
fn causes_from_before() {
    let system = System::new("before");
    let mut feed = system.hop("feed");
    let mut reader = system.reader();
    let at = feed.clock().now() - 5_000;
    let cause = feed.enter_at(at);
    feed.end(cause);
    let untraced = feed.enter_at(0);
    feed.end(untraced);
    let mut timings = Vec::new();
    reader.read(|timing| timings.push(timing));
    assert_eq!(timings.len(), 1);
    assert!(timings[0].origin() == at && timings[0].waited() >= Duration::from_micros(5), "{timings:?}");
}

/// `Off` makes no file, and its messages are payloads.
#[test]
fn off() {
    let directory = Name::directory("off");
    let trace = Trace::<Off>::open_or_create(directory.path().join("desk"), &TraceSpec::new()).unwrap();
    let mut hop = trace.hop("feed").unwrap().sampling(3);
    assert_eq!((size_of_val(&hop), size_of::<Stamped<Quote, Off>>()), (0, size_of::<Quote>()));
    let arrival = hop.enter();
    assert_eq!(hop.pass(arrival, [7; 7], |message| message.payload), [7; 7]);
    assert_eq!((hop.dropped(), std::fs::read_dir(directory.path()).unwrap().count()), (0, 0));
}

/// A hop that is made again has its old id; removing leaves nothing.
#[test]
fn names_and_files() {
    let directory = Name::directory("names");
    let desk = directory.path().join("desk");
    let missing = Reader::open(&desk, &Options::new()).unwrap_err();
    assert!(missing.is_missing(), "{missing}");
    let trace = Trace::<On>::open_or_create(&desk, &TraceSpec::new()).unwrap();
    for name in ["feed", "model", "feed"] {
        trace.hop(name).unwrap();
    }
    let mut reader = Reader::open(&desk, &Options::new()).unwrap();
    assert_eq!(reader.names(), ["feed", "model"]);
    assert!(matches!(trace.hop(""), Err(TraceError::BadName { .. })));
    // Of another size: as it is.
    Trace::<On>::open_or_create(&desk, &TraceSpec::new().capacity(64)).unwrap();
    assert!(reader.is_current().unwrap());
    remove(&desk).unwrap();
    assert!(!reader.is_current().unwrap());
    remove(&desk).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    // Something else of that name.
    Queue::<u64>::create(desk.with_extension("hops"), 8, &Options::new()).unwrap();
    assert!(matches!(Trace::<On>::open_or_create(&desk, &TraceSpec::new()), Err(TraceError::Ring(_))));
}

/// A message comes before what is recorded of it, so that recording delays nobody.
#[test]
fn messages_come_before_their_timings() {
    let system = System::new("before-timings");
    let (mut feed, mut reader) = (system.hop("feed"), system.reader());
    let mut count = 0;
    let cause = feed.enter();
    feed.pass(cause, [7; 7], |_| reader.read(|_| count += 1));
    assert_eq!(count, 0);
    reader.read(|_| count += 1);
    assert_eq!(count, 1);
}

/// A ring that nobody reads, of two timings: each message comes, in order, and the last timings are there.
#[test]
fn nobody_reads() {
    let system = System::new("unread");
    let trace = Trace::<On>::open_or_create(system.path("small"), &TraceSpec::new().capacity(2)).unwrap();
    let mut feed = trace.hop("feed").unwrap();
    let mut reader = Reader::open(system.path("small"), &Options::new()).unwrap();
    product(&system, &mut feed, 10_000);
    let mut count = 0;
    reader.read(|_| count += 1);
    assert_eq!((count, reader.lost(), feed.dropped()), (2, 9_998, 0));
}

/// The system's own messages, through a hop: all come, whole and in order.
fn product(system: &System, feed: &mut Hop, count: u64) {
    let mut quotes = producer(system.0.path(), "quotes");
    let mut received = quotes.queue().consumer();
    for n in 0..count {
        let cause = feed.enter();
        feed.pass(cause, [n; 7], |message| quotes.produce(message));
        assert_eq!(next(&mut received).payload, [n; 7]);
    }
}

/// Garbage all over the ring and the names, while hops record and somebody reads: the messages come, the reader ends, and
/// what it yields can be.
#[test]
fn garbage_in_the_ring() {
    let system = System::new("garbage");
    let mut feed = system.hop("feed");
    let mut reader = system.reader();
    let files = ["desk.hops", "desk.hop-names"]
        .map(|name| std::fs::File::options().write(true).open(system.path(name)).unwrap());
    // Dropped when the test ends, also if it fails.
    let (end, ended) = std::sync::mpsc::channel::<()>();
    std::thread::scope(move |scope| {
        scope.spawn(move || {
            let mut random = Random(7);
            while ended.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                for file in &files {
                    let words = file.metadata().unwrap().len() / 8;
                    for _ in 0..words / 4 {
                        let at = random.next() % words * 8;
                        let word = match random.next() % 4 {
                            0 => random.next(),
                            1 => u64::MAX - random.next() % 20,
                            2 => random.next() % 20,
                            _ => 1 << (random.next() % 64),
                        };
                        file.write_all_at(&word.to_ne_bytes(), at).unwrap();
                    }
                }
            }
        });
        let start = Instant::now();
        let mut rounds = 0;
        while rounds < 20 || start.elapsed() < Duration::from_secs(1) {
            product(&system, &mut feed, 100);
            reader.read(|timing| {
                assert!(timing.since_origin() < Duration::from_secs(100_000));
            });
            assert!(reader.names().len() <= 255);
            rounds += 1;
        }
        drop(end);
    });
}

/// Whatever is in the ring, the reader yields only what can be, and counts the rest.
#[test]
fn timings_that_cannot_be() {
    let system = System::new("cannot-be");
    let (_feed, mut reader) = (system.hop("feed"), system.reader());
    let mut ring = Queue::<Timing, Mpmc>::open(system.path("desk.hops"), &Options::new()).unwrap().producer().unwrap();
    // Waited for nothing, stands for so many, this hop, from nobody.
    let last = |every: u64, hop: u64| every << 32 | hop << 48 | 255 << 56;
    const DAY: u64 = 24 * 3_600 * 1_000_000_000;
    let good = [[5_000, 6_000, 7_000, last(1, 0)], [5_000, 5_000, 5_000, last(9, 254)]];
    let bad = [
        [0, 6_000, 7_000, last(1, 0)],
        [5_000, 6_000, 7_000, last(0, 0)],
        [5_000, 6_000, 7_000, last(1, 255)],
        [5_000, 3_000, 7_000, last(1, 0)],
        [5_000, 6_000, 4_000, last(1, 0)],
        [5_000, 6_000, 5_000 + DAY, last(1, 0)],
        [u64::MAX; 4],
    ];
    for timing in good.iter().chain(&bad).chain(&good) {
        ring.produce(&bytemuck::cast(*timing));
    }
    let mut found = Vec::new();
    reader.read(|timing| found.push((timing.origin(), timing.left())));
    assert_eq!(found, [(5_000, 7_000), (5_000, 5_000)].repeat(2));
    assert_eq!(reader.unreadable(), bad.len() as u64);
}

/// Hops whose process is killed at any moment, in a ring of four timings: the others' messages come, and their timings again
/// after a while.
#[test]
fn a_hop_that_is_killed_harms_nobody() {
    let system = System::new("killed");
    let trace = Trace::<On>::open_or_create(system.path("small"), &TraceSpec::new().capacity(4)).unwrap();
    let mut feed = trace.hop("feed").unwrap();
    let mut reader = Reader::open(system.path("small"), &Options::new()).unwrap();
    let mut random = Random(5);
    for _ in 0..20 {
        let mut victim = Actor::start("for ever", system.0.path(), &[]);
        let names = |reader: &mut Reader| reader.names().to_vec();
        until("its timings", || {
            let (names, mut found) = (names(&mut reader), false);
            reader.read(|timing| found |= names.get(timing.hop()).is_some_and(|name| name == "victim"));
            found.then_some(())
        });
        std::thread::sleep(Duration::from_micros(random.below(2_000)));
        victim.kill();
        // Many rings without one that is dropped: the place of a dead hop was taken over, if it held one.
        until("the place of a dead hop is taken over", || {
            let dropped = feed.dropped();
            product(&system, &mut feed, 100);
            (feed.dropped() == dropped).then_some(())
        });
        // All that is there, in as many turns as it takes. Then what comes anew, without a loss.
        let read = |reader: &mut Reader| {
            let mut count = 0;
            reader.read(|_| count += 1);
            count
        };
        while read(&mut reader) > 0 {}
        let lost = reader.lost();
        product(&system, &mut feed, 4);
        assert_eq!((read(&mut reader), reader.lost()), (4, lost));
        // Its name is there once, or not yet.
        assert!(names(&mut reader).iter().filter(|name| *name == "victim").count() <= 1);
    }
}

/// A place in the ring that is taken and not written: nobody waits there. Nobody alive holds it, so after some records that are
/// dropped it is passed.
#[test]
fn a_place_that_is_not_written_delays_nobody() {
    let system = System::new("unwritten");
    let trace = Trace::<On>::open_or_create(system.path("small"), &TraceSpec::new().capacity(2)).unwrap();
    let mut feed = trace.hop("feed").unwrap();
    let ring = Queue::<Timing, Mpmc>::open(system.path("small.hops"), &Options::new()).unwrap();
    let file = std::fs::File::options().write(true).read(true).open(system.path("small.hops")).unwrap();
    let head = head_of(&file, &ring, &mut feed);
    file.write_all_at(&(ring.produced() + 1).to_ne_bytes(), head).unwrap();
    product(&system, &mut feed, 1_000);
    let dropped = feed.dropped();
    // Whether the one that holds a place lives is asked at each 16th try, and 16 records are dropped between two tries.
    assert!((200..400).contains(&dropped), "{dropped}");
    product(&system, &mut feed, 1_000);
    assert_eq!(feed.dropped(), dropped);
}

/// Where the ring's head is in its file: the word that counts what is produced.
fn head_of(file: &std::fs::File, ring: &Queue<Timing, Mpmc>, feed: &mut Hop) -> u64 {
    let word = |at| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    };
    let mut places: Vec<u64> = (256..file.metadata().unwrap().len()).step_by(8).collect();
    for _ in 0..4 {
        let cause = feed.enter();
        feed.end(cause);
        places.retain(|&at| word(at) == ring.produced());
    }
    assert_eq!(places.len(), 1, "{places:?}");
    places[0]
}

/// What another process stamps lies between two stamps of this one that enclose it, to 50 ns.
#[test]
fn two_processes_agree_on_the_clock() {
    let system = System::new("clock");
    let clock = Clock::shared_at(system.path("clock")).unwrap();
    assert_eq!(Clock::shared_at(system.path("clock")), Ok(clock), "read as it was written");
    let _other = Actor::start("clock", system.0.path(), &[]);
    let (mut asked, mut answers) = (producer(system.0.path(), "quotes"), consumer(system.0.path(), "orders"));
    for n in 0..5_000 {
        let before = clock.now();
        asked.produce(&Stamped::unstamped([n; 7]));
        let [theirs, number, ..] = next(&mut answers).payload;
        let after = clock.now();
        assert_eq!(number, n);
        assert!(before <= theirs + APART && theirs <= after + APART, "{before}, {theirs}, {after}");
    }
}

/// A calibration that cannot be this machine's is refused, and says what to do.
#[test]
fn a_clock_that_cannot_be() {
    let system = System::new("bad-clock");
    let path = system.path("clock");
    let clock = Clock::shared_at(&path).unwrap();
    if clock.source() == icc_trace::Source::Monotonic {
        return; // nothing is read from the file
    }
    let file = std::fs::File::options().write(true).read(true).open(&path).unwrap();
    let len = file.metadata().unwrap().len() as usize;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0).unwrap();
    // The offset: the word behind the scale. A second later.
    let scale = (clock.ns_per_tick() * (1_u64 << 48) as f64) as u64;
    let words: Vec<_> = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect();
    let offset = words.iter().rposition(|&word| word == scale).unwrap() + 1;
    file.write_all_at(&words[offset].wrapping_add(1_000_000_000).to_ne_bytes(), offset as u64 * 8).unwrap();
    let error = Clock::shared_at(&path).unwrap_err().to_string();
    assert!(error.contains("remove the file") && error.contains("CLOCK_MONOTONIC"), "{error}");
}
