//! Which thread watches for which stream.

use crate::entry::{Entry, Watched};
use crate::shard::{MOST, Shard};
use icc_buffer::Waitable;
use icc_seqlock::primitive::{Mutex, bound, thread};
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// How long a thread without streams waits for some before it ends.
const LINGER: Duration = bound(Duration::from_secs(1), Duration::ZERO);

/// The threads of the crate, to which a program adds none of its own: a model has some for each of
/// its executions.
#[derive(Clone)]
pub struct Reactor(Arc<Mutex<Threads>>);

struct Threads {
    /// The process that started them: a child made by `fork` has none of them.
    process: u32,
    running: Vec<Running>,
}

struct Running {
    shard: Arc<Shard>,
    streams: usize,
    /// Whether its streams' sources have bells. Those that have none are polled, by other threads,
    /// so that they keep nobody else awake.
    has_bells: bool,
    /// As [`Watching::in_slices`] was told, of each of them.
    slice: Option<Duration>,
}

impl Reactor {
    /// None yet.
    #[cfg_attr(icc_loom, expect(clippy::new_without_default, reason = "for models alone"))]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Threads { process: std::process::id(), running: Vec::new() })))
    }

    /// That of this process.
    #[cfg(not(icc_loom))]
    pub(crate) fn global() -> Self {
        static GLOBAL: std::sync::OnceLock<Reactor> = std::sync::OnceLock::new();
        GLOBAL.get_or_init(Self::new).clone()
    }

    fn with<R>(&self, action: impl FnOnce(&mut Threads) -> R) -> R {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A place for one more stream, with a thread that has room or a new one; none if the system
    /// refuses a thread.
    fn place(&self, has_bells: bool, slice: Option<Duration>) -> Option<Place> {
        self.with(|threads| {
            if threads.process != std::process::id() {
                *threads = Threads { process: std::process::id(), running: Vec::new() };
            }
            let room = |running: &&mut Running| {
                (running.has_bells, running.slice) == (has_bells, slice) && running.streams < MOST
            };
            if let Some(running) = threads.running.iter_mut().find(room) {
                running.streams += 1;
                return Some(Place { reactor: self.clone(), shard: Arc::clone(&running.shard) });
            }
            let shard = Arc::new(Shard::new(slice));
            let (own, reactor) = (Arc::clone(&shard), self.clone());
            let run = move || own.run(LINGER, || reactor.ends(&own));
            thread::Builder::new().name("icc-async".into()).spawn(run).ok()?;
            threads.running.push(Running { shard: Arc::clone(&shard), streams: 1, has_bells, slice });
            Some(Place { reactor: self.clone(), shard })
        })
    }

    /// Whether the thread of `shard` has no streams, and may end; then it gets none any more.
    fn ends(&self, shard: &Arc<Shard>) -> bool {
        self.with(|threads| {
            let is_it = |running: &Running| Arc::ptr_eq(&running.shard, shard);
            let Some(index) = threads.running.iter().position(is_it) else { return true };
            let ends = threads.running[index].streams == 0;
            if ends {
                threads.running.swap_remove(index);
            }
            ends
        })
    }
}

/// A stream's place with a thread, until it is dropped.
struct Place {
    reactor: Reactor,
    shard: Arc<Shard>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.reactor.with(|threads| {
            let is_it = |running: &&mut Running| Arc::ptr_eq(&running.shard, &self.shard);
            if let Some(running) = threads.running.iter_mut().find(is_it) {
                running.streams -= 1;
            }
        });
        // The thread lets go of the entry, and with it of the memory that the bell is in.
        self.shard.notify();
    }
}

/// A source that is polled by a stream while there is something, and watched by a thread while there
/// is nothing.
pub(crate) struct Watching<S: Waitable + Send + 'static> {
    /// With the stream; else it is with the entry.
    source: Option<S>,
    entry: Arc<Entry<S>>,
    reactor: Reactor,
    /// How long its thread may sleep, if not for as long as nothing rings.
    slice: Option<Duration>,
    /// From the first wait on.
    place: Option<Place>,
}

impl<S: Waitable + Send + 'static> Watching<S> {
    pub(crate) fn new(source: S, reactor: Reactor) -> Self {
        Self::with_slice(source, reactor, None)
    }

    /// The same, for a source to which something may happen that rings nothing: it is looked at once in
    /// each slice.
    pub(crate) fn in_slices(source: S, reactor: Reactor, slice: Duration) -> Self {
        // A model has no time.
        Self::with_slice(source, reactor, bound(Some(slice), None))
    }

    fn with_slice(source: S, reactor: Reactor, slice: Option<Duration>) -> Self {
        Self { entry: Arc::new(Entry::new(&source)), source: Some(source), reactor, slice, place: None }
    }

    /// The source, to poll; none if there is nothing to poll for, and then `waker` will be woken.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Option<&mut S> {
        if self.source.is_none() {
            self.source = self.entry.take_if_ready(waker);
        }
        self.source.as_mut()
    }

    /// Has `waker` woken once there is something to poll for. After the source was polled in vain.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        let has_bells = self.source.as_ref().is_some_and(|source| source.bell().is_some());
        if self.place.is_none() {
            self.place = self.reactor.place(has_bells, self.slice);
        }
        let Some(place) = &self.place else {
            // No thread to be had: the executor polls again and again.
            return waker.wake_by_ref();
        };
        let Some(source) = self.source.take() else { return };
        if self.entry.wait(source, waker) {
            place.shard.add(Arc::clone(&self.entry) as Arc<dyn Watched>);
        }
        place.shard.notify();
    }

    /// Looks at the source, wherever it is.
    pub(crate) fn look<R>(&self, look: impl FnOnce(Option<&S>) -> R) -> R {
        match &self.source {
            Some(source) => look(Some(source)),
            None => self.entry.look(look),
        }
    }
}

impl<S: Waitable + Send + 'static> Drop for Watching<S> {
    fn drop(&mut self) {
        // Before the place is dropped, which notifies the thread.
        drop(self.entry.take());
    }
}
