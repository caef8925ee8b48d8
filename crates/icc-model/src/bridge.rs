//! Two bridges and a network between them: the accounting of a queue that is repeated elsewhere.
//!
//! Follows `icc-bridge`: the sending bridge is a consumer of the source's ring, and sends each message under its
//! number, what it lost as a range, and, when there is nothing, a sign of life with the number that it will
//! send next. The network loses frames, and may bring a later one first. The receiving bridge puts each message
//! into the mirror under its number and leaves out what is missing before it. Either is killed between any two
//! steps and started again: the sending one where the mirror is, or at the oldest message; the receiving one
//! where the mirror's ring says.
//!
//! What must hold: no number is told twice, none is passed over in silence, and in the end all are told; where
//! nothing was lost and nobody died, none is told as lost that the source kept.

use crate::explore::{Protocol, Step};

/// How much is explored, and with which mistake, if any.
#[derive(Clone, Copy, Debug)]
pub struct Bridging {
    /// How many messages the source produces.
    pub messages: u8,
    /// How many the source's ring keeps.
    pub capacity: u8,
    /// How many frames are under way at most.
    pub in_flight: usize,
    /// How many frames are lost at most.
    pub losses: u8,
    /// How often a bridge is killed at most.
    pub deaths: u8,
    /// Whether the network may bring a frame before one that was sent earlier.
    pub reorders: bool,
    /// What is done wrong.
    pub mistake: Option<Mistake>,
}

/// One step of the protocol done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The sign of life says how many were produced, not which is sent next.
    BeatSaysHead,
    /// There is no sign of life.
    NoBeat,
    /// What the mirror has already is put into it again.
    TakesAgain,
    /// The sending bridge does not tell what it lost, and what comes next is put where the mirror is.
    LossNotTold,
    /// The mirror's head is stored after the message, not before.
    HeadAfter,
}

/// The fault of a number that is given a second time, or under another one's.
pub const TWICE: &str = "a number is told twice";
/// The fault of a number that nobody is told of.
pub const SILENT: &str = "a number is passed over in silence";
/// The fault of a loss that was none.
pub const NO_LOSS: &str = "a message is told as lost that nobody lost";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Frame {
    Message(u8),
    Lost(u8, u8),
    Beat(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Receiving {
    Ready,
    /// Has said what it leaves out, and writes this message next.
    Write(u8),
    /// Has written this message, and says so next: only by mistake.
    Say(u8),
    Dead,
}

/// What the mirror's consumers are told of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Told {
    Nothing,
    Message,
    Lost,
}

const MOST: usize = 8;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    produced: u8,
    /// Where the sending bridge is; none while it is dead.
    sending: Option<u8>,
    /// Whether a sign of life was sent since the last message: more change nothing.
    beat_sent: bool,
    network: Vec<Frame>,
    receiving: Receiving,
    /// The number after the last that the mirror's ring tells, which survives its bridge.
    head: u8,
    told: [Told; MOST],
    losses: u8,
    deaths: u8,
    fault: Option<&'static str>,
}

impl Bridging {
    fn does(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn send(&self, state: &mut State, frame: Frame) {
        state.beat_sent = matches!(frame, Frame::Beat(_));
        state.network.push(frame);
    }

    fn step_of_sender(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        let oldest = state.produced.saturating_sub(self.capacity);
        let Some(at) = state.sending else {
            // It is started again where the mirror is, if there is somebody who says that.
            let place = if state.receiving == Receiving::Dead { oldest } else { state.head };
            next.sending = Some(place.clamp(oldest, state.produced));
            return Some(next);
        };
        if state.network.len() >= self.in_flight {
            return None;
        }
        if at < oldest {
            next.sending = Some(oldest);
            if !self.does(Mistake::LossNotTold) {
                self.send(&mut next, Frame::Lost(at, oldest));
            }
        } else if at < state.produced {
            next.sending = Some(at + 1);
            self.send(&mut next, Frame::Message(at));
        } else if self.does(Mistake::NoBeat) || state.beat_sent && state.losses == 0 && state.deaths == 0 {
            return None;
        } else {
            self.send(&mut next, Frame::Beat(at));
        }
        Some(next)
    }

    /// By mistake at any time, and with what the source has by then.
    fn wrong_beat(&self, state: &State) -> Option<State> {
        let wrong = self.does(Mistake::BeatSaysHead) && state.sending.is_some();
        (wrong && state.network.len() < self.in_flight).then(|| {
            let mut next = state.clone();
            next.network.push(Frame::Beat(state.produced));
            next
        })
    }

    fn leave_out(&self, state: &mut State, until: u8) {
        let was_lost = self.losses == 0 && self.deaths == 0 && !self.reorders;
        for n in state.head..until {
            tell(state, n, Told::Lost);
            // The ring of the source was never overrun.
            if was_lost && self.capacity >= self.messages {
                state.fault = Some(NO_LOSS);
            }
        }
        state.head = state.head.max(until);
    }

    fn receive(&self, state: &mut State, frame: Frame) {
        match frame {
            _ if state.receiving == Receiving::Dead => {}
            Frame::Beat(next) => self.leave_out(state, next),
            Frame::Lost(_, next) => self.leave_out(state, next),
            Frame::Message(n) if n < state.head => {
                if self.does(Mistake::TakesAgain) {
                    tell(state, n, Told::Message);
                }
            }
            Frame::Message(n) if self.does(Mistake::LossNotTold) => {
                // Under the next number there, whatever it is.
                let at = state.head;
                state.head += 1;
                tell(state, at, Told::Message);
                if at != n {
                    state.fault = Some(SILENT);
                }
            }
            Frame::Message(n) if self.does(Mistake::HeadAfter) => {
                tell(state, n, Told::Message);
                state.receiving = Receiving::Say(n);
            }
            Frame::Message(n) => {
                self.leave_out(state, n);
                state.receiving = Receiving::Write(n);
            }
        }
    }

    fn step_of_receiver(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        match state.receiving {
            Receiving::Ready => return None,
            // Where the ring says: a message that was written counts, whatever the head.
            Receiving::Dead => next.receiving = Receiving::Ready,
            Receiving::Write(n) => {
                tell(&mut next, n, Told::Message);
                next.head = n + 1;
                next.receiving = Receiving::Ready;
            }
            Receiving::Say(n) => {
                self.leave_out(&mut next, n);
                next.head = n + 1;
                next.receiving = Receiving::Ready;
            }
        }
        Some(next)
    }
}

fn tell(state: &mut State, n: u8, what: Told) {
    let told = &mut state.told[usize::from(n)];
    if *told != Told::Nothing {
        state.fault = Some(TWICE);
    }
    *told = what;
}

impl Protocol for Bridging {
    type State = State;

    fn start(&self) -> State {
        State {
            produced: 0,
            sending: Some(0),
            beat_sent: false,
            network: Vec::new(),
            receiving: Receiving::Ready,
            head: 0,
            told: [Told::Nothing; MOST],
            losses: 0,
            deaths: 0,
            fault: None,
        }
    }

    fn steps(&self, state: &State, visit: &mut dyn FnMut(Step, State)) {
        if state.produced < self.messages {
            visit(Step::Producer(0), State { produced: state.produced + 1, ..state.clone() });
        }
        if let Some(next) = self.step_of_sender(state) {
            visit(Step::Producer(1), next);
        }
        if let Some(next) = self.wrong_beat(state) {
            visit(Step::Producer(2), next);
        }
        if let Some(next) = self.step_of_receiver(state) {
            visit(Step::Consumer(0), next);
        }
        for at in 0..if self.reorders { state.network.len() } else { state.network.len().min(1) } {
            let mut next = state.clone();
            let frame = next.network.remove(at);
            if state.losses < self.losses {
                visit(Step::Death(2), State { losses: state.losses + 1, ..next.clone() });
            }
            if matches!(state.receiving, Receiving::Ready | Receiving::Dead) {
                self.receive(&mut next, frame);
                visit(Step::Consumer(1), next);
            }
        }
        if state.deaths < self.deaths {
            let deaths = state.deaths + 1;
            if state.sending.is_some() {
                visit(Step::Death(0), State { deaths, sending: None, ..state.clone() });
            }
            if state.receiving != Receiving::Dead {
                visit(Step::Death(1), State { deaths, receiving: Receiving::Dead, ..state.clone() });
            }
        }
    }

    fn fault(&self, state: &State) -> Option<&'static str> {
        let silent = state.told[..usize::from(state.head)].contains(&Told::Nothing);
        state.fault.or(silent.then_some(SILENT))
    }

    fn is_end(&self, state: &State) -> bool {
        state.produced == self.messages && state.head == self.messages
    }
}
