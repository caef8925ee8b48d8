//! What the tests with several processes share.

#![allow(dead_code, reason = "no test file needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Nothing here may take longer than this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const ROLE: &str = "ICC_TEST_ROLE";
const NAME: &str = "ICC_TEST_NAME";

/// A name in shared memory that nobody else uses, removed at the end, also of a test that fails.
pub(crate) struct Name(PathBuf);

impl Name {
    pub(crate) fn new(test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self(format!("/dev/shm/icc-test-queue-{test}-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed)).into())
    }
}

impl AsRef<Path> for Name {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// This test binary once more, as a process of its own that plays a role; killed with the test.
pub(crate) struct Actor(pub(crate) Child);

impl Actor {
    /// Starts the process. Its test `actor` finds the role and the name by [`role`].
    pub(crate) fn start(role: &str, name: &Name, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test knows its binary"));
        command
            .args(["--exact", "actor", "--nocapture", "--test-threads=1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.env(ROLE, role).env(NAME, name.as_ref()).envs(environment.iter().copied());
        Self(command.spawn().expect("a test binary starts again"))
    }

    /// SIGKILL: no destructor runs, nothing is tidied up.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("one's own child can be killed");
        self.0.wait().expect("it has ended");
    }

    pub(crate) fn ended(&mut self) -> bool {
        self.0.try_wait().expect("it is a child of this process").is_some()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The role and the name, in a process that plays one.
pub(crate) fn role() -> Option<(String, PathBuf)> {
    Some((std::env::var(ROLE).ok()?, std::env::var_os(NAME)?.into()))
}

/// Repeats `attempt` until it gives something, not for ever.
pub(crate) fn until<R>(what: &str, mut attempt: impl FnMut() -> Option<R>) -> R {
    let start = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::yield_now();
    }
}
