//! Our vectors, and tables that go wrong.

use super::*;
use crate::harness::test_setup::TestSetup;
use crate::link::OpenError;
use crate::targets::table::{
    IteratedPackedVector, IteratedVector, PackedVector, PaddedVector, PlainSlice, SharedPackedVector,
    SharedPaddedVector,
};

const LENGTH: Duration = Duration::from_millis(2);

#[test]
fn every_table_is_read_whole() {
    fn check<S: Table>(setup: &Setup) {
        let round = round::<[u64; 7], S>(setup, LENGTH).unwrap();
        // A thousand values of 56 bytes in ten nanoseconds would be over five terabytes a second.
        assert!(round.samples > 0 && round.p50_ns > 10.0, "{}: {round:?}", S::NAME);
    }
    let setup = TestSetup::on_one_core();
    check::<PlainSlice>(&setup);
    check::<PackedVector>(&setup);
    check::<SharedPackedVector>(&setup);
    check::<IteratedPackedVector>(&setup);
    check::<PaddedVector>(&setup);
    check::<SharedPaddedVector>(&setup);
    check::<IteratedVector>(&setup);
}

/// A slice that goes wrong at one value.
struct Faulty<const FAULT: u8, T>(Box<[T]>);

const AT: usize = 500;
const LEAVES_OUT: u8 = 0;
const GARBLES: u8 = 1;
const NEVER_CHANGES: u8 = 2;

struct FaultyTable<const FAULT: u8>;

impl<const FAULT: u8> Table for FaultyTable<FAULT> {
    const NAME: &'static str = "faulty";
    type Values<T: Message> = Faulty<FAULT, T>;

    fn open<T: Message>(len: usize) -> Result<Faulty<FAULT, T>, OpenError> {
        Ok(Faulty(vec![T::zeroed(); len].into()))
    }
}

impl<const FAULT: u8, T: Message> ReadAll<T> for Faulty<FAULT, T> {
    fn write(&mut self, index: usize, value: &T) -> Result<(), OpenError> {
        if FAULT != NEVER_CHANGES || self.0[index].sequence() == 0 {
            self.0[index] = *value;
        }
        Ok(())
    }

    fn read_all(&mut self, into: &mut [T]) {
        for (index, (value, into)) in self.0.iter().zip(into).enumerate() {
            match FAULT {
                LEAVES_OUT if index == AT => {}
                GARBLES if index == AT => {
                    *into = *value;
                    if let Some(byte) = bytemuck::bytes_of_mut(into).last_mut() {
                        *byte ^= 1;
                    }
                }
                _ => *into = *value,
            }
        }
    }
}

#[test]
fn a_table_that_leaves_out_garbles_or_keeps_an_old_value_is_found_out() {
    let setup = TestSetup::on_one_core();
    let rounds = [
        round::<[u64; 7], FaultyTable<LEAVES_OUT>>(&setup, LENGTH),
        round::<[u64; 7], FaultyTable<GARBLES>>(&setup, LENGTH),
        round::<[u64; 7], FaultyTable<NEVER_CHANGES>>(&setup, LENGTH),
    ];
    for round in rounds {
        assert!(matches!(round, Err(RoundError::Garbled(_))), "{round:?}");
    }
}

#[test]
fn a_table_that_cannot_be_made_says_why() {
    struct Absent;
    impl Table for Absent {
        const NAME: &'static str = "absent";
        type Values<T: Message> = Box<[T]>;

        fn open<T: Message>(_len: usize) -> Result<Box<[T]>, OpenError> {
            Err("there is no such table".into())
        }
    }
    let error = round::<[u64; 7], Absent>(&TestSetup::on_one_core(), LENGTH).unwrap_err();
    assert!(matches!(error, RoundError::Open(_)) && error.to_string().contains("no such table"), "{error}");
}
