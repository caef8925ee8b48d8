//! A producer for whoever takes the place of one that was just killed.

use crate::{Mode, Producer, ProducerError, Queue};
use core::time::Duration;
use icc_buffer::BufferError;
use icc_seqlock::{Payload, primitive::sleep};
use std::time::Instant;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(1);

impl<T: Payload, M: Mode> Queue<T, M> {
    /// As [`producer`](Self::producer), but tries again and again until `timeout` is over, sleeping
    /// between.
    ///
    /// For a program that is started in the place of one that was just killed: the kernel frees a
    /// killed process's memory before the lock that shows that it lives, which takes a tenth of a
    /// second for a few GiB, and writes its core dump before, if it writes one.
    ///
    /// # Errors
    ///
    /// As [`producer`](Self::producer); [`ProducerError::Taken`] or [`ProducerError::TooMany`] once
    /// the time is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_queue::Queue;
    /// use std::time::Duration;
    ///
    /// let queue = Queue::<u64>::new(1024)?;
    /// let mut producer = queue.producer_within(Duration::from_secs(5))?;
    /// assert_eq!(producer.produce(&7), 0);
    /// assert!(queue.producer_within(Duration::from_millis(1)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn producer_within(&self, timeout: Duration) -> Result<Producer<T, M>, ProducerError> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            let done = self.producer();
            let in_vain = matches!(
                done,
                Err(ProducerError::Taken { .. }
                    | ProducerError::TooMany { .. }
                    | ProducerError::Buffer(BufferError::Obstructed { .. }))
            );
            let left = deadline.map_or(PAUSE, |end| end.saturating_duration_since(Instant::now()));
            if !in_vain || left.is_zero() {
                return done;
            }
            sleep(PAUSE.min(left));
        }
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use super::*;
    use crate::{Mpmc, QueueSpec};

    #[test]
    fn a_place_that_becomes_free_is_taken() {
        fn successor<M: Mode>(queue: &Queue<u64, M>) {
            let first = queue.producer().unwrap();
            assert!(queue.producer_within(Duration::from_millis(2)).is_err());
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    sleep(Duration::from_millis(30));
                    drop(first);
                });
                queue.producer_within(Duration::from_secs(60)).unwrap();
            });
        }
        successor(&Queue::<u64>::new(8).unwrap());
        successor(&Queue::<u64, Mpmc>::new(QueueSpec::new(8).max_producers(1)).unwrap());
    }
}
