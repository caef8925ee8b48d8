//! Whatever comes from the network: it is refused, or harmless.
//!
//! `ICC_BRIDGE_FRAMES` says how many frames each test makes.

mod common;

use common::{Name, exporting, importing, wait_until};
use icc_bridge::frame::{Body, Frame};
use icc_bridge::memory::Memory;
use icc_bridge::wire::{Congestion, Wire as _};
use icc_bridge::{About, Event, ExportOptions, ImportOptions, Stop, export, import};
use icc_queue::bytes::{BytesQueue, BytesQueueReader};
use icc_queue::{Options, Queue, QueueReader, QueueSpec, SpinThenYield, Spmc, TryConsumeError};
use icc_vector::{SeqlockVector, VectorReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn frames_asked() -> u64 {
    std::env::var("ICC_BRIDGE_FRAMES").map_or(100_000, |text| text.parse().unwrap())
}

/// What a bridge says of a source of this name.
fn about(name: &Name) -> Vec<u8> {
    let (network, stop) = (Memory::new(1), Stop::new());
    std::thread::scope(|scope| {
        let (wire, stopping) = (&network, &stop);
        scope.spawn(move || export(wire, name.as_ref(), "k", &ExportOptions::default(), stopping, &mut |_| {}));
        let mut told = Vec::new();
        wait_until("it answers", || {
            told = wire.ask("k/about", &[], Duration::from_secs(1)).unwrap();
            !told.is_empty()
        });
        stop.set();
        told.remove(0)
    })
}

/// A frame that could be right, or nearly.
fn frame(random: &mut fastrand::Rng, instance: u64, next: u64) -> Vec<u8> {
    let near = next.wrapping_add(random.u64(0..8)).wrapping_sub(random.u64(0..8));
    let first = if random.u8(..) < 4 { random.u64(..) } else { near };
    let count = random.u64(0..4);
    let bytes: Vec<u8> = (0..count * random.u64(0..40)).map(|_| random.u8(0..9)).collect();
    let bytes = bytes.as_slice();
    let body = match random.u8(0..9) {
        0 | 1 => Body::Messages { first, count, bytes },
        2 | 3 => Body::Bytes { first, count, number: random.u64(0..100), bytes },
        4 => Body::Lost { first, next: near },
        5 => Body::Beat { next: near },
        // Seldom: nothing more comes of that instance.
        6 if random.u16(..) < 50 => Body::Ended { next: near },
        _ => Body::Values { serial: first, count, bytes },
    };
    let instance = if random.u16(..) < 500 { random.u64(..) } else { instance };
    let mut encoded = Frame { instance, body }.encode();
    for _ in 0..random.usize(0..3) {
        let at = random.usize(0..encoded.len());
        encoded[at] = random.u8(..);
    }
    encoded.truncate(if random.u8(..) < 20 { random.usize(..=encoded.len()) } else { encoded.len() });
    encoded
}

/// Sends frames to a bridge that was told of the source, while `look` looks at what it makes of them.
fn attack(there: &Name, here: &Name, instance: u64, seed: u64, mut look: impl FnMut() -> u64) {
    let network = Memory::new(seed);
    let told = about(there);
    let told = Arc::new(Mutex::new(told));
    let answer = Arc::clone(&told);
    let _about = network.answer("k/about", Box::new(move |_| vec![answer.lock().unwrap().clone()])).unwrap();
    let mut sender = network.sender("k/frames", Congestion::Drop).unwrap();
    let into = importing(network.clone(), "k", here, ImportOptions::default());
    wait_until("there is a mirror", || {
        sender.send(Frame { instance, body: Body::Beat { next: 0 } }.encode()).unwrap();
        into.told("repeating")
    });
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..frames_asked() {
        let next = look();
        sender.send(frame(&mut random, instance, next)).unwrap();
    }
    let received = into.end();
    println!("seed {seed}: {received}");
    assert!(received.refused > 0 && received.frames > 0);
}

#[test]
fn a_queue() {
    let (there, here) = (Name::new("there"), Name::new("here"));
    let queue = Queue::<[u8; 8]>::create(&there, 64, &Options::new()).unwrap();
    let mut consumer = None;
    attack(&there, &here, queue.instance(), 7, || {
        let consumer =
            consumer.get_or_insert_with(|| QueueReader::<[u8; 8]>::open(&here, &Options::new()).unwrap().consumer());
        let before = consumer.next_sequence();
        match consumer.try_consume() {
            Ok(_) => assert_eq!(consumer.next_sequence(), before.wrapping_add(1)),
            Err(TryConsumeError::SpedPast(lost)) => {
                assert_eq!((lost.first, lost.next), (before, consumer.next_sequence()))
            }
            Err(TryConsumeError::Empty) => {}
        }
        consumer.queue().produced()
    });
}

/// A frame from nobody leads the mirror far ahead: it is made anew, and what the source sends comes again.
#[test]
fn led_astray() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(11));
    let queue = Queue::<u64>::create(&there, 64, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut often = ExportOptions::default();
    often.heartbeat = Duration::from_millis(10);
    let _out = exporting(network.clone(), &there, "k", often);
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let open = || QueueReader::<u64>::open_within(&here, Duration::from_secs(60), &Options::new()).unwrap();
    let mirror = open();
    let mut sender = network.sender("k/frames", Congestion::Drop).unwrap();
    sender.send(Frame { instance: queue.instance(), body: Body::Beat { next: 1 << 50 } }.encode()).unwrap();
    wait_until("it is made anew", || into.told("making it anew") && !mirror.is_current().unwrap());
    let mut consumer = open().consumer();
    producer.produce(&7);
    assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(7));
}

#[test]
fn messages_of_any_length() {
    let (there, here) = (Name::new("there"), Name::new("here"));
    let queue = BytesQueue::<Spmc>::create(&there, QueueSpec::new(64).slot_size(64), &Options::new()).unwrap();
    let (mut consumer, mut message) = (None, Vec::new());
    attack(&there, &here, queue.instance(), 8, || {
        let consumer =
            consumer.get_or_insert_with(|| BytesQueueReader::open(&here, &Options::new()).unwrap().consumer());
        let _ = consumer.try_consume_into(&mut message);
        assert!(message.len() <= consumer.queue().longest_message());
        consumer.queue().produced()
    });
}

#[test]
fn a_vector() {
    let (there, here) = (Name::new("there"), Name::new("here"));
    let vector = SeqlockVector::<[u8; 8]>::create(&there, 8, &Options::new()).unwrap();
    let mut reader = None;
    attack(&there, &here, vector.instance(), 9, || {
        let reader = reader.get_or_insert_with(|| VectorReader::<[u8; 8]>::open(&here, &Options::new()).unwrap());
        (0..8).for_each(|slot| assert!(reader.version(slot).unwrap() % 2 == 0 || reader.read(slot).is_ok()));
        0
    });
}

/// Frames of sources that nobody describes are kept for a while, and not without end.
#[test]
fn what_is_not_known_is_not_kept_for_ever() {
    let here = Name::new("here");
    let network = Memory::new(3);
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mut sender = network.sender("k/frames", Congestion::Drop).unwrap();
    // It asks, so it listens.
    let asked = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&asked);
    let _about = network.answer(
        "k/about",
        Box::new(move |_| {
            asking.store(true, Ordering::Relaxed);
            Vec::new()
        }),
    );
    wait_until("it listens", || {
        sender.send(Frame { instance: 1, body: Body::Beat { next: 0 } }.encode()).unwrap();
        asked.load(Ordering::Relaxed)
    });
    let before = resident();
    let bytes = vec![7; 1 << 16];
    for n in 0..4_000 {
        sender
            .send(Frame { instance: n + 1, body: Body::Messages { first: n, count: 1, bytes: &bytes } }.encode())
            .unwrap();
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more of 262 MB");
    assert!(into.end().frames > 4_000);
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// A description that was changed anywhere is refused, or describes something that can be made.
#[test]
fn descriptions() {
    let there = Name::new("there");
    let _queue = Queue::<[u8; 8]>::create(&there, 64, &Options::new()).unwrap();
    let told = about(&there);
    let (mut random, mut believed) = (fastrand::Rng::with_seed(5), 0);
    assert!(About::decode(&told, "k").is_ok());
    for _ in 0..frames_asked() / 2 {
        let mut bytes = told.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes[at] = b'0' + random.u8(0..10),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b'0' + random.u8(0..10)),
            }
        }
        if let Ok(about) = About::decode(&bytes, "k") {
            believed += 1;
            assert!(about.instance != 0 && about.len > 0 && about.len.saturating_mul(about.size) <= 1 << 40);
        }
    }
    assert!(believed > 0);
    let newer = String::from_utf8(told).unwrap().replace("\"frames\":1", "\"frames\":2");
    let error = About::decode(newer.as_bytes(), "k").unwrap_err().to_string();
    assert!(error.contains("version 2") && error.contains("knows 1"), "{error}");
}

/// Whatever can be believed is made, or refused with an error; and frames of it are taken.
#[test]
fn mirrors_of_descriptions_that_are_believed() {
    let there = Name::new("there");
    let queue = Queue::<[u8; 8]>::create(&there, 64, &Options::new()).unwrap();
    let (instance, told) = (queue.instance(), about(&there));
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    let (mut random, mut made, mut refused) = (fastrand::Rng::with_seed(6), 0, 0);
    for _ in 0..frames_asked().div_ceil(500) {
        let mut changed = told.clone();
        changed["kind"] = ["queue", "bytes", "vector"][random.usize(0..3)].into();
        for _ in 0..random.usize(0..4) {
            match random.u8(0..8) {
                0 => changed["len"] = [1, 2, 3, 63, 64, 1000][random.usize(0..6)].into(),
                1 => changed["size"] = random.u64(0..200).into(),
                2 => changed["align"] = (1_u64 << random.u32(0..14)).into(),
                3 => changed["type_name"] = "\u{fffd}x\n".repeat(random.usize(0..200)).into(),
                4 => changed["schema"] = ["", "{}", "u64", "\0"][random.usize(0..4)].into(),
                5 => changed["most"] = random.u64(0..100).into(),
                6 => changed["keys"] = vec!["a\0/\n"; random.usize(0..3)].into(),
                _ => changed[["wakeable", "seen", "tracked"][random.usize(0..3)]] = true.into(),
            }
        }
        let (network, here, stop) = (Memory::new(1), Name::new("here"), Stop::new());
        let answer = changed.to_string().into_bytes();
        let _about = network.answer("k/about", Box::new(move |_| vec![answer.clone()])).unwrap();
        let mut sender = network.sender("k/frames", Congestion::Drop).unwrap();
        let repeats = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (repeats, wire, stopping, options) = (&repeats, &network, &stop, ImportOptions::default());
            let into = scope.spawn({
                let here = here.as_ref();
                move || {
                    import(wire, "k", here, &options, stopping, &mut |event| {
                        repeats.fetch_or(matches!(event, Event::Repeats { .. }), Ordering::Relaxed);
                    })
                }
            });
            wait_until("it is made or refused", || {
                sender.send(Frame { instance, body: Body::Beat { next: 0 } }.encode()).unwrap();
                into.is_finished() || repeats.load(Ordering::Relaxed)
            });
            for _ in 0..20 {
                sender.send(frame(&mut random, instance, 5)).unwrap();
            }
            stop.set();
            match into.join().unwrap_or_else(|_| panic!("{changed}")) {
                Ok(_) => made += 1,
                Err(_) => refused += 1,
            }
        });
    }
    println!("{made} made, {refused} refused");
    assert!(made > 0 && refused > 0);
}
