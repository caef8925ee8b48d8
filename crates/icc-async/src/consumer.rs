//! A queue's messages as a stream.

use crate::reactor::{Reactor, Watching};
use crate::turns::Turns;
use core::fmt;
use futures_core::Stream;
use icc_queue::{Consumer, Lost, Payload, TryConsumeError};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A queue's messages, as a stream that never ends.
///
/// Each item is a message, or the [`Lost`] that says which messages were overwritten before the
/// stream came to them; it goes on after those as the consumer's
/// [`Recovery`](icc_queue::Recovery) says. After 64 items in a row it says once that it is pending,
/// and wakes its task at once, so that others have a turn.
///
/// # Examples
///
/// ```
/// use icc_async::ConsumerStream;
/// use icc_queue::{Lost, Queue, QueueSpec};
///
/// let queue = Queue::<u64>::new(QueueSpec::new(4).wakeable())?;
/// let mut messages = ConsumerStream::new(queue.consumer());
/// let mut producer = queue.producer()?;
/// (0..6).for_each(|n| _ = producer.produce(&n));
/// # #[cfg(not(miri))]
/// futures_lite::future::block_on(async {
///     assert_eq!(messages.next().await, Err(Lost { first: 0, next: 2 }));
///     assert_eq!(messages.next().await, Ok(2));
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "subscriber")]
#[doc(alias = "receiver")]
pub struct ConsumerStream<T: Payload + Send> {
    watching: Watching<Consumer<T>>,
    turns: Turns,
}

// Nothing in it is pinned.
impl<T: Payload + Send> Unpin for ConsumerStream<T> {}

impl<T: Payload + Send> ConsumerStream<T> {
    /// The messages that `consumer` has not read yet.
    #[cfg(not(icc_loom))]
    #[must_use]
    pub fn new(consumer: Consumer<T>) -> Self {
        Self::over(consumer, Reactor::global())
    }

    /// The same, with threads of a model's own.
    /// The same, watched by these threads.
    #[cfg(icc_loom)]
    pub fn with_threads(consumer: Consumer<T>, reactor: &Reactor) -> Self {
        Self::over(consumer, reactor.clone())
    }

    fn over(consumer: Consumer<T>, reactor: Reactor) -> Self {
        Self { watching: Watching::new(consumer, reactor), turns: Turns::default() }
    }

    /// The next message.
    ///
    /// A future of this that is dropped before it is done has taken no message.
    ///
    /// # Errors
    ///
    /// [`Lost`] if the next message was overwritten.
    pub async fn next(&mut self) -> Result<T, Lost> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// Looks at the consumer, such as for its [`lag`](Consumer::lag) or
    /// [`position`](Consumer::position). None if that panicked before.
    ///
    /// # Examples
    ///
    /// ```
    /// # use icc_async::ConsumerStream;
    /// # use icc_queue::{Consumer, Queue};
    /// # let queue = Queue::<u64>::new(4)?;
    /// let messages = ConsumerStream::new(queue.consumer());
    /// queue.producer()?.produce(&7);
    /// assert_eq!(messages.look(Consumer::lag), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn look<R>(&self, look: impl FnOnce(&Consumer<T>) -> R) -> Option<R> {
        self.watching.look(|consumer| consumer.map(look))
    }

    /// The next message, or what was lost.
    pub fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Lost>> {
        let Some(consumer) = self.watching.poll(cx.waker()) else { return Poll::Pending };
        if self.turns.is_over() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = match consumer.try_consume() {
            Ok(message) => Ok(message),
            Err(TryConsumeError::SpedPast(lost)) => Err(lost),
            Err(TryConsumeError::Empty) => {
                self.turns.ended();
                self.watching.wait(cx.waker());
                return Poll::Pending;
            }
        };
        self.turns.item();
        Poll::Ready(item)
    }
}

impl<T: Payload + Send> Stream for ConsumerStream<T> {
    type Item = Result<T, Lost>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_message(cx).map(Some)
    }
}

impl<T: Payload + Send> fmt::Debug for ConsumerStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watching
            .look(|consumer| f.debug_struct("ConsumerStream").field("consumer", &consumer).finish_non_exhaustive())
    }
}
