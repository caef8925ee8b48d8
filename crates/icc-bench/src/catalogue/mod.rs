//! What can be measured: targets by name, and a case for each target and payload.

mod case;
mod make;

use std::collections::BTreeSet;

pub use self::case::{Case, CaseError};
pub use crate::harness::error::RoundError;
pub use crate::harness::pin::PinError;
pub use crate::harness::round::{Flow, Round};
pub use crate::harness::setup::Setup;
pub use crate::harness::threads::Panicked;
use crate::link::{Broadcast, Direction, ManyProducers, Operation, Table, Target, Waking, WakingProcess};
pub use crate::model::Kind;
use crate::scenario::{
    Rows, bytes, bytes_stream, copy_cost, core_matrix, fan_out, multi_producer, one_way_latency, produce_cost,
    spaced_latency, stream, vector_read_all, wake,
};
pub use crate::scenario::{SCENARIOS, Scenario};
use crate::targets::bytes::{MpmcBytes, SpmcBytes, SpmcBytesInSlots};
use crate::targets::floor::cell::{CellRead, CellWrite, OneCell};
use crate::targets::floor::ring::{self, OneProducer};
use crate::targets::floor::tickets::TwoProducers;
use crate::targets::plain::{PlainRead, PlainWrite};
use crate::targets::queue::{MpmcQueue, SharedMpmcQueue, SharedSpmcQueue, SpmcQueue};
use crate::targets::seqlock::SeqlockCell;
use crate::targets::seqlock_copy::{ExclusiveWrite, ReadInto, SharedWrite};
use crate::targets::sleeping::{ParkQueue, SharedParkQueue, SharedWaitSetQueue, StreamQueue, WaitSetQueue};
use crate::targets::table::{
    IteratedPackedVector, IteratedVector, PackedVector, PaddedVector, PlainSlice, SharedPackedVector,
    SharedPaddedVector,
};
use crate::targets::vector::VectorSlot;
use crate::targets::vector_copy::{VectorRead, VectorWrite, VectorWriteAlone};
use crate::targets::vector_handles::{SharedSingleWriterSlot, SharedVectorSlot, SingleWriterSlot};
use crate::targets::{bare_futex, fetch_add, floor, plain_ring, raw};

/// The targets a run can choose from, in the order of the report.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    has_rivals: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    scenario: &'static Scenario,
    name: &'static str,
    kind: Kind,
    floor: Option<&'static str>,
    case: fn(usize) -> Option<Case>,
}

impl Catalogue {
    /// The baselines of the scenarios between two cores alone.
    #[must_use]
    pub fn baseline_only() -> Self {
        let kind = Kind::Reference;
        Self { entries: Vec::new(), has_rivals: false }
            .and(&one_way_latency::SCENARIO, raw::NAME, kind, |payload| Some(make::baseline(payload)))
            .and(&spaced_latency::SCENARIO, raw::NAME, kind, |payload| Some(make::spaced_baseline(payload)))
    }

    /// The references and everything of this workspace.
    #[must_use]
    pub fn icc() -> Self {
        Self::baseline_only()
            .with_references()
            .with_floors()
            .with::<SeqlockCell>()
            .with_lossy_queue::<SpmcQueue>()
            .with_lossy_queue::<SharedSpmcQueue>()
            .with_lossy_queue::<MpmcQueue>()
            .with_lossy_queue::<SharedMpmcQueue>()
            .with_many_producers::<MpmcQueue>()
            .with_many_producers::<SharedMpmcQueue>()
            .with_waking::<ParkQueue>()
            .with_waking::<SharedParkQueue>()
            .with_waking::<WaitSetQueue>()
            .with_waking::<StreamQueue>()
            .with_waking_process::<SharedParkQueue>()
            .with_waking_process::<SharedWaitSetQueue>()
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
            .with_bytes::<SpmcQueue>()
            .with_bytes::<SpmcBytes>()
            .with_bytes::<SpmcBytesInSlots>()
            .with_bytes::<MpmcBytes>()
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
        self.with_latency::<S>(Kind::LatestValue, floor::ONE_CELL)
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
        let (kind, floor) = match O::DIRECTION {
            Direction::Read => (Kind::Read, floor::CELL_READ),
            Direction::Write => (Kind::Write, floor::CELL_WRITE),
        };
        self.and(&copy_cost::SCENARIO, O::NAME, kind, make::copy_of::<O>).above(floor)
    }

    /// Adds a queue that never waits for a consumer: to latency, stream and produce cost, alone and
    /// with a consumer.
    #[must_use]
    pub fn with_lossy_queue<S: Target>(self) -> Self {
        let alone = if S::MANY_PRODUCERS { floor::MANY_PRODUCERS } else { plain_ring::NAME };
        self.with_lossless_queue::<S>()
            .and(&produce_cost::SCENARIO, S::NAME, Kind::Queue, make::produce_alone::<S>)
            .above(alone)
            .and(&produce_cost::SCENARIO, S::NAME, Kind::Queue, make::produce_to_one::<S>)
            .above(ring_floor::<S>())
    }

    /// Adds a queue that may wait for its consumer: to latency and stream.
    #[must_use]
    pub fn with_lossless_queue<S: Target>(self) -> Self {
        self.with_latency::<S>(Kind::Queue, ring_floor::<S>())
            .and(&stream::SCENARIO, S::NAME, Kind::Queue, make::stream_of::<S>)
            .above(ring_floor::<S>())
    }

    /// Adds a queue whose messages may have any length, or one of fixed length to compare with: to the
    /// latency and the stream of byte messages.
    #[must_use]
    pub fn with_bytes<S: Target>(self) -> Self {
        self.and(&bytes::SCENARIO, S::NAME, Kind::Queue, make::bytes_of::<S>).and(
            &bytes_stream::SCENARIO,
            S::NAME,
            Kind::Queue,
            make::bytes_stream_of::<S>,
        )
    }

    /// Adds a queue for two producers at once.
    #[must_use]
    pub fn with_many_producers<S: ManyProducers>(self) -> Self {
        self.and(&multi_producer::SCENARIO, S::NAME, Kind::Queue, make::two_producers_of::<S>)
            .above(floor::MANY_PRODUCERS)
    }

    /// Adds a structure whose sender wakes a receiver that sleeps.
    #[must_use]
    pub fn with_waking<S: Waking>(self) -> Self {
        self.and(&wake::SCENARIO, S::NAME, Kind::Queue, make::waking_of::<S>)
    }

    /// Adds a structure whose sender wakes a receiver that sleeps in another process.
    #[must_use]
    pub fn with_waking_process<S: WakingProcess>(self) -> Self {
        self.and(&wake::SCENARIO, <S as WakingProcess>::NAME, Kind::Queue, make::waking_process_of::<S>)
    }

    /// Adds a queue with one producer and up to 32 consumers in one thread.
    #[must_use]
    pub fn with_queue_fan_out<S: Broadcast>(self) -> Self {
        self.with_fan_out::<S>(Kind::Queue, Some(floor::ONE_PRODUCER))
    }

    /// Adds a cell with one writer and up to 32 readers in one thread.
    #[must_use]
    pub fn with_cell_fan_out<S: Broadcast>(self) -> Self {
        self.with_fan_out::<S>(Kind::LatestValue, None)
    }

    /// Adds a table all of whose values are read at once.
    #[must_use]
    pub fn with_table<S: Table>(self) -> Self {
        self.and(&vector_read_all::SCENARIO, S::NAME, Kind::Read, make::table_of::<S>).above(PlainSlice::NAME)
    }

    fn with_latency<S: Target>(self, kind: Kind, floor: &'static str) -> Self {
        self.and(&one_way_latency::SCENARIO, S::NAME, kind, make::case_of::<S>)
            .above(floor)
            .and(&spaced_latency::SCENARIO, S::NAME, kind, make::spaced::<S>)
            .above(floor)
    }

    fn with_fan_out<S: Broadcast>(self, kind: Kind, floor: Option<&'static str>) -> Self {
        let cases: [fn(usize) -> Option<Case>; 6] = [
            make::fan_out_to::<S, 1>,
            make::fan_out_to::<S, 2>,
            make::fan_out_to::<S, 4>,
            make::fan_out_to::<S, 8>,
            make::fan_out_to::<S, 16>,
            make::fan_out_to::<S, 32>,
        ];
        cases.into_iter().fold(self, |catalogue, case| {
            let mut catalogue = catalogue.and(&fan_out::SCENARIO, S::NAME, kind, case);
            if let Some(floor) = floor {
                catalogue = catalogue.above(floor);
            }
            catalogue
        })
    }

    /// Hand-written best cases.
    fn with_floors(self) -> Self {
        use floor::{CELL_READ, CELL_WRITE, MANY_PRODUCERS, ONE_CELL};
        let kind = Kind::Floor;
        self.with_floor_of_rings::<OneProducer>()
            .with_floor_of_rings::<ring::ManyProducers>()
            .and(&produce_cost::SCENARIO, MANY_PRODUCERS, kind, make::ticket_ring_of)
            .and(&multi_producer::SCENARIO, MANY_PRODUCERS, kind, make::two_producers_of::<TwoProducers>)
            .with_fan_out::<OneProducer>(kind, None)
            .and(&one_way_latency::SCENARIO, ONE_CELL, kind, |payload| make::short(payload, make::case_of::<OneCell>))
            .and(&spaced_latency::SCENARIO, ONE_CELL, kind, |payload| make::short(payload, make::spaced::<OneCell>))
            .and(&copy_cost::SCENARIO, CELL_READ, kind, |payload| make::short(payload, make::copy_of::<CellRead>))
            .and(&copy_cost::SCENARIO, CELL_WRITE, kind, |payload| make::short(payload, make::copy_of::<CellWrite>))
    }

    fn with_floor_of_rings<S: Target>(self) -> Self {
        let kind = Kind::Floor;
        self.and(&one_way_latency::SCENARIO, S::NAME, kind, make::case_of::<S>)
            .and(&spaced_latency::SCENARIO, S::NAME, kind, make::spaced::<S>)
            .and(&stream::SCENARIO, S::NAME, kind, make::stream_of::<S>)
            .and(&produce_cost::SCENARIO, S::NAME, kind, make::produce_to_one::<S>)
    }

    fn with_references(self) -> Self {
        let kind = Kind::Reference;
        self.and(&copy_cost::SCENARIO, PlainRead::NAME, kind, make::copy_of::<PlainRead>)
            .and(&copy_cost::SCENARIO, PlainWrite::NAME, kind, make::copy_of::<PlainWrite>)
            .and(&produce_cost::SCENARIO, plain_ring::NAME, kind, make::plain_ring_of)
            .and(&wake::SCENARIO, bare_futex::NAME, kind, |payload| Some(make::bare_futex(payload)))
            .and(&wake::SCENARIO, bare_futex::OF_PROCESSES, kind, |payload| {
                Some(make::bare_futex_of_processes(payload))
            })
            .and(&multi_producer::SCENARIO, fetch_add::NAME, kind, |payload| Some(make::fetch_add(payload)))
            .and(&vector_read_all::SCENARIO, PlainSlice::NAME, kind, make::table_of::<PlainSlice>)
    }

    fn and(
        mut self,
        scenario: &'static Scenario,
        name: &'static str,
        kind: Kind,
        case: fn(usize) -> Option<Case>,
    ) -> Self {
        self.entries.push(Entry { scenario, name, kind, floor: None, case });
        self
    }

    /// Says which target is the floor of the one that was added last.
    fn above(mut self, floor: &'static str) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.floor = Some(floor);
        }
        self
    }

    /// The names of all targets of a scenario, each once.
    #[must_use]
    pub fn names(&self, scenario: &Scenario) -> Vec<&'static str> {
        let mut names: Vec<_> = self.of(scenario).map(|entry| entry.name).collect();
        // Pairs of cores have no target but the bare atomics.
        if scenario.rows == Rows::CorePairs {
            names.push(raw::NAME);
        }
        let mut seen = BTreeSet::new();
        names.retain(|&name| seen.insert(name));
        names
    }

    /// A case for each payload and each target of a scenario that `wanted` accepts: payload by
    /// payload, those with one reference together.
    ///
    /// A size that is not among the scenario's yields no case. There is none for a scenario whose
    /// rows are pairs of cores.
    #[must_use]
    pub fn cases(&self, scenario: &Scenario, payloads: &[usize], wanted: impl Fn(&str) -> bool) -> Vec<Case> {
        payloads
            .iter()
            .flat_map(|&payload| {
                let mut cases: Vec<Case> = self
                    .of(scenario)
                    .filter(|entry| wanted(entry.name))
                    .filter_map(|entry| Some((entry.case)(payload)?.with_kind(entry.kind, entry.floor)))
                    .collect();
                cases.sort_by_key(|case| case.reference);
                cases
            })
            .collect()
    }

    /// A case of the baseline for each pair of these cores, as many as [`core_matrix`] takes.
    pub(crate) fn core_pairs(&self, cores: &[usize]) -> Vec<Case> {
        core_matrix::pairs(cores).into_iter().map(make::between).collect()
    }

    fn of(&self, scenario: &Scenario) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.scenario == scenario)
    }
}

/// The floor of a ring with one producer, or of one with many.
fn ring_floor<S: Target>() -> &'static str {
    if S::MANY_PRODUCERS { floor::MANY_PRODUCERS } else { floor::ONE_PRODUCER }
}
