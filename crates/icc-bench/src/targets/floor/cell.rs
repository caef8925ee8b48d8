//! The floor of cells: a version, at most eight words, and the version once more.
//!
//! One writer, and words that are copied one by one, as atomics: up to a line's length no wider
//! copy is faster by much. Longer messages have no such floor.

use std::marker::PhantomData;
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::fence;

use super::{CELL_READ, CELL_WRITE, ONE_CELL};
use crate::link::{Direction, Link, Message, OpenError, Operation, Polled, Receiver, Sender, Target};

/// The longest message, in bytes.
pub(crate) const LONGEST: usize = WORDS * 8;
const WORDS: usize = 8;

/// The floor of cells that carry messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneCell;

/// The floor of a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellRead;

/// The floor of a write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellWrite;

/// A version, odd while the words are written, and the words.
#[derive(Debug, Default)]
#[repr(C, align(64))]
#[allow(clippy::disallowed_types, reason = "bare atomics are what this target measures")]
pub(crate) struct Cell<T> {
    version: AtomicU64,
    words: [AtomicU64; WORDS],
    message: PhantomData<T>,
}

impl<T: Message> Cell<T> {
    /// So many words are used, none beyond the cell.
    const USED: usize = if size_of::<T>() <= LONGEST { size_of::<T>() / 8 } else { WORDS };

    fn new() -> Self {
        let word = Default::default;
        Self { version: word(), words: Default::default(), message: PhantomData }
    }

    /// Writes a message over the one of this version; returns the next version.
    #[inline(always)]
    fn write(&self, version: u64, message: &T) -> u64 {
        self.version.store(version + 1, Relaxed);
        // Release: pairs with the fence in `read`. Who sees a word sees the odd version too.
        fence(Release);
        let words: &[u64] = bytemuck::cast_slice(std::slice::from_ref(message));
        for (cell, word) in self.words[..Self::USED].iter().zip(words) {
            cell.store(*word, Relaxed);
        }
        // Release: pairs with the first load in `read`.
        self.version.store(version + 2, Release);
        version + 2
    }

    /// Reads a message if its version is not `seen` and it was not written meanwhile.
    #[inline(always)]
    fn read(&self, seen: u64, into: &mut T) -> Option<u64> {
        // Acquire: pairs with the second store in `write`.
        let version = self.version.load(Acquire);
        if version == seen || !version.is_multiple_of(2) {
            return None;
        }
        let words: &mut [u64] = bytemuck::cast_slice_mut(std::slice::from_mut(into));
        for (cell, word) in self.words[..Self::USED].iter().zip(words) {
            *word = cell.load(Relaxed);
        }
        // Acquire: pairs with the fence in `write`.
        fence(Acquire);
        (self.version.load(Relaxed) == version).then_some(version)
    }
}

/// A cell on lines of its own.
#[derive(Debug)]
pub(crate) struct CellLink<T>(Box<Cell<T>>);

/// The writing end.
#[derive(Debug)]
pub(crate) struct CellSender<'link, T> {
    cell: &'link Cell<T>,
    version: u64,
}

/// The polling end.
#[derive(Debug)]
pub(crate) struct CellReceiver<'link, T> {
    cell: &'link Cell<T>,
    seen: u64,
}

impl Target for OneCell {
    const NAME: &'static str = ONE_CELL;
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = CellLink<T>;

    fn open<T: Message>() -> Result<CellLink<T>, OpenError> {
        Ok(CellLink(Box::new(Cell::new())))
    }
}

impl<T: Message> Link<T> for CellLink<T> {
    type Sender<'link> = CellSender<'link, T>;
    type Receiver<'link> = CellReceiver<'link, T>;

    fn ends(&mut self) -> Result<(CellSender<'_, T>, CellReceiver<'_, T>), OpenError> {
        let version = *self.0.version.get_mut();
        Ok((CellSender { cell: &self.0, version }, CellReceiver { cell: &self.0, seen: version }))
    }
}

impl<T: Message> Sender<T> for CellSender<'_, T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.version = self.cell.write(self.version, message);
    }
}

impl<T: Message> Receiver<T> for CellReceiver<'_, T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.cell.read(self.seen, into) {
            Some(version) => {
                self.seen = version;
                Polled::Message
            }
            None => Polled::Empty,
        }
    }
}

fn holding<T: Message>(value: &T) -> Cell<T> {
    let cell = Cell::new();
    cell.write(0, value);
    cell
}

fn value_of<T: Message>(cell: &Cell<T>) -> T {
    let mut value = T::zeroed();
    cell.read(u64::MAX, &mut value);
    value
}

impl Operation for CellRead {
    const NAME: &'static str = CELL_READ;
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = Cell<T>;
    type Handle<'cell, T: Message> = &'cell Cell<T>;

    fn cell<T: Message>(value: T) -> Cell<T> {
        holding(&value)
    }

    fn handle<T: Message>(cell: &mut Cell<T>) -> &Cell<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(cell: &mut &Cell<T>, buffer: &mut T) {
        // There is no writer. If there were, the check of the buffer would fail.
        let _ = cell.read(u64::MAX, buffer);
    }

    fn value<T: Message>(cell: &mut Cell<T>) -> T {
        value_of(cell)
    }
}

impl Operation for CellWrite {
    const NAME: &'static str = CELL_WRITE;
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = Cell<T>;
    type Handle<'cell, T: Message> = CellSender<'cell, T>;

    fn cell<T: Message>(value: T) -> Cell<T> {
        holding(&value)
    }

    fn handle<T: Message>(cell: &mut Cell<T>) -> CellSender<'_, T> {
        let version = *cell.version.get_mut();
        CellSender { cell, version }
    }

    #[inline(always)]
    fn run<T: Message>(sender: &mut CellSender<'_, T>, buffer: &mut T) {
        sender.send(buffer);
    }

    fn value<T: Message>(cell: &mut Cell<T>) -> T {
        value_of(cell)
    }
}
