//! Running other programs: stream what they print, read it on the way, and never lose their exit
//! status.

use std::fmt;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::Context as _;

/// Prints a line, and reports a closed pipe as an error where `println!` would panic.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// The same on standard error.
pub(crate) fn say_error(line: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{line}")
}

/// Runs a command with our own input and outputs.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<ExitStatus> {
    command.status().with_context(|| format!("cannot run {}", shown(command)))
}

/// Runs a command and passes its standard output on as it comes, byte by byte, so that a test's
/// name is on the screen while the test still runs. Each complete line also goes to `on_line`.
pub(crate) fn stream(command: &mut Command, mut on_line: impl FnMut(&str)) -> anyhow::Result<ExitStatus> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {}", shown(command)))?;
    let copied = match child.stdout.take() {
        Some(mut output) => copy_lines(&mut output, &mut io::stdout(), &mut on_line),
        None => Ok(()),
    };
    if copied.is_err() {
        // Our own output is gone: the child would block on a pipe that nobody reads.
        let _ = child.kill();
    }
    let status = child.wait().with_context(|| format!("lost {}", shown(command)))?;
    copied.with_context(|| format!("cannot pass on the output of {}", shown(command)))?;
    Ok(status)
}

fn copy_lines(from: &mut dyn io::Read, to: &mut dyn io::Write, on_line: &mut dyn FnMut(&str)) -> io::Result<()> {
    let mut line = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = buffer.get(..count).unwrap_or_default();
        to.write_all(read)?;
        to.flush()?;
        for piece in read.split_inclusive(|&byte| byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                on_line(String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        on_line(String::from_utf8_lossy(&line).trim_end());
    }
    Ok(())
}

/// Runs a command quietly and returns its standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String, CaptureError> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| CaptureError::NotStarted(shown(command), error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let errors = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(CaptureError::Failed(shown(command), output.status, errors))
    }
}

/// Why a quiet command gave no output.
#[derive(Debug)]
pub(crate) enum CaptureError {
    NotStarted(String, io::Error),
    Failed(String, ExitStatus, String),
}

impl CaptureError {
    /// Is there no such program?
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::NotStarted(_, error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(command, error) => write!(f, "cannot run {command}: {error}"),
            Self::Failed(command, status, errors) => write!(f, "{command} failed ({status}): {errors}"),
        }
    }
}

impl std::error::Error for CaptureError {}

/// A child's exit status as our own. A child that a signal ended becomes 128 + signal, as in a
/// shell.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// A command as one would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out its pieces one read at a time, as a pipe does.
    struct Pieces(Vec<&'static [u8]>);

    impl io::Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            self.0.remove(0).read(buffer)
        }
    }

    #[test]
    fn lines_are_whole_whatever_the_reads_are() {
        let mut from = Pieces(vec![b"test a ... ", b"ok\ntest b", b" ... ok\r\n\nlast"]);
        let (mut copied, mut lines) = (Vec::new(), Vec::new());
        copy_lines(&mut from, &mut copied, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(copied, b"test a ... ok\ntest b ... ok\r\n\nlast");
        assert_eq!(lines, ["test a ... ok", "test b ... ok", "", "last"]);
    }

    #[test]
    fn capture_tells_missing_from_failed() {
        assert!(capture(&mut Command::new("no-such-program-anywhere")).unwrap_err().is_missing());
        let failed = capture(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(!failed.is_missing());
        assert!(failed.to_string().contains("why"), "{failed}");
        assert_eq!(capture(Command::new("echo").arg("hello")).unwrap(), "hello\n");
    }

    #[test]
    fn exit_codes_pass_through() {
        let code = |script: &str| exit_code(Command::new("sh").args(["-c", script]).status().unwrap());
        assert_eq!(code("exit 7"), ExitCode::from(7));
        assert_eq!(code("exit 0"), ExitCode::SUCCESS);
        assert_eq!(code("kill -TERM $$"), ExitCode::from(143));
    }
}
