//! Who holds which ticket: a producer's claim record, and the proof that a ticket's owner is dead.
//!
//! A ledger says which tickets its producer took last, complete or not. The low two bits are the state; the ticket is above them.
//! Two bits of the ticket are cut off, which does no harm: tickets under way at one time are less than a ring apart, and no ring has
//! 2^62 slots.
//!
//! Nothing says that tickets are complete: the slots do. Nobody asks for the owner of a ticket whose slot is complete.

use crate::QueueReader;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{bound, spin_loop};

/// Counters for each producer: its ledger, and how many tickets that speaks of.
pub(crate) const COUNTERS_EACH: usize = 2;

/// Polls of the slot of a message under way before its owner is asked after: it takes far longer to ask the kernel than an owner
/// that runs takes to complete its message. A few microseconds; under loom every poll is another's turn, so there is none.
const POLLS_BEFORE_PROOF: u32 = bound(256, 0);

/// No ticket since this producer began.
pub(crate) const IDLE: u64 = 0;
/// About to take tickets, or just has: nobody knows yet which.
pub(crate) const CLAIMING: u64 = 1;
const ONE: u64 = 2;
/// As many as the count says. A word of its own that single messages do not need to store.
const SEVERAL: u64 = 3;

/// Took `count` tickets from `first` on.
#[inline(always)]
pub(crate) fn holding(first: u64, count: u64) -> u64 {
    first << 2 | if count == 1 { ONE } else { SEVERAL }
}

/// Whether the producer may be the one that took ticket `n`, where `count` is that of its several.
fn may_hold(ledger: u64, count: u64, n: u64) -> bool {
    let after = (n << 2).wrapping_sub(ledger & !3) >> 2;
    match ledger & 3 {
        IDLE => false,
        ONE => after == 0,
        SEVERAL => after < count,
        _ => true,
    }
}

/// The counter that is producer `id`'s ledger.
#[inline(always)]
pub(crate) const fn ledger_of(id: u32) -> usize {
    1 + COUNTERS_EACH * id as usize
}

/// The counter that says how many tickets, from the one in the ledger on, producer `id` took, if those were several.
#[inline(always)]
pub(crate) const fn count_of(id: u32) -> usize {
    ledger_of(id) + 1
}

impl<T: Payload> QueueReader<T> {
    /// Whether the owner of ticket `n`, which was seen to be taken and not complete, is proven to be dead.
    ///
    /// By cases, for the owner: it stored `CLAIMING`, took the ticket with a Release, and the caller saw the ticket taken with
    /// an Acquire. So a load of its ledger here finds `CLAIMING`, or the ticket, or something later.
    ///
    /// - It is alive and still writing: its ledger says so, and so does its lock: not dead.
    /// - It is alive, has completed `n` and claimed nothing since: its ledger still says `n`: not dead. The caller polls the
    ///   slot again and finds `n` complete, if not at once.
    /// - It is alive and has gone on: it completed `n` first, and stored what is found here with Release after: `CLAIMING`, the next
    ///   count (beside the ledger of `n`, perhaps) or the next ticket. `CLAIMING` is taken for alive; with the others the last look
    ///   at the slot, after an Acquire, finds `n` complete: not dead.
    /// - It was dropped, and its successor stored `IDLE`: as before, since the id was dropped with Release and taken with Acquire.
    /// - It is dead: no living producer has such a ledger (its id may have gone to another, who began with `IDLE`).
    pub(crate) fn owner_is_dead(&self, n: u64) -> bool {
        let lives = (0..self.ledgers).any(|id| {
            // Acquire, both: pair with the Release stores in `mpmc::claim` and `Mpmc::register`. The count after the ledger, so that
            // it is that of the tickets found there, or a later one.
            let (ledger, count) =
                (self.counter(ledger_of(id)).load_acquire(), self.counter(count_of(id)).load_acquire());
            may_hold(ledger, count, n) && self.may_live(id)
        });
        !lives && self.geometry.ahead(self.slot(n).version(), n) < 0
    }

    /// Whether message `n`, which is not there, never will be, because its producer died: proven, not guessed.
    pub(crate) fn is_abandoned(&self, n: u64) -> bool {
        let taken = self.produced().wrapping_sub(n).cast_signed() > 0;
        taken && !self.arrives(n) && self.owner_is_dead(n)
    }

    /// Whether message `n`, whose ticket is taken, becomes complete meanwhile.
    fn arrives(&self, n: u64) -> bool {
        (0..POLLS_BEFORE_PROOF).any(|_| {
            spin_loop();
            self.geometry.ahead(self.slot(n).version(), n) >= 0
        })
    }

    /// Whether the producer with this id lives. One whose death the system does not prove does.
    fn may_live(&self, id: u32) -> bool {
        self.buffer.holder_lives(id).unwrap_or(true)
    }
}
