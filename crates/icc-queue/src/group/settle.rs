//! Bringing to an end what a worker has in its hand: by itself, or, after its death, by whoever holds
//! its lock.
//!
//! Each step is one store or one exchange, and what comes next follows from what the hand and the claim
//! word say, whoever made the step before. So a worker, or one that does this for a dead one, may be
//! killed between any two of them, and the next one goes on.
//!
//! | the hand | and then |
//! |---|---|
//! | intends `n`, and the word of `n` is its own | the claim was made: what it skipped is counted, and the hand holds `n` |
//! | intends `n`, and it is not | the claim was not made |
//! | holds `n` | gives it back |
//! | gives back `n`, which was delivered too often, and the ring still has it | sets it aside |
//! | gives back `n` | the word becomes free, everybody is told, the hand is empty |
//! | was overtaken at `n` | the word, if it still is its own, is done with; `n` is lost |
//! | loses `n` | it is counted, once: the new total was noted before |
//! | finishes `n` | the word, if it still is its own, is done with |
//! | sets aside `n` | a copy is kept, the word says so, it is counted |
//!
//! # Why a message is counted or handled, and not both
//!
//! A word that says held goes on to a later lap only after its worker's hand was moved from *holds* to
//! *overtaken*, and from there no message is given back. So whoever gives one back has the word for
//! itself until it is free, and what makes a free word one of a later lap is a claim, which counts. A
//! worker that is between its claim and the note that it holds is not overtaken.

use super::GroupLost;
use super::board::{Board, Of};
use super::word::{
    DONE, EMPTY, FINISHES, FREE, GIVES_BACK, HOLDS, Hand, INTENDS, LOSES, OVERTAKEN, SET_ASIDE, SETS_ASIDE,
};
use crate::QueueReader;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{bound, step};

/// What became of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settled {
    /// Messages that were lost and are counted.
    pub(super) lost: Option<GroupLost>,
    /// Whether something was given back.
    pub(super) returned: bool,
}

/// Settles the hand of worker `id`, which is the caller's own or that of a dead one whose lock it holds.
pub(super) fn settle<T: Payload>(queue: &QueueReader<T>, board: &Board, id: u32, limit: u8) -> Settled {
    /// No hand takes more than six steps, unless somebody scribbles there.
    const STEPS: u32 = bound(16, 8);
    let mut settled = Settled::default();
    for _ in 0..STEPS {
        let hand = board.hand(id);
        if hand.state() == EMPTY {
            return settled;
        }
        let n = hand.number(queue.produced());
        let word = board.look(n);
        let is_its_own = word.is_held_by(id, board.ring.lap(n));
        let next = |state| board.set_hand(id, Hand::new(n, state));
        step("group settles");
        match hand.state() {
            INTENDS if is_its_own => {
                let (before, after) = (board.load(id, Of::Lost), board.load(id, Of::LostNext));
                board.store(id, Of::Lost, after);
                settled.lost = GroupLost::before(n, after.wrapping_sub(before), board.ring);
                step("group settles");
                next(HOLDS);
            }
            INTENDS => next(EMPTY),
            HOLDS => _ = board.exchange_hand(id, hand, GIVES_BACK),
            GIVES_BACK if is_its_own && word.deliveries() >= limit => {
                if queue.is_intact(n) {
                    board.store(id, Of::AsideNext, board.load(id, Of::Aside).wrapping_add(1));
                    step("group settles");
                    next(SETS_ASIDE);
                } else {
                    next(OVERTAKEN);
                }
            }
            GIVES_BACK => {
                if is_its_own {
                    board.settle_word(n, word, FREE);
                    step("group settles");
                }
                board.note_return(n);
                settled.returned = true;
                step("group settles");
                next(EMPTY);
            }
            OVERTAKEN => {
                if is_its_own {
                    board.settle_word(n, word, DONE);
                    step("group settles");
                }
                board.store(id, Of::LostNext, board.load(id, Of::Lost).wrapping_add(1));
                step("group settles");
                next(LOSES);
            }
            LOSES => {
                board.store(id, Of::Lost, board.load(id, Of::LostNext));
                settled.lost = Some(GroupLost::and(settled.lost, n, board.ring));
                step("group settles");
                next(EMPTY);
            }
            FINISHES => {
                if is_its_own {
                    board.settle_word(n, word, DONE);
                    step("group settles");
                }
                next(EMPTY);
            }
            SETS_ASIDE => {
                if is_its_own {
                    board.keep_aside(queue, n, word.deliveries());
                    step("group settles");
                    board.settle_word(n, word, SET_ASIDE);
                    step("group settles");
                }
                board.store(id, Of::Aside, board.load(id, Of::AsideNext));
                step("group settles");
                next(EMPTY);
            }
            _ => unreachable!("three bits"),
        }
        step("group settles");
    }
    settled
}

/// Settles the hand of worker `id`, if that is dead. None if it lives or there is none.
///
/// Its lock is held meanwhile, so that nobody else does, and nobody takes the id. A word that says held
/// by it, and of which its hand says nothing, was written by somebody who is no worker: `orphan`, the
/// number of such a message and what its word said, becomes free.
pub(super) fn recover<T: Payload>(
    queue: &QueueReader<T>,
    board: &Board,
    id: u32,
    limit: u8,
    orphan: Option<(u64, super::word::Word)>,
) -> Option<Settled> {
    if board.words().holder_lives(id) != Ok(false) {
        return None;
    }
    // If this fails, somebody else has come first, or nobody can be proven to be dead.
    let lock = board.words().take_id(id..id + 1).ok()??;
    step("group recovers");
    let settled = settle(queue, board, id, limit);
    if let Some((n, word)) = orphan {
        board.settle_word(n, word, FREE);
    }
    let tenancy = board.load(id, Of::Tenancy);
    board.store(id, Of::Tenancy, tenancy & !0xff);
    step("group recovered");
    drop(lock);
    Some(settled)
}
