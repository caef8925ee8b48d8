//! What there is to measure: targets by name, and a case for each target and payload.

mod case;
mod make;

pub use self::case::{Case, CaseError, Kind, Reference};
pub use self::make::baseline;
use crate::link::{Broadcast, ManyProducers, Target};
use crate::scenario::copy_cost::{Direction, Operation};
use crate::scenario::vector_read_all::Table;
use crate::scenario::{Scenario, core_matrix};
use crate::targets::plain::{PlainRead, PlainWrite};
use crate::targets::queue::{MpmcQueue, SharedMpmcQueue, SharedSpmcQueue, SpmcQueue};
use crate::targets::seqlock::SeqlockCell;
use crate::targets::seqlock_copy::{ExclusiveWrite, ReadInto, SharedWrite};
use crate::targets::table::{
    IteratedPackedVector, IteratedVector, PackedVector, PaddedVector, PlainSlice, SharedPackedVector,
    SharedPaddedVector,
};
use crate::targets::vector::VectorSlot;
use crate::targets::vector_copy::{VectorRead, VectorWrite, VectorWriteAlone};
use crate::targets::vector_handles::{SharedSingleWriterSlot, SharedVectorSlot, SingleWriterSlot};
use crate::targets::{fetch_add, plain_ring, raw};

/// The targets a run can choose from, in the order of the report.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    has_rivals: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    scenario: Scenario,
    name: &'static str,
    kind: Kind,
    case: fn(usize) -> Option<Case>,
}

impl Catalogue {
    /// The baselines of the scenarios between two cores alone.
    #[must_use]
    pub fn baseline_only() -> Self {
        let kind = Kind::Reference;
        Self { entries: Vec::new(), has_rivals: false }
            .and(Scenario::OneWayLatency, raw::NAME, kind, |payload| Some(make::baseline(payload)))
            .and(Scenario::SpacedLatency, raw::NAME, kind, |payload| Some(make::spaced_baseline(payload)))
    }

    /// The references and everything of this workspace.
    #[must_use]
    pub fn icc() -> Self {
        Self::baseline_only()
            .with_references()
            .with::<SeqlockCell>()
            .with_lossy_queue::<SpmcQueue>()
            .with_lossy_queue::<SharedSpmcQueue>()
            .with_lossy_queue::<MpmcQueue>()
            .with_lossy_queue::<SharedMpmcQueue>()
            .with_many_producers::<MpmcQueue>()
            .with_many_producers::<SharedMpmcQueue>()
            .with::<VectorSlot>()
            .with::<SharedVectorSlot>()
            .with::<SingleWriterSlot>()
            .with::<SharedSingleWriterSlot>()
            .with_operation::<ReadInto>()
            .with_operation::<ExclusiveWrite>()
            .with_operation::<SharedWrite>()
            .with_operation::<VectorRead>()
            .with_operation::<VectorWrite>()
            .with_operation::<VectorWriteAlone>()
            .with_cell_fan_out::<SeqlockCell>()
            .with_queue_fan_out::<SpmcQueue>()
            .with_queue_fan_out::<SharedSpmcQueue>()
            .with_queue_fan_out::<MpmcQueue>()
            .with_table::<PackedVector>()
            .with_table::<SharedPackedVector>()
            .with_table::<IteratedPackedVector>()
            .with_table::<PaddedVector>()
            .with_table::<SharedPaddedVector>()
            .with_table::<IteratedVector>()
    }

    /// Adds a target of which only the newest value counts: to latency, back to back and spaced.
    #[must_use]
    pub fn with<S: Target>(self) -> Self {
        self.with_latency::<S>(Kind::LatestValue)
    }

    /// Says that other libraries are among the targets.
    #[must_use]
    pub fn with_rivals(self) -> Self {
        Self { has_rivals: true, ..self }
    }

    /// Whether other libraries are among the targets.
    #[must_use]
    pub fn has_rivals(&self) -> bool {
        self.has_rivals
    }

    /// Adds an operation whose cost is compared with a plain copy's.
    #[must_use]
    pub fn with_operation<O: Operation>(self) -> Self {
        let kind = match O::DIRECTION {
            Direction::Read => Kind::Read,
            Direction::Write => Kind::Write,
        };
        self.and(Scenario::CopyCost, O::NAME, kind, make::copy_of::<O>)
    }

    /// Adds a queue that never waits for a consumer: to latency, stream and produce cost, alone and with a consumer.
    #[must_use]
    pub fn with_lossy_queue<S: Target>(self) -> Self {
        self.with_lossless_queue::<S>().and(Scenario::ProduceCost, S::NAME, Kind::Queue, make::produce_alone::<S>).and(
            Scenario::ProduceCost,
            S::NAME,
            Kind::Queue,
            make::produce_to_one::<S>,
        )
    }

    /// Adds a queue that may wait for its consumer: to latency and stream.
    #[must_use]
    pub fn with_lossless_queue<S: Target>(self) -> Self {
        self.with_latency::<S>(Kind::Queue).and(Scenario::Stream, S::NAME, Kind::Queue, make::stream_of::<S>)
    }

    /// Adds a queue for two producers at once.
    #[must_use]
    pub fn with_many_producers<S: ManyProducers>(self) -> Self {
        self.and(Scenario::MultiProducer, S::NAME, Kind::Queue, make::two_producers_of::<S>)
    }

    /// Adds a queue with one producer and up to 32 consumers in one thread.
    #[must_use]
    pub fn with_queue_fan_out<S: Broadcast>(self) -> Self {
        self.with_fan_out::<S>(Kind::Queue)
    }

    /// Adds a cell with one writer and up to 32 readers in one thread.
    #[must_use]
    pub fn with_cell_fan_out<S: Broadcast>(self) -> Self {
        self.with_fan_out::<S>(Kind::LatestValue)
    }

    /// Adds a table all of whose values are read at once.
    #[must_use]
    pub fn with_table<S: Table>(self) -> Self {
        self.and(Scenario::VectorReadAll, S::NAME, Kind::Read, make::table_of::<S>)
    }

    fn with_latency<S: Target>(self, kind: Kind) -> Self {
        self.and(Scenario::OneWayLatency, S::NAME, kind, make::case_of::<S>).and(
            Scenario::SpacedLatency,
            S::NAME,
            kind,
            make::spaced::<S>,
        )
    }

    fn with_fan_out<S: Broadcast>(self, kind: Kind) -> Self {
        let cases: [fn(usize) -> Option<Case>; 6] = [
            make::fan_out_to::<S, 1>,
            make::fan_out_to::<S, 2>,
            make::fan_out_to::<S, 4>,
            make::fan_out_to::<S, 8>,
            make::fan_out_to::<S, 16>,
            make::fan_out_to::<S, 32>,
        ];
        cases.into_iter().fold(self, |catalogue, case| catalogue.and(Scenario::FanOut, S::NAME, kind, case))
    }

    fn with_references(self) -> Self {
        let kind = Kind::Reference;
        self.and(Scenario::CopyCost, PlainRead::NAME, kind, make::copy_of::<PlainRead>)
            .and(Scenario::CopyCost, PlainWrite::NAME, kind, make::copy_of::<PlainWrite>)
            .and(Scenario::ProduceCost, plain_ring::NAME, kind, make::plain_ring_of)
            .and(Scenario::MultiProducer, fetch_add::NAME, kind, |payload| Some(make::fetch_add(payload)))
            .and(Scenario::VectorReadAll, PlainSlice::NAME, kind, make::table_of::<PlainSlice>)
    }

    fn and(mut self, scenario: Scenario, name: &'static str, kind: Kind, case: fn(usize) -> Option<Case>) -> Self {
        self.entries.push(Entry { scenario, name, kind, case });
        self
    }

    /// The names of all targets of a scenario, each once.
    #[must_use]
    pub fn names(&self, scenario: Scenario) -> Vec<&'static str> {
        let mut names: Vec<_> = self.of(scenario).map(|entry| entry.name).collect();
        // The matrix is of cores, and has no target but the bare atomics.
        if scenario == Scenario::CoreMatrix {
            names.push(raw::NAME);
        }
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|&name| seen.insert(name));
        names
    }

    /// A case for each payload and each target of a scenario that `wanted` accepts: payload by payload, those with one
    /// reference together.
    ///
    /// A size that is not among the scenario's yields no case. Those of [`Scenario::CoreMatrix`] are the business of
    /// [`core_pairs`](Self::core_pairs).
    #[must_use]
    pub fn cases(&self, scenario: Scenario, payloads: &[usize], wanted: impl Fn(&str) -> bool) -> Vec<Case> {
        payloads
            .iter()
            .flat_map(|&payload| {
                let mut cases: Vec<Case> = self
                    .of(scenario)
                    .filter(|entry| wanted(entry.name))
                    .filter_map(|entry| Some((entry.case)(payload)?.with_kind(entry.kind)))
                    .collect();
                cases.sort_by_key(|case| case.reference);
                cases
            })
            .collect()
    }

    /// A case of the baseline for each pair of these cores, as many as [`core_matrix`] takes.
    #[must_use]
    pub fn core_pairs(&self, cores: &[usize]) -> Vec<Case> {
        core_matrix::pairs(cores).into_iter().map(make::between).collect()
    }

    fn of(&self, scenario: Scenario) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.scenario == scenario)
    }
}
