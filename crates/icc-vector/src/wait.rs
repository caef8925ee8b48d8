//! Waiting for a change of one slot.

use crate::{Mode, ReadError, VectorReader, WaitError, WriterDied};
use icc_buffer::Placement;
use icc_seqlock::Payload;
use icc_seqlock::primitive::{spin_loop, thread};
use std::time::{Duration, Instant};

/// What to do between two looks at a slot that has not changed.
///
/// # Examples
///
/// One of your own, which counts:
///
/// ```
/// use icc_vector::WaitStrategy;
///
/// struct Counting(u64);
///
/// impl WaitStrategy for Counting {
///     fn wait(&mut self) {
///         self.0 += 1;
///     }
/// }
/// ```
pub trait WaitStrategy {
    /// How many looks are made for each look at the clock, which takes some tens of nanoseconds. At least 1.
    const LOOKS_PER_CLOCK: u32 = 1;

    /// Waits a little.
    fn wait(&mut self);
}

/// Keeps the core, with a hint to the processor: the lowest latency.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spin;

/// Gives the core away to whoever else wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Yield;

/// Sleeps this long each time: the lowest load.
#[derive(Clone, Copy, Debug)]
pub struct Sleep(pub Duration);

impl WaitStrategy for Spin {
    const LOOKS_PER_CLOCK: u32 = 64;

    #[inline]
    fn wait(&mut self) {
        spin_loop();
    }
}

impl WaitStrategy for Yield {
    fn wait(&mut self) {
        thread::yield_now();
    }
}

impl WaitStrategy for Sleep {
    fn wait(&mut self) {
        std::thread::sleep(self.0);
    }
}

impl<T: Payload, M: Mode, P: Placement> VectorReader<T, M, P> {
    /// Waits until slot `index` has a value newer than `version`, copies it into `out` and returns its version.
    ///
    /// Looks at least once, and no longer than `timeout`, give or take one wait of the strategy.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if none came. [`WaitError::Read`] if there is no such slot, or its writer died half-way.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{SeqlockVector, Spin, WaitError};
    /// use std::time::Duration;
    ///
    /// let health = SeqlockVector::<u32>::new(3)?;
    /// let (seen, mut out) = (health.version(1)?, 0);
    /// let never = health.wait_for_change(1, seen, &mut out, Duration::from_millis(1), &mut Spin);
    /// assert_eq!(never, Err(WaitError::Timeout { index: 1 }));
    ///
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| health.write(1, &200));
    ///     let version = health.wait_for_change(1, seen, &mut out, Duration::from_secs(10), &mut Spin)?;
    ///     assert_eq!((version, out), (2, 200));
    ///     Ok::<(), WaitError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_change<W: WaitStrategy>(
        &self,
        index: usize,
        version: u64,
        out: &mut T,
        timeout: Duration,
        strategy: &mut W,
    ) -> Result<u64, WaitError> {
        self.check(index).map_err(ReadError::from)?;
        let start = Instant::now();
        let mut stuck = 0;
        loop {
            for look in 0..W::LOOKS_PER_CLOCK.max(1) {
                match self.read_into_if_newer(index, version, out) {
                    Ok(Some(found)) => return Ok(found),
                    // A writer that is stopped may go on in time.
                    Ok(None) | Err(ReadError::Busy(_)) => {}
                    Err(error) => return Err(error.into()),
                }
                if look + 1 < W::LOOKS_PER_CLOCK {
                    strategy.wait();
                }
            }
            // An odd version for the whole of a round: is its writer alive?
            let found = self.slot(index).version();
            if found & 1 == 1 && found == stuck && self.writer_died(index, found) {
                return Err(ReadError::from(WriterDied { index }).into());
            }
            stuck = found;
            if start.elapsed() >= timeout {
                return Err(WaitError::Timeout { index });
            }
            strategy.wait();
        }
    }
}
