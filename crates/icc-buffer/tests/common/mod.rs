//! What the tests of shared memory share.

#![allow(dead_code, unused_imports, reason = "no test file needs all of it")]

pub(crate) use icc_testing::{Actor, NAME, Name, ROLE, RUNNER, Random, command, role, torture, wait_until};

pub(crate) mod kernel;

use icc_buffer::{Expected, Kind, Spec};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::path::Path;

/// As [`mount_memory`], of ordinary memory.
pub(crate) fn mount_tmpfs(place: &Path, data: &str) {
    mount_memory("tmpfs", place, data);
}

/// Mounts an empty file system in memory at `place`, seen by the calling thread alone. Needs root.
pub(crate) fn mount_memory(kind: &str, place: &Path, data: &str) {
    unshare(CloneFlags::CLONE_NEWNS).expect("root may have a mount namespace");
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("its mounts can be made its own");
    mount(Some(kind), place, Some(kind), MsFlags::empty(), Some(data)).expect("root may mount");
}

pub(crate) const KIND: Kind = Kind::new("test");

pub(crate) fn spec(len: usize) -> Spec {
    Spec::new(KIND, len).counters(2).words([1, 2, 3, 4])
}

/// What opening such a buffer asks for.
pub(crate) fn expected(len: usize) -> Expected {
    (0..4).fold(Expected::new(KIND).len(len), |expected, index| expected.word(index, index as u64 + 1))
}

/// Offsets of the header's fields, as `docs/shared-memory-layout.md` has them: `document.rs` reads
/// a live buffer by it.
pub(crate) mod field {
    pub(crate) const LAYOUT_VERSION: u64 = 8;
    pub(crate) const READY: u64 = 12;
    pub(crate) const KIND: u64 = 16;
    pub(crate) const INSTANCE: u64 = 24;
    pub(crate) const BOOT: u64 = 32;
    pub(crate) const FEATURES: u64 = 48;
    pub(crate) const ELEMENT_SIZE: u64 = 72;
    pub(crate) const FINGERPRINT: u64 = 88;
    pub(crate) const LEN: u64 = 96;
    pub(crate) const STRIDE: u64 = 104;
    pub(crate) const SLOTS_OFFSET: u64 = 112;
    pub(crate) const COUNTERS: u64 = 120;
    pub(crate) const COUNTERS_OFFSET: u64 = 128;
    pub(crate) const TOTAL_SIZE: u64 = 136;
    pub(crate) const SCHEMA_OFFSET: u64 = 144;
    pub(crate) const SCHEMA_LEN: u64 = 152;
    pub(crate) const SCHEMA_HASH: u64 = 160;
    pub(crate) const KEYS_OFFSET: u64 = 216;
    pub(crate) const KEYS_LEN: u64 = 224;
    pub(crate) const TYPE_NAME: u64 = 256;
}

/// Whether something stands between the tests and the system's pages: a sanitizer takes page faults
/// of its own and locks no memory, an emulator does not pass on what is asked of a mapping.
pub(crate) fn disturbed() -> bool {
    let found = ["ASAN_OPTIONS", "TSAN_OPTIONS", RUNNER].iter().any(|variable| std::env::var_os(variable).is_some());
    if found {
        eprintln!("skipped: a sanitizer or an emulator changes how memory is mapped");
    }
    found
}
