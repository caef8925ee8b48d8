//! `nexus-slot`: a slot that is overwritten, each new value read at most once.
//!
//! Promises: the newest value, one process, one writer; `spsc` has one reader and is what its
//! documentation calls the lowest overhead, `spmc` any number. The copy goes by atomic words, so
//! there is no data race for types without padding. A reader that meets a writer tries again
//! without a bound. Read by `read`, by value: there is no other.

use ::nexus_slot::{spmc, spsc};
use icc_bench::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

pub(crate) struct NexusSlot;

impl Target for NexusSlot {
    const NAME: &'static str = "nexus-slot";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = SlotLink<T>;

    fn open<T: Message>() -> Result<SlotLink<T>, OpenError> {
        let (writer, reader) = spsc::slot();
        Ok(SlotLink { writer: SlotSender(writer), reader: SlotReceiver(reader) })
    }
}

impl Broadcast for NexusSlot {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = 1;
    type Sender<'store, T: Message> = SharedSender<T>;
    type Receiver<'store, T: Message> = SharedReceiver<T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(SharedSender<T>, Vec<SharedReceiver<T>>) -> R,
    ) -> Result<R, OpenError> {
        let (writer, reader) = spmc::shared_slot();
        let readers = (0..consumers).map(|_| SharedReceiver(reader.clone())).collect();
        Ok(body(SharedSender(writer), readers))
    }
}

pub(crate) struct SlotLink<T: Message> {
    writer: SlotSender<T>,
    reader: SlotReceiver<T>,
}

pub(crate) struct SlotSender<T: Message>(spsc::Writer<T>);

pub(crate) struct SlotReceiver<T: Message>(spsc::Reader<T>);

pub(crate) struct SharedSender<T: Message>(spmc::Writer<T>);

pub(crate) struct SharedReceiver<T: Message>(spmc::SharedReader<T>);

impl<T: Message> Link<T> for SlotLink<T> {
    type Sender<'link> = &'link mut SlotSender<T>;
    type Receiver<'link> = &'link mut SlotReceiver<T>;

    fn ends(&mut self) -> Result<(&mut SlotSender<T>, &mut SlotReceiver<T>), OpenError> {
        Ok((&mut self.writer, &mut self.reader))
    }
}

impl<T: Message> Sender<T> for &mut SlotSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.write(*message);
    }
}

impl<T: Message> Receiver<T> for &mut SlotReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        found(self.0.read(), into)
    }
}

impl<T: Message> Sender<T> for SharedSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.write(*message);
    }
}

impl<T: Message> Receiver<T> for SharedReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        found(self.0.read(), into)
    }
}

#[inline(always)]
fn found<T>(value: Option<T>, into: &mut T) -> Polled {
    match value {
        Some(value) => {
            *into = value;
            Polled::Message
        }
        None => Polled::Empty,
    }
}
