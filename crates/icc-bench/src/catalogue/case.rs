//! One row of a report before it is measured.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::harness::error::RoundError;
use crate::harness::round::Round;
use crate::harness::rounds::Outcome;
use crate::harness::setup::Setup;
use crate::harness::summary;
use crate::link::Direction;
use crate::model::{Description, Kind, Row};
use crate::scenario::Scenario;

type Measure = Box<dyn Fn(&Setup, Duration) -> Result<Round, RoundError>>;

/// One row of a report: a target at a payload size, in a scenario.
///
/// The call through the box is once a round; the loop behind it is compiled for this target and
/// size alone.
pub struct Case {
    /// What is measured of it.
    pub scenario: &'static Scenario,
    /// The target's name.
    pub target: &'static str,
    /// The size of its messages, in bytes.
    pub payload_bytes: usize,
    /// What it is for, as the catalogue has it: a reference where no entry says otherwise.
    pub kind: Kind,
    /// The target that is its floor, if there is one.
    pub floor: Option<&'static str>,
    /// How many consumers or readers there are, where that is what varies.
    pub consumers: Option<usize>,
    /// The two cores, where those are what varies.
    pub cores: Option<[usize; 2]>,
    /// What its figures are put in ratio to.
    pub(super) reference: Reference,
    make_reference: fn(usize) -> Option<Case>,
    measure: Measure,
}

/// What figures are put in ratio to, measured before and after each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reference {
    /// The ping-pong on two bare atomics, of one word whatever the payload.
    RawAtomics,
    /// Messages of one word over a bare atomic, as far apart as the target's.
    SpacedRawAtomics,
    /// A plain copy of the same payload in the same direction.
    PlainCopy(Direction),
    /// A plain copy of as many values of the same payload, one behind the other.
    PlainSlice,
    /// The same target at the same payload with one consumer.
    OneConsumer(&'static str),
    /// Messages of the same payload copied to place after place.
    PlainRing,
    /// Messages of one word to a thread that sleeps at a bare futex, whatever the payload.
    BareFutex,
    /// The same to a process.
    BareFutexOfProcesses,
    /// One bare atomic word that both cores add to, whatever the payload.
    FetchAdd,
}

impl Reference {
    /// Whether one serves every payload.
    fn is_one_for_all(self) -> bool {
        matches!(
            self,
            Self::RawAtomics | Self::SpacedRawAtomics | Self::BareFutex | Self::BareFutexOfProcesses | Self::FetchAdd
        )
    }
}

impl Case {
    /// A case of a reference's kind in which nothing else varies.
    pub(super) fn new(
        scenario: &'static Scenario,
        target: &'static str,
        payload_bytes: usize,
        (reference, make_reference): (Reference, fn(usize) -> Option<Self>),
        measure: impl Fn(&Setup, Duration) -> Result<Round, RoundError> + 'static,
    ) -> Self {
        let kind = Kind::Reference;
        Self {
            scenario,
            target,
            payload_bytes,
            kind,
            floor: None,
            consumers: None,
            cores: None,
            reference,
            make_reference,
            measure: Box::new(measure),
        }
    }

    /// The same of another kind, beside a floor.
    pub(super) fn with_kind(self, kind: Kind, floor: Option<&'static str>) -> Self {
        Self { kind, floor, ..self }
    }

    /// The same with so many consumers.
    pub(super) fn with_consumers(self, consumers: usize) -> Self {
        Self { consumers: Some(consumers), ..self }
    }

    /// The same between these cores.
    pub(super) fn with_cores(self, cores: [usize; 2]) -> Self {
        Self { cores: Some(cores), ..self }
    }

    /// What this is put in ratio to, as a case of its own; none for a size there is no message of.
    #[must_use]
    pub(crate) fn reference_case(&self) -> Option<Self> {
        (self.make_reference)(self.payload_bytes)
    }

    /// Whether both can stand between the same rounds of a reference.
    #[must_use]
    pub(crate) fn shares_reference(&self, other: &Self) -> bool {
        self.reference == other.reference
            && (self.reference.is_one_for_all() || self.payload_bytes == other.payload_bytes)
    }

    /// The row of a report that sums up its rounds, below a description of its scenario.
    pub(crate) fn row(&self, scenario: &Arc<Description>, outcome: &Outcome) -> Row {
        Row {
            scenario: Arc::clone(scenario),
            target: self.target.to_owned(),
            kind: self.kind,
            floor: self.floor.map(ToOwned::to_owned),
            payload_bytes: self.payload_bytes,
            consumers: self.consumers,
            cores: self.cores,
            rounds: outcome.kept.len(),
            dropped: outcome.dropped(),
            figures: summary::figures(outcome, scenario.digits),
        }
    }

    /// Measures one round of about `length`.
    ///
    /// # Errors
    ///
    /// [`CaseError`], which names the target and the size.
    pub fn measure(&self, setup: &Setup, length: Duration) -> Result<Round, CaseError> {
        (self.measure)(setup, length).map_err(|source| CaseError {
            target: self.target,
            payload_bytes: self.payload_bytes,
            source,
        })
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} bytes", self.target, self.payload_bytes)?;
        if let Some(consumers) = self.consumers {
            write!(f, " to {consumers}")?;
        }
        if let Some([first, second]) = self.cores {
            write!(f, " between cores {first} and {second}")?;
        }
        Ok(())
    }
}

/// A round failed, and of which target.
#[derive(Debug, thiserror::Error)]
#[error("{target} at {payload_bytes} bytes: {source}")]
pub struct CaseError {
    /// The target's name.
    pub target: &'static str,
    /// The size of its messages, in bytes.
    pub payload_bytes: usize,
    /// What went wrong.
    pub source: RoundError,
}
