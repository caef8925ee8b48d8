//! Many values that are read all at once.

use super::channel::OpenError;
use super::message::Message;

/// A structure of many values that can be read all at once.
pub trait Table: 'static {
    /// The name in tables, in JSON and on the command line.
    const NAME: &'static str;

    /// The table for values of type `T`.
    type Values<T: Message>: ReadAll<T>;

    /// Makes a table of so many values.
    ///
    /// # Errors
    ///
    /// Whatever keeps the structure from being made.
    fn open<T: Message>(len: usize) -> Result<Self::Values<T>, OpenError>;
}

/// What a table must do to be measured.
pub trait ReadAll<T> {
    /// Writes one value.
    ///
    /// # Errors
    ///
    /// Whatever keeps the value from being written.
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError>;

    /// The operation that is timed: copies every value to its place in `into`, which has as many as
    /// the table. A value that cannot be read is left out.
    fn read_all(&mut self, into: &mut [T]);
}
