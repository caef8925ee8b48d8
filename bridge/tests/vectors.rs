//! Vectors between machines: latest values, complete again after every loss, and never older ones.

mod common;

use common::{Name, SetOnDrop, exporting, importing, wait_until};
use icc_bridge::memory::{Faults, Memory};
use icc_bridge::{ExportOptions, ImportOptions};
use icc_vector::{Options, SeqlockVector, VectorReader, VectorSpec};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

type Value = [u64; 4];

fn options() -> ExportOptions {
    let mut options = ExportOptions::default();
    options.heartbeat = Duration::from_millis(10);
    options
}

fn mirror(name: &Name) -> VectorReader<Value> {
    VectorReader::open_within(name, Duration::from_secs(60), &Options::new()).unwrap()
}

#[test]
fn latest_values_with_their_names() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(1));
    let spec = VectorSpec::new(3).wakeable();
    let keys = Options::new().keys(["EURUSD", "USDJPY", "GBPUSD"]);
    let vector = SeqlockVector::<Value>::create(&there, spec, &keys).unwrap();
    let mut writer = vector.writer().unwrap();
    writer.write(1, &[1; 4]).unwrap();
    let out = exporting(network.clone(), &there, "k", options());
    let into = importing(network, "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    assert_eq!((mirror.source(), mirror.len(), mirror.find("GBPUSD")), (Some(vector.instance()), 3, Some(2)));
    assert!(mirror.is_wakeable());
    wait_until("the value is there", || mirror.read_if_written(1) == Ok(Some([1; 4])));
    assert_eq!(mirror.read_if_written(0), Ok(None));
    for n in 2..1_000 {
        writer.write(2, &[n; 4]).unwrap();
    }
    wait_until("the last value is there", || mirror.read(2) == Ok([999; 4]));
    let (sent, received) = (out.end(), into.end());
    assert!(sent.messages < 1_000 && received.refused == 0, "{sent:?} {received:?}");
}

/// Frames are lost, doubled, late, and for a while nothing comes: no slot ever goes back, and in the end all is
/// there.
#[test]
fn complete_again_after_every_loss() {
    const SLOTS: usize = 50;
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(2));
    let vector = SeqlockVector::<Value>::create(&there, SLOTS, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    let mut small = options();
    small.frame_bytes = 200;
    let _out = exporting(network.clone(), &there, "k", small);
    let into = importing(network.clone(), "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut seen = [0; SLOTS];
            while !done.load(Ordering::Relaxed) {
                for (index, seen) in seen.iter_mut().enumerate() {
                    let value = mirror.read(index).unwrap();
                    assert!(value == [value[0]; 4] && value[0] >= *seen, "slot {index}: {value:?} after {seen}");
                    *seen = value[0];
                }
            }
        });
        let _ends = SetOnDrop(&done);
        let mut n = 0;
        for round in 0..20 {
            let cut = round % 4 == 3;
            network.set(Faults { lost: 200, doubled: 100, late: 200, cut });
            for _ in 0..500 {
                n += 1;
                writer.write(n as usize * 7 % SLOTS, &[n; 4]).unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
            network.set(Faults::default());
            if round % 5 == 0 {
                let equal = |index| vector.read(index) == mirror.read(index);
                wait_until("all values are there", || (0..SLOTS).all(equal));
            }
        }
        wait_until("all values are there", || (0..SLOTS).all(|index| vector.read(index) == mirror.read(index)));
    });
    let received = into.end();
    assert!(received.lost_on_the_way > 0 && received.refused == 0, "{received:?}");
}

#[test]
fn what_changes_often_is_sent_as_often_as_asked() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(3));
    let vector = SeqlockVector::<Value>::create(&there, 10, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    let mut slow = options();
    slow.every = Duration::from_millis(20);
    let out = exporting(network.clone(), &there, "k", slow);
    let _into = importing(network, "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    let (began, mut n) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_millis(200) {
        n += 1;
        writer.write(4, &[n; 4]).unwrap();
    }
    let passed = began.elapsed();
    wait_until("the last value is there", || mirror.read(4) == Ok([n; 4]));
    // However slow this machine is: not more often.
    let most = began.elapsed().as_millis() as u64 / 20 + 2;
    let sent = out.end();
    assert!(sent.messages <= most, "{sent:?} in {passed:?}, {n} writes");
}

#[test]
fn bridges_are_started_again_and_sources_made_anew() {
    let (there, here, network) = (Name::new("there"), Name::new("here"), Memory::new(4));
    let mut out = Some(exporting(network.clone(), &there, "k", options()));
    let mut into = Some(importing(network.clone(), "k", &here, ImportOptions::default()));
    for round in 0..6_u64 {
        let vector = SeqlockVector::<Value>::create(&there, 4, &Options::new()).unwrap();
        let mut writer = vector.writer().unwrap();
        writer.write(0, &[round; 4]).unwrap();
        let found = || VectorReader::<Value>::open(&here, &Options::new()).ok();
        wait_until("there is a mirror of the new one", || {
            found().is_some_and(|mirror| mirror.source() == Some(vector.instance()))
        });
        match round % 3 {
            0 => out = None,
            1 => into = None,
            _ => (out, into) = (None, None),
        }
        writer.write(1, &[round + 10; 4]).unwrap();
        out = out.or_else(|| Some(exporting(network.clone(), &there, "k", options())));
        into = into.or_else(|| Some(importing(network.clone(), "k", &here, ImportOptions::default())));
        let mirror = found().unwrap();
        wait_until("all values are there", || {
            mirror.read(0) == Ok([round; 4]) && mirror.read(1) == Ok([round + 10; 4])
        });
        assert!(mirror.is_current().unwrap());
        icc_vector::remove(&there).unwrap();
    }
}

/// Over zenoh, all values take more frames than it keeps at once.
#[cfg(feature = "zenoh")]
#[test]
fn all_values_of_a_large_vector_over_zenoh() {
    use icc_bridge::network::{Network, Zenoh};
    const SLOTS: usize = 50_000;
    let (there, here) = (Name::new("there"), Name::new("here"));
    let vector = SeqlockVector::<Value>::create(&there, SLOTS, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    (0..SLOTS).for_each(|slot| _ = writer.write(slot, &[slot as u64; 4]).unwrap());
    let one = Zenoh::open(&Network::default()).unwrap();
    let mut towards = Network::default();
    towards.connect = one.addresses();
    let mut small = options();
    small.frame_bytes = 1_000;
    let out = exporting(one, &there, "k", small);
    // All was sent before anybody listened.
    wait_until("it sends", || out.told("sending"));
    std::thread::sleep(Duration::from_millis(300));
    let into = importing(Zenoh::open(&towards).unwrap(), "k", &here, ImportOptions::default());
    let mirror = mirror(&here);
    wait_until("all values are there", || mirror.read(SLOTS - 1) == Ok([SLOTS as u64 - 1; 4]));
    wait_until("all values are there", || (0..SLOTS).all(|slot| vector.read(slot) == mirror.read(slot)));
    assert_eq!(into.end().refused, 0);
}
