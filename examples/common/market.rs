//! A market that never was: an endless stream of level-2 updates, the same for the same seed.
//!
//! What it has of a real one, as far as it matters to those who carry its messages:
//!
//! - Events come in bursts: each makes further ones more likely for some milliseconds (a Hawkes
//!   process with an exponential kernel). The mean is about [`RATE`] updates a second, the busiest
//!   millisecond has many times that.
//! - Some instruments are busier than others: each has half the activity of the one before, down to
//!   a sixteenth.
//! - Most events change the quantity at one level, most often the best. Some move the price, and
//!   then all ten levels change: a burst of updates that belong together, of which the last is
//!   marked.
//! - Prices wander, and are drawn back to where they began.
//! - The whole book of every instrument is repeated twice a second, so that who comes late or lost
//!   something soon knows it.

use crate::messages::{INSTRUMENTS, LEVELS, MarketUpdate};
use fastrand::Rng;
use std::collections::VecDeque;

/// The updates a second, on average, rounded.
pub const RATE: f64 = 20_000.0;

/// Events a second that nothing caused.
const BASE: f64 = 2_400.0;
/// Events that each event causes, on average.
const OFFSPRING: f64 = 0.6;
/// How long an event makes others more likely, in seconds.
const MEMORY: f64 = 0.003;
/// How many events in a hundred move the price.
const MOVES: u64 = 26;
/// How often one instrument's whole book is repeated, in nanoseconds: each in its turn.
const REPEAT: u64 = 500_000_000 / INSTRUMENTS as u64;

/// The stream: an iterator that does not end. `sent_at` is 0 in what it yields.
#[derive(Clone, Debug)]
pub struct Market {
    random: Rng,
    instruments: [Instrument; INSTRUMENTS],
    /// The venue's time in seconds.
    time: f64,
    /// The rate of events that past ones add to the base, at `time`.
    excitement: f64,
    repeat_at: u64,
    repeat_next: usize,
    sequence: u64,
    pending: VecDeque<MarketUpdate>,
}

/// One instrument's book.
#[derive(Clone, Copy, Debug)]
struct Instrument {
    /// Where its price is drawn back to.
    home: i64,
    /// The best bid.
    bid: i64,
    quantities: [[u32; LEVELS]; 2],
}

impl Market {
    /// The stream of this seed, from its beginning: first the whole book of every instrument.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let instruments = std::array::from_fn(|number| {
            let home = 5_000 + 2_500 * number as i64;
            Instrument { home, bid: home, quantities: std::array::from_fn(|_| quantities(&mut random)) }
        });
        let mut market = Self {
            random,
            instruments,
            time: 0.0,
            excitement: 0.0,
            repeat_at: REPEAT,
            repeat_next: 0,
            sequence: 0,
            pending: VecDeque::new(),
        };
        (0..INSTRUMENTS).for_each(|number| market.tell_book(number));
        market
    }

    /// Lets time pass until the next event, and makes it.
    fn event(&mut self) {
        // By thinning: the rate only falls between events, so its value now bounds it.
        loop {
            let bound = BASE + self.excitement;
            let passed = -(1.0 - self.random.f64()).ln() / bound;
            self.time += passed;
            self.excitement *= (-passed / MEMORY).exp();
            if self.random.f64() * bound < BASE + self.excitement {
                break;
            }
        }
        self.excitement += OFFSPRING / MEMORY;
        if self.now() >= self.repeat_at {
            self.repeat_at += REPEAT;
            self.tell_book(self.repeat_next);
            self.repeat_next = (self.repeat_next + 1) % INSTRUMENTS;
        }
        // The number of leading coin tosses that fail: each instrument is half as busy as the one
        // before, the last four alike.
        let number = match self.random.u32(0..1 << 16).leading_zeros() as usize - 16 {
            quiet if quiet >= 4 => self.random.usize(4..INSTRUMENTS),
            busy => busy,
        };
        if self.random.u64(0..100) < MOVES { self.move_price(number) } else { self.change_level(number) }
    }

    fn change_level(&mut self, number: usize) {
        let side = self.random.u8(0..2);
        let level = (self.random.u32(0..1 << 8).leading_zeros() as usize - 24).min(LEVELS - 1);
        self.instruments[number].quantities[usize::from(side)][level] = quantity(&mut self.random);
        self.tell(number, side, level, true);
    }

    fn move_price(&mut self, number: usize) {
        let instrument = &mut self.instruments[number];
        // One tick away from home is as likely as one towards it, a hundred ticks away never.
        let away = (instrument.bid - instrument.home) as f64 / 100.0;
        let up = self.random.f64() < 0.5 - away / 2.0;
        instrument.bid += if up { 1 } else { -1 };
        for (side, quantities) in instrument.quantities.iter_mut().enumerate() {
            // The side that is moved into loses its best level, the other one gets a new best.
            if (side == usize::from(MarketUpdate::ASK)) == up {
                quantities.rotate_left(1);
                quantities[LEVELS - 1] = quantity(&mut self.random);
            } else {
                quantities.rotate_right(1);
                quantities[0] = quantity(&mut self.random);
            }
        }
        self.tell_book(number);
    }

    fn tell_book(&mut self, number: usize) {
        for side in [MarketUpdate::BID, MarketUpdate::ASK] {
            (0..LEVELS)
                .for_each(|level| self.tell(number, side, level, side == MarketUpdate::ASK && level == LEVELS - 1));
        }
    }

    fn tell(&mut self, number: usize, side: u8, level: usize, last: bool) {
        let instrument = &self.instruments[number];
        let price = match side {
            MarketUpdate::BID => instrument.bid - level as i64,
            _ => instrument.bid + 1 + level as i64,
        };
        let quantity = instrument.quantities[usize::from(side)][level];
        self.pending.push_back(MarketUpdate {
            sent_at: 0,
            venue_at: self.now(),
            venue_sequence: self.sequence,
            price,
            quantity,
            instrument: number as u16,
            level: level as u8,
            side,
            last: u32::from(last),
            orders: 1 + quantity / 20,
        });
        self.sequence += 1;
    }

    fn now(&self) -> u64 {
        (self.time * 1e9) as u64
    }
}

impl Iterator for Market {
    type Item = MarketUpdate;

    fn next(&mut self) -> Option<MarketUpdate> {
        while self.pending.is_empty() {
            self.event();
        }
        self.pending.pop_front()
    }
}

/// Small ones are common, large ones rare.
fn quantity(random: &mut Rng) -> u32 {
    1 + (-(1.0 - random.f64()).ln() * 40.0) as u32
}

fn quantities(random: &mut Rng) -> [u32; LEVELS] {
    std::array::from_fn(|_| quantity(random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Book;

    #[test]
    fn the_same_seed_makes_the_same_market() {
        let some = |seed| Market::new(seed).take(10_000).collect::<Vec<_>>();
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
    }

    #[test]
    fn books_are_whole_and_events_come_at_the_rate_promised() {
        let mut books = [Book::default(); INSTRUMENTS];
        let mut last = MarketUpdate::default();
        for (n, update) in (0..).zip(Market::new(7).take(400_000)) {
            assert_eq!(update.venue_sequence, n);
            assert!(update.venue_at >= last.venue_at && update.quantity > 0);
            let book = &mut books[usize::from(update.instrument)];
            if book.apply(&update) {
                assert_eq!(book.bid().price + 1, book.ask().price, "{update:?}");
            }
            last = update;
        }
        assert!(books.iter().all(Book::is_known));
        let rate = 400_000.0 / (last.venue_at as f64 / 1e9);
        assert!((0.8..1.25).contains(&(rate / RATE)), "{rate} updates a second");
    }
}
