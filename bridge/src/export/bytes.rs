//! Sending a queue of messages of any length.

use super::options::{ExportOptions, Start};
use super::source::{LABEL, Source, at};
use super::start::start;
use crate::about::{About, Kind};
use crate::error::BridgeError;
use crate::frame::{Body, Frame, push_bytes};
use crate::wire::Wire;
use icc_buffer::{Inspected, Options};
use icc_queue::bytes::{BytesConsumer, BytesQueueReader, TryConsumeError};
use icc_queue::{HoldError, Lost, Seen, WaitStrategy};
use std::time::Instant;

pub(super) struct BytesSource {
    queue: BytesQueueReader,
    consumer: Reading,
    about: About,
    frame_bytes: usize,
    /// What came after a frame was full, or does not follow it.
    after: Option<After>,
    message: Vec<u8>,
    /// Counts messages where the source does not.
    counted: u64,
}

enum Reading {
    Free(Box<BytesConsumer>),
    Holding(Box<Seen<BytesConsumer>>),
}

enum After {
    /// A message, in `message`, at this slot and with this number.
    Message(u64, u64),
    Lost(Lost),
}

impl BytesSource {
    pub(super) fn open(
        wire: &dyn Wire,
        found: &Inspected,
        key: &str,
        from: Start,
        options: &ExportOptions,
    ) -> Result<Self, BridgeError> {
        let queue = BytesQueueReader::open(&found.path, &Options::new())?;
        let instance = queue.position(0).instance;
        let from = start(wire, key, instance, from, queue.oldest(), queue.produced());
        let position = queue.position(from);
        let consumer = if options.hold {
            let held = match queue.holding_consumer_at(LABEL, position) {
                Err(HoldError::TooOld { .. } | HoldError::Start(_)) => queue.holding_consumer(LABEL),
                done => done,
            };
            Reading::Holding(Box::new(held.map_err(at(&found.path))?))
        } else {
            Reading::Free(Box::new(queue.consumer_at(position).unwrap_or_else(|_| queue.consumer_from_oldest())))
        };
        let mut about = About::new(Kind::Bytes, instance, found);
        about.size = queue.slot_size() as u64;
        about.most = (queue.capacity() as u64 / 4).max(1);
        about.start = consumer.get().next_sequence();
        let (frame_bytes, message) = (options.frame_bytes, Vec::new());
        Ok(Self { queue, consumer, about, frame_bytes, after: None, message, counted: 0 })
    }

    /// The next message into `message`, or what was lost.
    fn take(&mut self) -> Option<After> {
        let taken = match &mut self.consumer {
            Reading::Free(consumer) => consumer.try_consume_into(&mut self.message),
            Reading::Holding(consumer) => {
                // Producers went on without it: if it is not too late already, they wait again.
                if !consumer.holds()
                    && let Ok(held) = self.queue.holding_consumer_at(LABEL, consumer.position())
                {
                    **consumer = held;
                }
                consumer.try_consume_into(&mut self.message)
            }
        };
        match taken {
            Ok(slot) => {
                // The source's own number, if it has one producer.
                let number = self.consumer.get().next_number().map_or(self.counted, |next| next.wrapping_sub(1));
                self.counted = self.counted.wrapping_add(1);
                Some(After::Message(slot, number))
            }
            Err(TryConsumeError::SpedPast(lost)) => Some(After::Lost(lost.slots)),
            Err(_) => None,
        }
    }
}

impl Reading {
    fn get(&self) -> &BytesConsumer {
        match self {
            Self::Free(consumer) => consumer,
            Self::Holding(consumer) => consumer,
        }
    }
}

impl Source for BytesSource {
    fn about(&self) -> About {
        self.about.clone()
    }

    fn fill(&mut self) -> Option<(Vec<u8>, u64, u64)> {
        let instance = self.about.instance;
        let next = self.after.take().or_else(|| self.take())?;
        let (first, number) = match next {
            After::Message(first, number) => (first, number),
            After::Lost(Lost { first, next }) => {
                let lost = next.wrapping_sub(first);
                return Some((Frame { instance, body: Body::Lost { first, next } }.encode(), 0, lost));
            }
        };
        let (mut bytes, mut count) = (Vec::with_capacity(self.message.len() + 64), 0);
        push_bytes(&mut bytes, &self.message);
        loop {
            count += 1;
            let follows = self.consumer.get().next_sequence();
            if bytes.len() >= self.frame_bytes {
                break;
            }
            match self.take() {
                Some(After::Message(slot, of)) if slot == follows && of == number.wrapping_add(count) => {
                    push_bytes(&mut bytes, &self.message);
                }
                after => {
                    self.after = after;
                    break;
                }
            }
        }
        Some((Frame { instance, body: Body::Bytes { first, count, number, bytes: &bytes } }.encode(), count, 0))
    }

    fn next(&self) -> u64 {
        match &self.after {
            Some(After::Message(slot, _)) => *slot,
            Some(After::Lost(lost)) => lost.first,
            None => self.consumer.get().next_sequence(),
        }
    }

    fn wait(&mut self, wait: &mut dyn WaitStrategy, round: u64, until: Instant) {
        match &mut self.consumer {
            Reading::Free(consumer) => consumer.wait(wait, round, Some(until)),
            Reading::Holding(consumer) => consumer.wait(wait, round, Some(until)),
        };
    }

    fn is_current(&self) -> bool {
        self.queue.is_current().unwrap_or(true)
    }
}
