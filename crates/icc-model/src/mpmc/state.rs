//! What the protocol with many producers consists of at one moment.

/// Messages the ring keeps.
pub(super) const SLOTS: u8 = 2;
/// Words of a message; each holds the message's number plus one, so that a mixture shows.
pub(super) const WORDS: usize = 2;

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    Mixed,
    GivenUpAlive,
    GivenUpComplete,
    BeyondTheHead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ledger {
    Idle,
    Claiming,
    Holding(u8),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) version: u8,
    pub(super) words: [u8; WORDS],
}

/// Looking for the owner of a ticket, ledger after ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Search {
    pub(super) ticket: u8,
    pub(super) id: u8,
    /// The ledger of `id` may name the ticket: its lock is next.
    pub(super) suspect: bool,
}

pub(super) enum Found {
    Nothing(Search),
    Alive,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Producing {
    Attach,
    Rest,
    Claim,
    Hold(u8),
    Wait(u8),
    /// Waits with this ticket, and has seen the slot at this version.
    Prove(u8, u8, Search),
    /// Everybody before is dead, if the slot still stands at the version seen.
    Check(u8, u8),
    /// The ticket, and what is next: the odd version, each word, the even version.
    Write(u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Producer {
    pub(super) lives: bool,
    pub(super) ledger: Ledger,
    pub(super) at: Producing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Consuming {
    Look,
    Copy(u8, [u8; WORDS]),
    /// Sped past: at least so many were produced.
    Past(u8),
    /// Nothing there: is its ticket taken?
    Empty,
    Ask(Search),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Consumer {
    pub(super) next: u8,
    pub(super) at: Consuming,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const PRODUCERS: usize, const CONSUMERS: usize> {
    pub(super) head: u8,
    pub(super) slots: [Slot; SLOTS as usize],
    pub(super) producers: [Producer; PRODUCERS],
    pub(super) consumers: [Consumer; CONSUMERS],
    pub(super) deaths: u8,
    pub(super) newcomers: u8,
    pub(super) fault: Option<Fault>,
}

/// The version of its slot once message `n` is complete.
pub(super) fn complete(n: u8) -> u8 {
    n / SLOTS * 2 + 2
}

impl<const P: usize, const C: usize> State<P, C> {
    pub(super) fn slot(&mut self, n: u8) -> &mut Slot {
        &mut self.slots[(n % SLOTS) as usize]
    }
}
