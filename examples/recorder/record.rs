//! From a queue to a file.

use anyhow::Result;
use icc_examples::messages::MarketUpdate;
use icc_examples::recording::{Reader, RecordingError, Writer};
use icc_queue::{ConsumeTimeoutError, Consumer, Lost, Position, QueueReader, SpinThenSleep, StartError};
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Read};
use std::time::{Duration, Instant};

/// How long messages stay in this process before the system has them, if few come: what a kill can
/// cost.
const FLUSH: Duration = Duration::from_millis(100);

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Recorded {
    messages: u64,
    lost: u64,
    bytes: u64,
    seconds: f64,
}

/// A consumer that goes on where an earlier recording ended, and where that is.
///
/// What the queue no longer has is a gap at the beginning of the new recording. A queue that was
/// removed and made anew starts over, also with its sequence numbers: all its messages are new.
pub(crate) fn continuing(
    queue: &QueueReader<MarketUpdate>,
    mut earlier: Reader<MarketUpdate, impl Read>,
) -> Result<(Consumer<MarketUpdate>, Position)> {
    for event in earlier.by_ref() {
        match event {
            Ok(_) | Err(RecordingError::CutOff { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let ended = earlier.position();
    match queue.consumer_at(ended) {
        Ok(consumer) => Ok((consumer, ended)),
        Err(StartError::Gone { .. }) => Ok((queue.consumer_from_oldest(), ended)),
        Err(StartError::OtherInstance { .. }) => {
            println!("the queue is not the one recorded earlier, it was made anew: starting with its oldest message");
            let consumer = queue.consumer_from_oldest();
            let start = consumer.position();
            Ok((consumer, start))
        }
        Err(error) => Err(error.into()),
    }
}

/// Records all that comes until `enough` says so, which is told how many messages there are.
///
/// The recording begins at `start`: messages between that and the consumer's first one are lost.
///
/// The consumer's default policy is the right one: when it is too slow it goes on with the oldest
/// message that is still there, and so loses the least.
pub(crate) fn record(
    mut consumer: Consumer<MarketUpdate>,
    start: Position,
    file: File,
    mut enough: impl FnMut(u64) -> bool,
) -> Result<Recorded> {
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, file), start)?;
    let missed = Lost { first: start.sequence, next: consumer.next_sequence() };
    if missed.count() > 0 {
        writer.gap(missed)?;
    }
    let mut message = MarketUpdate::default();
    let (began, mut flushed) = (Instant::now(), Instant::now());
    while !enough(writer.messages()) {
        // It may be late, as long as it does not fall behind by the whole ring: so it sleeps while
        // nothing comes.
        match consumer.consume_into_timeout(&mut message, &mut SpinThenSleep::default(), FLUSH) {
            Ok(sequence) => writer.message(sequence, &message)?,
            Err(ConsumeTimeoutError::SpedPast(lost)) => writer.gap(lost)?,
            Err(ConsumeTimeoutError::TimedOut { .. }) => {}
            Err(error) => return Err(error.into()),
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
        lost: missed.count() + consumer.lost(),
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
