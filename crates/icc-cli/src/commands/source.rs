//! Where `tail` gets messages: a queue of one type, or of bytes.

use super::printer::Loss;
use super::wait::{AfterSilence, soon};
use icc_queue::bytes::{BytesConsumer, TryConsumeError};
use icc_queue::untyped::{Consumer, QueueReader};
use std::io;

/// Bytes of messages that are taken at once.
const BATCH: usize = 64 * 1024;

pub(super) trait Source {
    /// The number of the next message, or of the slot where it begins.
    fn next_sequence(&self) -> u64;

    /// Gives messages that are there to `each`, with their numbers. Returns how many, or what was lost.
    fn take(&mut self, each: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<Result<usize, Loss>>;

    /// Whether there is nothing that could be taken.
    fn is_at_end(&self) -> bool;

    /// Waits for the next message, for a short time.
    fn wait(&mut self, wait: &mut AfterSilence, round: u64);
}

/// A queue of one type, whichever it is.
pub(super) struct Typed {
    consumer: Consumer,
    /// The bytes of a message.
    size: usize,
    messages: Vec<u8>,
}

impl Typed {
    pub(super) fn new(consumer: Consumer, queue: &QueueReader) -> Self {
        let size = queue.message_size();
        // At least one, at most what the ring keeps.
        let room = (BATCH / size.max(1)).clamp(1, queue.capacity());
        Self { consumer, size, messages: vec![0; size * room] }
    }
}

impl Source for Typed {
    fn next_sequence(&self) -> u64 {
        self.consumer.next_sequence()
    }

    fn take(&mut self, each: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<Result<usize, Loss>> {
        let first = self.consumer.next_sequence();
        let count = match self.consumer.try_consume_batch(&mut self.messages) {
            Ok(count) => count,
            Err(lost) => return Ok(Err(lost.into())),
        };
        for index in 0..count {
            each(first.wrapping_add(index as u64), &self.messages[index * self.size..][..self.size])?;
        }
        Ok(Ok(count))
    }

    fn is_at_end(&self) -> bool {
        self.consumer.lag() == 0
    }

    fn wait(&mut self, wait: &mut AfterSilence, round: u64) {
        self.consumer.wait(wait, round, soon());
    }
}

/// A queue of bytes.
pub(super) struct OfBytes {
    consumer: BytesConsumer,
    message: Vec<u8>,
}

impl OfBytes {
    pub(super) fn new(consumer: BytesConsumer) -> Self {
        Self { consumer, message: Vec::new() }
    }
}

impl Source for OfBytes {
    fn next_sequence(&self) -> u64 {
        self.consumer.next_sequence()
    }

    fn take(&mut self, each: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<Result<usize, Loss>> {
        match self.consumer.try_consume_into(&mut self.message) {
            Ok(slot) => each(slot, &self.message).map(|()| Ok(1)),
            Err(TryConsumeError::SpedPast(lost)) => Ok(Err(lost.into())),
            Err(_) => Ok(Ok(0)),
        }
    }

    /// Also in front of a message of which the rest is missing.
    fn is_at_end(&self) -> bool {
        !self.consumer.is_ready()
    }

    fn wait(&mut self, wait: &mut AfterSilence, round: u64) {
        self.consumer.wait(wait, round, soon());
    }
}
