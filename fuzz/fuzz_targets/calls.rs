//! Sequences of calls, against the model of a lossy broadcast ring that the property test has.

#![no_main]

#[path = "../../crates/icc-queue/tests/model/mod.rs"]
mod model;

use icc_queue::{Mode, Mpmc, Queue, QueueSpec, Recovery, Spmc};
use libfuzzer_sys::fuzz_target;
use model::{Op, message, run};

/// What one operation's three bytes mean.
fn op(what: u8, number: u8) -> Op {
    let number = number % 100;
    match what % 14 {
        0..3 => Op::Produce(u64::from(number)),
        3..6 => Op::Consume,
        6 => Op::Batch(usize::from(number % 40)),
        7 => Op::Drain(usize::from(number % 40)),
        8 => Op::Skip,
        9 => Op::Resume,
        10 => {
            let plus = Recovery::OldestPlus(u64::from(number / 4));
            Op::Recover([Recovery::Oldest, Recovery::Newest, Recovery::Stop, plus][usize::from(number) % 4])
        }
        11 => Op::Clone,
        12 => [Op::Attach, Op::FromOldest][usize::from(number) % 2].clone(),
        _ => Op::At(i64::from(number) - 3),
    }
}

/// Runs the calls on a queue with this many producers, which take turns.
fn check<M: Mode>(spec: QueueSpec, producers: usize, calls: &[(Op, usize)]) {
    let queue = Queue::<_, M>::new(spec).expect("small");
    let mut producers: Vec<_> = (0..producers).map(|_| queue.producer().expect("there is room")).collect();
    let count = producers.len();
    run(&queue, spec.first, calls, |n| assert_eq!(producers[n as usize % count].produce(&message(n)), n));
}

fuzz_target!(|data: &[u8]| {
    let [ring, near, by, calls @ ..] = data else { return };
    let first = [0, 1 << 63, 1000, 1 << 40][usize::from(near % 4)];
    let first = u64::wrapping_add_signed(first, i64::from(by.cast_signed()));
    let spec = QueueSpec::new(2 << (ring % 5)).starting_at(first);
    let calls: Vec<_> =
        calls.chunks_exact(3).take(200).map(|call| (op(call[0], call[1]), usize::from(call[2]))).collect();
    if ring & 0x80 == 0 { check::<Spmc>(spec, 1, &calls) } else { check::<Mpmc>(spec, 3, &calls) }
});
