//! Reading the whole system without any part of it noticing.

use super::events::Events;
use super::picture::{HOPS, Instrument, Latency, Orders, PERCENTILES, Picture, Process, State};
use crate::agent::{ROLES, Role};
use crate::model::MODELS;
use crate::session::Session;
use anyhow::Result;
use hdrhistogram::Histogram;
use icc_examples::book::Book;
use icc_examples::clock;
use icc_examples::messages::{INSTRUMENTS, Ideal, MarketUpdate, NAMES, OrderRequest, Position, Report, Status};
use icc_queue::{Consumer, QueueReader, Recovery};
use icc_trace::{Reader, Stamped};
use icc_vector::VectorReader;

/// After so long without a word a process is silent, in nanoseconds: on a busy machine it may have
/// to wait for a core.
const SILENCE: u64 = 400_000_000;
/// Percentiles are of the last one to two of these, in nanoseconds.
const WINDOW: u64 = 5_000_000_000;

pub(super) struct Observer {
    statuses: VectorReader<Status>,
    ideals: VectorReader<Stamped<Ideal>>,
    positions: VectorReader<Position>,
    orders: QueueReader<Stamped<OrderRequest>>,
    timings: Reader,
    market: Consumer<MarketUpdate>,
    reports: Consumer<Report>,
    books: [Book; INSTRUMENTS],
    totals: Orders,
    /// Of the window that is being filled, and of the one before.
    hops: [[Histogram<u64>; HOPS.len()]; 2],
    window_ends: u64,
    began: u64,
    events: Events,
    before: (u64, [Status; ROLES.len()]),
}

impl Observer {
    /// Attaches, read-only in all.
    pub(super) fn attach(session: &Session) -> Result<Self> {
        let now = clock::now();
        let statuses = session.read_statuses()?;
        let before = (now, std::array::from_fn(|slot| statuses.read(slot).unwrap_or_default()));
        // Up to a minute; two digits.
        let histogram = Histogram::new_with_bounds(1, 60_000_000_000, 2)?;
        Ok(Self {
            statuses,
            ideals: session.read_ideals()?,
            positions: session.read_positions()?,
            orders: session.read_orders()?,
            timings: session.read_hops()?,
            // It only cares for what is now.
            market: session.read_market()?.consumer().with_recovery(Recovery::Newest),
            reports: session.read_reports()?.consumer(),
            books: Default::default(),
            totals: Orders::default(),
            hops: std::array::from_fn(|_| std::array::from_fn(|_| histogram.clone())),
            window_ends: now + WINDOW,
            began: now,
            events: Events::default(),
            before,
        })
    }

    /// Reads what has come. To be called often.
    pub(super) fn read(&mut self) {
        let now = clock::now();
        if now >= self.window_ends {
            self.window_ends = now + WINDOW;
            self.hops.swap(0, 1);
            self.hops[0].iter_mut().for_each(Histogram::reset);
        }
        for update in self.market.drain() {
            match update {
                Ok(update) => {
                    if let Some(book) = self.books.get_mut(usize::from(update.instrument)) {
                        book.apply(&update);
                    }
                }
                Err(_) => self.books.iter_mut().for_each(Book::forget),
            }
        }
        for report in self.reports.drain() {
            match report {
                Ok(Report { refusal, .. }) => {
                    *if refusal == 0 { &mut self.totals.filled } else { &mut self.totals.refused } += 1;
                }
                Err(lost) => self.totals.unknown += lost.count(),
            }
        }
        let (names, histograms) = (self.timings.names().to_vec(), &mut self.hops[0]);
        self.timings.read(|timing| {
            let Some(name) = names.get(timing.hop()) else { return };
            for (histogram, hop) in histograms.iter_mut().zip(HOPS) {
                if hop.of.contains(&name.as_str()) {
                    histogram.saturating_record((hop.time)(&timing).as_nanos() as u64);
                }
            }
        });
    }

    /// How everything is now.
    pub(super) fn picture(&mut self) -> Picture {
        self.read();
        let now = clock::now();
        let seconds = now.saturating_sub(self.before.0).max(1) as f64 / 1e9;
        // One that was killed just while it wrote its status is shown as it was before.
        let statuses = std::array::from_fn(|slot| self.statuses.read(slot).unwrap_or(self.before.1[slot]));
        let parts = ROLES.iter().zip(statuses.iter().zip(&self.before.1));
        let processes: Vec<_> =
            parts.map(|(&role, (status, before))| process(role, status, before, now, seconds)).collect();
        self.before = (now, statuses);
        let at = now.saturating_sub(self.began) as f64 / 1e9;
        self.events.see(at, &processes);
        let (newest, count) = self.events.newest();
        Picture {
            at,
            processes,
            hops: (0..HOPS.len()).map(|hop| self.latency(hop)).collect(),
            instruments: (0..INSTRUMENTS).map(|instrument| self.instrument(instrument)).collect(),
            orders: Orders { sent: self.orders.produced(), ..self.totals },
            events: (newest.iter().cloned().collect(), count),
        }
    }

    fn latency(&self, hop: usize) -> Latency {
        let mut both = self.hops[0][hop].clone();
        // Cannot fail: both have the same bounds.
        let _ = both.add(&self.hops[1][hop]);
        let values = PERCENTILES.map(|(_, percentile)| both.value_at_percentile(percentile));
        Latency { hop: HOPS[hop], count: both.len(), values }
    }

    fn instrument(&self, instrument: usize) -> Instrument {
        let book = &self.books[instrument];
        let position = self.positions.read(instrument).ok();
        // In half ticks times lots, so halved.
        let profit = |position: Position| {
            let middle = if book.is_known() { book.middle() } else { position.middle };
            (2 * position.cash + position.quantity * middle) as f64 / 2.0
        };
        Instrument {
            name: NAMES[instrument],
            market: book.is_known().then(|| (book.bid().price, book.ask().price)),
            ideal: MODELS
                .map(|model| self.ideals.read(model.slot(instrument)).ok().map(|ideal| ideal.payload.quantity)),
            live: position.map(|position| position.quantity),
            fills: position.map_or(0, |position| position.fills),
            profit: position.map(profit),
        }
    }
}

fn process(role: Role, status: &Status, before: &Status, now: u64, seconds: f64) -> Process {
    let silent = now.saturating_sub(status.alive_at);
    let state = match status.alive_at {
        0 => State::Absent,
        _ if silent > SILENCE => State::Silent(silent as f64 / 1e9),
        _ => State::Live,
    };
    // A process that was started in between counts from 0.
    let base = if status.starts == before.starts { *before } else { Status::default() };
    let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
    Process {
        role,
        state,
        pid: status.pid,
        starts: status.starts,
        uptime: status.alive_at.saturating_sub(status.started_at) as f64 / 1e9,
        received: status.received,
        sent: status.sent,
        lost: status.lost,
        lag: (role != Role::Feed && state == State::Live).then_some(status.lag),
        received_rate: rate(status.received, base.received),
        sent_rate: rate(status.sent, base.sent),
    }
}
