//! What the tests of several crates share: names in shared memory that are cleaned up, child
//! processes, patience, pseudorandom numbers.
//!
//! A child process is the test's own program again, told by the environment to run its test `actor`
//! in some role. Where that program does not run by itself, as one for another processor does not,
//! `ICC_TEST_RUNNER` says what runs it, such as `qemu-aarch64 -L /`.

mod actor;
mod counting;
#[cfg(target_os = "linux")]
mod emulator;
mod ending;
#[cfg(target_os = "linux")]
mod fork;
mod name;
mod random;
#[cfg(target_os = "linux")]
mod refuse;

pub use actor::{Actor, NAME, ROLE, RUNNER, command, role};
pub use counting::{Counting, without_allocation};
#[cfg(target_os = "linux")]
pub use emulator::{Feature, emulator_lacks};
pub use ending::SetOnDrop;
#[cfg(target_os = "linux")]
pub use fork::in_forked_child;
pub use name::Name;
pub use random::Random;
#[cfg(target_os = "linux")]
pub use refuse::{Call, refuse, without_system_calls};

use std::time::{Duration, Instant};

/// Nothing in a test may take longer than this, beside the time that long tests were given.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Repeats `attempt` until it gives something, yielding the core between.
///
/// # Panics
///
/// After [`PATIENCE`].
pub fn until<R>(what: &str, mut attempt: impl FnMut() -> Option<R>) -> R {
    let start = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::yield_now();
    }
}

/// Waits until `done`, sleeping between.
///
/// # Panics
///
/// After [`PATIENCE`].
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    until(what, || {
        let is_done = done();
        if !is_done {
            std::thread::sleep(Duration::from_micros(100));
        }
        is_done.then_some(())
    });
}

/// How long the long versions of the tests that can go on for ever run, if they were asked for:
/// `ICC_TORTURE_SECONDS`.
///
/// # Panics
///
/// When it is not a number.
#[must_use]
pub fn torture() -> Option<Duration> {
    let text = std::env::var("ICC_TORTURE_SECONDS").ok()?;
    Some(Duration::from_secs_f64(text.parse().expect("ICC_TORTURE_SECONDS wants a number of seconds")))
}
