//! What a hop costs, and whether hops add up: `cargo bench -p icc-trace --bench hop`.
//!
//! The first part times batches of each operation on one core, in turns, and prints the median of each. The second sends
//! messages to another core and back, and compares the sum of the hops with times that it takes itself, by a clock of its own.

use icc_queue::{Mpmc, Queue, Spmc};
use icc_trace::{Clock, Hop, Mode, Off, On, Options, Reader, Stamped, Trace, TraceSpec};
use std::hint::{black_box, spin_loop};
use std::time::Duration;

type Quote = [u64; 7];

/// Operations in a batch.
const BATCH: u32 = 2_000;
/// Batches of each.
const ROUNDS: usize = 301;
/// Messages of the second part.
const TRIPS: u64 = 20_000;

fn main() {
    let cores = core_affinity::get_core_ids().expect("the system tells its cores");
    let [first, .., last] = cores[..] else { return eprintln!("skipped: this needs two cores") };
    assert!(core_affinity::set_for_current(first), "a thread can be pinned");
    let name = format!("icc-trace-bench-{}", std::process::id());
    let trace = Trace::<On>::open_or_create(&name, &TraceSpec::new()).expect("there is shared memory");
    cost(&trace, 4_096);
    // A ring that the core's first cache holds.
    let small = format!("{name}-small");
    cost(&Trace::open_or_create(&small, &TraceSpec::new().capacity(128)).expect("there is shared memory"), 128);
    icc_trace::remove(&small).expect("it is there");
    for work in [0, 500, 2_000] {
        sum(&trace, &name, work, last);
    }
    icc_trace::remove(&name).expect("it is there");
}

/// An operation, and what it is called.
type Operation<'a> = (&'static str, Box<dyn FnMut() + 'a>);

fn through<'a, M: Mode>(name: &'static str, mut hop: Hop<M>, arrives: bool) -> Operation<'a> {
    let mut producer = Queue::<Stamped<Quote, M>, Spmc>::new(1_024).expect("64 KiB").producer().expect("the first");
    let mut message = Stamped::unstamped([7; 7]);
    // With stamps, if there are some.
    let cause = hop.enter();
    hop.pass(cause, [7; 7], |stamped| message = *stamped);
    let operation = move || {
        for _ in 0..BATCH {
            let arrival = if arrives { hop.arrive(black_box(&message)) } else { hop.enter() };
            hop.pass(arrival, black_box([7; 7]), |message| _ = producer.produce(message));
        }
    };
    (name, Box::new(operation))
}

fn cost(trace: &Trace, capacity: usize) {
    println!("a ring of {capacity} timings:");
    let clock = Clock::shared().expect("it was made");
    let ring = Queue::<[u64; 4], Mpmc>::new(capacity).expect("at most 512 KiB");
    let (mut produces, mut tries) = (ring.producer().expect("the first"), ring.producer().expect("the second"));
    let mut plain = Queue::<Quote, Spmc>::new(1_024).expect("64 KiB").producer().expect("the first");
    let mut longer = Queue::<[u64; 10], Spmc>::new(1_024).expect("128 KiB").producer().expect("the first");
    let hop = |name| trace.hop(name).expect("there is room");
    let mut operations: Vec<Operation<'_>> = vec![
        ("two readings of the clock", Box::new(move || (0..2 * BATCH).for_each(|_| _ = black_box(clock.now())))),
        (
            "produce 32 B, many producers",
            Box::new(move || (0..BATCH).for_each(|_| _ = produces.produce(black_box(&[7; 4])))),
        ),
        ("try_produce 32 B", Box::new(move || (0..BATCH).for_each(|_| _ = tries.try_produce(black_box(&[7; 4]))))),
        (
            "produce 56 B, without hops",
            Box::new(move || (0..BATCH).for_each(|_| _ = plain.produce(&black_box([7; 7])))),
        ),
        (
            "produce 80 B, without hops",
            Box::new(move || (0..BATCH).for_each(|_| _ = longer.produce(&black_box([7; 10])))),
        ),
        through("produce 56 B through a hop", hop("bench"), true),
        through("the same, where it enters", hop("bench"), false),
        through("the same, one in 100 traced", hop("bench").sampling(100), false),
        through(
            "the same, off",
            Trace::<Off>::open_or_create("", &TraceSpec::new()).and_then(|off| off.hop("")).expect("off"),
            true,
        ),
    ];
    let own = Clock::calibrate();
    let mut times = vec![Vec::new(); operations.len()];
    for _ in 0..ROUNDS {
        for ((_, operation), times) in operations.iter_mut().zip(&mut times) {
            let start = own.ticks();
            operation();
            times.push((own.ticks() - start) as f64 * own.ns_per_tick() / f64::from(BATCH));
        }
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    for ((name, _), median) in operations.iter().zip(&medians) {
        println!("{name:<30} {median:>7.2} ns");
    }
    let [clocks, produce, tried, plain, _, through, ..] = medians[..] else { unreachable!("there are more") };
    println!(
        "a hop costs {:.2} ns; two readings and a produce are {:.2}, two and a try_produce {:.2}",
        through - plain,
        clocks + produce,
        clocks + tried
    );
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// To another core and back, through three hops of which the middle one works for so many nanoseconds.
fn sum(trace: &Trace, name: &str, work: u64, other: core_affinity::CoreId) {
    let [there, back] = [(); 2].map(|()| Queue::<Stamped<Quote>>::new(64).expect("8 KiB"));
    let (mut sends, mut returns) = (there.producer().expect("the first"), back.producer().expect("the first"));
    let (mut received, mut answers) = (there.consumer(), back.consumer());
    let [mut feed, mut model, mut gateway] =
        ["feed", "model", "gateway"].map(|name| trace.hop(name).expect("there is room"));
    let mut reader = Reader::open(name, &Options::new()).expect("it is there");
    let names = reader.names().to_vec();
    let own = Clock::calibrate();
    // By cause: what the hops say, and what this says.
    let mut trips: Vec<(f64, f64)> = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            assert!(core_affinity::set_for_current(other), "a thread can be pinned");
            let clock = Clock::calibrate();
            for _ in 0..TRIPS {
                let quote = next(&mut received);
                let arrival = model.arrive(&quote);
                let start = clock.now();
                while work > 0 && clock.now() - start < work {}
                model.pass(arrival, quote.payload, |message| returns.produce(message));
            }
        });
        for n in 0..TRIPS {
            // Each of these two stands directly before one of the hops' readings, so both intervals have a reading of the
            // other in them: none is subtracted.
            let start = own.ticks();
            let cause = feed.enter();
            feed.pass(cause, [n; 7], |message| sends.produce(message));
            let answer = next(&mut answers);
            let end = own.ticks();
            let arrival = gateway.arrive(&answer);
            gateway.end(arrival);
            // The model's timing comes after its message.
            let (mut hops, mut count) = (Duration::ZERO, 0);
            while count < 3 {
                reader.read(|timing| {
                    hops += timing.waited();
                    // The gateway's own work comes after the end.
                    if names.get(timing.hop()).is_none_or(|name| name != "gateway") {
                        hops += timing.worked();
                    }
                    count += 1;
                });
            }
            trips.push((hops.as_nanos() as f64, (end - start) as f64 * own.ns_per_tick()));
        }
    });
    // The first tenth warms up; the slowest hundredth was interrupted.
    let mut trips = trips.split_off(TRIPS as usize / 10);
    trips.sort_unstable_by(|one, other| one.1.total_cmp(&other.1));
    trips.truncate(trips.len() / 100 * 99);
    let mean = |of: fn(&(f64, f64)) -> f64| trips.iter().map(of).sum::<f64>() / trips.len() as f64;
    let (hops, whole) = (mean(|trip| trip.0), mean(|trip| trip.1));
    println!(
        "work {work:>5} ns: hops add up to {hops:.1} ns, end to end {whole:.1} ns, {:+.2} %",
        (hops / whole - 1.0) * 100.0
    );
}

fn next(consumer: &mut icc_queue::Consumer<Stamped<Quote>>) -> Stamped<Quote> {
    loop {
        match consumer.try_consume() {
            Ok(message) => return message,
            Err(_) => spin_loop(),
        }
    }
}
