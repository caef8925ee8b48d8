//! Visiting every state, nearest first.

use indexmap::IndexSet;
use std::fmt;
use std::hash::Hash;

/// Something that goes on in steps.
pub trait Protocol {
    /// All there is to know at one moment.
    type State: Clone + Eq + Hash + fmt::Debug;

    /// Where it begins.
    fn start(&self) -> Self::State;

    /// Hands every next state to `visit`, with what happened.
    fn steps(&self, state: &Self::State, visit: &mut dyn FnMut(Step, Self::State));

    /// What is wrong in this state.
    fn fault(&self, state: &Self::State) -> Option<&'static str>;

    /// Whether everybody has done all they were to do.
    fn is_end(&self, state: &Self::State) -> bool;
}

/// What happened, by its number to whom.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A producer did its next step.
    Producer(usize),
    /// A consumer did its next step.
    Consumer(usize),
    /// A producer died.
    Death(usize),
    /// A producer came and took this id.
    Newcomer(usize),
    /// A consumer begins to let go.
    Leaving(usize),
}

impl Step {
    /// Whether it is bound to happen if all who live go on.
    fn is_bound(self) -> bool {
        matches!(self, Self::Producer(_) | Self::Consumer(_))
    }
}

/// What was visited, if nothing was wrong.
#[derive(Clone, Copy, Debug)]
pub struct Explored {
    /// Distinct states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// How many states were ends.
    pub ends: usize,
}

/// What went wrong, and the shortest way there.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub fault: &'static str,
    /// The steps that lead there from the start, each with the state after it.
    pub path: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, after {} steps:", self.fault, self.path.len())?;
        self.path.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// The fault of a state from which the survivors cannot reach the end.
pub const STUCK: &str = "the end cannot be reached";

/// Visits every state of `protocol`, and then makes sure that each can still reach an end, without
/// another death or newcomer.
///
/// # Errors
///
/// The first [`Failure`] found, which is one that takes the fewest steps.
pub fn explore<P: Protocol>(protocol: &P) -> Result<Explored, Failure> {
    let mut states = IndexSet::from([protocol.start()]);
    // For each state where it was first reached from, and every step that survivors can take,
    // backwards.
    let (mut parents, mut bound, mut steps) = (vec![0_u32], Vec::new(), 0);
    let mut at = 0;
    while let Some(state) = states.get_index(at).cloned() {
        if let Some(fault) = protocol.fault(&state) {
            return Err(Failure { fault, path: path(protocol, &states, &parents, at) });
        }
        protocol.steps(&state, &mut |step, next| {
            steps += 1;
            let (index, is_new) = states.insert_full(next);
            if is_new {
                parents.push(number(at));
            }
            if step.is_bound() {
                bound.push((number(index), number(at)));
            }
        });
        at += 1;
    }
    let ends: Vec<usize> = (0..states.len()).filter(|&at| protocol.is_end(&states[at])).collect();
    match first_stuck(states.len(), &ends, bound) {
        Some(at) => Err(Failure { fault: STUCK, path: path(protocol, &states, &parents, at) }),
        None => Ok(Explored { states: states.len(), steps, ends: ends.len() }),
    }
}

/// The first state that is on no way to an end. `bound` has (to, from).
fn first_stuck(states: usize, ends: &[usize], mut bound: Vec<(u32, u32)>) -> Option<usize> {
    bound.sort_unstable();
    let (mut reaches, mut open) = (vec![false; states], ends.to_vec());
    ends.iter().for_each(|&end| reaches[end] = true);
    while let Some(to) = open.pop() {
        let first = bound.partition_point(|&(other, _)| (other as usize) < to);
        for &(_, from) in bound[first..].iter().take_while(|(other, _)| *other as usize == to) {
            if !std::mem::replace(&mut reaches[from as usize], true) {
                open.push(from as usize);
            }
        }
    }
    reaches.iter().position(|reaches| !reaches)
}

/// The way to a state, by the states it was first reached from.
fn path<P: Protocol>(protocol: &P, states: &IndexSet<P::State>, parents: &[u32], to: usize) -> Vec<String> {
    let (mut path, mut at) = (Vec::new(), to);
    while at != 0 {
        let from = parents[at] as usize;
        let mut found = None;
        protocol.steps(&states[from], &mut |step, next| {
            if next == states[at] {
                found = Some(format!("{step:?}: {next:?}"));
            }
        });
        path.extend(found);
        at = from;
    }
    path.reverse();
    path
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("no model here has four thousand million states")
}
