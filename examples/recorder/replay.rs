//! From a file to a queue.

use anyhow::Result;
use icc_examples::clock;
use icc_examples::messages::MarketUpdate;
use icc_examples::recording::{Event, Reader, RecordingError};
use icc_queue::Producer;
use std::fmt;
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

/// What was replayed.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) messages: u64,
    pub(crate) gaps: u64,
    pub(crate) lost: u64,
    first_at: Option<u64>,
    last_at: u64,
    pub(crate) took: Duration,
    /// What ended it, if it was not the end.
    cut_off: Option<RecordingError>,
}

/// Puts all messages into the queue: `speed` times as fast as they came, or without waiting.
///
/// Gaps take their time, and leave nothing in the queue: its sequence numbers are not those of the
/// recording. A recording that was cut off is replayed as far as it goes, and what is returned says
/// so.
pub(crate) fn replay(
    reader: Reader<MarketUpdate, impl Read>,
    producer: &mut Producer<MarketUpdate>,
    speed: Option<f64>,
) -> Result<Replayed> {
    let mut replayed = Replayed::default();
    let began = Instant::now();
    for event in reader {
        let event = match event {
            Ok(event) => event,
            Err(error @ RecordingError::CutOff { .. }) => {
                replayed.cut_off = Some(error);
                break;
            }
            Err(error) => return Err(error.into()),
        };
        replayed.count(&event);
        if let Some(speed) = speed {
            wait_until(began + Duration::from_secs_f64(replayed.recorded() / speed));
        }
        if let Event::Message { mut message, .. } = event {
            message.sent_at = clock::now(); // So that latencies are those of the replay.
            producer.produce(&message);
        }
    }
    replayed.took = began.elapsed();
    Ok(replayed)
}

/// Sleeps for most of the time, which is late by some 50 µs, and gives the core away for the rest.
fn wait_until(due: Instant) {
    const LATE: Duration = Duration::from_micros(100);
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left > LATE {
            thread::sleep(left - LATE);
        } else if left.is_zero() {
            return;
        } else {
            thread::yield_now();
        }
    }
}

impl Replayed {
    pub(crate) fn count(&mut self, event: &Event<MarketUpdate>) {
        let (Event::Message { at, .. } | Event::Gap { at, .. }) = *event;
        match event {
            Event::Message { .. } => self.messages += 1,
            Event::Gap { lost, .. } => {
                self.gaps += 1;
                self.lost += lost.count();
            }
        }
        self.first_at.get_or_insert(at);
        self.last_at = at;
    }

    /// Seconds from the first record to the last one so far.
    pub(crate) fn recorded(&self) -> f64 {
        self.first_at.map_or(0.0, |first| self.last_at.saturating_sub(first) as f64 / 1e9)
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, lost, gaps, took, .. } = self;
        write!(f, "replayed {messages} messages in {took:.3?}, recorded within {:.3} s", self.recorded())?;
        if *gaps > 0 {
            write!(f, "; {lost} messages that the recorder lost are missing, in {gaps} gaps")?;
        }
        self.cut_off.iter().try_for_each(|error| write!(f, "\n{error}"))
    }
}
