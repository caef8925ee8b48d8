//! Producers that ring a bell, and sleepers that arm it, any of whom may be killed between two
//! steps.
//!
//! Follows `icc-buffer`'s `bell.rs` and `sleep.rs`, without time: a sleeper that nobody wakes sleeps
//! on. A sleeper may miss what a producer published that was killed before it rang; in the library
//! the end of its slice is what finds that. What must not be is that a message of a living producer,
//! rung for to the end, leaves it asleep.

use crate::explore::{Protocol, Step};

/// How much is explored, and with which mistake, if any.
#[derive(Clone, Copy, Debug)]
pub struct Ringing<const PRODUCERS: usize, const SLEEPERS: usize> {
    /// How many messages each producer publishes.
    pub messages: u8,
    /// How many may die in all.
    pub deaths: u8,
    /// What is done wrong.
    pub mistake: Option<Mistake>,
}

/// One step of the protocol done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The bit is cleared in one call and the sleepers are woken in another.
    ClearThenWake,
    /// The producer adds one instead of clearing the bit.
    Added,
    /// The sleeper sets the bit and leaves the epoch.
    SameEpoch,
    /// The sleeper does not look between arming and sleeping.
    NoLook,
    /// One sleeper is woken.
    WakesOne,
}

/// The fault of a sleeper that later messages do not wake.
pub const ASLEEP: &str = "a message that was rung for leaves a sleeper asleep";
/// The fault of a producer that calls the kernel again and again.
pub const SPARE: &str = "a producer makes a second call, and nobody has armed since its first";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Producing {
    Publish,
    Look,
    /// Has seen somebody asleep.
    Call,
    /// Has cleared the bit, and not woken anybody.
    Wake,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Producer {
    at: Producing,
    left: u8,
    /// Calls since anybody armed.
    calls: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Sleeping {
    Look,
    Load,
    Arm(u8),
    /// Looks again, with the word to wait at.
    LookAgain(u8),
    Wait(u8),
    Asleep,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Sleeper {
    at: Sleeping,
    /// What was published when it looked last.
    seen: u8,
    /// Whether a message was rung for that it has not looked for.
    is_owed: bool,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const PRODUCERS: usize, const SLEEPERS: usize> {
    word: u8,
    published: u8,
    producers: [Producer; PRODUCERS],
    /// What was published when each producer published its last.
    numbers: [u8; PRODUCERS],
    sleepers: [Sleeper; SLEEPERS],
    deaths: u8,
    fault: Option<&'static str>,
}

impl<const P: usize, const S: usize> Ringing<P, S> {
    fn does(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn wake(&self, state: &mut State<P, S>) {
        let most = if self.does(Mistake::WakesOne) { 1 } else { S };
        let asleep = state.sleepers.iter_mut().filter(|sleeper| sleeper.at == Sleeping::Asleep);
        asleep.take(most).for_each(|sleeper| sleeper.at = Sleeping::Look);
    }

    fn produce(&self, id: usize, state: &mut State<P, S>) {
        let at = state.producers[id].at;
        state.producers[id].at = match at {
            Producing::Publish => {
                state.published += 1;
                state.numbers[id] = state.published;
                state.producers[id].left -= 1;
                Producing::Look
            }
            Producing::Look if state.word & 1 == 1 => Producing::Call,
            Producing::Look => self.rung(id, state),
            Producing::Call => {
                if self.does(Mistake::Added) {
                    state.word += 1;
                } else {
                    state.word &= !1;
                }
                state.producers[id].calls += 1;
                if state.producers[id].calls > 1 {
                    state.fault = Some(SPARE);
                }
                if self.does(Mistake::ClearThenWake) {
                    Producing::Wake
                } else {
                    self.wake(state);
                    self.rung(id, state)
                }
            }
            Producing::Wake => {
                self.wake(state);
                self.rung(id, state)
            }
            Producing::Dead => unreachable!("the dead do nothing"),
        };
    }

    /// A message is published and rung for.
    fn rung(&self, id: usize, state: &mut State<P, S>) -> Producing {
        let number = state.numbers[id];
        for sleeper in &mut state.sleepers {
            sleeper.is_owed |= sleeper.seen < number;
        }
        Producing::Publish
    }

    fn sleep(&self, id: usize, state: &mut State<P, S>) {
        let published = state.published;
        let look = |sleeper: &mut Sleeper, otherwise| {
            let new = sleeper.seen < published;
            (sleeper.seen, sleeper.is_owed) = (published, false);
            if new { Sleeping::Look } else { otherwise }
        };
        let mut sleeper = state.sleepers[id];
        sleeper.at = match sleeper.at {
            Sleeping::Look => look(&mut sleeper, Sleeping::Load),
            Sleeping::Load if state.word & 1 == 1 => Sleeping::LookAgain(state.word),
            Sleeping::Load => Sleeping::Arm(state.word),
            Sleeping::Arm(found) if found != state.word => Sleeping::Load,
            Sleeping::Arm(found) => {
                state.word = found + if self.does(Mistake::SameEpoch) { 1 } else { 3 };
                state.producers.iter_mut().for_each(|producer| producer.calls = 0);
                Sleeping::LookAgain(state.word)
            }
            Sleeping::LookAgain(word) if self.does(Mistake::NoLook) => Sleeping::Wait(word),
            Sleeping::LookAgain(word) => look(&mut sleeper, Sleeping::Wait(word)),
            Sleeping::Wait(word) if word == state.word => Sleeping::Asleep,
            Sleeping::Wait(_) => Sleeping::Look,
            Sleeping::Asleep | Sleeping::Dead => unreachable!("these do nothing"),
        };
        state.sleepers[id] = sleeper;
        state.sleepers.sort_unstable();
    }

    fn is_quiet(&self, state: &State<P, S>) -> bool {
        state.producers.iter().all(|producer| matches!(producer.at, Producing::Publish | Producing::Dead))
    }
}

impl<const P: usize, const S: usize> Protocol for Ringing<P, S> {
    type State = State<P, S>;

    fn start(&self) -> State<P, S> {
        State {
            word: 0,
            published: 0,
            producers: [Producer { at: Producing::Publish, left: self.messages, calls: 0 }; P],
            numbers: [0; P],
            sleepers: [Sleeper { at: Sleeping::Look, seen: 0, is_owed: false }; S],
            deaths: 0,
            fault: None,
        }
    }

    fn steps(&self, state: &State<P, S>, visit: &mut dyn FnMut(Step, State<P, S>)) {
        for (id, producer) in state.producers.iter().enumerate() {
            if producer.at == Producing::Dead {
                continue;
            }
            if producer.at != Producing::Publish || producer.left > 0 {
                let mut next = state.clone();
                self.produce(id, &mut next);
                visit(Step::Producer(id), next);
            }
            if state.deaths < self.deaths {
                let mut next = State { deaths: state.deaths + 1, ..state.clone() };
                next.producers[id].at = Producing::Dead;
                visit(Step::Death(id), next);
            }
        }
        for (id, sleeper) in state.sleepers.iter().enumerate() {
            if sleeper.at == Sleeping::Dead {
                continue;
            }
            if sleeper.at != Sleeping::Asleep {
                let mut next = state.clone();
                self.sleep(id, &mut next);
                visit(Step::Consumer(id), next);
            }
            if state.deaths < self.deaths {
                let mut next = State { deaths: state.deaths + 1, ..state.clone() };
                next.sleepers[id].at = Sleeping::Dead;
                next.sleepers.sort_unstable();
                visit(Step::Death(P + id), next);
            }
        }
    }

    fn fault(&self, state: &State<P, S>) -> Option<&'static str> {
        let is_asleep = |sleeper: &Sleeper| sleeper.at == Sleeping::Asleep && sleeper.is_owed;
        state.fault.or_else(|| (self.is_quiet(state) && state.sleepers.iter().any(is_asleep)).then_some(ASLEEP))
    }

    fn is_end(&self, state: &State<P, S>) -> bool {
        self.is_quiet(state)
            && state.producers.iter().all(|producer| producer.left == 0 || producer.at == Producing::Dead)
    }
}
