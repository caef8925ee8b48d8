//! Readers for which producers wait: they begin at any moment, let go, die, and are evicted.
//!
//! Follows `icc-buffer`'s `holding.rs` and `icc-queue`'s `gate.rs`, `spmc.rs` and `mpmc.rs`. What must hold: no
//! reader that holds misses a message from the first that it was promised on, so that one that finds
//! a loss finds its word changed; no tenant of an entry is evicted for one before it, or as dead while
//! it lives; and no producer waits for ever for a reader that is dead or gone.
//!
//! Here every step is seen by all at once. What the fences are for is therefore not shown here: loom's
//! part. Who has which ticket, and lives, is known: [`mpmc`](crate::mpmc) is how. There is no time: a producer
//! that may evict does so at any moment, and one that may not asks for the lock only.

mod producer;
mod reader;

use crate::explore::{Protocol, Step};
use producer::{Makes, NOBODY, Producer};
use reader::{OUT, Reader, Reads, has_entry};

/// How much is explored, and with which mistake, if any.
#[derive(Clone, Copy, Debug)]
pub struct Holding<const PRODUCERS: usize, const READERS: usize, const CAPACITY: usize> {
    /// How many messages are produced.
    pub messages: i8,
    /// How many entries there are, so that readers may follow each other in one. No more than readers.
    pub entries: u8,
    /// How many readers may die in all, while they have an entry.
    pub deaths: u8,
    /// How many readers may let go.
    pub leaves: u8,
    /// How many producers may die in all, each with a successor.
    pub producer_deaths: u8,
    /// Whether producers evict readers that live.
    pub evicts: bool,
    /// Whether producers take only tickets that pass, of which there are many.
    pub tries: bool,
    /// What is done wrong.
    pub mistake: Option<Mistake>,
}

/// One step of the protocol done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A reader that begins does not look where the producers are once its word says that it holds.
    NoSecondLook,
    /// A producer that has looked goes as far as there is room, and not only half a ring.
    NotCapped,
    /// The lock is asked for before the word is loaded.
    LockBeforeWord,
    /// The word of one that is evicted is stored, not exchanged.
    StoresEviction,
    /// A reader stores its cursor before it has read what is before that.
    PublishesFirst,
    /// A producer does not ask whether a reader lives.
    NoLock,
    /// A reader that finds nothing more does not store its cursor.
    NotPublished,
    /// A reader that lets go unlocks before its word says so.
    UnlocksFirst,
}

/// The fault of a loss that nobody is told of.
pub const MISSED: &str = "one that holds misses a message";
/// The fault of a word that is taken from a tenant who is not meant.
pub const NOT_MEANT: &str = "a tenant is evicted that was not meant";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Is {
    Free,
    Filling,
    Holds,
    Evicted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Word {
    generation: u8,
    is: Is,
}

/// An entry, which outlives its tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Line {
    word: Word,
    cursor: i8,
    /// Who has the lock.
    lock: Option<u8>,
}

/// The last message that was begun there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Slot {
    n: i8,
    is_complete: bool,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const PRODUCERS: usize, const READERS: usize, const CAPACITY: usize> {
    /// One producer: how many messages are complete. Many: how many tickets were taken.
    head: i8,
    slots: [Slot; CAPACITY],
    /// A bit for each entry that may hold.
    bits: u8,
    lines: [Line; READERS],
    producers: [Producer; PRODUCERS],
    readers: [Reader; READERS],
    deaths: u8,
    leaves: u8,
    producer_deaths: u8,
    fault: Option<&'static str>,
}

impl<const P: usize, const R: usize, const C: usize> Holding<P, R, C> {
    fn does(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn slot(n: i8) -> usize {
        n as usize % C
    }

    /// Whether a producer lives that has a ticket for the slot of `n`, from `first` until before `end`.
    fn is_owned(state: &State<P, R, C>, n: i8, first: i8, end: i8) -> bool {
        let has =
            |one: &Producer| one.has_ticket && (first..end).contains(&one.n) && Self::slot(one.n) == Self::slot(n);
        state.producers.iter().any(has)
    }

    fn is_there(state: &State<P, R, C>, n: i8) -> bool {
        let slot = state.slots[Self::slot(n)];
        slot.n > n || slot == Slot { n, is_complete: true }
    }

    /// Whether message `n` was left by a dead producer.
    fn is_left(state: &State<P, R, C>, n: i8) -> bool {
        n < state.head && !Self::is_there(state, n) && !Self::is_owned(state, n, n, n + 1)
    }
}

impl<const P: usize, const R: usize, const C: usize> Protocol for Holding<P, R, C> {
    type State = State<P, R, C>;

    fn start(&self) -> State<P, R, C> {
        let word = Word { generation: 0, is: Is::Free };
        State {
            head: 0,
            slots: std::array::from_fn(|slot| Slot { n: slot as i8 - C as i8, is_complete: true }),
            bits: 0,
            lines: [Line { word, cursor: 0, lock: None }; R],
            producers: [Producer { at: Makes::Start, ..NOBODY }; P],
            readers: [OUT; R],
            deaths: 0,
            leaves: 0,
            producer_deaths: 0,
            fault: None,
        }
    }

    fn steps(&self, state: &State<P, R, C>, visit: &mut dyn FnMut(Step, State<P, R, C>)) {
        for (id, producer) in state.producers.iter().enumerate() {
            if producer.at == Makes::Dead {
                let mut next = state.clone();
                next.producers[id] = Producer { at: Makes::Start, limit: state.head, ..NOBODY };
                visit(Step::Newcomer(id), next);
                continue;
            }
            for evicts in [false, true] {
                let mut next = state.clone();
                let may = !evicts || self.evicts && matches!(producer.at, Makes::Blocked(_));
                if may && self.produce(id, &mut next, evicts) {
                    visit(Step::Producer(id), next);
                }
            }
            if state.producer_deaths < self.producer_deaths {
                let mut next = State { producer_deaths: state.producer_deaths + 1, ..state.clone() };
                next.producers[id] = NOBODY;
                visit(Step::Death(id), next);
            }
        }
        for (id, reader) in state.readers.iter().enumerate() {
            if reader.at == Reads::Out {
                for back in [0, state.head.min(C as i8 / 2)] {
                    let mut next = state.clone();
                    let (goes_back, begins) = (back > 0, state.head - back);
                    next.readers[id] = Reader { at: Reads::Lock, goes_back, next: begins, ..OUT };
                    visit(Step::Newcomer(P + id), next);
                }
            }
            for publishes in [false, true] {
                let mut next = state.clone();
                let may = !publishes || reader.at == Reads::Look;
                if may && self.read(id, &mut next, publishes) {
                    visit(Step::Consumer(id), next);
                }
            }
            if reader.at == Reads::Look && state.leaves < self.leaves {
                let mut next = State { leaves: state.leaves + 1, ..state.clone() };
                next.readers[id].at = Reads::Clear;
                visit(Step::Leaving(id), next);
            }
            if state.deaths < self.deaths && (has_entry(reader) || reader.at == Reads::Fill) {
                let mut next = State { deaths: state.deaths + 1, ..state.clone() };
                next.readers[id] = Reader { at: Reads::Dead, ..OUT };
                // The kernel lets go of what it had locked.
                let locks = next.lines.iter_mut().filter(|line| line.lock == Some(id as u8));
                locks.for_each(|line| line.lock = None);
                visit(Step::Death(P + id), next);
            }
        }
    }

    fn fault(&self, state: &State<P, R, C>) -> Option<&'static str> {
        state.fault
    }

    fn is_end(&self, state: &State<P, R, C>) -> bool {
        let rests = |id: usize| {
            let reads = |publishes| self.read(id, &mut state.clone(), publishes);
            let is_away = matches!(state.readers[id].at, Reads::Out | Reads::Gone | Reads::Dead);
            is_away || state.readers[id].at == Reads::Look && !reads(false) && !reads(true)
        };
        let is_over = |one: &Producer| one.at == Makes::Dead || one.at == Makes::Start && state.head == self.messages;
        state.producers.iter().all(is_over) && (0..R).all(rests)
    }
}
