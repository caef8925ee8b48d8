//! What a system consists of: its clock, its table of names and its ring of timings.

use crate::names::{HopName, MAX_HOPS, Names, beside, register};
use crate::recorder::Recorder;
use crate::timing::Timing;
use crate::{Clock, TraceError, TraceSpec};
use core::fmt;
use icc_buffer::BufferError;
use icc_queue::{Mpmc, Queue, QueueError, QueueSpec};
use icc_schema::DescribeOptions as _;
use std::path::{Path, PathBuf};

/// What a system's ring is called, after the system's name.
const RING: &str = ".hops";
/// What its table of names is called.
const NAMES: &str = ".hop-names";

/// The file of a system's ring of timings.
pub(crate) fn ring_of(system: &Path) -> PathBuf {
    beside(system, RING)
}

/// The file of a system's names.
pub(crate) fn names_of(system: &Path) -> PathBuf {
    beside(system, NAMES)
}

/// What a system consists of.
pub struct Files {
    clock: Clock,
    names: Names,
    ring: Queue<Timing, Mpmc>,
}

impl Files {
    pub(crate) fn open_or_create(name: &Path, spec: &TraceSpec) -> Result<Self, TraceError> {
        let clock = match &spec.clock {
            Some(name) => Clock::shared_at(name)?,
            None => Clock::shared()?,
        };
        let options = spec.options.clone().describe::<HopName>();
        let (names, _) = Names::open_or_create(names_of(name), MAX_HOPS, &options)?;
        // Of whatever size it is.
        let (path, options) = (ring_of(name), spec.options.clone().describe::<Timing>());
        let ring = match Queue::open(&path, &options) {
            Err(QueueError::Buffer(BufferError::NotFound { .. })) => {
                let wanted = QueueSpec::new(spec.capacity).max_producers(spec.hops);
                match Queue::open_or_create(&path, wanted, &options) {
                    // Another process was faster, with another size.
                    Err(QueueError::Buffer(BufferError::OtherLen { .. })) => Queue::open(&path, &options)?,
                    made => made?.0,
                }
            }
            found => found?,
        };
        Ok(Self { clock, names, ring })
    }

    pub(crate) fn recorder(&self, name: &str) -> Result<Recorder, TraceError> {
        let id = register(&self.names, &HopName::new(name)?)?;
        Ok(Recorder::new(self.clock, id, self.ring.producer()?))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("clock", &self.clock).field("ring", &self.ring).finish_non_exhaustive()
    }
}
