//! Sleeping at one bell or at several, until something is there.

use crate::bell::{Armed, Bell};
use crate::futex::{Expected, Woken, doze, heavy_barrier, wait_any};
use core::time::Duration;
use icc_seqlock::primitive::{Silence, spin_loop, step};
use std::time::Instant;

/// How long an armed sleeper looks before it asks for a barrier, which interrupts other cores.
/// `icc_no_look` takes it out, for the torture that counts missed wakes: it hides nearly all that a
/// missing barrier would cause.
const LOOK: Duration = if cfg!(icc_no_look) { Duration::ZERO } else { Duration::from_micros(2) };
/// The first wait in the kernel. A producer's core that no barrier reached has long shown by then
/// what it had published, and sees the armed word ever after.
///
/// As long as the longest tick of a kernel. For a wait that ends before the next one, the kernel sets the core's timer,
/// and sets it again when somebody wakes it: in a virtual machine each takes a way out to the host. From sending to
/// receipt it took 11.5 µs with 1 ms, 10.7 with 2, and 9.1 to 9.5 from 4 ms on, the tick there; a bare futex 8.7 (Zen 3).
const FIRST: Duration = Duration::from_millis(10);
/// The waits after that, from the one to the other: each one in vain is followed by one twice as long. What a look
/// costs is above all the core's way out of idleness, some 50 µs in a virtual machine.
const LONG: Duration = Duration::from_millis(150);
const LONGEST: Duration = Duration::from_millis(600);
/// Where nobody is told of the sleeper, or no barrier can be made, waits grow from the first to the
/// second.
const SHORTEST_SLICE: Duration = Duration::from_micros(50);
const LONGEST_SLICE: Duration = Duration::from_millis(10);
/// After so many wakes in a row for nothing, a slice follows in which nobody is told.
const WAKES_FOR_NOTHING: u32 = 8;
/// How long that is.
const DOZE: Duration = Duration::from_millis(1);

impl Bell {
    /// Sleeps until `ready` or until the deadline, and says whether it was `ready`, which is asked
    /// at least once.
    ///
    /// It is woken by whoever [rings](Self::ring), and looks by itself after 10 milliseconds,
    /// then 150, and then ever more seldom, every 600 in the end: so nothing that was published stays unseen
    /// for longer, whoever was killed. Where
    /// the bell is mapped read-only, or the system refuses the barrier that goes with it, it looks
    /// by itself after 50 microseconds, and then ever more seldom, every 10 ms in the end. After
    /// eight wakes for nothing it lets one millisecond pass without being woken: so whoever waits for
    /// one among many things does not make each of them cost a system call.
    ///
    /// It returns within a millisecond after the deadline, as far as the system gives it a core.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_buffer::Bell;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::{Duration, Instant};
    ///
    /// let (bell, done) = (Bell::private(), AtomicBool::new(false));
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         done.store(true, Ordering::Release);
    ///         bell.ring();
    ///     });
    ///     assert!(bell.wait(|| done.load(Ordering::Acquire), None));
    /// });
    /// assert!(!bell.wait(|| false, Some(Instant::now() + Duration::from_millis(1))));
    /// ```
    pub fn wait(&self, ready: impl FnMut() -> bool, deadline: Option<Instant>) -> bool {
        self.wait_and_tell(ready, deadline).is_some()
    }

    /// As [`wait`](Self::wait), and tells how it ended; none at the deadline. For a test that counts
    /// wakes that were missed.
    #[doc(hidden)]
    pub fn wait_and_tell(&self, ready: impl FnMut() -> bool, deadline: Option<Instant>) -> Option<Found> {
        sleep_until(&mut One { bell: self, armed: None }, ready, deadline)
    }
}

/// How a sleeper found what it waited for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Before it slept, or when it was woken.
    InTime,
    /// After a wait in the kernel that nobody ended.
    ByItself,
}

/// Sleeps for so long, or shorter if the deadline comes before, where nobody can wake it.
pub(crate) fn doze_until(slice: Duration, deadline: Option<Instant>) {
    doze(left(slice, deadline));
}

/// A time that grows: twice as long with each use, between two bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slices(Duration);

impl Slices {
    pub(crate) const fn new() -> Self {
        Self(SHORTEST_SLICE)
    }

    pub(crate) fn next(&mut self) -> Duration {
        let Self(slice) = self;
        let now = *slice;
        *slice = (now * 2).min(LONGEST_SLICE);
        now
    }
}

/// What is slept at: one bell or several.
pub(crate) trait Bells {
    /// Tells the producers, and notes the words. False if not all can be told.
    fn arm(&mut self) -> bool;

    /// A barrier on the producers' cores; false if the system refuses it.
    fn barrier(&self) -> bool;

    /// Waits while all words are as noted.
    fn sleep(&self, time: Duration) -> Woken;
}

/// Sleeps at `bells` until `ready`, and says how that was found, or until the deadline.
pub(crate) fn sleep_until(
    bells: &mut impl Bells,
    mut ready: impl FnMut() -> bool,
    deadline: Option<Instant>,
) -> Option<Found> {
    let (mut for_nothing, mut slices, mut is_refused, mut found) = (0, Slices::new(), false, Found::InTime);
    loop {
        if ready() {
            return Some(found);
        }
        if is_over(deadline) {
            return None;
        }
        found = Found::InTime;
        if for_nothing >= WAKES_FOR_NOTHING {
            for_nothing = 0;
            doze_until(DOZE, deadline);
            continue;
        }
        if is_refused {
            doze_until(slices.next(), deadline);
            continue;
        }
        let is_armed = bells.arm();
        if is_armed && look(&mut ready) {
            return Some(Found::InTime);
        }
        let is_sure = is_armed && bells.barrier();
        step("looks");
        // After the barrier: the look that counts.
        if ready() {
            return Some(Found::InTime);
        }
        step("sleeps");
        let mut slice = if is_sure { FIRST } else { slices.next() };
        loop {
            match bells.sleep(left(slice, deadline)) {
                Woken::Changed => {
                    for_nothing += 1;
                    break;
                }
                Woken::Refused => {
                    is_refused = true;
                    break;
                }
                Woken::TimedOut => (for_nothing, found) = (0, Found::ByItself),
            }
            if !is_sure || is_over(deadline) {
                break;
            }
            // The words are the same, and by now every core has seen them.
            if ready() {
                return Some(Found::ByItself);
            }
            slice = (slice * 2).clamp(LONG, LONGEST);
        }
    }
}

/// Whether it is there within a moment.
fn look(mut ready: impl FnMut() -> bool) -> bool {
    let mut silence = Silence::new();
    while !silence.lasts(LOOK) {
        if ready() {
            return true;
        }
        spin_loop();
    }
    false
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|at| Instant::now() >= at)
}

fn left(slice: Duration, deadline: Option<Instant>) -> Duration {
    deadline.map_or(slice, |at| slice.min(at.saturating_duration_since(Instant::now())))
}

struct One<'a> {
    bell: &'a Bell,
    armed: Option<Expected<'a>>,
}

impl Bells for One<'_> {
    fn arm(&mut self) -> bool {
        let Armed { expected, is_armed } = self.bell.arm();
        self.armed = Some(expected);
        is_armed
    }

    fn barrier(&self) -> bool {
        heavy_barrier(self.bell.scope())
    }

    fn sleep(&self, time: Duration) -> Woken {
        self.armed.map_or(Woken::Refused, |armed| wait_any(&[armed], time))
    }
}
