//! Hand-written best cases: what a row would take if nothing were promised that it does not need.
//!
//! Their ratio to two bare atomics shows what the message itself costs, its lines and its copies;
//! what a structure takes beyond its floor is the price of its promises. A floor leaves out what
//! the row does not exercise, so none of them is a structure to use:
//!
//! | floor | what it does | what it leaves out |
//! |---|---|---|
//! | [`OneProducer`](ring::OneProducer) | the message's lines, its number last, into a ring | a reader that is behind, producers that die, later readers |
//! | [`ManyProducers`](ring::ManyProducers) | the same, a ticket first | the same, and a ticket whose holder dies |
//! | [`TicketRing`](tickets::TicketRing) | a ticket, and a plain copy to its place | anybody who reads |
//! | [`TwoProducers`](tickets::TwoProducers) | the same from two cores | a producer that is a whole ring behind |
//! | [`OneCell`](cell::OneCell), [`CellRead`](cell::CellRead), [`CellWrite`](cell::CellWrite) | a version, the words, the version | messages longer than eight words, for which scalar copies are no best case |
//!
//! A plain copy, a plain slice and a plain ring are floors as well as references.

pub(crate) mod cell;
pub(crate) mod ring;
pub(crate) mod tickets;

#[cfg(test)]
mod tests;

/// The floor of rings with one producer.
pub(crate) const ONE_PRODUCER: &str = "floor, one producer";
/// The floor of rings with many.
pub(crate) const MANY_PRODUCERS: &str = "floor, many producers";
/// The floor of cells and of slots of a table.
pub(crate) const ONE_CELL: &str = "floor, one cell";
/// The floor of a read of such.
pub(crate) const CELL_READ: &str = "floor, cell read";
/// The floor of a write to such.
pub(crate) const CELL_WRITE: &str = "floor, cell write";
