//! Consumers of bytes that are seen, or hold.

use super::{BytesConsumer, BytesLost, BytesQueueReader, TryConsumeError, WaitError};
use crate::seen::sealed::Place;
use crate::{HoldError, Position, Seen, SeenError, WaitStrategy};
use core::time::Duration;

impl Place for BytesConsumer {
    #[inline(always)]
    fn next(&self) -> u64 {
        self.cursor.next
    }

    fn totals(&self) -> [u64; 3] {
        [self.next_sequence(), self.received_slots(), self.lost_slots()]
    }
}

impl BytesQueueReader {
    /// Attaches a consumer that holds: see [`QueueReader::holding_consumer`](crate::QueueReader::holding_consumer).
    /// It begins at the next message that begins. Producers see where it is at the ends of messages only.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn holding_consumer(&self, label: &str) -> Result<Seen<BytesConsumer>, HoldError> {
        let held = self.ring.holding_consumer(label)?;
        Ok(held.map(|cursor| BytesConsumer::starting_at(self, cursor.next)))
    }

    /// As [`holding_consumer`](Self::holding_consumer), from the message at `position` on, or the next that
    /// begins after it: see [`QueueReader::holding_consumer_at`](crate::QueueReader::holding_consumer_at).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn holding_consumer_at(&self, label: &str, position: Position) -> Result<Seen<BytesConsumer>, HoldError> {
        let held = self.ring.holding_consumer_at(label, position)?;
        Ok(held.map(|cursor| BytesConsumer::starting_at(self, cursor.next)))
    }
}

impl BytesConsumer {
    /// This consumer as one that is seen: see [`Consumer::seen_as`](crate::Consumer::seen_as). What it shows
    /// counts slots.
    ///
    /// # Errors
    ///
    /// As there.
    #[expect(clippy::result_large_err, reason = "it gives the consumer back, as success does")]
    pub fn seen_as(self, label: &str) -> Result<Seen<Self>, SeenError<Self>> {
        let queue = self.cursor.queue.clone();
        Seen::new(self, &queue, label)
    }
}

impl Seen<BytesConsumer> {
    /// As [`BytesConsumer::try_consume`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn try_consume(&mut self, out: &mut [u8]) -> Result<usize, TryConsumeError> {
        let done = (**self).try_consume(out);
        self.tried_bytes(done)
    }

    /// As [`BytesConsumer::try_consume_into`].
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn try_consume_into(&mut self, out: &mut Vec<u8>) -> Result<u64, TryConsumeError> {
        let done = (**self).try_consume_into(out);
        self.tried_bytes(done)
    }

    #[inline(always)]
    fn tried_bytes<R>(&mut self, done: Result<R, TryConsumeError>) -> Result<R, TryConsumeError> {
        match done {
            Ok(_) => self.received_one(),
            Err(TryConsumeError::SpedPast(_)) => self.show(),
            Err(_) => self.rest(),
        }
        done
    }

    /// As [`BytesConsumer::consume_into`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn consume_into(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, BytesLost> {
        // Once without waiting, so that it shows where it is before it waits.
        let done = match self.try_consume_into(out) {
            Ok(n) => return Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => return Err(lost),
            Err(_) => (**self).consume_into(out, wait),
        };
        match done {
            Ok(_) => self.received_one(),
            Err(_) => self.show(),
        }
        done
    }

    /// As [`BytesConsumer::consume_into_timeout`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn consume_into_timeout(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
        timeout: Duration,
    ) -> Result<u64, WaitError> {
        let done = match self.try_consume_into(out) {
            Ok(n) => return Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => return Err(WaitError::SpedPast(lost)),
            Err(_) => (**self).consume_into_timeout(out, wait, timeout),
        };
        self.show();
        done
    }

    /// As [`BytesConsumer::consume_into_until_gone`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn consume_into_until_gone(
        &mut self,
        out: &mut Vec<u8>,
        wait: &mut (impl WaitStrategy + ?Sized),
    ) -> Result<u64, WaitError> {
        let done = match self.try_consume_into(out) {
            Ok(n) => return Ok(n),
            Err(TryConsumeError::SpedPast(lost)) => return Err(WaitError::SpedPast(lost)),
            Err(_) => (**self).consume_into_until_gone(out, wait),
        };
        match done {
            Ok(_) => self.received_one(),
            Err(_) => self.show(),
        }
        done
    }
}
