//! Links that go wrong, and what becomes of a round over them.

use std::time::Instant;

use super::*;
use crate::harness::pin::{self, PinError};
use crate::harness::test_setup::TestSetup;
use crate::link::{Garbled, Polled, Target};
use crate::targets::queue::SpmcQueue;
use crate::targets::raw::{RawLink, RawReceiver, RawSender, Word};
use crate::targets::seqlock::SeqlockCell;
use crate::targets::vector::VectorSlot;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Long enough for something to go wrong on any machine.
const LENGTH: Duration = Duration::from_secs(60);
/// Far longer than any of these rounds may last, even on a busy machine; far shorter than for ever.
const SOON: Duration = Duration::from_secs(90);

/// The message that something happens to, well after a round has begun. Even: a ping. The one after
/// it answers it.
const VICTIM: u64 = 2_000;

#[derive(Clone, Copy)]
enum Fault {
    None,
    Drop,
    Garble,
    Panic,
    Overtake,
}

/// A raw link on which something happens to one message.
struct Faulty {
    inner: RawLink,
    fault: Fault,
    victim: u64,
}

struct FaultySender<'link>(RawSender<'link>, Fault, u64);

struct FaultyReceiver<'link>(RawReceiver<'link>, Fault, u64);

impl Link<Word> for Faulty {
    type Sender<'link> = FaultySender<'link>;
    type Receiver<'link> = FaultyReceiver<'link>;

    fn ends(&mut self) -> Result<(FaultySender<'_>, FaultyReceiver<'_>), OpenError> {
        let (sender, receiver) = self.inner.ends()?;
        Ok((FaultySender(sender, self.fault, self.victim), FaultyReceiver(receiver, self.fault, self.victim)))
    }
}

impl Sender<Word> for FaultySender<'_> {
    fn send(&mut self, message: &Word) {
        match self.1 {
            Fault::Drop if message[0] == self.2 => {}
            Fault::Garble if message[0] == self.2 => self.0.send(&[message[0] ^ (1 << 63)]),
            Fault::Panic if message[0] == self.2 => panic!("this test's link panics on purpose"),
            _ => self.0.send(message),
        }
    }
}

impl Receiver<Word> for FaultyReceiver<'_> {
    fn poll(&mut self, into: &mut Word) -> Polled {
        match (self.0.poll(into), self.1) {
            (Polled::Message, Fault::Overtake) if into[0] == self.2 => Polled::Lost(3),
            (polled, _) => polled,
        }
    }
}

fn setup() -> Option<TestSetup> {
    Some(TestSetup::on_two_cores()?.with_timeout(TIMEOUT))
}

/// The error of a round over faulty links. The round is long beside what it takes to go wrong, and
/// short enough that a test of a fault that goes unnoticed fails and does not hang.
fn error_of(setup: &Setup, fault: Fault, victim: u64) -> RoundError {
    let began = Instant::now();
    let open = || Ok(Faulty { inner: RawLink::open()?, fault, victim });
    let error = round::<Word, Faulty>(open, setup, LENGTH).unwrap_err();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    error
}

#[test]
fn a_lost_message_ends_in_an_error_with_its_number_and_not_in_a_hang() {
    let Some(setup) = setup() else { return };
    for victim in [FIRST_PING, FIRST_PING + 1, VICTIM, VICTIM + 1] {
        let error = error_of(&setup, Fault::Drop, victim);
        assert!(matches!(error, RoundError::Lost { sequence, .. } if sequence == victim), "{victim}: {error}");
    }
}

#[test]
fn a_garbled_message_is_found_on_either_side() {
    let Some(setup) = setup() else { return };
    for victim in [VICTIM, VICTIM + 1] {
        let error = error_of(&setup, Fault::Garble, victim);
        assert!(
            matches!(error, RoundError::Garbled(Garbled { expected, .. }) if expected == victim),
            "{victim}: {error}"
        );
    }
}

#[test]
fn a_receiver_that_is_sped_past_is_an_error_on_either_side() {
    let Some(setup) = setup() else { return };
    for victim in [VICTIM, VICTIM + 1] {
        let error = error_of(&setup, Fault::Overtake, victim);
        assert!(
            matches!(error, RoundError::SpedPast { sequence, count: 3 } if sequence == victim),
            "{victim}: {error}"
        );
    }
}

#[test]
fn a_panic_on_either_side_ends_both() {
    let Some(setup) = setup() else { return };
    for victim in [VICTIM, VICTIM + 1] {
        let error = error_of(&setup, Fault::Panic, victim);
        assert!(matches!(error, RoundError::Panicked(_)), "{victim}: {error}");
    }
}

#[test]
fn a_core_that_is_not_there_ends_both_and_is_named() {
    let Some(setup) = setup() else { return };
    let absent = rustix::thread::CpuSet::MAX_CPU - 1;
    let (first, second) = (setup.cores.first, setup.cores.second);
    for cores in [pin::Cores { first, second: absent }, pin::Cores { first: absent, second }] {
        let error = error_of(&Setup { cores, ..setup.clone() }, Fault::None, 0);
        assert!(matches!(error, RoundError::Pin(PinError::Refused { core, .. }) if core == absent), "{error}");
    }
}

#[test]
fn a_round_counts_its_samples_and_orders_its_percentiles() {
    let Some(setup) = setup() else { return };
    let setup = setup.with_timeout(Setup::TIMEOUT);
    let length = Duration::from_millis(50);
    fn check<S: Target>(setup: &Setup, length: Duration) {
        // On a busy machine the warm-up alone may outlast a round.
        let mut rounds = (0..50).map(|_| round::<[u64; 15], _>(S::open::<[u64; 15]>, setup, length).unwrap());
        let round = rounds.find(|round| round.samples > 0).expect("one of fifty rounds has samples");
        assert!(0.0 < round.p50_ns && round.p50_ns <= round.p90_ns);
        assert!(round.p90_ns <= round.p99_ns && round.p99_ns <= round.p999_ns);
    }
    check::<SeqlockCell>(&setup, length);
    check::<SpmcQueue>(&setup, length);
    check::<VectorSlot>(&setup, length);
}
