//! One slot of a table that any thread may write, polled for a newer version.

use icc_vector::SeqlockVector;

use crate::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

/// Slots of each table.
const LEN: usize = 16;

/// The slot that carries the messages: neither the first nor the last, so that it has neighbours.
const SLOT: usize = 5;

/// `icc_vector::SeqlockVector`, written as if others wrote the slot too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorSlot;

impl Target for VectorSlot {
    const NAME: &'static str = "icc-vector";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = VectorLink<T>;

    fn open<T: Message>() -> Result<VectorLink<T>, OpenError> {
        Ok(VectorLink(SeqlockVector::new(LEN)?))
    }
}

/// A table of which one slot is used.
#[derive(Debug)]
pub(crate) struct VectorLink<T>(SeqlockVector<T>);

/// The writing end.
#[derive(Debug)]
pub(crate) struct VectorSender<'link, T>(&'link SeqlockVector<T>);

/// The polling end, with the last version it saw.
#[derive(Debug)]
pub(crate) struct VectorReceiver<'link, T> {
    vector: &'link SeqlockVector<T>,
    seen: u64,
}

impl<T: Message> Link<T> for VectorLink<T> {
    type Sender<'link> = VectorSender<'link, T>;
    type Receiver<'link> = VectorReceiver<'link, T>;

    fn ends(&mut self) -> Result<(VectorSender<'_, T>, VectorReceiver<'_, T>), OpenError> {
        let vector = &self.0;
        let seen = vector.version(SLOT)?;
        Ok((VectorSender(vector), VectorReceiver { vector, seen }))
    }
}

impl<T: Message> Sender<T> for VectorSender<'_, T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // The slot was there when the ends were made, and a table keeps its length. Were it not,
        // the message would be missed at the other end.
        let _ = self.0.write(SLOT, message);
    }
}

impl<T: Message> Receiver<T> for VectorReceiver<'_, T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.vector.read_into_if_newer(SLOT, self.seen, into) {
            Ok(Some(version)) => {
                self.seen = version;
                Polled::Message
            }
            Ok(None) | Err(_) => Polled::Empty,
        }
    }
}
