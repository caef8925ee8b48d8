//! From a queue to a file.

use anyhow::Result;
use icc_examples::messages::MarketUpdate;
use icc_examples::recording::Writer;
use icc_queue::{ConsumeTimeoutError, Consumer, SpinThenSleep};
use std::fmt;
use std::fs::File;
use std::io::BufWriter;
use std::time::{Duration, Instant};

/// How long messages stay in this process before the system has them, if few come: what a kill can cost.
const FLUSH: Duration = Duration::from_millis(100);

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Recorded {
    messages: u64,
    lost: u64,
    bytes: u64,
    seconds: f64,
}

/// Records all that comes until `enough` says so, which is told how many messages there are.
///
/// The consumer's default policy is the right one: when it is too slow it goes on with the oldest message that is safe, and so loses
/// the least.
pub(crate) fn record(
    mut consumer: Consumer<MarketUpdate>,
    file: File,
    mut enough: impl FnMut(u64) -> bool,
) -> Result<Recorded> {
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, file))?;
    let mut message = MarketUpdate::default();
    let (began, mut flushed) = (Instant::now(), Instant::now());
    while !enough(writer.messages()) {
        // It may be late, as long as it does not fall behind by the whole ring: so it sleeps while nothing comes.
        match consumer.consume_into_timeout(&mut message, &mut SpinThenSleep::default(), FLUSH) {
            Ok(sequence) => writer.message(sequence, &message)?,
            Err(ConsumeTimeoutError::SpedPast(lost)) => writer.gap(lost)?,
            Err(ConsumeTimeoutError::TimedOut { .. }) => {}
        }
        if flushed.elapsed() > FLUSH {
            writer.flush()?;
            flushed = Instant::now();
        }
    }
    let file = writer.finish()?.into_inner()?;
    file.sync_all()?;
    Ok(Recorded {
        messages: consumer.received(),
        lost: consumer.lost(),
        bytes: file.metadata()?.len(),
        seconds: began.elapsed().as_secs_f64(),
    })
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, lost, bytes, seconds } = self;
        write!(f, "recorded {messages} messages in {seconds:.3} s, {lost} lost: {bytes} bytes")
    }
}
