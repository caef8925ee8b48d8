//! A consumer of bytes that is seen.

use super::Consumer;
use crate::seen::sealed::Place;
use crate::{Lost, Seen, SeenError, TryConsumeError};

impl Place for Consumer {
    fn next(&self) -> u64 {
        self.cursor.next()
    }

    fn totals(&self) -> [u64; 3] {
        self.cursor.totals()
    }
}

impl Consumer {
    /// See [`crate::Consumer::seen_as`].
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

impl Seen<Consumer> {
    /// As [`Consumer::try_consume_into`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn try_consume_into(&mut self, out: &mut [u8]) -> Result<u64, TryConsumeError> {
        let done = (**self).try_consume_into(out);
        self.tried(done)
    }

    /// As [`Consumer::try_consume_batch`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn try_consume_batch(&mut self, out: &mut [u8]) -> Result<usize, Lost> {
        let done = (**self).try_consume_batch(out);
        self.tried_batch(done)
    }
}
