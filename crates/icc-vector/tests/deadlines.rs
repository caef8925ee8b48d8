//! A wait ends with its timeout, whatever the slot's writer does and whoever else wants the core.

#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_testing::{Name, SetOnDrop};
use icc_vector::{
    BusySpin, Options, Park, ReadError, SeqlockVector, SingleWriter, SpinThenSleep, SpinThenYield, VectorReader,
    VectorSpec, WaitError, WaitStrategy,
};
use nix::time::{ClockId, clock_gettime};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_millis(10);

/// The time for which this thread had a core.
fn on_core() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The least time on a core of several waits: what a fault or an interrupt took does not count.
fn waits(mut wait: impl FnMut()) -> Duration {
    let once = |_| {
        let (start, before) = (Instant::now(), on_core());
        wait();
        assert!(start.elapsed() >= TIMEOUT, "it ended early");
        on_core() - before
    };
    (0..5).map(once).min().unwrap()
}

/// Leaves slot 0 as the writer with this id does that was stopped or killed in the middle of a write.
fn stop_in_mid_write(path: &Path, writer: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let number = |at| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    };
    // As docs/shared-memory-layout.md says: the version is odd and names the writer.
    let version = number(number(112));
    file.write_all_at(&((version + 1) | ((writer + 1) << 57)).to_ne_bytes(), number(112)).unwrap();
}

#[test]
fn a_stopped_writer_and_busy_neighbours_do_not_hold_a_wait_up() {
    let directory = Name::directory("deadlines");
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let _ends = SetOnDrop(&ended);
        for (name, spec) in [("plain", VectorSpec::new(2)), ("wakeable", VectorSpec::new(2).wakeable())] {
            let path = directory.path().join(name);
            let vector = SeqlockVector::<u64, SingleWriter>::create(&path, spec, &Options::new()).unwrap();
            let mut writer = vector.writer().unwrap();
            writer.write(0, &7).unwrap();
            stop_in_mid_write(&path, 0);
            let reader = VectorReader::<u64>::open(&path, &Options::new()).unwrap();
            let strategies: [Box<dyn WaitStrategy>; 6] = [
                Box::new(BusySpin),
                Box::new(SpinThenYield::default()),
                Box::new(SpinThenYield::new(0)),
                Box::new(SpinThenSleep::default()),
                Box::new(Park::default()),
                Box::new(Park::new(Duration::ZERO)),
            ];
            for (index, mut strategy) in strategies.into_iter().enumerate() {
                let mut changes = reader.changes_from_now();
                let timeout = WaitError::Timeout { index: 0 };
                let one = waits(|| {
                    assert_eq!(reader.wait_for_change(0, 0, &mut 0, TIMEOUT, &mut strategy), Err(timeout));
                });
                let any = waits(|| assert!(changes.wait(TIMEOUT, &mut strategy).is_err()));
                let late = one.max(any).saturating_sub(TIMEOUT);
                assert!(late <= Duration::from_millis(1), "{name}, strategy {index}: {late:?} on a core after the end");
            }
        }
    });
}

/// Whoever sleeps until a slot changes is told that its writer was killed in the middle of a write.
#[test]
fn a_sleeper_is_told_of_a_dead_writer() {
    let directory = Name::directory("sleeper-dead");
    let path = directory.path().join("vector");
    let vector = SeqlockVector::<u64>::create(&path, VectorSpec::new(2).wakeable(), &Options::new()).unwrap();
    vector.writer().unwrap().write(0, &7).unwrap();
    // Nobody has this id.
    stop_in_mid_write(&path, 5);
    let reader = VectorReader::<u64>::open(&path, &Options::new()).unwrap();
    let forever = Duration::from_secs(3600);
    for wait in [Park::default(), Park::new(Duration::ZERO)] {
        let waited = reader.wait_for_change(0, 0, &mut 0, forever, &mut { wait });
        assert!(matches!(waited, Err(WaitError::Read(ReadError::WriterDied(_)))), "{waited:?}");
    }
    let waited = reader.wait_for_change(0, 0, &mut 0, forever, &mut SpinThenSleep::default());
    assert!(matches!(waited, Err(WaitError::Read(ReadError::WriterDied(_)))), "{waited:?}");
}
