//! Many producers: nothing goes wrong, and every mistake does.

mod common;

use common::{breaks, holds};
use icc_model::STUCK;
use icc_model::mpmc::{Mistake, Mpmc};

const MIXED: &str = "a message of two mixed was accepted";
const GIVEN_UP_ALIVE: &str = "a message was given up whose producer lives";

/// Two producers, three laps of the ring.
const TWO: Mpmc<2, 1> = Mpmc { messages: 6, deaths: 2, newcomers: 0, mistake: None };

/// As [`TWO`], with a mistake in it.
fn wrong(mistake: Mistake) -> Mpmc<2, 1> {
    Mpmc { mistake: Some(mistake), ..TWO }
}

#[test]
fn three_laps_with_two_deaths_and_a_newcomer() {
    holds(&Mpmc { newcomers: 1, ..TWO });
}

#[test]
fn three_laps_with_two_consumers() {
    holds(&Mpmc::<2, 2> { messages: 6, deaths: 0, newcomers: 0, mistake: None });
}

#[test]
fn two_laps_with_two_consumers_and_two_deaths() {
    holds(&Mpmc::<2, 2> { messages: 4, deaths: 2, newcomers: 0, mistake: None });
}

/// All of it at once. Consumers write nothing that anybody reads, so each of two sees what it would
/// see alone: not expected to find more.
#[test]
#[ignore = "takes minutes, and gigabytes of memory"]
fn three_laps_with_two_consumers_and_two_deaths() {
    holds(&Mpmc::<2, 2> { messages: 6, deaths: 2, newcomers: 0, mistake: None });
    holds(&Mpmc::<2, 1> { newcomers: 2, ..TWO });
}

#[test]
#[ignore = "takes minutes, and gigabytes of memory"]
fn three_producers() {
    holds(&Mpmc::<3, 1> { messages: 4, deaths: 1, newcomers: 0, mistake: None });
}

#[test]
fn without_the_wait_for_the_slot() {
    breaks(&wrong(Mistake::NoWait), MIXED);
}

#[test]
fn taking_over_without_proof() {
    breaks(&wrong(Mistake::NoProof), MIXED);
}

#[test]
fn only_the_last_lap_dead() {
    breaks(&Mpmc { newcomers: 1, ..wrong(Mistake::LastLapOnly) }, MIXED);
}

#[test]
fn no_second_look() {
    breaks(&wrong(Mistake::NoSecondLook), "a message was given up that is complete");
}

#[test]
fn no_claiming() {
    breaks(&wrong(Mistake::NoClaiming), GIVEN_UP_ALIVE);
}

#[test]
fn claiming_taken_for_idle() {
    breaks(&wrong(Mistake::ClaimingIsIdle), GIVEN_UP_ALIVE);
}

#[test]
fn idle_before_complete() {
    breaks(&wrong(Mistake::IdleTooEarly), GIVEN_UP_ALIVE);
}

#[test]
fn the_lock_is_not_asked() {
    breaks(&wrong(Mistake::LockNotAsked), STUCK);
}

#[test]
fn a_newcomer_with_an_old_ledger() {
    breaks(&Mpmc { newcomers: 1, ..wrong(Mistake::OldLedger) }, STUCK);
}
