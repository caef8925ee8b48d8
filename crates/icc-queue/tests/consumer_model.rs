//! Random sequences of operations, against a model of a lossy broadcast ring.
#![cfg(not(icc_loom))]

mod model;

use icc_queue::{Mpmc, Queue, QueueSpec, Recovery, Spmc};
use model::{Op, message, run};
use proptest::prelude::*;

fn ops() -> impl Strategy<Value = Vec<(Op, usize)>> {
    let recovery = prop::sample::select(vec![
        Recovery::Oldest,
        Recovery::OldestPlus(0),
        Recovery::OldestPlus(1),
        Recovery::Newest,
        Recovery::Stop,
    ]);
    let op = prop_oneof![
        4 => (0..100_u64).prop_map(Op::Produce),
        4 => (0..5_u64).prop_map(Op::Produce),
        8 => Just(Op::Consume),
        4 => (0..40_usize).prop_map(Op::Batch),
        2 => (0..40_usize).prop_map(Op::Drain),
        1 => Just(Op::Skip),
        1 => Just(Op::Resume),
        1 => recovery.prop_map(Op::Recover),
        1 => Just(Op::Clone),
        1 => Just(Op::Attach),
        1 => Just(Op::FromOldest),
        2 => (-3..40_i64).prop_map(Op::At),
    ];
    prop::collection::vec((op, any::<usize>()), 1..120)
}

fn firsts() -> impl Strategy<Value = u64> {
    let near = prop::sample::select(vec![0, 1 << 63, 1000]);
    (near, -70..70_i64).prop_map(|(near, by): (u64, i64)| near.wrapping_add_signed(by))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn one_producer(ops in ops(), first in firsts(), shift in 1..6_u32) {
        let queue = Queue::<_, Spmc>::new(QueueSpec::new(1 << shift).starting_at(first)).unwrap();
        let mut producer = queue.producer().unwrap();
        run(&queue, first, &ops, |n| assert_eq!(producer.produce(&message(n)), n));
    }

    #[test]
    fn many_producers(ops in ops(), first in firsts(), shift in 1..6_u32) {
        let queue = Queue::<_, Mpmc>::new(QueueSpec::new(1 << shift).starting_at(first)).unwrap();
        let mut producers: Vec<_> = (0..3).map(|_| queue.producer().unwrap()).collect();
        run(&queue, first, &ops, |n| assert_eq!(producers[n as usize % 3].produce(&message(n)), n));
    }
}
