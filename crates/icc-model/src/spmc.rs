//! One producer, which may leave numbers out, and a successor that goes on where it was killed.
//!
//! Follows `icc-queue`'s `spmc.rs` and `gaps.rs`: the kernel's lock lets a successor in only when the one before
//! is gone, so between the two there is nothing but what that one left in the ring.

use crate::explore::{Protocol, Step};

/// Messages the ring keeps.
const SLOTS: u8 = 2;
/// The head is stored once in so many messages.
const UNCOUNTED: u8 = 2;
/// Words of a message.
const WORDS: usize = 2;
/// No model here produces more messages.
const MOST: usize = 8;

/// How much is explored, and with which mistake, if any.
#[derive(Clone, Copy, Debug)]
pub struct Spmc<const CONSUMERS: usize> {
    /// How many messages are produced in all.
    pub messages: u8,
    /// How many producers may die, between any two steps, each with a successor.
    pub deaths: u8,
    /// Numbers that the first producer leaves out, if any: from the first until before the second. A
    /// successor leaves out no more than that one had begun to.
    pub gap: Option<(u8, u8)>,
    /// What is done wrong.
    pub mistake: Option<Mistake>,
}

/// One step of the protocol done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A slot is not marked before it is overwritten.
    NoMark,
    /// The head is advanced before the message is complete.
    CountedTooEarly,
    /// A successor writes at the head, even if the message there is complete.
    SlotNotLookedAt,
    /// A successor looks at one message less than can be complete and not counted.
    LastSlotNotLookedAt,
    /// A successor does not count complete messages that the dead one did not count: if it dies
    /// before it has counted one itself, the head is further behind than anyone looks.
    NotCaughtUp,
    /// A successor leaves a half-written message and takes the next slot.
    HalfWrittenLeft,
    /// The head does not go to the end of a gap before the message there is written.
    GapNotCounted,
    /// A consumer does not look at the slot again once it has found the head beyond it.
    SlotNotLookedAtAgain,
    /// A consumer takes the message at the head for one that was left out.
    HeadTakenForGap,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Slot {
    version: u8,
    words: [u8; WORDS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Producing {
    Attach,
    /// All messages before this one are complete, as the head or so many slots after it said.
    Inspect(u8, u8),
    /// What was not counted is found: this is the next message.
    CatchUp(u8),
    Rest(u8),
    /// The message, and what is next: the odd version, each word, the even version, the head.
    Write(u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Consuming {
    Look,
    Copy(u8, [u8; WORDS]),
    /// Sped past: at least so many were produced.
    Past(u8),
    /// After silence: has read the head, which is beyond.
    Silent(u8),
    /// The number was left out before this head; looks for the end of the gap from the second number
    /// on. The third is the first of a later lap that was seen.
    Search(u8, u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Consumer {
    next: u8,
    at: Consuming,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const CONSUMERS: usize> {
    head: u8,
    slots: [Slot; SLOTS as usize],
    producer: Producing,
    /// How many producers there were before this one.
    deaths: u8,
    consumers: [Consumer; CONSUMERS],
    /// What was received as each message.
    given: [u8; MOST],
    /// Whether the gap's numbers never come.
    left_out: bool,
    fault: Option<&'static str>,
}

/// The version of its slot once message `n` is complete.
fn complete(n: u8) -> u8 {
    n / SLOTS * 2 + 2
}

impl<const C: usize> State<C> {
    fn slot(&mut self, n: u8) -> &mut Slot {
        &mut self.slots[(n % SLOTS) as usize]
    }
}

impl<const C: usize> Spmc<C> {
    fn does(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn produce(&self, state: &mut State<C>) {
        use Producing::{Attach, CatchUp, Inspect, Rest, Write};
        let last = WORDS as u8 + 1;
        state.producer = match state.producer {
            Attach => Inspect(state.head, 0),
            Inspect(n, looks) => {
                let most = match self.mistake {
                    Some(Mistake::SlotNotLookedAt) => 0,
                    Some(Mistake::LastSlotNotLookedAt) => UNCOUNTED - 1,
                    _ => UNCOUNTED,
                };
                let version = state.slot(n).version + u8::from(self.does(Mistake::HalfWrittenLeft));
                if looks < most && version >= complete(n) {
                    Inspect(n + 1, looks + 1)
                } else if looks > 0 && !self.does(Mistake::NotCaughtUp) {
                    CatchUp(n)
                } else {
                    Rest(n)
                }
            }
            CatchUp(n) => {
                state.head = n;
                Rest(n)
            }
            Rest(n) => match self.gap {
                Some((first, next)) if first == n && state.deaths == 0 => {
                    if !self.does(Mistake::GapNotCounted) {
                        (state.head, state.left_out) = (next, true);
                    }
                    Write(next, 0)
                }
                _ => Write(n, 0),
            },
            Write(n, 0) => {
                if !self.does(Mistake::NoMark) {
                    state.slot(n).version = complete(n) - 1;
                }
                if self.does(Mistake::CountedTooEarly) {
                    state.head = n + 1;
                }
                Write(n, 1)
            }
            Write(n, part) if part < last => {
                // What another producer would write as the same message is another value.
                let value = (n + 1) << 3 | state.deaths;
                state.slot(n).words[part as usize - 1] = value;
                Write(n, part + 1)
            }
            Write(n, part) if part == last => {
                state.slot(n).version = complete(n);
                Write(n, part + 1)
            }
            Write(n, _) => {
                if (n + 1) % UNCOUNTED == 0 {
                    state.left_out |= self.gap.is_some_and(|(first, next)| state.head <= first && n >= next);
                    state.head = n + 1;
                }
                Rest(n + 1)
            }
        };
    }

    fn consume(&self, id: usize, state: &mut State<C>) {
        use Consuming::{Copy, Look, Past, Search, Silent};
        let Consumer { next: n, at } = state.consumers[id];
        let slot = *state.slot(n);
        let miss = |found: u8| match found.checked_sub(complete(n)) {
            Some(ahead) => Past(n + ahead.div_ceil(2) * SLOTS),
            None => Look,
        };
        state.consumers[id].at = match at {
            Look if slot.version == complete(n) => Copy(0, [0; WORDS]),
            Look => miss(slot.version),
            Copy(part, mut words) if (part as usize) < WORDS => {
                words[part as usize] = slot.words[part as usize];
                Copy(part + 1, words)
            }
            Copy(_, words) if slot.version == complete(n) => {
                let given = &mut state.given[n as usize];
                if words != [words[0]; WORDS] || words[0] >> 3 != n + 1 {
                    state.fault = Some("a message of two mixed was accepted");
                } else if *given != 0 && *given != words[0] {
                    state.fault = Some("a message changed after it was received");
                }
                *given = words[0];
                state.consumers[id].next = n + 1;
                Look
            }
            Copy(..) => miss(slot.version),
            Past(proven) => {
                let next = proven.max(state.head) - SLOTS + 1;
                if next > state.head {
                    state.fault = Some("a message was lost before it was produced");
                }
                state.consumers[id].next = next;
                Look
            }
            Silent(_) if slot.version >= complete(n) && !self.does(Mistake::SlotNotLookedAtAgain) => Look,
            Silent(head) => Search(head, n + 1, head),
            Search(head, m, later) => {
                let found = state.slot(m).version;
                let end = if m >= head || m == n + SLOTS { Some(later) } else { (found == complete(m)).then_some(m) };
                if let Some(end) = end {
                    for lost in n..end {
                        if !self.leaves_out(state, lost) && state.slot(lost).version <= complete(lost) {
                            state.fault = Some("a message was taken for a gap");
                        }
                    }
                    state.consumers[id].next = end;
                    Look
                } else {
                    let laps = found.saturating_sub(complete(m));
                    let is_complete = laps > 0 && laps.is_multiple_of(2);
                    Search(head, m + 1, if is_complete { later.min(m + laps / 2 * SLOTS) } else { later })
                }
            }
        };
        let next = state.consumers[id].next;
        if next > 0 && !self.leaves_out(state, next - 1) && state.slot(next - 1).version + 1 < complete(next - 1) {
            state.fault = Some("a consumer counts messages that nobody has begun");
        }
        state.consumers.sort_unstable();
    }
}

impl<const C: usize> Protocol for Spmc<C> {
    type State = State<C>;

    fn start(&self) -> State<C> {
        assert!((self.messages as usize) < MOST);
        State {
            head: 0,
            slots: [Slot::default(); SLOTS as usize],
            producer: Producing::Attach,
            deaths: 0,
            consumers: [Consumer { next: 0, at: Consuming::Look }; C],
            given: [0; MOST],
            left_out: false,
            fault: None,
        }
    }

    fn steps(&self, state: &State<C>, visit: &mut dyn FnMut(Step, State<C>)) {
        if !self.is_done(state) {
            let mut next = state.clone();
            self.produce(&mut next);
            visit(Step::Producer(0), next);
        }
        if state.deaths < self.deaths {
            let deaths = state.deaths + 1;
            visit(Step::Death(0), State { producer: Producing::Attach, deaths, ..state.clone() });
        }
        for id in 0..C {
            let mut next = state.clone();
            self.consume(id, &mut next);
            visit(Step::Consumer(id), next);
            if self.may_look_at_head(state, state.consumers[id]) {
                let mut next = state.clone();
                next.consumers[id].at = Consuming::Silent(state.head.max(state.consumers[id].next + 1));
                next.consumers.sort_unstable();
                visit(Step::Consumer(id), next);
            }
        }
    }

    fn fault(&self, state: &State<C>) -> Option<&'static str> {
        state.fault
    }

    fn is_end(&self, state: &State<C>) -> bool {
        self.is_done(state) && state.consumers.iter().all(|consumer| consumer.next == self.messages)
    }
}

impl<const C: usize> Spmc<C> {
    /// Whether this number is never produced.
    fn leaves_out(&self, state: &State<C>, n: u8) -> bool {
        state.left_out && self.gap.is_some_and(|(first, next)| (first..next).contains(&n))
    }

    /// Whether a consumer may find that its number was left out, with the head it reads now.
    fn may_look_at_head(&self, state: &State<C>, consumer: Consumer) -> bool {
        let beyond = if self.does(Mistake::HeadTakenForGap) { state.head + 1 } else { state.head };
        self.gap.is_some() && consumer.at == Consuming::Look && consumer.next < beyond
    }

    fn is_done(&self, state: &State<C>) -> bool {
        state.producer == Producing::Rest(self.messages)
    }
}
