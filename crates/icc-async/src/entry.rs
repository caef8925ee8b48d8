//! What a stream and the thread that watches for it share.

use icc_buffer::{Bell, Waitable};
use icc_seqlock::primitive::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::task::Waker;

/// A stream's place with its thread.
///
/// The source itself (a consumer, a cursor over changes) is here while the stream waits and with the
/// stream while it does not, so that neither locks anything while messages come.
pub(crate) struct Entry<S> {
    bell: Option<Bell>,
    state: Mutex<State<S>>,
}

struct State<S> {
    /// Present while the stream waits.
    waiting: Option<Waiting<S>>,
    /// Whether the thread has this on its list, or will have.
    is_listed: bool,
}

struct Waiting<S> {
    source: S,
    /// Gone once it was woken.
    waker: Option<Waker>,
}

impl<S: Waitable> Entry<S> {
    pub(crate) fn new(source: &S) -> Self {
        let state = Mutex::new(State { waiting: None, is_listed: false });
        Self { bell: source.bell().cloned(), state }
    }

    /// Lets `source` be watched, which is not so yet. True if the thread has this not on its list,
    /// to which it must be added.
    pub(crate) fn wait(&self, source: S, waker: &Waker) -> bool {
        self.with(|state| {
            state.waiting = Some(Waiting { source, waker: Some(waker.clone()) });
            !std::mem::replace(&mut state.is_listed, true)
        })
    }

    /// The source, if there is something to poll for; else `waker` is the one to wake from now on.
    pub(crate) fn take_if_ready(&self, waker: &Waker) -> Option<S> {
        self.with(|state| {
            let Waiting { source, waker: last } = state.waiting.as_mut()?;
            match last {
                Some(last) if !source.is_ready() => {
                    last.clone_from(waker);
                    None
                }
                _ => state.waiting.take().map(|waiting| waiting.source),
            }
        })
    }

    /// The source, whether there is something or not.
    pub(crate) fn take(&self) -> Option<S> {
        self.with(|state| state.waiting.take()).map(|waiting| waiting.source)
    }

    /// Looks at the source, if it is here.
    pub(crate) fn look<R>(&self, look: impl FnOnce(Option<&S>) -> R) -> R {
        self.with(|state| look(state.waiting.as_ref().map(|waiting| &waiting.source)))
    }

    fn with<R>(&self, action: impl FnOnce(&mut State<S>) -> R) -> R {
        // Every action leaves the state whole, also one that panics.
        action(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An entry as its thread sees it, whatever the source.
pub(crate) trait Watched: Send + Sync {
    fn bell(&self) -> Option<&Bell>;

    /// Whether the stream is to be woken, or waits no more.
    fn is_due(&self) -> bool;

    /// As [`Waitable::is_given_up`].
    fn is_given_up(&self, after_silence: bool) -> bool;

    /// As [`Waitable::give_up`].
    fn give_up(&self);

    /// Takes this off the thread's list and wakes the stream, if it waits.
    fn wake(&self);

    /// Takes this off the thread's list if the stream does not wait; says whether it did.
    fn leave_if_gone(&self) -> bool;
}

impl<S: Waitable + Send> Watched for Entry<S> {
    fn bell(&self) -> Option<&Bell> {
        self.bell.as_ref()
    }

    fn is_due(&self) -> bool {
        self.with(|state| state.waiting.as_ref().is_none_or(|waiting| waiting.source.is_ready()))
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        self.with(|state| state.waiting.as_ref().is_some_and(|waiting| waiting.source.is_given_up(after_silence)))
    }

    fn give_up(&self) {
        self.with(|state| {
            if let Some(waiting) = &mut state.waiting {
                waiting.source.give_up();
            }
        });
    }

    fn wake(&self) {
        let waker = self.with(|state| {
            state.is_listed = false;
            state.waiting.as_mut().and_then(|waiting| waiting.waker.take())
        });
        // Without the lock: an executor may poll the stream at once.
        if let Some(waker) = waker {
            // One that panics must not take the other streams of this thread with it.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }

    fn leave_if_gone(&self) -> bool {
        self.with(|state| {
            let is_gone = state.waiting.is_none();
            state.is_listed &= !is_gone;
            is_gone
        })
    }
}

/// A thread's handle to an entry, as one of the sources of its wait.
pub(crate) struct Watch(pub(crate) Arc<dyn Watched>);

impl Waitable for Watch {
    fn bell(&self) -> Option<&Bell> {
        self.0.bell()
    }

    fn is_ready(&self) -> bool {
        self.0.is_due()
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        self.0.is_given_up(after_silence)
    }

    fn give_up(&mut self) {
        self.0.give_up();
    }
}
