//! Rounds with many consumers, and consumers that go wrong.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::targets::queue::{MpmcQueue, SpmcQueue};
use crate::targets::seqlock::SeqlockCell;

const LENGTH: Duration = Duration::from_millis(6);

#[test]
fn rounds_are_measured_with_few_and_many_consumers() {
    fn check<S: Broadcast>(setup: &Setup) {
        for consumers in [1, 8] {
            let round = round::<[u64; 15], S>(consumers, setup, LENGTH).unwrap();
            assert!(round.samples > 0 && round.p50_ns > 0.0, "{}: {round:?}", S::NAME);
            assert_eq!(round.thread_ns.is_some(), S::ROOM > 1, "{}", S::NAME);
            assert!(round.thread_ns.is_none_or(|ns| ns > 0.0), "{}: {round:?}", S::NAME);
        }
    }
    let Some(setup) = TestSetup::on_two_cores() else { return };
    check::<SpmcQueue>(&setup);
    check::<MpmcQueue>(&setup);
    check::<SeqlockCell>(&setup);
}

/// Finds messages from number 1 on, except one.
struct Counter {
    next: u64,
    fault: Fault,
}

#[derive(Clone, Copy)]
enum Fault {
    None,
    /// Nothing where this message should be, and the message after.
    Late(u64),
    /// This message is left out.
    Skip(u64),
    /// This message's last word has a bit flipped.
    Garble(u64),
    /// This message comes again instead of the next.
    Twice(u64),
}

impl Receiver<[u64; 7]> for Counter {
    fn poll(&mut self, into: &mut [u64; 7]) -> Polled {
        let next = self.next;
        match self.fault {
            Fault::Late(at) if next == at => {
                self.fault = Fault::None;
                return Polled::Empty;
            }
            Fault::Skip(at) if next == at => self.next += 1,
            Fault::Twice(at) if next == at + 1 => {
                self.fault = Fault::None;
                self.next -= 1;
            }
            _ => {}
        }
        into.fill(self.next);
        if let Fault::Garble(at) = self.fault
            && at == next
        {
            into[6] ^= 1;
        }
        self.next += 1;
        Polled::Message
    }
}

fn consumers(fault: Fault) -> [Counter; 3] {
    [Fault::None, fault, Fault::None].map(|fault| Counter { next: 1, fault })
}

#[test]
fn a_consumer_that_misses_repeats_or_is_late_is_found_in_a_timed_batch() {
    let mut message = [0; 7];
    assert_eq!(take_batch(&mut consumers(Fault::None), 1, &mut message), 0);
    for fault in [Fault::Late(5), Fault::Skip(5), Fault::Twice(5)] {
        assert_ne!(take_batch(&mut consumers(fault), 1, &mut message), 0);
    }
}

#[test]
fn a_checked_batch_finds_every_fault_and_names_the_consumer() {
    let mut message = [0; 7];
    check_batch(&mut consumers(Fault::None), 1, &mut message).unwrap();
    for (fault, at) in [(Fault::Late(5), 5), (Fault::Skip(5), 5), (Fault::Twice(5), 6)] {
        let error = check_batch(&mut consumers(fault), 1, &mut message).unwrap_err();
        assert!(
            matches!(error, RoundError::Missed { consumer: 2, consumers: 3, sequence } if sequence == at),
            "{error}"
        );
    }
    let error = check_batch(&mut consumers(Fault::Garble(7)), 1, &mut message).unwrap_err();
    assert!(matches!(error, RoundError::Garbled(_)), "{error}");
}

#[test]
fn at_full_speed_garbled_and_repeated_messages_are_found() {
    for (fault, is_garbled) in [(Fault::Garble(3), true), (Fault::Twice(3), false)] {
        let Some(setup) = TestSetup::on_two_cores() else { return };
        let sender = Nothing;
        let error = at_full_speed(sender, consumers(fault).into(), &setup, LENGTH).unwrap_err();
        assert_eq!(matches!(error, RoundError::Garbled(_)), is_garbled, "{error}");
        assert_eq!(matches!(error, RoundError::OutOfOrder { sequence: 3, after: 3 }), !is_garbled, "{error}");
    }
}

struct Nothing;

impl Sender<[u64; 7]> for Nothing {
    fn send(&mut self, message: &[u64; 7]) {
        black_box(message);
    }
}

#[test]
fn consumers_to_which_nothing_comes_end_in_an_error() {
    struct Silent;
    impl Receiver<[u64; 7]> for Silent {
        fn poll(&mut self, _into: &mut [u64; 7]) -> Polled {
            Polled::Empty
        }
    }
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let error = in_batches(Nothing, vec![Silent, Silent], &setup, LENGTH).unwrap_err();
    assert!(matches!(error, RoundError::Missed { consumer: 1, consumers: 2, sequence: 1 }), "{error}");
}
