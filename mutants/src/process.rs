//! Running other programs.

use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Prints a line, and reports a closed pipe as an error where `println!` would panic.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// A command as one would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Waits for a command's end, up to `limit`; then ends it and all that it started.
pub(crate) fn wait(command: &mut Command, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
    let mut child = command.spawn().with_context(|| format!("cannot run {}", shown(command)))?;
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().with_context(|| format!("lost {}", shown(command)))? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            let started: Vec<String> = descendants(child.id()).iter().map(ToString::to_string).collect();
            // Whatever ended by itself meanwhile needs no signal.
            let _ = child.kill();
            let _ = child.wait();
            if !started.is_empty() {
                let _ = Command::new("kill").arg("-KILL").args(started).stderr(Stdio::null()).status();
            }
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// All processes that a process started, and those that they started.
fn descendants(parent: u32) -> Vec<u32> {
    let mut found = vec![parent];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    found.remove(0);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_is_ended_with_all_that_it_started() {
        let marker = format!("31.{}", std::process::id());
        let script = format!("sleep {marker} & sleep {marker}");
        assert!(wait(Command::new("sh").args(["-c", &script]), Duration::from_millis(300)).unwrap().is_none());
        let sleeps = |entry: fs::DirEntry| {
            fs::read_to_string(entry.path().join("cmdline")).is_ok_and(|line| line == format!("sleep\0{marker}\0"))
        };
        let running = || fs::read_dir("/proc").unwrap().flatten().any(sleeps);
        // A signal takes its time to arrive.
        let end = Instant::now() + Duration::from_secs(10);
        while running() && Instant::now() < end {
            thread::sleep(Duration::from_millis(10));
        }
        assert!(!running());
    }
}
