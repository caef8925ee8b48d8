//! Messages of any length as a stream.
#![cfg(not(any(icc_loom, miri)))]

mod common;

use common::block_on;
use icc_async::BytesStream;
use icc_queue::bytes::{BytesLost, BytesQueue};
use icc_queue::{Lost, Mode, Mpmc, QueueSpec, Spmc};
use std::thread;
use std::time::Duration;

const MESSAGES: usize = 500;

fn received_in_bursts<M: Mode>() {
    let spec = QueueSpec::new(1 << 13).slot_size(64).wakeable();
    let queue = BytesQueue::<M>::new(spec).unwrap();
    let (mut stream, mut producer) = (BytesStream::new(queue.consumer()), queue.producer().unwrap());
    let thread = thread::spawn(move || {
        for n in 0..MESSAGES {
            // In which the stream goes to sleep.
            if n % 11 == 0 {
                thread::sleep(Duration::from_micros(100));
            }
            producer.produce(&vec![n as u8; n]).unwrap();
        }
    });
    block_on(async move {
        let mut out = Vec::new();
        for n in 0..MESSAGES {
            if n % 2 == 0 {
                stream.next_into(&mut out).await.unwrap();
            } else {
                out = stream.next().await.unwrap();
            }
            assert_eq!(out, vec![n as u8; n]);
        }
        assert_eq!(stream.look(|consumer| consumer.received()), Some(MESSAGES as u64));
    });
    thread.join().unwrap();
}

#[test]
fn both_modes() {
    received_in_bursts::<Spmc>();
    received_in_bursts::<Mpmc>();
}

#[test]
fn a_loss_is_an_item() {
    let queue = BytesQueue::<Spmc>::new(QueueSpec::new(16).slot_size(64).wakeable()).unwrap();
    let (mut stream, mut producer) = (BytesStream::new(queue.consumer()), queue.producer().unwrap());
    (0..20).for_each(|n| _ = producer.produce(&[n; 40]).unwrap());
    block_on(async move {
        let BytesLost { slots, messages, .. } = stream.next().await.unwrap_err();
        assert_eq!((slots, messages), (Lost { first: 0, next: 24 }, Some(12)));
        assert_eq!(stream.next().await, Ok(vec![12; 40]));
    });
}
