//! What decides the speed of a ring, in five constants: `--model`.
//!
//! [`constants`] measures them, each by a microbenchmark of its own, none of which runs a queue.
//! [`formula`] says from them what a message should take. [`run`] measures both by turns, in the
//! same seconds, and shows one beside the other. `docs/performance.md` explains the terms.

mod constants;
mod formula;
mod run;
mod table;

pub(crate) use self::run::{PredictError, predict};
pub(crate) use self::table::render;
