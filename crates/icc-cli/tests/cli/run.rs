//! Running the command.

use icc_testing::PATIENCE;
use serde_json::Value;
use std::ffi::OsStr;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

pub(crate) fn icc(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icc"));
    command.args(args).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Runs it to its end, which must come.
pub(crate) fn output(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let child = icc(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let watch = std::thread::spawn(move || child.wait_with_output().unwrap());
    let start = Instant::now();
    while !watch.is_finished() {
        if start.elapsed() > PATIENCE {
            signal(pid, rustix::process::Signal::KILL);
            panic!("the command hangs");
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    watch.join().unwrap()
}

/// What it prints; it must succeed and say nothing else.
pub(crate) fn stdout(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let output = output(args);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{}: {said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn json(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Value {
    serde_json::from_str(&stdout(args)).unwrap()
}

/// What it complains of, and its exit code.
pub(crate) fn refusal(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> (Option<i32>, String) {
    let output = output(args);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A command that goes on. Killed when dropped.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(args: impl IntoIterator<Item = impl AsRef<OsStr>>, stdout: Stdio) -> Self {
        Self(icc(args).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Ends it as Ctrl-C does, and gives its exit code and what it said.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        signal(self.0.id(), rustix::process::Signal::INT);
        self.end()
    }

    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let mut status = None;
        icc_testing::wait_until("the end of the command", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        let mut said = String::new();
        std::io::Read::read_to_string(self.0.stderr.as_mut().unwrap(), &mut said).unwrap();
        (status.unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
