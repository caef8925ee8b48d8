//! What a wait strategy is given to sleep with.

use crate::Bell;
use core::{fmt, time::Duration};
use icc_seqlock::primitive::sleep;
use std::time::Instant;

/// What a reader waits for, and until when: for a [`WaitStrategy`](crate::WaitStrategy) that sleeps.
///
/// The layers above make one for each wait. It sleeps at the bell of the queue or vector if there is
/// one that this reader may use, and never past the deadline.
///
/// # Examples
///
/// A strategy that sleeps at once, and counts how often:
///
/// ```
/// use core::time::Duration;
/// use icc_buffer::{WaitStrategy, Waited, Waiter};
///
/// struct Sleepy(u64);
///
/// impl WaitStrategy for Sleepy {
///     fn wait(&mut self, _round: u64) -> Waited {
///         std::thread::yield_now();
///         Waited::GaveUpCore
///     }
///
///     fn wait_with(&mut self, _round: u64, waiter: &mut Waiter<'_>) -> Waited {
///         self.0 += 1;
///         waiter.park(Duration::from_millis(1))
///     }
/// }
///
/// let mut sleepy = Sleepy(0);
/// let mut there = || true;
/// let mut waiter = Waiter::new(None, None, &mut there);
/// assert_eq!(sleepy.wait_with(0, &mut waiter), Waited::Slept);
/// assert!(waiter.is_ready());
/// ```
pub struct Waiter<'a> {
    bell: Option<&'a Bell>,
    deadline: Option<Instant>,
    ready: &'a mut dyn FnMut() -> bool,
}

impl<'a> Waiter<'a> {
    /// Sleeps at `bell`, if there is one, until `ready` or the deadline.
    ///
    /// `ready` says whether polling again would find something, or may be worth it.
    pub fn new(bell: Option<&'a Bell>, deadline: Option<Instant>, ready: &'a mut dyn FnMut() -> bool) -> Self {
        Self { bell, deadline, ready }
    }

    /// Whether what the reader waits for is there.
    pub fn is_ready(&mut self) -> bool {
        (self.ready)()
    }

    /// Sleeps for `time`, or until the deadline if that comes before. Nobody wakes it.
    pub fn sleep(&mut self, time: Duration) -> Waited {
        sleep(self.deadline.map_or(time, |at| time.min(at.saturating_duration_since(Instant::now()))));
        Waited::Slept
    }

    /// Sleeps in the kernel until what the reader waits for is there, or until the deadline. Without
    /// a bell, [sleeps](Self::sleep) for `slice`.
    pub fn park(&mut self, slice: Duration) -> Waited {
        match self.bell {
            Some(bell) => {
                bell.wait(&mut *self.ready, self.deadline);
                Waited::Slept
            }
            None => self.sleep(slice),
        }
    }
}

/// How a [`WaitStrategy`](crate::WaitStrategy) waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waited {
    /// Briefly, and without giving the core away. A timeout then reads the clock only once in a
    /// number of rounds, because reading it takes longer.
    Spun,
    /// It yielded, blocked or otherwise took long. A timeout then reads the clock in each round.
    GaveUpCore,
    /// It slept. As [`GaveUpCore`](Self::GaveUpCore), and so seldom that a reader whose message or
    /// change may never come, because its writer was killed, asks after that in each round.
    Slept,
}

impl fmt::Debug for Waiter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").field("bell", &self.bell).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
