//! Loom models of ids in private memory. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use icc_buffer::{Buffer, Kind, Packed, Spec};
use icc_seqlock::primitive::{model_with_traced_loads, thread};

/// The next holder takes an id before the last one lets go of its own: at each moment one of them lives, and
/// whoever asks is never told that none does.
#[test]
fn a_handover_leaves_nobody_dead() {
    model_with_traced_loads("a_handover_leaves_nobody_dead", Some(3), || {
        let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("model"), 1)).unwrap();
        let asked = buffer.read_only().clone();
        // It has the second id, so that the next one comes before it in any order of asking.
        let first = buffer.take_id(0..1).unwrap().unwrap();
        let last = buffer.take_id(0..2).unwrap().unwrap();
        drop(first);
        let thread = thread::spawn(move || {
            let next = buffer.take_id(0..2).unwrap().unwrap();
            assert_eq!((last.id(), next.id()), (1, 0));
            drop(last);
            next
        });
        assert_eq!(asked.some_holder_lives(0..2), Ok(true), "nobody seems to live");
        drop(thread.join().unwrap());
        assert_eq!(asked.some_holder_lives(0..2), Ok(false));
    });
}
