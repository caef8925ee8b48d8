//! What was received.

use std::fmt;

/// What was received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Messages, or values of a vector, that were put into shared memory here.
    pub messages: u64,
    /// Frames, signs of life included.
    pub frames: u64,
    /// Messages (or slots, of messages of any length) that did not arrive: lost on the way, or while this bridge
    /// or the other did not run. Of a vector, frames, whose values were asked for again.
    pub lost_on_the_way: u64,
    /// Messages or slots that the other bridge lost at its source, or that were lost before.
    pub lost_at_the_source: u64,
    /// Messages that had come before, and values older than those that had.
    pub again: u64,
    /// Frames that could not be used.
    pub refused: u64,
    /// How many sources there were.
    pub instances: u64,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, frames, lost_on_the_way, lost_at_the_source, again, refused, instances } = self;
        write!(
            f,
            "received {messages} messages of {instances} sources in {frames} frames, {lost_on_the_way} lost on the way, \
             {lost_at_the_source} at the source, {again} again, {refused} frames refused"
        )
    }
}

/// Counts what a frame says, which may be anything.
pub(super) fn add(total: &mut u64, count: u64) {
    *total = total.saturating_add(count);
}
