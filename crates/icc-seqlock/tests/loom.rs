//! Loom models of the cell. Run with `cargo xtask loom`.
//!
//! Values are written so that a word tells its write: write `k` puts `k` into every word and leaves
//! version `2 * k`. So a torn value, a stale one, and one under another's version all show.
#![cfg(icc_loom)]

use icc_seqlock::primitive::{Arc, die_at, model, model_with_traced_loads, thread};
use icc_seqlock::{Payload, Reader, Seqlock, Tag, Writer};

type Two = [u64; 2];
type Three = [u64; 3];

/// A cell that lives as long as loom's threads need it.
fn split<T: Payload>() -> (Writer<'static, T>, Reader<'static, T>) {
    Box::leak(Box::new(Seqlock::new(T::zeroed()))).split()
}

fn check<const N: usize>(value: [u64; N], version: u64) {
    assert!(value.iter().all(|&word| 2 * word == version), "version {version} read as {value:?}");
}

/// One exclusive writer, one reader that tries `attempts` times.
fn exclusive<const N: usize>(writes: u64, attempts: usize)
where
    [u64; N]: Payload,
{
    let (mut writer, reader) = split::<[u64; N]>();
    let thread = thread::spawn(move || {
        for k in 1..=writes {
            assert_eq!(writer.write(&[k; N]), 2 * k);
        }
    });
    let (mut value, mut last) = ([0; N], 0);
    for _ in 0..attempts {
        if let Ok(version) = reader.try_read_into(&mut value) {
            check(value, version);
            assert!(version >= last, "went back from {last} to {version}");
            last = version;
        }
    }
    thread.join().unwrap();
    assert_eq!(reader.read_into(&mut value), 2 * writes, "the joined writer's last write is not seen");
    check(value, 2 * writes);
}

#[test]
fn writer_and_reader_two_words() {
    model("writer_and_reader_two_words", None, || exclusive::<2>(3, 1));
}

#[test]
fn writer_and_reader_three_words() {
    model("writer_and_reader_three_words", None, || exclusive::<3>(2, 1));
}

#[test]
fn waiting_reader() {
    model("waiting_reader", None, || {
        let (mut writer, reader) = split::<Two>();
        let thread = thread::spawn(move || {
            writer.write(&[1; 2]);
            writer.write(&[2; 2]);
        });
        let (mut value, mut seen) = ([0; 2], 0);
        while seen < 4 {
            match reader.read_into_if_newer(seen, &mut value) {
                Some(version) => {
                    check(value, version);
                    assert!(version > seen);
                    seen = version;
                }
                None => thread::yield_now(),
            }
        }
        thread.join().unwrap();
    });
}

/// Two writers that take turns by compare-exchange; the last version counts the writes.
fn shared<const N: usize>(each: u64, attempts: usize)
where
    [u64; N]: Payload,
{
    let cell = Arc::new(Seqlock::new([0_u64; N]));
    let writers = [10, 20].map(|name| {
        let cell = Arc::clone(&cell);
        thread::spawn(move || {
            for k in 0..each {
                cell.write(&[name + k; N]);
            }
        })
    });
    let mut value = [0; N];
    for _ in 0..attempts {
        if cell.try_read_into(&mut value).is_ok() {
            assert!(value.iter().all(|&word| word == value[0]), "mixed: {value:?}");
        }
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(cell.read_into(&mut value), 4 * each);
    assert!(value.iter().all(|&word| word == value[0] && word % 10 == each - 1), "mixed or not last: {value:?}");
}

#[test]
fn two_writers_and_reader_two_words() {
    model("two_writers_and_reader_two_words", Some(3), || shared::<2>(1, 2));
}

#[test]
fn two_writers_and_reader_three_words() {
    model("two_writers_and_reader_three_words", Some(3), || shared::<3>(1, 1));
}

#[test]
fn two_writers_twice() {
    model_with_traced_loads("two_writers_twice", Some(3), || shared::<2>(2, 0));
}

/// Two updates: none is lost, and neither works on a mixture.
fn updates<const N: usize>()
where
    [u64; N]: Payload,
{
    let cell = Arc::new(Seqlock::new([0_u64; N]));
    let add = |cell: &Seqlock<[u64; N]>| {
        cell.update(|value| {
            assert!(value.iter().all(|&word| word == value[0]), "mixed: {value:?}");
            value.iter_mut().for_each(|word| *word += 1);
        })
    };
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || add(&other));
    add(&cell);
    thread.join().unwrap();
    assert_eq!(cell.version(), 4);
    assert_eq!(cell.read(), [2; N]);
}

#[test]
fn updates_two_words() {
    model_with_traced_loads("updates_two_words", Some(3), updates::<2>);
}

#[test]
fn updates_three_words() {
    model_with_traced_loads("updates_three_words", Some(3), updates::<3>);
}

#[test]
fn update_and_reader() {
    model_with_traced_loads("update_and_reader", Some(3), || {
        let cell = Arc::new(Seqlock::new([0_u64; 2]));
        let other = Arc::clone(&cell);
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                other.update(|value| value.iter_mut().for_each(|word| *word += 1));
            }
        });
        let mut value = [0; 2];
        for _ in 0..2 {
            if let Ok(version) = cell.try_read_into(&mut value) {
                check(value, version);
            }
        }
        thread.join().unwrap();
        assert_eq!(cell.read(), [2; 2]);
    });
}

/// A writer dies with `stored` words of its value in place. Its death is known (joined), as a lock
/// would tell. Two try to recover; one does. A reader beside them never sees the dead writer's
/// words.
fn recovery<const N: usize>(stored: usize)
where
    [u64; N]: Payload,
{
    let cell = Arc::new(Seqlock::new([0_u64; N]));
    let dying = Arc::clone(&cell);
    let (step, passes) = match stored {
        0 => ("marked", 0),
        _ => ("word", stored - 1),
    };
    thread::spawn(move || drop(die_at(step, passes as u32, dying, |cell| _ = cell.write(&[99; N])))).join().unwrap();
    assert_eq!(cell.version(), 1);
    assert!(cell.try_read().is_err(), "a half-written cell was read");

    let recover = |cell: &Seqlock<[u64; N]>, value| {
        // SAFETY: the writer that left version 1 has been joined.
        unsafe { cell.recover(1, Tag::NONE, &[value; N]) }
    };
    let other = Arc::clone(&cell);
    let thread = thread::spawn(move || recover(&other, 7).is_ok());
    let mut value = [0; N];
    if cell.try_read_into(&mut value).is_ok() {
        assert_eq!(value, [7; N]);
    }
    let here = recover(&cell, 8).is_ok();
    if cell.try_read_into(&mut value).is_ok() {
        assert!(value == [7; N] || value == [8; N], "read {value:?}");
    }
    let there = thread.join().unwrap();
    assert!(here ^ there, "recovered by {}", u8::from(here) + u8::from(there));
    assert_eq!(cell.read_into(&mut value), 4);
    assert_eq!(value, [if here { 8 } else { 7 }; N]);
    assert_eq!(cell.write(&[9; N]), 6);
}

#[test]
fn recovery_two_words() {
    model_with_traced_loads("recovery_two_words", Some(3), || recovery::<2>(0));
    model_with_traced_loads("recovery_two_words_one_stored", Some(3), || recovery::<2>(1));
}

#[test]
fn recovery_three_words() {
    model_with_traced_loads("recovery_three_words", Some(3), || recovery::<3>(2));
}

#[test]
fn exact_version() {
    model("exact_version", None, || {
        let cell = Arc::new(Seqlock::new([0_u64; 2]));
        let other = Arc::clone(&cell);
        let thread = thread::spawn(move || {
            for version in [2, 4] {
                // SAFETY: this thread alone writes.
                unsafe { other.write_at(version, &[version / 2; 2]) };
            }
        });
        let mut value = [0; 2];
        for version in [2, 4] {
            match cell.try_read_at(version, &mut value) {
                Ok(()) => check(value, version),
                Err(found) => assert_ne!(found.version, version),
            }
        }
        thread.join().unwrap();
        assert_eq!(cell.try_read_at(4, &mut value), Ok(()));
        check(value, 4);
    });
}

/// Three words, so that a copy has a middle that a write can end in.
#[test]
fn handed_over_between_writers() {
    model_with_traced_loads("handed_over_between_writers", Some(3), || {
        let cell = Arc::new(Seqlock::new(Three::default()));
        let first = Arc::clone(&cell);
        let thread = thread::spawn(move || first.write(&[1; 3]));
        if cell.try_write(&[2; 3]).is_ok() {
            let value = cell.read();
            assert!(value == [1; 3] || value == [2; 3], "mixed: {value:?}");
        }
        thread.join().unwrap();
    });
}
