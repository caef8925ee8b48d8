//! The structures that are measured: one module each.

pub mod fetch_add;
pub mod plain;
pub mod plain_ring;
pub mod queue;
pub mod raw;
pub mod seqlock;
pub mod seqlock_copy;
pub mod table;
pub mod vector;
pub mod vector_copy;
pub mod vector_handles;
