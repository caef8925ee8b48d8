//! What every round of a run shares.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::clock::Stopwatch;
use super::error::RoundError;
use super::offset;
use super::pin::{self, Cores};
use super::system::smt_siblings;
use crate::model::Offset;

/// The pause between two messages when none is asked for.
pub(crate) const INTERVAL: Duration = Duration::from_micros(2);

/// Pauses that can be asked for: longer than any message takes to arrive, and short enough for a
/// thousand in a second.
pub(crate) const INTERVALS: RangeInclusive<Duration> = Duration::from_nanos(500)..=Duration::from_millis(1);

/// What every round of a run shares.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The cores of the two threads.
    pub(crate) cores: Cores,
    /// Where time stamps come from.
    pub(crate) stopwatch: Stopwatch,
    /// How long a message may take before it counts as lost.
    pub(crate) timeout: Duration,
    /// The pause between two messages, where there is one.
    pub(crate) interval: Duration,
    /// By how much the clock of the second core is ahead of the first one's.
    pub(crate) clocks: Offset,
}

impl Setup {
    /// How long a message may take before it counts as lost, where nothing else is said.
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

    /// A setup on these cores, its clock calibrated and compared between them. Takes up to about
    /// 250 ms.
    ///
    /// # Errors
    ///
    /// [`RoundError`] if a thread cannot be pinned to one of the cores.
    pub(crate) fn new(cores: Cores) -> Result<Self, RoundError> {
        let mut setup = Self::uncompared(cores);
        setup.clocks = offset::measure(setup.cores, &setup.stopwatch, setup.timeout)?;
        Ok(setup)
    }

    /// A setup on two of the cores that this process may use, which waits this long for a message.
    ///
    /// # Errors
    ///
    /// [`RoundError::Pin`] if there is only one core or a thread cannot be pinned to it.
    pub fn on_two_cores(timeout: Duration) -> Result<Self, RoundError> {
        let cores = pin::choose(&pin::available_cores(), smt_siblings)?;
        Ok(Self { timeout, ..Self::new(cores)? })
    }

    /// The same with the roles of the two cores exchanged.
    #[must_use]
    pub(crate) fn exchanged(&self) -> Self {
        let Cores { first, second } = self.cores;
        let Offset { low_ns, high_ns } = self.clocks;
        Self {
            cores: Cores { first: second, second: first },
            clocks: Offset { low_ns: -high_ns, high_ns: -low_ns },
            ..self.clone()
        }
    }

    /// A setup for one core, or where nothing depends on two clocks that agree.
    pub(crate) fn uncompared(cores: Cores) -> Self {
        Self {
            cores,
            stopwatch: Stopwatch::calibrate(),
            timeout: Self::TIMEOUT,
            interval: INTERVAL,
            clocks: Offset::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanged_cores_have_their_clocks_exchanged() {
        let setup = Setup {
            clocks: Offset { low_ns: -10.0, high_ns: 30.0 },
            ..Setup::uncompared(Cores { first: 3, second: 5 })
        };
        let exchanged = setup.exchanged();
        assert_eq!(exchanged.cores, Cores { first: 5, second: 3 });
        assert_eq!(exchanged.clocks, Offset { low_ns: -30.0, high_ns: 10.0 });
    }
}
