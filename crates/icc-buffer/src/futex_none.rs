//! Stands in for the system calls of waking on systems other than Linux: nobody is woken, and who
//! waits sleeps.

pub(crate) use crate::woken::{Scope, Woken};
use core::time::Duration;
use icc_seqlock::primitive::{AtomicU32, sleep};

pub(crate) const MOST_WORDS: usize = 128;

#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Word(AtomicU32);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) word: &'a Word,
    pub(crate) value: u32,
    pub(crate) scope: Scope,
}

impl Word {
    pub(crate) fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }

    #[inline(always)]
    pub(crate) fn value(&self) -> &AtomicU32 {
        &self.0
    }

    pub(crate) fn clear_and_wake(&self, _scope: Scope) {}
}

impl Expected<'_> {
    pub(crate) fn wait(self, _time: Duration) -> Woken {
        Woken::Refused
    }
}

pub(crate) fn wait_any(_words: &[Expected<'_>], _time: Duration) -> Woken {
    Woken::Refused
}

pub(crate) fn register(_scope: Scope) -> bool {
    false
}

pub(crate) fn heavy_barrier(_scope: Scope) -> bool {
    false
}

pub(crate) fn doze(time: Duration) {
    sleep(time);
}
