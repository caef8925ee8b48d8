//! The reference of [`produce_cost`](crate::scenario::produce_cost): messages copied to place after
//! place, and nothing else.

use crate::link::{CAPACITY, Message, Sender};

/// The name in tables, in JSON and on the command line.
pub(crate) const NAME: &str = "plain ring";

/// As many places as the other rings have slots, without anything that would notify a reader.
#[derive(Debug)]
pub(crate) struct PlainRing<T> {
    places: Box<[T; CAPACITY]>,
    next: usize,
}

/// A ring whose places nobody reads while it is written.
pub(crate) trait PlainPlaces<T>: Sender<T> {
    /// A ring of zeros.
    #[must_use]
    fn new() -> Self;

    /// The message sent last.
    #[must_use]
    fn last(&self) -> &T;
}

impl<T: Message> PlainRing<T> {
    /// Copies a message to its place.
    #[inline(always)]
    pub(crate) fn put(&mut self, number: usize, message: &T) {
        self.places[number % CAPACITY] = *message;
        self.next = number.wrapping_add(1);
    }
}

impl<T: Message> PlainPlaces<T> for PlainRing<T> {
    fn new() -> Self {
        let places: Box<[T]> = vec![T::zeroed(); CAPACITY].into();
        Self { places: places.try_into().unwrap_or_else(|_| unreachable!("made of this length")), next: 0 }
    }

    fn last(&self) -> &T {
        &self.places[self.next.wrapping_sub(1) % CAPACITY]
    }
}

impl<T: Message> Sender<T> for PlainRing<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.put(self.next, message);
    }
}
