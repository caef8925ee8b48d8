//! The bell: with a kill anywhere nobody is stranded, and every mistake strands somebody or costs.

mod common;

use common::{breaks, holds};
use icc_model::bell::{ASLEEP, Mistake, Ringing, SPARE};

const TWO: Ringing<2, 2> = Ringing { messages: 2, deaths: 0, mistake: None };
const WITH_A_DEATH: Ringing<2, 2> = Ringing { deaths: 1, ..TWO };

fn wrong(mistake: Mistake) -> Ringing<2, 2> {
    Ringing { mistake: Some(mistake), ..TWO }
}

fn wrong_with_a_death(mistake: Mistake) -> Ringing<2, 2> {
    Ringing { mistake: Some(mistake), ..WITH_A_DEATH }
}

#[test]
fn two_producers_and_two_sleepers() {
    holds(&TWO);
}

/// Of a producer or of a sleeper.
#[test]
fn two_producers_and_two_sleepers_with_two_deaths() {
    holds(&WITH_A_DEATH);
    holds(&Ringing::<2, 2> { deaths: 2, messages: 1, ..TWO });
}

/// Right until somebody dies in between.
#[test]
fn cleared_and_woken_in_two_calls() {
    holds(&wrong(Mistake::ClearThenWake));
    breaks(&wrong_with_a_death(Mistake::ClearThenWake), ASLEEP);
}

#[test]
fn added_instead_of_cleared() {
    breaks(&wrong(Mistake::Added), SPARE);
}

#[test]
fn armed_without_a_new_epoch() {
    breaks(&wrong(Mistake::SameEpoch), ASLEEP);
}

#[test]
fn no_look_after_arming() {
    breaks(&wrong(Mistake::NoLook), ASLEEP);
}

#[test]
fn one_sleeper_is_woken() {
    breaks(&wrong(Mistake::WakesOne), ASLEEP);
}
