//! Two machines, each with a bridge in a process of its own, and a cable that loses, delays and is pulled.
//!
//! `ICC_BRIDGE_MESSAGES`, `ICC_BRIDGE_KILLS` and `ICC_BRIDGE_PARTITION` (seconds) make these tests longer:
//! `cargo xtask bridge --long`.

#[path = "common/machines.rs"]
mod cable;
mod common;

use cable::{Machines, relay};
use common::{Name, SetOnDrop, wait_until};
use icc_queue::{Consumer, Options, Queue, QueueReader, QueueSpec, SpinThenYield, TryConsumeError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

type Message = [u64; 7];

/// The process of a relay.
#[test]
#[ignore = "other tests run it"]
fn relay_process() {
    relay();
}

fn asked(name: &str, unless: u64) -> u64 {
    std::env::var(name).map_or(unless, |text| text.parse().unwrap())
}

fn text(name: &Name) -> &str {
    let path: &Path = name.as_ref();
    path.to_str().unwrap()
}

fn mirror(name: &Name) -> QueueReader<Message> {
    QueueReader::open_within(name, Duration::from_secs(60), &Options::new()).unwrap()
}

/// Takes one message or loss, and checks it.
fn step(consumer: &mut Consumer<Message>) -> bool {
    let next = consumer.next_sequence();
    match consumer.try_consume() {
        Ok(found) => assert_eq!(found, [next; 7]),
        Err(TryConsumeError::SpedPast(lost)) => assert!(lost.first == next && lost.next > next),
        Err(TryConsumeError::Empty) => return false,
    }
    true
}

/// Until this number; what is received or lost until then is all there was.
fn consume_until(consumer: &mut Consumer<Message>, from: u64, end: u64) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while consumer.next_sequence() < end {
        if !step(consumer) {
            assert!(Instant::now() < deadline, "nothing comes at {} of {end}", consumer.next_sequence());
            thread::yield_now();
        }
    }
    assert_eq!((consumer.next_sequence(), consumer.received() + consumer.lost()), (end, end - from));
}

/// Losses on the cable, at the bridge's reader and in the mirror: each is told, and all add up.
#[test]
fn losses_in_three_places_add_up() {
    let count = asked("ICC_BRIDGE_MESSAGES", 300_000);
    let Some(machines) = Machines::new() else { return };
    let (there, here) = (Name::new("there"), Name::new("here"));
    let queue = Queue::<Message>::create(&there, 1024, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let listen = format!("udp/{}:7447", machines.address(0));
    // Frames that fit a datagram: one that is lost costs one frame.
    let mut out =
        machines.bridge(0, &["out", text(&there), "--key", "k", "--listen", &listen, "--frame-bytes", "1300"]);
    out.says("sending");
    let mut cable = machines.relay("udp", 7000, 7447);
    let connect = format!("udp/{}:7000", machines.address(1));
    let into = machines.bridge(1, &["in", "k", text(&here), "--connect", &connect]);
    let mut consumer = mirror(&here).consumer_from_oldest();
    cable.set(20, 0, false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..count {
                producer.produce(&[n; 7]);
                // Most of the time as fast as a bridge can send; sometimes faster than it can read.
                if n % 10 == 0 && n % 20_000 > 3_000 {
                    thread::sleep(Duration::from_micros(20));
                }
            }
            cable.set(0, 0, false);
        });
        while consumer.next_sequence() < count - 1 {
            if !step(&mut consumer) {
                thread::yield_now();
            }
            // Stands still now and then, until its ring has been overwritten.
            if consumer.next_sequence() % 50_000 == 49_999 {
                thread::sleep(Duration::from_millis(100));
            }
        }
        consume_until(&mut consumer, 0, count);
    });
    let (sent, received) = (out.end(), into.end());
    let ([messages, _, _, lost], [arrived, _, _, on_the_way, at_the_source, _, refused]) = (&sent[..], &received[..])
    else {
        panic!("{sent:?} {received:?}")
    };
    println!(
        "sent {sent:?}\nreceived {received:?}\nthe consumer received {} and lost {}",
        consumer.received(),
        consumer.lost()
    );
    assert_eq!((messages + lost, arrived + on_the_way + at_the_source, *refused), (count, count, 0));
    assert!(*on_the_way > 0 && *lost > 0 && consumer.lost() > on_the_way + at_the_source, "each place lost some");
}

/// Each bridge is killed, again and again, while a producer goes on.
#[test]
fn a_killed_bridge_harms_nobody() {
    let kills = asked("ICC_BRIDGE_KILLS", 6);
    let Some(machines) = Machines::new() else { return };
    let (there, here) = (Name::new("there"), Name::new("here"));
    let queue = Queue::<Message>::create(&there, 1 << 12, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let address = format!("tcp/{}:7447", machines.address(0));
    let start = |which: usize| {
        let out = ["out", text(&there), "--key", "k", "--listen", &address];
        let into = ["in", "k", text(&here), "--connect", &address];
        machines.bridge(which, if which == 0 { &out } else { &into })
    };
    let mut bridges = [Some(start(0)), Some(start(1))];
    let mirror = mirror(&here);
    let mut consumer = mirror.consumer_from_oldest();
    let from = consumer.next_sequence();
    let (done, produced) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut resumed = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for _ in 0..20 {
                    let n = queue.produced();
                    producer.produce(&[n; 7]);
                }
                produced.store(queue.produced(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let _ends = SetOnDrop(&done);
        for kill in 0..kills {
            let which = kill as usize % 2;
            bridges[which].take().unwrap().kill();
            while step(&mut consumer) {}
            let restarted = Instant::now();
            bridges[which] = Some(start(which));
            let before = consumer.received();
            let deadline = restarted + Duration::from_secs(60);
            while consumer.received() < before + 100 {
                if !step(&mut consumer) {
                    assert!(Instant::now() < deadline, "nothing came after kill {kill}");
                    thread::sleep(Duration::from_micros(100));
                }
            }
            resumed.push(restarted.elapsed());
            assert!(mirror.is_current().unwrap(), "the mirror was made anew");
        }
    });
    consume_until(&mut consumer, from, queue.produced());
    resumed.sort();
    let [median, longest] = [resumed[resumed.len() / 2], resumed[resumed.len() - 1]];
    println!(
        "{kills} kills: resumed after {median:?} in the median, {longest:?} at most; {} received, {} lost",
        consumer.received(),
        consumer.lost()
    );
}

/// The cable is pulled for longer than it takes to notice, and put back.
#[test]
fn a_partition() {
    let seconds = asked("ICC_BRIDGE_PARTITION", 4);
    let Some(machines) = Machines::new() else { return };
    let (there, here) = (Name::new("there"), Name::new("here"));
    let queue = Queue::<Message>::create(&there, 1 << 10, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let listen = format!("tcp/{}:7447", machines.address(0));
    let _out = machines.bridge(0, &["out", text(&there), "--key", "k", "--listen", &listen]);
    let mut cable = machines.relay("tcp", 7000, 7447);
    let connect = format!("tcp/{}:7000", machines.address(1));
    let mut into = machines.bridge(1, &["in", "k", text(&here), "--connect", &connect]);
    let mut consumer = mirror(&here).consumer_from_oldest();
    let from = consumer.next_sequence();
    let mut produce = |count| {
        for _ in 0..count {
            let n = queue.produced();
            producer.produce(&[n; 7]);
        }
        queue.produced()
    };
    consume_until(&mut consumer, from, produce(100));
    assert_eq!(consumer.lost(), 0);
    cable.set(0, 0, true);
    let began = Instant::now();
    into.says("nothing comes");
    while began.elapsed() < Duration::from_secs(seconds) {
        produce(10);
        thread::sleep(Duration::from_millis(1));
    }
    cable.set(0, 0, false);
    let healed = Instant::now();
    into.says("heard again");
    let heard = healed.elapsed();
    produce(100);
    wait_until("something new has come", || queue.produced() == consumer.queue().produced());
    consume_until(&mut consumer, from, queue.produced());
    println!(
        "heard {heard:?} after {seconds} s without a cable; {} received, {} lost",
        consumer.received(),
        consumer.lost()
    );
}

/// Two sites send to each other under different keys, by one process each; consumers attach at any time; and
/// each message takes its time on the cable.
#[test]
fn two_sites_both_ways() {
    let Some(machines) = Machines::new() else { return };
    let names = ["a", "b", "a-at-b", "b-at-a"].map(Name::new);
    let queues = [0, 1].map(|which| Queue::<Message>::create(&names[which], 1 << 14, &Options::new()).unwrap());
    let mut cable = machines.relay("tcp", 7000, 7447);
    cable.set(0, 2, false);
    let directory = tempfile::tempdir().unwrap();
    let bridges = [0, 1].map(|which| {
        let (own, other) = (["a", "b"][which], ["b", "a"][which]);
        let network = if which == 0 {
            format!("listen = ['tcp/{}:7447']", machines.address(0))
        } else {
            format!("connect = ['tcp/{}:7000']", machines.address(1))
        };
        let config = format!(
            "[network]\n{network}\n[[out]]\nname = '{}'\nkey = 'site/{own}'\n[[in]]\nkey = 'site/{other}'\nname = '{}'\n",
            text(&names[which]),
            text(&names[3 - which]),
        );
        let file = directory.path().join(own);
        std::fs::write(&file, config).unwrap();
        machines.bridge(which, &["sync", "--config", file.to_str().unwrap()])
    });
    thread::scope(|scope| {
        for which in 0..2 {
            let (queue, mirrored) = (&queues[which], &names[2 + which]);
            scope.spawn(move || {
                let mirror = mirror(mirrored);
                assert_eq!(mirror.source(), Some(queue.instance()));
                let mut first = mirror.consumer_from_oldest();
                let mut producer = queue.producer().unwrap();
                for n in 0..2_000 {
                    producer.produce(&[n; 7]);
                }
                for n in 0..2_000 {
                    assert_eq!(first.consume(&mut SpinThenYield::default()), Ok([n; 7]));
                }
                // One that comes later.
                let mut late = mirror.consumer_at(queue.position(1_500)).unwrap();
                assert_eq!(late.try_consume(), Ok([1_500; 7]));
            });
        }
    });
    drop(bridges);
}

/// What a frame takes on the cable beside its messages.
#[test]
fn bytes_on_the_cable() {
    const MESSAGES: u64 = 2_000;
    let Some(machines) = Machines::new() else { return };
    let (there, here) = (Name::new("there"), Name::new("here"));
    let queue = Queue::<Message>::create(&there, QueueSpec::new(1 << 16).wakeable(), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let address = format!("tcp/{}:7447", machines.address(0));
    let out = machines.bridge(0, &["out", text(&there), "--key", "site/quotes", "--listen", &address]);
    let _into = machines.bridge(1, &["in", "site/quotes", text(&here), "--connect", &address]);
    let mirror = mirror(&here);
    let before = machines.sent_bytes(0);
    for _ in 0..MESSAGES {
        producer.produce(&[0; 7]);
        thread::sleep(Duration::from_micros(300));
    }
    wait_until("all have come", || mirror.produced() == queue.produced());
    let bytes = machines.sent_bytes(0) - before;
    // Frames from the beginning on, and so a few too many.
    let frames = out.end()[2];
    let each = (bytes - MESSAGES * 56) as f64 / frames as f64;
    println!("{frames} frames of {MESSAGES} messages: {each:.1} bytes a frame beside its messages");
    assert!(each > 32.0 && each < 300.0);
}

#[test]
fn what_cannot_be_is_said() {
    let Some(machines) = Machines::new() else { return };
    let (there, here) = (Name::new("there"), Name::new("here"));
    let address = format!("tcp/{}:7447", machines.address(0));
    let _queue = Queue::<Message>::create(&there, 1 << 12, &Options::new()).unwrap();
    let _out = machines.bridge(0, &["out", text(&there), "--key", "k", "--listen", &address]);
    let into = |extra: &[&str]| {
        let arguments = [&["in", "k", text(&here), "--connect", &address], extra].concat();
        machines.bridge(1, &arguments)
    };
    // Something that no bridge made.
    let own = Queue::<u64>::create(&here, QueueSpec::new(8).gaps(), &Options::new()).unwrap();
    let told = into(&[]).fails();
    assert!(told.contains("no bridge made it") && told.contains("u64"), "{told}");
    assert!(own.is_current().unwrap());
    icc_queue::remove(&here).unwrap();
    let told = into(&["--capacity", "64"]).fails();
    assert!(told.contains("a capacity of 64") && told.contains("ask for 2048 or more"), "{told}");
    let told = into(&["--mode", "999"]).fails();
    assert!(told.contains("octal"), "{told}");
    let told = machines.bridge(0, &["out", text(&there), "--key", "a/*", "--listen", "tcp/127.0.0.1:0"]).fails();
    assert!(told.contains("is no key"), "{told}");
    let told = machines.bridge(0, &["out", text(&there), "--key", "b", "--hold"]).fails();
    assert!(told.contains("holding"), "{told}");
    // An address that is taken.
    let told = machines.bridge(0, &["out", text(&there), "--key", "b", "--listen", &address]).fails();
    assert!(told.contains("cannot take part in the network"), "{told}");
}
