//! Messages of which a part is missing, as a producer leaves them that is slow or dies.

use super::head::Head;
use super::{BytesConsumer, BytesLost, BytesQueue, TryConsumeError, TryProduceError, WaitError};
use crate::ledger::{count_of, holding, ledger_of};
use crate::{Evict, Lost, Mode, Mpmc, QueueSpec, Recovery, SpinThenYield, Spmc};
use icc_seqlock::primitive::Ordering;
use std::time::Duration;

const ROOM: usize = 32;

fn queue<M: Mode>(spec: QueueSpec) -> BytesQueue<M> {
    BytesQueue::new(spec.slot_size(64)).unwrap()
}

/// Writes some slots of a message of four, which begins at slot `n`.
fn write_part<M: Mode>(queue: &BytesQueue<M>, n: u64, number: u64, parts: core::ops::Range<u64>) {
    let head = Head { index: 0, count: 4, len: 4 * ROOM as u64, number };
    for part in parts {
        let m = n.wrapping_add(part);
        let piece = queue.buffer.to_write(head.at(part as usize).words(), &[7; ROOM]);
        // SAFETY: no producer of the test writes this slot.
        unsafe { queue.queue.cell(m).write_at(queue.geometry.complete(m), piece) };
    }
}

/// Takes tickets that nobody holds, as a producer leaves them that dies.
fn leave(queue: &BytesQueue<Mpmc>, count: u64) {
    queue.queue.head().fetch_add(count, Ordering::AcqRel);
}

fn take(consumer: &mut BytesConsumer) -> Result<Vec<u8>, TryConsumeError> {
    let mut out = Vec::new();
    consumer.try_consume_into(&mut out).map(|_| out)
}

/// Polls until something is there or lost.
fn poll(consumer: &mut BytesConsumer) -> Result<Vec<u8>, BytesLost> {
    for _ in 0..1_000_000 {
        match take(consumer) {
            Ok(out) => return Ok(out),
            Err(TryConsumeError::SpedPast(lost)) => return Err(lost),
            Err(_) => {}
        }
    }
    panic!("nothing came");
}

fn lost(first: u64, next: u64, messages: Option<u64>) -> BytesLost {
    BytesLost { slots: Lost { first, next }, messages }
}

#[test]
fn a_part_is_not_given() {
    let queue = queue::<Spmc>(QueueSpec::new(16));
    let mut consumer = queue.consumer();
    for part in 0..4 {
        write_part(&queue, 0, 0, part..part + 1);
        if part < 3 {
            assert_eq!(take(&mut consumer), Err(TryConsumeError::Empty));
            assert_eq!((consumer.is_ready(), consumer.next_sequence()), (false, 0));
        }
    }
    assert!(consumer.is_ready());
    assert_eq!(take(&mut consumer), Ok(vec![7; 4 * ROOM]));
}

#[test]
fn what_a_dead_producer_left_of_a_message_is_lost_when_its_successor_goes_on() {
    for (parts, recovery) in [(1, Recovery::Oldest), (2, Recovery::Stop), (3, Recovery::Newest)] {
        let queue = queue::<Spmc>(QueueSpec::new(16));
        let mut consumer = queue.consumer().with_recovery(recovery);
        queue.producer().unwrap().produce(b"before").unwrap();
        write_part(&queue, 1, 1, 0..parts);
        assert_eq!(take(&mut consumer), Ok(b"before".to_vec()));
        assert_eq!(take(&mut consumer), Err(TryConsumeError::Empty));

        let mut producer = queue.producer().unwrap();
        assert_eq!(producer.produce(b"after"), Ok(1 + parts));
        let left = lost(1, 1 + parts, Some(1));
        assert_eq!(poll(&mut consumer), Err(left));
        if recovery == Recovery::Stop {
            assert_eq!((poll(&mut consumer), consumer.stopped(), consumer.resume()), (Err(left), Some(left), None));
        }
        assert_eq!(take(&mut consumer), Ok(b"after".to_vec()));
        assert_eq!((consumer.received(), consumer.lost_messages()), (2, Some(1)));
    }
}

#[test]
fn a_successor_that_fills_its_place_ends_a_partial_message() {
    let queue = queue::<Spmc>(QueueSpec::new(16));
    let mut consumer = queue.consumer();
    write_part(&queue, 0, 0, 0..2);
    let mut producer = queue.producer().unwrap();
    (0..3).for_each(|_| _ = producer.produce(b"after").unwrap());
    // Its last slot is there, and is another's.
    assert_eq!(take(&mut consumer), Err(TryConsumeError::SpedPast(lost(0, 2, Some(1)))));
    assert_eq!(take(&mut consumer), Ok(b"after".to_vec()));
}

#[test]
fn a_partial_message_is_lost_when_no_producer_lives() {
    let queue = queue::<Spmc>(QueueSpec::new(16));
    let mut consumer = queue.consumer();
    write_part(&queue, 0, 0, 0..3);
    let (mut out, wait) = (Vec::new(), &mut SpinThenYield::default());
    let told = consumer.consume_into_until_gone(&mut out, wait);
    assert_eq!(told, Err(WaitError::SpedPast(lost(0, 3, Some(1)))));
    assert_eq!(consumer.consume_into_until_gone(&mut out, wait), Err(WaitError::ProducersGone));
}

/// What a newcomer begins while it is asked who lives is not what the dead have left.
#[test]
fn what_a_newcomer_has_begun_is_not_given_up() {
    let queue = queue::<Spmc>(QueueSpec::new(16));
    let (mut consumer, mut out) = (queue.consumer(), Vec::new());
    let newcomer = |_: &_| {
        write_part(&queue, 0, 0, 0..2);
        false
    };
    assert_eq!(consumer.after_silence(&mut out, newcomer), None);
    // It stands at the message, as one that died there would leave it: now it was there before it is asked.
    assert_eq!(consumer.after_silence(&mut out, |_| true), None);
    let left = WaitError::SpedPast(lost(0, 2, Some(1)));
    assert_eq!(consumer.clone().after_silence(&mut out, |_| false), Some(Err(left)));
    let finished = |_: &_| {
        write_part(&queue, 0, 0, 2..4);
        false
    };
    assert_eq!((consumer.after_silence(&mut out, finished), out.len()), (Some(Ok(0)), 4 * ROOM));
}

/// Whether the rest of a message will ever come is asked at every 64th empty poll, and what is silent for long is not
/// taken for one of many producers' message.
#[test]
fn a_partial_message_is_asked_for_now_and_then() {
    let queue = queue::<Spmc>(QueueSpec::new(16).gaps());
    let mut consumer = queue.consumer();
    write_part(&queue, 0, 0, 0..2);
    let empty = |consumer: &mut BytesConsumer, polls| {
        (0..polls).for_each(|_| assert_eq!(take(consumer), Err(TryConsumeError::Empty)));
    };
    empty(&mut consumer, 128);
    std::thread::sleep(2 * crate::consumer::SILENCE);
    empty(&mut consumer, 128);
    queue.producer().unwrap().produce_at(9, 3, b"after").unwrap();
    empty(&mut consumer, 63);
    assert_eq!(take(&mut consumer), Err(TryConsumeError::SpedPast(lost(0, 2, Some(1)))));
}

#[test]
fn what_one_of_many_left_of_a_message_is_told_as_one() {
    for parts in 0..4 {
        let queue = queue::<Mpmc>(QueueSpec::new(32));
        let (mut consumer, mut producer) = (queue.consumer(), queue.producer().unwrap());
        leave(&queue, 4);
        write_part(&queue, 0, 0, 0..parts);
        producer.produce(b"after").unwrap();
        let messages = (parts > 0).then_some(1);
        assert_eq!(poll(&mut consumer), Err(lost(0, 4, messages)), "{parts} slots are there");
        assert_eq!(take(&mut consumer), Ok(b"after".to_vec()));
        assert_eq!(consumer.lost_messages(), None);
    }
}

#[test]
fn what_a_living_producer_has_not_finished_is_waited_for() {
    let queue = queue::<Mpmc>(QueueSpec::new(32));
    let (mut consumer, slow, mut other) = (queue.consumer(), queue.producer().unwrap(), queue.producer().unwrap());
    assert_eq!(slow.producer.id(), 0);
    leave(&queue, 4);
    queue.queue.atomic(count_of(0)).store(4, Ordering::Release);
    queue.queue.atomic(ledger_of(0)).store(holding(0, 4), Ordering::Release);
    write_part(&queue, 0, 0, 0..2);
    other.produce(b"after").unwrap();
    let after = Duration::from_millis(20);
    let waited = consumer.consume_into_timeout(&mut Vec::new(), &mut SpinThenYield::default(), after);
    assert_eq!(waited, Err(WaitError::TimedOut { after }));
    write_part(&queue, 0, 0, 2..4);
    assert_eq!(take(&mut consumer), Ok(vec![7; 4 * ROOM]));
    assert_eq!(take(&mut consumer), Ok(b"after".to_vec()));
}

/// One that holds waits for the rest of a message, whose producer is slow: it is not the one to be evicted.
#[test]
fn who_waits_for_the_rest_of_a_message_is_not_evicted_for_it() {
    let spec = QueueSpec::new(16).holding(Evict::After(Duration::from_millis(1)));
    let queue = queue::<Mpmc>(spec);
    let mut consumer = queue.holding_consumer("waits").unwrap();
    let (slow, mut other) = (queue.producer().unwrap(), queue.producer().unwrap());
    leave(&queue, 4);
    queue.queue.atomic(count_of(0)).store(4, Ordering::Release);
    queue.queue.atomic(ledger_of(0)).store(holding(0, 4), Ordering::Release);
    write_part(&queue, 0, 0, 0..2);
    (0..12).for_each(|_| _ = other.produce(b"other").unwrap());
    let full = other.produce_timeout(b"other", Duration::from_millis(30));
    assert!(matches!(full, Err(TryProduceError::NoRoom(crate::TryProduceError::Full { .. }))));
    assert!(consumer.holds());
    write_part(&queue, 0, 0, 2..4);
    assert!(other.produce_timeout(b"other", Duration::from_secs(60)).is_ok());
    assert!(!consumer.holds(), "now it is");
    assert!(consumer.try_consume_into(&mut Vec::new()).is_err());
    drop(slow);
}

/// All slots of a message, or none.
#[test]
fn trying_takes_no_ticket_that_it_cannot_use() {
    let queue = queue::<Mpmc>(QueueSpec::new(16));
    let (slow, mut trying) = (queue.producer().unwrap(), queue.producer().unwrap());
    // Slot 2 is a living producer's, which does not write itself.
    (0..2).for_each(|_| _ = trying.try_produce(b"x").unwrap());
    leave(&queue, 1);
    queue.queue.atomic(ledger_of(0)).store(holding(2, 1), Ordering::Release);
    (3..16).for_each(|n| assert_eq!(trying.try_produce(b"x"), Ok(n)));
    for len in [2 * ROOM + 1, 4 * ROOM] {
        let busy = trying.try_produce(&vec![7; len]);
        assert_eq!(busy, Err(TryProduceError::NoRoom(crate::TryProduceError::Busy { n: 16 })));
        assert_eq!(queue.produced(), 16, "a ticket was taken");
    }
    assert_eq!(trying.try_produce(&[7; 2 * ROOM]), Ok(16));
    drop(slow);
}

/// Also where several of its slots are the dead's.
#[test]
fn trying_takes_over_from_the_dead() {
    let queue = queue::<Mpmc>(QueueSpec::new(16));
    let mut trying = queue.producer().unwrap();
    leave(&queue, 4);
    (4..16).for_each(|n| assert_eq!(trying.try_produce(b"x"), Ok(n)));
    let produced = (0..100).find_map(|_| trying.try_produce(&[7; 4 * ROOM]).ok());
    assert_eq!(produced, Some(16), "stuck behind the dead");
    assert_eq!(take(&mut queue.consumer_at(queue.position(16)).unwrap()), Ok(vec![7; 4 * ROOM]));
}

/// Words that no producer wrote: the slot is lost, and nothing else.
#[test]
fn damaged_words_are_lost() {
    let good = Head { index: 0, count: 1, len: 5, number: 0 };
    let bad = [
        Head { count: 0, ..good },
        Head { count: 2, ..good },
        Head { len: ROOM as u64 + 1, ..good },
        Head { len: u64::MAX, ..good },
        Head { count: u32::MAX, len: u64::MAX, ..good },
        Head { index: 1, ..good },
        Head { index: u32::MAX, count: u32::MAX, len: 0, number: u64::MAX },
    ];
    for head in bad {
        let queue = queue::<Spmc>(QueueSpec::new(16));
        let mut consumer = queue.consumer();
        let mut producer = queue.producer().unwrap();
        producer.produce(b"first").unwrap();
        assert!(take(&mut consumer).is_ok());
        producer.produce(b"second").unwrap();
        producer.produce(b"third").unwrap();
        let piece = queue.buffer.to_write(head.words(), b"");
        // SAFETY: the producer does nothing meanwhile.
        unsafe { queue.queue.cell(1).write_at(queue.geometry.complete(1), piece) };
        assert_eq!(take(&mut consumer), Err(TryConsumeError::SpedPast(lost(1, 2, Some(1)))), "{head:?}");
        assert_eq!(take(&mut consumer), Ok(b"third".to_vec()));
    }
}

/// A producer that died in the middle of a message, whose successor leaves the rest out.
#[test]
fn the_rest_of_a_message_is_left_out() {
    for parts in 1..4 {
        let queue = queue::<Spmc>(QueueSpec::new(16).gaps());
        let mut consumer = queue.consumer();
        write_part(&queue, 0, 0, 0..parts);
        assert_eq!(take(&mut consumer), Err(TryConsumeError::Empty));
        let mut successor = queue.producer().unwrap();
        assert_eq!(successor.next_sequence(), parts);
        successor.produce_at(9, 3, b"after").unwrap();
        assert_eq!(poll(&mut consumer), Err(lost(0, parts, Some(1))));
        assert_eq!(poll(&mut consumer), Err(lost(parts, 9, Some(2))));
        assert_eq!(poll(&mut consumer), Ok(b"after".to_vec()));
        assert_eq!((consumer.received(), consumer.lost_messages(), consumer.lost_slots()), (1, Some(3), 9));
    }
}

/// Against what was produced: where messages begin, from everywhere, and where a whole one ends.
#[test]
fn beginnings_are_found_from_everywhere() {
    for first in [0, 7, u64::MAX - 40] {
        let queue = queue::<Spmc>(QueueSpec::new(16).starting_at(first));
        let mut producer = queue.producer().unwrap();
        assert_eq!((queue.beginning_from(first), queue.newest_beginning()), ((first, Some(0)), None));
        // First slot, number and slots of each.
        let (mut messages, mut next) = (Vec::new(), first);
        for number in 0..60_u64 {
            let count = [4, 1, 2, 4, 3, 4, 4, 1][number as usize % 8];
            assert_eq!(producer.produce(&vec![7; count as usize * ROOM]), Ok(next));
            messages.push((next, number, count));
            next = next.wrapping_add(count);
            let back = |m: u64| next.wrapping_sub(m);
            let kept = 16.min(back(first));
            for by in 0..=kept {
                let n = next.wrapping_sub(by);
                let expected = messages.iter().rev().take_while(|message| back(message.0) <= by).last();
                let expected = expected.map_or((next, number + 1), |message| (message.0, message.1));
                assert_eq!(queue.beginning_from(n), (expected.0, Some(expected.1)), "{by} before {next}");
                let whole = messages.iter().find(|message| message.0 == n);
                let last = whole.map_or(n, |message| n.wrapping_add(message.2 - 1));
                assert_eq!((queue.awaited(n), queue.is_cut_short(n)), (last, false));
            }
            // What is overwritten is left behind by a quarter of the ring.
            if back(first) > 16 {
                let quarter = queue.beginning_from(next.wrapping_sub(16 - 4));
                for by in [17, 18, 19, 31, 32, 33].into_iter().filter(|by| *by <= back(first)) {
                    assert_eq!(queue.beginning_from(next.wrapping_sub(by)), quarter, "{by} before {next}");
                }
            }
            for by in 1..20 {
                let n = next.wrapping_add(by);
                assert_eq!((queue.beginning_from(n), queue.awaited(n)), ((n, None), n));
            }
            assert_eq!(queue.newest_beginning(), messages.last().map(|message| (message.0, message.1)));
        }
    }
}

/// Where what was begun last is not whole, or what is kept is the middle of something.
#[test]
fn the_newest_beginning_need_not_be_whole() {
    let queue = queue::<Mpmc>(QueueSpec::new(16));
    let mut producer = queue.producer().unwrap();
    producer.produce(b"x").unwrap();
    leave(&queue, 4);
    write_part(&queue, 1, 8, 0..2);
    assert_eq!(queue.newest_beginning(), Some((1, 8)));
    assert_eq!((queue.awaited(1), queue.is_cut_short(1)), (4, false));
    // Another one begins in its place.
    write_part(&queue, 2, 9, 0..1);
    assert_eq!((queue.awaited(1), queue.is_cut_short(1)), (4, true));
    // Middles of messages, up to a whole ring of them.
    leave(&queue, 12);
    (1..16).for_each(|m| write_part(&queue, m, 9, 1..2));
    assert_eq!((queue.produced(), queue.newest_beginning()), (17, Some((1, 8))));
    leave(&queue, 1);
    write_part(&queue, 16, 9, 1..2);
    assert_eq!((queue.newest_beginning(), queue.beginning_from(2)), (None, (18, Some(10))));
}

/// Slots that say they are of a lap that no producer will come to: memory may hold anything.
#[test]
fn a_look_for_a_beginning_ends() {
    let queue = queue::<Mpmc>(QueueSpec::new(16));
    (0..16).for_each(|m| write_part(&queue, (1 << 40) + m, 0, 0..1));
    // The last is where a look goes on that was sped past.
    for n in [0, 5, 16, 1_000, 0_u64.wrapping_sub(12)] {
        assert_eq!((queue.beginning_from(n), queue.awaited(n)), ((n.wrapping_add(16), None), n));
    }
    assert_eq!(queue.newest_beginning(), None);
}
