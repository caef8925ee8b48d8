//! The operations on one slot of a table, each alone.

use icc_vector::{Mode, MultiWriter, Options, SeqlockVector, SingleWriter, VectorReader, Writer};

use super::vector_handles::{LEN, SLOT};
use crate::link::{Direction, Message, Operation};

/// `VectorReader::read_into`, in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorRead;

/// `Writer::write` by one of many, in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorWrite;

/// `Writer::write` by the only one that has the slot, in memory that another process could map too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorWriteAlone;

/// A table whose slot [`SLOT`] holds `value`.
fn table<T: Message, M: Mode>(value: &T) -> SeqlockVector<T, M> {
    let vector = SeqlockVector::anonymous(LEN, &Options::new()).expect("a few pages of shared memory are available");
    writer(&vector).write(SLOT, value).expect("there is such a slot");
    vector
}

fn writer<T: Message, M: Mode>(vector: &SeqlockVector<T, M>) -> Writer<T, M> {
    vector.writer().expect("the only one at this time")
}

fn value<T: Message, M: Mode>(vector: &SeqlockVector<T, M>) -> T {
    vector.read(SLOT).expect("there is no writer")
}

impl Operation for VectorRead {
    const NAME: &'static str = "icc-vector read_into";
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = SeqlockVector<T>;
    type Handle<'cell, T: Message> = VectorReader<T>;

    fn cell<T: Message>(value: T) -> SeqlockVector<T> {
        table(&value)
    }

    fn handle<T: Message>(vector: &mut SeqlockVector<T>) -> VectorReader<T> {
        vector.reader().clone()
    }

    #[inline(always)]
    fn run<T: Message>(reader: &mut VectorReader<T>, buffer: &mut T) {
        // There is no writer, so it is always there. If it were not, the check of the buffer would
        // fail.
        let _ = reader.read_into(SLOT, buffer);
    }

    fn value<T: Message>(vector: &mut SeqlockVector<T>) -> T {
        value(vector)
    }
}

impl Operation for VectorWrite {
    const NAME: &'static str = "icc-vector write";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = SeqlockVector<T, MultiWriter>;
    type Handle<'cell, T: Message> = Writer<T, MultiWriter>;

    fn cell<T: Message>(value: T) -> Self::Cell<T> {
        table(&value)
    }

    fn handle<T: Message>(vector: &mut Self::Cell<T>) -> Writer<T, MultiWriter> {
        writer(vector)
    }

    #[inline(always)]
    fn run<T: Message>(writer: &mut Writer<T, MultiWriter>, buffer: &mut T) {
        let _ = writer.write(SLOT, buffer);
    }

    fn value<T: Message>(vector: &mut Self::Cell<T>) -> T {
        value(vector)
    }
}

impl Operation for VectorWriteAlone {
    const NAME: &'static str = "icc-vector write (one writer)";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = SeqlockVector<T, SingleWriter>;
    type Handle<'cell, T: Message> = Writer<T, SingleWriter>;

    fn cell<T: Message>(value: T) -> Self::Cell<T> {
        table(&value)
    }

    fn handle<T: Message>(vector: &mut Self::Cell<T>) -> Writer<T, SingleWriter> {
        writer(vector)
    }

    #[inline(always)]
    fn run<T: Message>(writer: &mut Writer<T, SingleWriter>, buffer: &mut T) {
        let _ = writer.write(SLOT, buffer);
    }

    fn value<T: Message>(vector: &mut Self::Cell<T>) -> T {
        value(vector)
    }
}
