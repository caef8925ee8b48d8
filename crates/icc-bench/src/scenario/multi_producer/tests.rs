//! The accounting at the end of a round, and a round itself.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::targets::queue::MpmcQueue;

#[test]
fn a_round_and_its_reference_are_measured() {
    let Some(setup) = TestSetup::on_two_cores() else { return };
    let length = Duration::from_millis(20);
    for round in [fetch_add_round(&setup, length), round::<[u64; 7], MpmcQueue>(&setup, length)] {
        let round = round.unwrap();
        assert!(round.samples > 0 && round.p50_ns > 0.0, "{round:?}");
    }
}

#[test]
fn rates_add_up() {
    let share = |count| Share { batches: 1, count, time: Duration::from_micros(1) };
    // 100 in a microsecond are 10 ns each, 300 are 3.3; together 400, which is 5 ns each.
    assert!((together(&share(100), &share(300)).p50_ns - 5.0).abs() < 1e-9);
}

/// What successive polls find; then nothing.
struct Script(Vec<Polled>, Vec<u64>);

impl Receiver<[u64; 7]> for Script {
    fn poll(&mut self, into: &mut [u64; 7]) -> Polled {
        if self.0.is_empty() {
            return Polled::Empty;
        }
        let polled = self.0.remove(0);
        if polled == Polled::Message {
            into.fill(self.1.remove(0));
        }
        polled
    }
}

fn accounted(lost: u64, sequences: &[u64], produced: [u64; 2]) -> Result<(), RoundError> {
    let polls = std::iter::once(Polled::Lost(lost)).chain(sequences.iter().map(|_| Polled::Message));
    account(&mut Script(polls.collect(), sequences.to_vec()), produced)
}

#[test]
fn what_is_missing_repeated_or_out_of_order_is_found() {
    // Messages 2 and 3 of the first producer (even numbers), 1 of the second.
    let sequences = [4, 3, 6];
    accounted(1, &sequences, [3, 1]).unwrap();
    for lost in [0, 2] {
        let error = accounted(lost, &sequences, [3, 1]).unwrap_err();
        assert!(matches!(error, RoundError::Unaccounted { produced: 4, .. }), "{error}");
    }
    for wrong in [[6, 3, 4], [4, 3, 4], [4, 3, 8]] {
        let error = accounted(1, &wrong, [3, 1]).unwrap_err();
        assert!(matches!(error, RoundError::OutOfOrder { .. }), "{error}");
    }
}
