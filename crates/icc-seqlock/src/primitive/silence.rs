//! How long nothing has happened.

extern crate std;

use core::time::Duration;
use std::time::Instant;

/// A time that is measured only now and then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silence {
    since: Option<Instant>,
}

impl Silence {
    /// One that begins with the first question.
    #[must_use]
    pub const fn new() -> Self {
        Self { since: None }
    }

    /// Whether it has lasted so long. Reads the clock.
    pub fn lasts(&mut self, time: Duration) -> bool {
        let now = Instant::now();
        now.duration_since(*self.since.get_or_insert(now)) >= time
    }
}
