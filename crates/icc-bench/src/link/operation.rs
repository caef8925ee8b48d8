//! A read or a write of one value.

use super::message::Message;

/// Which way an operation copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the cell to the caller's buffer.
    Read,
    /// From the caller's buffer to the cell.
    Write,
}

/// One operation on a cell that holds one value.
///
/// A rival is measured by implementing this for a marker type and adding it to the
/// [`Catalogue`](crate::catalogue::Catalogue).
pub trait Operation: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// Which way it copies.
    const DIRECTION: Direction;

    /// The cell.
    type Cell<T: Message>;

    /// What the operation is called on.
    type Handle<'cell, T: Message>;

    /// Makes a cell that holds `value`.
    fn cell<T: Message>(value: T) -> Self::Cell<T>;

    /// Makes the handle, once a round.
    fn handle<T: Message>(cell: &mut Self::Cell<T>) -> Self::Handle<'_, T>;

    /// The operation that is timed: copies between the cell and `buffer`.
    fn run<T: Message>(handle: &mut Self::Handle<'_, T>, buffer: &mut T);

    /// The value in the cell.
    fn value<T: Message>(cell: &mut Self::Cell<T>) -> T;
}
