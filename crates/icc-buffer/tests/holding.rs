//! Entries that hold.
#![cfg(not(icc_loom))]

use icc_buffer::{Buffer, EntryError, Held, Kind, Packed, ReadOnlyBuffer, ReaderKind, Spec};
use std::sync::atomic::{AtomicU64, Ordering};

fn spec() -> Spec {
    Spec::new(Kind::new("example"), 8).holding()
}

fn buffers() -> Vec<ReadOnlyBuffer<u64>> {
    let mut buffers = vec![Buffer::<u64, Packed>::private(spec()).unwrap().read_only().clone()];
    #[cfg(all(target_os = "linux", not(miri)))]
    buffers.push(Buffer::<u64, Packed>::anonymous(spec(), &icc_buffer::Options::new()).unwrap().read_only().clone());
    buffers
}

#[test]
fn the_slowest_is_found_and_evicted() {
    for buffer in buffers() {
        let holders = buffer.holding_readers().unwrap();
        assert_eq!(holders.slowest(9), None);
        let Held { entry: slow, cursor, head, .. } = buffer.hold("slow", Some(3), || 7).unwrap();
        assert_eq!((cursor, head), (3, 7));
        let quick = buffer.hold("quick", None, || 7).unwrap().entry;
        let found = holders.slowest(9).unwrap();
        assert_eq!((found.id, found.cursor, found.behind), (slow.id(), 3, 6));
        assert_eq!(holders.is_alive(&found), Ok(true));
        slow.publish(5, 2, 0);
        assert_eq!(holders.slowest(9).unwrap().behind, 4);
        // One that cannot be, or is of a writer further on, counts as that of the writer that looks.
        slow.publish(10, 2, 0);
        quick.publish(10, 2, 0);
        assert_eq!(holders.slowest(9).unwrap().behind, 0);
        slow.publish(5, 2, 0);
        // By the word: a cursor that moved does not save it.
        assert!(holders.evict(&found) && !holders.evict(&found));
        assert!(!slow.holds() && quick.holds());
        assert_eq!(holders.slowest(9).unwrap().id, quick.id());
        let kinds: Vec<_> = buffer.entries().unwrap().into_iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [ReaderKind::Evicted, ReaderKind::Holding]);
        // A later tenant of its entry is not meant.
        let id = slow.id();
        drop(slow);
        let next = buffer.hold("next", Some(1), || 7).unwrap().entry;
        assert_eq!(next.id(), id);
        assert!(!holders.evict(&found) && next.holds());
        drop((next, quick));
        assert_eq!(holders.slowest(9), None);
    }
}

#[test]
fn it_is_refused_where_it_was_not_asked_for() {
    let buffer = Buffer::<u64, Packed>::private(Spec::new(Kind::new("example"), 8).seen()).unwrap();
    assert!(matches!(buffer.hold("x", None, || 0), Err(EntryError::NotHolding { path: None })));
    assert!(matches!(buffer.holding_readers(), Err(EntryError::NotHolding { path: None })));
    let buffer = Buffer::<u64, Packed>::private(spec()).unwrap();
    let all: Vec<_> = (0..64).map(|_| buffer.hold("x", None, || 0).unwrap()).collect();
    assert!(matches!(buffer.hold("x", None, || 0), Err(EntryError::NoneLeft { max: 64, path: None })));
    drop(all);
    assert!(matches!(buffer.take_entry("x", 0), Err(EntryError::NotSeen { .. })));
}

/// One begins to hold, goes back to where another is, and that one lets go, again and again, at most once in each look: a
/// writer never finds that nobody holds.
#[test]
fn a_handover_is_held() {
    const LOOKS: u64 = if cfg!(miri) { 50 } else { 200_000 };
    for buffer in buffers() {
        let hold = |asked| buffer.hold("x", asked, || 100).unwrap().entry;
        let (mut last, looks) = (hold(Some(0)), AtomicU64::new(0));
        let holders = buffer.holding_readers().unwrap();
        let mut handovers = 0_u64;
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                // To its end whatever it finds: the other thread counts on it.
                let missed = |_: &u64| {
                    let behind = holders.slowest(100).map(|holder| holder.behind);
                    looks.fetch_add(1, Ordering::Release);
                    behind != Some(100)
                };
                (0..LOOKS).filter(missed).count()
            });
            while looks.load(Ordering::Acquire) < LOOKS {
                let next = hold(None);
                next.publish(0, 0, 0);
                drop(std::mem::replace(&mut last, next));
                handovers += 1;
                // The look that may have seen the beginning is over, and the next one has begun after the end.
                let until = (looks.load(Ordering::Acquire) + 2).min(LOOKS);
                while looks.load(Ordering::Acquire) < until {
                    std::hint::spin_loop();
                }
            }
            assert_eq!(looking.join().unwrap(), 0, "nobody seemed to hold, in {handovers} handovers");
        });
        assert!(handovers > 1);
    }
}
