//! The structures that are measured: one module each.

pub(crate) mod bare_futex;
pub(crate) mod bytes;
pub(crate) mod fetch_add;
pub(crate) mod floor;
pub(crate) mod plain;
pub(crate) mod plain_ring;
pub(crate) mod queue;
pub(crate) mod raw;
pub(crate) mod seqlock;
pub(crate) mod seqlock_copy;
pub(crate) mod shared_line;
pub(crate) mod sleeping;
pub(crate) mod table;
pub(crate) mod vector;
pub(crate) mod vector_copy;
pub(crate) mod vector_handles;
