//! Two threads on two cores that do one round together, and end together whatever happens to
//! either.

#[allow(clippy::disallowed_types, reason = "this flag is of the harness, not of what is measured")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::harness::pin::{Cores, PinError};
use crate::harness::threads::{Failed, Panicked, together};
use crate::link::{Polled, Receiver};

/// Empty polls between two checks of the clock and the stop flag: a few microseconds, so that
/// neither costs anything.
const POLLS_PER_CHECK: u32 = 1 << 12;

/// Asks both threads to end.
#[derive(Debug, Default)]
#[allow(clippy::disallowed_types, reason = "this flag is of the harness, not of what is measured")]
pub(crate) struct Stop(AtomicBool);

impl Stop {
    /// Whether one of the threads has ended.
    #[must_use]
    pub(crate) fn is_asked(&self) -> bool {
        // Acquire: pairs with the store in `ask`. A thread that finds the other ended also finds
        // all it sent.
        self.0.load(Acquire)
    }

    /// One that is set from the start, to test what a thread does at its end.
    #[cfg(test)]
    pub(crate) fn asked() -> Self {
        let stop = Self::default();
        stop.ask();
        stop
    }

    fn ask(&self) {
        self.0.store(true, Release);
    }
}

/// Runs two closures at once on two threads, each pinned to its core and verified before either
/// begins. Each has its stack at another depth than the last time.
///
/// A closure that returns asks the other to end, through its [`Stop`]; one that never checks it may
/// keep this call from returning.
///
/// # Errors
///
/// What pinning or either closure returned; of two errors the first closure's.
pub(crate) fn run<A, B, E>(
    cores: Cores,
    first: impl FnOnce(&Stop) -> Result<A, E> + Send,
    second: impl FnOnce(&Stop) -> Result<B, E> + Send,
) -> Result<(A, B), E>
where
    A: Send,
    B: Send,
    E: From<PinError> + From<Panicked> + Send,
{
    let stop = Stop::default();
    // Each on lines of its own: a body has its end of a structure in it, which its thread writes to.
    let mut bodies = (CachePadded::new(Some(first)), CachePadded::new(Some(second)));
    let mut results = (None, None);
    let [first, second] = together(
        cores,
        &|| stop.ask(),
        [&mut || results.0 = bodies.0.take().map(|body| body(&stop)), &mut || {
            results.1 = bodies.1.take().map(|body| body(&stop))
        }],
    );
    first.map_err(Failed::into_error::<E>)?;
    let first = results.0.ok_or(Panicked)??;
    second.map_err(Failed::into_error::<E>)?;
    Ok((first, results.1.ok_or(Panicked)??))
}

/// How a wait for a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// A message is in the caller's buffer.
    Message,
    /// The receiver was sped past, and this many messages are lost.
    Lost(u64),
    /// The other thread has ended.
    Stopped,
    /// Nothing came in the time allowed.
    TimedOut,
}

/// Polls until a message is there, for at most `timeout` (and the few microseconds until that is
/// noticed).
///
/// There is no pause between polls: a pause instruction lasts 40 to 140 cycles, which would show in
/// the latency, and makes some hypervisors take the core away.
#[inline(always)]
pub(crate) fn receive<T>(receiver: &mut impl Receiver<T>, into: &mut T, stop: &Stop, timeout: Duration) -> Waited {
    let mut waiting_since: Option<Instant> = None;
    loop {
        for _ in 0..POLLS_PER_CHECK {
            match receiver.poll(into) {
                Polled::Message => return Waited::Message,
                Polled::Empty => {}
                Polled::Lost(count) => return Waited::Lost(count),
            }
        }
        if stop.is_asked() {
            return Waited::Stopped;
        }
        let since = *waiting_since.get_or_insert_with(Instant::now);
        if since.elapsed() > timeout {
            return Waited::TimedOut;
        }
    }
}
