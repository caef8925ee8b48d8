//! How a command that follows something waits for more.

use icc_buffer::{SpinThenSleep, WaitStrategy, Waited, Waiter};
use std::time::{Duration, Instant};

/// As [`SpinThenSleep`] while it sleeps for up to 1.6 milliseconds; after that it sleeps until it is
/// woken, if there is a bell.
///
/// A command can be late by a millisecond. So it costs a producer that is never silent for some
/// milliseconds nothing, and one that is silent one system call for the next message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AfterSilence;

/// Sleeps before the one at the bell.
const SLEEPS: u64 = 6;

impl WaitStrategy for AfterSilence {
    fn wait(&mut self, round: u64) -> Waited {
        SpinThenSleep::default().wait(round)
    }

    fn wait_with(&mut self, round: u64, waiter: &mut Waiter<'_>) -> Waited {
        let polling = SpinThenSleep::default();
        if round < polling.spins + SLEEPS {
            return { polling }.wait_with(round, waiter);
        }
        waiter.park(polling.longest)
    }
}

/// By when a command that waits looks whether it was interrupted.
pub(crate) fn soon() -> Option<Instant> {
    Instant::now().checked_add(Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use icc_buffer::Bell;

    /// How it waits in this round, and whether it told the producers so.
    fn waited(round: u64) -> (Waited, bool) {
        let bell = Bell::private();
        let mut looks = 0;
        let mut ready = || {
            looks += 1;
            looks > 1
        };
        let waited = AfterSilence.wait_with(round, &mut Waiter::new(Some(&bell), soon(), &mut ready));
        (waited, format!("{bell:?}").contains("somebody_sleeps: true"))
    }

    #[test]
    fn the_bell_comes_after_the_silence() {
        assert_eq!([0, 999].map(waited), [(Waited::Spun, false); 2]);
        assert_eq!([1_000, 1_005].map(waited), [(Waited::Slept, false); 2]);
        assert_eq!([1_006, u64::MAX].map(waited), [(Waited::Slept, true); 2]);
    }
}
