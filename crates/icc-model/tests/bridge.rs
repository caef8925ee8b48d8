//! Bridges between machines: all numbers are told once, whatever is lost and whoever is killed; each mistake is
//! found.

mod common;

use common::{breaks, holds};
use icc_model::STUCK;
use icc_model::bridge::{Bridging, Mistake, NO_LOSS, SILENT, TWICE};

const CALM: Bridging =
    Bridging { messages: 4, capacity: 4, in_flight: 2, losses: 0, deaths: 0, reorders: false, mistake: None };
const ROUGH: Bridging = Bridging { capacity: 2, losses: 2, deaths: 2, reorders: true, ..CALM };

fn wrong(protocol: Bridging, mistake: Mistake) -> Bridging {
    Bridging { mistake: Some(mistake), ..protocol }
}

#[test]
fn nothing_goes_wrong() {
    holds(&CALM);
}

#[test]
fn frames_are_lost_and_late_and_bridges_are_killed() {
    holds(&ROUGH);
    holds(&Bridging { in_flight: 3, messages: 5, ..ROUGH });
}

#[test]
fn the_sign_of_life_says_what_was_produced() {
    breaks(&wrong(CALM, Mistake::BeatSaysHead), NO_LOSS);
}

#[test]
fn there_is_no_sign_of_life() {
    breaks(&wrong(Bridging { losses: 1, ..CALM }, Mistake::NoBeat), STUCK);
}

#[test]
fn what_is_there_is_taken_again() {
    breaks(&wrong(Bridging { deaths: 2, ..CALM }, Mistake::TakesAgain), TWICE);
}

#[test]
fn a_loss_is_not_told() {
    breaks(&wrong(Bridging { capacity: 2, ..CALM }, Mistake::LossNotTold), SILENT);
}

#[test]
fn the_head_is_stored_after_the_message() {
    breaks(&wrong(Bridging { deaths: 1, ..CALM }, Mistake::HeadAfter), TWICE);
}
