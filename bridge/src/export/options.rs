//! How to send.

use std::time::Duration;

/// The longest time between two signs of life.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How to send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Where in a queue to start.
    pub start: Start,
    /// Whether producers of the queue wait for this bridge: see
    /// [`QueueSpec::holding`](icc_queue::QueueSpec::holding), with which it must have been created. Then the
    /// bridge waits for the network as well, in place of losing frames there.
    pub hold: bool,
    /// Whether to poll without ever sleeping: takes a core, and gives the least latency.
    pub spin: bool,
    /// The most bytes of messages in one frame; at least one message.
    pub frame_bytes: usize,
    /// The time between two signs of life, and so until a loss at the end is told.
    pub heartbeat: Duration,
    /// The least time between two frames of a vector: what changes meanwhile is sent once.
    pub every: Duration,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            start: Start::Resume,
            hold: false,
            spin: false,
            frame_bytes: 60_000,
            heartbeat: Duration::from_millis(100),
            every: Duration::ZERO,
        }
    }
}

/// Where in a queue a bridge starts to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// Where the mirrors that can be asked are, or at the oldest message if there is none.
    #[default]
    Resume,
    /// At the next message.
    Newest,
    /// At the oldest message that is kept.
    Oldest,
}
