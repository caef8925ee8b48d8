//! `crossbeam-channel` of `Vec<u8>`: how most programs send bytes from thread to thread. An allocation a
//! message.

use ::crossbeam_channel as channel;
use icc_bench::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::{CAPACITY, Ends};

pub(crate) struct CrossbeamVec;

impl Target for CrossbeamVec {
    const NAME: &'static str = "crossbeam-channel of Vec<u8>";
    const TELLS_LOSS: bool = true;
    const MANY_PRODUCERS: bool = true;
    type Link<T: Message> = VecLink;

    fn open<T: Message>() -> Result<VecLink, OpenError> {
        let (sender, receiver) = channel::bounded(CAPACITY);
        Ok(VecLink(Ends::new(VecSender(sender), VecReceiver(receiver))))
    }
}

pub(crate) struct VecLink(Ends<VecSender, VecReceiver>);

pub(crate) struct VecSender(channel::Sender<Vec<u8>>);

pub(crate) struct VecReceiver(channel::Receiver<Vec<u8>>);

impl<T: Message> Link<T> for VecLink {
    type Sender<'link> = VecSender;
    type Receiver<'link> = VecReceiver;

    fn ends(&mut self) -> Result<(VecSender, VecReceiver), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for VecSender {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // It fails when the other end is gone, and then the round is over.
        let _ = self.0.send(bytemuck::bytes_of(message).to_vec());
    }
}

impl<T: Message> Receiver<T> for VecReceiver {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_recv() {
            Ok(bytes) => {
                bytemuck::bytes_of_mut(into).copy_from_slice(&bytes);
                Polled::Message
            }
            Err(_) => Polled::Empty,
        }
    }
}
