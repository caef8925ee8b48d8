//! The structures that are measured: one module each.

pub mod queue;
pub mod raw;
pub mod seqlock;
pub mod vector;
