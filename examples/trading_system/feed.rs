//! The feed: sends market data to whoever listens, and knows nothing of them.

use crate::Common;
use crate::agent::{Agent, Idle, Role};
use crate::session::Session;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use icc_cli::recording::{Event, Reader};
use icc_examples::clock;
use icc_examples::market::Market;
use icc_examples::messages::MarketUpdate;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// The market that everybody gets who does not ask for another.
pub(crate) const SEED: u64 = 20;

/// If it is later than this, in nanoseconds, it does not catch up: it was stopped.
const LATE: u64 = 100_000_000;

/// What to send.
#[derive(Args, Clone, Debug)]
pub(crate) struct Feed {
    /// How many times as fast as it was. At 1, some 20,000 updates a second.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) speed: f64,
    /// A file that `icc record` made of such a market, to be sent in place of the generated market.
    #[arg(long)]
    pub(crate) recording: Option<PathBuf>,
}

/// Sends updates when they are due. A feed that was killed and started again begins anew, as a
/// venue's does after a reconnect: with the whole book of every instrument.
pub(crate) fn run(common: &Common, feed: &Feed) -> Result<()> {
    ensure!(feed.speed > 0.0 && feed.speed.is_finite(), "a speed of {} was asked for: it must be above 0", feed.speed);
    let session = Session::new(&common.session)?;
    let mut agent = Agent::start(&session, Role::Feed, common)?;
    // One producer at a time: had another feed it, this would be refused. One that was killed does
    // not.
    let mut producer = session.market()?.producer()?;
    let stamps = icc_trace::Clock::shared()?;
    let mut idle = Idle::new(common.wait);
    let mut began = clock::now();
    for timed in source(&feed.recording)? {
        let (at, mut update) = timed?;
        let after = (at as f64 / feed.speed) as u64;
        let mut now = clock::now();
        while now < began + after {
            if !agent.goes_on(now)? {
                return Ok(());
            }
            idle.after(false);
            now = clock::now();
        }
        idle.after(true);
        if now > began + after + LATE {
            began = now - after;
        }
        update.sent_at = stamps.now();
        producer.produce(&update);
        agent.status.sent += 1;
        if !agent.goes_on(now)? {
            return Ok(());
        }
    }
    Ok(())
}

/// An update, and how many nanoseconds after the first it is due.
type Timed = Result<(u64, MarketUpdate)>;

/// All updates.
fn source(recording: &Option<PathBuf>) -> Result<Box<dyn Iterator<Item = Timed>>> {
    let Some(path) = recording else {
        return Ok(Box::new(Market::new(SEED).map(|update| Ok((update.venue_at, update)))));
    };
    let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    let mut reader = Reader::new(BufReader::new(file))?;
    reader.header().check::<MarketUpdate>()?;
    let mut first = None;
    Ok(Box::new(std::iter::from_fn(move || {
        loop {
            match reader.next() {
                Ok(Some(event @ Event::Message { at, .. })) => {
                    let update = event.message().expect("a message, as the header says");
                    return Some(Ok((at - *first.get_or_insert(at), update)));
                }
                Ok(Some(Event::Gap { .. })) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error.into())),
            }
        }
    })))
}
