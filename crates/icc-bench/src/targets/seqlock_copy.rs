//! The operations of one cell, each alone.

use icc_seqlock::{Reader, Seqlock, Writer};

use crate::link::{Direction, Message, Operation};

/// `Seqlock::read_into`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadInto;

/// `Writer::write`: the only writer, plain stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExclusiveWrite;

/// `Seqlock::write`: one of many writers, a compare-exchange first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedWrite;

impl Operation for ReadInto {
    const NAME: &'static str = "icc-seqlock read_into";
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = Seqlock<T>;
    type Handle<'cell, T: Message> = Reader<'cell, T>;

    fn cell<T: Message>(value: T) -> Seqlock<T> {
        Seqlock::new(value)
    }

    fn handle<T: Message>(cell: &mut Seqlock<T>) -> Reader<'_, T> {
        cell.split().1
    }

    #[inline(always)]
    fn run<T: Message>(reader: &mut Reader<'_, T>, buffer: &mut T) {
        reader.read_into(buffer);
    }

    fn value<T: Message>(cell: &mut Seqlock<T>) -> T {
        *cell.get_mut()
    }
}

impl Operation for ExclusiveWrite {
    const NAME: &'static str = "icc-seqlock write (exclusive)";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = Seqlock<T>;
    type Handle<'cell, T: Message> = Writer<'cell, T>;

    fn cell<T: Message>(value: T) -> Seqlock<T> {
        Seqlock::new(value)
    }

    fn handle<T: Message>(cell: &mut Seqlock<T>) -> Writer<'_, T> {
        cell.split().0
    }

    #[inline(always)]
    fn run<T: Message>(writer: &mut Writer<'_, T>, buffer: &mut T) {
        writer.write(buffer);
    }

    fn value<T: Message>(cell: &mut Seqlock<T>) -> T {
        *cell.get_mut()
    }
}

impl Operation for SharedWrite {
    const NAME: &'static str = "icc-seqlock write (shared)";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = Seqlock<T>;
    type Handle<'cell, T: Message> = &'cell Seqlock<T>;

    fn cell<T: Message>(value: T) -> Seqlock<T> {
        Seqlock::new(value)
    }

    fn handle<T: Message>(cell: &mut Seqlock<T>) -> &Seqlock<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(cell: &mut &Seqlock<T>, buffer: &mut T) {
        cell.write(buffer);
    }

    fn value<T: Message>(cell: &mut Seqlock<T>) -> T {
        *cell.get_mut()
    }
}
