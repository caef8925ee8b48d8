//! The messages of one worker of a group as a stream.

use crate::reactor::{Reactor, Watching};
use crate::turns::Turns;
use core::fmt;
use futures_core::Stream;
use icc_queue::{GroupLost, Payload, TryClaimError, Worker};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The messages that one worker of a group claims, as a stream.
///
/// Each item is a [`Claimed`] message, or the [`GroupLost`] that says which messages the group lost. A
/// message is done when the next one is asked for: then it counts as handled. If the stream is dropped
/// before, or its process ends, the message goes to another worker. So handle each one before you ask
/// for the next.
///
/// It ends only in a child process made by `fork`, which needs a worker of its own. As a
/// [`ConsumerStream`](crate::ConsumerStream), it gives way after 64 items in a row.
///
/// # Examples
///
/// ```
/// use icc_async::ClaimStream;
/// use icc_queue::{Queue, QueueSpec};
///
/// let queue = Queue::<u64>::new(QueueSpec::new(16).wakeable().group("orders"))?;
/// let group = queue.group("orders")?;
/// let mut orders = ClaimStream::new(group.worker()?);
/// let mut producer = queue.producer()?;
/// (0..2).for_each(|n| _ = producer.produce(&n));
/// # #[cfg(not(miri))]
/// futures_lite::future::block_on(async {
///     let first = orders.next().await.expect("no fork").expect("nothing was lost");
///     assert_eq!((first.message, first.sequence, first.deliveries), (0, 0, 1));
///     let second = orders.next().await.expect("no fork").expect("nothing was lost"); // the first is done
///     assert_eq!(second.message, 1);
/// });
/// drop(orders);
/// # #[cfg(not(miri))]
/// assert_eq!((group.status()?.handled, group.status()?.waiting), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ClaimStream<T: Payload + Send> {
    watching: Watching<Worker<T>>,
    turns: Turns,
    /// Whether the worker has a message that was given.
    has: bool,
}

/// A message of a [`ClaimStream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed<T> {
    /// The message.
    pub message: T,
    /// Its sequence number.
    pub sequence: u64,
    /// How often it was delivered, this time included.
    pub deliveries: u8,
}

// Nothing in it is pinned.
impl<T: Payload + Send> Unpin for ClaimStream<T> {}

impl<T: Payload + Send> ClaimStream<T> {
    /// The messages that `worker` claims.
    #[cfg(not(icc_loom))]
    #[must_use]
    pub fn new(worker: Worker<T>) -> Self {
        Self::over(worker, Reactor::global())
    }

    /// The same, watched by these threads.
    #[cfg(icc_loom)]
    pub fn with_threads(worker: Worker<T>, reactor: &Reactor) -> Self {
        Self::over(worker, reactor.clone())
    }

    fn over(worker: Worker<T>, reactor: Reactor) -> Self {
        Self { watching: Watching::new(worker, reactor), turns: Turns::default(), has: false }
    }

    /// The next message; the one before is done. None in a child process made by `fork`.
    pub async fn next(&mut self) -> Option<Result<Claimed<T>, GroupLost>> {
        poll_fn(|cx| self.poll_claim(cx)).await
    }

    /// The next message, or what was lost.
    pub fn poll_claim(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Claimed<T>, GroupLost>>> {
        let Some(worker) = self.watching.poll(cx.waker()) else { return Poll::Pending };
        if self.has {
            match worker.try_claim() {
                Ok(claim) => claim.done(),
                // A loss that it found for another comes first; the message is still in its hand.
                Err(TryClaimError::SpedPast(lost)) => return Poll::Ready(Some(Err(lost))),
                Err(_) => return Poll::Ready(None),
            }
            self.has = false;
        }
        if self.turns.is_over() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = match worker.prepare() {
            Ok((message, sequence, deliveries)) => {
                self.has = true;
                Ok(Claimed { message, sequence, deliveries })
            }
            Err(TryClaimError::SpedPast(lost)) => Err(lost),
            Err(TryClaimError::Empty) => {
                self.turns.ended();
                self.watching.wait(cx.waker());
                return Poll::Pending;
            }
            Err(_) => return Poll::Ready(None),
        };
        self.turns.item();
        Poll::Ready(Some(item))
    }
}

impl<T: Payload + Send> Stream for ClaimStream<T> {
    type Item = Result<Claimed<T>, GroupLost>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_claim(cx)
    }
}

impl<T: Payload + Send> fmt::Debug for ClaimStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watching.look(|worker| f.debug_struct("ClaimStream").field("worker", &worker).finish_non_exhaustive())
    }
}
