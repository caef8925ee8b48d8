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

impl<T: Message> PlainRing<T> {
    /// A ring of zeros.
    #[must_use]
    pub(crate) fn new() -> Self {
        let places: Box<[T]> = vec![T::zeroed(); CAPACITY].into();
        Self { places: places.try_into().unwrap_or_else(|_| unreachable!("made of this length")), next: 0 }
    }

    /// The message sent last.
    #[must_use]
    pub(crate) fn last(&self) -> &T {
        &self.places[self.next.wrapping_sub(1) % CAPACITY]
    }
}

impl<T: Message> Default for PlainRing<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Message> Sender<T> for PlainRing<T> {
    #[inline(always)]
    fn send(&mut self, message: &T) {
        self.places[self.next % CAPACITY] = *message;
        self.next = self.next.wrapping_add(1);
    }
}
