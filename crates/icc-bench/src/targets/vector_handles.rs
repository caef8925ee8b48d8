//! One slot of a table that is written through a handle: in shared memory, or by the only writer
//! that slot has.

use icc_vector::{Mode, MultiWriter, Options, SeqlockVector, SingleWriter, Writer};

use crate::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

/// Slots of each table.
pub(super) const LEN: usize = 16;

/// The slot that carries the messages: neither the first nor the last, so that it has neighbours.
pub(super) const SLOT: usize = 5;

/// `icc_vector::SeqlockVector` in memory that another process could map too, written as if others
/// wrote the slot as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedVectorSlot;

/// `icc_vector::SeqlockVector` whose slots have one writer each: plain stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SingleWriterSlot;

impl Target for SharedVectorSlot {
    const NAME: &'static str = "icc-vector, shared";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = VectorLink<T, MultiWriter>;

    fn open<T: Message>() -> Result<Self::Link<T>, OpenError> {
        let vector = SeqlockVector::anonymous(LEN, &Options::new())?;
        Ok(VectorLink { writer: vector.writer()?, vector })
    }
}

impl Target for SingleWriterSlot {
    const NAME: &'static str = "icc-vector, one writer";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = VectorLink<T, SingleWriter>;

    fn open<T: Message>() -> Result<Self::Link<T>, OpenError> {
        let vector = SeqlockVector::new(LEN)?;
        Ok(VectorLink { writer: vector.writer()?, vector })
    }
}

/// The same in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedSingleWriterSlot;

impl Target for SharedSingleWriterSlot {
    const NAME: &'static str = "icc-vector, one writer, shared";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = VectorLink<T, SingleWriter>;

    fn open<T: Message>() -> Result<Self::Link<T>, OpenError> {
        let vector = SeqlockVector::anonymous(LEN, &Options::new())?;
        Ok(VectorLink { writer: vector.writer()?, vector })
    }
}

/// A table of which one slot is used, and its writer.
#[derive(Debug)]
pub(crate) struct VectorLink<T: Message, M: Mode> {
    vector: SeqlockVector<T, M>,
    writer: Writer<T, M>,
}

/// The writing end.
#[derive(Debug)]
pub(crate) struct VectorSender<'link, T: Message, M: Mode>(&'link mut Writer<T, M>);

/// The polling end, with the last version it saw.
#[derive(Debug)]
pub(crate) struct VectorReceiver<'link, T, M: Mode> {
    vector: &'link SeqlockVector<T, M>,
    seen: u64,
}

impl<T: Message, M: Mode> Link<T> for VectorLink<T, M> {
    type Sender<'link> = VectorSender<'link, T, M>;
    type Receiver<'link> = VectorReceiver<'link, T, M>;

    fn ends(&mut self) -> Result<(Self::Sender<'_>, Self::Receiver<'_>), OpenError> {
        let seen = self.vector.version(SLOT)?;
        Ok((VectorSender(&mut self.writer), VectorReceiver { vector: &self.vector, seen }))
    }
}

impl<T: Message, M: Mode> Sender<T> for VectorSender<'_, T, M> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // The slot was there when the ends were made, and a table keeps its length. Were it not,
        // the message would be missed at the other end.
        let _ = self.0.write(SLOT, message);
    }
}

impl<T: Message, M: Mode> Receiver<T> for VectorReceiver<'_, T, M> {
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
