//! Readers of a vector that die at each step of sleeping, and writers at those of waking. Needs a build
//! with `--cfg icc_steps`, as `cargo xtask test` makes one.
//!
//! With `ICC_TORTURE_SECONDS` in the environment, a hundred of each.

#![cfg(all(target_os = "linux", icc_steps, not(icc_loom)))]

mod common;

use common::{Actor, Name, PATIENCE, role, wait_until};
use icc_testing::torture;
use icc_vector::{Mode, MultiWriter, Options, Park, SeqlockVector, SingleWriter, VectorReader, VectorSpec};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn at_once() -> Park {
    Park::new(Duration::ZERO)
}

fn times() -> u32 {
    if torture().is_some() { 100 } else { 2 }
}

#[test]
fn actor() {
    let Some((role, path)) = role() else { return };
    let reader = || VectorReader::<u64>::open(&path, &Options::new()).unwrap();
    match role.as_str() {
        "wait for a slot" => _ = reader().wait_for_change(1, 0, &mut 0, PATIENCE, &mut at_once()),
        "wait for any" => _ = reader().changes().wait(PATIENCE, &mut at_once()).map(Iterator::count),
        "write alone" => write::<SingleWriter>(&path),
        "write among many" => write::<MultiWriter>(&path),
        other => panic!("no role {other}"),
    }
}

/// Once a reader sleeps, so that it is rung for.
fn write<M: Mode>(path: &Path) {
    let vector = SeqlockVector::<u64, M>::open(path, &Options::new()).unwrap();
    let mut writer = vector.writer().unwrap();
    wait_until("a reader sleeps", || somebody_sleeps(&vector));
    writer.write(1, &7).unwrap();
}

fn bell(vector: &VectorReader<u64>) -> String {
    format!("{:?}", vector.bell().expect("it is wakeable"))
}

fn somebody_sleeps(vector: &VectorReader<u64>) -> bool {
    bell(vector).contains("somebody_sleeps: true")
}

fn create<M: Mode>(directory: &Name) -> SeqlockVector<u64, M> {
    SeqlockVector::create(directory.path().join("table"), VectorSpec::new(3).wakeable(), &Options::new()).unwrap()
}

/// A reader that dies costs the next writer one call, and then nothing: the word that writers look at
/// is even again.
#[test]
fn a_sleeper_that_dies_leaves_one_spare_call() {
    for (role, step) in
        ["wait for a slot", "wait for any"].into_iter().flat_map(|role| ["armed", "looks", "sleeps"].map(|s| (role, s)))
    {
        for _ in 0..times() {
            let directory = Name::directory(&format!("wake-reader-{step}"));
            let vector = create::<MultiWriter>(&directory);
            let (mut one, mut other) = (vector.writer().unwrap(), vector.writer().unwrap());
            let path = directory.path().join("table");
            let mut sleeper = Actor::start(role, path, &[("ICC_DIE_AT", &format!("{step}:0"))]);
            wait_until("the sleeper's death", || sleeper.ended());
            assert!(somebody_sleeps(&vector), "it died at {step} before it said so");
            one.write(0, &1).unwrap();
            assert!(!somebody_sleeps(&vector), "{step}: the second writer pays as well");
            let before = bell(&vector);
            other.write(2, &2).unwrap();
            one.write(0, &3).unwrap();
            assert_eq!(bell(&vector), before, "{step}");
            // And it is in nobody's way.
            let reader = vector.clone();
            thread::scope(|scope| {
                let slept = scope.spawn(move || {
                    let mut value = 0;
                    reader.wait_for_change(1, 0, &mut value, PATIENCE, &mut at_once()).map(|_| value)
                });
                wait_until("the next reader sleeps", || somebody_sleeps(&vector));
                one.write(1, &4).unwrap();
                assert!(!somebody_sleeps(&vector));
                assert_eq!(slept.join().unwrap(), Ok(4));
            });
        }
    }
}

/// A writer dies between writing and waking, or after it: the reader gets the value all the same, and
/// the next writer wakes it.
fn die<M: Mode>(role: &str) {
    for step in ["rings", "rung"] {
        for _ in 0..times() {
            let directory = Name::directory(&format!("wake-writer-{step}"));
            let vector = create::<M>(&directory);
            let reader = VectorReader::<u64>::open(directory.path().join("table"), &Options::new()).unwrap();
            let got = AtomicBool::new(false);
            thread::scope(|scope| {
                let (reader, got) = (&reader, &got);
                let sleeper = scope.spawn(move || {
                    let mut value = 0;
                    let version = reader.wait_for_change(1, 0, &mut value, PATIENCE, &mut at_once()).unwrap();
                    assert_eq!(value, 7);
                    got.store(true, Ordering::Release);
                    reader.wait_for_change(1, version, &mut value, PATIENCE, &mut at_once()).unwrap();
                    assert_eq!(value, 8);
                });
                let path = directory.path().join("table");
                let mut actor = Actor::start(role, path, &[("ICC_DIE_AT", &format!("{step}:0"))]);
                wait_until("the writer's death", || actor.ended());
                let mut next = vector.writer().unwrap();
                wait_until("the reader has the value", || got.load(Ordering::Acquire));
                wait_until("the reader sleeps again", || somebody_sleeps(&vector));
                next.write(1, &8).unwrap();
                wait_until("the reader's end", || sleeper.is_finished());
            });
        }
    }
}

#[test]
fn a_writer_that_dies_strands_nobody() {
    die::<SingleWriter>("write alone");
    die::<MultiWriter>("write among many");
}
