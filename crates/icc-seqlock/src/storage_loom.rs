//! The storage under loom: the same interface over loom's own atomics, which do not live in memory
//! of a known layout.

use crate::primitive::{AtomicU64, Ordering::Relaxed, step};
use crate::{Payload, Seqlock};
use core::{cell::UnsafeCell, marker::PhantomData};
use std::boxed::Box;

impl<T: Payload> Seqlock<T> {
    /// A cell that holds `value`, at version 0. Not `const` under loom.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { version: AtomicU64::new(0), storage: Storage::new(value) }
    }
}

/// Shared room for one `T` as loom words, the last one padded with zeros.
pub(crate) struct Storage<T> {
    words: Box<[AtomicU64]>,
    _holds: PhantomData<UnsafeCell<T>>,
}

// SAFETY: the words are atomic; what comes out are copies of a `T`, which is what `T: Send` allows.
unsafe impl<T: Send> Sync for Storage<T> {}

impl<T: Payload> Storage<T> {
    fn new(value: T) -> Self {
        let words = bytemuck::bytes_of(&value).chunks(8).map(|part| AtomicU64::new(word(part)));
        Self { words: words.collect(), _holds: PhantomData }
    }

    pub(crate) fn load(&self, out: &mut T) {
        let mut copy = *out;
        // SAFETY: a `T` has no padding (`NoUninit`) and any bytes written to it are valid
        // (`AnyBitPattern`).
        let bytes = unsafe { core::slice::from_raw_parts_mut((&raw mut copy).cast::<u8>(), size_of::<T>()) };
        for (part, shared) in bytes.chunks_mut(8).zip(&self.words) {
            part.copy_from_slice(&shared.load(Relaxed).to_ne_bytes()[..part.len()]);
        }
        *out = copy;
    }

    pub(crate) fn load_value(&self, out: &mut T) {
        self.load(out);
    }

    /// A model can let its writer die after each word.
    pub(crate) fn store(&self, value: &T) {
        for (part, shared) in bytemuck::bytes_of(value).chunks(8).zip(&self.words) {
            shared.store(word(part), Relaxed);
            step("word");
        }
    }

    pub(crate) fn prefetch(&self, _being_written: bool) {}

    pub(crate) fn prefetch_many_for_write(&self) {}

    pub(crate) fn prefetch_for_write(&self) {}

    pub(crate) fn into_inner(self) -> T {
        let mut value = T::zeroed();
        self.load(&mut value);
        value
    }
}

fn word(part: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..part.len()].copy_from_slice(part);
    u64::from_ne_bytes(bytes)
}
