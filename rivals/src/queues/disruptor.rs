//! `disruptor`: the ring of the LMAX Disruptor, one producer, consumers gated by sequence barriers.
//!
//! Promises: lossless broadcast, one process: the producer waits for the slowest consumer. Events
//! are written in place, and the barriers keep both sides apart, so there is no data race. Its
//! event poller is the way to poll from a thread of one's own, which its documentation rates as
//! fast as its own threads.

use ::disruptor::{
    BusySpin, EventPoller, MultiConsumerBarrier, Polling, Producer, SingleConsumerBarrier, SingleProducer,
    SingleProducerBarrier, build_single_producer,
};
use icc_bench::link::{Broadcast, Link, Message, OpenError, Polled, Receiver, Sender, Target};

use super::{CAPACITY, Ends};

pub(crate) struct Disruptor;

impl Target for Disruptor {
    const NAME: &'static str = "disruptor";
    const TELLS_LOSS: bool = true;
    type Link<T: Message> = DisruptorLink<T>;

    fn open<T: Message>() -> Result<DisruptorLink<T>, OpenError> {
        let (poller, builder) = build_single_producer(CAPACITY, T::zeroed, BusySpin).new_event_poller();
        Ok(DisruptorLink(Ends::new(DisruptorSender(builder.build()), DisruptorReceiver(poller))))
    }
}

impl Broadcast for Disruptor {
    const NAME: &'static str = <Self as Target>::NAME;
    const ROOM: usize = CAPACITY;
    type Sender<'store, T: Message> = ToMany<T>;
    type Receiver<'store, T: Message> = DisruptorReceiver<T>;

    fn with_ends<T: Message, R>(
        consumers: usize,
        body: impl FnOnce(ToMany<T>, Vec<DisruptorReceiver<T>>) -> R,
    ) -> Result<R, OpenError> {
        let (poller, builder) = build_single_producer(CAPACITY, T::zeroed, BusySpin).new_event_poller();
        let mut pollers = vec![DisruptorReceiver(poller)];
        if consumers < 2 {
            return Ok(body(ToMany::One(builder.build()), pollers));
        }
        let (poller, mut builder) = builder.new_event_poller();
        pollers.push(DisruptorReceiver(poller));
        while pollers.len() < consumers {
            let (poller, next) = builder.new_event_poller();
            pollers.push(DisruptorReceiver(poller));
            builder = next;
        }
        Ok(body(ToMany::Many(builder.build()), pollers))
    }
}

pub(crate) struct DisruptorLink<T>(Ends<DisruptorSender<T>, DisruptorReceiver<T>>);

pub(crate) struct DisruptorSender<T>(SingleProducer<T, SingleConsumerBarrier>);

/// A producer whose type tells whether it has one consumer or more.
pub(crate) enum ToMany<T> {
    One(SingleProducer<T, SingleConsumerBarrier>),
    Many(SingleProducer<T, MultiConsumerBarrier>),
}

impl<T: Message> Sender<T> for ToMany<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        match self {
            Self::One(producer) => producer.publish(|event| *event = *message),
            Self::Many(producer) => producer.publish(|event| *event = *message),
        }
    }
}

pub(crate) struct DisruptorReceiver<T>(EventPoller<T, SingleProducerBarrier>);

impl<T: Message> Link<T> for DisruptorLink<T> {
    type Sender<'link> = DisruptorSender<T>;
    type Receiver<'link> = DisruptorReceiver<T>;

    fn ends(&mut self) -> Result<(DisruptorSender<T>, DisruptorReceiver<T>), OpenError> {
        self.0.take()
    }
}

impl<T: Message> Sender<T> for DisruptorSender<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.0.publish(|event| *event = *message);
    }
}

impl<T: Message> Receiver<T> for DisruptorReceiver<T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        // One at a time: the guard marks all it covers as read.
        match self.0.take(1) {
            Ok(mut events) => match (&mut events).next() {
                Some(event) => {
                    *into = *event;
                    Polled::Message
                }
                None => Polled::Empty,
            },
            Err(Polling::NoEvents | Polling::Shutdown) => Polled::Empty,
        }
    }
}
