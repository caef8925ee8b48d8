//! Many producers: a ticket for each message, a ledger that says who holds it, a lock that tells
//! who lives.
//!
//! Follows `icc-queue`'s `mpmc.rs` and `consumer/`. What they call a slot's version, the head, a
//! ledger and an id's lock has the same name here; each read or write of one of them is a step.

mod state;

use crate::explore::{Protocol, Step};
use state::{Consumer, Consuming, Fault, Found, Ledger, Producer, Producing, SLOTS, Search, Slot, WORDS, complete};

pub use state::State;

/// How much is explored, and with which mistake, if any.
#[derive(Clone, Copy, Debug)]
pub struct Mpmc<const PRODUCERS: usize, const CONSUMERS: usize> {
    /// Nobody begins another message once so many tickets are taken.
    pub messages: u8,
    /// How many producers may die, between any two steps.
    pub deaths: u8,
    /// How many times somebody may come and take a dead one's id.
    pub newcomers: u8,
    /// What is done wrong.
    pub mistake: Option<Mistake>,
}

/// One step of the protocol done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A ticket is enough to write: nobody waits for the message one lap earlier.
    NoWait,
    /// Who waits for a slot takes it over without proof.
    NoProof,
    /// Only the owner of the message one lap earlier has to be dead, whatever is open before it.
    LastLapOnly,
    /// The slot is not looked at again after the ledgers.
    NoSecondLook,
    /// The ledger does not say `Claiming` before the ticket is taken.
    NoClaiming,
    /// A ledger that says `Claiming` is taken for one that says `Idle`.
    ClaimingIsIdle,
    /// The ledger names the ticket no more before the message is complete.
    IdleTooEarly,
    /// A ledger that names the ticket is proof of life, without a look at the lock.
    LockNotAsked,
    /// A newcomer leaves the ledger as the dead one left it.
    OldLedger,
}

impl<const P: usize, const C: usize> Mpmc<P, C> {
    fn does(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether the producer has no more to produce.
    fn is_done(&self, producer: &Producer, head: u8) -> bool {
        producer.at == Producing::Rest && head >= self.messages
    }

    fn owner_of(&self, ticket: u8) -> Search {
        Search { ticket, id: 0, suspect: false }
    }

    /// One step of a search: a ledger, a lock, or the last look at the slot.
    fn search(&self, mut search: Search, state: &mut State<P, C>) -> Found {
        let Some(producer) = state.producers.get(search.id as usize) else {
            let done = state.slot(search.ticket).version >= complete(search.ticket);
            return if done && !self.does(Mistake::NoSecondLook) { Found::Alive } else { Found::Dead };
        };
        let may_hold = match producer.ledger {
            Ledger::Idle => false,
            Ledger::Claiming => !self.does(Mistake::ClaimingIsIdle),
            Ledger::Holding(ticket) => ticket == search.ticket,
        };
        if search.suspect {
            if producer.lives {
                return Found::Alive;
            }
            search = Search { id: search.id + 1, suspect: false, ..search };
        } else if may_hold {
            if self.does(Mistake::LockNotAsked) {
                return Found::Alive;
            }
            search.suspect = true;
        } else {
            search.id += 1;
        }
        Found::Nothing(search)
    }

    /// What producer `id` does next.
    fn produce(&self, id: usize, state: &mut State<P, C>) {
        use Producing::{Attach, Check, Claim, Hold, Prove, Rest, Wait, Write};
        let last = WORDS as u8 + 1;
        let before = |n: u8| complete(n) - 2;
        state.producers[id].at = match state.producers[id].at {
            Attach => {
                if !self.does(Mistake::OldLedger) {
                    state.producers[id].ledger = Ledger::Idle;
                }
                Rest
            }
            Rest => {
                if !self.does(Mistake::NoClaiming) {
                    state.producers[id].ledger = Ledger::Claiming;
                }
                Claim
            }
            Claim => {
                state.head += 1;
                Hold(state.head - 1)
            }
            Hold(n) => {
                state.producers[id].ledger = Ledger::Holding(n);
                Wait(n)
            }
            Wait(n) => {
                let version = state.slot(n).version;
                if version >= before(n) || self.does(Mistake::NoWait) || self.does(Mistake::NoProof) {
                    Write(n, 0)
                } else {
                    Prove(n, version, self.owner_of(n - SLOTS))
                }
            }
            Prove(n, seen, search) => match self.search(search, state) {
                Found::Nothing(search) => Prove(n, seen, search),
                Found::Alive => Wait(n),
                Found::Dead => {
                    // Another lap earlier is open if the version seen is not even that one's,
                    // complete.
                    let more = seen < before(search.ticket) && !self.does(Mistake::LastLapOnly);
                    if more { Prove(n, seen, self.owner_of(search.ticket - SLOTS)) } else { Check(n, seen) }
                }
            },
            Check(n, seen) => {
                if state.slot(n).version == seen {
                    Write(n, 0)
                } else {
                    Wait(n)
                }
            }
            Write(n, 0) => {
                state.slot(n).version = complete(n) - 1;
                Write(n, 1)
            }
            Write(n, part) if part < last => {
                if self.does(Mistake::IdleTooEarly) {
                    state.producers[id].ledger = Ledger::Idle;
                }
                state.slot(n).words[part as usize - 1] = n + 1;
                Write(n, part + 1)
            }
            Write(n, _) => {
                // The ledger goes on naming the ticket: the slot says that it is complete.
                state.slot(n).version = complete(n);
                Rest
            }
        };
    }

    /// What a consumer does next.
    fn consume(&self, id: usize, state: &mut State<P, C>) {
        use Consuming::{Ask, Copy, Empty, Look, Past};
        let Consumer { next: n, at } = state.consumers[id];
        let (head, slot) = (state.head, *state.slot(n));
        let next = &mut state.consumers[id].next;
        let miss = |found: u8| match found.checked_sub(complete(n)) {
            Some(ahead) => Past(n + ahead.div_ceil(2) * SLOTS),
            None => Empty,
        };
        state.consumers[id].at = match at {
            Look if slot.version == complete(n) => Copy(0, [0; WORDS]),
            Look => miss(slot.version),
            Copy(part, mut words) if (part as usize) < WORDS => {
                words[part as usize] = slot.words[part as usize];
                Copy(part + 1, words)
            }
            Copy(_, words) if slot.version == complete(n) => {
                if words != [n + 1; WORDS] {
                    state.fault = Some(Fault::Mixed);
                }
                *next = n + 1;
                Look
            }
            Copy(..) => miss(slot.version),
            Past(proven) => {
                // The oldest that is kept, and one further on.
                *next = proven.max(head) - SLOTS + 1;
                Look
            }
            Empty if head > n => Ask(self.owner_of(n)),
            Empty => Look,
            Ask(search) => match self.search(search, state) {
                Found::Nothing(search) => Ask(search),
                Found::Alive => Look,
                Found::Dead => {
                    state.fault = self.wrongly_given_up(n, state);
                    state.consumers[id].next = n + 1;
                    Look
                }
            },
        };
        if state.consumers[id].next > state.head {
            state.fault = Some(Fault::BeyondTheHead);
        }
        // Who is who among the consumers makes no difference.
        state.consumers.sort_unstable();
    }

    /// What is wrong with giving up message `n` now.
    fn wrongly_given_up(&self, n: u8, state: &mut State<P, C>) -> Option<Fault> {
        use Producing::{Check, Hold, Prove, Wait, Write};
        let holds = |producer: &Producer| match producer.at {
            Hold(ticket) | Wait(ticket) | Prove(ticket, ..) | Check(ticket, _) | Write(ticket, _) => ticket == n,
            _ => false,
        };
        let alive = state.producers.iter().any(|producer| producer.lives && holds(producer));
        let is_complete = state.slot(n).version == complete(n);
        if alive { Some(Fault::GivenUpAlive) } else { is_complete.then_some(Fault::GivenUpComplete) }
    }
}

impl<const P: usize, const C: usize> Protocol for Mpmc<P, C> {
    type State = State<P, C>;

    fn start(&self) -> State<P, C> {
        let producer = Producer { lives: true, ledger: Ledger::Idle, at: Producing::Rest };
        State {
            head: 0,
            slots: [Slot::default(); SLOTS as usize],
            producers: [producer; P],
            consumers: [Consumer { next: 0, at: Consuming::Look }; C],
            deaths: self.deaths,
            newcomers: self.newcomers,
            fault: None,
        }
    }

    fn steps(&self, state: &State<P, C>, visit: &mut dyn FnMut(Step, State<P, C>)) {
        for (id, producer) in state.producers.iter().enumerate() {
            if producer.lives && !self.is_done(producer, state.head) {
                let mut next = state.clone();
                self.produce(id, &mut next);
                visit(Step::Producer(id), next);
            }
            if producer.lives && state.deaths > 0 {
                let mut next = state.clone();
                (next.producers[id].lives, next.deaths) = (false, state.deaths - 1);
                visit(Step::Death(id), next);
            }
            if !producer.lives && state.newcomers > 0 {
                let mut next = state.clone();
                next.producers[id] = Producer { lives: true, at: Producing::Attach, ..*producer };
                next.newcomers -= 1;
                visit(Step::Newcomer(id), next);
            }
        }
        for id in 0..C {
            let mut next = state.clone();
            self.consume(id, &mut next);
            visit(Step::Consumer(id), next);
        }
    }

    fn fault(&self, state: &State<P, C>) -> Option<&'static str> {
        state.fault.map(|fault| match fault {
            Fault::Mixed => "a message of two mixed was accepted",
            Fault::GivenUpAlive => "a message was given up whose producer lives",
            Fault::GivenUpComplete => "a message was given up that is complete",
            Fault::BeyondTheHead => "a consumer counts messages that nobody has begun",
        })
    }

    fn is_end(&self, state: &State<P, C>) -> bool {
        let done = |producer: &Producer| !producer.lives || self.is_done(producer, state.head);
        state.producers.iter().all(done) && state.consumers.iter().all(|consumer| consumer.next == state.head)
    }
}
