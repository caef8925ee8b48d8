//! A queue's messages of any length as a stream.

use crate::reactor::{Reactor, Watching};
use crate::turns::Turns;
use core::fmt;
use futures_core::Stream;
use icc_queue::bytes::{BytesConsumer, BytesLost, TryConsumeError};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The messages of a queue of bytes, as a stream that never ends. What is said of
/// [`ConsumerStream`](crate::ConsumerStream) holds for it.
///
/// As a [`Stream`], and by [`next`](Self::next), each message is a vector of its own. By
/// [`next_into`](Self::next_into) the memory of one is used again and again.
///
/// # Examples
///
/// ```
/// use icc_async::BytesStream;
/// use icc_queue::{QueueSpec, Spmc, bytes::BytesQueue};
///
/// let queue = BytesQueue::<Spmc>::new(QueueSpec::new(64).wakeable())?;
/// let mut messages = BytesStream::new(queue.consumer());
/// let mut producer = queue.producer()?;
/// producer.produce(b"one")?;
/// producer.produce(&[7; 1000])?;
/// # #[cfg(not(miri))]
/// futures_lite::future::block_on(async {
///     assert_eq!(messages.next().await.as_deref(), Ok(&b"one"[..]));
///     let mut message = Vec::new();
///     messages.next_into(&mut message).await?;
///     assert_eq!(message, [7; 1000]);
///     Ok::<(), icc_queue::bytes::BytesLost>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BytesStream {
    watching: Watching<BytesConsumer>,
    turns: Turns,
}

// Nothing in it is pinned.
impl Unpin for BytesStream {}

impl BytesStream {
    /// The messages that `consumer` has not read yet.
    #[must_use]
    pub fn new(consumer: BytesConsumer) -> Self {
        Self { watching: Watching::new(consumer, Reactor::global()), turns: Turns::default() }
    }

    /// The next message.
    ///
    /// A future of this that is dropped before it is done has taken no message.
    ///
    /// # Errors
    ///
    /// [`BytesLost`] if the next message was overwritten.
    pub async fn next(&mut self) -> Result<Vec<u8>, BytesLost> {
        let mut message = Vec::new();
        self.next_into(&mut message).await.map(|()| message)
    }

    /// Copies the next message into `out`, in place of what that holds. As [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn next_into(&mut self, out: &mut Vec<u8>) -> Result<(), BytesLost> {
        poll_fn(|cx| self.poll_message(cx, out)).await
    }

    /// Looks at the consumer, such as for its [`lag`](BytesConsumer::lag) or
    /// [`position`](BytesConsumer::position). None if that panicked before.
    pub fn look<R>(&self, look: impl FnOnce(&BytesConsumer) -> R) -> Option<R> {
        self.watching.look(|consumer| consumer.map(look))
    }

    /// Copies the next message into `out`, or tells what was lost.
    pub fn poll_message(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<Result<(), BytesLost>> {
        let Some(consumer) = self.watching.poll(cx.waker()) else { return Poll::Pending };
        if self.turns.is_over() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = match consumer.try_consume_into(out) {
            Ok(_) => Ok(()),
            Err(TryConsumeError::SpedPast(lost)) => Err(lost),
            Err(_) => {
                self.turns.ended();
                self.watching.wait(cx.waker());
                return Poll::Pending;
            }
        };
        self.turns.item();
        Poll::Ready(item)
    }
}

impl Stream for BytesStream {
    type Item = Result<Vec<u8>, BytesLost>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut message = Vec::new();
        self.get_mut().poll_message(cx, &mut message).map_ok(|()| message).map(Some)
    }
}

impl fmt::Debug for BytesStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watching
            .look(|consumer| f.debug_struct("BytesStream").field("consumer", &consumer).finish_non_exhaustive())
    }
}
