//! A writer and the copy of it that a child gets by `fork`.
#![cfg(all(target_os = "linux", not(icc_loom), not(miri)))]

use icc_testing::{Actor, Name, in_forked_child, role};
use icc_vector::{Mode, MultiWriter, Options, SeqlockVector, SingleWriter, Tracked, WriteError};
use std::path::Path;

#[test]
fn actor() {
    let Some((role, name)) = role() else { return };
    if role == "single" { forks::<Tracked<SingleWriter>>(&name) } else { forks::<MultiWriter>(&name) }
}

fn forks<M: Mode>(name: &Path) {
    let vector = SeqlockVector::<u64, M>::create(name, 8, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    writer.write(3, &1).unwrap();
    let told = in_forked_child(|| {
        let refused = writer.update(3, |value| *value = 99) == Err(WriteError::Forked);
        // SAFETY: the child ends without dropping the original.
        drop(unsafe { std::ptr::read(&raw const writer) });
        refused
    });
    assert!(told, "the child was not told");
    assert_eq!(vector.read(3), Ok(1));
    assert_eq!(writer.write(3, &2), Ok(4));
    let second = vector.writer();
    assert_eq!(second.is_ok(), std::any::type_name::<M>().ends_with("::MultiWriter"), "{second:?}");
}

#[test]
fn single_writers() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let name = Name::new("fork-single");
    Actor::start("single", &name, &[]).succeeds();
}

#[test]
fn many_writers() {
    if icc_testing::emulator_lacks(icc_testing::Feature::ClearedByFork) {
        return;
    }
    let name = Name::new("fork-multi");
    Actor::start("multi", &name, &[]).succeeds();
}
