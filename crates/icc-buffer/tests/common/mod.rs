//! What the tests of shared memory share: names of their own that are cleaned up, and child processes.

#![allow(dead_code, reason = "no test file needs all of it")]

use icc_buffer::{Kind, Spec};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Which role a child process plays; unset in the tests themselves.
pub(crate) const ROLE: &str = "ICC_TEST_ROLE";
/// No child may take longer than this, and the time that long tests were given.
const PATIENCE: Duration = Duration::from_secs(60);

/// A name that no other test or process uses. Whatever is there is removed at the end, also of a test that fails.
pub(crate) struct Name(PathBuf);

impl Name {
    pub(crate) fn new(test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(PathBuf::from(format!("/dev/shm/icc-test-{test}-{}-{count}", std::process::id())))
    }

    /// A directory of this name.
    pub(crate) fn directory(test: &str) -> Self {
        let name = Self::new(test);
        fs::create_dir(&name.0).expect("nobody else uses the name");
        name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Name {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        match fs::symlink_metadata(&self.0) {
            Ok(found) if found.is_dir() => drop(fs::remove_dir_all(&self.0)),
            _ => drop(fs::remove_file(&self.0)),
        }
    }
}

/// A process of this test binary that plays `role`; killed if the test ends before it.
pub(crate) struct Actor(Child);

/// This test binary again, to run its test `actor` in the given role.
pub(crate) fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test knows its binary"));
    command.args(["--exact", "actor", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command.stdout(std::process::Stdio::null());
    command
}

impl Actor {
    pub(crate) fn start(role: &str, name: impl AsRef<OsStr>) -> Self {
        Self::of(command(role).env("ICC_TEST_NAME", name))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        Self(command.spawn().expect("a test binary starts again"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("one's own child can be killed");
        self.0.wait().expect("it has ended");
    }

    /// Waits for its end, not for ever.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("it is a child of this process") {
                return status;
            }
            assert!(start.elapsed() < PATIENCE + torture().unwrap_or_default(), "the child hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn succeeds(&mut self) {
        let status = self.end();
        assert!(status.success(), "the child ended with {status}");
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The role to play and the name given, in a child process.
pub(crate) fn role() -> Option<(String, PathBuf)> {
    Some((std::env::var(ROLE).ok()?, std::env::var_os("ICC_TEST_NAME").unwrap_or_default().into()))
}

/// Waits until `done`, not for ever.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

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

/// A small generator of pseudorandom numbers (splitmix64), so that a failure can be repeated by its seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Whether a sanitizer stands between the tests and the system: it takes page faults of its own and locks no memory.
pub(crate) fn sanitized() -> bool {
    let found = ["ASAN_OPTIONS", "TSAN_OPTIONS"].iter().any(|options| std::env::var_os(options).is_some());
    if found {
        eprintln!("skipped: a sanitizer changes how memory is mapped");
    }
    found
}

/// How long the long versions of the tests that can go on for ever run, if they were asked for.
pub(crate) fn torture() -> Option<Duration> {
    let seconds = std::env::var("ICC_TORTURE_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("ICC_TORTURE_SECONDS is a number of seconds")))
}
