//! Sequences of calls, against the model of a lossy broadcast ring that the property test has.

#![no_main]

#[path = "../../crates/icc-queue/tests/model/mod.rs"]
mod model;

use icc_queue::{Mpmc, Queue, Recovery, Spmc};
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
        10 => Op::Recover([Recovery::Oldest, Recovery::Newest, Recovery::Stop][usize::from(number) % 3]),
        11 => Op::Clone,
        12 => [Op::Attach, Op::FromOldest][usize::from(number) % 2].clone(),
        _ => Op::At(i64::from(number) - 3),
    }
}

fuzz_target!(|data: &[u8]| {
    let [ring, near, by, calls @ ..] = data else { return };
    let first = [0, 1 << 63, 1000, 1 << 40][usize::from(near % 4)];
    let first = u64::wrapping_add_signed(first, i64::from(by.cast_signed()));
    let capacity = 2 << (ring % 5);
    let calls: Vec<_> = calls.chunks_exact(3).take(200).map(|call| (op(call[0], call[1]), usize::from(call[2]))).collect();
    if ring & 0x80 == 0 {
        let queue = Queue::<_, Spmc>::starting_at(capacity, first).expect("small");
        let mut producer = queue.producer().expect("nobody else has it");
        run(&queue, first, &calls, |n| assert_eq!(producer.produce(&message(n)), n));
    } else {
        let queue = Queue::<_, Mpmc>::starting_at(capacity, first).expect("small");
        let mut producers = [(); 3].map(|()| queue.producer().expect("there are 64"));
        run(&queue, first, &calls, |n| assert_eq!(producers[n as usize % 3].produce(&message(n)), n));
    }
});
