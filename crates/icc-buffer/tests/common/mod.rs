//! What the tests of shared memory share.

#![allow(dead_code, unused_imports, reason = "no test file needs all of it")]

pub(crate) use icc_testing::{Actor, NAME, Name, ROLE, RUNNER, Random, command, role, torture, wait_until};

use icc_buffer::{Kind, Spec};
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

pub(crate) fn spec(len: usize) -> Spec {
    Spec { kind: Kind::Vector, len, lines: 2, words: [1, 2, 3, 4] }
}

/// Whether something stands between the tests and the system's pages: a sanitizer takes page faults of its own and locks no
/// memory, an emulator does not pass on what is asked of a mapping.
pub(crate) fn disturbed() -> bool {
    let found = ["ASAN_OPTIONS", "TSAN_OPTIONS", RUNNER].iter().any(|variable| std::env::var_os(variable).is_some());
    if found {
        eprintln!("skipped: a sanitizer or an emulator changes how memory is mapped");
    }
    found
}
