//! Torn values, missed changes and crossed snapshots, hunted with real threads.
//! `ICC_TORTURE_SECONDS` says for how long in all, 2 if not set.
#![cfg(not(icc_loom))]

mod common;

use common::{assert_whole, filled};
use icc_testing::SetOnDrop;
use icc_vector::{Mode, MultiWriter, Packed, Padded, Placement, SeqlockVector, SingleWriter, Tracked, WriteError};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const CASES: u32 = 7;

fn share_of_time() -> Duration {
    let seconds = match std::env::var("ICC_TORTURE_SECONDS") {
        Ok(text) => text.parse().expect("ICC_TORTURE_SECONDS wants a number of seconds"),
        Err(_) => 2.0,
    };
    Duration::from_secs_f64(seconds) / CASES
}

/// Writers against a reader of each kind; at the end the cursor has seen the newest version of
/// every slot.
fn torture<M: Mode, P: Placement, const WORDS: usize>(writers: u64, len: usize) {
    let vector = SeqlockVector::<[u64; WORDS], M, P>::new(len).unwrap();
    let stop = AtomicBool::new(false);
    let deadline = Instant::now() + share_of_time();
    let mut changes = vector.changes();
    thread::scope(|scope| {
        let writing: Vec<_> = (0..writers)
            .map(|name| {
                let mut writer = vector.writer().unwrap();
                scope.spawn(move || {
                    let mut n = name << 56;
                    while Instant::now() < deadline {
                        for _ in 0..32 {
                            n += 1;
                            let index = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % len;
                            match writer.write(index, &filled(n)) {
                                Ok(_) | Err(WriteError::Busy(_)) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                    }
                })
            })
            .collect();
        let (vector, stop) = (&vector, &stop);
        scope.spawn(move || {
            let (mut value, mut reads) = ([0; WORDS], 0_u64);
            while !stop.load(Relaxed) {
                for index in 0..len {
                    if vector.read_into(index, &mut value).is_ok_and(|version| version > 0) {
                        assert_whole(&value);
                        reads += 1;
                    }
                }
            }
            assert!(reads > 0, "nothing was ever read");
        });
        let changes = &mut changes;
        scope.spawn(move || {
            let mut last = vec![0; len];
            loop {
                let last_poll = stop.load(Relaxed);
                for change in changes.poll() {
                    assert_whole(&change.value);
                    assert!(change.version > last[change.index], "yielded twice");
                    last[change.index] = change.version;
                }
                if last_poll {
                    break;
                }
            }
            let newest: Vec<_> = (0..len).map(|index| vector.version(index).unwrap()).collect();
            assert_eq!(last, newest, "a change was missed");
        });
        let _stops = SetOnDrop(stop);
        for writer in writing {
            writer.join().unwrap();
        }
    });
}

#[test]
fn one_writer() {
    torture::<SingleWriter, Padded, 7>(1, 5);
}

#[test]
fn one_tracked_writer() {
    torture::<Tracked<SingleWriter>, Packed, 7>(1, 200);
}

#[test]
fn many_writers_of_few_slots() {
    torture::<MultiWriter, Padded, 7>(3, 2);
}

#[test]
fn many_writers_large() {
    torture::<MultiWriter, Packed, 128>(2, 3);
}

#[test]
fn many_tracked_writers() {
    torture::<Tracked<MultiWriter>, Padded, 3>(3, 300);
}

#[test]
fn a_block_shared_by_single_writers() {
    let vector = SeqlockVector::<u64, Tracked<SingleWriter>>::new(1000).unwrap();
    let mut changes = vector.changes();
    let deadline = Instant::now() + share_of_time();
    // Slots 0 to 7 are one block.
    let mut writers = [0..3, 3..8].map(|range| vector.writer_of(range).unwrap());
    let (mut last, mut round) = ([0; 8], 0);
    while Instant::now() < deadline {
        round += 1;
        thread::scope(|scope| {
            for writer in &mut writers {
                scope.spawn(move || (0..100).for_each(|n| _ = writer.write(writer.range().start + n % 3, &round)));
            }
            changes.poll().for_each(|change| last[change.index] = change.version);
        });
        changes.poll().for_each(|change| last[change.index] = change.version);
        let newest: [u64; 8] = std::array::from_fn(|index| vector.version(index).unwrap());
        assert_eq!(last, newest, "a change was missed");
    }
}

/// One writer keeps slot 0 ahead of slot 1 by at most one, and slot 1 of slot 2.
#[test]
fn snapshots() {
    let vector = SeqlockVector::<[u64; 7], SingleWriter>::new(3).unwrap();
    let mut writer = vector.writer().unwrap();
    let deadline = Instant::now() + share_of_time();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut snapshot = vector.snapshot([2, 0, 1]).unwrap();
            let mut taken = 0_u64;
            while !stop.load(Relaxed) {
                let Ok(&[last, first, middle]) = snapshot.take() else { continue };
                if snapshot.versions()[0] == 0 {
                    continue;
                }
                [first, middle, last].iter().for_each(assert_whole);
                let [first, middle, last] = [first, middle, last].map(|value| value[0]);
                assert!(first >= middle && middle >= last && first <= last + 1, "{first} {middle} {last}");
                taken += 1;
            }
            taken
        });
        let stops = SetOnDrop(&stop);
        let mut n = 0;
        while Instant::now() < deadline {
            n += 1;
            (0..3).for_each(|index| _ = writer.write(index, &filled(n)).unwrap());
            // Mostly back to back, so that writes cross; and moments for a snapshot.
            if n % 64 == 0 {
                (0..2000).for_each(|_| std::hint::spin_loop());
            }
        }
        drop(stops);
        assert!(reading.join().unwrap() > 0, "no snapshot was ever taken");
    });
}
