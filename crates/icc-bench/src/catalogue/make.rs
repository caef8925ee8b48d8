//! How cases are made: where a payload size chosen at run time becomes a type.

use super::case::{Case, Reference};
use crate::harness::error::RoundError;
use crate::harness::pin::Cores;
use crate::harness::round::Round;
use crate::harness::setup::Setup;
use crate::link::message::for_payload;
use crate::link::{Broadcast, Direction, ManyProducers, Operation, Table, Target, Waking, WakingProcess};
use crate::scenario::wake::Place;
use crate::scenario::{
    bytes, bytes_stream, copy_cost, core_matrix, fan_out, multi_producer, one_way_latency, produce_cost,
    spaced_latency, stream, vector_read_all, wake,
};
use crate::targets::floor::cell::LONGEST;
use crate::targets::floor::tickets::TicketRing;
use crate::targets::plain::{PlainRead, PlainWrite};
use crate::targets::plain_ring::PlainRing;
use crate::targets::raw::{self, RawLink, Word};
use crate::targets::table::PlainSlice;
use crate::targets::{bare_futex, fetch_add, floor, plain_ring};

/// A reference, and how to make a case of it.
type ReferenceOf = (Reference, fn(usize) -> Option<Case>);

const RAW_ATOMICS: ReferenceOf = (Reference::RawAtomics, |_| Some(baseline(size_of::<Word>())));
const SPACED_RAW_ATOMICS: ReferenceOf = (Reference::SpacedRawAtomics, |_| Some(spaced_baseline(size_of::<Word>())));
const PLAIN_SLICE: ReferenceOf = (Reference::PlainSlice, table_of::<PlainSlice>);
const PLAIN_RING: ReferenceOf = (Reference::PlainRing, plain_ring_of);
const BARE_FUTEX: ReferenceOf = (Reference::BareFutex, |_| Some(bare_futex(size_of::<Word>())));
const BARE_FUTEX_OF_PROCESSES: ReferenceOf =
    (Reference::BareFutexOfProcesses, |_| Some(bare_futex_of_processes(size_of::<Word>())));
const FETCH_ADD: ReferenceOf = (Reference::FetchAdd, |_| Some(fetch_add(size_of::<Word>())));

/// The baseline as a case: the same ping-pong on two bare atomics, whatever the payload size it
/// stands beside.
pub(super) fn baseline(payload_bytes: usize) -> Case {
    Case::new(&one_way_latency::SCENARIO, raw::NAME, payload_bytes, RAW_ATOMICS, |setup, length| {
        one_way_latency::round::<Word, RawLink>(RawLink::open, setup, length)
    })
}

/// The reference of spaced latency as a case, whatever the payload size it stands beside.
pub(super) fn spaced_baseline(payload_bytes: usize) -> Case {
    Case::new(&spaced_latency::SCENARIO, raw::NAME, payload_bytes, SPACED_RAW_ATOMICS, |setup, length| {
        spaced_latency::round::<Word, RawLink>(RawLink::open, false, setup, length)
    })
}

/// The baseline between two given cores.
pub(super) fn between([first, second]: [usize; 2]) -> Case {
    let measure = move |setup: &Setup, length| -> Result<Round, RoundError> {
        let setup = Setup { cores: Cores { first, second }, ..setup.clone() };
        one_way_latency::round::<Word, RawLink>(RawLink::open, &setup, length)
    };
    Case::new(&core_matrix::SCENARIO, raw::NAME, size_of::<Word>(), RAW_ATOMICS, measure).with_cores([first, second])
}

pub(super) fn case_of<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&one_way_latency::SCENARIO, S::NAME, payload_bytes, RAW_ATOMICS, |setup, length| {
            one_way_latency::round::<T, S::Link<T>>(S::open::<T>, setup, length)
        })
    })
}

pub(super) fn spaced<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&spaced_latency::SCENARIO, S::NAME, payload_bytes, SPACED_RAW_ATOMICS, |setup, length| {
            spaced_latency::round::<T, S::Link<T>>(S::open::<T>, S::TELLS_LOSS, setup, length)
        })
    })
}

pub(super) fn copy_of<O: Operation>(payload_bytes: usize) -> Option<Case> {
    let reference: ReferenceOf = match O::DIRECTION {
        Direction::Read => (Reference::PlainCopy(Direction::Read), copy_of::<PlainRead>),
        Direction::Write => (Reference::PlainCopy(Direction::Write), copy_of::<PlainWrite>),
    };
    for_payload!(copied: payload_bytes, T => {
        Case::new(&copy_cost::SCENARIO, O::NAME, payload_bytes, reference, copy_cost::round::<T, O>)
    })
}

pub(super) fn table_of<S: Table>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&vector_read_all::SCENARIO, S::NAME, payload_bytes, PLAIN_SLICE, vector_read_all::round::<T, S>)
    })
}

pub(super) fn plain_ring_of(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        let round = produce_cost::plain_round::<T, PlainRing<T>>;
        Case::new(&produce_cost::SCENARIO, plain_ring::NAME, payload_bytes, PLAIN_RING, round).with_consumers(0)
    })
}

/// A ticket and a copy.
pub(super) fn ticket_ring_of(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        let round = produce_cost::plain_round::<T, TicketRing<T>>;
        Case::new(&produce_cost::SCENARIO, floor::MANY_PRODUCERS, payload_bytes, PLAIN_RING, round).with_consumers(0)
    })
}

/// The case that `make` makes of a floor that has words for short messages only.
pub(super) fn short(payload_bytes: usize, make: impl Fn(usize) -> Option<Case>) -> Option<Case> {
    if payload_bytes <= LONGEST { make(payload_bytes) } else { None }
}

/// What a message costs without a consumer.
pub(super) fn produce_alone<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        let round = produce_cost::round::<T, S>;
        Case::new(&produce_cost::SCENARIO, S::NAME, payload_bytes, PLAIN_RING, round).with_consumers(0)
    })
}

/// The same while one consumer polls.
pub(super) fn produce_to_one<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        let case = Case::new(&produce_cost::SCENARIO, S::NAME, payload_bytes, PLAIN_RING, |setup, length| {
            stream::round::<T, S::Link<T>>(S::open::<T>, setup, length)
        });
        case.with_consumers(1)
    })
}

pub(super) fn stream_of<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&stream::SCENARIO, S::NAME, payload_bytes, RAW_ATOMICS, |setup, length| {
            stream::round::<T, S::Link<T>>(S::open::<T>, setup, length)
        })
    })
}

/// The latency of messages that may have any length.
pub(super) fn bytes_of<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&bytes::SCENARIO, S::NAME, payload_bytes, RAW_ATOMICS, |setup, length| {
            one_way_latency::round::<T, S::Link<T>>(S::open::<T>, setup, length)
        })
    })
}

/// The same at full speed.
pub(super) fn bytes_stream_of<S: Target>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&bytes_stream::SCENARIO, S::NAME, payload_bytes, RAW_ATOMICS, |setup, length| {
            stream::round::<T, S::Link<T>>(S::open::<T>, setup, length)
        })
    })
}

/// The reference of waking as a case, whatever the payload size it stands beside.
pub(super) fn bare_futex(payload_bytes: usize) -> Case {
    Case::new(&wake::SCENARIO, bare_futex::NAME, payload_bytes, BARE_FUTEX, |setup, length| {
        wake::round(Place::Thread, bare_futex::ends, setup, length)
    })
}

/// The same to another process.
pub(super) fn bare_futex_of_processes(payload_bytes: usize) -> Case {
    let (name, reference) = (bare_futex::OF_PROCESSES, BARE_FUTEX_OF_PROCESSES);
    Case::new(&wake::SCENARIO, name, payload_bytes, reference, |setup, length| {
        wake::round(Place::Process, bare_futex::ends_of_processes, setup, length)
    })
}

pub(super) fn waking_of<S: Waking>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&wake::SCENARIO, S::NAME, payload_bytes, BARE_FUTEX, |setup, length| {
            wake::round::<T, _, _>(Place::Thread, S::open_to_sleep::<T>, setup, length)
        })
    })
}

/// The same to another process.
pub(super) fn waking_process_of<S: WakingProcess>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        let (name, reference) = (<S as WakingProcess>::NAME, BARE_FUTEX_OF_PROCESSES);
        Case::new(&wake::SCENARIO, name, payload_bytes, reference, |setup, length| {
            wake::round::<T, _, _>(Place::Process, S::open_to_sleep::<T>, setup, length)
        })
    })
}

pub(super) fn fetch_add(payload_bytes: usize) -> Case {
    Case::new(&multi_producer::SCENARIO, fetch_add::NAME, payload_bytes, FETCH_ADD, multi_producer::fetch_add_round)
}

pub(super) fn two_producers_of<S: ManyProducers>(payload_bytes: usize) -> Option<Case> {
    for_payload!(payload_bytes, T => {
        Case::new(&multi_producer::SCENARIO, S::NAME, payload_bytes, FETCH_ADD, multi_producer::round::<T, S>)
    })
}

/// One producer and this many consumers in one thread.
pub(super) fn fan_out_to<S: Broadcast, const CONSUMERS: usize>(payload_bytes: usize) -> Option<Case> {
    let reference: ReferenceOf = (Reference::OneConsumer(S::NAME), fan_out_to::<S, 1>);
    for_payload!(payload_bytes, T => {
        let measure = |setup: &Setup, length| fan_out::round::<T, S>(CONSUMERS, setup, length);
        Case::new(&fan_out::SCENARIO, S::NAME, payload_bytes, reference, measure).with_consumers(CONSUMERS)
    })
}
