//! Slots that the one producer leaves out: see `gaps.rs` of the queue.

use super::{BytesConsumer, BytesProducer, ProduceAtError, TooLong};
use crate::Spmc;

impl BytesProducer<Spmc> {
    /// Puts a message into the queue whose first slot is `n` and whose number is `number`, and leaves out
    /// the slots before it that were not produced: see [`Producer::produce_at`](crate::Producer::produce_at).
    ///
    /// The number is how many messages came before it, those that are left out included: by it consumers
    /// know how many [messages](super::BytesLost::messages) the gap was.
    ///
    /// # Errors
    ///
    /// [`ProduceAtError::At`] as there; [`ProduceAtError::TooLong`]. Nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::{QueueSpec, Spmc, SpinThenYield, bytes::{BytesQueue, WaitError}};
    /// use std::time::Duration;
    ///
    /// let queue = BytesQueue::<Spmc>::new(QueueSpec::new(64).gaps())?;
    /// let mut producer = queue.producer()?;
    /// let mut consumer = queue.consumer();
    /// producer.produce_at(6, 2, b"the third")?; // the first two, of six slots, did not arrive
    ///
    /// let (mut message, second) = (Vec::new(), Duration::from_secs(1));
    /// match consumer.consume_into_timeout(&mut message, &mut SpinThenYield::default(), second) {
    ///     Err(WaitError::SpedPast(lost)) => assert_eq!((lost.slots.count(), lost.messages), (6, Some(2))),
    ///     other => panic!("{other:?}"),
    /// }
    /// assert_eq!(consumer.try_consume_into(&mut message), Ok(6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn produce_at(&mut self, n: u64, number: u64, message: &[u8]) -> Result<(), ProduceAtError> {
        let (len, longest) = (message.len(), self.longest_message());
        if len > longest {
            return Err(TooLong { len, longest }.into());
        }
        self.producer.leave_out(n)?;
        self.set_number(number);
        self.produce(message)?;
        Ok(())
    }

    /// Leaves out the slots before `n` that were not produced: see
    /// [`Producer::skip_to`](crate::Producer::skip_to). Consumers learn with the next message how many
    /// messages that were.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn skip_to(&mut self, n: u64) -> Result<(), crate::ProduceAtError> {
        self.producer.skip_to(n)
    }
}

impl BytesConsumer {
    /// The number that the next message will have if none is lost before it: how many messages came before
    /// it in all. None with many producers, whose numbers do not count the messages of all.
    #[must_use]
    pub fn next_number(&self) -> Option<u64> {
        self.counts().then_some(self.expected)
    }
}
