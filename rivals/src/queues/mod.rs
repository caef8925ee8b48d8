//! Rings and channels: every message arrives, or its loss is reported.
//!
//! What waits for room is left out where there is no consumer: a message's cost to its producer
//! alone, and two producers at once. What gives each message to one consumer only is left out where
//! there are several.

use icc_bench::catalogue::Catalogue;

mod bus;
mod crossbeam_channel;
mod crossbeam_vec;
mod disruptor;
mod outcry;
mod photon_ring;
mod photon_ring_mpmc;
mod ringfire;
mod ringfire_blobs;
mod tokio_broadcast;
mod tokio_mpsc;

/// Messages that each has room for: as many as the rings of icc.
const CAPACITY: usize = icc_bench::link::CAPACITY;

/// Adds them all.
pub(crate) fn add(catalogue: Catalogue) -> Catalogue {
    catalogue
        .with_lossy_queue::<photon_ring::PhotonRing>()
        .with_lossy_queue::<photon_ring_mpmc::PhotonRingMpmc>()
        .with_many_producers::<photon_ring_mpmc::PhotonRingMpmc>()
        .with_lossy_queue::<ringfire::Ringfire>()
        .with_lossy_queue::<outcry::Outcry>()
        .with_lossless_queue::<disruptor::Disruptor>()
        .with_lossless_queue::<crossbeam_channel::CrossbeamChannel>()
        .with_lossy_queue::<tokio_broadcast::TokioBroadcast>()
        .with_many_producers::<tokio_broadcast::TokioBroadcast>()
        .with_lossless_queue::<bus::Bus>()
        .with_queue_fan_out::<photon_ring::PhotonRing>()
        .with_queue_fan_out::<ringfire::Ringfire>()
        .with_queue_fan_out::<outcry::Outcry>()
        .with_queue_fan_out::<disruptor::Disruptor>()
        .with_queue_fan_out::<tokio_broadcast::TokioBroadcast>()
        .with_queue_fan_out::<bus::Bus>()
        .with_bytes::<outcry::Outcry>()
        .with_bytes::<ringfire_blobs::RingfireBlobs>()
        .with_bytes::<crossbeam_vec::CrossbeamVec>()
        .with_waking::<ringfire::Ringfire>()
        .with_waking_process::<ringfire::Ringfire>()
        .with_waking::<crossbeam_channel::CrossbeamChannel>()
        .with_waking::<tokio_broadcast::TokioBroadcast>()
        .with_waking::<tokio_mpsc::TokioMpsc>()
}

/// The ends of a link whose structure makes both at once, to be handed out a single time.
struct Ends<S, R>(Option<(S, R)>);

impl<S, R> Ends<S, R> {
    fn new(sender: S, receiver: R) -> Self {
        Self(Some((sender, receiver)))
    }

    fn take(&mut self) -> Result<(S, R), icc_bench::link::OpenError> {
        self.0.take().ok_or_else(|| "the ends of this link were handed out before".into())
    }
}
