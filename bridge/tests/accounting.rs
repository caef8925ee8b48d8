//! Whatever the network does, every message is given once under its own number or told as lost.

mod common;

use common::{Name, exporting, importing, wait_until};
use icc_bridge::memory::{Faults, Memory};
use icc_bridge::{ExportOptions, ImportOptions, Start};
use icc_queue::{Consumer, Evict, Mpmc, Options, Park, Queue, QueueReader, QueueSpec, SpinThenYield, TryConsumeError};
use icc_schema::DescribeOptions as _;
use std::time::{Duration, Instant};

type Message = [u64; 7];

fn message(n: u64) -> Message {
    [n; 7]
}

fn options() -> ExportOptions {
    let mut options = ExportOptions::default();
    options.heartbeat = Duration::from_millis(10);
    options
}

/// Consumes until this number, and checks each message and that each loss begins where the last one ended.
fn consume_until(consumer: &mut Consumer<Message>, end: u64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut next = consumer.next_sequence();
    while next < end {
        match consumer.try_consume() {
            Ok(found) => {
                assert_eq!(found, message(next));
                next += 1;
            }
            Err(TryConsumeError::SpedPast(lost)) => {
                assert!(lost.first == next && lost.next > next && lost.next <= end, "{lost} at {next}");
                next = lost.next;
            }
            Err(TryConsumeError::Empty) => {
                assert!(Instant::now() < deadline, "nothing comes at {next} of {end}");
                std::thread::yield_now();
            }
        }
    }
    assert_eq!(consumer.received() + consumer.lost(), end);
}

fn mirror(name: &Name) -> QueueReader<Message> {
    QueueReader::open_within(name, Duration::from_secs(60), &Options::new()).unwrap()
}

#[test]
fn all_arrives_under_the_same_numbers() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(1));
    let spec = QueueSpec::new(1 << 16).starting_at(1_000_000).wakeable();
    let queue = Queue::<Message>::create(&there, spec, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let out = exporting(network.clone(), &there, "k", options());
    let into = importing(network, "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    assert_eq!((mirror.source(), mirror.capacity(), mirror.is_wakeable()), (Some(queue.instance()), 1 << 16, true));
    let mut consumer = mirror.consumer_from_oldest();
    for n in 1_000_000..1_050_000 {
        producer.produce(&message(n));
    }
    for n in 1_000_000..1_050_000 {
        assert_eq!(consumer.consume(&mut Park::default()), Ok(message(n)));
    }
    // A position of one is one of the other.
    let position = queue.consumer_at(queue.position(1_020_000)).unwrap().position();
    assert_eq!(mirror.consumer_at(position).unwrap().try_consume(), Ok(message(1_020_000)));
    let (sent, received) = (out.end(), into.end());
    assert_eq!((sent.messages, sent.lost, received.messages, received.refused), (50_000, 0, 50_000, 0));
    assert_eq!((received.lost_on_the_way, received.lost_at_the_source, received.again), (0, 0, 0));
    assert!(sent.frames < 50_000, "one frame a message: {}", sent.frames);
}

/// Frames that are lost, late or doubled; a bridge's reader that is too slow; a mirror that is.
#[test]
fn losses_in_three_places_add_up() {
    const COUNT: u64 = 400_000;
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(2));
    let queue = Queue::<Message>::create(&there, 256, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let out = exporting(network.clone(), &there, "k", options());
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    let mut consumer = mirror.consumer_from_oldest();
    assert_eq!(consumer.next_sequence(), 0);
    network.set(Faults { lost: 100, doubled: 100, late: 100, cut: false });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..COUNT {
                producer.produce(&message(n));
                if n % 64 == 0 {
                    std::thread::yield_now();
                }
            }
            // What comes last may be late for ever, and is told by the sign of life.
            network.set(Faults::default());
        });
        consume_until(&mut consumer, COUNT);
    });
    let (sent, received) = (out.end(), into.end());
    assert_eq!(sent.messages + sent.lost, COUNT);
    assert_eq!(received.messages + received.lost_on_the_way + received.lost_at_the_source, COUNT);
    assert!(received.lost_on_the_way > 0, "{received:?}");
    println!("{sent:?}\n{received:?}\nthe consumer received {} and lost {}", consumer.received(), consumer.lost());
    assert!(consumer.received() <= received.messages);
}

#[test]
fn a_loss_at_the_end_is_told_by_the_next_sign_of_life() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(3));
    let queue = Queue::<Message>::create(&there, 64, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let _out = exporting(network.clone(), &there, "k", options());
    let _into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mut consumer = mirror(&here).consumer_from_oldest();
    producer.produce(&message(0));
    assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(message(0)));
    network.set(Faults { cut: true, ..Faults::default() });
    (1..5).for_each(|n| _ = producer.produce(&message(n)));
    wait_until("the frame was lost", || network.counts().1 > 2);
    network.set(Faults::default());
    let lost = consumer.consume(&mut SpinThenYield::default()).unwrap_err();
    assert_eq!((lost.first, lost.next), (1, 5));
}

#[test]
fn many_producers_arrive_as_one() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(4));
    let queue = Queue::<Message, Mpmc>::create(&there, 1 << 14, &Options::new()).unwrap();
    let _out = exporting(network.clone(), &there, "k", options());
    let _into = importing(network, "k", &here, ImportOptions::default());
    let mut consumer = mirror(&here).consumer_from_oldest();
    let mut original = queue.consumer();
    std::thread::scope(|scope| {
        for id in 0..2_u64 {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || (0..5_000).for_each(|n| _ = producer.produce(&[id << 32 | n; 7])));
        }
    });
    for _ in 0..10_000 {
        let expected = original.try_consume().unwrap();
        assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(expected));
    }
}

#[test]
fn a_bridge_that_holds_loses_nothing() {
    const COUNT: u64 = 20_000;
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(5));
    let spec = QueueSpec::new(64).holding(Evict::Never);
    let queue = Queue::<Message>::create(&there, spec, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut holding = options();
    holding.hold = true;
    let out = exporting(network.clone(), &there, "k", holding);
    let mut large = ImportOptions::default();
    large.capacity = Some(1 << 15);
    let into = importing(network, "k", &here, large);
    let mut consumer = mirror(&here).consumer_from_oldest();
    (0..COUNT).for_each(|n| _ = producer.produce(&message(n)));
    for n in 0..COUNT {
        assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(message(n)));
    }
    assert_eq!((out.end().lost, into.end().messages), (0, COUNT));
}

/// Of a queue that was not created for it, holding is refused.
#[test]
fn holding_must_be_possible() {
    let (there, network) = (Name::new("there"), Memory::new(6));
    let _queue = Queue::<Message>::create(&there, 64, &Options::new()).unwrap();
    let mut holding = options();
    holding.hold = true;
    let error = exporting(network, &there, "k", holding).error().to_string();
    assert!(error.contains("holding"), "{error}");
}

#[test]
fn a_new_instance_is_a_new_mirror() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(7));
    let out = exporting(network.clone(), &there, "k", options());
    let into = importing(network, "k", &here, ImportOptions::default());
    wait_until("the bridge waits for its source", || out.told("waiting for"));
    let mut before: Option<QueueReader<Message>> = None;
    for round in 0..5_u64 {
        let spec = QueueSpec::new(64).starting_at(round * 100);
        let queue = Queue::<Message>::create(&there, spec, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        (0..10).for_each(|n| _ = producer.produce(&message(round * 100 + n)));
        wait_until("there is a mirror of the new one", || {
            let found = QueueReader::<Message>::open(&here, &Options::new());
            found.is_ok_and(|mirror| mirror.source() == Some(queue.instance()))
        });
        if let Some(before) = before {
            assert!(!before.is_current().unwrap());
            assert_eq!((before.living_producers(), before.produced()), (Ok(0), round * 100 - 90));
        }
        let mirror = mirror(&here);
        let mut consumer = mirror.consumer_from_oldest();
        // All of it, also what was produced before anybody knew of it.
        for n in 0..10 {
            assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(message(round * 100 + n)));
        }
        before = Some(mirror);
        drop(producer);
        icc_queue::remove(&there).unwrap();
    }
    assert_eq!((out.end().instances, into.end().instances), (5, 5));
}

#[test]
fn bridges_are_started_again_at_any_time() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(8));
    let queue = Queue::<Message>::create(&there, 1 << 12, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut n = 0;
    let mut out = Some(exporting(network.clone(), &there, "k", options()));
    let mut into = Some(importing(network.clone(), "k", &here, ImportOptions::default()));
    let mirror = mirror(&here);
    let mut consumer = mirror.consumer_from_oldest();
    let mut again = 0;
    for round in 0..20 {
        let mut produce = |count| (0..count).for_each(|_| n = producer.produce(&message(n)) + 1);
        produce(500);
        match round % 3 {
            0 => out = None,
            1 => again += into.take().unwrap().end().again,
            _ => (out, into) = (None, None),
        }
        produce(500);
        out = out.or_else(|| Some(exporting(network.clone(), &there, "k", options())));
        into = into.or_else(|| Some(importing(network.clone(), "k", &here, ImportOptions::default())));
        consume_until(&mut consumer, n);
        assert!(mirror.is_current().unwrap(), "the mirror was made anew");
    }
    assert_eq!((consumer.received() + consumer.lost(), again), (n, 0));
    // One that is started when all others run goes on where they are.
    assert!(consumer.received() > n / 2, "{consumer:?}");
}

#[test]
fn a_mirror_can_be_sent_on() {
    let names = ["one", "two", "three"].map(Name::new);
    let network = Memory::new(9);
    let queue = Queue::<Message>::create(&names[0], 1024, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let _first = exporting(network.clone(), &names[0], "a", options());
    let _second = importing(network.clone(), "a", &names[1], ImportOptions::default());
    let _third = exporting(network.clone(), &names[1], "b", options());
    let _fourth = importing(network, "b", &names[2], ImportOptions::default());
    let last = mirror(&names[2]);
    assert_eq!(last.source(), Some(queue.instance()));
    let mut consumer = last.consumer_from_oldest();
    (0..500).for_each(|n| _ = producer.produce(&message(n)));
    consume_until(&mut consumer, 500);
    assert_eq!(consumer.received(), 500);
}

#[test]
fn several_mirrors_of_one_source() {
    let (there, network) = (Name::new("there"), Memory::new(10));
    let queue = Queue::<Message>::create(&there, 4096, &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut newest = options();
    newest.start = Start::Newest;
    let out = exporting(network.clone(), &there, "k", newest);
    wait_until("it sends", || out.told("sending"));
    let names = [0; 4].map(|_| Name::new("here"));
    let mut running = Vec::new();
    for (round, name) in names.iter().enumerate() {
        running.push(importing(network.clone(), "k", name, ImportOptions::default()));
        let first = mirror(name).oldest();
        assert_eq!(first, 100 * round as u64);
        (0..100).for_each(|n| _ = producer.produce(&message(first + n)));
        wait_until("all have arrived", || mirror(name).produced() == first + 100);
    }
    for (round, name) in names.iter().enumerate() {
        let mut consumer = mirror(name).consumer_from_oldest();
        for n in 100 * round as u64..400 {
            assert_eq!(consumer.consume(&mut SpinThenYield::default()), Ok(message(n)));
        }
    }
}

/// What its fields are goes along: a program opens the mirror by its own description, and a tool without the type.
#[test]
fn the_schema_arrives() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(12));
    let described = Options::new().describe::<Quote>();
    let queue = Queue::<Quote>::create(&there, 64, &described).unwrap();
    let _out = exporting(network.clone(), &there, "k", options());
    let _into = importing(network, "k", &here, ImportOptions::default());
    let mirror = QueueReader::<Quote>::open_within(&here, Duration::from_secs(60), &described).unwrap();
    let [one, other] = [&there, &here].map(|name| icc_buffer::inspect(name).unwrap());
    assert!(one.schema.is_some());
    assert_eq!((&one.schema, one.schema_hash, &one.element), (&other.schema, other.schema_hash, &other.element));
    assert_eq!((one.source, other.source), (0, queue.instance()));
    let mut consumer = mirror.consumer_from_oldest();
    queue.producer().unwrap().produce(&Quote { bid: 1.5, ask: 2.5 });
    assert_eq!(consumer.consume(&mut SpinThenYield::default()).unwrap().ask, 2.5);
}

#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable, icc_schema::Describe)]
#[repr(C)]
struct Quote {
    #[describe(unit = "USD")]
    bid: f64,
    ask: f64,
}
