//! The changes of a vector as a stream.

use crate::reactor::{Reactor, Watching};
use crate::turns::Turns;
use core::fmt;
use futures_core::Stream;
use icc_vector::{Change, Changes, Payload};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How many changes are taken from a poll of the vector at once.
const AT_ONCE: usize = 64;

/// The changes of a vector, as a stream that never ends.
///
/// Each item is a slot that changed since the stream yielded it last, with its newest value at some
/// moment since: of several changes in between only the last comes. Up to 64 changes are taken from
/// the vector at once; a value can be as old as the task takes to get through those. After 64 items
/// in a row it lets other tasks have a turn.
///
/// # Examples
///
/// ```
/// use icc_async::VectorStream;
/// use icc_vector::{SeqlockVector, VectorSpec};
///
/// let quotes = SeqlockVector::<u64>::new(VectorSpec::new(3).wakeable())?;
/// let mut changes = VectorStream::new(quotes.changes());
/// quotes.write(1, &98)?;
/// quotes.write(1, &99)?;
/// # #[cfg(not(miri))]
/// futures_lite::future::block_on(async {
///     let change = changes.next().await;
///     assert_eq!((change.index, change.value), (1, 99));
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "watch")]
pub struct VectorStream<T: Payload + Send> {
    watching: Watching<Changes<T>>,
    taken: VecDeque<Change<T>>,
    turns: Turns,
}

// Nothing in it is pinned.
impl<T: Payload + Send> Unpin for VectorStream<T> {}

impl<T: Payload + Send> VectorStream<T> {
    /// The changes that this cursor has not yielded yet.
    #[cfg(not(icc_loom))]
    #[must_use]
    pub fn new(changes: Changes<T>) -> Self {
        Self::over(changes, Reactor::global())
    }

    /// The same, with threads of a model's own.
    /// The same, watched by these threads.
    #[cfg(icc_loom)]
    pub fn with_threads(changes: Changes<T>, reactor: &Reactor) -> Self {
        Self::over(changes, reactor.clone())
    }

    fn over(changes: Changes<T>, reactor: Reactor) -> Self {
        Self { watching: Watching::new(changes, reactor), taken: VecDeque::new(), turns: Turns::default() }
    }

    /// The next change.
    ///
    /// A future of this that is dropped before it is done has taken no change.
    pub async fn next(&mut self) -> Change<T> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    /// The next change.
    pub fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Change<T>> {
        if self.turns.is_over() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.taken.is_empty() {
            let Some(changes) = self.watching.poll(cx.waker()) else { return Poll::Pending };
            self.taken.extend(changes.poll().take(AT_ONCE));
        }
        match self.taken.pop_front() {
            Some(change) => {
                self.turns.item();
                Poll::Ready(change)
            }
            None => {
                self.turns.ended();
                self.watching.wait(cx.waker());
                Poll::Pending
            }
        }
    }
}

impl<T: Payload + Send> Stream for VectorStream<T> {
    type Item = Change<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(cx).map(Some)
    }
}

impl<T: Payload + Send> fmt::Debug for VectorStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorStream").field("taken", &self.taken.len()).finish_non_exhaustive()
    }
}
