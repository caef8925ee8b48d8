//! One producer and its successors: nothing goes wrong, and every mistake does.

mod common;

use common::{breaks, holds};
use icc_model::STUCK;
use icc_model::spmc::{Mistake, Spmc};

/// Three laps of the ring.
const TWO_DEATHS: Spmc<1> = Spmc { messages: 6, deaths: 2, mistake: None };

fn wrong(mistake: Mistake) -> Spmc<1> {
    Spmc { mistake: Some(mistake), ..TWO_DEATHS }
}

#[test]
fn three_laps_with_two_deaths() {
    holds(&TWO_DEATHS);
}

#[test]
fn three_laps_with_two_consumers_and_two_deaths() {
    holds(&Spmc::<2> { messages: 6, deaths: 2, mistake: None });
}

#[test]
fn without_the_mark() {
    breaks(&wrong(Mistake::NoMark), "a message of two mixed was accepted");
}

#[test]
fn counted_before_complete() {
    breaks(&wrong(Mistake::CountedTooEarly), STUCK);
}

#[test]
fn a_complete_message_written_again() {
    breaks(&wrong(Mistake::SlotNotLookedAt), "a message of two mixed was accepted");
}

#[test]
fn a_half_written_message_left() {
    breaks(&wrong(Mistake::HalfWrittenLeft), STUCK);
}

#[test]
fn a_complete_message_not_counted() {
    breaks(&wrong(Mistake::NotCaughtUp), "a message of two mixed was accepted");
}
