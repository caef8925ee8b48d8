//! Running the examples as their users do.

#![allow(dead_code, reason = "each test uses some of it")]

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than anything takes, also on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// The command that runs an example, which was built along with this test.
///
/// `cargo test --test NAME` does not build examples. So this checks that there is one, not
/// older than its sources, which cargo lists beside it.
pub(crate) fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("a test has a path");
    let path = test.parent().and_then(Path::parent).expect("it is in `deps`").join("examples").join(name);
    let modified = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let sources = std::fs::read_to_string(path.with_extension("d")).unwrap_or_default();
    let sources = sources.split_once(": ").map_or("", |(_, sources)| sources);
    let built = modified(&path);
    // Its own ones: a change of those of the libraries makes cargo build this test again, and may
    // come while it runs.
    let own = sources.split_whitespace().map(Path::new).filter(|source| source.starts_with(env!("CARGO_MANIFEST_DIR")));
    let fresh = built.is_some() && own.into_iter().all(|source| modified(source) <= built);
    assert!(fresh, "no {} or an old one: build it first, `cargo build -p icc-examples --examples`", path.display());
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).env_remove("RUST_BACKTRACE");
    command
}

/// The command `icc`. Tests of the whole workspace build it; those of this package alone do not.
pub(crate) fn icc() -> Command {
    let test = std::env::current_exe().expect("a test has a path");
    let path = test.parent().and_then(Path::parent).expect("it is in `deps`").join("icc");
    if !path.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "-p", "icc-cli", "--bin", "icc"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(build.status().is_ok_and(|status| status.success()) && path.exists(), "no {}", path.display());
    }
    let mut command = Command::new(path);
    command.stdin(Stdio::null());
    command
}

/// Runs an example to its end, and gives what it printed.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().expect("it can be started")
}

/// Runs an example that must end well.
pub(crate) fn stdout(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints text")
}

/// Runs an example that must fail, and gives what it says.
pub(crate) fn stderr(command: &mut Command) -> String {
    let output = output(command);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {output:?}");
    String::from_utf8(output.stderr).expect("it prints text")
}

/// The number after `name` in `line`.
pub(crate) fn number(line: &str, name: &str) -> u64 {
    let rest = line.split_once(name).unwrap_or_else(|| panic!("no {name:?} in {line:?}")).1;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().unwrap_or_else(|_| panic!("no number after {name:?} in {line:?}"))
}

/// A name that no other test uses.
pub(crate) fn unique(name: &str) -> String {
    format!("test-{name}-{}", std::process::id())
}

/// A process whose lines are read as they come. Killed when dropped.
pub(crate) struct Running {
    pub(crate) process: Child,
    lines: Receiver<String>,
    pub(crate) said: Vec<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it can be started");
        let lines = lines(process.stdout.take().expect("it is piped"));
        Self { process, lines, said: Vec::new() }
    }

    /// The next line for which `wanted` says so.
    pub(crate) fn line(&mut self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        let deadline = Instant::now() + LONG;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(error) => panic!("waited for {what}: {error}; it said before:\n{}", self.tail()),
            }
        }
    }

    /// Waits for a line that may have come already.
    pub(crate) fn said(&mut self, part: &str) {
        if !self.said.iter().any(|line| line.contains(part)) {
            self.line(part, |line| line.contains(part));
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.process.id(), signal);
    }

    /// Waits for the end, and gives the exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        let deadline = Instant::now() + LONG;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().expect("it can be waited for") {
                // Until its output is closed, by those that it has started too.
                while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                    self.said.push(line);
                }
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it does not end; it said:\n{}", self.tail());
    }

    pub(crate) fn tail(&self) -> String {
        self.said[self.said.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// A process that does not survive the test.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What comes from a terminal, as it comes.
pub(crate) fn chunks(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(len @ 1..) = from.read(&mut chunk) {
            if sender.send(chunk[..len].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Sends a signal to a process that lives.
pub(crate) fn send(pid: u32, signal: Signal) {
    kill_process(id(pid), signal).unwrap_or_else(|error| panic!("could not signal {pid}: {error}"));
}

/// Waits until a process has ended. Its new parent, if it has one, may not have asked for it yet:
/// then it is a zombie.
pub(crate) fn gone(pid: u32) {
    let stat = format!("/proc/{pid}/stat");
    until(&format!("the end of process {pid}"), || {
        std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
    });
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn id(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed()).expect("a process id is not 0")
}

/// Removes a file at the end, also when the test fails.
pub(crate) struct Removed(pub(crate) PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
