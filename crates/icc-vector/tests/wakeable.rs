//! Readers that sleep in the kernel, and writers that wake them.

#![cfg(not(icc_loom))]

use icc_testing::wait_until;
use icc_vector::{
    Mode, MultiWriter, Packed, Padded, Park, Placement, SeqlockVector, SingleWriter, SpinThenSleep, Tracked, Unchanged,
    VectorReader, VectorSpec, WaitError, WaitStrategy, Writer,
};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Sleeps as soon as there is nothing.
fn at_once() -> Park {
    Park::new(Duration::ZERO)
}

fn vector<M: Mode, P: Placement>() -> SeqlockVector<u64, M, P> {
    SeqlockVector::new(VectorSpec::new(3).wakeable()).unwrap()
}

fn somebody_sleeps(vector: &VectorReader<u64>) -> bool {
    format!("{:?}", vector.bell().expect("it is wakeable")).contains("somebody_sleeps: true")
}

/// Lets two readers sleep, one for slot 1 and one for any, and says whether `write` rang. Both must
/// get the value, whatever woke them.
fn rings(vector: &VectorReader<u64>, write: impl FnOnce()) -> bool {
    let (reader, mut changes) = (vector.clone(), vector.changes());
    thread::scope(|scope| {
        let one = scope.spawn(move || {
            let mut out = 0;
            reader.wait_for_change(1, 0, &mut out, PATIENCE, &mut at_once()).unwrap();
            out
        });
        let any = scope.spawn(move || changes.wait(PATIENCE, &mut at_once()).unwrap().next().unwrap());
        wait_until("a reader says that it sleeps", || somebody_sleeps(vector));
        write();
        let rang = !somebody_sleeps(vector);
        let (one, any) = (one.join().unwrap(), any.join().unwrap());
        assert_eq!((one, any.index, any.value), (7, 1, 7));
        rang
    })
}

fn writers_ring<M: Mode, P: Placement>() {
    let write = |how: fn(&mut Writer<u64, M, P>)| {
        let vector = vector::<M, P>();
        let mut writer = vector.writer().unwrap();
        rings(&vector, move || how(&mut writer))
    };
    // The other reader may begin to sleep just then: once in many is enough.
    let often = |how| (0..20).filter(|_| write(how)).count();
    assert!(often(|writer| _ = writer.write(1, &7).unwrap()) > 0, "write");
    assert!(often(|writer| _ = writer.update(1, |value| *value = 7).unwrap()) > 0, "update");
}

#[test]
fn every_way_of_writing_rings() {
    writers_ring::<MultiWriter, Padded>();
    writers_ring::<SingleWriter, Packed>();
    writers_ring::<Tracked<MultiWriter>, Padded>();
    writers_ring::<Tracked<SingleWriter>, Padded>();
    let often = |how: fn(&SeqlockVector<u64>)| {
        (0..20)
            .filter(|_| {
                let vector = vector::<MultiWriter, Padded>();
                rings(&vector, || how(&vector))
            })
            .count()
    };
    assert!(often(|vector| _ = vector.write(1, &7).unwrap()) > 0, "write without a writer");
    assert!(often(|vector| _ = vector.update(1, |value| *value = 7).unwrap()) > 0, "update without a writer");
}

#[test]
fn only_a_wakeable_vector_has_a_bell() {
    let plain = SeqlockVector::<u64>::new(3).unwrap();
    assert!(!plain.is_wakeable() && plain.bell().is_none());
    let vector = vector::<MultiWriter, Padded>();
    assert!(vector.is_wakeable() && vector.bell().is_some());
}

fn times_out(vector: &SeqlockVector<u64>, wait: &mut dyn WaitStrategy) {
    let (timeout, start, seen) = (Duration::from_millis(3), Instant::now(), vector.version(1).unwrap());
    assert_eq!(vector.wait_for_change(1, seen, &mut 0, timeout, wait), Err(WaitError::Timeout { index: 1 }));
    let mut changes = vector.changes_from_now();
    assert_eq!(changes.wait(timeout, wait).err(), Some(Unchanged { after: timeout }));
    assert!(start.elapsed() >= 2 * timeout);
}

/// Also where the strategy's own sleep is far longer: this would take hours.
#[test]
fn a_sleep_ends_at_the_deadline() {
    let hour = Duration::from_secs(3600);
    for vector in [vector(), SeqlockVector::new(3).unwrap()] {
        vector.write(2, &1).unwrap();
        times_out(&vector, &mut at_once());
        times_out(&vector, &mut Park::default());
        times_out(&vector, &mut SpinThenSleep::new(0, hour));
    }
}

/// What is there, or is not, in vectors with and without counts.
#[test]
fn a_look_tells_what_a_poll_would_find() {
    fn looks<M: Mode>() {
        let vector = SeqlockVector::<u64, M>::new(300).unwrap();
        let mut writer = vector.writer().unwrap();
        let mut changes = vector.changes();
        for index in [0, 299, 150] {
            assert!(!changes.is_ready());
            writer.write(index, &9).unwrap();
            assert!(changes.is_ready() && changes.is_ready());
            assert_eq!(changes.wait(Duration::ZERO, &mut at_once()).unwrap().count(), 1);
        }
        assert!(!changes.is_ready());
    }
    looks::<MultiWriter>();
    looks::<SingleWriter>();
    looks::<Tracked<MultiWriter>>();
    looks::<Tracked<SingleWriter>>();
}
