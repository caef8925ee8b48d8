//! Child processes that play a part in a test.

use crate::{PATIENCE, torture};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The variable that says which role a child process plays; not set in the tests themselves.
pub const ROLE: &str = "ICC_TEST_ROLE";
/// The variable that says on what.
pub const NAME: &str = "ICC_TEST_NAME";
/// The variable that says what runs a program for another processor.
pub const RUNNER: &str = "ICC_TEST_RUNNER";

/// The role to play and the name given, in a child process; none in the test itself.
#[must_use]
pub fn role() -> Option<(String, PathBuf)> {
    Some((std::env::var(ROLE).ok()?, std::env::var_os(NAME).unwrap_or_default().into()))
}

/// This test's program again, to run its test `actor` in the given role. What it prints is not
/// shown.
///
/// # Panics
///
/// When the system does not tell which program this is.
#[must_use]
pub fn command(role: &str) -> Command {
    let program = std::env::current_exe().expect("a test knows its program");
    let runner = std::env::var(RUNNER).unwrap_or_default();
    let mut words = runner.split_whitespace();
    let mut command = match words.next() {
        Some(runner) => {
            let mut command = Command::new(runner);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.args(["--exact", "actor", "--nocapture", "--test-threads=1"]).env(ROLE, role).stdout(Stdio::null());
    command
}

/// A process that plays a role. Killed when dropped.
#[derive(Debug)]
pub struct Actor(
    /// The process.
    pub Child,
);

impl Actor {
    /// Starts a process that finds the role and the name by [`role`].
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(role: &str, name: impl AsRef<Path>, environment: &[(&str, &str)]) -> Self {
        Self::of(command(role).env(NAME, name.as_ref()).envs(environment.iter().copied()))
    }

    /// Starts what [`command`] gave, changed as needed.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        Self(command.spawn().expect("a test's program starts again"))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGKILL: no destructor runs, nothing is tidied up.
    ///
    /// # Panics
    ///
    /// When the system refuses.
    pub fn kill(&mut self) {
        self.0.kill().expect("one's own child can be killed");
        self.0.wait().expect("it has ended");
    }

    /// Whether it has ended by itself.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    pub fn ended(&mut self) -> bool {
        self.status().is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// After [`PATIENCE`].
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.status() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE + torture().unwrap_or_default(), "the child hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for its end, which must be a good one.
    ///
    /// # Panics
    ///
    /// When it is not, or after [`PATIENCE`].
    pub fn succeeds(&mut self) {
        let status = self.end();
        assert!(status.success(), "the child ended with {status}");
    }

    fn status(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("it is a child of this process")
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
