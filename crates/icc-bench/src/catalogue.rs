//! What there is to measure: subjects by name, and a case for each subject and payload.

use std::fmt;
use std::time::Duration;

use crate::for_payload;
use crate::link::Subject;
use crate::scenario::one_way_latency::{self, RoundError};
use crate::scenario::{Rig, Round};
use crate::subjects::queue::SpmcQueue;
use crate::subjects::raw::{self, RawLink, Word};
use crate::subjects::seqlock::SeqlockCell;
use crate::subjects::vector::VectorSlot;

type Measure = Box<dyn Fn(&Rig, Duration) -> Result<Round, RoundError>>;

/// One row of a report: a subject at a payload size.
///
/// The call through the box is once a round; the loop behind it is compiled for this subject and size alone.
pub struct Case {
    /// The subject's name.
    pub subject: &'static str,
    /// The size of its messages, in bytes.
    pub payload_bytes: usize,
    measure: Measure,
}

impl Case {
    /// Measures one round of about `length`.
    ///
    /// # Errors
    ///
    /// [`CaseError`], which names the subject and the size.
    pub fn measure(&self, rig: &Rig, length: Duration) -> Result<Round, CaseError> {
        (self.measure)(rig, length).map_err(|source| CaseError {
            subject: self.subject,
            payload_bytes: self.payload_bytes,
            source,
        })
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} bytes", self.subject, self.payload_bytes)
    }
}

/// A round failed, and of which subject.
#[derive(Debug, thiserror::Error)]
#[error("{subject} at {payload_bytes} bytes: {source}")]
pub struct CaseError {
    /// The subject's name.
    pub subject: &'static str,
    /// The size of its messages, in bytes.
    pub payload_bytes: usize,
    /// What went wrong.
    pub source: RoundError,
}

/// The baseline as a case: the same ping-pong on two bare atomics, whatever the payload size it stands beside.
#[must_use]
pub fn baseline(payload_bytes: usize) -> Case {
    Case {
        subject: raw::NAME,
        payload_bytes,
        measure: Box::new(|rig, length| one_way_latency::round::<Word, RawLink>(RawLink::open, rig, length)),
    }
}

fn case_of<S: Subject>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        subject: S::NAME,
        payload_bytes,
        measure: Box::new(|rig, length| {
            one_way_latency::round::<T, S::Link<T>>(S::open::<T>, rig, length)
        }),
    })
}

/// The subjects a run can choose from, in the order of the report.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    name: &'static str,
    case: fn(usize) -> Option<Case>,
}

impl Catalogue {
    /// The baseline alone.
    #[must_use]
    pub fn baseline_only() -> Self {
        Self { entries: vec![Entry { name: raw::NAME, case: |payload_bytes| Some(baseline(payload_bytes)) }] }
    }

    /// The baseline and everything of this workspace.
    #[must_use]
    pub fn icc() -> Self {
        Self::baseline_only().with::<SeqlockCell>().with::<SpmcQueue>().with::<VectorSlot>()
    }

    /// Adds a subject.
    #[must_use]
    pub fn with<S: Subject>(mut self) -> Self {
        self.entries.push(Entry { name: S::NAME, case: case_of::<S> });
        self
    }

    /// The names of all subjects.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|entry| entry.name).collect()
    }

    /// A case for each payload and each subject that `wanted` accepts, payload by payload.
    ///
    /// A size that is not among [`PAYLOADS`](crate::message::PAYLOADS) yields no case.
    #[must_use]
    pub fn cases(&self, payloads: &[usize], wanted: impl Fn(&str) -> bool) -> Vec<Case> {
        payloads
            .iter()
            .flat_map(|&payload| {
                self.entries.iter().filter(|entry| wanted(entry.name)).filter_map(move |entry| (entry.case)(payload))
            })
            .collect()
    }
}
