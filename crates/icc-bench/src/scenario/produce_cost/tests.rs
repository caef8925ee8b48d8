//! Our queues alone on a core, and links that go wrong.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::targets::plain_ring::PlainRing;
use crate::targets::queue::{MpmcQueue, SharedSpmcQueue, SpmcQueue};

const LENGTH: Duration = Duration::from_millis(5);

#[test]
fn rounds_are_measured() {
    let setup = TestSetup::on_one_core();
    let rounds = [
        plain_round::<[u64; 15], PlainRing<[u64; 15]>>(&setup, LENGTH),
        round::<[u64; 15], SpmcQueue>(&setup, LENGTH),
        round::<[u64; 15], SharedSpmcQueue>(&setup, LENGTH),
        round::<[u64; 15], MpmcQueue>(&setup, LENGTH),
    ];
    for round in rounds {
        let round = round.unwrap();
        assert!(round.samples > 0 && round.p50_ns > 0.0, "{round:?}");
    }
}

/// A link that keeps the last message, with a bit flipped, or nothing.
struct Faulty {
    flip: u64,
    keeps: bool,
}

#[derive(Clone)]
struct End(std::sync::Arc<std::sync::Mutex<Option<[u64; 7]>>>, u64, bool);

impl Link<[u64; 7]> for Faulty {
    type Sender<'link> = End;
    type Receiver<'link> = End;
    fn ends(&mut self) -> Result<(End, End), OpenError> {
        let end = End(std::sync::Arc::default(), self.flip, self.keeps);
        Ok((end.clone(), end))
    }
}

impl Sender<[u64; 7]> for End {
    fn send(&mut self, message: &[u64; 7]) {
        if self.2 {
            *self.0.lock().unwrap() = Some(*message);
        }
    }
}

impl Receiver<[u64; 7]> for End {
    fn poll(&mut self, into: &mut [u64; 7]) -> Polled {
        let Some(message) = self.0.lock().unwrap().take() else { return Polled::Empty };
        *into = message;
        into[6] ^= self.1;
        Polled::Message
    }
}

#[test]
fn what_is_garbled_or_does_not_arrive_is_found() {
    let setup = TestSetup::on_one_core();
    measure(|| Ok(Faulty { flip: 0, keeps: true }), &setup, LENGTH).unwrap();
    let error = measure(|| Ok(Faulty { flip: 1, keeps: true }), &setup, LENGTH).unwrap_err();
    assert!(matches!(error, RoundError::Garbled(_)), "{error}");
    let error = measure(|| Ok(Faulty { flip: 0, keeps: false }), &setup, LENGTH).unwrap_err();
    assert!(matches!(error, RoundError::NothingArrived { .. }), "{error}");
}
