//! `triple_buffer`: three copies of a value that one writer and one reader exchange by index.
//!
//! Promises: the newest value, one process, one writer and *one* reader. No data race: nobody
//! touches a copy that is in the other's hands. Measured by its in-place access, as it advises for
//! values that cost something to move.

use ::triple_buffer::{Input, Output, triple_buffer};
use icc_bench::link::{Link, Message, OpenError, Polled, Receiver, Sender, Target};

pub(crate) struct TripleBuffer;

impl Target for TripleBuffer {
    const NAME: &'static str = "triple_buffer";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = TripleLink<T>;

    fn open<T: Message>() -> Result<TripleLink<T>, OpenError> {
        let (input, output) = triple_buffer(&T::zeroed());
        Ok(TripleLink { input: TripleSender(input), output: TripleReceiver(output) })
    }
}

pub(crate) struct TripleLink<T: Message> {
    input: TripleSender<T>,
    output: TripleReceiver<T>,
}

pub(crate) struct TripleSender<T: Message>(Input<T>);

pub(crate) struct TripleReceiver<T: Message>(Output<T>);

impl<T: Message> Link<T> for TripleLink<T> {
    type Sender<'link> = &'link mut TripleSender<T>;
    type Receiver<'link> = &'link mut TripleReceiver<T>;

    fn ends(&mut self) -> Result<(&mut TripleSender<T>, &mut TripleReceiver<T>), OpenError> {
        Ok((&mut self.input, &mut self.output))
    }
}

impl<T: Message> Sender<T> for &mut TripleSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        *self.0.input_buffer_mut() = *message;
        self.0.publish();
    }
}

impl<T: Message> Receiver<T> for &mut TripleReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        if !self.0.update() {
            return Polled::Empty;
        }
        *into = *self.0.output_buffer();
        Polled::Message
    }
}
