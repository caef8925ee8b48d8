//! Shared memory that a peer writes garbage into: values may be garbage then, but nothing panics,
//! hangs or reads out of bounds.
#![cfg(all(target_os = "linux", not(icc_loom)))]

use icc_queue::{Consumer, Mode, Mpmc, Options, Queue, Recovery, SpinThenYield, Spmc};
use proptest::prelude::*;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

const CAPACITY: usize = 8;

/// Words that hurt: near every wrap, near what is plausible, and anything.
fn words() -> impl Strategy<Value = u64> {
    let near = prop::sample::select(vec![0, 16, 1 << 32, 1 << 60, 1 << 61, 1 << 62, 1 << 63]);
    prop_oneof![(near, -20..20_i64).prop_map(|(near, by): (u64, i64)| near.wrapping_add_signed(by)), any::<u64>(),]
}

/// The whole memory, the header too, word by word; half of the words stay.
fn scribble(file: &File, words: &[Option<u64>]) {
    let len = file.metadata().unwrap().len();
    for (at, word) in (0..len / 8).zip(words.iter().cycle()) {
        if let Some(word) = word {
            file.write_all_at(&word.to_ne_bytes(), at * 8).unwrap();
        }
    }
}

/// Everything that a consumer can do, with all it asks of the memory.
fn try_everything(mut consumer: Consumer<u64>, asked: u64) {
    let (start, mut out) = (consumer.next_sequence(), [0; 3 * CAPACITY]);
    for round in 0..4 {
        let _ = consumer.try_consume();
        let _ = consumer.try_consume_batch(&mut out);
        assert!(consumer.drain().count() <= CAPACITY + 1);
        let _ = consumer.consume_timeout(&mut SpinThenYield::new(1), Duration::ZERO);
        let _ = (consumer.lag(), consumer.headroom(), consumer.stopped(), consumer.clone());
        let moved = consumer.next_sequence().wrapping_sub(start);
        assert_eq!(moved, consumer.received().wrapping_add(consumer.lost()).wrapping_add(consumer.skipped()));
        if round % 2 == 1 {
            consumer.resume();
        } else {
            consumer.skip_to_newest();
        }
        let _ = consumer.queue().consumer_from_oldest().try_consume();
        let _ =
            consumer.queue().consumer_at(consumer.queue().position(asked)).map(|mut consumer| consumer.try_consume());
    }
}

fn run<M: Mode>(queue: &Queue<u64, M>, garbage: &[Option<u64>], asked: u64) {
    let file = File::from(queue.as_fd().unwrap().try_clone_to_owned().unwrap());
    let recoveries = [Recovery::Oldest, Recovery::Newest, Recovery::Stop];
    let consumers: Vec<_> = recoveries.map(|recovery| queue.consumer().with_recovery(recovery)).into();
    scribble(&file, garbage);
    for consumer in consumers {
        try_everything(consumer, asked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn one_producer(garbage in prop::collection::vec(prop::option::of(words()), 1..64), asked in words()) {
        let queue = Queue::<u64, Spmc>::anonymous(CAPACITY, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        (0..5).for_each(|n| { producer.produce(&n); });
        run(&queue, &garbage, asked);
    }

    #[test]
    fn many_producers(garbage in prop::collection::vec(prop::option::of(words()), 1..64), asked in words()) {
        let queue = Queue::<u64, Mpmc>::anonymous(CAPACITY, &Options::new()).unwrap();
        let mut producer = queue.producer().unwrap();
        (0..5).for_each(|n| { producer.produce(&n); });
        run(&queue, &garbage, asked);
    }
}
