//! Receivers that sleep, and links that go wrong.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::link::{Waking, WakingProcess};
use crate::model::Offset;
use crate::targets::bare_futex;
use crate::targets::sleeping::{ParkQueue, SharedParkQueue, SharedWaitSetQueue, StreamQueue, WaitSetQueue};

const LENGTH: Duration = Duration::from_millis(30);

fn check(name: &str, measured: Result<Round, RoundError>) {
    let round = measured.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(round.samples > 0, "{name}: {round:?}");
    assert!(0.0 < round.p50_ns && round.p50_ns <= round.p99_ns && round.p99_ns <= round.max_ns, "{name}: {round:?}");
}

#[test]
fn each_way_to_sleep_is_woken_by_every_message() {
    fn of<S: Waking>(setup: &Setup) {
        check(S::NAME, round::<[u64; 7], _, _>(Place::Thread, S::open_to_sleep::<[u64; 7]>, setup, LENGTH));
    }
    fn of_processes<S: WakingProcess>(setup: &Setup) {
        let measured = round::<[u64; 7], _, _>(Place::Process, S::open_to_sleep::<[u64; 7]>, setup, LENGTH);
        check(<S as WakingProcess>::NAME, measured);
    }
    let Some(setup) = TestSetup::on_two_cores() else { return };
    check(bare_futex::NAME, round(Place::Thread, bare_futex::ends, &setup, LENGTH));
    check(bare_futex::OF_PROCESSES, round(Place::Process, bare_futex::ends_of_processes, &setup, LENGTH));
    of_processes::<SharedParkQueue>(&setup);
    of_processes::<SharedWaitSetQueue>(&setup);
    of::<ParkQueue>(&setup);
    of::<SharedParkQueue>(&setup);
    of::<WaitSetQueue>(&setup);
    of::<StreamQueue>(&setup);
}

#[test]
fn the_answer_is_timed_where_clocks_disagree() {
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let setup = Setup { clocks: Offset { low_ns: 500.0, high_ns: 700.0 }, ..setup.clone() };
    check(bare_futex::NAME, round(Place::Thread, bare_futex::ends, &setup, LENGTH));
}

/// How often this thread gave up its core of its own accord.
fn sleeps() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.unwrap().trim().parse().unwrap()
}

fn sleeps_until_the_timeout<T: Message>(name: &str, mut sleeper: impl Sleeper<T>) {
    let (timeout, before, since) = (Duration::from_millis(30), sleeps(), std::time::Instant::now());
    assert_eq!(sleeper.receive(&mut T::zeroed(), timeout), Polled::Empty, "{name}");
    assert!(since.elapsed() >= timeout, "{name}");
    assert!(sleeps() > before, "{name} does not sleep");
}

#[test]
fn receivers_sleep_and_their_wait_is_bounded() {
    fn of<S: Waking>() {
        let (_sender, sleeper) = S::open_to_sleep::<[u64; 7]>().unwrap();
        sleeps_until_the_timeout(S::NAME, sleeper);
    }
    sleeps_until_the_timeout(bare_futex::NAME, bare_futex::ends().unwrap().1);
    of::<ParkQueue>();
    of::<SharedParkQueue>();
    of::<WaitSetQueue>();
    of::<StreamQueue>();
}

/// What successive calls receive; then nothing.
struct Script(std::vec::IntoIter<([u64; 7], Polled)>);

impl Sleeper<[u64; 7]> for Script {
    fn receive(&mut self, into: &mut [u64; 7], _timeout: Duration) -> Polled {
        let Some((message, polled)) = self.0.next() else { return Polled::Empty };
        *into = message;
        polled
    }
}

struct Discard;

impl<T> Sender<T> for Discard {
    fn send(&mut self, _message: &T) {}
}

fn message(number: u64) -> ([u64; 7], Polled) {
    let mut message = [0; 7];
    message.fill(number);
    (message, Polled::Message)
}

fn slept(script: Vec<([u64; 7], Polled)>) -> Result<(), RoundError> {
    sleep(Script(script.into_iter()), Discard, &Stopwatch::calibrate(), LENGTH)
}

#[test]
fn the_sleeper_checks_each_message_and_ends_with_the_last() {
    slept(vec![message(1), message(2), message(LAST)]).unwrap();
    for wrong in [[1, 1], [2, 3], [1, 3]] {
        let error = slept(wrong.map(message).to_vec()).unwrap_err();
        assert!(matches!(error, RoundError::Garbled(_)), "{error}");
    }
    for number in [1, LAST] {
        let mut garbled = message(number);
        garbled.0[6] ^= 1;
        let error = slept(vec![garbled]).unwrap_err();
        assert!(matches!(error, RoundError::Garbled(_)), "{error}");
    }
    let error = slept(vec![message(1), ([0; 7], Polled::Lost(3))]).unwrap_err();
    assert!(matches!(error, RoundError::SpedPast { sequence: 2, count: 3 }), "{error}");
    let error = slept(vec![message(1)]).unwrap_err();
    assert!(matches!(error, RoundError::Lost { sequence: 2, .. }), "{error}");
}

#[test]
fn a_message_that_wakes_nobody_is_lost_and_the_round_ends() {
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let setup = setup.with_timeout(Duration::from_millis(20));
    for place in [Place::Thread, Place::Process] {
        let (_sender, sleeper) = bare_futex::ends_of_processes().unwrap();
        let error = round(place, || Ok((Discard, sleeper)), &setup, LENGTH).unwrap_err();
        assert!(matches!(error, RoundError::Lost { sequence: FIRST, .. }), "{error}");
    }
}
