//! `ringfire`'s blackboard, all of it read: there is no call for that, so each slot is read in
//! turn, by value.
//!
//! What it promises stands at [`blackboard`](super::blackboard).

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use icc_bench::link::{Message, OpenError, ReadAll, Table};
use ringfire::{BlackboardConsumer, BlackboardProducer};

pub(crate) struct BlackboardTable;

impl Table for BlackboardTable {
    const NAME: &'static str = "ringfire blackboard";
    type Values<T: Message> = Values<T>;

    fn open<T: Message>(len: usize) -> Result<Values<T>, OpenError> {
        static TABLES: AtomicUsize = AtomicUsize::new(0);
        let path = format!("/dev/shm/icc-rivals-{}-all-{}", std::process::id(), TABLES.fetch_add(1, Relaxed));
        // The file goes when the producer is dropped, by the library's default.
        let writer = BlackboardProducer::create(&path, len)?;
        Ok(Values { reader: BlackboardConsumer::attach(&path)?, writer })
    }
}

pub(crate) struct Values<T: Message> {
    writer: BlackboardProducer<T>,
    reader: BlackboardConsumer<T>,
}

impl<T: Message> ReadAll<T> for Values<T> {
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError> {
        Ok(self.writer.write(index, value)?)
    }

    #[inline(always)]
    fn read_all(&mut self, into: &mut [T]) {
        for (index, into) in into.iter_mut().enumerate() {
            // Every slot was written and there is no writer now; otherwise the check of the values
            // would fail.
            if let Ok(Some(value)) = self.reader.read(index) {
                *into = value;
            }
        }
    }
}
