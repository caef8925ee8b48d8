//! What there is to measure: subjects by name, and a case for each subject and payload.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::for_payload;
use crate::link::{ManyProducers, Subject};
use crate::scenario::copy_cost::{self, Direction, Operation};
use crate::scenario::one_way_latency::{self, RoundError};
use crate::scenario::{Rig, Round, Scenario};
use crate::scenario::{fan_out, multi_producer, produce_cost, stream};
use crate::subjects::plain::{PlainRead, PlainWrite};
use crate::subjects::queue::{MpmcQueue, SharedSpmcQueue, SpmcQueue};
use crate::subjects::raw::{self, RawLink, Word};
use crate::subjects::seqlock::SeqlockCell;
use crate::subjects::seqlock_copy::{ExclusiveWrite, ReadInto, SharedWrite};
use crate::subjects::vector::VectorSlot;
use crate::subjects::{fetch_add, plain_ring};

type Measure = Box<dyn Fn(&Rig, Duration) -> Result<Round, RoundError>>;

/// One row of a report: a subject at a payload size, in a scenario.
///
/// The call through the box is once a round; the loop behind it is compiled for this subject and size alone.
pub struct Case {
    /// What is measured of it.
    pub scenario: Scenario,
    /// The subject's name.
    pub subject: &'static str,
    /// The size of its messages, in bytes.
    pub payload_bytes: usize,
    /// What it is for, as the catalogue has it: a reference where no entry says otherwise.
    pub kind: Kind,
    /// How many consumers or readers there are, where that is what varies.
    pub consumers: Option<usize>,
    /// The two cores, where those are what varies.
    pub cores: Option<[usize; 2]>,
    /// What its figures are put in ratio to.
    pub reference: Reference,
    measure: Measure,
}

/// What a subject is for: only those of one kind can be better or worse than each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What others are put in ratio to; it does less than any of them.
    Reference,
    /// Every message counts.
    Queue,
    /// Only the newest value counts.
    LatestValue,
    /// A read of a cell.
    Read,
    /// A write to a cell.
    Write,
}

/// What figures are put in ratio to, measured before and after each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// The ping-pong on two bare atomics, of one word whatever the payload.
    RawAtomics,
    /// A plain copy of the same payload in the same direction.
    PlainCopy(Direction),
    /// A writer of the same payload with one reader.
    OneReader,
    /// Messages of the same payload copied to place after place.
    PlainRing,
    /// One bare atomic word that both cores add to, whatever the payload.
    FetchAdd,
}

impl Reference {
    /// The reference for messages of so many bytes, as a case of its own; none for a size there is no message of.
    #[must_use]
    pub fn case(self, payload_bytes: usize) -> Option<Case> {
        match self {
            Self::RawAtomics => Some(baseline(size_of::<raw::Word>())),
            Self::PlainCopy(Direction::Read) => copy_of::<PlainRead>(payload_bytes),
            Self::PlainCopy(Direction::Write) => copy_of::<PlainWrite>(payload_bytes),
            Self::OneReader => fan_out_to::<1>(payload_bytes),
            Self::PlainRing => plain_ring_of(payload_bytes),
            Self::FetchAdd => Some(fetch_add(size_of::<raw::Word>())),
        }
    }
}

impl Case {
    /// Whether both can stand between the same rounds of a reference.
    #[must_use]
    pub fn shares_reference(&self, other: &Self) -> bool {
        // Bare atomics are one word whatever the payload.
        let is_one_for_all = matches!(self.reference, Reference::RawAtomics | Reference::FetchAdd);
        self.reference == other.reference && (is_one_for_all || self.payload_bytes == other.payload_bytes)
    }

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
        scenario: Scenario::OneWayLatency,
        subject: raw::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::RawAtomics,
        measure: Box::new(|rig, length| one_way_latency::round::<Word, RawLink>(RawLink::open, rig, length)),
    }
}

fn case_of<S: Subject>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        scenario: Scenario::OneWayLatency,
        subject: S::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::RawAtomics,
        measure: Box::new(|rig, length| {
            one_way_latency::round::<T, S::Link<T>>(S::open::<T>, rig, length)
        }),
    })
}

fn copy_of<O: Operation>(payload_bytes: usize) -> Option<Case> {
    for_payload!(copied: payload_bytes, T => Case {
        scenario: Scenario::CopyCost,
        subject: O::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::PlainCopy(O::DIRECTION),
        measure: Box::new(copy_cost::round::<T, O>),
    })
}

fn plain_ring_of(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        scenario: Scenario::ProduceCost,
        subject: plain_ring::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::PlainRing,
        measure: Box::new(produce_cost::plain_round::<T>),
    })
}

fn produce_to<S: Subject>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        scenario: Scenario::ProduceCost,
        subject: S::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::PlainRing,
        measure: Box::new(produce_cost::round::<T, S>),
    })
}

fn stream_of<S: Subject>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        scenario: Scenario::Stream,
        subject: S::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::RawAtomics,
        measure: Box::new(|rig, length| stream::round::<T, S::Link<T>>(S::open::<T>, rig, length)),
    })
}

fn fetch_add(payload_bytes: usize) -> Case {
    Case {
        scenario: Scenario::MultiProducer,
        subject: fetch_add::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::FetchAdd,
        measure: Box::new(multi_producer::fetch_add_round),
    }
}

fn two_producers_of<S: ManyProducers>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        scenario: Scenario::MultiProducer,
        subject: S::NAME,
        payload_bytes,
        kind: Kind::Reference,
        consumers: None,
        cores: None,
        reference: Reference::FetchAdd,
        measure: Box::new(multi_producer::round::<T, S>),
    })
}

fn fan_out_to<const READERS: usize>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => Case {
        scenario: Scenario::FanOut,
        subject: const { readers_name(READERS) },
        payload_bytes,
        kind: Kind::Reference,
        consumers: Some(READERS),
        cores: None,
        reference: Reference::OneReader,
        measure: Box::new(fan_out::round::<T, READERS>),
    })
}

const fn readers_name(readers: usize) -> &'static str {
    match readers {
        0 => "icc-seqlock, no reader",
        1 => "icc-seqlock, one reader",
        2 => "icc-seqlock, two readers",
        _ => panic!("a number of readers without a name"),
    }
}

/// The subjects a run can choose from, in the order of the report.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    scenario: Scenario,
    name: &'static str,
    kind: Kind,
    case: fn(usize) -> Option<Case>,
}

impl Catalogue {
    /// The baseline of one-way latency alone.
    #[must_use]
    pub fn baseline_only() -> Self {
        let case = |payload_bytes| Some(baseline(payload_bytes));
        let (scenario, kind) = (Scenario::OneWayLatency, Kind::Reference);
        Self { entries: vec![Entry { scenario, name: raw::NAME, kind, case }] }
    }

    /// The references and everything of this workspace.
    #[must_use]
    pub fn icc() -> Self {
        Self::baseline_only()
            .with::<SeqlockCell>()
            .with_references()
            .with_lossy_queue::<SpmcQueue>()
            .with_lossy_queue::<SharedSpmcQueue>()
            .with_lossy_queue::<MpmcQueue>()
            .with_many_producers::<MpmcQueue>()
            .with::<VectorSlot>()
            .with_operation::<ReadInto>()
            .with_operation::<ExclusiveWrite>()
            .with_operation::<SharedWrite>()
            .with_readers::<0>()
            .with_readers::<1>()
            .with_readers::<2>()
    }

    /// Adds a subject of one-way latency of which only the newest value counts.
    #[must_use]
    pub fn with<S: Subject>(self) -> Self {
        self.and(Scenario::OneWayLatency, S::NAME, Kind::LatestValue, case_of::<S>)
    }

    /// Adds an operation whose cost is compared with a plain copy's.
    #[must_use]
    pub fn with_operation<O: Operation>(self) -> Self {
        let kind = match O::DIRECTION {
            Direction::Read => Kind::Read,
            Direction::Write => Kind::Write,
        };
        self.and(Scenario::CopyCost, O::NAME, kind, copy_of::<O>)
    }

    /// Adds a queue that never waits for a consumer: to latency, stream and produce cost.
    #[must_use]
    pub fn with_lossy_queue<S: Subject>(self) -> Self {
        self.with_lossless_queue::<S>().and(Scenario::ProduceCost, S::NAME, Kind::Queue, produce_to::<S>)
    }

    /// Adds a queue that may wait for its consumer: to latency and stream.
    #[must_use]
    pub fn with_lossless_queue<S: Subject>(self) -> Self {
        self.and(Scenario::OneWayLatency, S::NAME, Kind::Queue, case_of::<S>).and(
            Scenario::Stream,
            S::NAME,
            Kind::Queue,
            stream_of::<S>,
        )
    }

    /// Adds a queue for two producers at once.
    #[must_use]
    pub fn with_many_producers<S: ManyProducers>(self) -> Self {
        self.and(Scenario::MultiProducer, S::NAME, Kind::Queue, two_producers_of::<S>)
    }

    fn with_references(self) -> Self {
        let kind = Kind::Reference;
        self.and(Scenario::CopyCost, PlainRead::NAME, kind, copy_of::<PlainRead>)
            .and(Scenario::CopyCost, PlainWrite::NAME, kind, copy_of::<PlainWrite>)
            .and(Scenario::ProduceCost, plain_ring::NAME, kind, plain_ring_of)
            .and(Scenario::MultiProducer, fetch_add::NAME, kind, |payload_bytes| Some(fetch_add(payload_bytes)))
    }

    fn with_readers<const READERS: usize>(self) -> Self {
        self.and(Scenario::FanOut, const { readers_name(READERS) }, Kind::LatestValue, fan_out_to::<READERS>)
    }

    fn and(mut self, scenario: Scenario, name: &'static str, kind: Kind, case: fn(usize) -> Option<Case>) -> Self {
        self.entries.push(Entry { scenario, name, kind, case });
        self
    }

    /// The names of all subjects of a scenario.
    #[must_use]
    pub fn names(&self, scenario: Scenario) -> Vec<&'static str> {
        self.of(scenario).map(|entry| entry.name).collect()
    }

    /// A case for each payload and each subject of a scenario that `wanted` accepts: payload by payload, those with one
    /// reference together.
    ///
    /// A size that is not among the scenario's yields no case.
    #[must_use]
    pub fn cases(&self, scenario: Scenario, payloads: &[usize], wanted: impl Fn(&str) -> bool) -> Vec<Case> {
        payloads
            .iter()
            .flat_map(|&payload| {
                let mut cases: Vec<Case> = self
                    .of(scenario)
                    .filter(|entry| wanted(entry.name))
                    .filter_map(|entry| Some(Case { kind: entry.kind, ..(entry.case)(payload)? }))
                    .collect();
                cases.sort_by_key(|case| case.reference);
                cases
            })
            .collect()
    }

    fn of(&self, scenario: Scenario) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.scenario == scenario)
    }
}
