//! Loom models of versions that name their writer. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, die_at, fence, model_with_traced_loads, thread};
use icc_seqlock::{Seqlock, Tag};

type Value = [u64; 2];

fn tag(number: u8) -> Tag {
    Tag::new(number).expect("less than 128")
}

/// A writer, the first of this cell, dies with its value in place as far as `step` and `passes`
/// say.
fn die(cell: Arc<Seqlock<Value>>, step: &'static str, passes: u32) {
    let write = |cell: &mut Arc<Seqlock<Value>>| _ = cell.try_write_over(0, tag(1), &[99; 2]);
    drop(die_at(step, passes, cell, write));
}

/// One finds a writer dead and puts another tag in place of its own; who recovers the cell knows of
/// that death by the new tag alone. The bytes of the dead come before those of the recovery all the
/// same.
#[test]
fn a_recovery_by_what_the_tag_tells() {
    model_with_traced_loads("a_recovery_by_what_the_tag_tells", Some(3), || {
        let cell = Arc::new(Seqlock::new([0; 2]));
        let other = Arc::clone(&cell);
        let thread = thread::spawn(move || {
            die(Arc::clone(&other), "copied", 0);
            other.retag(tag(1).mark(0), tag(127)).expect("nobody else is at it");
        });
        let found = cell.version();
        if Tag::of(found) == tag(127) {
            // SAFETY: the writer, dead, happens before the retag that left this version.
            assert_eq!(unsafe { cell.recover(found, tag(2), &[7; 2]) }, Ok(4));
            assert_eq!(cell.read(), [7; 2], "of the dead");
        }
        thread.join().unwrap();
    });
}

/// Whoever sees a writer's tag sees what that writer did before, such as taking the lock that tells
/// that it lives.
fn whoever_sees_the_tag(prepare: fn(Arc<Seqlock<Value>>), write: fn(&Seqlock<Value>)) {
    let cell = Arc::new(Seqlock::new([0; 2]));
    prepare(Arc::clone(&cell));
    let lock = Arc::new(AtomicU64::new(0));
    let (other, taken) = (Arc::clone(&cell), Arc::clone(&lock));
    let thread = thread::spawn(move || {
        taken.store(1, Ordering::Relaxed);
        write(&other);
    });
    if Tag::of(cell.version()) == tag(2) {
        fence(Ordering::Acquire);
        assert_eq!(lock.load(Ordering::Relaxed), 1, "it seems not to live");
    }
    thread.join().unwrap();
}

#[test]
fn the_tag_of_an_exchange() {
    let write = |cell: &Seqlock<Value>| _ = cell.try_write_over(0, tag(2), &[1; 2]).expect("nobody else is at it");
    model_with_traced_loads("the_tag_of_an_exchange", None, move || whoever_sees_the_tag(|_| (), write));
}

#[test]
fn the_tag_of_one_alone() {
    // SAFETY: nobody else writes.
    let write = |cell: &Seqlock<Value>| _ = unsafe { cell.write_alone(tag(2), &[1; 2]) };
    model_with_traced_loads("the_tag_of_one_alone", None, move || whoever_sees_the_tag(|_| (), write));
}

#[test]
fn the_tag_of_a_recovery() {
    // SAFETY: the one that died did so before this thread began.
    let write = |cell: &Seqlock<Value>| _ = unsafe { cell.recover(tag(1).mark(0), tag(2), &[1; 2]) }.expect("alone");
    model_with_traced_loads("the_tag_of_a_recovery", None, move || {
        whoever_sees_the_tag(|cell| die(cell, "word", 0), write)
    });
}
