//! An order book made of updates.

use crate::messages::{LEVELS, MarketUpdate};

/// A price and what is offered at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// In ticks.
    pub price: i64,
    /// In lots.
    pub quantity: u32,
}

/// Both sides of an instrument's market, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Book {
    sides: [[Level; LEVELS]; 2],
    /// Which levels an update has told of, a bit each.
    known: u16,
}

impl Book {
    /// Forgets everything. To do when updates were lost: some level may have changed.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes an update in. Whether the book is whole and known now: not in the middle of an event,
    /// and not before there has been an update for every level.
    pub fn apply(&mut self, update: &MarketUpdate) -> bool {
        let (side, level) = (usize::from(update.side), usize::from(update.level));
        if side > 1 || level >= LEVELS {
            return false;
        }
        self.sides[side][level] = Level { price: update.price, quantity: update.quantity };
        self.known |= 1 << (side * LEVELS + level);
        update.last != 0 && self.is_known()
    }

    /// Whether every level is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known == (1 << (2 * LEVELS)) - 1
    }

    /// The best price to sell at.
    #[must_use]
    pub fn bid(&self) -> Level {
        self.sides[0][0]
    }

    /// The best price to buy at.
    #[must_use]
    pub fn ask(&self) -> Level {
        self.sides[1][0]
    }

    /// The lots on each side: to sell to, to buy from.
    #[must_use]
    pub fn depths(&self) -> (u64, u64) {
        let depth = |side: &[Level; LEVELS]| side.iter().map(|level| u64::from(level.quantity)).sum();
        (depth(&self.sides[0]), depth(&self.sides[1]))
    }

    /// The middle between bid and ask, in half ticks.
    #[must_use]
    pub fn middle(&self) -> i64 {
        self.bid().price + self.ask().price
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(side: u8, level: u8, last: u32) -> MarketUpdate {
        MarketUpdate { side, level, price: 100 + i64::from(side), quantity: 7, last, ..Default::default() }
    }

    #[test]
    fn a_book_is_known_when_every_level_is() {
        let mut book = Book::default();
        for side in 0..2 {
            for level in 0..LEVELS as u8 {
                assert!(!book.is_known());
                let end = side == 1 && usize::from(level) == LEVELS - 1;
                assert_eq!(book.apply(&update(side, level, u32::from(end))), end);
            }
        }
        assert_eq!((book.bid().price, book.ask().price, book.middle(), book.depths()), (100, 101, 201, (35, 35)));
        assert!(!book.apply(&update(0, 0, 0)), "in the middle of an event");
        assert!(book.apply(&update(0, 0, 1)));
        assert!(!book.apply(&update(2, 0, 1)) && !book.apply(&update(0, 9, 1)), "there are no such levels");
        book.forget();
        assert!(!book.apply(&update(0, 0, 1)));
    }
}
