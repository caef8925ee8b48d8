//! Processes of this program that play a part: started, stopped, killed, and asked what they saw.

use crate::tally::Tally;
use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child as Process, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long a process may take to end once it is asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// One such process. Killed when dropped.
pub(crate) struct Child(Process);

impl Child {
    /// Starts this program to play `part` on the file at `path`, under a name that no other has.
    pub(crate) fn start(part: &str, path: &Path) -> anyhow::Result<Self> {
        static NAMES: AtomicU16 = AtomicU16::new(1);
        let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
        command
            .args(["--part", part, "--name", &NAMES.fetch_add(1, Ordering::Relaxed).to_string(), "--file"])
            .arg(path);
        // Ctrl-C is for the parent, which then ends its children in good order.
        command.process_group(0);
        let process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start this program")?;
        Ok(Self(process))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().cast_signed())
    }

    /// Kills it wherever it is. A crash if it has ended by itself.
    pub(crate) fn kill(&mut self) -> Tally {
        let ended = !matches!(self.0.try_wait(), Ok(None));
        let _ = self.0.kill();
        let _ = self.0.wait();
        if ended { Tally::crash() } else { Tally { kills: 1, ..Tally::default() } }
    }

    /// Stops it wherever it is, for so long.
    pub(crate) fn stop(&self, time: Duration) -> Tally {
        if kill(self.pid(), Signal::SIGSTOP).is_err() {
            return Tally::default();
        }
        std::thread::sleep(time);
        let _ = kill(self.pid(), Signal::SIGCONT);
        Tally { stops: 1, ..Tally::default() }
    }

    /// Tells it `word` and that it is over, and waits for its tally. A crash if it has none, or
    /// does not end.
    pub(crate) fn ask(mut self, word: &str) -> Tally {
        if let Some(mut input) = self.0.stdin.take() {
            let _ = writeln!(input, "{word}");
        }
        let start = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) {
            if start.elapsed() > PATIENCE {
                return Tally { hung: 1, ..Tally::default() };
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut said = String::new();
        let read = self.0.stdout.take().map(|mut output| output.read_to_string(&mut said));
        let succeeded = self.0.wait().is_ok_and(|status| status.success());
        match (read, said.parse()) {
            (Some(Ok(_)), Ok(tally)) if succeeded => tally,
            _ => Tally::crash(),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In the process that plays a part: waits for the word that it is over. Without one its parent is
/// gone, and it ends.
pub(crate) fn word() -> String {
    let mut word = String::new();
    match std::io::stdin().lock().read_line(&mut word) {
        Ok(count) if count > 0 => word.trim().to_owned(),
        _ => std::process::exit(2),
    }
}
