//! The account handler: checks order requests against limits, fills them at the market, and keeps
//! the live positions.
//!
//! In earnest it would pass orders on to a venue. Here it is the venue too: a request that the
//! market meets is filled at once, for as many lots as the best price has.

use crate::Common;
use crate::agent::{Agent, Idle, Role};
use crate::session::{Positions, Session};
use anyhow::{Context as _, Result};
use icc_examples::book::Book;
use icc_examples::clock;
use icc_examples::messages::{INSTRUMENTS, OrderRequest, Position, Refusal, Report};
use icc_queue::TryConsumeError;
use icc_vector::{SingleWriter, Writer};

/// The most lots in one order.
const ORDER: u64 = 20;
/// The most lots of one instrument.
const POSITION: u64 = 50;

pub(crate) fn run(common: &Common) -> Result<()> {
    let session = Session::new(&common.session)?;
    let mut agent = Agent::start(&session, Role::Account, common)?;
    let mut market = session.read_market()?.consumer();
    // From now on: what was asked of the process before it was killed is not worth its price any
    // more.
    let mut orders = session.read_orders()?.consumer();
    let mut reports = session.reports()?.producer()?;
    let mut account = Account::open(&session)?;
    let mut hop = session.hop("account")?;
    let mut idle = Idle::new(common.wait);
    loop {
        let mut found = false;
        for update in market.drain() {
            found = true;
            match update {
                Ok(update) => account.see(&update),
                Err(_) => account.books.iter_mut().for_each(Book::forget),
            }
        }
        match orders.try_consume() {
            Ok(request) => {
                found = true;
                let arrival = hop.arrive(&request);
                let request = request.payload;
                let (filled, price, refusal) = match account.fill(&request) {
                    Ok((filled, price)) => (filled, price, 0),
                    Err(refusal) => (0, 0, refusal as u32),
                };
                if filled != 0 {
                    account.write(request.instrument as usize)?;
                }
                let OrderRequest { id, instrument, .. } = request;
                let report = Report { id, filled, price, instrument, refusal };
                // Here the way ends: reports carry no stamps.
                hop.pass(arrival, report, |report| reports.produce(&report.payload));
                agent.status.sent += 1;
            }
            Err(TryConsumeError::SpedPast(_)) => found = true,
            Err(TryConsumeError::Empty) => {}
        }
        if !agent.goes_on_after(&orders, clock::now())? {
            return Ok(());
        }
        idle.after(found);
    }
}

struct Account {
    books: [Book; INSTRUMENTS],
    positions: [Position; INSTRUMENTS],
    /// Every position has two slots, written one after the other: a kill in the middle of a write
    /// takes one of them at most.
    writer: Writer<Position, SingleWriter>,
}

impl Account {
    /// Goes on with the positions that the process before has left.
    fn open(session: &Session) -> Result<Self> {
        let vector: Positions = session.positions()?;
        let writer = vector.writer()?;
        let mut account = Self { books: Default::default(), positions: Default::default(), writer };
        for instrument in 0..INSTRUMENTS {
            let position = vector.read(instrument).or_else(|_| vector.read(INSTRUMENTS + instrument));
            account.positions[instrument] =
                position.context("a position is lost: both of its slots were half-written")?;
            account.write(instrument)?;
        }
        Ok(account)
    }

    fn see(&mut self, update: &icc_examples::messages::MarketUpdate) {
        if let Some(book) = self.books.get_mut(usize::from(update.instrument)) {
            book.apply(update);
        }
    }

    /// Lots and price of what came of the request.
    fn fill(&mut self, request: &OrderRequest) -> Result<(i64, i64), Refusal> {
        let (Some(position), quantity @ (1.. | ..=-1)) =
            (self.positions.get_mut(request.instrument as usize), request.quantity)
        else {
            return Err(Refusal::Invalid);
        };
        let book = &self.books[request.instrument as usize];
        if quantity.unsigned_abs() > ORDER {
            return Err(Refusal::OrderTooLarge);
        }
        if (position.quantity + quantity).unsigned_abs() > POSITION {
            return Err(Refusal::PositionTooLarge);
        }
        if !book.is_known() {
            return Err(Refusal::NoMarket);
        }
        let best = if quantity > 0 { book.ask() } else { book.bid() };
        if (request.limit - best.price) * quantity.signum() < 0 {
            return Err(Refusal::NotAtLimit);
        }
        let filled = quantity.signum() * quantity.abs().min(i64::from(best.quantity));
        position.quantity += filled;
        position.cash -= filled * best.price;
        position.fills += 1;
        position.middle = book.middle();
        Ok((filled, best.price))
    }

    fn write(&mut self, instrument: usize) -> Result<()> {
        for slot in [instrument, INSTRUMENTS + instrument] {
            self.writer.write(slot, &self.positions[instrument])?;
        }
        Ok(())
    }
}
