//! Shared memory of a queue of bytes that a peer writes garbage into: messages may be garbage then, but nothing
//! panics, hangs, reads out of bounds or takes more memory than the longest message.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_queue::bytes::{BytesConsumer, BytesQueue};
use icc_queue::{Mode, Mpmc, Options, QueueSpec, Recovery, SpinThenYield, Spmc};
use proptest::prelude::*;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

const CAPACITY: usize = 16;

/// Words that hurt: near every wrap, near what is plausible, and anything.
fn words() -> impl Strategy<Value = u64> {
    let near = prop::sample::select(vec![0, 16, 1 << 32, 4 << 32, 128, 1 << 60, 1 << 61, 1 << 62, 1 << 63]);
    let parts = (0..6_u64, 0..6_u64).prop_map(|(index, count)| count << 32 | index);
    let near = (near, -20..20_i64).prop_map(|(near, by): (u64, i64)| near.wrapping_add_signed(by));
    prop_oneof![near, parts, 0..140_u64, any::<u64>()]
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
fn try_everything(mut consumer: BytesConsumer, asked: u64) {
    let mut last = (0, consumer.next_sequence());
    let (mut out, mut small, mut vector) = ([0; 4 * 32], [0; 20], Vec::new());
    for round in 0..4 {
        for _ in 0..2 * CAPACITY {
            if let Ok(len) = consumer.try_consume(&mut out) {
                assert!(len <= out.len());
            }
            let _ = consumer.try_consume(&mut small);
            let _ = consumer.try_consume_into(&mut vector);
            assert!(vector.capacity() <= 2 * out.len(), "it took {} bytes", vector.capacity());
        }
        let _ = consumer.consume_into_timeout(&mut vector, &mut SpinThenYield::new(1), Duration::ZERO);
        let _ = (consumer.lag(), consumer.headroom(), consumer.stopped(), consumer.is_ready(), consumer.clone());
        let moved =
            consumer.received_slots().wrapping_add(consumer.lost_slots()).wrapping_add(consumer.skipped_slots());
        // One that has got nothing yet may go on to a beginning, untold.
        let now = (moved, consumer.next_sequence());
        if last.0 != 0 {
            assert_eq!(now.0.wrapping_sub(last.0), now.1.wrapping_sub(last.1));
        }
        last = now;
        let told = consumer.lost_messages().zip(consumer.skipped_messages());
        assert!(told.is_none_or(|(lost, skipped)| lost + skipped <= consumer.lost_slots() + consumer.skipped_slots()));
        if round % 2 == 1 {
            consumer.resume();
        } else {
            consumer.skip_to_newest();
        }
        let _ = consumer.queue().consumer_from_oldest().try_consume(&mut out);
        let _ = consumer.queue().consumer().try_consume(&mut out);
        let there = consumer.queue().consumer_at(consumer.queue().position(asked));
        let _ = there.map(|mut consumer| consumer.try_consume(&mut out));
    }
}

fn run<M: Mode>(garbage: &[Option<u64>], asked: u64) {
    let queue = BytesQueue::<M>::anonymous(QueueSpec::new(CAPACITY).slot_size(64), &Options::new()).unwrap();
    let mut producer = queue.producer().unwrap();
    (0..5).for_each(|n| _ = producer.produce(&[n; 70]).unwrap());
    let file = File::from(queue.as_fd().unwrap().try_clone_to_owned().unwrap());
    let recoveries = [Recovery::Oldest, Recovery::OldestPlus(3), Recovery::Newest, Recovery::Stop];
    let consumers: Vec<_> = recoveries.map(|recovery| queue.consumer_from_oldest().with_recovery(recovery)).into();
    scribble(&file, garbage);
    for consumer in consumers {
        try_everything(consumer, asked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn one_producer(garbage in prop::collection::vec(prop::option::of(words()), 1..64), asked in words()) {
        run::<Spmc>(&garbage, asked);
    }

    #[test]
    fn many_producers(garbage in prop::collection::vec(prop::option::of(words()), 1..64), asked in words()) {
        run::<Mpmc>(&garbage, asked);
    }

    /// Cycles of eight words leave the versions as they are and garble what the slots say.
    #[test]
    fn words_alone(garbage in prop::collection::vec(prop::option::of(words()), 3), asked in words()) {
        let mut garbage = garbage;
        garbage.insert(0, None);
        garbage.resize(8, None);
        run::<Spmc>(&garbage, asked);
        run::<Mpmc>(&garbage, asked);
    }

    /// The next producer counts on from garbage.
    #[test]
    fn a_successor(garbage in prop::collection::vec(prop::option::of(words()), 1..64)) {
        let queue = BytesQueue::<Spmc>::anonymous(QueueSpec::new(CAPACITY).slot_size(64), &Options::new()).unwrap();
        let file = File::from(queue.as_fd().unwrap().try_clone_to_owned().unwrap());
        scribble(&file, &garbage);
        let mut producer = queue.producer().unwrap();
        (0..5).for_each(|n| _ = producer.produce(&[n; 70]).unwrap());
    }
}

/// One that scribbles over the words without end, while others produce and consume.
#[test]
fn a_scribbler_at_full_speed() {
    fn against<M: Mode>() {
        let queue = BytesQueue::<M>::anonymous(QueueSpec::new(64).slot_size(64), &Options::new()).unwrap();
        let file = File::from(queue.as_fd().unwrap().try_clone_to_owned().unwrap());
        let len = file.metadata().unwrap().len();
        std::thread::scope(|scope| {
            let mut producer = queue.producer().unwrap();
            let producing = scope.spawn(move || {
                (0..30_000_usize).for_each(|n| _ = producer.produce(&[7; 512][..n * 7 % 513]).unwrap());
            });
            let mut consumer = queue.consumer();
            let (producing, consuming) = (
                &producing,
                scope.spawn({
                    let longest = queue.longest_message();
                    move || {
                        let mut out = Vec::new();
                        for _ in 0..200_000 {
                            if consumer.try_consume_into(&mut out).is_ok() {
                                assert!(out.len() <= longest);
                            }
                        }
                    }
                }),
            );
            let mut state = 7_u64;
            while !producing.is_finished() || !consuming.is_finished() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // The first two words of a slot: the last slots of the file have them at these offsets.
                let slot = len - 64 * (1 + (state >> 40) % 64);
                let garbage = [(state >> 20) % 20, (state >> 10) % 20].map(|part| part as u32);
                file.write_all_at(bytemuck::bytes_of(&garbage), slot + 8).unwrap();
                file.write_all_at(&((state >> 30) % 600).to_ne_bytes(), slot + 16).unwrap();
            }
        });
    }
    against::<Spmc>();
    against::<Mpmc>();
}
