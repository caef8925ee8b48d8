//! One producer and its successors: nothing goes wrong, and every mistake does.

mod common;

use common::{breaks, holds};
use icc_model::STUCK;
use icc_model::spmc::{Mistake, Spmc};

/// Three laps of the ring.
const TWO_DEATHS: Spmc<1> = Spmc { messages: 6, deaths: 2, gap: None, mistake: None };

fn wrong(mistake: Mistake) -> Spmc<1> {
    Spmc { mistake: Some(mistake), ..TWO_DEATHS }
}

#[test]
fn three_laps_with_two_deaths() {
    holds(&TWO_DEATHS);
}

#[test]
fn three_laps_with_two_consumers_and_two_deaths() {
    holds(&Spmc::<2> { messages: 6, deaths: 2, gap: None, mistake: None });
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
fn the_last_message_that_may_be_uncounted_written_again() {
    breaks(&wrong(Mistake::LastSlotNotLookedAt), "a message of two mixed was accepted");
}

#[test]
fn a_half_written_message_left() {
    breaks(&wrong(Mistake::HalfWrittenLeft), STUCK);
}

#[test]
fn a_complete_message_not_counted() {
    breaks(&wrong(Mistake::NotCaughtUp), "a message was lost before it was produced");
}

/// Of three numbers, which is more than the ring keeps, so that one slot skips a lap.
const A_GAP: Spmc<1> = Spmc { messages: 7, gap: Some((2, 5)), ..TWO_DEATHS };

#[test]
fn a_gap_longer_than_the_ring_with_two_deaths() {
    holds(&A_GAP);
    holds(&Spmc { gap: Some((1, 6)), ..A_GAP });
}

#[test]
fn a_gap_with_two_consumers_and_a_death() {
    holds(&Spmc::<2> { messages: 7, deaths: 1, gap: Some((2, 5)), mistake: None });
    holds(&Spmc::<2> { messages: 4, deaths: 1, gap: Some((1, 3)), mistake: None });
}

fn wrong_gap(mistake: Mistake) -> Spmc<1> {
    Spmc { mistake: Some(mistake), ..A_GAP }
}

#[test]
fn a_gap_not_counted_before_its_message() {
    breaks(&wrong_gap(Mistake::GapNotCounted), "a message was lost before it was produced");
}

#[test]
fn a_gap_believed_without_another_look() {
    breaks(&wrong_gap(Mistake::SlotNotLookedAtAgain), "a message was taken for a gap");
}

#[test]
fn the_head_taken_for_a_gap() {
    breaks(&wrong_gap(Mistake::HeadTakenForGap), "a consumer counts messages that nobody has begun");
}
