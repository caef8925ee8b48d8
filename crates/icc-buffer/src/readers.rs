//! What the readers of a wakeable buffer write to: the bell on which they sleep, and room for an
//! entry for each that wants to be seen or to hold.
//!
//! In shared memory a file or memfd of its own, so that readers need no permission to write to the
//! buffer itself.

use crate::counter::CounterLine;
use crate::shared::Mapping;
use icc_seqlock::primitive::Arc;

/// What lies behind the header of such a file, a line each. Any bytes are valid ones: all are plain
/// atomic numbers.
#[repr(C)]
pub(crate) struct Lines {
    /// The bell that is rung after messages, or changes of values.
    pub(crate) messages: CounterLine,
    /// The bell of writers that wait for room. Nobody does yet.
    _room: CounterLine,
    /// Entries of readers that hold, and of those that are only seen: the one must not use up the
    /// other. Nobody takes one yet.
    _holding: [CounterLine; 64],
    _seen: [CounterLine; 192],
}

/// The readers' memory of one buffer.
pub(crate) struct Readers {
    mapping: Option<Arc<Mapping>>,
}

impl Readers {
    /// In memory of this process.
    pub(crate) fn private() -> Self {
        Self { mapping: None }
    }

    pub(crate) fn mapped(mapping: Mapping) -> Self {
        Self { mapping: Some(Arc::new(mapping)) }
    }

    /// The mapping, if it is shared.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_deref()
    }
}
