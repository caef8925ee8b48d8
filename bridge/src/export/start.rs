//! Where in a queue to start.

use super::options::Start;
use crate::keys;
use crate::wire::Wire;
use std::time::{Duration, Instant};

/// Mirrors may have to connect first.
const PATIENCE: Duration = Duration::from_millis(600);
const ANSWER: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(50);

/// The number to start at, in a queue that keeps `oldest..next`.
pub(super) fn start(wire: &dyn Wire, key: &str, instance: u64, start: Start, oldest: u64, next: u64) -> u64 {
    match start {
        Start::Newest => next,
        Start::Oldest => oldest,
        Start::Resume => {
            // In the order of their distance from the oldest: numbers wrap.
            let behind = |n: u64| n.wrapping_sub(oldest).cast_signed().max(0).cast_unsigned();
            let asked = places(wire, key, instance).into_iter().map(behind).min();
            oldest.wrapping_add(asked.unwrap_or(0).min(next.wrapping_sub(oldest)))
        }
    }
}

/// Where the mirrors of this source are.
fn places(wire: &dyn Wire, key: &str, instance: u64) -> Vec<u64> {
    let end = Instant::now() + PATIENCE;
    loop {
        let answers = wire.ask(&keys::place(key), &[], ANSWER).unwrap_or_default();
        let told: Vec<_> = answers.iter().filter_map(|answer| keys::decode_place(answer)).collect();
        // Those of another source begin anew with this one.
        if !told.is_empty() || Instant::now() >= end {
            return told.into_iter().filter(|&(of, _)| of == instance).map(|(_, next)| next).collect();
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn it_resumes_where_the_last_mirror_is_and_never_outside_of_the_ring() {
        let network = Memory::new(1);
        let start = |oldest, next| start(&network, "k", 7, Start::Resume, oldest, next);
        assert_eq!(start(10, 20), 10);
        let told = |instance, next| {
            network.answer("k/place", Box::new(move |_| vec![keys::encode_place(instance, next)])).unwrap()
        };
        let _one = told(7, 17);
        assert_eq!((start(10, 20), start(18, 20), start(3, 15)), (17, 18, 15));
        let _other = told(7, 13);
        assert_eq!(start(10, 20), 13);
        // Of another source, and of none.
        let _strange = (told(8, 11), network.answer("k/place", Box::new(|_| vec![b"what".to_vec()])).unwrap());
        assert_eq!(start(10, 20), 13);
        // Across the wrap.
        let _late = told(7, u64::MAX - 1);
        assert_eq!(start(u64::MAX - 5, 3), u64::MAX - 1);
    }
}
