//! Torn reads, hunted with real threads. `ICC_TORTURE_SECONDS` says for how long in all, 2 if not
//! set.
#![cfg(not(icc_loom))]

use icc_seqlock::{Payload, Seqlock};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const CASES: u32 = 10;

fn share_of_time() -> Duration {
    let seconds = match std::env::var("ICC_TORTURE_SECONDS") {
        Ok(text) => text.parse().expect("ICC_TORTURE_SECONDS wants a number of seconds"),
        Err(_) => 2.0,
    };
    Duration::from_secs_f64(seconds) / CASES
}

/// All words follow from the first by a mix that no mixture of two values passes; one word alone
/// cannot tear.
fn filled<const WORDS: usize>(seed: u64) -> [u64; WORDS] {
    let mut word = seed;
    std::array::from_fn(|_| {
        let this = word;
        word = (word ^ word >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        this
    })
}

/// Two readers against `writers` writers, of which one alone writes through the exclusive handle.
fn torture<const WORDS: usize>(writers: u64)
where
    [u64; WORDS]: Payload,
{
    let mut cell = Seqlock::new(filled::<WORDS>(0));
    let stop = AtomicBool::new(false);
    let deadline = Instant::now() + share_of_time();

    let read = |read_into: &dyn Fn(&mut [u64; WORDS]) -> Option<u64>| {
        let (mut value, mut last, mut reads) = ([0; WORDS], 0, 0_u64);
        // On a busy machine a reader may only get its turn when all is over: then it reads once.
        while !stop.load(Relaxed) || reads == 0 {
            let Some(version) = read_into(&mut value) else { continue };
            assert!(value == filled(value[0]), "torn at version {version}");
            assert!(version >= last, "went back from version {last} to {version}");
            if writers == 1 {
                assert_eq!(2 * value[0], version, "the value is not of its version");
            }
            (last, reads) = (version, reads + 1);
        }
    };
    let timed = |write: &mut dyn FnMut(u64)| {
        let mut seed = 0;
        while Instant::now() < deadline {
            for _ in 0..64 {
                seed += 1;
                write(seed);
            }
        }
        stop.store(true, Relaxed);
        seed
    };

    if writers == 1 {
        let (mut writer, reader) = cell.split();
        let written = thread::scope(|scope| {
            let readers = [
                scope.spawn(|| read(&|out| Some(reader.read_into(out)))),
                scope.spawn(|| read(&|out| reader.try_read_into(out).ok())),
                // By value, in registers if it is short: its version is told by the value.
                scope.spawn(|| {
                    read(&|out| {
                        *out = reader.read();
                        Some(2 * out[0])
                    })
                }),
            ];
            let written = timed(&mut |seed| assert_eq!(writer.write(&filled(seed)), 2 * seed));
            readers.into_iter().for_each(|reader| reader.join().unwrap());
            written
        });
        assert_eq!(cell.version(), 2 * written);
    } else {
        let cell = &cell;
        let written: u64 = thread::scope(|scope| {
            let readers = [
                scope.spawn(|| read(&|out| Some(cell.read_into(out)))),
                scope.spawn(|| read(&|out| cell.read_into_if_newer(1, out))),
                scope.spawn(|| {
                    read(&|out| {
                        *out = cell.try_read().ok()?;
                        Some(0)
                    })
                }),
            ];
            let threads: Vec<_> = (0..writers)
                .map(|name| {
                    scope.spawn(move || {
                        timed(&mut |seed| {
                            let value = filled(seed * writers + name);
                            match seed % 4 {
                                0 => cell.update(|old| {
                                    assert!(*old == filled(old[0]), "torn under `update`");
                                    *old = value;
                                }),
                                _ => cell.write(&value),
                            };
                        })
                    })
                })
                .collect();
            let written = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            readers.into_iter().for_each(|reader| reader.join().unwrap());
            written
        });
        assert_eq!(cell.version(), 2 * written, "a write was lost or counted twice");
    }
}

#[test]
fn no_read_is_torn() {
    torture::<1>(1);
    torture::<7>(1);
    torture::<8>(1);
    torture::<32>(1);
    torture::<512>(1);
    torture::<1>(2);
    torture::<7>(2);
    torture::<8>(2);
    torture::<32>(2);
    torture::<512>(2);
}
