//! The vector on private memory.
#![cfg(not(icc_loom))]

use icc_vector::{BufferError, OutOfRange, SeqlockVector};
use std::thread;

#[test]
fn lengths() {
    assert_eq!(SeqlockVector::<u64>::new(0).err(), Some(BufferError::Empty));
    assert!(matches!(SeqlockVector::<u64>::new(usize::MAX), Err(BufferError::TooLarge { len: usize::MAX, .. })));
    for len in [1, 3, 1000] {
        let vector = SeqlockVector::<u16>::new(len).unwrap();
        assert_eq!((vector.len(), vector.iter().len(), vector.iter().count()), (len, len, len));
    }
}

#[test]
fn out_of_range_is_an_error_and_touches_nothing() {
    let vector = SeqlockVector::<u32>::new(2).unwrap();
    let missing = OutOfRange { index: 2, len: 2 };
    let mut out = 5;
    assert_eq!(vector.read(2), Err(missing));
    assert_eq!(vector.read_into(2, &mut out), Err(missing));
    assert_eq!(vector.read_into_if_newer(2, 0, &mut out), Err(missing));
    assert_eq!(vector.write(2, &1), Err(missing));
    assert_eq!(vector.update(2, |_| panic!("called")), Err(missing));
    assert_eq!(vector.version(usize::MAX), Err(OutOfRange { index: usize::MAX, len: 2 }));
    assert_eq!(out, 5);
    assert_eq!(vector.iter().collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn slots_are_apart() {
    let vector = SeqlockVector::<[u8; 57]>::new(5).unwrap();
    for index in 0..5 {
        assert_eq!(vector.write(index, &[index as u8 + 1; 57]), Ok(2));
    }
    for (index, value) in (&vector).into_iter().enumerate() {
        assert_eq!(value, [index as u8 + 1; 57]);
    }
    let address = |index| std::ptr::from_ref(vector.slot(index).unwrap()).addr();
    assert!(address(1) - address(0) >= 128 && address(0).is_multiple_of(128), "neighbours share cache lines");
}

#[test]
fn versions_tell_what_was_written() {
    let vector = SeqlockVector::<u64>::new(2).unwrap();
    let mut out = 0;
    assert_eq!(vector.read_into(0, &mut out), Ok(0), "version 0: never written");
    assert_eq!(vector.read_into_if_newer(0, 0, &mut out), Ok(None));
    assert_eq!(vector.write(0, &3), Ok(2));
    assert_eq!(vector.read_into_if_newer(0, 0, &mut out), Ok(Some(2)));
    assert_eq!(vector.update(0, |value| *value += 1), Ok(4));
    assert_eq!((out, vector.read(0), vector.version(0)), (3, Ok(4), Ok(4)));
}

#[test]
fn many_threads_update_and_none_is_lost() {
    let vector = SeqlockVector::<[u64; 3]>::new(2).unwrap();
    thread::scope(|scope| {
        for worker in 0..4 {
            let vector = vector.clone();
            scope.spawn(move || {
                for _ in 0..5_000 {
                    let update = |value: &mut [u64; 3]| {
                        assert!(value.iter().all(|&word| word == value[0]), "torn: {value:?}");
                        value.iter_mut().for_each(|word| *word += 1);
                    };
                    vector.update(worker % 2, update).unwrap();
                }
            });
        }
    });
    assert_eq!(vector.iter().collect::<Vec<_>>(), [[10_000; 3]; 2]);
    assert_eq!(vector.version(0), Ok(20_000));
}
