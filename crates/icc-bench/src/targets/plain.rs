//! The reference of [`copy_cost`](crate::scenario::copy_cost): the bytes copied, and nothing else.

use crate::link::{Direction, Message, Operation};

/// A payload 8 bytes into a cache line, as a `Seqlock` has it behind its version, and nothing that
/// guards it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct PlainCell<T> {
    version: u64,
    payload: T,
}

impl<T> PlainCell<T> {
    /// Where the payload is.
    #[cfg(test)]
    pub(crate) fn payload(&self) -> *const T {
        &raw const self.payload
    }
}

/// A copy out of the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainRead;

/// A copy into the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainWrite;

/// By slices, which cannot overlap: an assignment between two unknown places is copied twice, by
/// way of a third.
#[inline(always)]
fn copy<T: Message>(from: &T, to: &mut T) {
    bytemuck::bytes_of_mut(to).copy_from_slice(bytemuck::bytes_of(from));
}

impl Operation for PlainRead {
    const NAME: &'static str = "plain copy, read";
    const DIRECTION: Direction = Direction::Read;
    type Cell<T: Message> = PlainCell<T>;
    type Handle<'cell, T: Message> = &'cell mut PlainCell<T>;

    fn cell<T: Message>(value: T) -> PlainCell<T> {
        PlainCell { version: 0, payload: value }
    }

    fn handle<T: Message>(cell: &mut PlainCell<T>) -> &mut PlainCell<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(handle: &mut &mut PlainCell<T>, buffer: &mut T) {
        copy(&handle.payload, buffer);
    }

    fn value<T: Message>(cell: &mut PlainCell<T>) -> T {
        cell.payload
    }
}

impl Operation for PlainWrite {
    const NAME: &'static str = "plain copy, write";
    const DIRECTION: Direction = Direction::Write;
    type Cell<T: Message> = PlainCell<T>;
    type Handle<'cell, T: Message> = &'cell mut PlainCell<T>;

    fn cell<T: Message>(value: T) -> PlainCell<T> {
        PlainRead::cell(value)
    }

    fn handle<T: Message>(cell: &mut PlainCell<T>) -> &mut PlainCell<T> {
        cell
    }

    #[inline(always)]
    fn run<T: Message>(handle: &mut &mut PlainCell<T>, buffer: &mut T) {
        copy(buffer, &mut handle.payload);
    }

    fn value<T: Message>(cell: &mut PlainCell<T>) -> T {
        cell.payload
    }
}
