//! The structures that are measured: one module each.

pub mod plain;
pub mod queue;
pub mod raw;
pub mod seqlock;
pub mod seqlock_copy;
pub mod vector;
