//! The reference of [`multi_producer`](crate::scenario::multi_producer): a ticket taken, and
//! nothing else.

#[allow(clippy::disallowed_types, reason = "a bare atomic is what this target measures")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crossbeam_utils::CachePadded;

/// The name in tables, in JSON and on the command line.
pub(crate) const NAME: &str = "fetch_add";

/// One word on cache lines of its own, which both cores add to.
#[derive(Debug, Default)]
#[allow(clippy::disallowed_types, reason = "a bare atomic is what this target measures")]
pub(crate) struct Counter(CachePadded<AtomicU64>);

impl Counter {
    /// Adds one.
    #[inline(always)]
    pub(crate) fn add(&self) {
        // Acquire and Release, as taking a ticket needs them.
        let ticket = self.0.fetch_add(1, AcqRel);
        // A ticket is of use; without this it could be an addition that gives nothing back.
        std::hint::black_box(ticket);
    }

    /// How often it was added to.
    #[must_use]
    pub(crate) fn total(&self) -> u64 {
        self.0.load(Acquire)
    }
}
