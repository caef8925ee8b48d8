//! Floors deliver what was sent, all of it and in order; and where they wait, they wait.

use super::cell::{CellRead, CellWrite, LONGEST, OneCell};
use super::ring::{ManyProducers, OneProducer};
use super::tickets::{TicketRing, TwoProducers};
use crate::link::{self, Broadcast, CAPACITY, Link, Message, Operation, Polled, Receiver, Sender, Target};
use crate::targets::plain_ring::{PlainPlaces, PlainRing};

fn message<T: Message>(number: u64) -> T {
    let mut message = T::zeroed();
    message.fill(number);
    message
}

/// Sends and receives by turns, up to so many at a time, over a few laps.
fn carries<T: Message, S: Target>(at_once: u64) {
    let mut link = S::open::<T>().unwrap();
    for _ in 0..2 {
        // The second time the ring holds what was sent the first time.
        let (mut sender, mut receiver) = link.ends().unwrap();
        let (mut sent, mut received, mut into) = (0, 0, T::zeroed());
        while received < 3 * CAPACITY as u64 {
            for _ in 0..=sent % at_once {
                sent += 1;
                sender.send(&message(sent));
            }
            while received < sent {
                assert_eq!(receiver.poll(&mut into), Polled::Message, "{} of {sent}", S::NAME);
                received = if S::TELLS_LOSS { received + 1 } else { sent };
                into.check(received).unwrap();
            }
            assert_eq!(receiver.poll(&mut into), Polled::Empty);
        }
    }
}

#[test]
fn rings_and_cells_carry_messages_of_every_length_over_several_laps() {
    fn of_ring<S: Target>() {
        carries::<[u64; 1], S>(100);
        carries::<[u64; 7], S>(100);
        carries::<[u64; 8], S>(3);
        carries::<[u64; 15], S>(100);
        carries::<[u64; 128], S>(100);
        carries::<[u64; 512], S>(7);
    }
    of_ring::<OneProducer>();
    of_ring::<ManyProducers>();
    carries::<[u64; 1], OneCell>(5);
    carries::<[u64; LONGEST / 8], OneCell>(5);
}

#[test]
fn a_ring_between_two_threads_loses_nothing_however_slow_one_of_them_is() {
    fn check<S: Target>(is_slow: fn(u64) -> bool) {
        const COUNT: u64 = 20 * CAPACITY as u64;
        let mut link = S::open::<[u64; 15]>().unwrap();
        let (mut sender, mut receiver) = link.ends().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || (1..=COUNT).for_each(|number| sender.send(&message(number))));
            let mut into = [0; 15];
            for number in 1..=COUNT {
                if is_slow(number) {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                let began = std::time::Instant::now();
                while receiver.poll(&mut into) != Polled::Message {
                    // A message that was overwritten never comes.
                    assert!(began.elapsed() < std::time::Duration::from_secs(60), "message {number} is lost");
                    std::thread::yield_now();
                }
                into.check(number).unwrap();
            }
        });
    }
    check::<OneProducer>(|_| false);
    check::<OneProducer>(|number| number % 1000 == 0);
    check::<ManyProducers>(|number| number % 1000 == 0);
}

#[test]
fn each_of_many_receivers_gets_every_message_and_one_that_is_gone_holds_nobody() {
    let ends = |mut sender: super::ring::OneSender<'_, [u64; 7], false>,
                mut receivers: Vec<super::ring::RingReceiver<'_, _, false>>| {
        assert_eq!(receivers.len(), 3);
        for number in 1..=5 * CAPACITY as u64 {
            sender.send(&message(number));
            for receiver in &mut receivers {
                let mut into = [0; 7];
                assert_eq!(receiver.poll(&mut into), Polled::Message);
                into.check(number).unwrap();
            }
        }
        receivers.clear();
        // More than the ring holds.
        (0..3 * CAPACITY as u64).for_each(|number| sender.send(&message(number)));
    };
    OneProducer::with_ends(3, ends).unwrap();
}

#[test]
fn two_producers_tickets_are_each_accounted_for() {
    let ([mut one, mut other], mut receiver) =
        <TwoProducers as link::ManyProducers>::open_for_two::<[u64; 15]>().unwrap();
    let mut into = [0; 15];
    assert_eq!(receiver.poll(&mut into), Polled::Empty);
    for number in 1..=2000 {
        if number % 3 == 0 { one.send(&message(number)) } else { other.send(&message(number)) }
    }
    assert_eq!(receiver.poll(&mut into), Polled::Lost(2000 - CAPACITY as u64));
    for number in 2000 - CAPACITY as u64 + 1..=2000 {
        assert_eq!(receiver.poll(&mut into), Polled::Message);
        into.check(number).unwrap();
    }
    assert_eq!(receiver.poll(&mut into), Polled::Empty);
}

#[test]
fn plain_places_hold_the_last_message() {
    fn check<R: PlainPlaces<[u64; 7]>>() {
        let mut ring = R::new();
        for number in 1..=3 * CAPACITY as u64 + 5 {
            ring.send(&message(number));
            ring.last().check(number).unwrap();
        }
    }
    check::<PlainRing<[u64; 7]>>();
    check::<TicketRing<[u64; 7]>>();
}

#[test]
fn a_cell_is_read_and_written_whole() {
    let mut cell = CellRead::cell(message::<[u64; 8]>(7));
    let mut buffer = [0; 8];
    CellRead::run(&mut CellRead::handle(&mut cell), &mut buffer);
    buffer.check(7).unwrap();
    CellWrite::run(&mut CellWrite::handle(&mut cell), &mut message::<[u64; 8]>(8));
    CellWrite::value(&mut cell).check(8).unwrap();
    CellRead::run(&mut CellRead::handle(&mut cell), &mut buffer);
    buffer.check(8).unwrap();
}
