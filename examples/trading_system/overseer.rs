//! The overseer: compares what the models want with what the account has, and orders the
//! difference.

use crate::Common;
use crate::agent::{Agent, Idle, Role};
use crate::model::MODELS;
use crate::session::Session;
use anyhow::Result;
use icc_examples::clock;
use icc_examples::messages::{INSTRUMENTS, Ideal, OrderRequest, Position};
use icc_queue::{Mpmc, Producer};
use icc_trace::{Arrival, Hop, Stamped};
use icc_vector::VectorReader;

/// Lots in one order.
const MOST: i64 = 10;
/// Ticks beyond the middle that it is ready to pay.
const PATIENCE_TICKS: i64 = 3;
/// How long an order may be without a report before it is taken for lost, in nanoseconds: the
/// account handler was killed.
const OPEN: u64 = 250_000_000;
/// How often it looks at every instrument, also where nothing changed, in nanoseconds.
const ROUND: u64 = 50_000_000;

pub(crate) fn run(common: &Common) -> Result<()> {
    let session = Session::new(&common.session)?;
    let mut agent = Agent::start(&session, Role::Overseer, common)?;
    // All that was ever wanted is a change for one who comes new.
    let mut changes = session.read_ideals()?.changes();
    let mut reports = session.read_reports()?.consumer();
    let mut desk = Desk {
        wanted: [[Ideal::default(); INSTRUMENTS]; MODELS.len()],
        open: [None; INSTRUMENTS],
        positions: session.read_positions()?,
        orders: session.orders()?.producer()?,
        hop: session.hop("overseer")?,
        // No id of the process before comes again.
        next_id: u64::from(agent.status.starts) << 40,
    };
    let mut idle = Idle::new(common.wait);
    let mut round_at = 0;
    let mut news = false;
    loop {
        let mut found = false;
        for report in reports.drain() {
            found = true;
            // A report that was lost is missed soon enough: its order is taken for lost.
            if let Ok(report) = report {
                desk.close(report.instrument as usize, report.id);
            }
        }
        for change in changes.poll() {
            found = true;
            let (model, instrument) = (change.index / INSTRUMENTS, change.index % INSTRUMENTS);
            desk.wanted[model][instrument] = change.value.payload;
            // What it finds when it begins is old: no measure of how quick anybody is.
            let arrival = if news { desk.hop.arrive(&change.value) } else { Arrival::untraced() };
            agent.status.sent += u64::from(desk.order(instrument, arrival, clock::now()));
        }
        news = true;
        let now = clock::now();
        if now >= round_at {
            round_at = now + ROUND;
            for instrument in 0..INSTRUMENTS {
                agent.status.sent += u64::from(desk.order(instrument, Arrival::untraced(), now));
            }
        }
        if !agent.goes_on_after(&reports, now)? {
            return Ok(());
        }
        idle.after(found);
    }
}

/// What it knows.
struct Desk {
    wanted: [[Ideal; INSTRUMENTS]; MODELS.len()],
    /// The order that is under way for each instrument: its id, and when it was sent.
    open: [Option<(u64, u64)>; INSTRUMENTS],
    positions: VectorReader<Position>,
    orders: Producer<Stamped<OrderRequest>, Mpmc>,
    hop: Hop,
    next_id: u64,
}

impl Desk {
    /// A report on this order has come. The live position has been brought up to date before that.
    fn close(&mut self, instrument: usize, id: u64) {
        if let Some(open) = self.open.get_mut(instrument) {
            // An operator's orders have other ids.
            open.take_if(|(open, _)| *open == id);
        }
    }

    /// Orders what is missing of an instrument, if anything is and nothing is under way. Whether it
    /// did.
    fn order(&mut self, instrument: usize, arrival: Arrival, now: u64) -> bool {
        self.open[instrument].take_if(|(_, sent)| now > *sent + OPEN);
        if self.open[instrument].is_some() {
            return false;
        }
        // Without a live position nothing is ordered: the account handler was killed just while it
        // wrote it.
        let Ok(position) = self.positions.read(instrument) else { return false };
        let wanted: i64 = self.wanted.iter().map(|model| model[instrument].quantity).sum();
        let quantity = (wanted - position.quantity).clamp(-MOST, MOST);
        // The newest opinion of where the market is.
        let newest = self.wanted.iter().map(|model| model[instrument]).max_by_key(|ideal| ideal.decided_on);
        let middle = newest.map_or(0, |ideal| ideal.middle);
        if quantity == 0 || middle == 0 {
            return false;
        }
        let limit = middle / 2 + quantity.signum() * PATIENCE_TICKS;
        let id = self.next_id;
        self.next_id += 1;
        self.open[instrument] = Some((id, now));
        let request =
            OrderRequest { id, quantity, limit, instrument: instrument as u32, sender: OrderRequest::OVERSEER };
        self.hop.pass(arrival, request, |request| self.orders.produce(request));
        true
    }
}
