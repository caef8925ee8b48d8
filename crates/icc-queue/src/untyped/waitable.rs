//! Waiting for several queues at once, of which some are of bytes.

use super::Consumer;
use crate::{Bell, Waitable};

/// As that of [`crate::Consumer`].
impl Waitable for Consumer {
    fn bell(&self) -> Option<&Bell> {
        Waitable::bell(&self.cursor)
    }

    fn is_ready(&self) -> bool {
        self.cursor.is_ready()
    }

    fn is_given_up(&self, after_silence: bool) -> bool {
        self.cursor.is_given_up(after_silence)
    }

    fn give_up(&mut self) {
        self.cursor.give_up();
    }
}
