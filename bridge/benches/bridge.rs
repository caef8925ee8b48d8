//! What a bridge costs: `cargo xtask bridge --bench`.
//!
//! Latency over the loopback interface, each kind of message in turn, so that all meet the same machine:
//! from before `put` of a bare zenoh publisher until its subscriber's callback has stored what came; and from
//! before `produce` into a queue, over two bridges, to a consumer of the mirror. Then what a frame and a message cost the bridges'
//! own threads, without a network, which `docs/between-machines.md` counts with; and what a bridge costs
//! the producer of its source.

use core_affinity::CoreId;
use icc_bridge::memory::Memory;
use icc_bridge::network::{Network, Zenoh};
use icc_bridge::wire::{Congestion, Wire};
use icc_bridge::{ExportOptions, ImportOptions, Stop, export, import};
use icc_queue::{BusySpin, Options, Queue, QueueReader, QueueSpec};
use std::hint::spin_loop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const BYTES: usize = 56;
type Message = [u64; BYTES / 8];

struct Name(PathBuf);

impl Name {
    fn new(what: &str) -> Self {
        Self(format!("/dev/shm/icc-bridge-bench-{}-{what}", std::process::id()).into())
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = icc_queue::remove(&self.0);
    }
}

fn percentile(sorted: &[u64], thousandths: usize) -> f64 {
    sorted[(sorted.len() - 1) * thousandths / 1000] as f64 / 1000.0
}

fn row(name: &str, mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    let [p50, p90, p99] = [500, 900, 990].map(|at| percentile(&times, at));
    println!("{name:<44} {p50:>9.1} {p90:>9.1} {p99:>9.1}");
    p50
}

/// One message in flight at a time; after each, a pause, so that each finds all threads as idle ones are. The
/// same thread sends and looks for what arrives, so that both ways have as many threads on these cores.
fn latency(spin: bool) {
    const ROUNDS: usize = 4_000;
    const PAUSE: Duration = Duration::from_micros(300);
    let (there, here, stop) = (Name::new("there"), Name::new("here"), Stop::new());
    let spec = if spin { QueueSpec::new(1024) } else { QueueSpec::new(1024).wakeable() };
    let queue = Queue::<Message>::create(&there.0, spec, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let one = Zenoh::open(&Network::default()).unwrap();
    let mut towards = Network::default();
    towards.connect = one.addresses();
    let other = Zenoh::open(&towards).unwrap();

    let arrived = Arc::new(AtomicU64::new(0));
    let arriving = Arc::clone(&arrived);
    let on_frame =
        move |frame: &[u8]| arriving.store(u64::from_le_bytes(*frame.first_chunk().unwrap()), Ordering::Release);
    let _listening = other.listen("bench/bare", Box::new(on_frame)).unwrap();
    let mut sender = one.sender("bench/bare", Congestion::Drop).unwrap();
    thread::scope(|scope| {
        let (one, other, stopping) = (&one, &other, &stop);
        let mut options = ExportOptions::default();
        options.spin = spin;
        let (from, to) = (&there.0, &here.0);
        scope.spawn(move || export(one, from, "bench/queue", &options, stopping, &mut |_| {}));
        scope.spawn(move || import(other, "bench/queue", to, &ImportOptions::default(), stopping, &mut |_| {}));
        let mirror = QueueReader::<Message>::open_within(&here.0, Duration::from_secs(20), &Options::new()).unwrap();
        let mut consumer = mirror.consumer();
        let (mut bare_times, mut bridge_times) = (Vec::new(), Vec::new());
        for round in 1..=2 * ROUNDS as u64 {
            thread::sleep(PAUSE);
            let began = Instant::now();
            let mut message = vec![0; BYTES];
            message[..8].copy_from_slice(&round.to_le_bytes());
            sender.send(message).unwrap();
            while arrived.load(Ordering::Acquire) != round {
                spin_loop();
            }
            let bare = began.elapsed();
            thread::sleep(PAUSE);
            let began = Instant::now();
            producer.produce(&[round; 7]);
            assert_eq!(consumer.consume(&mut BusySpin), Ok([round; 7]));
            let bridged = began.elapsed();
            // The first half warms up.
            if round > ROUNDS as u64 {
                bare_times.push(bare.as_nanos() as u64);
                bridge_times.push(bridged.as_nanos() as u64);
            }
        }
        stop.set();
        let how = if spin { "the bridge polls" } else { "the bridge sleeps" };
        let bare = row(&format!("bare put, {how}"), bare_times);
        let bridge = row(&format!("queue, two bridges, queue, {how}"), bridge_times);
        println!("{:<44} {:>+9.1}", "the bridges add", bridge - bare);
    });
}

/// What is left when the network costs nothing but a copy: both bridges run in one thread here.
fn own_cost() {
    const COUNT: u64 = 1 << 18;
    println!("\nboth bridges, without a network: {BYTES} bytes a message");
    for frame_messages in [1, 8, 64, 512] {
        let (there, here) = (Name::new("own-there"), Name::new("own-here"));
        let queue = Queue::<Message>::create(&there.0, 1 << 19, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        let network = Memory::new(1);
        let mut options = ExportOptions::default();
        options.frame_bytes = frame_messages * BYTES;
        let mut run = |count: u64, mirror: Option<&QueueReader<Message>>| {
            (0..count).for_each(|n| _ = producer.produce(&[n; 7]));
            let (wire, stop, all) = (&network, Stop::new(), queue.produced());
            thread::scope(|scope| {
                let (from, to, options, stopping) = (&there.0, &here.0, &options, &stop);
                scope.spawn(move || import(wire, "k", to, &ImportOptions::default(), stopping, &mut |_| {}));
                scope.spawn(move || export(wire, from, "k", options, stopping, &mut |_| {}));
                let made = mirror.is_none().then(|| open(to));
                let mirror = mirror.or(made.as_ref()).unwrap();
                let before = all - count;
                while mirror.produced() == before {
                    spin_loop();
                }
                let (began, first) = (Instant::now(), mirror.produced());
                while mirror.produced() < all {
                    thread::sleep(Duration::from_micros(100));
                }
                stop.set();
                began.elapsed().as_nanos() as f64 / (all - first).max(1) as f64
            })
        };
        // The first time makes the mirror, which takes longer than all else.
        run(1, None);
        let mirror = open(&here.0);
        let mut times = [0; 5].map(|_| run(COUNT, Some(&mirror)));
        times.sort_by(f64::total_cmp);
        let (each, frame) = (times[2], times[2] * frame_messages as f64);
        println!("{frame_messages:>5} messages a frame: {each:>6.1} ns a message, {frame:>7.0} ns a frame");
    }
}

fn open(name: &Path) -> QueueReader<Message> {
    QueueReader::open_within(name, Duration::from_secs(20), &Options::new()).unwrap()
}

/// A producer with a bridge, and one without, in turns: on one core, where only instructions count, and on two,
/// where whoever reads takes cache lines from the producer.
fn produce_cost() {
    println!("\nproduce, with a bridge against without, {PAIRS} pairs");
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if let [one, other, ..] = cores[..] {
        println!("one core: median {:.3}", pairs(one, one));
        println!("two cores: median {:.3}", pairs(one, other));
    }
}

const PAIRS: usize = 25;

fn pairs(own: CoreId, bridges: CoreId) -> f64 {
    let (with, without, stop) = (Name::new("with"), Name::new("without"), Stop::new());
    let queues = [&with, &without].map(|name| Queue::<Message>::create(&name.0, 1024, &Options::new()).unwrap());
    let mut producers = queues.each_ref().map(|queue| queue.producer().unwrap());
    let network = Memory::new(1);
    thread::scope(|scope| {
        let (stopping, wire, from) = (&stop, &network, &with.0);
        scope.spawn(move || {
            assert!(core_affinity::set_for_current(bridges));
            let totals = export(wire, from, "k", &ExportOptions::default(), stopping, &mut |_| {}).unwrap();
            assert!(totals.messages + totals.lost > 100_000, "the bridge had nothing to do: {totals}");
        });
        assert!(core_affinity::set_for_current(own));
        thread::sleep(Duration::from_millis(900));
        // Paced as a feed is; the clock sees the producing alone.
        let mut burst = |which: usize| {
            let mut took = Duration::ZERO;
            for _ in 0..200 {
                let began = Instant::now();
                (0..100).for_each(|n| _ = producers[which].produce(&[n; 7]));
                took += began.elapsed();
                thread::sleep(Duration::from_micros(50));
            }
            took.as_nanos() as f64
        };
        let mut ratios: Vec<_> = (0..PAIRS)
            .map(|pair| {
                let (first, second) = (burst(pair % 2), burst(1 - pair % 2));
                if pair % 2 == 0 { first / second } else { second / first }
            })
            .collect();
        stop.set();
        ratios.sort_by(f64::total_cmp);
        ratios[PAIRS / 2]
    })
}

fn main() {
    println!("{:<44} {:>9} {:>9} {:>9}", "microseconds", "p50", "p90", "p99");
    latency(true);
    latency(false);
    own_cost();
    produce_cost();
}
