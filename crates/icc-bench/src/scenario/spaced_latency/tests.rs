//! Our structures, and links that go wrong.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::link::Target;
use crate::model::Offset;
use crate::targets::queue::{MpmcQueue, SharedSpmcQueue, SpmcQueue};
use crate::targets::raw::{RawLink, Word};
use crate::targets::seqlock::SeqlockCell;

const LENGTH: Duration = Duration::from_millis(10);

#[test]
fn every_message_of_our_queues_arrives_or_is_told_as_lost() {
    fn check<S: Target>(setup: &Setup) {
        let round = round::<[u64; 15], _>(S::open::<[u64; 15]>, S::TELLS_LOSS, setup, LENGTH).unwrap();
        let flow = round.flow.unwrap();
        assert!(flow.received > 0, "{}: {round:?}", S::NAME);
        // On a busy machine a cell's reader may be away for most of a round.
        if round.samples > 0 {
            assert!(0.0 < round.p50_ns && round.p50_ns <= round.p999_ns && round.p999_ns <= round.max_ns, "{round:?}");
        }
        assert!(S::TELLS_LOSS == (flow.received + flow.told_lost == flow.produced) || flow.told_lost == 0, "{flow:?}");
    }
    let Some(setup) = TestSetup::on_two_cores() else { return };
    check::<SpmcQueue>(&setup);
    check::<SharedSpmcQueue>(&setup);
    check::<MpmcQueue>(&setup);
    check::<SeqlockCell>(&setup);
}

#[test]
fn messages_are_as_far_apart_as_asked() {
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let setup = Setup { interval: Duration::from_micros(20), ..setup.clone() };
    let sent = send_all(Discard, &Stop::default(), &setup, Duration::from_millis(1), 2_000);
    let pause = setup.stopwatch.ticks_in(setup.interval);
    assert!(sent.windows(2).all(|pair| pair[1] - pair[0] >= pause));
    // As many as a round must have, although the time was up long before.
    assert_eq!(sent.len(), WARM_UP_MESSAGES + MIN_SAMPLES as usize);
}

#[test]
fn half_round_trips_are_taken_where_clocks_disagree() {
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let setup = Setup { clocks: Offset { low_ns: 500.0, high_ns: 700.0 }, ..setup.clone() };
    // On a busy machine the warm-up alone may outlast a round.
    let mut rounds = (0..50).map(|_| round::<Word, RawLink>(RawLink::open, false, &setup, LENGTH).unwrap());
    let round = rounds.find(|round| round.samples > 0).expect("one of fifty rounds has samples");
    assert!(round.p50_ns > 0.0, "{round:?}");
    assert_eq!(round.flow, None);
}

struct Discard;

impl Sender<[u64; 7]> for Discard {
    fn send(&mut self, _message: &[u64; 7]) {}
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

fn stamped(number: u64, stamp: u64) -> ([u64; 7], Polled) {
    let mut message = [0; 7];
    message.fill(number);
    message.stamp(stamp);
    (message, Polled::Message)
}

fn tally_of(script: Vec<([u64; 7], Polled)>) -> Tally {
    receive_all(Script(script.into_iter()), &Stop::asked(), &Stopwatch::calibrate(), 8)
}

#[test]
fn what_arrives_and_what_is_told_is_counted() {
    let tally = tally_of(vec![stamped(0, 100), ([0; 7], Polled::Lost(3)), stamped(4, 140)]);
    assert!(tally.failure.is_none(), "{:?}", tally.failure);
    let seen: Vec<_> = tally.arrivals.iter().map(|arrival| (arrival.stamp, arrival.number)).collect();
    assert_eq!((seen, tally.told_lost), (vec![(100, Some(0)), (140, Some(4))], 3));
    let sent = [100, 110, 120, 130, 140];
    assert_eq!(account(&sent, &tally.arrivals, LENGTH).unwrap(), 3);
}

#[test]
fn a_garbled_message_is_found_and_the_rest_still_taken() {
    let mut garbled = stamped(1, 110);
    garbled.0[6] ^= 1;
    let tally = tally_of(vec![stamped(0, 100), garbled, stamped(2, 120)]);
    assert!(matches!(tally.failure, Some(RoundError::Garbled(_))), "{:?}", tally.failure);
    assert_eq!(tally.arrivals.len(), 2);
}

fn accounted(arrivals: &[(u64, Option<u64>)]) -> Result<u64, RoundError> {
    let arrivals: Vec<_> = arrivals.iter().map(|&(stamp, number)| Arrival { stamp, at: stamp, number }).collect();
    account(&[100, 110, 120, 130], &arrivals, LENGTH)
}

#[test]
fn a_message_that_comes_twice_too_early_or_was_never_sent_is_found() {
    assert_eq!(accounted(&[(100, Some(0)), (120, Some(2)), (130, None)]).unwrap(), 1);
    for wrong in [[100, 100, 130], [120, 110, 130], [100, 111, 130]] {
        let error = accounted(&wrong.map(|stamp| (stamp, None))).unwrap_err();
        assert!(matches!(error, RoundError::UnknownStamp { .. }), "{error}");
    }
}

#[test]
fn a_stamp_on_another_messages_content_is_found() {
    let error = accounted(&[(100, Some(0)), (110, Some(2)), (130, Some(3))]).unwrap_err();
    assert!(matches!(error, RoundError::MixedStamp { stamped: 1, content: 2 }), "{error}");
}

#[test]
fn a_last_message_that_does_not_arrive_is_an_error() {
    for arrivals in [vec![], vec![(100, Some(0)), (110, None)]] {
        let error = accounted(&arrivals).unwrap_err();
        assert!(matches!(error, RoundError::Lost { sequence: 3, .. }), "{error}");
    }
}

#[test]
fn a_message_that_arrives_before_it_was_sent_is_an_error() {
    let clock = Stopwatch::calibrate();
    let early = [Arrival { stamp: 1_000, at: 900, number: None }];
    let error = round_of(&early, &clock, LENGTH).unwrap_err();
    assert!(matches!(error, RoundError::ClocksDisagree { .. }), "{error}");
}

#[test]
fn a_link_that_is_never_empty_does_not_hang() {
    struct Endless;
    impl Receiver<[u64; 7]> for Endless {
        fn poll(&mut self, _into: &mut [u64; 7]) -> Polled {
            Polled::Lost(1)
        }
    }
    let tally = receive_all(Endless, &Stop::asked(), &Stopwatch::calibrate(), 1);
    assert!(matches!(tally.failure, Some(RoundError::NoEnd { received: 0 })), "{:?}", tally.failure);
}

/// A raw link that swallows every message from one on, or one message only.
struct Leaky {
    inner: RawLink,
    from: u64,
    only_one: bool,
}

struct LeakySender<'link>(crate::targets::raw::RawSender<'link>, u64, u64, bool);

impl Link<Word> for Leaky {
    type Sender<'link> = LeakySender<'link>;
    type Receiver<'link> = crate::targets::raw::RawReceiver<'link>;

    fn ends(&mut self) -> Result<(LeakySender<'_>, crate::targets::raw::RawReceiver<'_>), OpenError> {
        let (sender, receiver) = self.inner.ends()?;
        Ok((LeakySender(sender, 0, self.from, self.only_one), receiver))
    }
}

impl Sender<Word> for LeakySender<'_> {
    fn send(&mut self, message: &Word) {
        let is_swallowed = if self.3 { self.1 == self.2 } else { self.1 >= self.2 };
        self.1 += 1;
        if !is_swallowed {
            self.0.send(message);
        }
    }
}

#[test]
fn a_link_that_stops_or_loses_one_untold_is_found_out() {
    let Some(setup) = TestSetup::on_two_cores() else { return };
    // Far enough apart that a busy machine's pauses are no reason.
    let setup = Setup { interval: Duration::from_micros(10), ..setup.clone() };
    let leaky = |only_one| move || Ok(Leaky { inner: RawLink::open()?, from: 600, only_one });
    let stopped = round::<Word, Leaky>(leaky(false), false, &setup, LENGTH).unwrap_err();
    assert!(matches!(stopped, RoundError::Lost { .. }), "{stopped}");
    let lossy = round::<Word, Leaky>(leaky(true), true, &setup, LENGTH).unwrap_err();
    assert!(matches!(lossy, RoundError::Unaccounted { .. }), "{lossy}");
}
