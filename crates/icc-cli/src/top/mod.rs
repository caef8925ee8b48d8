//! The screen of `icc top`: what is seen, what a key does, and how it is drawn.

pub(crate) mod hops;
mod keys;
mod row;
mod screen;
mod state;

pub(crate) use keys::{Action, action};
pub(crate) use screen::draw;
pub(crate) use state::State;
