//! Messages of 0 to 16 KiB, most of them short, from one thread to others: none torn, and the accounting exact.
//!
//! `ICC_BYTES_MESSAGES` says how many, a million unless given.

#![cfg(not(any(icc_loom, miri)))]

use icc_queue::bytes::{BytesQueue, WaitError};
use icc_queue::{Mode, Mpmc, QueueSpec, Recovery, SpinThenYield, Spmc};
use std::sync::LazyLock;

const LONGEST: usize = 16 * 1024;

/// Random bytes, of which each message is a part.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| (0..2 * LONGEST as u64).map(|at| mixed(at) as u8).collect());

fn mixed(n: u64) -> u64 {
    let z = (n.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All that message `n` holds behind what says which it is. Its length is log-uniform: as many of 1 to 2 bytes as
/// of 8 to 16 KiB.
fn message(n: u64) -> &'static [u8] {
    let random = mixed(n);
    let bits = random % 15;
    let len = ((1 << bits >> 1) + (random >> 32) % (1 << bits >> 1).max(1)).min(LONGEST as u64);
    let len = if bits == 0 { 0 } else { len as usize };
    &BYTES[(random >> 8) as usize % LONGEST..][..len]
}

fn messages() -> u64 {
    std::env::var("ICC_BYTES_MESSAGES").map_or(1_000_000, |count| count.parse().expect("a number of messages"))
}

/// With one producer each message says by its place which it is: what was received and what was lost add up.
#[test]
fn one_producer() {
    let queue = BytesQueue::<Spmc>::new(QueueSpec::new(1024)).unwrap();
    let messages = messages();
    std::thread::scope(|scope| {
        for recovery in [Recovery::Oldest, Recovery::Newest] {
            let mut consumer = queue.consumer().with_recovery(recovery);
            scope.spawn(move || {
                let (mut out, mut bytes, mut told) = (Vec::new(), 0, 0);
                loop {
                    match consumer.consume_into_until_gone(&mut out, &mut SpinThenYield::default()) {
                        Ok(_) => {
                            let n = consumer.received() + consumer.lost_messages().unwrap() - 1;
                            assert!(out == message(n), "message {n} is torn, or is another");
                            bytes += out.len() as u64;
                        }
                        Err(WaitError::SpedPast(lost)) => told += lost.messages.unwrap(),
                        Err(WaitError::ProducersGone) => break,
                        Err(other) => panic!("{other}"),
                    }
                }
                assert_eq!(consumer.received() + told, messages);
                assert_eq!((consumer.lost_messages(), consumer.received_bytes()), (Some(told), bytes));
                assert_eq!(consumer.received_slots() + consumer.lost_slots(), consumer.next_sequence());
                println!("{recovery:?}: {} received, {told} lost, {bytes} bytes", consumer.received());
            });
        }
        let mut producer = queue.producer().unwrap();
        scope.spawn(move || (0..messages).for_each(|n| _ = producer.produce(message(n)).unwrap()));
    });
}

/// With many each message says which it is.
#[test]
fn many_producers() {
    const PRODUCERS: u64 = 2;
    let queue = BytesQueue::<Mpmc>::new(QueueSpec::new(1024).slot_size(512)).unwrap();
    let each = messages() / 2 / PRODUCERS;
    std::thread::scope(|scope| {
        let mut consumer = queue.consumer();
        scope.spawn(move || {
            let (mut out, mut received) = (Vec::new(), 0);
            loop {
                match consumer.consume_into_until_gone(&mut out, &mut SpinThenYield::default()) {
                    Ok(_) => {
                        let (n, rest) = out.split_first_chunk().unwrap();
                        let n = u64::from_ne_bytes(*n);
                        assert!(rest == message(n), "message {n} is torn");
                        received += 1;
                    }
                    Err(WaitError::SpedPast(lost)) => assert!(lost.slots.count() > 0 && lost.messages.is_none()),
                    Err(WaitError::ProducersGone) => break,
                    Err(other) => panic!("{other}"),
                }
            }
            assert_eq!((consumer.received(), consumer.lost_messages()), (received, None));
            assert_eq!(consumer.received_slots() + consumer.lost_slots(), consumer.next_sequence());
        });
        for id in 0..PRODUCERS {
            let mut producer = queue.producer().unwrap();
            scope.spawn(move || produce_numbered(&mut producer, id << 56, each));
        }
    });
}

fn produce_numbered<M: Mode>(producer: &mut icc_queue::bytes::BytesProducer<M>, from: u64, count: u64) {
    for n in from..from + count {
        let bytes = message(n);
        let write = |out: &mut [u8]| {
            let (number, rest) = out.split_at_mut(8);
            number.copy_from_slice(&n.to_ne_bytes());
            rest.copy_from_slice(bytes);
        };
        producer.produce_with(8 + bytes.len(), write).unwrap();
    }
}
