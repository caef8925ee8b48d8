//! The baseline: one bare atomic word on a cache line of its own, each way.

#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_utils::CachePadded;

use crate::link::{Link, OpenError, Polled, Receiver, Sender};

/// The baseline's name in tables, in JSON and on the command line.
pub(crate) const NAME: &str = "raw atomics";

/// The message the baseline carries at every payload size: its sequence number and nothing else.
pub(crate) type Word = [u64; 1];

/// A link that is one atomic word. A message is a value other than the last.
#[derive(Debug, Default)]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) struct RawLink(Box<CachePadded<AtomicU64>>);

impl RawLink {
    /// Makes a link that holds no message.
    ///
    /// # Errors
    ///
    /// None; other links can fail.
    pub(crate) fn open() -> Result<Self, OpenError> {
        Ok(Self::default())
    }
}

/// The storing end.
#[derive(Debug)]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) struct RawSender<'link>(&'link AtomicU64);

/// The loading end, with the last value it saw.
#[derive(Debug)]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) struct RawReceiver<'link> {
    word: &'link AtomicU64,
    last: u64,
}

impl Link<Word> for RawLink {
    type Sender<'link> = RawSender<'link>;
    type Receiver<'link> = RawReceiver<'link>;

    fn ends(&mut self) -> Result<(RawSender<'_>, RawReceiver<'_>), OpenError> {
        Ok(ends_at(&self.0))
    }
}

/// The ends of a link that is this word.
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) fn ends_at(word: &AtomicU64) -> (RawSender<'_>, RawReceiver<'_>) {
    let last = word.load(Relaxed);
    (RawSender(word), RawReceiver { word, last })
}

impl Sender<Word> for RawSender<'_> {
    #[inline(always)]
    fn send(&mut self, message: &Word) {
        // Release and Acquire although nothing else is handed over: a link that carried something
        // would need them.
        self.0.store(message[0], Release);
    }
}

impl Receiver<Word> for RawReceiver<'_> {
    #[inline(always)]
    fn poll(&mut self, into: &mut Word) -> Polled {
        let value = self.word.load(Acquire);
        if value == self.last {
            return Polled::Empty;
        }
        self.last = value;
        into[0] = value;
        Polled::Message
    }
}
