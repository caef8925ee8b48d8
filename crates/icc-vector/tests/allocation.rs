//! Once a vector, its writers and its cursors are there, writing and reading allocate nothing.

#![cfg(all(target_os = "linux", not(icc_loom)))]

use icc_testing::{Counting, Name, without_allocation};
use icc_vector::{
    Mode, MultiWriter, Options, Park, SeqlockVector, SingleWriter, SpinThenSleep, Tracked, VectorSpec, WaitError,
};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LEN: usize = 300;
const SHORT: Duration = Duration::from_millis(3);

fn written_and_read<M: Mode>(what: &str, vector: &SeqlockVector<[u64; 7], M>) {
    let mut writer = vector.writer().unwrap();
    let (mut changes, mut snapshot) = (vector.changes(), vector.snapshot([1, 2]).unwrap());
    let (mut value, mut values) = ([0; 7], vec![[0; 7]; LEN]);
    without_allocation(what, || {
        for n in 0..2 * LEN as u64 {
            let slot = n as usize % LEN;
            writer.write(slot, &[n; 7]).unwrap();
            writer.update(slot, |value| value[0] += 1).unwrap();
            assert_eq!(vector.read(slot).unwrap()[0], n + 1);
            let version = vector.read_into(slot, &mut value).unwrap();
            assert_eq!(vector.read_into_if_newer(slot, version, &mut value), Ok(None));
            assert_eq!(changes.poll().count(), 1);
        }
        vector.read_all_into(&mut values).unwrap();
        assert_eq!(vector.iter().filter(Result::is_ok).count(), LEN);
        assert_eq!(snapshot.take().unwrap().len(), 2);
        let version = vector.version(1).unwrap();
        let sleeping = vector.wait_for_change(1, version, &mut value, SHORT, &mut SpinThenSleep::default());
        let parked = vector.wait_for_change(1, version, &mut value, SHORT, &mut Park::default());
        assert!(matches!((sleeping, parked), (Err(WaitError::Timeout { .. }), Err(WaitError::Timeout { .. }))));
        assert!(!changes.is_ready());
    });
}

fn all<M: Mode>(mode: &str) {
    let spec = VectorSpec::new(LEN);
    for (kind, spec) in [("plain", spec), ("wakeable", spec.wakeable())] {
        let name = Name::new("allocation");
        written_and_read::<M>(&format!("{mode}, {kind}, private"), &SeqlockVector::new(spec).unwrap());
        let shared = SeqlockVector::create(&name, spec, &Options::new()).unwrap();
        written_and_read::<M>(&format!("{mode}, {kind}, shared"), &shared);
    }
}

#[test]
fn one_writer() {
    all::<SingleWriter>("one writer");
    all::<Tracked<SingleWriter>>("one writer, tracked");
}

#[test]
fn many_writers() {
    all::<MultiWriter>("many writers");
    all::<Tracked<MultiWriter>>("many writers, tracked");
}
