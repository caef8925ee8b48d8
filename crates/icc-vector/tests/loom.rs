//! Loom models of the vector. Run with `cargo xtask loom`.
//!
//! Values carry the same number in both words, so that a torn one shows.
#![cfg(icc_loom)]

use icc_seqlock::primitive::{Dead, die_at, model, model_with_traced_loads, thread};
use icc_vector::{
    Changes, Mode, MultiWriter, ReadError, SeqlockVector, SingleWriter, Tracked, TryReadError, VectorReader,
    WriteError, Writer, WriterError,
};

type Value = [u64; 2];

/// One attempt: none if it was being written.
fn attempt(vector: &VectorReader<Value>, index: usize) -> Option<u64> {
    let mut value = [0; 2];
    match vector.try_read_into(index, &mut value) {
        Ok(_) => {
            assert!(value[0] == value[1], "mixed: {value:?}");
            Some(value[0])
        }
        Err(TryReadError::BeingWritten(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn two_writers_of_one_slot() {
    model("two_writers_of_one_slot", Some(3), || {
        let vector = SeqlockVector::<Value>::new(2).unwrap();
        let writers = [1, 2].map(|name| {
            let mut writer = vector.writer().unwrap();
            thread::spawn(move || writer.write(1, &[name; 2]))
        });
        attempt(&vector, 1);
        let written = writers.map(|writer| writer.join().unwrap()).into_iter().filter(|result| match result {
            Ok(_) => true,
            // The other was at it for all of the few rounds that a model waits. It lives, so its
            // slot was not taken over.
            Err(WriteError::Busy(_)) => false,
            Err(error) => panic!("{error}"),
        });
        assert_eq!(vector.version(1), Ok(2 * written.count() as u64));
        assert!(attempt(&vector, 1).is_some());
        assert_eq!(vector.version(0), Ok(0), "the neighbour changed");
    });
}

#[test]
fn updates_are_one_step() {
    model_with_traced_loads("updates_are_one_step", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let add = |[one, two]: &mut Value| (*one, *two) = (*one + 1, *two + 1);
        let (mut one, mut two) = (vector.writer().unwrap(), vector.writer().unwrap());
        let thread = thread::spawn(move || u64::from(one.update(0, add).is_ok()));
        let here = u64::from(two.update(0, add).is_ok());
        let there = thread.join().unwrap();
        assert!(here + there > 0, "both were told that the other is at it");
        assert_eq!(attempt(&vector, 0), Some(here + there));
    });
}

/// Two that ask at once for ranges that overlap: one gets it, or, in the few rounds that a model
/// waits, is told to ask again.
#[test]
fn a_slot_never_has_two_writers() {
    model_with_traced_loads("a_slot_never_has_two_writers", Some(3), || {
        let vector = SeqlockVector::<Value, SingleWriter>::new(3).unwrap();
        let other = vector.clone();
        let thread = thread::spawn(move || other.writer_of(0..2));
        let here = vector.writer_of(1..3);
        let there = thread.join().unwrap();
        assert!(!(here.is_ok() && there.is_ok()), "slot 1 has two writers");
        assert!(here.is_ok() || there.is_ok() || matches!(here, Err(WriterError::Stalled)), "{here:?} {there:?}");
    });
}

/// One writer writes slot 0, then slot 1: no snapshot has the second without the first.
#[test]
fn snapshot_against_a_writer() {
    model("snapshot_against_a_writer", Some(3), || {
        let vector = SeqlockVector::<u64, SingleWriter>::new(2).unwrap();
        let mut writer = vector.writer().unwrap();
        let mut snapshot = vector.snapshot([0, 1]).unwrap();
        let thread = thread::spawn(move || {
            for n in 1..=2 {
                writer.write(0, &n).unwrap();
                writer.write(1, &n).unwrap();
            }
        });
        if let Ok(&[first, second]) = snapshot.take() {
            assert!(first == second || first == second + 1, "never together: {first} {second}");
        }
        thread.join().unwrap();
        assert_eq!(snapshot.take(), Ok(&[2; 2][..]));
    });
}

/// A writer that dies in the middle of a write, after one of the two words. Its lock is held until
/// what is returned is dropped.
fn die_in_write<M: Mode>(writer: Writer<Value, M>, index: usize, number: u64) -> Dead<Writer<Value, M>> {
    die_at("word", 0, writer, |writer| _ = writer.write(index, &[number; 2]))
}

/// A writer that dies after a complete write that it did not count.
fn die_before_count<M: Mode>(writer: Writer<Value, M>, index: usize, number: u64) -> Dead<Writer<Value, M>> {
    die_at("written", 0, writer, |writer| _ = writer.write(index, &[number; 2]))
}

/// The slot's writer is known to be dead.
fn is_dead(read: Result<Value, ReadError>, index: usize) -> bool {
    matches!(read, Err(ReadError::WriterDied(died)) if died.index == index)
}

/// What each slot was last seen at; a poll may find nothing new, but never something older.
fn poll(changes: &mut Changes<Value>, last: &mut [u64; 4]) {
    for change in changes.poll() {
        assert!(change.value[0] == change.value[1], "mixed: {:?}", change.value);
        assert!(change.value[0] > last[change.index], "yielded again, or older");
        last[change.index] = change.value[0];
    }
}

/// Four slots in two blocks. After the writer is done, one poll finds whatever the ones before did
/// not.
fn cursor_against_writers<M: Mode>(writers: u64, writes: u64, polls: usize)
where
    SeqlockVector<Value, M>: Send + 'static,
{
    let vector = SeqlockVector::<Value, M>::new(4).unwrap();
    let mut changes = vector.changes();
    let threads: Vec<_> = (0..writers)
        .map(|slot| {
            let mut writer = vector.writer().unwrap();
            thread::spawn(move || {
                for n in 1..=writes {
                    writer.write(slot as usize, &[n; 2]).unwrap();
                }
            })
        })
        .collect();
    let mut last = [0; 4];
    for _ in 0..polls {
        poll(&mut changes, &mut last);
    }
    for thread in threads {
        thread.join().unwrap();
    }
    poll(&mut changes, &mut last);
    for (slot, &last) in last.iter().enumerate() {
        let newest = if (slot as u64) < writers { writes } else { 0 };
        assert_eq!(last, newest, "the change of slot {slot} was missed");
    }
}

#[test]
fn cursor_against_a_single_writer() {
    model_with_traced_loads("cursor_against_a_single_writer", Some(3), || {
        cursor_against_writers::<Tracked<SingleWriter>>(1, 2, 1);
    });
}

/// Both write slots of the same block, and so the same counter.
#[test]
fn cursor_against_two_writers() {
    model("cursor_against_two_writers", Some(3), || cursor_against_writers::<Tracked<MultiWriter>>(2, 1, 1));
}

/// Two single writers share the block 0..2: neither may overwrite the other's count.
#[test]
fn cursor_against_writers_of_half_a_block() {
    model_with_traced_loads("cursor_against_writers_of_half_a_block", Some(3), || {
        let vector = SeqlockVector::<Value, Tracked<SingleWriter>>::new(4).unwrap();
        let mut changes = vector.changes();
        let threads = [0, 1].map(|slot| {
            let mut writer = vector.writer_of(slot..slot + 1).unwrap();
            thread::spawn(move || writer.write(slot, &[1; 2]).unwrap())
        });
        let mut last = [0; 4];
        poll(&mut changes, &mut last);
        for thread in threads {
            thread.join().unwrap();
        }
        poll(&mut changes, &mut last);
        assert_eq!(last, [1, 1, 0, 0], "a change was missed");
    });
}

/// A writer dies between its write and its count: the cursor finds the change all the same, also if
/// the id is taken again.
fn cursor_against_a_dying_writer(taken_again: bool) {
    let vector = SeqlockVector::<Value, Tracked<MultiWriter>>::new(4).unwrap();
    let mut changes = vector.changes();
    let mut dying = vector.writer().unwrap();
    // Another slot than the one in which it dies.
    dying.write(1, &[1; 2]).unwrap();
    let other = vector.clone();
    let thread = thread::spawn(move || {
        drop(die_before_count(dying, 3, 1));
        if taken_again {
            drop(other.writer());
        }
    });
    let mut last = [0; 4];
    poll(&mut changes, &mut last);
    thread.join().unwrap();
    poll(&mut changes, &mut last);
    assert_eq!(last, [0, 1, 0, 1], "a change was missed");
}

#[test]
fn cursor_against_a_death() {
    model_with_traced_loads("cursor_against_a_death", Some(3), || cursor_against_a_dying_writer(false));
}

#[test]
fn cursor_against_a_death_and_a_successor() {
    model_with_traced_loads("cursor_against_a_death_and_a_successor", Some(3), || cursor_against_a_dying_writer(true));
}

/// Two single writers share the last block, in which the second one's range begins and ends: it
/// counts there as the other does.
#[test]
fn cursor_against_a_range_within_the_last_block() {
    model_with_traced_loads("cursor_against_a_range_within_the_last_block", Some(3), || {
        let vector = SeqlockVector::<Value, Tracked<SingleWriter>>::new(4).unwrap();
        let mut changes = vector.changes();
        let [mut low, mut high] = [0..3, 3..4].map(|range| vector.writer_of(range).unwrap());
        let thread = thread::spawn(move || low.write(2, &[1; 2]).unwrap());
        let mut last = [0; 4];
        poll(&mut changes, &mut last);
        high.write(3, &[1; 2]).unwrap();
        thread.join().unwrap();
        poll(&mut changes, &mut last);
        assert_eq!(last, [0, 0, 1, 1], "a change was missed");
    });
}

/// A writer dies before it counts, and its slots go to a successor with another id. That one counts
/// with plain stores, while a third takes the dead one's id: what the dead one owed was counted
/// before.
#[test]
fn cursor_against_a_death_and_two_successors() {
    model_with_traced_loads("cursor_against_a_death_and_two_successors", Some(3), || {
        let vector = SeqlockVector::<Value, Tracked<SingleWriter>>::new(4).unwrap();
        let mut changes = vector.changes();
        let first = vector.writer_of(0..2).unwrap();
        drop(die_before_count(vector.writer_of(2..4).unwrap(), 2, 1));
        // Its id is free again, and goes to the successor.
        drop(first);
        let mut successor = vector.writer_of(2..4).unwrap();
        successor.write(2, &[2; 2]).unwrap();
        let other = vector.clone();
        let thread = thread::spawn(move || drop(other.writer_of(0..2).unwrap()));
        let mut last = [0; 4];
        poll(&mut changes, &mut last);
        successor.write(3, &[1; 2]).unwrap();
        poll(&mut changes, &mut last);
        thread.join().unwrap();
        poll(&mut changes, &mut last);
        assert_eq!(last, [0, 0, 2, 1], "a change was missed");
    });
}

/// A writer dies at a step of its registration, also while it settles what another dead one left:
/// the next one registers all the same, and a cursor misses nothing.
#[test]
fn deaths_in_registration() {
    for step in ["taken", "reclaimed", "held", "ranged", "registered"] {
        model_with_traced_loads("deaths_in_registration", Some(2), move || {
            let vector = SeqlockVector::<Value, Tracked<SingleWriter>>::new(4).unwrap();
            let mut changes = vector.changes();
            drop(die_before_count(vector.writer_of(0..3).unwrap(), 2, 1));
            let other = vector.clone();
            let thread = thread::spawn(move || {
                drop(die_at(step, 0, other.clone(), |other| _ = other.writer_of(0..2)));
                let mut next = other.writer_of(0..4).unwrap();
                next.write(0, &[1; 2]).unwrap();
            });
            let mut last = [0; 4];
            poll(&mut changes, &mut last);
            thread.join().unwrap();
            poll(&mut changes, &mut last);
            assert_eq!(last, [1, 0, 1, 0], "at {step} a change was missed");
        });
    }
}

/// The kernel notices a death some time after it: until then nobody takes the slot over or is told
/// of a death, from then on the next one does.
#[test]
fn a_death_counts_once_the_lock_is_released() {
    model_with_traced_loads("a_death_counts_once_the_lock_is_released", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let (dying, mut next) = (vector.writer().unwrap(), vector.writer().unwrap());
        let dead = die_in_write(dying, 0, 1);
        assert_eq!(vector.writer_died(0), Ok(false));
        assert!(matches!(next.write(0, &[2; 2]), Err(WriteError::Busy(_))), "taken over before the lock was released");
        assert!(matches!(vector.read(0), Err(ReadError::Busy(_))));
        assert_eq!(vector.version(0), Ok(1));

        let thread = thread::spawn(move || drop(dead));
        let written = next.write(0, &[2; 2]);
        assert!(matches!(written, Ok(4) | Err(WriteError::Busy(_))), "{written:?}");
        thread.join().unwrap();
        if written.is_err() {
            assert!(is_dead(vector.read(0), 0));
            assert_eq!(next.write(0, &[2; 2]), Ok(4), "nobody lives who could have the slot");
        }
        assert_eq!(attempt(&vector, 0), Some(2));
    });
}

/// A writer that died holds its slots until its lock is released, and then no longer.
#[test]
fn a_range_is_free_once_the_lock_is_released() {
    model_with_traced_loads("a_range_is_free_once_the_lock_is_released", Some(3), || {
        let vector = SeqlockVector::<Value, SingleWriter>::new(2).unwrap();
        let dead = die_in_write(vector.writer_of(0..1).unwrap(), 0, 1);
        assert_eq!(vector.writer_of(0..2).err(), Some(WriterError::Taken { range: 0..1 }));
        let thread = thread::spawn(move || drop(dead));
        let early = vector.writer_of(0..2);
        let taken = early.is_ok();
        drop(early);
        thread.join().unwrap();
        let mut next = vector.writer_of(0..2).unwrap();
        // Its successor left it as a dead one's, or finds it so.
        assert!(is_dead(vector.read(0), 0), "taken early: {taken}");
        assert_eq!(next.write(0, &[2; 2]), Ok(2));
    });
}

/// One dies half-way while a reader reads: it gets the old value, or is told that the slot is being
/// written, or of the death.
#[test]
fn death_against_a_reader() {
    model_with_traced_loads("death_against_a_reader", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let (dying, mut next) = (vector.writer().unwrap(), vector.writer().unwrap());
        let thread = thread::spawn(move || drop(die_in_write(dying, 0, 1)));
        let read = vector.read(0);
        assert!(read == Ok([0; 2]) || is_dead(read, 0) || matches!(read, Err(ReadError::Busy(_))), "{read:?}");
        thread.join().unwrap();
        assert!(is_dead(vector.read(0), 0));
        assert_eq!(next.write(0, &[3; 2]), Ok(4), "nobody lives who could have the slot");
        assert_eq!(attempt(&vector, 0), Some(3));
    });
}

/// The next writer takes a dead one's slot over while a reader reads, which never gets a mixture,
/// nor takes that writer for dead.
#[test]
fn recovery_against_a_reader() {
    model_with_traced_loads("recovery_against_a_reader", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let (dying, other) = (vector.writer().unwrap(), vector.clone());
        let next = thread::spawn(move || {
            let mut next = other.writer().unwrap();
            drop(die_in_write(dying, 0, 1));
            next.write(0, &[2; 2]).unwrap()
        });
        // The dead one left version 1; whoever goes on to 3 lives.
        let recovers = vector.version(0) == Ok(3);
        assert!(!(recovers && vector.writer_died(0).unwrap()), "the one that recovers was taken for dead");
        let seen = attempt(&vector, 0);
        assert!(seen.is_none_or(|value| value == 0 || value == 2), "{seen:?}");
        next.join().unwrap();
        assert_eq!((attempt(&vector, 0), vector.version(0)), (Some(2), Ok(4)));
    });
}

/// One writer a slot, who completes the dead one's write.
#[test]
fn single_recovery_against_a_reader() {
    model_with_traced_loads("single_recovery_against_a_reader", Some(3), || {
        let vector = SeqlockVector::<Value, SingleWriter>::new(1).unwrap();
        drop(die_in_write(vector.writer().unwrap(), 0, 1));
        let mut next = vector.writer().unwrap();
        let thread = thread::spawn(move || next.write(0, &[2; 2]).unwrap());
        let seen = [attempt(&vector, 0), attempt(&vector, 0)];
        assert!(seen.iter().flatten().all(|&value| value == 2), "{seen:?}");
        thread.join().unwrap();
        assert_eq!((attempt(&vector, 0), vector.version(0)), (Some(2), Ok(2)));
    });
}

/// Another writer gets the id of a dead one while somebody asks who is dead: the successor is never
/// taken for the one that left the slot, nor the living successor for a dead one.
#[test]
fn a_successor_is_not_the_dead() {
    model_with_traced_loads("a_successor_is_not_the_dead", Some(3), || {
        let vector = SeqlockVector::<Value>::new(2).unwrap();
        drop(die_in_write(vector.writer().unwrap(), 0, 1));
        let other = vector.clone();
        let thread = thread::spawn(move || {
            let mut successor = other.writer().unwrap();
            successor.write(1, &[2; 2]).unwrap();
            successor
        });
        assert_eq!(vector.writer_died(1), Ok(false), "the successor was taken for dead");
        let successor = thread.join().unwrap();
        assert!(is_dead(successor.vector().read(0), 0), "and the successor lives");
        assert_eq!(attempt(&vector, 1), Some(2));
    });
}

/// The successor marks the slot as a dead one's while another recovers it: the mark never lands on
/// the one that recovers.
#[test]
fn successor_against_a_recovery() {
    model_with_traced_loads("successor_against_a_recovery", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let dying = vector.writer().unwrap();
        let mut next = vector.writer().unwrap();
        drop(die_in_write(dying, 0, 1));
        let other = vector.clone();
        let thread = thread::spawn(move || drop(other.writer().unwrap()));
        let written = next.write(0, &[2; 2]);
        assert!(matches!(written, Ok(4) | Err(WriteError::Busy(_))), "{written:?}");
        thread.join().unwrap();
        if written.is_err() {
            assert_eq!(next.write(0, &[2; 2]), Ok(4), "nobody lives who could have the slot");
        }
        assert_eq!(attempt(&vector, 0), Some(2));
    });
}

/// Two that find the dead one's slot at once: one recovers it, the other writes after, or gives up
/// in a model's few rounds.
#[test]
fn two_recover_one_slot() {
    model_with_traced_loads("two_recover_one_slot", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let dying = vector.writer().unwrap();
        let mut one = vector.writer().unwrap();
        drop(die_in_write(dying, 0, 1));
        let mut two = vector.writer().unwrap();
        let thread = thread::spawn(move || one.write(0, &[2; 2]).is_ok());
        let here = two.write(0, &[3; 2]).is_ok();
        attempt(&vector, 0);
        let there = thread.join().unwrap();
        assert!(here || there, "nobody recovered it");
        let value = attempt(&vector, 0).expect("nobody is at it");
        assert!(value == 2 && there || value == 3 && here);
        // Odd 1, recovered to 4, and 2 more for the other.
        assert_eq!(vector.version(0), Ok(2 + 2 * (u64::from(here) + u64::from(there))));
    });
}

/// A live writer, wherever it is, is never taken for dead, by a reader that waits or by one that
/// does not.
#[test]
fn a_live_writer_is_not_dead() {
    model_with_traced_loads("a_live_writer_is_not_dead", Some(3), || {
        let vector = SeqlockVector::<Value>::new(1).unwrap();
        let mut writer = vector.writer().unwrap();
        let thread = thread::spawn(move || {
            writer.write(0, &[1; 2]).unwrap();
            writer.write(0, &[2; 2]).unwrap();
        });
        match vector.read(0) {
            Ok([one, two]) => assert_eq!(one, two, "mixed"),
            Err(ReadError::Busy(_)) => {}
            Err(error) => panic!("{error}"),
        }
        thread.join().unwrap();
    });
}

fn no_death_is_found<M: Mode>() {
    let vector = SeqlockVector::<u64, M>::new(2).unwrap();
    let other = vector.clone();
    let thread = thread::spawn(move || {
        let mut writer = other.writer().unwrap();
        writer.write(0, &1).unwrap();
        writer.write(1, &1).unwrap();
    });
    assert_eq!(vector.writer_died(0), Ok(false), "taken for dead");
    assert_eq!(vector.writer_died(1), Ok(false), "taken for dead");
    thread.join().unwrap();
}

#[test]
fn no_live_writer_of_many_is_dead() {
    model_with_traced_loads("no_live_writer_of_many_is_dead", Some(3), no_death_is_found::<MultiWriter>);
}

#[test]
fn no_live_single_writer_is_dead() {
    model_with_traced_loads("no_live_single_writer_is_dead", Some(3), no_death_is_found::<SingleWriter>);
}
