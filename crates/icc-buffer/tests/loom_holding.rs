//! Loom models of entries that hold, without the queue above them: a thread that loom has seen yield gets no
//! value again that it saw before, so what a queue's producer does before it waits would hide what these
//! are to find. Run with `cargo xtask loom`.
#![cfg(icc_loom)]

use core::time::Duration;
use icc_buffer::{Buffer, Held, Kind, Packed, ReadOnlyBuffer, ReaderEntry, Spec};
use icc_seqlock::primitive::{Arc, AtomicU64, Ordering, model_with_traced_loads, thread};

fn buffer() -> ReadOnlyBuffer<u64> {
    Buffer::<u64, Packed>::private(Spec::new(Kind::new("model"), 1).holding()).unwrap().read_only().clone()
}

/// One that holds from there on.
fn hold(buffer: &ReadOnlyBuffer<u64>, cursor: u64) -> ReaderEntry {
    let Held { entry, .. } = buffer.hold("x", Some(cursor), || cursor).unwrap();
    entry
}

/// A writer that sleeps for room sees the cursor in the look that counts, or is woken for it.
#[test]
fn a_cursor_wakes_a_writer() {
    model_with_traced_loads("a_cursor_wakes_a_writer", Some(3), || {
        let buffer = buffer();
        let holder = hold(&buffer, 0);
        let holders = buffer.holding_readers().unwrap();
        let writing = thread::spawn(move || {
            // Blind before it is armed.
            let mut looks = 0;
            let is_there = || {
                looks += 1;
                looks > 1 && holders.slowest(1).is_some_and(|holder| holder.behind == 0)
            };
            holders.wait(is_there, Duration::ZERO);
        });
        holder.publish(1, 0, 0);
        writing.join().unwrap();
    });
}

/// The cursor of one that begins to hold is its own, and not that of the entry's last tenant.
#[test]
fn one_that_holds_shows_its_own_cursor() {
    model_with_traced_loads("one_that_holds_shows_its_own_cursor", Some(3), || {
        let buffer = buffer();
        drop(hold(&buffer, 1));
        let holders = buffer.holding_readers().unwrap();
        let looking = thread::spawn(move || {
            if let Some(holder) = holders.slowest(9) {
                assert_eq!((holder.cursor, holder.behind), (5, 4), "the cursor of another tenant");
            }
        });
        let holder = hold(&buffer, 5);
        looking.join().unwrap();
        drop(holder);
    });
}

/// One begins to hold before another lets go, as workers of a group do: first from the newest message, and then from where
/// the other is. A writer that looks meanwhile finds one of them there.
fn hand_over(name: &str, to_an_earlier_entry: bool) {
    model_with_traced_loads(name, Some(2), move || {
        let buffer = buffer();
        let place = to_an_earlier_entry.then(|| hold(&buffer, 2));
        let last = hold(&buffer, 0);
        drop(place);
        let holders = buffer.holding_readers().unwrap();
        let looking = thread::spawn(move || {
            let behind = holders.slowest(2).map(|holder| holder.behind);
            assert_eq!(behind, Some(2), "nobody holds what both held");
        });
        let joined = buffer.clone();
        // Of another thread, whose fences do not order what this one stores when it lets go.
        let joining = thread::spawn(move || {
            let next = hold(&joined, 2);
            next.publish(0, 0, 0);
            next
        });
        let next = joining.join().unwrap();
        assert_eq!(next.id() < last.id(), to_an_earlier_entry);
        drop(last);
        looking.join().unwrap();
        drop(next);
    });
}

#[test]
fn a_handover_to_a_later_entry() {
    hand_over("a_handover_to_a_later_entry", false);
}

#[test]
fn a_handover_to_an_earlier_entry() {
    hand_over("a_handover_to_an_earlier_entry", true);
}

/// One writer evicts, and another overwrites: whoever sees that it did finds that it holds no longer.
#[test]
fn whoever_sees_a_message_gone_was_evicted() {
    model_with_traced_loads("whoever_sees_a_message_gone_was_evicted", Some(3), || {
        let buffer = buffer();
        let holder = hold(&buffer, 0);
        let [evicting, overwriting] = [(); 2].map(|()| buffer.holding_readers().unwrap());
        let slot = Arc::new(AtomicU64::new(0));
        let evicting = thread::spawn(move || {
            if let Some(slowest) = evicting.slowest(1) {
                evicting.evict(&slowest);
            }
        });
        let written = Arc::clone(&slot);
        let overwriting = thread::spawn(move || {
            if overwriting.slowest(1).is_none() {
                // As a slot is marked: the fence before it is the look's.
                written.store(1, Ordering::Relaxed);
            }
        });
        if slot.load(Ordering::Relaxed) == 1 {
            assert!(!holder.holds(), "its message is overwritten, and it holds");
        }
        evicting.join().unwrap();
        overwriting.join().unwrap();
    });
}
