//! Messages of any length between processes: what is opened as what, and a producer and a consumer apart.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_queue::bytes::{BytesQueue, BytesQueueReader, TryConsumeError, WaitError};
use icc_queue::{
    BufferError, Evict, Mode, Mpmc, Options, Origin, Park, Queue, QueueError, QueueReader, QueueSpec, Spmc, untyped,
};
use icc_testing::{Actor, Name, role, wait_until};
use std::time::Duration;

fn spec() -> QueueSpec {
    QueueSpec::new(64).slot_size(64)
}

/// Of message `n`, which has so many bytes.
fn message(n: u64) -> Vec<u8> {
    vec![n as u8 | 1; (n * 13 % 480) as usize]
}

const MESSAGES: u64 = 2_000;

#[test]
fn actor() {
    let Some((role, path)) = role() else { return };
    let options = Options::new();
    match role.as_str() {
        "produce" => {
            let mut producer = BytesQueue::<Spmc>::open(&path, &options).unwrap().producer().unwrap();
            (0..MESSAGES).for_each(|n| _ = producer.produce(&message(n)).unwrap());
        }
        "consume asleep" => {
            let mut consumer = BytesQueueReader::open(&path, &options).unwrap().consumer_from_oldest();
            let mut out = Vec::new();
            for n in 0..MESSAGES {
                consumer.consume_into(&mut out, &mut Park::new(Duration::ZERO)).unwrap();
                assert_eq!(out, message(n));
            }
        }
        other => panic!("{other}"),
    }
}

fn what_is_created_is_opened<M: Mode>() {
    let name = Name::new("bytes-opened");
    let options = Options::new();
    let queue = BytesQueue::<M>::create(&name, spec(), &options).unwrap();
    let mut producer = BytesQueue::<M>::open(&name, &options).unwrap().producer().unwrap();
    let reader = BytesQueueReader::open(&name, &options).unwrap();
    let mut consumers = [queue.consumer(), reader.consumer()];
    let mut out = Vec::new();
    for n in 0..500 {
        producer.produce(&message(n)).unwrap();
        for consumer in &mut consumers {
            assert!(consumer.try_consume_into(&mut out).is_ok());
            assert_eq!(out, message(n));
        }
    }
    assert_eq!((reader.slot_size(), reader.longest_message(), reader.capacity()), (64, 16 * 32, 64));
    let (again, origin) = BytesQueue::<M>::open_or_create(&name, spec(), &options).unwrap();
    assert_eq!((again.instance(), origin), (queue.instance(), Origin::Opened));

    let refused = |spec| BytesQueue::<M>::open_or_create(&name, spec, &options).unwrap_err();
    assert!(matches!(refused(spec().slot_size(128)), QueueError::OtherSlotSize { found: 64, expected: 128, .. }));
    assert!(matches!(refused(spec().holding(Evict::Never)), QueueError::OtherEviction { found: None, .. }));
    assert!(matches!(refused(spec().wakeable()), QueueError::Buffer(BufferError::LacksFeature { .. })));
    assert!(matches!(refused(QueueSpec::new(128).slot_size(64)), QueueError::Buffer(BufferError::OtherLen { .. })));

    icc_queue::remove(&name).unwrap();
    let (_, origin) = BytesQueue::<M>::open_or_create(&name, spec().slot_size(128), &options).unwrap();
    assert_eq!(origin, Origin::Created);
}

#[test]
fn both_modes_are_opened_by_name() {
    what_is_created_is_opened::<Spmc>();
    what_is_created_is_opened::<Mpmc>();
}

#[test]
fn both_modes_are_opened_by_descriptor() {
    fn by_descriptor<M: Mode>() {
        let options = Options::new();
        let queue = BytesQueue::<M>::anonymous(spec().wakeable().starting_at(7), &options).unwrap();
        let ring = || queue.as_fd().unwrap().try_clone_to_owned().unwrap();
        let readers = || queue.readers_fd().unwrap().try_clone_to_owned().unwrap();
        let mut producer = BytesQueue::<M>::from_fd((ring(), readers()), &options).unwrap().producer().unwrap();
        let mut consumer = BytesQueueReader::from_fd((ring(), readers()), &options).unwrap().consumer();
        assert_eq!(producer.produce(&message(9)), Ok(7));
        let mut out = Vec::new();
        assert_eq!((consumer.try_consume_into(&mut out), out), (Ok(7), message(9)));
        assert!(matches!(
            BytesQueue::<M>::from_fd(ring(), &options),
            Err(QueueError::Buffer(BufferError::NoReadersDescriptor { .. }))
        ));
    }
    by_descriptor::<Spmc>();
    by_descriptor::<Mpmc>();
}

/// Each error says what was found.
#[test]
fn a_queue_of_bytes_is_no_other_queue() {
    let (bytes, typed) = (Name::new("bytes-kind"), Name::new("bytes-typed"));
    let options = Options::new();
    let _bytes = BytesQueue::<Spmc>::create(&bytes, spec(), &options).unwrap();
    let _typed = Queue::<[u64; 7]>::create(&typed, 64, &options).unwrap();
    let kinds = |error: QueueError| match error {
        QueueError::Buffer(BufferError::OtherKind { found, expected, .. }) => {
            [found, expected].map(|kind| kind.to_string())
        }
        other => panic!("{other}"),
    };
    let (is_bytes, is_typed) = (["bytes", "queue"], ["queue", "bytes"]);
    assert_eq!(kinds(Queue::<[u64; 7]>::open(&bytes, &options).unwrap_err()), is_bytes);
    assert_eq!(kinds(QueueReader::<[u64; 7]>::open(&bytes, &options).unwrap_err()), is_bytes);
    assert_eq!(kinds(untyped::QueueReader::open(&bytes, &options).unwrap_err()), is_bytes);
    assert_eq!(kinds(untyped::Queue::<Spmc>::open(&bytes, None, &options).unwrap_err()), is_bytes);
    assert_eq!(kinds(BytesQueue::<Spmc>::open(&typed, &options).unwrap_err()), is_typed);
    assert_eq!(kinds(BytesQueueReader::open(&typed, &options).unwrap_err()), is_typed);
    let found = icc_buffer::UntypedBuffer::open(&typed, &options).unwrap();
    assert_eq!(kinds(BytesQueueReader::over(&found).unwrap_err()), is_typed);

    let other_mode = BytesQueue::<Mpmc>::open(&bytes, &options).unwrap_err();
    assert!(matches!(other_mode, QueueError::OtherMode { found: "one producer", expected: "many producers", .. }));
    let found = icc_buffer::UntypedBuffer::open(&bytes, &options).unwrap();
    assert_eq!(BytesQueueReader::over(&found).unwrap().slot_size(), 64);
}

#[test]
fn a_process_produces_for_another() {
    let name = Name::new("bytes-processes");
    let queue = BytesQueue::<Spmc>::create(&name, QueueSpec::new(1 << 16).slot_size(64), &Options::new()).unwrap();
    let mut consumer = BytesQueueReader::open(&name, &Options::new()).unwrap().consumer();
    let mut actor = Actor::start("produce", &name, &[]);
    let (mut out, mut n) = (Vec::new(), 0);
    loop {
        match consumer.consume_into_until_gone(&mut out, &mut icc_queue::SpinThenYield::default()) {
            Ok(_) => {
                assert_eq!(out, message(n));
                n += 1;
            }
            Err(WaitError::ProducersGone) => break,
            // It has not begun, or it is over.
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(n, MESSAGES);
    actor.succeeds();
    drop(queue);
}

#[test]
fn a_process_that_sleeps_is_woken() {
    let name = Name::new("bytes-asleep");
    let spec = QueueSpec::new(1 << 15).slot_size(64).wakeable();
    let queue = BytesQueue::<Mpmc>::create(&name, spec, &Options::new()).unwrap();
    let mut actor = Actor::start("consume asleep", &name, &[]);
    let mut producer = queue.producer().unwrap();
    let asleep = || format!("{:?}", queue.bell().unwrap()).contains("somebody_sleeps: true");
    for n in 0..MESSAGES {
        if n % 500 == 0 {
            wait_until("the consumer sleeps", asleep);
        }
        producer.produce(&message(n)).unwrap();
    }
    actor.succeeds();
    let mut out = Vec::new();
    assert_eq!(queue.consumer().try_consume_into(&mut out), Err(TryConsumeError::Empty));
}
