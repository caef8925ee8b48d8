//! What a producer does: its gate, with the look at those that hold, and the slot.

use super::reader::{Reader, has_entry};
use super::{Holding, Is, Mistake, NOT_MEANT, Slot, State, Word};

/// One that a producer found to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Found {
    pub(super) id: u8,
    pub(super) cursor: i8,
    pub(super) word: Word,
    /// What the lock said, if it was asked too early.
    pub(super) is_free: bool,
}

/// A look at the entries: those left, and the slowest so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Look {
    pub(super) left: u8,
    pub(super) slowest: Option<Found>,
    pub(super) is_free: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Makes {
    Dead,
    Start,
    /// Takes a ticket.
    Claim,
    /// Takes this ticket and no other.
    Try,
    Look,
    /// Asks for the lock, before the word.
    Lock(Look),
    Word(Look),
    Cursor(Look, Word),
    Blocked(Found),
    /// Evicts; because it is dead, or not.
    Evict(Found, bool),
    Write,
    Complete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Producer {
    pub(super) at: Makes,
    pub(super) n: i8,
    pub(super) has_ticket: bool,
    pub(super) limit: i8,
    pub(super) is_tight: bool,
}

pub(super) const NOBODY: Producer = Producer { at: Makes::Dead, n: 0, has_ticket: false, limit: 0, is_tight: false };

impl<const P: usize, const R: usize, const C: usize> Holding<P, R, C> {
    /// What a producer finds at the end of a look.
    fn found(&self, producer: &mut Producer, slowest: Option<Found>) -> Makes {
        let (n, capacity) = (producer.n, C as i8);
        let behind = |found: Found| (n - found.cursor).max(0);
        match slowest {
            Some(found) if behind(found) >= capacity => return Makes::Blocked(found),
            _ => {}
        }
        let room = capacity - slowest.map_or(0, behind);
        let most = if self.does(Mistake::NotCapped) { capacity } else { capacity / 2 };
        producer.limit = n + room.min(most);
        producer.is_tight = room < capacity / 2;
        self.passes(producer)
    }

    fn passes(&self, producer: &Producer) -> Makes {
        match (producer.has_ticket, self.tries) {
            (true, _) => Makes::Write,
            (false, true) => Makes::Try,
            (false, false) => Makes::Claim,
        }
    }

    fn gate(&self, producer: &Producer) -> Makes {
        if producer.n < producer.limit { self.passes(producer) } else { Makes::Look }
    }

    fn next_entry(&self, producer: &mut Producer, look: Look) -> Makes {
        match look.left {
            0 => self.found(producer, look.slowest),
            _ if self.does(Mistake::LockBeforeWord) => Makes::Lock(look),
            _ => Makes::Word(look),
        }
    }

    /// One step of a producer. False if it has nothing to do.
    pub(super) fn produce(&self, id: usize, state: &mut State<P, R, C>, evicts: bool) -> bool {
        let mut producer = state.producers[id];
        let line = |look: &Look| look.left.trailing_zeros() as u8;
        producer.at = match producer.at {
            Makes::Dead => return false,
            Makes::Start if state.head == self.messages => return false,
            Makes::Start => {
                (producer.n, producer.has_ticket) = (state.head, P == 1);
                let looks = P == 1 || self.tries || producer.is_tight;
                if looks { self.gate(&producer) } else { Makes::Claim }
            }
            Makes::Claim if state.head == self.messages => Makes::Start,
            Makes::Claim => {
                (producer.n, producer.has_ticket) = (state.head, true);
                state.head += 1;
                self.gate(&producer)
            }
            Makes::Try if state.head == producer.n && !Self::is_owned(state, producer.n, 0, producer.n) => {
                producer.has_ticket = true;
                state.head += 1;
                Makes::Write
            }
            Makes::Try => Makes::Start,
            Makes::Look => {
                let look = Look { left: state.bits, slowest: None, is_free: false };
                self.next_entry(&mut producer, look)
            }
            Makes::Lock(look) => {
                Makes::Word(Look { is_free: state.lines[line(&look) as usize].lock.is_none(), ..look })
            }
            Makes::Word(look) => {
                let word = state.lines[line(&look) as usize].word;
                if word.is == Is::Holds {
                    Makes::Cursor(look, word)
                } else {
                    self.next_entry(&mut producer, Look { left: look.left & (look.left - 1), ..look })
                }
            }
            Makes::Cursor(mut look, word) => {
                let id = line(&look);
                let found = Found { id, cursor: state.lines[id as usize].cursor, word, is_free: look.is_free };
                if look.slowest.is_none_or(|slowest| found.cursor < slowest.cursor) {
                    look.slowest = Some(found);
                }
                look.left &= look.left - 1;
                self.next_entry(&mut producer, Look { is_free: false, ..look })
            }
            Makes::Blocked(found) if evicts => {
                let is_its_fault = Self::is_there(state, found.cursor) || Self::is_left(state, found.cursor);
                if !is_its_fault {
                    return false;
                }
                Makes::Evict(found, false)
            }
            Makes::Blocked(found) => {
                let asked = state.lines[found.id as usize].lock.is_none();
                let is_free = if self.does(Mistake::LockBeforeWord) { found.is_free } else { asked };
                if is_free && !self.does(Mistake::NoLock) {
                    Makes::Evict(found, true)
                } else if producer.has_ticket {
                    Makes::Look
                } else {
                    Makes::Start
                }
            }
            Makes::Evict(found, as_dead) => {
                Self::evict(state, found, as_dead, self.does(Mistake::StoresEviction));
                Makes::Look
            }
            // Until the message a lap before is complete, or left.
            Makes::Write if Self::is_owned(state, producer.n, 0, producer.n) => return false,
            Makes::Write => {
                state.slots[Self::slot(producer.n)] = Slot { n: producer.n, is_complete: false };
                Makes::Complete
            }
            Makes::Complete => {
                state.slots[Self::slot(producer.n)].is_complete = true;
                if P == 1 {
                    state.head += 1;
                }
                Makes::Start
            }
        };
        if producer.at == Makes::Start {
            (producer.n, producer.has_ticket) = (0, false);
        }
        state.producers[id] = producer;
        true
    }

    fn evict(state: &mut State<P, R, C>, found: Found, as_dead: bool, stores: bool) {
        let (id, before) = (found.id, state.lines[found.id as usize].word);
        if before != found.word && !stores {
            return;
        }
        state.lines[id as usize].word = Word { is: Is::Evicted, ..found.word };
        let is_tenant = |one: &Reader| has_entry(one) && (one.entry, one.generation) == (id, before.generation);
        let lives = state.readers.iter().any(is_tenant);
        if before.generation != found.word.generation || as_dead && lives {
            state.fault = Some(NOT_MEANT);
        }
    }
}
