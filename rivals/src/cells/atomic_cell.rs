//! `crossbeam_utils::atomic::AtomicCell`: a native atomic up to 8 bytes, above that a global table
//! of sequence locks.
//!
//! Promises: the newest value, one process, many writers. Above 8 bytes readers copy with a
//! volatile read that a writer may cross, which is formally a data race; a reader that meets a
//! writer takes the lock as a writer would.

use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;
use icc_bench::link::{Direction, Link, Message, OpenError, Operation, Polled, Receiver, Sender, Target};

use super::Seen;

pub(crate) struct CrossbeamCell;

impl Target for CrossbeamCell {
    const NAME: &'static str = "AtomicCell";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = CellLink<T>;

    fn open<T: Message>() -> Result<CellLink<T>, OpenError> {
        Ok(CellLink(Box::new(CachePadded::new(AtomicCell::new(T::zeroed())))))
    }
}

pub(crate) struct CellLink<T>(Box<CachePadded<AtomicCell<T>>>);

pub(crate) struct CellSender<'link, T>(&'link AtomicCell<T>);

pub(crate) struct CellReceiver<'link, T> {
    cell: &'link AtomicCell<T>,
    seen: Seen,
}

impl<T: Message> Link<T> for CellLink<T> {
    type Sender<'link> = CellSender<'link, T>;
    type Receiver<'link> = CellReceiver<'link, T>;

    fn ends(&mut self) -> Result<(CellSender<'_, T>, CellReceiver<'_, T>), OpenError> {
        Ok((CellSender(&self.0), CellReceiver { cell: &self.0, seen: Seen::default() }))
    }
}

impl<T: Message> Sender<T> for CellSender<'_, T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.store(*message);
    }
}

impl<T: Message> Receiver<T> for CellReceiver<'_, T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        *into = self.cell.load();
        if self.seen.is_news(into) { Polled::Message } else { Polled::Empty }
    }
}

/// A load, by value: there is no other.
pub(crate) struct Load;

impl Operation for Load {
    const NAME: &'static str = "AtomicCell load";
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = AtomicCell<T>;
    type Handle<'cell, T: Message> = &'cell AtomicCell<T>;

    fn cell<T: Message>(value: T) -> AtomicCell<T> {
        AtomicCell::new(value)
    }

    fn handle<T: Message>(cell: &mut AtomicCell<T>) -> &AtomicCell<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(cell: &mut &AtomicCell<T>, buffer: &mut T) {
        *buffer = cell.load();
    }

    fn value<T: Message>(cell: &mut AtomicCell<T>) -> T {
        cell.load()
    }
}

/// A store, by value: there is no other.
pub(crate) struct Store;

impl Operation for Store {
    const NAME: &'static str = "AtomicCell store";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = AtomicCell<T>;
    type Handle<'cell, T: Message> = &'cell AtomicCell<T>;

    fn cell<T: Message>(value: T) -> AtomicCell<T> {
        AtomicCell::new(value)
    }

    fn handle<T: Message>(cell: &mut AtomicCell<T>) -> &AtomicCell<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(cell: &mut &AtomicCell<T>, buffer: &mut T) {
        cell.store(*buffer);
    }

    fn value<T: Message>(cell: &mut AtomicCell<T>) -> T {
        cell.load()
    }
}
