//! What the examples share: the messages, a market that makes some, and recordings of them.

pub mod book;
pub mod clock;
pub mod market;
pub mod messages;
pub mod recording;
