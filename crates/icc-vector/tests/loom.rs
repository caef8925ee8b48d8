//! Loom models of the vector. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use icc_seqlock::primitive::{model, thread};
use icc_vector::SeqlockVector;

#[test]
fn two_writers_of_one_slot() {
    model("two_writers_of_one_slot", Some(3), || {
        let vector = SeqlockVector::<[u64; 2]>::new(2).unwrap();
        let writers = [1, 2].map(|name| {
            let vector = vector.clone();
            thread::spawn(move || vector.write(1, &[name; 2]).unwrap())
        });
        if let Ok(value) = vector.slot(1).unwrap().try_read() {
            assert!(value[0] == value[1], "mixed: {value:?}");
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(vector.version(1), Ok(4));
        assert_eq!(vector.version(0), Ok(0), "the neighbour changed");
    });
}

#[test]
fn writers_of_two_slots_and_an_iterator() {
    model("writers_of_two_slots_and_an_iterator", Some(3), || {
        let vector = SeqlockVector::<[u64; 2]>::new(2).unwrap();
        let writers = [0, 1].map(|slot| {
            let vector = vector.clone();
            thread::spawn(move || vector.write(slot, &[slot as u64 + 1; 2]).unwrap())
        });
        for (slot, value) in vector.iter().enumerate() {
            let written = slot as u64 + 1;
            assert!(value == [0; 2] || value == [written; 2], "slot {slot} holds {value:?}");
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(vector.iter().collect::<Vec<_>>(), [[1; 2], [2; 2]]);
    });
}
