//! `ringfire`'s blackboard: a table of slots in shared memory, each a version and a value.
//!
//! Promises: the newest value of each slot, one writing process, readers in any. Readers copy with
//! a plain `memcpy` that the writer may cross, which is formally a data race, and return by value.
//! Slots are not padded. A slot whose writer died is told from a slow one by a timeout of 100 ms.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use icc_bench::link::{Direction, Link, Message, OpenError, Operation, Polled, Receiver, Sender, Target};
use ringfire::{BlackboardConsumer, BlackboardProducer};

use super::Seen;

/// Slots of each table, and the one that is used.
const LEN: usize = 16;
const SLOT: usize = 5;

/// A table in a file of its own, which goes when the producer is dropped, by the library's default.
fn open<T: Message>() -> Result<(BlackboardProducer<T>, BlackboardConsumer<T>), OpenError> {
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    let path = format!("/dev/shm/icc-rivals-{}-table-{}", std::process::id(), TABLES.fetch_add(1, Relaxed));
    let mut producer = BlackboardProducer::create(&path, LEN)?;
    producer.write(SLOT, &T::zeroed())?;
    let consumer = BlackboardConsumer::attach(&path)?;
    Ok((producer, consumer))
}

pub(crate) struct Blackboard;

impl Target for Blackboard {
    const NAME: &'static str = "ringfire blackboard";
    const TELLS_LOSS: bool = false;
    type Link<T: Message> = BlackboardLink<T>;

    fn open<T: Message>() -> Result<BlackboardLink<T>, OpenError> {
        let (producer, consumer) = open()?;
        Ok(BlackboardLink { producer, consumer })
    }
}

pub(crate) struct BlackboardLink<T: Message> {
    producer: BlackboardProducer<T>,
    consumer: BlackboardConsumer<T>,
}

pub(crate) struct BlackboardSender<'link, T: Message>(&'link mut BlackboardProducer<T>);

pub(crate) struct BlackboardReceiver<'link, T: Message> {
    consumer: &'link mut BlackboardConsumer<T>,
    seen: Seen,
}

impl<T: Message> Link<T> for BlackboardLink<T> {
    type Sender<'link> = BlackboardSender<'link, T>;
    type Receiver<'link> = BlackboardReceiver<'link, T>;

    fn ends(&mut self) -> Result<(BlackboardSender<'_, T>, BlackboardReceiver<'_, T>), OpenError> {
        let receiver = BlackboardReceiver { consumer: &mut self.consumer, seen: Seen::default() };
        Ok((BlackboardSender(&mut self.producer), receiver))
    }
}

impl<T: Message> Sender<T> for BlackboardSender<'_, T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        // The slot exists. Were the message not written, it would be missed at the other end.
        let _ = self.0.write(SLOT, message);
    }
}

impl<T: Message> Receiver<T> for BlackboardReceiver<'_, T> {
    #[inline(always)]
    fn poll(&mut self, into: &mut T) -> Polled {
        match self.consumer.read(SLOT) {
            Ok(Some(value)) => *into = value,
            Ok(None) | Err(_) => return Polled::Empty,
        }
        if self.seen.is_news(into) { Polled::Message } else { Polled::Empty }
    }
}

/// Both ends of a table whose slot holds a value.
pub(crate) struct Table<T: Message>(BlackboardProducer<T>, BlackboardConsumer<T>);

impl<T: Message> Table<T> {
    fn holding(value: &T) -> Self {
        let (mut producer, consumer) = open().expect("a page of shared memory is available");
        producer.write(SLOT, value).expect("there is such a slot");
        Self(producer, consumer)
    }

    fn value(&self) -> T {
        self.1.read(SLOT).ok().flatten().expect("it was written")
    }
}

/// A read, by value: its read into a buffer is this and a copy.
pub(crate) struct Read;

impl Operation for Read {
    const NAME: &'static str = "ringfire blackboard read";
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = Table<T>;
    type Handle<'cell, T: Message> = &'cell mut BlackboardConsumer<T>;

    fn cell<T: Message>(value: T) -> Table<T> {
        Table::holding(&value)
    }

    fn handle<T: Message>(table: &mut Table<T>) -> &mut BlackboardConsumer<T> {
        &mut table.1
    }

    #[inline(always)]
    fn run<T: Message>(consumer: &mut &mut BlackboardConsumer<T>, buffer: &mut T) {
        if let Ok(Some(value)) = consumer.read(SLOT) {
            *buffer = value;
        }
    }

    fn value<T: Message>(table: &mut Table<T>) -> T {
        table.value()
    }
}

/// A write by the only writer.
pub(crate) struct Write;

impl Operation for Write {
    const NAME: &'static str = "ringfire blackboard write";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = Table<T>;
    type Handle<'cell, T: Message> = &'cell mut BlackboardProducer<T>;

    fn cell<T: Message>(value: T) -> Table<T> {
        Table::holding(&value)
    }

    fn handle<T: Message>(table: &mut Table<T>) -> &mut BlackboardProducer<T> {
        &mut table.0
    }

    #[inline(always)]
    fn run<T: Message>(producer: &mut &mut BlackboardProducer<T>, buffer: &mut T) {
        let _ = producer.write(SLOT, buffer);
    }

    fn value<T: Message>(table: &mut Table<T>) -> T {
        table.value()
    }
}
