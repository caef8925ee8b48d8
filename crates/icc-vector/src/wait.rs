//! Waiting for a change of one slot.

use crate::{Mode, ReadError, VectorReader, WaitError, WaitStrategy, Waited, WriterDied};
use icc_buffer::Placement;
use icc_seqlock::Payload;
use std::time::{Duration, Instant};

/// After how many waits that kept the core the clock is read, which takes as long as several looks at the slot.
const SPINS_PER_CLOCK: u64 = 32;

impl<T: Payload, M: Mode, P: Placement> VectorReader<T, M, P> {
    /// Waits until slot `index` has a value newer than `version`, copies it into `out` and returns its version.
    ///
    /// Looks at least once, also if `timeout` is zero, and is late by the time of one wait that gives the core away, or a few that do
    /// not. A timeout too long for the clock is none.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if none came. [`WaitError::Read`] if there is no such slot, or its writer died half-way.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_vector::{BusySpin, SeqlockVector, WaitError};
    /// use std::time::Duration;
    ///
    /// let health = SeqlockVector::<u32>::new(3)?;
    /// let (seen, mut out) = (health.version(1)?, 0);
    /// let never = health.wait_for_change(1, seen, &mut out, Duration::from_millis(1), &mut BusySpin);
    /// assert_eq!(never, Err(WaitError::Timeout { index: 1 }));
    ///
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| health.write(1, &200));
    ///     let version = health.wait_for_change(1, seen, &mut out, Duration::from_secs(10), &mut BusySpin)?;
    ///     assert_eq!((version, out), (2, 200));
    ///     Ok::<(), WaitError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_change(
        &self,
        index: usize,
        version: u64,
        out: &mut T,
        timeout: Duration,
        strategy: &mut impl WaitStrategy,
    ) -> Result<u64, WaitError> {
        self.check(index).map_err(ReadError::from)?;
        let deadline = Instant::now().checked_add(timeout);
        let (mut round, mut waited, mut stuck) = (0, Waited::Spun, 0);
        loop {
            match self.read_into_if_newer(index, version, out) {
                Ok(Some(found)) => return Ok(found),
                // A writer that is stopped may go on in time.
                Ok(None) | Err(ReadError::Busy(_)) => {}
                Err(error) => return Err(error.into()),
            }
            if waited == Waited::GaveUpCore || round % SPINS_PER_CLOCK == 0 {
                // An odd version from one time to the next: is its writer alive?
                let found = self.slot(index).version();
                if found & 1 == 1 && found == stuck && self.writer_died(index, found) {
                    return Err(ReadError::from(WriterDied { index }).into());
                }
                stuck = found;
                if deadline.is_some_and(|at| Instant::now() >= at) {
                    return Err(WaitError::Timeout { index });
                }
            }
            waited = strategy.wait(round);
            round += 1;
        }
    }
}
