//! What the cell promises, one thread at a time.
#![cfg(not(icc_loom))]

use icc_seqlock::{BeingWritten, Seqlock, Tag};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn write_at(cell: &Seqlock<u64>, version: u64, value: u64) {
    // SAFETY: no other thread knows the cells of these tests.
    unsafe { cell.write_at(version, &value) }
}

fn recover(cell: &Seqlock<[u64; 2]>, stuck: u64, value: [u64; 2]) -> Result<u64, BeingWritten> {
    // SAFETY: as above: there is no writer that could live.
    unsafe { cell.recover(stuck, Tag::NONE, &value) }
}

/// The version that a refused attempt tells.
#[track_caller]
fn refused<T>(attempt: Result<T, BeingWritten>) -> u64 {
    attempt.err().expect("not refused").version
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
    assert_eq!(refused(cell.try_read_at(8, &mut out)), 10);
    assert_eq!(refused(cell.try_read_at(12, &mut out)), 10);
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

/// A cell at any version, an odd one as a writer that was killed leaves it: all bytes are a valid
/// cell.
fn cell_at(version: u64) -> Seqlock<[u64; 2]> {
    let words = [version, 3, 4];
    // SAFETY: the documented layout is the version and then the value; all of it is initialised.
    unsafe { std::mem::transmute::<[u64; 3], Seqlock<[u64; 2]>>(words) }
}

#[test]
fn an_odd_cell_is_never_read_nor_written_by_its_way() {
    let cell = cell_at(5);
    assert_eq!(refused(cell.try_read()), 5);
    assert_eq!(refused(cell.try_write(&[1, 1])), 5);
    assert_eq!(cell.read_if_newer(4), None, "what is being written is not there yet");
    assert_eq!(format!("{cell:?}"), "Seqlock { version: 5, value: <being written> }");
}

/// The tag is told while the cell is odd, in `BeingWritten` too, and is gone once it is even.
#[test]
fn a_bounded_read_makes_as_many_attempts_as_it_is_told() {
    let cell = cell_at(2);
    let mut value = [7; 2];
    assert_eq!(cell.read_into_bounded(0, &mut value).map_err(|refused| refused.version), Err(2));
    assert_eq!(value, [7; 2], "no attempt was allowed");
    assert_eq!(cell.read_into_bounded(1, &mut value), Ok(2));
    assert_eq!(value, cell.read());
    assert_eq!(refused(cell_at(3).read_into_bounded(5, &mut value)), 3);
}

#[test]
fn odd_versions_tell_whose_they_are() {
    let (seven, nine) = (Tag::new(7).unwrap(), Tag::new(127).unwrap());
    assert_eq!((Tag::new(0), Tag::new(128), nine.number()), (Some(Tag::NONE), None, 127));
    let cell = cell_at(seven.mark(4));
    let version = refused(cell.try_read());
    assert_eq!((Tag::of(version), Tag::completed(version)), (seven, 4));
    assert_eq!(cell.read_if_newer(4), None, "what is being written is not there yet");

    assert_eq!(refused(cell.retag(5, nine)), version, "not the version it stands at");
    assert_eq!(cell.retag(version, nine), Ok(()));
    assert_eq!(cell.version(), nine.mark(4));
    assert_eq!(refused(recover(&cell, version, [1, 1])), nine.mark(4));
    assert_eq!(recover(&cell, nine.mark(4), [1, 2]), Ok(8));
    assert_eq!(refused(cell.retag(8, nine)), 8, "nobody is at it");

    let mut value = [0; 2];
    assert_eq!(refused(cell.try_write_over(6, seven, &[2, 2])), 8);
    assert_eq!(refused(cell.try_write_over(9, seven, &[2, 2])), 9);
    assert_eq!(cell.try_write_over(8, seven, &[2, 2]), Ok(10));
    assert_eq!((cell.try_read_into(&mut value), value), (Ok(10), [2, 2]));
}

#[test]
fn a_single_writer_completes_what_one_before_left() {
    let tag = Tag::new(3).unwrap();
    for (found, left) in [(0, 2), (4, 6), (5, 6), (tag.mark(4), 6), (u64::MAX - 1, 0)] {
        let cell = cell_at(found);
        // SAFETY: nobody else writes this cell.
        assert_eq!(unsafe { cell.write_alone(tag, &[7, 7]) }, left);
        assert_eq!((cell.version(), cell.read()), (left, [7, 7]));
    }
}

#[test]
fn recovery_ends_at_an_even_version_after_the_write_that_died() {
    let cell = cell_at(5);
    assert_eq!(refused(recover(&cell, 3, [1, 1])), 5);
    assert_eq!(recover(&cell, 5, [1, 2]), Ok(8));
    assert_eq!(cell.read(), [1, 2]);
    assert_eq!(refused(recover(&cell, 5, [9, 9])), 8, "recovered twice");
    assert_eq!(refused(recover(&cell, 8, [9, 9])), 8, "a stable cell was recovered");
    assert_eq!(cell.read(), [1, 2]);
    assert_eq!(cell.write(&[3, 3]), 10);
}

#[test]
fn an_exclusive_writer_of_an_odd_cell_goes_on_through_odd_versions() {
    let mut cell = cell_at(5);
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
