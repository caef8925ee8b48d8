//! Sending a queue of messages of one type.

use super::options::{ExportOptions, Start};
use super::source::{LABEL, Source, at};
use super::start::start;
use crate::about::{About, Kind};
use crate::error::BridgeError;
use crate::frame::{Body, Frame, MOST_EMPTY};
use crate::wire::Wire;
use icc_buffer::{Inspected, Options};
use icc_queue::untyped::{Consumer, QueueReader};
use icc_queue::{HoldError, Lost, Seen, StartError, WaitStrategy};
use std::time::Instant;

pub(super) struct QueueSource {
    queue: QueueReader,
    consumer: Reading,
    about: About,
    /// Room for the messages of one frame.
    scratch: Vec<u8>,
}

enum Reading {
    Free(Box<Consumer>),
    Holding(Box<Seen<Consumer>>),
}

impl QueueSource {
    pub(super) fn open(
        wire: &dyn Wire,
        found: &Inspected,
        key: &str,
        from: Start,
        options: &ExportOptions,
    ) -> Result<Self, BridgeError> {
        let queue = QueueReader::open(&found.path, &Options::new())?;
        let from = start(wire, key, stream(&queue), from, queue.oldest(), queue.produced());
        let consumer = if options.hold { hold(&queue, from, found)? } else { free(&queue, from) };
        let size = queue.message_size();
        let room = (options.frame_bytes / size.max(1)).clamp(1, (queue.capacity() / 4).clamp(1, MOST_EMPTY as usize));
        let mut about = About::new(Kind::Queue, stream(&queue), queue.buffer().inspected());
        about.most = room as u64;
        about.start = consumer.next();
        Ok(Self { queue, consumer, about, scratch: vec![0; room * size] })
    }

    fn batch(&mut self) -> Result<usize, Lost> {
        // Messages of no bytes come one at a time.
        match &mut self.consumer {
            Reading::Free(consumer) => consumer.try_consume_batch(&mut self.scratch),
            Reading::Holding(consumer) => {
                // Producers went on without it: if it is not too late already, they wait again.
                if !consumer.holds()
                    && let Ok(held) = self.queue.holding_consumer_at(LABEL, consumer.position())
                {
                    **consumer = held;
                }
                consumer.try_consume_batch(&mut self.scratch)
            }
        }
    }
}

/// What positions in it name: a mirror that is sent on stands for its source.
fn stream(queue: &QueueReader) -> u64 {
    queue.position(0).instance
}

fn free(queue: &QueueReader, from: u64) -> Reading {
    // One that was overwritten meanwhile is told as lost by those that get the frames: they know where they
    // are.
    let consumer = queue.consumer_at(queue.position(from)).unwrap_or_else(|_| queue.consumer_from_oldest());
    Reading::Free(Box::new(consumer))
}

fn hold(queue: &QueueReader, from: u64, found: &Inspected) -> Result<Reading, BridgeError> {
    let held = match queue.holding_consumer_at(LABEL, queue.position(from)) {
        Err(HoldError::TooOld { oldest, .. }) => queue.holding_consumer_at(LABEL, queue.position(oldest)),
        done => done,
    };
    let held = match held {
        // Producers went on meanwhile.
        Err(HoldError::TooOld { .. } | HoldError::Start(StartError::NotYet { .. })) => queue.holding_consumer(LABEL),
        done => done,
    };
    held.map(|consumer| Reading::Holding(Box::new(consumer))).map_err(at(&found.path))
}

impl Reading {
    fn next(&self) -> u64 {
        match self {
            Self::Free(consumer) => consumer.next_sequence(),
            Self::Holding(consumer) => consumer.next_sequence(),
        }
    }
}

impl Source for QueueSource {
    fn about(&self) -> About {
        self.about.clone()
    }

    fn fill(&mut self) -> Option<(Vec<u8>, u64, u64)> {
        let (instance, size) = (self.about.instance, self.about.size as usize);
        let first = self.consumer.next();
        let (body, messages, lost) = match self.batch() {
            Ok(0) => return None,
            Ok(count) => {
                let bytes = &self.scratch[..count * size];
                (Body::Messages { first, count: count as u64, bytes }, count as u64, 0)
            }
            Err(lost) => (Body::Lost { first: lost.first, next: lost.next }, 0, lost.count()),
        };
        Some((Frame { instance, body }.encode(), messages, lost))
    }

    fn next(&self) -> u64 {
        self.consumer.next()
    }

    fn wait(&mut self, wait: &mut dyn WaitStrategy, round: u64, until: Instant) {
        match &mut self.consumer {
            Reading::Free(consumer) => consumer.wait(wait, round, Some(until)),
            Reading::Holding(consumer) => consumer.wait(wait, round, Some(until)),
        };
    }

    fn is_current(&self) -> bool {
        // What cannot be told is not believed.
        self.queue.is_current().unwrap_or(true)
    }
}
