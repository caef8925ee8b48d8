//! A second, independent look at the queue's protocols.
//!
//! Loom runs the shipped code under Rust's memory model, and so can afford only a few messages.
//! Here the protocols are written once more, as small state machines whose every shared access is
//! one step, and all orders of those steps are visited, with a producer dying between any two of
//! them: [`mpmc`] is the ticket and the ledger, [`spmc`] the single producer and its successor, [`bell`]
//! how sleepers are woken, [`group`] how workers share messages,
//! [`holding`] how producers wait for those that hold, [`bridge`] how a queue is repeated on another machine.
//! Steps take effect in one order that all agree on; what a processor may reorder is loom's part.
//!
//! [`explore`] visits the states. It looks for two things: a fault (a message of two mixed, one
//! given up whose producer lives, a position that no message accounts for, a message handled twice, one that a
//! holder misses), and a state from which
//! the end cannot be reached any more by those who live. The second is why this is not a finished
//! model checker: `stateright`, the obvious one, does not see that two paths which wait for ever in
//! a circle never end.

pub mod bell;
pub mod bridge;
mod explore;
pub mod group;
pub mod holding;
pub mod mpmc;
pub mod spmc;

pub use explore::{Explored, Failure, Protocol, STUCK, Step, explore};
