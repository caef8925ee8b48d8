//! Processes that write what `icc` reads.

use bytemuck::{Pod, Zeroable};
use icc_queue::{Mpmc, Options, Queue, QueueReader, QueueSpec};
use icc_schema::{Describe, DescribeOptions as _, Values};
use icc_testing::{Actor, role, wait_until};
use icc_vector::{SeqlockVector, SingleWriter};
use std::path::Path;
use std::time::{Duration, Instant};

/// 56 bytes, seven fields.
pub(crate) type Message = [u64; 7];

pub(crate) fn message(n: u64) -> Message {
    [n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15), 2 * n, 3, n % 10, u64::MAX - n, 7]
}

/// A message that says what it is.
#[derive(Clone, Copy, Pod, Zeroable, Describe)]
#[repr(C)]
pub(crate) struct Quote {
    #[describe(time = "ns")]
    at: i64,
    /// What is offered.
    #[describe(decimals = 2, unit = "USD")]
    bid: i64,
    ask: f64,
    sizes: [u32; 2],
    #[describe(values = Side)]
    side: u8,
    #[describe(text)]
    venue: [u8; 7],
}

#[derive(Values)]
#[repr(u8)]
pub(crate) enum Side {
    Buy = 1,
    Sell = 2,
}

pub(crate) fn quote(n: u64) -> Quote {
    let at = 1_700_000_000_000_000_000 + n as i64;
    let (bid, side) = (10_000 + n as i64, if n.is_multiple_of(2) { Side::Buy } else { Side::Sell } as u8);
    Quote { at, bid, ask: 101.5 + n as f64, sizes: [n as u32, 7], side, venue: *b"X\x1b[2J\0\0" }
}

fn number(name: &str) -> u64 {
    std::env::var(name).map_or(0, |text| text.parse().unwrap())
}

/// What a process does that was started as another of these tests.
pub(crate) fn play() {
    let Some((role, name)) = role() else { return };
    let (capacity, count, rate) = (number("CAPACITY") as usize, number("COUNT"), number("RATE"));
    match role.as_str() {
        "feed" => {
            let queue = Queue::<Message>::create(&name, capacity, &Options::new()).unwrap();
            let mut producer = queue.producer().unwrap();
            produce(count, rate, |n| _ = producer.produce(&message(n)));
        }
        "quotes" => {
            let queue = Queue::<Quote>::create(&name, capacity, &Options::new().describe::<Quote>()).unwrap();
            let mut producer = queue.producer().unwrap();
            produce(count, rate, |n| _ = producer.produce(&quote(n)));
        }
        "seen feed" => {
            let spec = QueueSpec::new(capacity).seen();
            let queue = Queue::<Message>::create(&name, spec, &Options::new()).unwrap();
            let mut producer = queue.producer().unwrap();
            produce(count, rate, |n| _ = producer.produce(&message(n)));
        }
        // Reads nothing: it is as far behind as there are messages.
        "reader" => {
            let queue = QueueReader::<Message>::open(&name, &Options::new()).unwrap();
            let _seen = queue.consumer_from_oldest().seen_as("risk").unwrap();
            produce(0, 0, |_| {});
        }
        "feed of many" => {
            let (queue, _) = Queue::<Message, Mpmc>::open_or_create(&name, capacity, &Options::new()).unwrap();
            let mut producer = queue.producer().unwrap();
            produce(count, rate, |n| _ = producer.produce(&message(n)));
        }
        "table" => {
            let vector = SeqlockVector::<[f64; 2], SingleWriter>::create(&name, capacity, &Options::new()).unwrap();
            let mut writer = vector.writer().unwrap();
            produce(count, rate, |n| writer.write(n as usize % capacity, &[n as f64, 0.5]).map(drop).unwrap());
        }
        "traced feed" | "traced model" => crate::hops::play(&role, &name),
        unknown => panic!("no role {unknown}"),
    }
}

/// `count` at once, then without end so many a second, evenly; or, if those are none, nothing more.
/// Its caller's locks live as long as the process.
fn produce(count: u64, rate: u64, mut one: impl FnMut(u64)) -> ! {
    (0..count).for_each(&mut one);
    if rate == 0 {
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let start = Instant::now();
    for n in count.. {
        let due = Duration::from_nanos((n - count) * 1_000_000_000 / rate);
        if let Some(early) = due.checked_sub(start.elapsed()) {
            std::thread::sleep(early);
        }
        one(n);
    }
    unreachable!("there are more numbers than seconds")
}

/// Starts a process in this role, and waits until its buffer is there.
pub(crate) fn start(role: &str, path: &Path, settings: &[(&str, u64)]) -> Actor {
    let settings: Vec<_> = settings.iter().map(|(name, number)| (*name, number.to_string())).collect();
    let settings: Vec<_> = settings.iter().map(|(name, number)| (*name, number.as_str())).collect();
    let actor = Actor::start(role, path, &settings);
    wait_until("the buffer of another process", || path.exists());
    actor
}

/// A process that has produced so many messages, and keeps its queue.
pub(crate) fn with_messages(path: &Path, capacity: u64, count: u64) -> Actor {
    let actor = start("feed", path, &[("CAPACITY", capacity), ("COUNT", count)]);
    wait_for(path, count);
    actor
}

/// Waits until so many messages are there.
pub(crate) fn wait_for(path: &Path, count: u64) {
    let queue = icc_queue::untyped::QueueReader::open(path, &Options::new()).unwrap();
    wait_until("the messages of another process", || queue.produced() == count);
}
