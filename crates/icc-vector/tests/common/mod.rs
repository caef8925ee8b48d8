//! What the tests of shared memory share: names of their own that are cleaned up, child processes, values that show a mixture.

#![allow(dead_code, reason = "no test file needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Which role a child process plays; unset in the tests themselves.
const ROLE: &str = "ICC_TEST_ROLE";
const NAME: &str = "ICC_TEST_NAME";
/// Nothing may take longer than this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A name that no other test or process uses. Whatever is there is removed at the end, also of a test that fails.
pub(crate) struct Name(PathBuf);

impl Name {
    pub(crate) fn new(test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(PathBuf::from(format!("/dev/shm/icc-vector-test-{test}-{}-{count}", std::process::id())))
    }
}

impl AsRef<Path> for Name {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// A process of this test binary that plays a role in its test `actor`; killed if the test ends before it.
pub(crate) struct Actor(Child);

impl Actor {
    pub(crate) fn start(role: &str, name: &Name) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test knows its binary"));
        command.args(["--exact", "actor", "--nocapture", "--test-threads=1"]).stdout(Stdio::null());
        Self(command.env(ROLE, role).env(NAME, &name.0).spawn().expect("a test binary starts again"))
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("one's own child can be killed");
        self.0.wait().expect("it has ended");
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn succeeds(mut self) {
        let mut status = None;
        wait_until("the child ends", || {
            status = self.0.try_wait().expect("it is a child of this process");
            status.is_some()
        });
        assert!(status.is_some_and(|status| status.success()), "the child ended with {status:?}");
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
    Some((std::env::var(ROLE).ok()?, std::env::var_os(NAME)?.into()))
}

/// Waits until `done`, not for ever.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// A small generator of pseudorandom numbers (splitmix64), so that a failure can be repeated by its seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// All words follow from the first by a mix that no mixture of two values passes.
pub(crate) fn filled<const WORDS: usize>(seed: u64) -> [u64; WORDS] {
    let mut word = seed;
    std::array::from_fn(|_| {
        let this = word;
        word = (word ^ word >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        this
    })
}

pub(crate) fn assert_whole<const WORDS: usize>(value: &[u64; WORDS]) {
    assert!(*value == filled(value[0]), "torn: {value:x?}");
}
