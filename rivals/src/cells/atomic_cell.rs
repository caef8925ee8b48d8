//! `crossbeam_utils::atomic::AtomicCell`: a native atomic up to 8 bytes, above that a global table of sequence locks.
//!
//! Promises: the newest value, one process, many writers. Above 8 bytes readers copy with a volatile read that a writer may
//! cross, which is formally a data race; a reader that meets a writer takes the lock as a writer would.

use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;
use icc_bench::link::{Link, OpenError, Polled, Receiver, Sender, Subject};
use icc_bench::message::Message;

use super::Seen;

pub(crate) struct CrossbeamCell;

impl Subject for CrossbeamCell {
    const NAME: &'static str = "AtomicCell";
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
