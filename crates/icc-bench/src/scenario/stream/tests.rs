//! Links that lose, repeat and garble, and what a round makes of them.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::link::{Sender, Target};
use crate::targets::queue::{MpmcQueue, SharedSpmcQueue, SpmcQueue};

#[test]
fn every_message_of_our_queues_is_received_or_told_as_lost() {
    fn check<S: Target>(setup: &Setup) {
        let round = round::<[u64; 15], _>(S::open::<[u64; 15]>, setup, Duration::from_millis(20)).unwrap();
        let flow = round.flow.unwrap();
        assert_eq!(flow.received + flow.told_lost, flow.produced, "{}: {flow:?}", S::NAME);
        assert!(flow.received > 0 && flow.per_second > 0.0 && round.p50_ns > 0.0);
    }
    let Some(setup) = TestSetup::on_two_cores() else { return };
    check::<SpmcQueue>(&setup);
    check::<SharedSpmcQueue>(&setup);
    check::<MpmcQueue>(&setup);
}

/// What successive polls find; then nothing.
struct Script(std::vec::IntoIter<([u64; 7], Polled)>);

impl Receiver<[u64; 7]> for Script {
    fn poll(&mut self, into: &mut [u64; 7]) -> Polled {
        let Some((message, polled)) = self.0.next() else { return Polled::Empty };
        *into = message;
        polled
    }
}

fn message(sequence: u64) -> ([u64; 7], Polled) {
    let mut message = [0; 7];
    message.fill(sequence);
    (message, Polled::Message)
}

fn tally_of(script: Vec<([u64; 7], Polled)>) -> Tally {
    receive_all(Script(script.into_iter()), &Stop::asked())
}

#[test]
fn what_is_received_and_told_is_counted() {
    let tally = tally_of(vec![message(1), ([0; 7], Polled::Lost(3)), message(5), message(6)]);
    assert_eq!((tally.received, tally.told_lost, tally.last), (3, 3, 6));
    assert!(tally.failure.is_none(), "{:?}", tally.failure);
}

#[test]
fn a_garbled_message_is_found_and_the_rest_still_taken() {
    let mut garbled = message(2);
    garbled.0[6] ^= 1;
    let tally = tally_of(vec![message(1), garbled, message(3)]);
    assert!(matches!(tally.failure, Some(RoundError::Garbled(_))), "{:?}", tally.failure);
    assert_eq!(tally.received, 3);
}

#[test]
fn a_message_that_comes_twice_or_too_early_is_found() {
    for script in [vec![message(4), message(4)], vec![message(5), message(4)]] {
        let tally = tally_of(script);
        assert!(matches!(tally.failure, Some(RoundError::OutOfOrder { sequence: 4, .. })), "{:?}", tally.failure);
    }
}

#[test]
fn a_link_that_is_never_empty_does_not_hang() {
    struct Endless;
    impl Receiver<[u64; 7]> for Endless {
        fn poll(&mut self, _into: &mut [u64; 7]) -> Polled {
            Polled::Lost(1)
        }
    }
    let tally = receive_all(Endless, &Stop::asked());
    assert!(matches!(tally.failure, Some(RoundError::NoEnd { received: 0 })), "{:?}", tally.failure);
}

#[test]
fn a_link_over_which_nothing_comes_is_an_error() {
    struct Silent;
    impl Link<[u64; 7]> for Silent {
        type Sender<'link> = Silent;
        type Receiver<'link> = Silent;
        fn ends(&mut self) -> Result<(Silent, Silent), OpenError> {
            Ok((Silent, Silent))
        }
    }
    impl Sender<[u64; 7]> for Silent {
        fn send(&mut self, message: &[u64; 7]) {
            std::hint::black_box(message);
        }
    }
    impl Receiver<[u64; 7]> for Silent {
        fn poll(&mut self, _into: &mut [u64; 7]) -> Polled {
            Polled::Empty
        }
    }
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let error = round::<[u64; 7], _>(|| Ok(Silent), &setup, Duration::from_millis(5)).unwrap_err();
    assert!(matches!(error, RoundError::NothingArrived { produced } if produced > 0), "{error}");
}
