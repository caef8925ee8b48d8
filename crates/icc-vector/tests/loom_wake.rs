//! Loom models of waits for a vector's changes. Run with `cargo xtask loom`.
//!
//! There is no time in them: one that sleeps and is not woken sleeps for ever, and loom reports that all
//! threads wait. The timeouts are longer than any model takes.
#![cfg(icc_loom)]

use core::time::Duration;
use icc_seqlock::primitive::{die_at, model, model_with_traced_loads, thread};
use icc_vector::{
    Changes, Mode, MultiWriter, Park, ReadError, SeqlockVector, SingleWriter, SpinThenYield, Tracked, VectorSpec,
    WaitError, WaitSet, Waitable,
};

const LONG: Duration = Duration::from_secs(3600);

fn wakeable<M: Mode>(len: usize) -> SeqlockVector<u64, M> {
    SeqlockVector::new(VectorSpec::new(len).wakeable()).unwrap()
}

/// Sleeps at once.
fn park() -> Park {
    Park::new(Duration::ZERO)
}

/// Waits for changes of a slot until it has had this value.
fn until(changes: &mut Changes<u64>, index: usize, value: u64) {
    loop {
        let changed = changes.wait(LONG, &mut park()).unwrap();
        if changed.into_iter().any(|change| (change.index, change.value) == (index, value)) {
            return;
        }
    }
}

/// A sleeper that waits for one slot gets each value of it, or a newer one.
#[test]
fn a_slot_and_a_sleeper() {
    model("a_slot_and_a_sleeper", Some(3), || {
        let vector = wakeable::<SingleWriter>(1);
        let mut writer = vector.writer().unwrap();
        let thread = thread::spawn(move || (1..=2).for_each(|n| _ = writer.write(0, &n).unwrap()));
        let (mut version, mut out) = (0, 0);
        while out < 2 {
            version = vector.wait_for_change(0, version, &mut out, LONG, &mut park()).unwrap();
            assert_eq!(version, 2 * out);
        }
        thread.join().unwrap();
    });
}

/// A cursor that sleeps finds a change that is counted before the bell is looked at.
#[test]
fn a_change_and_a_sleeper() {
    model_with_traced_loads("a_change_and_a_sleeper", Some(2), || {
        let vector = wakeable::<Tracked<SingleWriter>>(2);
        let mut changes = vector.changes();
        let mut writer = vector.writer().unwrap();
        let thread = thread::spawn(move || _ = writer.write(1, &7).unwrap());
        until(&mut changes, 1, 7);
        thread.join().unwrap();
    });
}

/// Two writers, of which either may ring for the other's change.
#[test]
fn two_writers_and_a_sleeper() {
    model_with_traced_loads("two_writers_and_a_sleeper", Some(1), || {
        let vector = wakeable::<MultiWriter>(2);
        let mut changes = vector.changes();
        let threads = [0, 1].map(|index| {
            let mut writer = vector.writer().unwrap();
            thread::spawn(move || _ = writer.write(index, &7).unwrap())
        });
        let (mut seen, mut left) = ([false; 2], 2);
        while left > 0 {
            for change in changes.wait(LONG, &mut park()).unwrap() {
                assert!(!std::mem::replace(&mut seen[change.index], true), "yielded again");
                left -= 1;
            }
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// One that waits for a slot without sleeping is told once its writer is dead, which may be at any moment.
#[test]
fn a_wait_for_a_dead_writer_ends() {
    model_with_traced_loads("a_wait_for_a_dead_writer_ends", Some(2), || {
        let vector = wakeable::<MultiWriter>(1);
        let dead = die_at("word", 0, vector.writer().unwrap(), |writer| _ = writer.write(0, &7));
        let reader = vector.clone();
        let thread = thread::spawn(move || {
            let mut out = 0;
            reader.wait_for_change(0, 0, &mut out, LONG, &mut SpinThenYield::new(0))
        });
        drop(dead);
        let ended = thread.join().unwrap();
        assert!(matches!(ended, Err(WaitError::Read(ReadError::WriterDied(_)))), "{ended:?}");
    });
}

/// One wait for two vectors: whichever changes ends it, and it says which.
#[test]
fn one_wait_for_two_vectors() {
    model_with_traced_loads("one_wait_for_two_vectors", Some(2), || {
        let vectors = [(); 2].map(|()| wakeable::<SingleWriter>(1));
        let [mut one, mut other] = vectors.each_ref().map(|vector| vector.changes());
        let mut writer = vectors[1].writer().unwrap();
        let thread = thread::spawn(move || _ = writer.write(0, &7).unwrap());
        let sources: &mut [&mut dyn Waitable] = &mut [&mut one, &mut other];
        let ready = WaitSet::spinning(Duration::ZERO).wait(sources, None).unwrap();
        assert!(ready.contains(1) && !ready.contains(0));
        assert_eq!(other.poll().map(|change| change.value).collect::<Vec<_>>(), [7]);
        thread.join().unwrap();
    });
}
