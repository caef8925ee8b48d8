//! The `seqlock` crate: a version beside the value, readers that try again, writers behind a mutex.
//!
//! Promises: the newest value, one process, many writers. Readers copy with a volatile read that a
//! writer may cross, which is formally a data race. A reader that meets a writer yields to the
//! scheduler, by a system call.

use ::seqlock::SeqLock;
use crossbeam_utils::CachePadded;
use icc_bench::link::{Direction, Link, Message, OpenError, Operation, Polled, Receiver, Sender, Target};

use super::Seen;

pub(crate) struct SeqlockCrate;

impl Target for SeqlockCrate {
    const NAME: &'static str = "seqlock crate";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = SeqlockLink<T>;

    fn open<T: Message>() -> Result<SeqlockLink<T>, OpenError> {
        Ok(SeqlockLink(Box::new(CachePadded::new(SeqLock::new(T::zeroed())))))
    }
}

pub(crate) struct SeqlockLink<T>(Box<CachePadded<SeqLock<T>>>);

pub(crate) struct SeqlockSender<'link, T>(&'link SeqLock<T>);

pub(crate) struct SeqlockReceiver<'link, T> {
    cell: &'link SeqLock<T>,
    seen: Seen,
}

impl<T: Message> Link<T> for SeqlockLink<T> {
    type Sender<'link> = SeqlockSender<'link, T>;
    type Receiver<'link> = SeqlockReceiver<'link, T>;

    fn ends(&mut self) -> Result<(SeqlockSender<'_, T>, SeqlockReceiver<'_, T>), OpenError> {
        Ok((SeqlockSender(&self.0), SeqlockReceiver { cell: &self.0, seen: Seen::default() }))
    }
}

impl<T: Message> Sender<T> for SeqlockSender<'_, T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        *self.0.lock_write() = *message;
    }
}

impl<T: Message> Receiver<T> for SeqlockReceiver<'_, T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        *into = self.cell.read();
        if self.seen.is_news(into) { Polled::Message } else { Polled::Empty }
    }
}

/// A read, by value: there is no other.
pub(crate) struct Read;

impl Operation for Read {
    const NAME: &'static str = "seqlock crate read";
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = SeqLock<T>;
    type Handle<'cell, T: Message> = &'cell SeqLock<T>;

    fn cell<T: Message>(value: T) -> SeqLock<T> {
        SeqLock::new(value)
    }

    fn handle<T: Message>(cell: &mut SeqLock<T>) -> &SeqLock<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(cell: &mut &SeqLock<T>, buffer: &mut T) {
        *buffer = cell.read();
    }

    fn value<T: Message>(cell: &mut SeqLock<T>) -> T {
        cell.read()
    }
}

/// A write through the guard of `lock_write`.
pub(crate) struct Write;

impl Operation for Write {
    const NAME: &'static str = "seqlock crate write";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = SeqLock<T>;
    type Handle<'cell, T: Message> = &'cell SeqLock<T>;

    fn cell<T: Message>(value: T) -> SeqLock<T> {
        SeqLock::new(value)
    }

    fn handle<T: Message>(cell: &mut SeqLock<T>) -> &SeqLock<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(cell: &mut &SeqLock<T>, buffer: &mut T) {
        *cell.lock_write() = *buffer;
    }

    fn value<T: Message>(cell: &mut SeqLock<T>) -> T {
        cell.read()
    }
}
