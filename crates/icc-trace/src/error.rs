//! What can go wrong.

use crate::clock::ClockError;
use icc_buffer::BufferError;
use icc_queue::{ProducerError, QueueError};
use icc_vector::{VectorError, WriteError, WriterError};
use std::path::PathBuf;

/// Why a system cannot be traced, or a hop not be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// A hop cannot be called so.
    #[error("{name:?} cannot name a hop: give it 1 to {max} bytes of text without control characters")]
    BadName {
        /// The name.
        name: String,
        /// The most bytes.
        max: usize,
    },
    /// The system has as many hops as it can have.
    #[error("{} already has {max} hops: use the names again that it has, or remove it and start anew", .path.display())]
    TooManyHops {
        /// The names' file.
        path: PathBuf,
        /// The most hops.
        max: usize,
    },
    /// Another process has been registering a hop for longer than this one waits.
    #[error(
        "another process was stopped while it registered a hop in {}; it is alive, so continue it or end it, then try again",
        .path.display()
    )]
    Stalled {
        /// The names' file.
        path: PathBuf,
    },
    /// There is no clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The ring of timings cannot be used.
    #[error(transparent)]
    Ring(#[from] QueueError),
    /// The ring of timings takes no more producers.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The table of names cannot be used.
    #[error(transparent)]
    Names(#[from] VectorError),
    /// The table of names takes no more writers.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// A name could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A buffer could not be removed.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

impl TraceError {
    /// Whether there is no system of this name.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::Ring(QueueError::Buffer(BufferError::NotFound { .. }))
                | Self::Names(VectorError::Buffer(BufferError::NotFound { .. }))
        )
    }
}
