//! A model: sees the market and says what it would like to have. How to get it is not its business.

use crate::Common;
use crate::agent::{Agent, PATIENCE, Role};
use crate::session::Session;
use anyhow::Result;
use clap::ValueEnum;
use icc_examples::book::Book;
use icc_examples::clock;
use icc_examples::messages::{INSTRUMENTS, Ideal, MarketUpdate};
use icc_queue::ConsumeTimeoutError;
use icc_trace::Stamped;

/// The most that a model wants of an instrument, in lots.
const MOST: f64 = 10.0;

/// The models there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Model {
    /// Follows the price.
    Trend,
    /// Looks at which side of the book is heavier.
    Imbalance,
}

/// All of them. The index is which part of the vector of ideal positions each owns.
pub(crate) const MODELS: [Model; 2] = [Model::Trend, Model::Imbalance];

impl Model {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trend => "trend",
            Self::Imbalance => "imbalance",
        }
    }

    /// The slot of an instrument's ideal position.
    pub(crate) fn slot(self, instrument: usize) -> usize {
        self as usize * INSTRUMENTS + instrument
    }
}

pub(crate) fn run(common: &Common, model: Model) -> Result<()> {
    let session = Session::new(&common.session)?;
    let mut agent = Agent::start(&session, Role::Model(model), common)?;
    let mut consumer = session.read_market()?.consumer();
    // Its own slots and no others.
    let mut ideals = session.ideals()?.writer_of(model.slot(0)..model.slot(INSTRUMENTS))?;
    // Nothing wanted yet. This also fixes a slot that the process before left half-written.
    for slot in ideals.range() {
        ideals.write(slot, &Stamped::default())?;
    }

    let mut hop = session.hop(model.name())?;

    let mut books = [Book::default(); INSTRUMENTS];
    let mut opinions = [Opinion::default(); INSTRUMENTS];
    let mut update = MarketUpdate::default();
    let mut wait = common.wait;
    loop {
        match consumer.consume_into_timeout(&mut update, &mut wait, PATIENCE) {
            Ok(_) => {
                // The market carries no stamps but the feed's own: the cause enters the system here, and was
                // under way since then.
                let arrival = hop.enter_at(update.sent_at);
                let instrument = usize::from(update.instrument);
                if instrument < INSTRUMENTS && books[instrument].apply(&update) {
                    let book = &books[instrument];
                    if let Some(quantity) = opinions[instrument].changed(model, book) {
                        let ideal = Ideal { quantity, middle: book.middle(), decided_on: update.sent_at };
                        hop.pass(arrival, ideal, |ideal| ideals.write(model.slot(instrument), ideal))?;
                        agent.status.sent += 1;
                    }
                }
            }
            // A book with a level missing is wrong: it waits until the feed has repeated all.
            Err(ConsumeTimeoutError::SpedPast(_)) => books.iter_mut().for_each(Book::forget),
            Err(ConsumeTimeoutError::TimedOut { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if !agent.goes_on_after(&consumer, clock::now())? {
            return Ok(());
        }
    }
}

/// What a model thinks of one instrument.
#[derive(Clone, Copy, Debug, Default)]
struct Opinion {
    /// Averages that forget, a quick one and a slow one.
    quick: f64,
    slow: f64,
    seen: u64,
    wanted: i64,
}

impl Opinion {
    /// Takes the book in. What is wanted now, if that is something else than before.
    fn changed(&mut self, model: Model, book: &Book) -> Option<i64> {
        let (value, scale) = match model {
            Model::Trend => (book.middle() as f64, 4.0),
            Model::Imbalance => {
                let (bids, asks) = book.depths();
                ((bids as f64 - asks as f64) / (bids + asks) as f64, 40.0)
            }
        };
        if self.seen == 0 {
            (self.quick, self.slow) = (value, value);
        }
        self.seen += 1;
        self.quick += (value - self.quick) / 20.0;
        self.slow += (value - self.slow) / 200.0;
        let wish = ((self.quick - self.slow) * scale).clamp(-MOST, MOST);
        // Not for every whim: only if it differs by more than half a lot.
        if (wish - self.wanted as f64).abs() < 0.75 {
            return None;
        }
        self.wanted = wish.round() as i64;
        Some(self.wanted)
    }
}
