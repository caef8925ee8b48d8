//! What the examples share: the messages, and a market that makes some.

pub mod book;
pub mod clock;
pub mod market;
pub mod messages;
pub mod ticks;
