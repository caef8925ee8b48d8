//! What the cell promises, one thread at a time.
#![cfg(not(icc_loom))]

use icc_seqlock::{BeingWritten, Seqlock};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn write_at(cell: &Seqlock<u64>, version: u64, value: u64) {
    // SAFETY: no other thread knows the cells of these tests.
    unsafe { cell.write_at(version, &value) }
}

fn recover(cell: &Seqlock<[u64; 2]>, stuck: u64, value: [u64; 2]) -> Result<u64, BeingWritten> {
    // SAFETY: as above: there is no writer that could live.
    unsafe { cell.recover(stuck, &value) }
}

#[test]
fn versions_count_writes() {
    let cell = Seqlock::new(1_u32);
    assert_eq!(cell.version(), 0);
    assert_eq!(cell.write(&2), 2);
    assert_eq!(cell.try_write(&3), Ok(4));
    assert_eq!(cell.update(|value| *value += 1), 6);
    assert_eq!((cell.read(), cell.try_read(), cell.version()), (4, Ok(4), 6));
    assert_eq!(cell.into_inner(), 4);
}

#[test]
fn newer_only() {
    let cell = Seqlock::new(7_u64);
    let mut out = 1;
    assert_eq!(cell.read_into_if_newer(0, &mut out), None);
    assert_eq!(out, 1, "nothing newer, and yet written to");
    cell.write(&8);
    assert_eq!(cell.read_into_if_newer(0, &mut out), Some(2));
    assert_eq!(out, 8);
    assert_eq!(cell.read_if_newer(2), None);
    assert_eq!(cell.read_if_newer(u64::MAX), None);
}

#[test]
fn exact_version_only() {
    let cell = Seqlock::new(0_u64);
    write_at(&cell, 10, 5);
    let mut out = 0;
    assert_eq!(cell.try_read_at(8, &mut out), Err(10));
    assert_eq!(cell.try_read_at(12, &mut out), Err(10));
    assert_eq!(cell.try_read_at(10, &mut out), Ok(()));
    assert_eq!(out, 5);
}

#[test]
fn versions_pass_the_end_of_their_range() {
    let cell = Seqlock::new(0_u64);
    write_at(&cell, u64::MAX - 1, 1);
    assert_eq!(cell.write(&2), 0);
    assert_eq!(cell.write(&3), 2);
    write_at(&cell, 0, 4);
    assert_eq!((cell.read(), cell.version()), (4, 0));
}

/// An odd cell, as a writer that was killed leaves it: a cell of zero bytes is valid, so one with an odd version is too.
fn odd_cell(version: u64) -> Seqlock<[u64; 2]> {
    let words = [version, 3, 4];
    // SAFETY: the documented layout is the version and then the value; all of it is initialised.
    unsafe { std::mem::transmute::<[u64; 3], Seqlock<[u64; 2]>>(words) }
}

#[test]
fn an_odd_cell_is_never_read_nor_written_by_its_way() {
    let cell = odd_cell(5);
    assert_eq!(cell.try_read(), Err(BeingWritten { version: 5 }));
    assert_eq!(cell.try_write(&[1, 1]), Err(BeingWritten { version: 5 }));
    assert_eq!(cell.read_if_newer(4), None, "what is being written is not there yet");
    assert_eq!(format!("{cell:?}"), "Seqlock { version: 5, value: <being written> }");
}

#[test]
fn recovery_ends_at_an_even_version_after_the_write_that_died() {
    let cell = odd_cell(5);
    assert_eq!(recover(&cell, 3, [1, 1]), Err(BeingWritten { version: 5 }));
    assert_eq!(recover(&cell, 5, [1, 2]), Ok(8));
    assert_eq!(cell.read(), [1, 2]);
    assert_eq!(recover(&cell, 5, [9, 9]), Err(BeingWritten { version: 8 }), "recovered twice");
    assert_eq!(recover(&cell, 8, [9, 9]), Err(BeingWritten { version: 8 }), "a stable cell was recovered");
    assert_eq!(cell.read(), [1, 2]);
    assert_eq!(cell.write(&[3, 3]), 10);
}

#[test]
fn an_exclusive_writer_of_an_odd_cell_goes_on_through_odd_versions() {
    let mut cell = odd_cell(5);
    let (mut writer, reader) = cell.split();
    assert_eq!(writer.write(&[1, 2]), 8);
    assert_eq!((reader.read(), reader.version(), writer.version()), ([1, 2], 8, 8));
    assert_eq!(writer.update(|value| value[0] += 1), 10);
    assert_eq!(reader.try_read(), Ok([2, 2]));
    assert_eq!(reader.read_if_newer(8), Some(([2, 2], 10)));
}

#[test]
fn a_change_that_panics_changes_nothing() {
    let cell = Seqlock::new(1_u64);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        cell.update(|value| {
            *value = 99;
            panic!("on purpose");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((cell.read(), cell.version()), (1, 0));
    assert_eq!(cell.write(&2), 2);
}

#[test]
fn a_change_may_read_and_write_its_own_cell() {
    let cell = Seqlock::new(1_u64);
    let mut runs = 0;
    cell.update(|value| {
        runs += 1;
        assert_eq!(cell.read(), *value);
        if runs == 1 {
            cell.write(&10);
        }
        *value += 1;
    });
    assert_eq!((runs, cell.read()), (2, 11), "the write in between is lost");
}

#[test]
fn traits() {
    let mut cell = Seqlock::<u32>::default();
    assert_eq!(format!("{cell:?}"), "Seqlock { version: 0, value: 0 }");
    *cell.get_mut() = 6;
    assert_eq!((cell.read(), cell.version()), (6, 0));
    assert_eq!(Seqlock::from(3_u8).read(), 3);
    Seqlock::new(()).write(&());
    fn shared<T: Send + Sync>() {}
    shared::<Seqlock<u64>>();
    shared::<icc_seqlock::Reader<'_, u64>>();
    shared::<icc_seqlock::Writer<'_, u64>>();
}
