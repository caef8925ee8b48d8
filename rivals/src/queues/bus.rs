//! `bus`: one producer, every consumer sees every message.
//!
//! Promises: lossless broadcast, one process: the producer waits for the slowest consumer. Readers
//! count themselves off in each slot, and the last one takes the value; no data race. Each bus has
//! a thread that wakes parked readers, of which there are none here.

use ::bus::BusReader;
use icc_bench::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::{CAPACITY, Ends};

pub(crate) struct Bus;

impl Target for Bus {
    const NAME: &'static str = "bus";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = BusLink<T>;

    fn open<T: Message>() -> Result<BusLink<T>, OpenError> {
        let mut bus = ::bus::Bus::new(CAPACITY);
        let reader = bus.add_rx();
        Ok(BusLink(Ends::new(BusSender(bus), BusReceiver(reader))))
    }
}

impl Broadcast for Bus {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = BusSender<T>;
    type Receiver<'store, T: Message> = BusReceiver<T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(BusSender<T>, Vec<BusReceiver<T>>) -> R,
    ) -> Result<R, OpenError> {
        let mut bus = ::bus::Bus::new(CAPACITY);
        let readers = (0..consumers).map(|_| BusReceiver(bus.add_rx())).collect();
        Ok(body(BusSender(bus), readers))
    }
}

pub(crate) struct BusLink<T>(Ends<BusSender<T>, BusReceiver<T>>);

pub(crate) struct BusSender<T>(::bus::Bus<T>);

pub(crate) struct BusReceiver<T>(BusReader<T>);

impl<T: Message> Link<T> for BusLink<T> {
    type Sender<'link> = BusSender<T>;
    type Receiver<'link> = BusReceiver<T>;

    fn ends(&mut self) -> Result<(BusSender<T>, BusReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for BusSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.broadcast(*message);
    }
}

impl<T: Message> Receiver<T> for BusReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.0.try_recv() {
            Ok(message) => {
                *into = message;
                Polled::Message
            }
            Err(_) => Polled::Empty,
        }
    }
}
