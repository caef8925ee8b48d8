//! What every scenario stands on: pinned threads, a clock, rounds and their plan.

pub(crate) mod batches;
pub(crate) mod child;
pub(crate) mod clock;
pub(crate) mod error;
mod groups;
pub(crate) mod interrupt;
pub(crate) mod machine;
pub(crate) mod median;
pub(crate) mod offset;
pub(crate) mod pair;
pub(crate) mod pin;
pub(crate) mod placement;
pub(crate) mod plan;
pub(crate) mod priority;
pub(crate) mod round;
pub(crate) mod rounds;
pub(crate) mod setup;
pub(crate) mod summary;
pub(crate) mod system;
pub(crate) mod threads;

#[cfg(test)]
pub(crate) mod test_setup;
