//! Workers that share a ring's messages, any of whom may be killed between two steps.
//!
//! Follows `icc-queue`'s `group`, on a ring that its producer overwrites whenever it likes. What must
//! hold: no two living workers have a message at once; none is handled twice; and in the end each was
//! handled or is counted as lost, and not both.
//!
//! A message counts as handled once its worker's hand says that it finishes.

use crate::explore::{Protocol, Step};

/// How much is explored, and with which mistake, if any.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<const WORKERS: usize, const CAPACITY: usize> {
    /// How many messages are produced.
    pub messages: u8,
    /// How many workers may die in all.
    pub deaths: u8,
    /// How many may come and take an id that is free.
    pub newcomers: u8,
    /// How often a message may be given back by a worker that lives.
    pub returns: u8,
    /// What is done wrong.
    pub mistake: Option<Mistake>,
}

/// One step of the protocol done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A worker does not say what it is about to claim.
    NoIntent,
    /// A claim of a later lap does not ask the hand of the worker that has the earlier one.
    OvertakesUntold,
    /// It asks, and takes one that only intends for one that holds.
    OvertakesIntent,
    /// Done is stored, not exchanged.
    StoresDone,
    /// Everybody is told before the word is free.
    TellsFirst,
    /// A loss is added when it is counted, not noted before.
    AddsLoss,
    /// What a dead worker had is settled without its lock.
    NoLock,
    /// A newcomer begins without settling what its id has.
    KeepsHand,
    /// What was lost between two laps is not noted before the claim.
    NotesSkippedLate,
}

/// The fault of a message that two workers have.
pub const TWO_HAVE_IT: &str = "two living workers have a message";
/// The fault of a message that is handled again.
pub const TWICE: &str = "a message is handled twice";
/// The fault of a sum that is not what was produced.
pub const SUM: &str = "handled and lost are not what was produced";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Is {
    Free,
    Held,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Word {
    lap: i8,
    worker: u8,
    deliveries: u8,
    is: Is,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Hand {
    Empty,
    Intends(u8),
    Holds(u8),
    Overtaken(u8),
    Finishes(u8),
    GivesBack(u8),
    Loses(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Dead,
    /// Looks at what was given back.
    Start,
    /// Looks at the message at its cursor.
    Look,
    /// Tells the worker that has an earlier lap, whose hand it saw.
    Tell(Word, Hand),
    /// Notes what will be lost.
    Note(Word, u8),
    Intend(Word, u8),
    Claim(Word, u8),
    Count(u8),
    Hold,
    Copy,
    Work,
    FinishWord,
    /// Settles the hand of this id: has seen so much.
    Settle(u8, Seen),
    /// Lets go of the lock of a dead one.
    Unlock(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Seen {
    Nothing,
    /// Its hand, and the word of that message.
    Both(Hand, Word),
    /// The word is settled, as the hand asked for.
    Settled(Hand),
    /// Everybody was told.
    Told(u8),
    /// The new total is noted.
    Noted(u8),
    /// It is counted.
    Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Worker {
    at: At,
    cursor: u8,
    seen: u8,
    n: u8,
    word: Word,
}

/// A worker's line, which outlives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Line {
    is_taken: bool,
    hand: Hand,
    next: u8,
    lost: u8,
    /// Who holds the lock.
    lock: Option<u8>,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const WORKERS: usize, const CAPACITY: usize> {
    produced: u8,
    slots: [Word; CAPACITY],
    lines: [Line; WORKERS],
    workers: [Worker; WORKERS],
    /// How often something was given back, and the lowest number since all had passed it.
    returned: u8,
    lowest: u8,
    handled: u32,
    deaths: u8,
    newcomers: u8,
    returns: u8,
    fault: Option<&'static str>,
}

const NONE: Word = Word { lap: -1, worker: 0, deliveries: 0, is: Is::Done };

impl<const W: usize, const C: usize> Sharing<W, C> {
    fn does(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn slot(n: u8) -> usize {
        n as usize % C
    }

    fn lap(n: u8) -> i8 {
        (n as usize / C) as i8
    }

    /// Whether the ring has `n`: 0; has overwritten it: 1; not yet: -1.
    fn ahead(state: &State<W, C>, n: u8) -> i8 {
        if n >= state.produced { -1 } else { i8::from((state.produced - n) as usize > C) }
    }

    /// One step of a worker. False if it has nothing to do.
    fn work(&self, id: usize, state: &mut State<W, C>, gives_back: bool) -> bool {
        let mut worker = state.workers[id];
        let me = id as u8;
        worker.at = match worker.at {
            At::Dead => return false,
            At::Start => {
                if worker.seen != state.returned {
                    worker.seen = state.returned;
                    worker.cursor = worker.cursor.min(state.lowest);
                }
                At::Look
            }
            At::Look => match Self::ahead(state, worker.cursor) {
                -1 => {
                    if state.returned != worker.seen {
                        At::Start
                    } else if let Some(dead) = self.dead(id, state) {
                        if !self.does(Mistake::NoLock) {
                            state.lines[dead].lock = Some(me);
                        }
                        At::Settle(dead as u8, Seen::Nothing)
                    } else {
                        return false;
                    }
                }
                1 => {
                    worker.cursor += 1;
                    At::Look
                }
                _ => {
                    let (n, word) = (worker.cursor, state.slots[Self::slot(worker.cursor)]);
                    let behind = Self::lap(n) - word.lap;
                    match (word.is, behind) {
                        (_, ..0) | (Is::Held | Is::Done, 0) => {
                            worker.cursor += 1;
                            At::Start
                        }
                        (Is::Free, laps) => At::Note(word, laps as u8),
                        (Is::Done, laps) => At::Note(word, laps as u8 - 1),
                        (Is::Held, laps) if self.does(Mistake::OvertakesUntold) => At::Note(word, laps as u8 - 1),
                        (Is::Held, _) => {
                            let hand = state.lines[word.worker as usize].hand;
                            let at = Self::number(word, n);
                            let holds = hand == Hand::Holds(at)
                                || (self.does(Mistake::OvertakesIntent) && hand == Hand::Intends(at));
                            if holds {
                                At::Tell(word, hand)
                            } else if hand == Hand::Overtaken(at) {
                                At::Note(word, (Self::lap(n) - word.lap) as u8 - 1)
                            } else if state.lines[word.worker as usize].lock.is_none() && word.worker as usize != id {
                                state.lines[word.worker as usize].lock = Some(me);
                                At::Settle(word.worker, Seen::Nothing)
                            } else {
                                // It is between two steps: once more.
                                At::Look
                            }
                        }
                    }
                }
            },
            At::Tell(word, hand) => {
                let line = &mut state.lines[word.worker as usize];
                if line.hand == hand {
                    line.hand = Hand::Overtaken(Self::number(word, worker.cursor));
                    At::Note(word, (Self::lap(worker.cursor) - word.lap) as u8 - 1)
                } else {
                    At::Look
                }
            }
            At::Note(word, skipped) => {
                if !self.does(Mistake::NotesSkippedLate) {
                    state.lines[id].next = state.lines[id].lost + skipped;
                }
                At::Intend(word, skipped)
            }
            At::Intend(word, skipped) => {
                if !self.does(Mistake::NoIntent) {
                    state.lines[id].hand = Hand::Intends(worker.cursor);
                }
                At::Claim(word, skipped)
            }
            At::Claim(word, skipped) => {
                let slot = &mut state.slots[Self::slot(worker.cursor)];
                if *slot == word {
                    let again = word.is == Is::Free && word.lap == Self::lap(worker.cursor);
                    let deliveries = if again { word.deliveries + 1 } else { 1 };
                    *slot = Word { lap: Self::lap(worker.cursor), worker: me, deliveries, is: Is::Held };
                    (worker.n, worker.word) = (worker.cursor, *slot);
                    worker.cursor += 1;
                    At::Count(skipped)
                } else {
                    At::Look
                }
            }
            At::Count(skipped) => {
                if self.does(Mistake::NotesSkippedLate) {
                    state.lines[id].next = state.lines[id].lost + skipped;
                }
                state.lines[id].lost = state.lines[id].next;
                At::Hold
            }
            At::Hold => {
                state.lines[id].hand = Hand::Holds(worker.n);
                At::Copy
            }
            At::Copy if Self::ahead(state, worker.n) == 0 => {
                let has = |other: &Worker| matches!(other.at, At::Work) && other.n == worker.n;
                if state.workers.iter().any(has) {
                    state.fault = Some(TWO_HAVE_IT);
                }
                At::Work
            }
            At::Copy => {
                state.lines[id].hand = Hand::Overtaken(worker.n);
                At::Settle(me, Seen::Nothing)
            }
            At::Work if gives_back => {
                state.returns += 1;
                At::Settle(me, Seen::Nothing)
            }
            At::Work => {
                state.lines[id].hand = Hand::Finishes(worker.n);
                Self::handle(state, worker.n);
                At::FinishWord
            }
            At::FinishWord => {
                let slot = &mut state.slots[Self::slot(worker.n)];
                if *slot == worker.word || self.does(Mistake::StoresDone) {
                    *slot = Word { is: Is::Done, ..worker.word };
                }
                At::Start
            }
            At::Settle(whose, seen) => self.settle(me, whose, seen, state),
            At::Unlock(whose) => {
                if state.lines[whose as usize].lock == Some(me) {
                    state.lines[whose as usize].lock = None;
                }
                At::Start
            }
        };
        state.workers[id] = worker;
        true
    }

    fn handle(state: &mut State<W, C>, n: u8) {
        if state.handled & (1 << n) != 0 {
            state.fault = Some(TWICE);
        }
        state.handled |= 1 << n;
    }

    /// The message that a word speaks of, whose slot is that of `n`.
    fn number(word: Word, n: u8) -> u8 {
        (word.lap as usize * C + Self::slot(n)) as u8
    }

    /// One whose lock is free, and which has not been settled.
    fn dead(&self, id: usize, state: &State<W, C>) -> Option<usize> {
        (0..W).find(|&other| other != id && state.lines[other].is_taken && state.lines[other].lock.is_none())
    }

    fn settle(&self, me: u8, whose: u8, seen: Seen, state: &mut State<W, C>) -> At {
        let line = state.lines[whose as usize];
        let of = |n: u8| Self::slot(n);
        let mut set = |hand| state.lines[whose as usize].hand = hand;
        let own = |word: Word, n| (word.is, word.worker, word.lap) == (Is::Held, whose, Self::lap(n));
        let next = match seen {
            Seen::Nothing => match line.hand {
                Hand::Empty if whose == me => return At::Start,
                Hand::Empty => {
                    state.lines[whose as usize].is_taken = false;
                    return At::Unlock(whose);
                }
                Hand::Loses(_) => {
                    let total = if self.does(Mistake::AddsLoss) { line.lost + 1 } else { line.next };
                    state.lines[whose as usize].lost = total;
                    Seen::Counted
                }
                hand @ (Hand::Intends(n)
                | Hand::Holds(n)
                | Hand::Overtaken(n)
                | Hand::Finishes(n)
                | Hand::GivesBack(n)) => Seen::Both(hand, state.slots[of(n)]),
            },
            Seen::Both(Hand::Intends(n), word) if own(word, n) => {
                // Two stores, of which a kill in between is as one before both.
                state.lines[whose as usize].lost = line.next;
                state.lines[whose as usize].hand = Hand::Holds(n);
                Seen::Nothing
            }
            Seen::Both(Hand::Intends(_), _) => {
                set(Hand::Empty);
                Seen::Nothing
            }
            Seen::Both(Hand::Holds(n), _) => {
                if line.hand == Hand::Holds(n) {
                    set(Hand::GivesBack(n));
                    if self.does(Mistake::TellsFirst) {
                        Self::tell(state, n);
                    }
                }
                Seen::Nothing
            }
            Seen::Both(hand @ Hand::GivesBack(n), word) => {
                if own(word, n) && state.slots[of(n)] == word {
                    state.slots[of(n)].is = Is::Free;
                }
                Seen::Settled(hand)
            }
            Seen::Both(hand @ (Hand::Overtaken(n) | Hand::Finishes(n)), word) => {
                if own(word, n) && state.slots[of(n)] == word {
                    state.slots[of(n)].is = Is::Done;
                }
                Seen::Settled(hand)
            }
            Seen::Settled(Hand::GivesBack(n)) => {
                if !self.does(Mistake::TellsFirst) {
                    Self::tell(state, n);
                }
                Seen::Told(n)
            }
            Seen::Settled(Hand::Overtaken(n)) => {
                state.lines[whose as usize].next = line.lost + 1;
                Seen::Noted(n)
            }
            Seen::Noted(n) => {
                set(Hand::Loses(n));
                Seen::Nothing
            }
            Seen::Settled(_) | Seen::Told(_) | Seen::Counted => {
                set(Hand::Empty);
                Seen::Nothing
            }
            Seen::Both(..) => unreachable!("these are not looked at"),
        };
        At::Settle(whose, next)
    }

    fn tell(state: &mut State<W, C>, n: u8) {
        state.lowest = state.lowest.min(n);
        state.returned += 1;
    }

    fn is_idle(&self, id: usize, state: &State<W, C>) -> bool {
        let mut next = state.clone();
        state.workers[id].at == At::Look && !self.work(id, &mut next, false)
    }
}

impl<const W: usize, const C: usize> Protocol for Sharing<W, C> {
    type State = State<W, C>;

    fn start(&self) -> State<W, C> {
        let line = |id| Line { is_taken: true, hand: Hand::Empty, next: 0, lost: 0, lock: Some(id as u8) };
        State {
            produced: 0,
            slots: [NONE; C],
            lines: std::array::from_fn(line),
            workers: [Worker { at: At::Start, cursor: 0, seen: 0, n: 0, word: NONE }; W],
            returned: 0,
            lowest: u8::MAX,
            handled: 0,
            deaths: 0,
            newcomers: 0,
            returns: 0,
            fault: None,
        }
    }

    fn steps(&self, state: &State<W, C>, visit: &mut dyn FnMut(Step, State<W, C>)) {
        if state.produced < self.messages {
            let mut next = state.clone();
            next.produced += 1;
            visit(Step::Producer(0), next);
        }
        for id in 0..W {
            if state.workers[id].at == At::Dead {
                if state.newcomers < self.newcomers && state.lines[id].lock.is_none() {
                    let mut next = State { newcomers: state.newcomers + 1, ..state.clone() };
                    next.lines[id].lock = Some(id as u8);
                    next.lines[id].is_taken = true;
                    let keeps = self.does(Mistake::KeepsHand);
                    let at = if keeps { At::Start } else { At::Settle(id as u8, Seen::Nothing) };
                    next.workers[id] = Worker { at, cursor: 0, seen: state.returned, n: 0, word: NONE };
                    visit(Step::Newcomer(id), next);
                }
                continue;
            }
            for gives_back in [false, true] {
                let mut next = state.clone();
                let may = !gives_back || (state.workers[id].at == At::Work && state.returns < self.returns);
                if may && self.work(id, &mut next, gives_back) {
                    visit(Step::Consumer(id), next);
                }
            }
            if state.deaths < self.deaths {
                let mut next = State { deaths: state.deaths + 1, ..state.clone() };
                next.workers[id] = Worker { at: At::Dead, cursor: 0, seen: 0, n: 0, word: NONE };
                // The kernel lets go of all that it had locked.
                let locks = next.lines.iter_mut().filter(|line| line.lock == Some(id as u8));
                locks.for_each(|line| line.lock = None);
                visit(Step::Death(id), next);
            }
        }
    }

    fn fault(&self, state: &State<W, C>) -> Option<&'static str> {
        let lives = |worker: &Worker| worker.at != At::Dead;
        if state.fault.is_some() || !state.workers.iter().any(lives) {
            return state.fault;
        }
        let lost: u32 = state.lines.iter().map(|line| u32::from(line.lost)).sum();
        let sum = state.handled.count_ones() + lost;
        let is_over = self.is_end(state);
        (is_over && sum != u32::from(self.messages)).then_some(SUM)
    }

    fn is_end(&self, state: &State<W, C>) -> bool {
        state.produced == self.messages && (0..W).all(|id| state.workers[id].at == At::Dead || self.is_idle(id, state))
    }
}
