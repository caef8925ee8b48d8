//! What readers cost the writer: one core writes back to back, another polls any number of readers in one thread.
//!
//! A sample is the mean of a batch of writes. The writer takes turns between two messages, made beforehand, and the
//! readers check every value they get against its version. Messages and cell lie as in [`copy_cost`](super::copy_cost).

use std::hint::black_box;
use std::time::Duration;

use icc_seqlock::{Reader, Seqlock};

use super::copy_cost::{Buffer, Place};
use super::one_way_latency::RoundError;
use super::{Rig, Round, time_batches};
use crate::message::Message;
use crate::pair::{self, Stop};
use crate::rounds::Plan;

/// The scenario's name in tables, in JSON and on the command line.
pub const NAME: &str = "fan_out";

/// Long enough for steady figures.
pub const FULL: Plan = Plan {
    rounds: 15,
    retries: 15,
    retry_until: Duration::from_secs(60),
    round: Duration::from_millis(100),
    baseline: Duration::from_millis(100),
};

/// Under half a minute in all.
pub const QUICK: Plan = Plan { rounds: 7, retries: 14, retry_until: Duration::from_secs(20), ..FULL };

/// Polls of each reader between two looks at the stop flag.
const POLLS_PER_LOOK: u32 = 1 << 8;

/// Measures one round of about `length` with so many readers.
///
/// # Errors
///
/// [`RoundError`] if a thread cannot be pinned, or a reader gets a value that was never written.
pub fn round<T: Message, const READERS: usize>(rig: &Rig, length: Duration) -> Result<Round, RoundError> {
    let mut messages = Box::new([Buffer(T::zeroed()), Buffer(T::zeroed())]);
    messages.iter_mut().zip(0..).for_each(|(message, number)| message.0.fill(number));
    let mut place = Place::new(Seqlock::new(messages[0].0));
    let (writer, reader) = place.cell.split();
    let readers = [reader; READERS];
    let (round, _) = pair::run(
        rig.cores,
        |stop| {
            let mut writer = black_box(writer);
            // The cell stands at version 0 with message 0; the n-th write makes it 2 n.
            let mut turn = 0;
            let going = || !stop.is_asked();
            Ok(time_batches(&rig.stopwatch, length, going, || {
                turn ^= 1;
                writer.write(black_box(&messages[turn].0));
            }))
        },
        |stop| poll(readers, stop),
    )?;
    Ok(round)
}

fn poll<T: Message, const READERS: usize>(readers: [Reader<'_, T>; READERS], stop: &Stop) -> Result<(), RoundError> {
    let mut seen = [0; READERS];
    let mut value = T::zeroed();
    while !stop.is_asked() {
        for _ in 0..POLLS_PER_LOOK {
            for (reader, seen) in readers.iter().zip(&mut seen) {
                if let Some(version) = reader.read_into_if_newer(*seen, &mut value) {
                    *seen = version;
                    value.check(version / 2 % 2)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Stopwatch;
    use crate::pin::{self, Cores};

    #[test]
    fn a_round_is_measured_with_and_without_readers() {
        let &[first, second, ..] = pin::available_cores().as_slice() else {
            eprintln!("skipped: this needs two cores");
            return;
        };
        let cores = Cores { first, second };
        let rig = Rig { cores, stopwatch: Stopwatch::calibrate(), patience: Duration::from_secs(2) };
        let length = Duration::from_millis(5);
        let rounds = [
            round::<[u64; 15], 0>(&rig, length),
            round::<[u64; 15], 1>(&rig, length),
            round::<[u64; 15], 2>(&rig, length),
        ];
        for round in rounds {
            let round = round.unwrap();
            assert!(round.samples > 0 && round.p50_ns > 0.0, "{round:?}");
        }
    }

    #[test]
    fn a_reader_that_gets_what_was_not_written_says_so() {
        let mut messages = [[0_u64; 15]; 2];
        messages.iter_mut().zip(0..).for_each(|(message, number)| message.fill(number));
        let mut cell = Seqlock::new(messages[0]);
        let (mut writer, reader) = cell.split();
        // The first write should be of message 1.
        writer.write(&messages[0]);
        let polled = poll([reader], &Stop::default());
        assert!(matches!(polled, Err(RoundError::Garbled(_))), "{polled:?}");
    }
}
