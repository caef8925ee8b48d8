//! Loom models of the entries that readers take to be seen. There is one entry. Run with `cargo xtask
//! loom`.
#![cfg(icc_loom)]

use icc_buffer::{Buffer, EntryError, EntryStatus, Kind, Packed, ReadOnlyBuffer, Spec};
use icc_seqlock::primitive::{die_at, model_with_traced_loads, thread};

fn buffer() -> ReadOnlyBuffer<u64> {
    let spec = Spec::new(Kind::new("model"), 1).seen();
    Buffer::<u64, Packed>::private(spec).unwrap().read_only().clone()
}

/// What is listed, if anything is, is one tenant's: each has a label and a cursor of its own.
fn listed(buffer: &ReadOnlyBuffer<u64>) -> Option<EntryStatus> {
    let entries = buffer.entries().unwrap();
    assert!(entries.len() <= 1);
    let entry = entries.into_iter().next()?;
    let cursor = match entry.label.as_str() {
        "first" => 1,
        "second" => 2,
        other => panic!("no such label: {other:?}"),
    };
    assert_eq!(entry.cursor, cursor, "the cursor of another tenant under {}", entry.label);
    Some(entry)
}

/// Two tenants one after the other, listed meanwhile: never mixed, and never dead.
#[test]
fn an_entry_is_listed_as_one_tenants() {
    model_with_traced_loads("an_entry_is_listed_as_one_tenants", Some(3), || {
        let buffer = buffer();
        let readers = buffer.clone();
        let thread = thread::spawn(move || {
            drop(readers.take_entry("first", 1).unwrap());
            readers.take_entry("second", 2).unwrap()
        });
        if let Some(entry) = listed(&buffer) {
            assert!(entry.is_alive, "{} let go, and is listed as dead", entry.label);
        }
        let second = thread.join().unwrap();
        assert_eq!(listed(&buffer).map(|entry| (entry.label, entry.is_alive)), Some(("second".to_owned(), true)));
        drop(second);
        assert_eq!(listed(&buffer), None);
    });
}

/// Two that want the one entry: one gets it, whole, and the other is told.
#[test]
fn an_entry_has_one_tenant() {
    model_with_traced_loads("an_entry_has_one_tenant", Some(3), || {
        let buffer = buffer();
        let readers = buffer.clone();
        let thread = thread::spawn(move || readers.take_entry("first", 1));
        let here = buffer.take_entry("second", 2);
        let there = thread.join().unwrap();
        let (label, refused) = match (&here, &there) {
            (Ok(_), Err(error)) => ("second", error),
            (Err(error), Ok(_)) => ("first", error),
            other => panic!("{other:?}"),
        };
        assert!(matches!(refused, EntryError::NoneLeft { max: 1, .. }));
        assert_eq!(listed(&buffer).map(|entry| entry.label), Some(label.to_owned()));
    });
}

/// A tenant that is killed, at any step, is listed as it was or not at all; once its lock is free it
/// is listed as dead, and the next one takes its entry.
#[test]
fn a_dead_tenant_leaves_its_entry() {
    model_with_traced_loads("a_dead_tenant_leaves_its_entry", Some(2), || {
        for (step, is_listed) in [("entry locked", false), ("entry begun", false), ("entry taken", true)] {
            let buffer = buffer();
            let dead = die_at(step, 0, buffer.clone(), |readers| drop(readers.take_entry("first", 1)));
            assert_eq!(listed(&buffer).map(|entry| entry.is_alive), is_listed.then_some(true), "{step}");
            assert!(buffer.take_entry("second", 2).is_err(), "its lock is still held");
            let readers = buffer.clone();
            let thread = thread::spawn(move || {
                drop(dead);
                readers.take_entry("second", 2).unwrap()
            });
            listed(&buffer);
            let second = thread.join().unwrap();
            assert_eq!(listed(&buffer).map(|entry| (entry.label, entry.is_alive)), Some(("second".to_owned(), true)));
            drop(second);
        }
    });
}
