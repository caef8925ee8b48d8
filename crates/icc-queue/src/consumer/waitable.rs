//! Waiting for several queues at once.

use super::{Consumer, POLLS_PER_CLOCK};
use crate::{Bell, Waitable};
use icc_seqlock::Payload;

/// One of the sources of a [`WaitSet`](crate::WaitSet).
///
/// # Examples
///
/// Three queues and a timeout:
///
/// ```
/// use icc_queue::{Consumer, Queue, QueueSpec, TryConsumeError, WaitSet};
/// use std::time::Duration;
///
/// fn drain(name: &str, consumer: &mut Consumer<u64>) {
///     loop {
///         match consumer.try_consume() {
///             Ok(message) => println!("{name}: {message}"),
///             Err(TryConsumeError::SpedPast(lost)) => println!("{name}: {lost}"),
///             Err(TryConsumeError::Empty) => return,
///         }
///     }
/// }
///
/// let queue = || Queue::<u64>::new(QueueSpec::new(1024).wakeable());
/// let (trades, quotes, orders) = (queue()?, queue()?, queue()?);
/// let mut consumers = [trades.consumer(), quotes.consumer(), orders.consumer()];
/// quotes.producer()?.produce(&7);
///
/// let set = WaitSet::new();
/// let timeout = Duration::from_millis(1);
/// for _ in 0..2 {
///     let [trades, quotes, orders] = &mut consumers;
///     let ready = set.wait(&mut [trades, quotes, orders], Some(timeout))?;
///     if ready.is_empty() {
///         println!("nothing for {timeout:?}");
///     }
///     for index in ready.iter() {
///         drain(["trades", "quotes", "orders"][index], &mut consumers[index]);
///     }
/// }
/// # assert_eq!(consumers[1].received(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<T: Payload> Waitable for Consumer<T> {
    fn bell(&self) -> Option<&Bell> {
        self.queue.bell()
    }

    fn is_ready(&self) -> bool {
        Self::is_ready(self)
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        if self.queue.has_gaps() {
            return self.queue.is_left_out(self.next);
        }
        after_silence && self.queue.ledgers() != 0 && self.queue.abandoned_from(self.next).is_some()
    }

    /// The next poll asks whether the message will ever come.
    fn give_up(&mut self) {
        self.found_dead = true;
        self.empty_polls = POLLS_PER_CLOCK - 1;
    }
}

#[cfg(all(test, not(icc_loom)))]
mod tests {
    use crate::{Lost, Mpmc, Queue, QueueSpec, TryConsumeError, WaitSet};
    use icc_seqlock::primitive::Ordering;

    /// A producer that died with its ticket rings nothing, and the wait ends all the same; the poll
    /// that follows tells of the loss at once.
    #[test]
    fn a_message_of_the_dead_ends_the_wait() {
        let queue = Queue::<u64, Mpmc>::new(QueueSpec::new(8).wakeable()).unwrap();
        let (mut consumer, mut other) = (queue.consumer(), queue.consumer());
        // A ticket that nobody holds, as a producer leaves it that dies.
        queue.head().fetch_add(1, Ordering::AcqRel);
        let ready = WaitSet::new().wait(&mut [&mut consumer, &mut other], None).unwrap();
        assert!(ready.contains(0) && ready.contains(1));
        let lost = TryConsumeError::SpedPast(Lost { first: 0, next: 1 });
        assert_eq!((consumer.try_consume(), other.try_consume()), (Err(lost), Err(lost)));
    }
}
