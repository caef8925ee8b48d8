//! One cell with one writer, polled for a newer version.

use crossbeam_utils::CachePadded;
use icc_seqlock::{Reader, Seqlock, Writer};

use crate::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

/// `icc_seqlock::Seqlock` by its split ends: one exclusive writer, plain stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeqlockCell;

impl Target for SeqlockCell {
    const NAME: &'static str = "icc-seqlock";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = SeqlockLink<T>;

    fn open<T: Message>() -> Result<SeqlockLink<T>, OpenError> {
        Ok(SeqlockLink(Box::new(CachePadded::new(Seqlock::new(T::zeroed())))))
    }
}

impl Broadcast for SeqlockCell {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = 1;
    type Sender<'store, T: Message> = SeqlockSender<'store, T>;
    type Receiver<'store, T: Message> = SeqlockReceiver<'store, T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl for<'store> FnOnce(SeqlockSender<'store, T>, Vec<SeqlockReceiver<'store, T>>) -> R,
    ) -> Result<R, OpenError> {
        let mut link = Self::open::<T>()?;
        let (writer, reader) = link.0.split();
        let seen = reader.version();
        let receivers = (0..consumers).map(|_| SeqlockReceiver { reader, seen }).collect();
        Ok(body(SeqlockSender(writer), receivers))
    }
}

/// A cell on cache lines of its own.
#[derive(Debug)]
pub(crate) struct SeqlockLink<T: Message>(Box<CachePadded<Seqlock<T>>>);

/// The writing end.
#[derive(Debug)]
pub(crate) struct SeqlockSender<'link, T: Message>(Writer<'link, T>);

/// The polling end, with the last version it saw.
#[derive(Debug)]
pub(crate) struct SeqlockReceiver<'link, T: Message> {
    reader: Reader<'link, T>,
    seen: u64,
}

impl<T: Message> Link<T> for SeqlockLink<T> {
    type Sender<'link> = SeqlockSender<'link, T>;
    type Receiver<'link> = SeqlockReceiver<'link, T>;

    fn ends(&mut self) -> Result<(SeqlockSender<'_, T>, SeqlockReceiver<'_, T>), OpenError> {
        let (writer, reader) = self.0.split();
        let seen = reader.version();
        Ok((SeqlockSender(writer), SeqlockReceiver { reader, seen }))
    }
}

impl<T: Message> Sender<T> for SeqlockSender<'_, T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.write(message);
    }
}

impl<T: Message> Receiver<T> for SeqlockReceiver<'_, T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.reader.read_into_if_newer(self.seen, into) {
            Some(version) => {
                self.seen = version;
                Polled::Message
            }
            None => Polled::Empty,
        }
    }
}
