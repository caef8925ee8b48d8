//! Holding: whoever begins, lets go or dies at any moment, nobody that holds misses a message, and every
//! mistake is found.

mod common;

use common::{breaks, holds};
use icc_model::STUCK;
use icc_model::holding::{Holding, MISSED, Mistake, NOT_MEANT};

/// One producer and one reader, which lives.
const ONE: Holding<1, 1, 2> = Holding {
    messages: 5,
    entries: 1,
    deaths: 0,
    leaves: 0,
    producer_deaths: 0,
    evicts: false,
    tries: false,
    mistake: None,
};
/// Readers that follow each other in one entry.
const FOLLOWING: Holding<1, 2, 2> = Holding { messages: 4, ..of(ONE) };

/// The same with other producers, readers and slots.
const fn of<const P: usize, const R: usize, const C: usize>(one: Holding<1, 1, 2>) -> Holding<P, R, C> {
    let Holding { messages, entries, deaths, leaves, producer_deaths, evicts, tries, mistake } = one;
    Holding { messages, entries, deaths, leaves, producer_deaths, evicts, tries, mistake }
}

/// One reader of a ring of four.
const FOUR: Holding<1, 1, 4> = Holding { messages: 8, ..of(ONE) };
/// Two producers.
const TWO: Holding<2, 1, 2> = Holding { messages: 4, ..of(ONE) };

fn with(mistake: Mistake) -> Holding<1, 1, 2> {
    Holding { mistake: Some(mistake), ..ONE }
}

#[test]
fn one_producer() {
    for evicts in [false, true] {
        holds(&Holding { deaths: 1, leaves: 1, producer_deaths: 2, evicts, ..ONE });
        holds(&Holding { deaths: 1, leaves: 1, producer_deaths: 1, evicts, ..FOUR });
    }
}

#[test]
fn two_readers_in_one_entry() {
    for evicts in [false, true] {
        holds(&Holding { deaths: 1, leaves: 1, evicts, ..FOLLOWING });
        holds(&Holding { deaths: 1, producer_deaths: 1, evicts, ..FOLLOWING });
    }
}

#[test]
fn two_readers_in_two_entries() {
    holds(&Holding { entries: 2, deaths: 1, ..FOLLOWING });
    holds(&Holding { entries: 2, evicts: true, ..FOLLOWING });
}

#[test]
fn two_producers() {
    holds(&Holding { deaths: 1, leaves: 1, evicts: true, ..TWO });
    holds(&Holding { deaths: 1, producer_deaths: 1, ..TWO });
}

#[test]
fn two_producers_that_only_try() {
    holds(&Holding { deaths: 1, leaves: 1, evicts: true, tries: true, ..TWO });
    holds(&Holding { deaths: 1, producer_deaths: 1, tries: true, ..TWO });
}

#[test]
fn two_producers_and_four_slots() {
    holds(&Holding { messages: 6, deaths: 1, ..of::<2, 1, 4>(ONE) });
}

/// The same with more of everything.
#[test]
#[ignore = "takes minutes"]
fn two_producers_and_two_readers() {
    holds(&Holding { entries: 1, deaths: 1, messages: 3, evicts: true, ..of::<2, 2, 2>(ONE) });
    holds(&Holding { entries: 2, messages: 3, ..of::<2, 2, 2>(ONE) });
    holds(&Holding { deaths: 1, leaves: 1, producer_deaths: 1, evicts: true, ..TWO });
    holds(&Holding { entries: 2, deaths: 1, leaves: 1, evicts: true, ..FOLLOWING });
    holds(&Holding { messages: 6, deaths: 1, evicts: true, ..of::<2, 1, 4>(ONE) });
}

#[test]
fn beginning_without_a_second_look() {
    breaks(&with(Mistake::NoSecondLook), MISSED);
    breaks(&Holding { mistake: Some(Mistake::NoSecondLook), ..FOUR }, MISSED);
    breaks(&Holding { mistake: Some(Mistake::NoSecondLook), ..TWO }, MISSED);
}

/// Of two slots, one is enough of a margin for producers that look with a ticket in hand: their own message
/// counts already for whoever begins.
#[test]
fn a_limit_of_all_the_room() {
    breaks(&with(Mistake::NotCapped), MISSED);
    breaks(&Holding { mistake: Some(Mistake::NotCapped), ..FOUR }, MISSED);
    breaks(&Holding { tries: true, mistake: Some(Mistake::NotCapped), ..TWO }, MISSED);
    breaks(&Holding { messages: 6, mistake: Some(Mistake::NotCapped), ..of::<2, 1, 4>(ONE) }, MISSED);
}

#[test]
fn asking_the_lock_before_the_word() {
    breaks(&Holding { deaths: 1, mistake: Some(Mistake::LockBeforeWord), ..FOLLOWING }, NOT_MEANT);
}

#[test]
fn evicting_by_a_store() {
    breaks(&Holding { deaths: 1, mistake: Some(Mistake::StoresEviction), ..FOLLOWING }, NOT_MEANT);
    breaks(&Holding { leaves: 1, evicts: true, mistake: Some(Mistake::StoresEviction), ..FOLLOWING }, NOT_MEANT);
}

#[test]
fn publishing_what_was_not_read() {
    breaks(&with(Mistake::PublishesFirst), MISSED);
}

#[test]
fn never_asking_the_lock() {
    breaks(&Holding { deaths: 1, ..with(Mistake::NoLock) }, STUCK);
}

#[test]
fn publishing_nothing_when_there_is_nothing() {
    breaks(&with(Mistake::NotPublished), STUCK);
}

#[test]
fn unlocking_before_it_lets_go() {
    breaks(&Holding { leaves: 1, mistake: Some(Mistake::UnlocksFirst), ..FOLLOWING }, NOT_MEANT);
}
