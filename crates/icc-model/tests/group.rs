//! Groups: with kills anywhere each message is handled or counted as lost, and every mistake loses or
//! repeats one.

mod common;

use common::{breaks, holds};
use icc_model::group::{Mistake, SUM, Sharing, TWO_HAVE_IT};

/// Two slots: what is given back lies behind others.
const TWO_SLOTS: Sharing<2, 2> = Sharing { messages: 3, deaths: 1, newcomers: 0, returns: 1, mistake: None };
/// One slot: every message is a lap of it.
const ONE_SLOT: Sharing<2, 1> = Sharing { messages: 3, deaths: 1, newcomers: 0, returns: 0, mistake: None };

fn in_two(mistake: Mistake) -> Sharing<2, 2> {
    Sharing { mistake: Some(mistake), ..TWO_SLOTS }
}

fn in_one(mistake: Mistake) -> Sharing<2, 1> {
    Sharing { mistake: Some(mistake), ..ONE_SLOT }
}

#[test]
fn two_workers() {
    holds(&TWO_SLOTS);
}

#[test]
fn three_workers_with_two_deaths() {
    holds(&Sharing::<3, 2> { messages: 2, deaths: 2, newcomers: 0, returns: 0, mistake: None });
}

#[test]
fn three_workers_in_one_slot_with_two_deaths() {
    holds(&Sharing::<3, 1> { messages: 2, deaths: 2, newcomers: 0, returns: 0, mistake: None });
}

/// One dies, and another comes under its id.
#[test]
fn two_workers_and_a_newcomer() {
    holds(&Sharing { newcomers: 1, messages: 2, ..ONE_SLOT });
    holds(&Sharing { newcomers: 1, messages: 2, returns: 0, ..TWO_SLOTS });
}

/// The same with more of everything.
#[test]
#[ignore = "takes minutes"]
fn two_workers_a_newcomer_and_what_is_given_back() {
    holds(&Sharing { newcomers: 1, returns: 1, ..ONE_SLOT });
    holds(&Sharing { newcomers: 1, ..TWO_SLOTS });
    holds(&Sharing::<3, 2> { messages: 3, deaths: 1, newcomers: 0, returns: 0, mistake: None });
}

#[test]
fn claiming_without_saying_so() {
    breaks(&in_two(Mistake::NoIntent), SUM);
}

#[test]
fn overtaking_without_telling() {
    breaks(&in_one(Mistake::OvertakesUntold), SUM);
}

#[test]
fn overtaking_one_that_only_intends() {
    breaks(&in_one(Mistake::OvertakesIntent), SUM);
}

/// It puts a lap back, with no kill.
#[test]
fn storing_that_it_is_done() {
    breaks(&Sharing { deaths: 0, ..in_one(Mistake::StoresDone) }, TWO_HAVE_IT);
}

#[test]
fn telling_before_it_is_free() {
    breaks(&in_two(Mistake::TellsFirst), SUM);
}

#[test]
fn adding_a_loss_when_it_is_counted() {
    breaks(&in_one(Mistake::AddsLoss), SUM);
}

#[test]
fn noting_what_was_skipped_after_the_claim() {
    breaks(&in_one(Mistake::NotesSkippedLate), SUM);
}

#[test]
fn recovering_without_the_lock() {
    breaks(&Sharing { newcomers: 1, returns: 0, ..in_two(Mistake::NoLock) }, TWO_HAVE_IT);
}

#[test]
fn a_newcomer_that_does_not_settle_first() {
    breaks(&Sharing { newcomers: 1, returns: 0, ..in_two(Mistake::KeepsHand) }, SUM);
}
