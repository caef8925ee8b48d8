//! One wait for several things.

use crate::Bell;
use crate::bell::Armed;
use crate::futex::{Expected, Scope, Woken, heavy_barrier, wait_any};
use crate::sleep::{Bells, sleep_until};
use core::{fmt, iter, time::Duration};
use icc_seqlock::primitive::{Silence, spin_loop};
use std::time::Instant;

/// After so long without anything, a wait asks whether what is awaited will never come. As consumers
/// do.
const SILENCE: Duration = Duration::from_millis(1);

/// What a [`WaitSet`] waits for: a queue's consumer, a vector's cursor over changes, a
/// [`Notifier`](crate::Notifier), or what you implement it for.
pub trait Waitable {
    /// Where to sleep. None makes the whole wait look by itself, in slices that grow from 50
    /// microseconds to 10 milliseconds.
    fn bell(&self) -> Option<&Bell>;

    /// Whether a poll would find something. Changes nothing; whoever makes this true rings the bell
    /// after that. Asked several times in each wait, so it should be quick.
    fn is_ready(&self) -> bool;

    /// Whether what is awaited will never come, such as since whoever was to bring it is dead: then
    /// a poll is due as well. Asked when nothing is ready. `after_silence` says whether that has
    /// lasted for a millisecond; before, this should be quick.
    fn is_given_up(&self, _after_silence: bool) -> bool {
        false
    }

    /// Told when a wait ended because this [was given up](Self::is_given_up).
    fn give_up(&mut self) {}
}

/// One wait for up to [127](Self::MOST) queues, vectors and notifiers at once: what `select` and
/// `poll` are for files.
///
/// The sources are given to each wait and are free in between, to be polled. A wait sleeps in one
/// system call at the bells of all of them, and wakes when any rings. Each source without a bell (a
/// queue that is not wakeable, or whose readers' file this process may not write) makes it look by
/// itself, 50 microseconds later at first and every 10 milliseconds in the end. So does a kernel
/// before Linux 5.16 with more than one source, and a system other than Linux.
///
/// # Examples
///
/// Two notifiers and a timeout; `icc_queue` and `icc_vector` have examples with theirs:
///
/// ```
/// use icc_buffer::{Notifier, WaitSet};
/// use std::time::Duration;
///
/// let (mut work, mut stop) = (Notifier::new(), Notifier::new());
/// let set = WaitSet::new();
/// let none = set.wait(&mut [&mut work, &mut stop], Some(Duration::from_millis(1)))?;
/// assert!(none.is_empty());
///
/// stop.notify();
/// let ready = set.wait(&mut [&mut work, &mut stop], None)?;
/// assert_eq!(ready.iter().collect::<Vec<_>>(), [1]);
/// # Ok::<(), icc_buffer::WaitSetError>(())
/// ```
#[doc(alias = "select")]
#[doc(alias = "epoll")]
#[derive(Clone, Copy, Debug)]
pub struct WaitSet {
    spin: Duration,
}

impl WaitSet {
    /// How many sources one wait takes.
    pub const MOST: usize = 127;

    /// Looks for 20 microseconds before it sleeps, which is more than it takes to be woken.
    #[must_use]
    pub const fn new() -> Self {
        Self::spinning(Duration::from_micros(20))
    }

    /// Looks for this long before it sleeps; with zero, it sleeps at once.
    #[must_use]
    pub const fn spinning(spin: Duration) -> Self {
        Self { spin }
    }

    /// Waits until any of the sources is ready, and says which are. None is if `timeout` was over
    /// before.
    ///
    /// Looks at every source at least once, also if the timeout is zero. A source that is ready may
    /// yield nothing when it is polled: if what was there was overwritten, is being written, or was
    /// taken by another thread. A source that is not among the ready ones may have become so by the
    /// time this returns.
    ///
    /// # Errors
    ///
    /// [`WaitSetError`] if there are more than [`MOST`](Self::MOST) sources, or none and no timeout.
    pub fn wait(&self, sources: &mut [&mut dyn Waitable], timeout: Option<Duration>) -> Result<Ready, WaitSetError> {
        let found = sources.len();
        if found > Self::MOST {
            return Err(WaitSetError::TooMany { found });
        }
        if found == 0 && timeout.is_none() {
            return Err(WaitSetError::Nothing);
        }
        let start = Instant::now();
        // A timeout too long for the clock is none.
        let deadline = timeout.and_then(|timeout| start.checked_add(timeout));
        let (mut ready, mut given_up) = (Ready(0), Ready(0));
        {
            let sources = &*sources;
            let mut silence = Silence::new();
            let mut look = || {
                ready = Ready::of(sources, |source| source.is_ready());
                if ready.is_empty() {
                    let after_silence = silence.lasts(SILENCE);
                    given_up = Ready::of(sources, |source| source.is_given_up(after_silence));
                }
                !(ready.is_empty() && given_up.is_empty())
            };
            if !self.spin(&mut look, start, deadline) {
                sleep_until(&mut Many::new(sources), look, deadline);
            }
        }
        for index in given_up.iter() {
            sources[index].give_up();
        }
        Ok(Ready(ready.0 | given_up.0))
    }

    /// Looks for the time before sleeping; true once anything is ready.
    fn spin(&self, mut look: impl FnMut() -> bool, start: Instant, deadline: Option<Instant>) -> bool {
        let end = start.checked_add(self.spin);
        let end = deadline.map_or(end, |deadline| end.map(|end| end.min(deadline)));
        loop {
            if look() {
                return true;
            }
            // The look reads the clock as well, or takes as long.
            if end.is_none_or(|end| Instant::now() >= end) {
                return false;
            }
            spin_loop();
        }
    }
}

impl Default for WaitSet {
    fn default() -> Self {
        Self::new()
    }
}

/// Which sources of a [`WaitSet`]'s wait are ready, by their places in the list.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Ready(u128);

impl Ready {
    fn of(sources: &[&mut dyn Waitable], is: impl Fn(&dyn Waitable) -> bool) -> Self {
        let bit = |(index, source): (usize, &&mut dyn Waitable)| u128::from(is(&**source)) << index;
        Self(sources.iter().enumerate().map(bit).fold(0, |all, bit| all | bit))
    }

    /// Whether the source at this place is.
    #[must_use]
    pub fn contains(self, index: usize) -> bool {
        u32::try_from(index).ok().and_then(|index| self.0.checked_shr(index)).is_some_and(|bits| bits & 1 == 1)
    }

    /// Whether none is: the timeout was over.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Their places, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        iter::from_fn(move || {
            let index = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(index as usize)
        })
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Why a [`WaitSet`] cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitSetError {
    /// More sources than one wait takes.
    #[error("{found} sources are more than the {most} of one wait: use several threads", most = WaitSet::MOST)]
    TooMany {
        /// How many were given.
        found: usize,
    },
    /// It would never end.
    #[error("no source and no timeout: such a wait never ends; give it either")]
    Nothing,
}

/// The bells of all sources that have one.
pub(crate) struct Many<'a, 'source> {
    /// At most [`WaitSet::MOST`].
    sources: &'a [&'source mut (dyn Waitable + 'source)],
    /// What the bells were armed with, and how many they are. On the stack: a wait allocates nothing.
    armed: Option<([Expected<'a>; WaitSet::MOST], usize)>,
}

impl<'a, 'source> Many<'a, 'source> {
    fn new(sources: &'a [&'source mut (dyn Waitable + 'source)]) -> Self {
        Self { sources, armed: None }
    }

    fn bells(&self) -> impl Iterator<Item = &'a Bell> + use<'a, 'source> {
        self.sources.iter().filter_map(|source| source.bell())
    }
}

impl Bells for Many<'_, '_> {
    fn arm(&mut self) -> bool {
        self.armed = None;
        let mut all = true;
        for bell in self.bells() {
            let Armed { expected, is_armed } = bell.arm();
            let (armed, count) = self.armed.get_or_insert(([expected; WaitSet::MOST], 0));
            armed[*count] = expected;
            *count += 1;
            all &= is_armed;
        }
        // Whether all sources have one.
        all && self.armed.as_ref().map_or(0, |(_, count)| *count) == self.sources.len()
    }

    fn barrier(&self) -> bool {
        [Scope::Process, Scope::Machine]
            .into_iter()
            .filter(|&scope| self.bells().any(|bell| bell.scope() == scope))
            .all(heavy_barrier)
    }

    fn sleep(&self, time: Duration) -> Woken {
        self.armed.as_ref().map_or(Woken::Refused, |(armed, count)| wait_any(&armed[..*count], time))
    }
}
