//! A message that one worker has.

use super::Worker;
use super::worker::Has;
use crate::Position;
use core::mem::ManuallyDrop;
use core::{fmt, ops::Deref};
use icc_seqlock::Payload;
use icc_seqlock::primitive::is_dying;

/// A message that one worker of a group has, and no other: from [`Worker::try_claim`].
///
/// A copy of the message, which it derefs to, and the duty to say what became of it:
/// [`done`](Self::done) or [`give_back`](Self::give_back). Dropping it gives it back, so that an error or
/// a panic on the way leaves it to another attempt.
///
/// # Examples
///
/// ```
/// use icc_queue::{Queue, QueueSpec};
///
/// fn handle(order: u64, attempt: u8) -> Result<(), &'static str> {
///     if attempt == 1 { Err("the exchange is closed") } else { Ok(println!("order {order}")) }
/// }
///
/// let queue = Queue::<u64>::new(QueueSpec::new(16).group("orders"))?;
/// let mut worker = queue.group("orders")?.worker()?;
/// queue.producer()?.produce(&7);
/// while let Ok(claim) = worker.try_claim() {
///     match handle(*claim, claim.deliveries()) {
///         Ok(()) => claim.done(),
///         Err(_) => claim.give_back(), // somebody tries again
///     }
/// }
/// assert_eq!(queue.group("orders")?.status()?.handled, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "dropped, it is given back"]
pub struct Claim<'a, T: Payload> {
    worker: &'a mut Worker<T>,
}

impl<'a, T: Payload> Claim<'a, T> {
    /// `worker` has a message.
    #[inline(always)]
    pub(super) fn new(worker: &'a mut Worker<T>) -> Self {
        debug_assert_eq!(worker.has, Has::Given);
        Self { worker }
    }

    /// The message is handled: nobody gets it any more.
    #[inline]
    pub fn done(self) {
        ManuallyDrop::new(self).worker.finish();
    }

    /// Gives it back, for any worker of the group to claim. If it was delivered as often as the group
    /// allows, it is [set aside](crate::Group::set_aside).
    pub fn give_back(self) {
        drop(self);
    }

    /// The message.
    #[inline]
    #[must_use]
    pub fn message(&self) -> &T {
        &self.worker.message
    }

    /// Its sequence number.
    #[inline]
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.worker.n
    }

    /// Its position in the queue.
    #[must_use]
    pub fn position(&self) -> Position {
        self.worker.queue.position(self.worker.n)
    }

    /// How often it was delivered, this time included: 1 if nobody had it before. More, if it was given
    /// back, or a worker that had it died: that one may have handled it.
    #[inline]
    #[must_use]
    pub fn deliveries(&self) -> u8 {
        self.worker.word.deliveries()
    }
}

impl<T: Payload> Deref for Claim<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.message()
    }
}

impl<T: Payload> Drop for Claim<'_, T> {
    fn drop(&mut self) {
        if !is_dying() {
            self.worker.give_back();
        }
    }
}

impl<T: Payload + fmt::Debug> fmt::Debug for Claim<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("sequence", &self.sequence())
            .field("deliveries", &self.deliveries())
            .field("message", self.message())
            .finish()
    }
}
